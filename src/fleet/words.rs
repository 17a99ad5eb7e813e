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
            Self::NotReady => Some(plain("the host does not meet its needs".to_owned())),
            Self::Unreachable(trouble) | Self::Locked(trouble) | Self::LockLost(trouble) => {
                Some(trouble.clone())
            }
            Self::Conflict(conflicts) => Some(Trouble {
                message: "something that is not ours stands in the way".to_owned(),
                hint: Some("move it away, or change the inventory".to_owned()),
                details: conflicts.clone(),
            }),
            Self::Failed { step, trouble } => {
                Some(Trouble { message: format!("{step}: {}", trouble.message), ..trouble.clone() })
            }
            Self::WentBack { step, trouble } => Some(Trouble {
                message: format!("{step}: {}; what served before serves again", trouble.message),
                ..trouble.clone()
            }),
            Self::Stopped { before } => Some(Trouble {
                message: format!("stopped by hand before {before}"),
                hint: Some(
                    "run the same command again to go on, or `pryvctl rollback` to go back".to_owned(),
                ),
                details: Vec::new(),
            }),
            Self::NotConverged { left } => Some(Trouble {
                message: "all steps were carried out and still these are to be done".to_owned(),
                hint: Some("does something else on the host change it back?".to_owned()),
                details: left.clone(),
            }),
            Self::Exposed { ports } => Some(Trouble {
                message: "ports answer from outside that nobody asked for".to_owned(),
                hint: Some(
                    "`ss -lntp` and `nft list ruleset` on the host say what answers; if they do not, something \
                     between answers in its place"
                        .to_owned(),
                ),
                details: ports.clone(),
            }),
            Self::Silent { ports } => Some(Trouble {
                message: "ports that roles open do not answer from outside".to_owned(),
                hint: Some(
                    "let them pass where they are dropped; `nft -a list ruleset` on the host shows every rule. If nothing drops \
                     them there, look at the firewall of the network or the cloud, and at the service's log"
                        .to_owned(),
                ),
                details: ports.clone(),
            }),
            Self::Died => Some(plain("a bug of pryvctl ended the work on this host".to_owned())),
        }
    }

    /// What it came to, where no trouble says more.
    pub fn summary(&self) -> String {
        match self {
            Self::Unchanged => "nothing is to be changed".to_owned(),
            Self::Changed { steps } => format!("{steps} steps, looked at again: as it should be"),
            Self::LeftAlone => "nothing was changed".to_owned(),
            Self::TakenBack => {
                "it did well, and serves what it served before, because others failed".to_owned()
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
            Self::Surveying => "looking".to_owned(),
            Self::Step { number, of, id } => format!("{number}/{of} {id}"),
            Self::StepEnded { id, failed: None } => format!("{id}: done"),
            Self::StepEnded { id, failed: Some(why) } => format!("{id}: {why}"),
            Self::Anchored(anchor) => format!("keeps that the journal has {} lines", anchor.lines),
            Self::Unanchored { why } => format!("could not keep how far the journal went: {why}"),
            Self::Lab { name, comes: true } => format!("the lab {name} comes up"),
            Self::Lab { name, comes: false } => format!("the lab {name} goes"),
            Self::Armed { window } => {
                format!("the host takes the next change back in {} s unless we confirm it", window.as_secs())
            }
            Self::Confirmed => "confirmed over a new login".to_owned(),
            Self::CutOff { window } => {
                format!("cut off; the host takes the change back within {} s", window.as_secs())
            }
            Self::Begun { hosts, .. } => format!("{} hosts are about to be changed", hosts.len()),
            Self::Batch { number, of, role, hosts } => {
                let hosts = hosts.iter().map(HostName::as_str).collect::<Vec<_>>().join(", ");
                format!("batch {number}/{of}, {role}: {hosts}")
            }
            Self::Hook { name } => format!("hook {name}"),
            Self::HookLeft { name } => format!("hook {name}: not called, because this is a lab"),
            Self::Watching { window } => format!("watched for {} s", window.as_secs()),
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
            Self::LookingAgain { why } => format!("{why}; reads the host again and makes a new plan"),
            Self::GoingBack { why } => format!("goes back to what served before: {why}"),
            Self::Paused { by } => format!("paused by {by}; `pryvctl resume` goes on"),
            Self::Resumed => "goes on".to_owned(),
            Self::Stopping { moment } => format!("will stop {moment}"),
            Self::Finished { outcome, .. } => outcome.clone(),
            Self::Ended { why } => {
                why.as_ref().map_or_else(|| "the end".to_owned(), |why| format!("ends early: {why}"))
            }
        }
    }
}
