//! What a role wants to be called before a host has its turn and after it, as scripts.

use crate::model::{
    command::quote,
    name::HostName,
    role::{Haproxy, Hook, HookAction, Side},
};

/// Which hosts a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Those of the inventory.
    Platform,
    /// Their stand-ins in a lab. What a platform's balancers and monitors are told must be true of the platform.
    Lab,
}

/// Whether a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is.
    Called,
    /// It is only said that it would be.
    Announced,
}

/// In a lab nothing is called that reaches out of it, unless the role wants that.
pub fn fate(hook: &Hook, ground: Ground) -> Fate {
    let reaches_out = match (&hook.action, hook.on) {
        (HookAction::Haproxy(_), _) | (HookAction::Run(_), Side::Controller) => true,
        (HookAction::Run(_), Side::Host) => false,
    };
    match ground {
        Ground::Lab if reaches_out && !hook.lab => Fate::Announced,
        Ground::Lab | Ground::Platform => Fate::Called,
    }
}

/// Before a host's turn or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Before it.
    Before,
    /// After it, however it ended.
    After,
    /// Before a move that cannot be taken back.
    Backup,
}

/// The script of a hook.
pub fn script(hook: &Hook, moment: Moment, host: &HostName, ground: Ground) -> String {
    let script = match &hook.action {
        HookAction::Run(script) => script.clone(),
        HookAction::Haproxy(balancer) => haproxy(balancer, moment, host),
    };
    match ground {
        Ground::Platform => script,
        Ground::Lab => format!("export PRYVCTL_LAB=1\n{script}"),
    }
}

impl Moment {
    /// As a role says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Backup => "backup",
        }
    }
}

/// All that a hook does, for those who read a plan.
pub fn whole(hook: &Hook, moment: Moment) -> String {
    let side = match hook.on {
        Side::Host => "on the host, as root",
        Side::Controller => "on the controller",
    };
    let action = match &hook.action {
        HookAction::Run(script) => script.clone(),
        HookAction::Haproxy(balancer) => format!("HAProxy {} at {}", balancer.server, balancer.socket),
    };
    let lab = if hook.lab { ", also in a lab" } else { "" };
    format!("{} ({side}{lab}, within {} s): {action}", moment.as_str(), hook.within.0.as_secs_f64())
}

/// A few words for the screen and the journal.
pub fn words(hook: &Hook, moment: Moment) -> String {
    let moment = moment.as_str();
    match &hook.action {
        HookAction::Run(script) => format!("{moment}: {}", script.lines().next().unwrap_or_default()),
        HookAction::Haproxy(balancer) => format!("{moment}: HAProxy {}", balancer.server),
    }
}

/// Speaks to HAProxy's runtime socket. perl-base is on every Debian; a program for sockets is not.
const ASK: &str = include_str!("hook/ask.sh");

/// Before: no new sessions, and a wait until the last one is gone. After: ready again.
fn haproxy(balancer: &Haproxy, moment: Moment, host: &HostName) -> String {
    let server = balancer.server.replace("{host}", host.as_str());
    let (backend, name) = server.split_once('/').unwrap_or((&server, host.as_str()));
    let state = match moment {
        Moment::Before | Moment::Backup => "drain",
        Moment::After => "ready",
    };
    let (socket, order) =
        (quote(&balancer.socket), quote(&format!("set server {backend}/{name} state {state}")));
    let set = format!(
        "{ASK}said=$(ask {socket} {order}) || exit 1; [ -z \"$(echo $said)\" ] || {{ echo \"$said\" >&2; exit 1; }}\n"
    );
    match moment {
        Moment::After => set,
        // The fifth column counts the sessions.
        Moment::Before | Moment::Backup => format!(
            "{set}until ask {socket} 'show stat' | awk -F, -v b={} -v s={} \
             '$1 == b && $2 == s {{ found = 1; n = $5 }} END {{ exit !(found && n == 0) }}'; do sleep 0.2; done",
            quote(backend),
            quote(name)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_lab_nothing_is_called_that_reaches_out_of_it() {
        let hook = |text: &str| serde_saphyr::from_str::<Hook>(text).unwrap();
        let balancer = "haproxy: { socket: 'lb1:9999', server: 'web/{host}' }";
        let fates = [
            ("{ run: x }".to_owned(), Fate::Called),
            ("{ run: x, on: controller }".to_owned(), Fate::Announced),
            ("{ run: x, on: controller, lab: true }".to_owned(), Fate::Called),
            (format!("{{ {balancer} }}"), Fate::Announced),
            (format!("{{ {balancer}, on: controller }}"), Fate::Announced),
        ];
        for (text, wanted) in fates {
            assert_eq!(fate(&hook(&text), Ground::Lab), wanted, "{text}");
            assert_eq!(fate(&hook(&text), Ground::Platform), Fate::Called, "{text}");
        }
        let said = script(&hook("{ run: echo }"), Moment::Before, &"one".parse().unwrap(), Ground::Lab);
        assert_eq!(said, "export PRYVCTL_LAB=1\necho");
    }
}
