//! `audit`: what was done and by whom, and whether anybody changed the record of it.

use std::path::PathBuf;

use clap::Args;

use super::{
    args::{InventoryFile, Target},
    halt::Halt,
    project::open,
    render::tables,
    report::Screen,
};
use crate::{
    app::{
        audit::{self, Hosts},
        document::{Document, LineDocument},
        exit::Exit,
        journal::place,
    },
    fleet::{
        ask::Asked,
        journal::audit::{Comparison, JournalFault},
    },
};

/// What of the journal is shown, and with what it is compared.
#[derive(Debug, Clone, Args)]
pub struct Audit {
    /// Inventory file; compare the journal with the copies on its hosts. Nothing is changed.
    #[arg(value_name = "INVENTORY")]
    pub inventory: Option<PathBuf>,
    /// Read the copies on the lab's hosts; NAME selects one of several labs.
    #[arg(
        long,
        value_name = "NAME",
        num_args = 0..=1,
        default_missing_value = "",
        require_equals = true,
        requires = "inventory"
    )]
    pub lab: Option<String>,
    /// Compare only with the copies on hosts of this name (wildcards `*` and `?`; `!NAME` leaves hosts out).
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "inventory")]
    pub host: Vec<String>,
    /// Read the journal from this file. Default: pryvctl/journal.jsonl in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true)]
    pub journal: Option<PathBuf>,
    /// Show only runs whose id begins with RUN.
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
}

impl Audit {
    /// The hosts to ask.
    pub fn target(&self) -> Option<Target> {
        let file =
            InventoryFile { inventory: self.inventory.clone()?, lab: self.lab.clone(), real_secrets: false };
        Some(Target::hosts(file, self.host.clone()))
    }
}

/// Shows and verifies the journal.
pub async fn run(command: &Audit, screen: &Screen) -> Result<Exit, Halt> {
    let path = place(command.journal.as_ref())?;
    let target = command.target();
    let members = target.as_ref().map(|target| open(target, screen)).transpose()?.map(|(_, members)| members);
    let hosts = members.as_ref().zip(target.as_ref());
    let hosts = hosts.map(|(members, target)| Hosts { members, limit: target.parallel.into() });
    let audit::Audit { mut journal, hosts, exit } = audit::run(&path, hosts).await?;
    for Asked { host, answer } in &hosts {
        match answer {
            Ok(found) => {
                for line in copies(found) {
                    screen.note(format!("{host}: {line}"));
                }
            }
            Err(outcome) => screen.trouble(host, outcome),
        }
    }
    if let Some(run) = &command.run {
        journal.lines.retain(|line| line.run.starts_with(run));
    }
    screen.result(tables::journal(&journal.lines));
    let name = path.display();
    for fault in &journal.faults {
        screen.note(format!("{name}: {fault}"));
    }
    for (key, times) in &journal.signers {
        screen.note(format!("{name}: signed {times} times with the key {key}"));
    }
    if journal.faults.is_empty() && command.inventory.is_none() {
        screen.note(format!(
            "{name}: the hash chain is intact; run `pryvctl audit INVENTORY` to also compare the journal with the copies \
             on the hosts"
        ));
    } else if journal.faults.is_empty() {
        screen.note(format!("{name}: the hash chain is intact"));
    }
    let lines = journal.lines.iter().map(LineDocument::of).collect();
    let faults: Vec<String> = journal.faults.iter().map(JournalFault::to_string).collect();
    screen.document(&Document::new("audit", exit).journal(lines, faults));
    Ok(exit)
}

/// What copies a host has.
fn copies(found: &Comparison) -> Vec<String> {
    let keys = found.keys.iter().map(|(key, times)| match key.as_str() {
        "" => {
            format!("keeps the end of this journal, stored {times} times with an SSH key that is not known")
        }
        key => format!("keeps the end of this journal, stored {times} times with the SSH key {key}"),
    });
    let others = found.others.iter();
    let others = others
        .map(|(journal, times)| format!("keeps the end of another journal, {journal}, stored {times} times"));
    keys.chain(others).collect()
}
