//! What a run that changes hosts has at hand: its journal, and the hand on its brake.

use std::{path::PathBuf, sync::Arc};

use tokio::{signal::ctrl_c, sync::watch, task::JoinHandle};

use super::journal::{self, JournalError, owner};
use crate::fleet::{
    brake::{Brake, Wish},
    event::{Events, What},
    journal::Journal,
};

/// One run.
pub struct Run {
    /// Where the run says what happens.
    pub events: Events,
    /// How it is stopped.
    pub brake: Brake,
    hand: watch::Sender<Wish>,
    journal: Arc<Journal>,
}

impl Run {
    /// Opens the journal. What happens is kept in it before anybody else hears of it.
    ///
    /// # Errors
    /// A journal that cannot be written: who wants no history says so with `/dev/null`.
    pub fn open(
        command: &str,
        lab: Option<&String>,
        journal: Option<&PathBuf>,
        watched: Events,
    ) -> Result<Self, JournalError> {
        let path = journal::place(journal)?;
        let journal = match Journal::open(&path, command, &owner()) {
            Ok(journal) => Arc::new(journal.of_lab(lab.cloned())),
            Err(source) => return Err(JournalError::Write { path, source }),
        };
        let (hand, brake) = Brake::new();
        let kept: Arc<Journal> = Arc::clone(&journal);
        Ok(Self { events: watched.first(kept), brake, hand, journal })
    }

    /// From now on Ctrl-C stops at a good moment. Before anything is changed it simply ends the command.
    pub fn heed_ctrl_c(&self) -> Heed {
        let (events, hand) = (self.events.clone(), self.hand.clone());
        Heed(tokio::spawn(async move {
            while ctrl_c().await.is_ok() {
                let wish = match *hand.borrow() {
                    Wish::GoOn => Wish::AfterHosts,
                    Wish::AfterHosts => Wish::AfterStep,
                    Wish::AfterStep => continue,
                };
                let moment = match wish {
                    Wish::GoOn | Wish::AfterHosts => {
                        "when the hosts in hand are done; Ctrl-C again: when the step in hand is done"
                    }
                    Wish::AfterStep => "when the step in hand is done",
                };
                events.say(What::Stopping { moment: moment.to_owned() });
                hand.send_replace(wish);
            }
        }))
    }

    /// Ends it, and says why its journal is not whole, if it is not. Such a run did not end well, however its hosts are.
    pub fn close(self) -> Option<String> {
        self.journal.trouble()
    }
}

/// Heeds Ctrl-C until it is dropped.
pub struct Heed(JoinHandle<()>);

impl Drop for Heed {
    fn drop(&mut self) {
        self.0.abort();
    }
}
