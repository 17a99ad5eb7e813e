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
        document::{Document, LineDocument},
        exit::Exit,
        journal::place,
    },
    fleet::{
        each::each,
        journal::{
            anchor,
            audit::{self, Comparison, Fault, audit},
            head::Place,
        },
        survey::trouble,
    },
    host::Connection,
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
    /// Read only the copies on hosts of this name (wildcards `*` and `?`; `!NAME` excludes).
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "inventory")]
    pub host: Vec<String>,
    /// Read the journal from this file. Default: pryvctl/journal.jsonl in the state directory of your account.
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
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        // Hosts may know of one that is gone.
        Err(error) if command.inventory.is_some() && error.kind() == std::io::ErrorKind::NotFound => {
            String::new()
        }
        Err(error) => {
            let hint =
                "no change was made from this account yet, or the journal is in another file (--journal)"
                    .to_owned();
            let said = format!("cannot read the journal {}: {error}", path.display());
            return Err(Halt::new(Exit::Usage, said, Some(hint)));
        }
    };
    let mut audit = audit(&text);
    let mut exit = Exit::Done;
    if let Some(target) = command.target() {
        exit = compare(&mut audit, &Place::of(&path), &target, screen).await?;
    }
    if !audit.faults.is_empty() {
        exit = Exit::Drift;
    }
    if let Some(run) = &command.run {
        audit.lines.retain(|line| line.run.starts_with(run));
    }
    screen.result(tables::journal(&audit.lines));
    let name = path.display();
    for fault in &audit.faults {
        screen.note(format!("{name}: {fault}"));
    }
    for (key, times) in &audit.signers {
        screen.note(format!("{name}: signed {times} times with the key {key}"));
    }
    if audit.faults.is_empty() && command.inventory.is_none() {
        screen.note(format!(
            "{name}: the hash chain is intact; run `pryvctl audit INVENTORY` to also compare the journal with the copies \
             on the hosts"
        ));
    } else if audit.faults.is_empty() {
        screen.note(format!("{name}: the hash chain is intact"));
    }
    let lines = audit.lines.iter().map(LineDocument::of).collect();
    let faults: Vec<String> = audit.faults.iter().map(Fault::to_string).collect();
    screen.document(&Document::new("audit", exit).journal(lines, faults));
    Ok(exit)
}

/// Asks every host what it keeps of the journal.
async fn compare(
    audit: &mut audit::Audit,
    place: &Place,
    target: &Target,
    screen: &Screen,
) -> Result<Exit, Halt> {
    let (_, members) = open(target, screen)?;
    let kept = each(members.clone(), usize::from(target.parallel), |member| async move {
        let connection = Connection::open(&member.login).await?;
        anchor::kept(&connection).await
    })
    .await;
    let mut exit = Exit::Done;
    for (member, kept) in members.iter().zip(kept) {
        let host = member.host();
        match kept {
            Some(Ok(kept)) => {
                let found = audit.compare(place, host, &kept);
                for line in said(&found) {
                    screen.note(format!("{host}: {line}"));
                }
                audit.faults.extend(found.faults);
            }
            Some(Err(error)) => {
                let trouble = trouble(&error);
                screen.failure(host.as_str(), &trouble.message, trouble.hint.as_deref());
                exit = Exit::Unreachable;
            }
            None => exit = Exit::Bug,
        }
    }
    Ok(exit)
}

fn said(found: &Comparison) -> Vec<String> {
    let keys = found.keys.iter().map(|(key, times)| match key.as_str() {
        "" => format!("has {times} copies of this journal's end; the SSH key that stored them is not known"),
        key => format!("has {times} copies of this journal's end, stored with the SSH key {key}"),
    });
    let others = found.others.iter();
    let others =
        others.map(|(journal, times)| format!("has {times} copies of the end of another journal, {journal}"));
    keys.chain(others).collect()
}
