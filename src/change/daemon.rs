//! The configuration of dockerd: written, and taken up. The old one comes back where dockerd does not take the new one.

use std::path::Path;

use serde_json::Value;

use super::{
    Kind,
    engine::{LIVE_RESTORE, RESTART},
};
use crate::model::{
    command::{Command, filled},
    place::{DAEMON_JSON, DOCKER_PENDING},
    write::{self, Access, Put, Seen},
};

/// `daemon.json` gets another text, and dockerd takes it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonConfig {
    /// The text; `None`: no such file.
    pub text: Option<String>,
    /// What was there when this was planned.
    pub seen: Seen,
    /// Whether there was a file to come back to.
    pub old: OldConfig,
    /// How dockerd learns of it.
    pub take_up: TakeUp,
}

/// Whether there was a `daemon.json` to come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldConfig {
    /// There was.
    There,
    /// There was none.
    Nothing,
}

/// How dockerd learns of a changed configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeUp {
    /// It is not there yet.
    AtStart,
    /// By a signal.
    Reload,
    /// By a restart.
    Restart,
}

/// Without a file dockerd does what it does with an empty object.
const EMPTY: &str = "{}\n";

/// Where the old `daemon.json` lies while dockerd takes up the new one.
const KEPT: &str = "/var/lib/pryvctl/pending/daemon.json";

/// What dockerd says of a new file; an old dockerd cannot be asked.
const VALIDATE: &str =
    "! dockerd --help 2>/dev/null | grep -q -- --validate || dockerd --validate --config-file \"$new\"";

impl Kind for DaemonConfig {
    fn command(&self) -> Command {
        let text = self.text.as_deref().unwrap_or(EMPTY);
        let mut script = self.take_up(text);
        if self.text.is_none() {
            let gone = write::remove(Path::new(DAEMON_JSON), &Seen::Any);
            script.push_str(&format!(" || exit $?\n{gone}"));
        }
        Command::root(write::script(script)).stdin(text).within(RESTART)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        let parsed = |text: &String| serde_json::from_str(text).expect("it is JSON");
        let found = self.text.as_ref().map(|text| super::listed::written(text, 0o644));
        state.docker.daemon_json = self.text.as_ref().map(parsed);
        state.system.files.insert(DAEMON_JSON.into(), found);
        state.system.files.insert(DOCKER_PENDING.into(), None);
    }
}

/// Whether containers outlive dockerd where it has taken this up.
fn keeps_running(text: &str) -> bool {
    serde_json::from_str::<Value>(text)
        .is_ok_and(|daemon| daemon.get("live-restore") == Some(&Value::Bool(true)))
}

impl DaemonConfig {
    /// The mark outlives a run that was killed between the file and the restart. After three restarts in a minute systemd
    /// would refuse another.
    fn take_up(&self, text: &str) -> String {
        let [path, mark, copy] = [DAEMON_JSON, DOCKER_PENDING, KEPT].map(Path::new);
        let put = |check: &str| {
            let (seen, check) = (self.seen.clone(), check.to_owned());
            Put { seen, check, ..Put::own(path, text, 0o644) }
        };
        let take_up = match self.take_up {
            TakeUp::AtStart => return put("").call(),
            TakeUp::Reload => "systemctl reload docker".to_owned(),
            TakeUp::Restart => {
                let first = if keeps_running(text) { LIVE_RESTORE } else { "" };
                format!("\n{first}systemctl reset-failed docker || true; systemctl restart docker")
            }
        };
        let gone = |path| write::remove(path, &Seen::Any);
        let (keep, back) = match self.old {
            OldConfig::There => (
                write::copy(path, copy, &Seen::Any, Access::Kept),
                write::copy(copy, path, &Seen::Any, Access::Kept),
            ),
            OldConfig::Nothing => (gone(copy), gone(path)),
        };
        let undone = write::together([back, gone(mark), gone(copy)]);
        let done = write::together([gone(mark), gone(copy)]);
        filled(
            include_str!("daemon/taken_up.sh"),
            [
                ("@UNDONE@", &undone),
                ("@KEEP@", &write::together([Put::own(mark, "", 0o600).call(), keep])),
                ("@PUT@", &put(VALIDATE).call()),
                ("@TAKE_UP@", &take_up),
                ("@DONE@", &done),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> String {
        let (text, seen) = (Some(text.to_owned()), Seen::Any);
        DaemonConfig { text, seen, old: OldConfig::There, take_up: TakeUp::Restart }.command().script
    }

    /// A dockerd that is to go on without it never says that it has it, and would not be restarted.
    #[test]
    fn live_restore_is_waited_for_where_the_file_says_it() {
        assert!(script("{\"live-restore\":true}").contains(LIVE_RESTORE));
        for without in ["{\"live-restore\": false}", "{\"labels\": [\"live-restore=true\"]}", "{}"] {
            assert!(!script(without).contains(LIVE_RESTORE), "{without}");
        }
    }
}
