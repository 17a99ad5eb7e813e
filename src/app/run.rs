//! A run that changes hosts, with its journal and a hand on its brake.

use std::{path::PathBuf, sync::Arc};

use tokio::{signal::ctrl_c, sync::watch, task::JoinHandle};

use super::{
    journal::{self, JournalError, owner},
    saved_plan::SavedPlanError,
};
use crate::fleet::{
    Members,
    brake::{Brake, Wish},
    drive::{Done, carry_out},
    event::{Events, What},
    journal::Journal,
    order::{Approval, Order},
    proposal::{Answer, Proposal},
};

/// One run.
pub struct Run {
    /// Where the run says what happens.
    pub events: Events,
    brake: Brake,
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

    /// Carries out an order: looks, plans, has the proposal reviewed, asks where the order says so, does it, looks again.
    /// `review` sees every proposal, and may refuse it; `ask` is asked only where nobody gave the approval beforehand.
    ///
    /// # Errors
    /// What the review refused; nothing was changed then.
    pub async fn carry_out(
        self,
        members: &Members,
        order: Order,
        review: impl FnOnce(&Proposal<'_>) -> Result<(), SavedPlanError>,
        ask: impl AsyncFnOnce(&Proposal<'_>) -> Answer,
    ) -> Result<Ended, SavedPlanError> {
        let order = Order { brake: self.brake.clone(), ..order };
        let (mut heed, mut refused) = (None, None);
        let decide = async |proposal: &Proposal<'_>| {
            refused = review(proposal).err();
            let answer = match (&refused, order.policies.approval) {
                (Some(_), _) => Answer::No,
                (None, Approval::Given) => Answer::Yes,
                (None, Approval::Asked) => ask(proposal).await,
            };
            heed = (answer == Answer::Yes).then(|| self.heed_ctrl_c());
            answer
        };
        let done = carry_out(members, &order, &self.events, decide).await;
        drop(heed);
        let journal = self.close();
        match refused {
            Some(error) => Err(error),
            None => Ok(Ended { done, journal }),
        }
    }

    /// The hand on its brake.
    pub fn hand(&self) -> watch::Sender<Wish> {
        self.hand.clone()
    }

    /// From now on Ctrl-C stops at a good moment. Before anything is changed it simply ends the command.
    fn heed_ctrl_c(&self) -> Heed {
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
                        "after the hosts in progress; press Ctrl-C again to stop after the current step"
                    }
                    Wish::AfterStep => "after the current step",
                };
                events.say(What::Stopping { moment: moment.to_owned() });
                hand.send_replace(wish);
            }
        }))
    }

    /// Ends it, and says why its journal is not whole, if it is not.
    pub fn close(self) -> Option<String> {
        self.journal.trouble()
    }
}

/// A run that came to its end.
#[derive(Debug)]
pub struct Ended {
    /// What was done.
    pub done: Done,
    /// Why its journal is not whole, if it is not: such a run did not end well, however its hosts are.
    pub journal: Option<String>,
}

/// Heeds Ctrl-C until it is dropped.
struct Heed(JoinHandle<()>);

impl Drop for Heed {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Mutex};

    use super::*;
    use crate::{
        app::orders::{Terms, install},
        fleet::event::{Event, Subscriber},
    };

    /// Counts the lines of the journal whenever something happens.
    struct Reader(PathBuf, Mutex<Vec<usize>>);

    impl Subscriber for Reader {
        fn hear(&self, _: &Event) {
            let lines = fs::read_to_string(&self.0).unwrap().lines().count();
            self.1.lock().unwrap().push(lines);
        }
    }

    #[tokio::test]
    async fn what_happens_is_in_the_journal_before_anybody_else_hears_of_it() {
        let path = std::env::temp_dir().join(format!("pryvctl-run-{}.jsonl", std::process::id()));
        let reader = Arc::new(Reader(path.clone(), Mutex::default()));
        let heard: Arc<Reader> = Arc::clone(&reader);
        let run = Run::open("install", None, Some(&path), Events::nowhere().and(heard)).unwrap();
        run.events.say(What::Resumed);
        run.events.say(What::Connecting);
        run.events.say(What::Resumed);
        assert_eq!(*reader.1.lock().unwrap(), [1, 1, 2], "to look at a host is no history");
        let nobody = Members::new();
        let ended = run.carry_out(
            &nobody,
            install(Terms::usual()),
            |_| Ok(()),
            async |_| panic!("asked for nothing"),
        );
        let Ended { done, journal } = ended.await.unwrap();
        assert!(done.reports.is_empty() && done.early.is_none() && journal.is_none());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_an_error() {
        let path = PathBuf::from("/proc/pryvctl/journal.jsonl");
        let error = Run::open("install", None, Some(&path), Events::nowhere()).err().unwrap();
        insta::assert_snapshot!(error.hint(), @"name another file with --journal; /dev/null keeps no history");
    }
}
