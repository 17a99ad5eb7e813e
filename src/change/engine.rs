//! dockerd and containerd start, and what ran before goes on.

use std::time::Duration;

use super::{
    Kind,
    checks::{BEGIN, OURS},
};
use crate::model::command::{Command, quote};

/// A restart of dockerd with many containers.
pub(super) const RESTART: Duration = Duration::from_secs(300);

/// The unit of containerd.
pub const CONTAINERD: &str = "containerd.service";

/// Waits until Docker answers, and then until it has found out again how our containers are: after its start all are
/// "starting", and without containerd no check passes. One that does not get well is the next look's business.
const ANSWERS: &str = include_str!("engine/answers.sh");

/// See [`ANSWERS`].
const SETTLED: &str = include_str!("engine/settled.sh").trim_ascii_end();

/// Starts a dockerd whose socket is gone anew.
const ANEW: &str = include_str!("engine/anew.sh").trim_ascii_end();

/// Tells a running dockerd to take up live-restore, and waits until its journal says that it did.
const TAKE_UP: &str = include_str!("engine/take_up.sh");

/// Makes live-restore count already for the restart that follows: a reload only sends a signal, and a dockerd that is
/// stopped before it has read its file stops every container. On a busy host systemd's job may fail, so it is asked again.
/// A function `back` says what is done first where dockerd does not take it up.
pub(super) const LIVE_RESTORE: &str = include_str!("engine/live_restore.sh");

/// What follows a start of dockerd or containerd.
fn awake() -> String {
    format!("{ANSWERS}{BEGIN}{OURS}{SETTLED}")
}

/// A Docker that does not answer starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineStart {
    /// It does not run.
    Stopped,
    /// It runs and its socket is gone. Only systemd can make the socket again, and not while dockerd has it. dockerd cannot
    /// be asked whether it has taken up live-restore, so it is told to, and its journal says when it did. Where it does not,
    /// nothing is stopped: the plan said that containers go on.
    Deaf {
        /// Whether it has to be told before it is stopped.
        take_up: bool,
    },
}

impl Kind for EngineStart {
    fn command(&self) -> Command {
        let start = match self {
            Self::Stopped => {
                "systemctl reset-failed containerd docker 2>/dev/null || true; systemctl start docker"
                    .to_owned()
            }
            Self::Deaf { take_up } => {
                let take_up = if *take_up { TAKE_UP } else { "" };
                format!("{take_up}{ANEW}")
            }
        };
        Command::root(format!("{start}\n{}", awake())).within(RESTART)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.docker.asleep = None;
        if let Some(footing) = &mut state.docker.footing {
            (footing.dockerd, footing.socket) = (true, true);
        }
    }
}

/// containerd starts; containers that run go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerdStart;

impl Kind for ContainerdStart {
    fn command(&self) -> Command {
        let script = format!(
            "systemctl reset-failed {CONTAINERD} 2>/dev/null || true; systemctl start {CONTAINERD}\n{}",
            awake()
        );
        Command::root(script).within(RESTART)
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        state.system.units.get_mut(CONTAINERD).expect("there is no containerd").active = true;
    }
}

/// dockerd restarts, and makes its rules and bridges: it does so at no other time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineRestart {
    /// Containers that restart after it, because their bridge is gone and with it their end of it; each with the seconds that
    /// it may take to stop.
    pub cut_off: Vec<(String, u64)>,
    /// Whether containers outlive it, once dockerd has taken that up.
    pub live: bool,
    /// How long it may take.
    pub within: Duration,
}

impl EngineRestart {
    /// The restart after which these containers restart, each with the time that it may take to stop; and whether the others
    /// outlive it.
    pub fn of(cut_off: &[(String, Duration)], live: bool) -> Self {
        let within =
            RESTART + Duration::from_secs(60) + cut_off.iter().map(|(_, grace)| *grace).sum::<Duration>();
        let seconds = |(name, grace): &(String, Duration)| (name.clone(), super::whole_seconds(*grace));
        Self { cut_off: cut_off.iter().map(seconds).collect(), live, within }
    }
}

impl Kind for EngineRestart {
    fn command(&self) -> Command {
        let restarts = self
            .cut_off
            .iter()
            .map(|(name, seconds)| format!("docker restart --time {seconds} {} >/dev/null\n", quote(name)));
        let first = if self.live { format!("back() {{ :; }}\n{LIVE_RESTORE}") } else { String::new() };
        let script = format!(
            "{first}systemctl reset-failed docker 2>/dev/null || true; systemctl restart docker\n{}{}",
            restarts.collect::<String>(),
            awake()
        );
        Command::root(script).within(self.within)
    }

    /// Which rules it makes is told by its version; none is missed then.
    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (name, _) in &self.cut_off {
            assert!(state.docker.containers.iter().any(|found| found.name == *name), "there is no {name}");
        }
        let bridges =
            state.docker.networks.iter().filter_map(|(name, found)| Some((name, found.bridge.clone()?)));
        let bridges: Vec<_> = bridges.map(|(name, bridge)| (name.clone(), bridge)).collect();
        state.net.links.names.extend(bridges.iter().map(|(_, bridge)| bridge.clone()));
        super::bridge::Bridges(bridges).apply(state);
        if let Some(footing) = &mut state.docker.footing {
            (footing.rules, footing.rules6) = (None, None);
        }
    }
}
