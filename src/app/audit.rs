//! The journal of this account, verified; and compared with the copies on hosts, where they are to be asked.

use std::{io, path::Path};

use super::{
    exit::{self, Exit},
    journal::JournalError,
};
use crate::fleet::{
    Members,
    ask::{Asked, ask},
    journal::{
        anchor::kept,
        audit::{CheckedJournal, Comparison, audit},
        head::Place,
    },
};

/// What an audit came to.
pub struct Audit {
    /// The journal, with everything that is wrong with it, also by what the hosts say.
    pub journal: CheckedJournal,
    /// What each host that was asked keeps.
    pub hosts: Vec<Asked<Comparison>>,
    /// How it ended: a journal that does not hold weighs more than a host that did not answer.
    pub exit: Exit,
}

/// The hosts to ask.
pub struct Hosts<'a> {
    /// The hosts.
    pub members: &'a Members,
    /// How many are asked at the same time.
    pub limit: usize,
}

/// Reads and verifies a journal, and asks hosts what they keep of it.
///
/// # Errors
/// A journal that cannot be read. Where hosts are asked one that is gone is empty: they may know of it.
pub async fn run(path: &Path, hosts: Option<Hosts<'_>>) -> Result<Audit, JournalError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if hosts.is_some() && error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(JournalError::Read { path: path.to_owned(), source }),
    };
    let mut journal = audit(&text);
    let hosts = match hosts {
        Some(hosts) => compare(&journal, &Place::of(path), hosts).await,
        None => Vec::new(),
    };
    let found = hosts.iter().filter_map(|asked| asked.answer.as_ref().ok());
    journal.faults.extend(found.flat_map(|found| found.faults.iter().cloned()));
    let exit = if journal.faults.is_empty() { exit::asked(&hosts) } else { Exit::Drift };
    Ok(Audit { journal, hosts, exit })
}

async fn compare(journal: &CheckedJournal, place: &Place, hosts: Hosts<'_>) -> Vec<Asked<Comparison>> {
    let asked = ask(hosts.members, hosts.limit, |connection, _| async move { kept(&connection).await }).await;
    let compared = asked.into_iter().map(|Asked { host, answer }| {
        let answer = answer.map(|kept| journal.compare(place, &host, &kept));
        Asked { host, answer }
    });
    compared.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_journal_that_is_gone_is_an_error_unless_hosts_may_know_of_it() {
        let path = std::env::temp_dir().join("pryvctl-no-such-journal.jsonl");
        let error = run(&path, None).await.err().unwrap();
        assert!(error.to_string().contains("cannot read the journal"), "{error}");
        let nobody = Members::new();
        let audit = run(&path, Some(Hosts { members: &nobody, limit: 1 })).await.unwrap();
        assert!(audit.journal.lines.is_empty() && audit.exit == Exit::Done);
    }
}
