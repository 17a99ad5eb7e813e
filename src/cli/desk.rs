//! What a run that changes hosts has at hand: the screen, the journal, and a hand on the brake.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{signal::ctrl_c, task::JoinHandle};

use super::{
    exit::Exit,
    progress::Watch,
    report::{Halt, Screen},
};
use crate::fleet::{
    brake::{Brake, Wish},
    event::{Events, What},
    journal::Journal,
};

/// The desk of one run.
pub struct Desk {
    /// Where the run says what happens.
    pub events: Events,
    /// How it is stopped.
    pub brake: Brake,
    hand: tokio::sync::watch::Sender<Wish>,
    journal: Arc<Journal>,
    watch: Watch,
}

impl Desk {
    /// Opens the journal and starts watching.
    ///
    /// # Errors
    /// A journal that cannot be written: who wants no history says so with `--journal /dev/null`.
    pub fn open(
        command: &str,
        lab: Option<&String>,
        journal: Option<&PathBuf>,
        screen: &Screen,
    ) -> Result<Self, Halt> {
        let path = place(journal)?;
        let journal = Journal::open(&path, command, &owner()).map_err(|error| {
            let hint = "name another file with --journal; /dev/null keeps no history".to_owned();
            Halt::new(
                Exit::Usage,
                format!("cannot write the journal {}: {error}", path.display()),
                Some(hint),
            )
        })?;
        let journal = Arc::new(journal.of_lab(lab.cloned()));
        let (events, watch) = Watch::start(screen);
        let (hand, brake) = Brake::new();
        Ok(Self { events: events.kept_in(Arc::clone(&journal)), brake, hand, journal, watch })
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

    /// Waits until everything is shown. Every clone of the events must be gone. A run whose journal is not whole did not end
    /// well, however its hosts are.
    pub async fn close(self, screen: &Screen) -> Exit {
        let Self { events, watch, journal, .. } = self;
        drop(events);
        watch.done().await;
        match journal.trouble() {
            Some(trouble) => {
                screen.note(trouble);
                Exit::NotConverged
            }
            None => Exit::Done,
        }
    }
}

/// Heeds Ctrl-C until it is dropped.
pub struct Heed(JoinHandle<()>);

impl Drop for Heed {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Where the journal is: as said, or in the user's state folder.
///
/// # Errors
/// Neither is known.
pub fn place(journal: Option<&PathBuf>) -> Result<PathBuf, Halt> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/state"));
    let usual = || state.or_else(home).map(|state| state.join("pryvctl/journal.jsonl"));
    journal.cloned().or_else(usual).ok_or_else(|| {
        let hint = "name a file with --journal".to_owned();
        Halt::new(
            Exit::Usage,
            "neither XDG_STATE_HOME nor HOME is set, so there is no place for the journal",
            Some(hint),
        )
    })
}

/// Who holds the lock, for the eyes of a second administrator.
pub fn owner() -> String {
    let name = |key| std::env::var(key).ok().filter(|value| !value.is_empty());
    let user = name("SUDO_USER").or_else(|| name("USER")).or_else(|| name("LOGNAME"));
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = user.unwrap_or_else(|| "someone".to_owned());
    format!("{user}@{} (pid {})", machine.trim(), std::process::id())
}
