//! `audit`: what was done and by whom, and whether anybody changed the record of it.

use std::path::PathBuf;

use super::{
    args::Audit,
    desk::place,
    document::Document,
    exit::Exit,
    report::{Halt, Screen},
    tables,
};
use crate::fleet::journal::audit::{Fault, audit};

/// Shows and verifies the journal.
pub fn run(command: &Audit, screen: &Screen) -> Result<Exit, Halt> {
    let path: PathBuf = place(command.journal.as_ref())?;
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let hint =
            "nothing was changed from this account yet, or the journal is elsewhere (--journal)".to_owned();
        Halt::new(Exit::Usage, format!("cannot read the journal {}: {error}", path.display()), Some(hint))
    })?;
    let mut audit = audit(&text);
    if let Some(run) = &command.run {
        audit.lines.retain(|line| line.run.starts_with(run));
    }
    let exit = if audit.faults.is_empty() { Exit::Done } else { Exit::Drift };
    screen.result(tables::journal(&audit.lines));
    for fault in &audit.faults {
        screen.note(format!("{}: {fault}", path.display()));
    }
    if audit.faults.is_empty() {
        screen.note(format!("{}: every line follows from the one before", path.display()));
    }
    let faults: Vec<String> = audit.faults.iter().map(Fault::to_string).collect();
    screen.document(&Document::new("audit", exit).journal(&audit.lines, faults));
    Ok(exit)
}
