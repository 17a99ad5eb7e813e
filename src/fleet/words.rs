//! The words for what happens on hosts and for how it ends there. Data says which; this says it to people, whatever the face.

use std::fmt::Write as _;

use super::{
    event::What,
    outcome::{Outcome, Trouble},
};
use crate::model::name::HostName;

impl Outcome {
    /// The first word of the line about a host.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Looked => "looked",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Changed { .. } => "changed",
            Self::NotReady => "not-ready",
            Self::LeftAlone => "left-alone",
            Self::Unreachable(_) => "unreachable",
            Self::Locked(_) => "locked",
            Self::LockLost(_) => "lock-lost",
            Self::Conflict(_) => "conflict",
            Self::Failed { .. } => "failed",
            Self::WentBack { .. } => "went-back",
            Self::TakenBack => "taken-back",
            Self::Stopped { .. } => "stopped",
            Self::NotConverged { .. } => "not-converged",
            Self::Exposed { .. } => "exposed",
            Self::Silent { .. } => "silent",
            Self::Died => "died",
        }
    }

    /// The last event of a host.
    pub fn event(&self) -> What {
        What::Finished { outcome: self.word().to_owned(), well: self.trouble().is_none() }
    }

    /// What an administrator must know beyond the word.
    pub fn trouble(&self) -> Option<Trouble> {
        let plain = |message: String| Trouble { message, ..Trouble::default() };
        match self {
            Self::Looked
            | Self::Unchanged
            | Self::Planned
            | Self::Changed { .. }
            | Self::LeftAlone
            | Self::TakenBack => None,
            Self::NotReady => Some(plain("the host does not meet the requirements".to_owned())),
            Self::Unreachable(trouble) | Self::Locked(trouble) | Self::LockLost(trouble) => {
                Some(trouble.clone())
            }
            Self::Conflict(conflicts) => Some(Trouble {
                message: "the plan conflicts with things on the host that pryvctl does not manage".to_owned(),
                hint: Some("remove or rename these things on the host, or use other names in the inventory".to_owned()),
                details: conflicts.clone(),
            }),
            Self::Failed { step, trouble } => {
                Some(Trouble { message: format!("{step}: {}", trouble.message), ..trouble.clone() })
            }
            Self::WentBack { step, trouble } => Some(Trouble {
                message: format!("{step}: {}; rolled back, the previous containers serve again", trouble.message),
                ..trouble.clone()
            }),
            Self::Stopped { before } => Some(Trouble {
                message: format!("stopped by hand before {before}"),
                hint: Some(
                    "run the same command again to continue, or `pryvctl rollback` to roll back".to_owned(),
                ),
                details: Vec::new(),
            }),
            Self::NotConverged { left } => Some(Trouble {
                message: "the host did not converge; all steps ran, and these are still needed".to_owned(),
                hint: Some("another tool (cloud-init, Puppet, cron) may be reverting the change".to_owned()),
                details: left.clone(),
            }),
            Self::Exposed { ports } => Some(Trouble {
                message: "ports answer from outside that no role opens".to_owned(),
                hint: Some(
                    "`ss -lntp` and `nft list ruleset` on the host show what answers; if they show nothing, a device \
                     in between answers for the host"
                        .to_owned(),
                ),
                details: ports.clone(),
            }),
            Self::Silent { ports } => Some(Trouble {
                message: "ports that roles open do not answer from outside".to_owned(),
                hint: Some(
                    "allow them where they are dropped; `nft -a list ruleset` on the host shows every rule. If nothing drops \
                     them there, look at the firewall of the network or the cloud, and at the service's log"
                        .to_owned(),
                ),
                details: ports.clone(),
            }),
            Self::Died => Some(plain("the work on this host ended because of a bug in pryvctl".to_owned())),
        }
    }

    /// What it came to, where no trouble says more.
    pub fn summary(&self) -> String {
        match self {
            Self::Unchanged => "nothing to change".to_owned(),
            Self::Changed { steps } => format!("{steps} steps applied and verified"),
            Self::LeftAlone => "nothing was changed".to_owned(),
            Self::TakenBack => {
                "the change succeeded on this host, and was rolled back because other hosts failed".to_owned()
            }
            Self::Looked
            | Self::Planned
            | Self::NotReady
            | Self::Unreachable(_)
            | Self::Locked(_)
            | Self::LockLost(_)
            | Self::Conflict(_)
            | Self::Failed { .. }
            | Self::WentBack { .. }
            | Self::Stopped { .. }
            | Self::Exposed { .. }
            | Self::Silent { .. }
            | Self::NotConverged { .. }
            | Self::Died => String::new(),
        }
    }
}

impl What {
    /// As one sentence.
    pub fn words(&self) -> String {
        match self {
            Self::Connecting => "logging in".to_owned(),
            Self::Surveying => "reading the state of the host".to_owned(),
            Self::Step { number, of, id } => format!("{number}/{of} {id}"),
            Self::StepEnded { id, failed: None } => format!("{id}: done"),
            Self::StepEnded { id, failed: Some(why) } => format!("{id}: {why}"),
            Self::Anchored(anchor) => format!("stores a copy of the journal's end ({} lines)", anchor.lines),
            Self::Unanchored { why } => format!("could not store a copy of the journal's end: {why}"),
            Self::Lab { name, comes: true } => format!("starting the lab {name}"),
            Self::Lab { name, comes: false } => format!("removing the lab {name}"),
            Self::Armed { window } => {
                format!(
                    "the host reverts the next change after {} s unless it is confirmed",
                    window.as_secs()
                )
            }
            Self::Confirmed => "change confirmed over a new login".to_owned(),
            Self::CutOff { window } => {
                format!("connection lost; the host reverts the change within {} s", window.as_secs())
            }
            Self::Begun { hosts, .. } => format!("changing {} hosts", hosts.len()),
            Self::Batch { number, of, role, hosts } => {
                let hosts = hosts.iter().map(HostName::as_str).collect::<Vec<_>>().join(", ");
                format!("batch {number}/{of}, {role}: {hosts}")
            }
            Self::Hook { name } => format!("hook {name}"),
            Self::HookLeft { name } => format!("hook {name}: not called, because this is a lab"),
            Self::Watching { window } => format!("watching the upgraded hosts for {} s", window.as_secs()),
            Self::Scanned { from, answering, silent, unsure, untried } => {
                let ports = answering.iter().map(|port| port.strip_suffix("/tcp").unwrap_or(port));
                let ports = ports.collect::<Vec<_>>().join(", ");
                let mut said =
                    format!("port scan from {}: {ports} open, {silent} closed", from.join(" and "));
                if !unsure.is_empty() {
                    write!(said, "; {} gave no answer, which over UDP can be either", unsure.join(", "))
                        .unwrap_or_default();
                }
                if !untried.is_empty() {
                    write!(
                        said,
                        "; {} not tested: the firewall opens it to none of these",
                        untried.join(", ")
                    )
                    .unwrap_or_default();
                }
                said
            }
            Self::Blind { from, why } => format!("{from} cannot scan the ports: {why}"),
            Self::EngineAway { patience } => {
                format!("Docker does not answer; waiting until it does, for at most {} s", patience.as_secs())
            }
            Self::LookingAgain { why } => format!("{why}; reading the host again to make a new plan"),
            Self::GoingBack { why } => format!("rolling back: {why}"),
            Self::Paused { by } => format!("paused by {by}; run `pryvctl resume` to continue"),
            Self::Resumed => "resumed".to_owned(),
            Self::Stopping { moment } => format!("stopping {moment}"),
            Self::Finished { outcome, .. } => outcome.clone(),
            Self::Ended { why } => {
                why.as_ref().map_or_else(|| "the end".to_owned(), |why| format!("ends early: {why}"))
            }
        }
    }
}
