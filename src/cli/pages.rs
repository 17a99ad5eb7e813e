//! `schema`, `completions`, `man`: what other programs read about pryvctl.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{args::Arguments, halt::Halt, report::Screen};
use crate::{app::exit::Exit, model::schema};

/// The JSON Schema of the inventory.
pub fn schema(screen: &Screen) -> Result<Exit, Halt> {
    let text =
        serde_json::to_string_pretty(&schema::schema()).map_err(|error| Halt::new(Exit::Bug, error, None))?;
    screen.json(&text);
    Ok(Exit::Done)
}

/// Completions for a shell.
pub fn completions(shell: Shell, screen: &Screen) -> Result<Exit, Halt> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "pryvctl", &mut script);
    screen.text(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}

/// The manual pages.
pub fn manual(folder: &Path, screen: &Screen) -> Result<Exit, Halt> {
    let halt = |error: std::io::Error| {
        let hint = "name a folder that can be written".to_owned();
        Halt::new(Exit::Usage, format!("cannot write {}: {error}", folder.display()), Some(hint))
    };
    std::fs::create_dir_all(folder).map_err(halt)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(halt)?;
    screen.result(format_args!("manual pages are in {}", folder.display()));
    Ok(Exit::Done)
}
