//! `man`: the manual pages.

use std::path::Path;

use clap::CommandFactory as _;

use super::{args::Arguments, halt::Halt, report::Screen};
use crate::app::exit::Exit;

/// The manual pages.
pub fn run(folder: &Path, screen: &Screen) -> Result<Exit, Halt> {
    let halt = |error: std::io::Error| {
        let hint = "name a folder that can be written".to_owned();
        Halt::new(Exit::Usage, format!("cannot write {}: {error}", folder.display()), Some(hint))
    };
    std::fs::create_dir_all(folder).map_err(halt)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(halt)?;
    screen.result(format_args!("manual pages are in {}", folder.display()));
    Ok(Exit::Done)
}
