//! `completions`: what a shell completes.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{args::Arguments, halt::Halt, report::Screen};
use crate::app::exit::Exit;

/// Completions for a shell.
pub fn run(shell: Shell, screen: &Screen) -> Result<Exit, Halt> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "pryvctl", &mut script);
    screen.text(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Done)
}
