//! The inventory of a daemon, which is read again when its file changes, and the signals that say so or end it.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    time::Interval,
};

use super::{Until, Watched, beat};
use crate::{
    app::{
        problems::Problems,
        project::{Missing, Project, ProjectError},
    },
    fleet::Members,
};

/// How often the inventory's file is looked at for a change.
const REREAD: Duration = Duration::from_secs(5);

/// Where it stands which hosts are watched.
pub struct Source<'a> {
    watched: &'a Watched,
    warn: &'a dyn Fn(&Problems),
    signals: Signals,
    /// When its file is looked at for a change; `None`: never.
    looks: Option<Interval>,
    file: File,
}

impl<'a> Source<'a> {
    pub fn new(watched: &'a Watched, until: Until, warn: &'a dyn Fn(&Problems)) -> Self {
        let looks = until.ticks(REREAD);
        let file = File { path: watched.source.inventory.clone(), seen: None };
        Self { watched, warn, signals: Signals::listen(), looks, file }
    }

    /// Reads it.
    ///
    /// # Errors
    /// The inventory is wrong.
    pub fn read(&mut self) -> Result<(Project, Members), ProjectError> {
        self.file.changed();
        let project = Project::load(&self.watched.source, Missing::Refused, self.warn)?;
        let members = project.members(&self.watched.selection)?;
        Ok((project, members))
    }

    /// Waits until it is to be read again, because its file changed or somebody says so, or until the end. What was waited
    /// for is not lost when something else comes first.
    pub async fn said(&mut self) -> Said {
        loop {
            select! {
                said = self.signals.next() => return said,
                () = beat(&mut self.looks) => if self.file.changed() { return Said::Reread },
            }
        }
    }
}

/// The file of the inventory, as it was when it was looked at last.
struct File {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
}

impl File {
    /// Whether it changed since it was asked last. One that is away for a moment, as while it is replaced, has not.
    fn changed(&mut self) -> bool {
        let found = std::fs::metadata(&self.path).and_then(|found| Ok((found.modified()?, found.len())));
        let Ok(found) = found else { return false };
        self.seen.replace(found) != Some(found)
    }
}

/// The signals of a daemon.
struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

/// What a signal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// SIGTERM, SIGINT.
    End,
    /// SIGHUP.
    Reread,
}

impl Signals {
    /// A signal that cannot be listened to keeps what it does by itself.
    fn listen() -> Self {
        let listen = |kind| signal(kind).ok();
        Self {
            terminate: listen(SignalKind::terminate()),
            interrupt: listen(SignalKind::interrupt()),
            hang_up: listen(SignalKind::hangup()),
        }
    }

    async fn next(&mut self) -> Said {
        select! {
            () = came(&mut self.terminate) => Said::End,
            () = came(&mut self.interrupt) => Said::End,
            () = came(&mut self.hang_up) => Said::Reread,
        }
    }
}

async fn came(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => signal.recv().await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_that_is_replaced_is_seen_once() {
        let path = std::env::temp_dir().join(format!("pryvctl-inventory-{}", rand::random::<u64>()));
        std::fs::write(&path, "a").unwrap();
        let mut file = File { path: path.clone(), seen: None };
        assert!(file.changed());
        assert!(!file.changed());
        std::fs::write(&path, "ab").unwrap();
        assert!(file.changed());
        assert!(!file.changed());
        std::fs::remove_file(&path).unwrap();
        assert!(!file.changed());
    }
}
