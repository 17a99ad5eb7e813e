//! Everything that a daemon wants to know of a host: what a look says, and what a run has no question for. Nothing is changed.

use std::sync::Arc;

use super::{
    Member,
    each::each,
    event::Events,
    opened::{Planned, plan_one},
    order::Aim,
    outcome::{Outcome, Report, Trouble},
    scan,
    survey::{Surveyed, Visit, failed, look, report},
};
use crate::{
    facts::{
        Fact, Probe,
        mark::{ControllerMarks, Marks},
        update::{SecurityUpdates, Updates},
    },
    host::{HostError, Session as _},
    model::{command::Command, inventory::Repairs},
    plan::repair::Cut,
};

pub use scan::Shown;

/// What was seen.
#[derive(Debug)]
pub struct Inspected {
    /// What a look says.
    pub report: Report,
    /// What of its plan may be repaired with nobody there; `None`: there is no plan.
    pub repairable: Option<Cut>,
    /// The rest; `None`: the host was not reached.
    pub beyond: Option<Beyond>,
    /// Why it was not reached.
    pub error: Option<HostError>,
}

/// What a run has no question for. `None`: it is not known.
#[derive(Debug, Clone, Default)]
pub struct Beyond {
    /// What the host shows to somebody outside.
    pub shown: Option<Shown>,
    /// How far its clock is ahead of the controller's for sure, in seconds.
    pub ahead: Option<f64>,
    /// What other controllers left there.
    pub marks: Option<Marks>,
    /// Security updates that wait.
    pub updates: Option<Updates>,
}

/// Looks at a host; `repairs` may be repaired there, and `updates` is what the last look found of them.
pub async fn inspect(
    member: &Arc<Member>,
    aim: &Aim,
    repairs: Repairs,
    updates: Option<&Updates>,
) -> Inspected {
    let looks = each(vec![Arc::clone(member)], 1, |member| async move {
        look(&member, &Visit::Look, &Events::nowhere()).await
    });
    let surveyed = match looks.await.into_iter().next().flatten() {
        Some(Ok(surveyed)) => surveyed,
        Some(Err(error)) => {
            let report = report(member, failed(&error));
            return Inspected { report, repairable: None, beyond: None, error: Some(error) };
        }
        None => {
            let report = report(member, Outcome::Died);
            return Inspected { report, repairable: None, beyond: None, error: None };
        }
    };
    let shown = scan::shown(&surveyed, aim.goal).await;
    let beyond = Beyond {
        shown: shown.inspect_err(|error| unknown(&surveyed, &error.words())).ok().flatten(),
        ahead: surveyed.ahead,
        marks: ask(&surveyed, &ControllerMarks).await,
        updates: ask(&surveyed, &SecurityUpdates { known: updates }).await,
    };
    let planned = plan_one(surveyed, aim);
    let repairable = planned.as_ref().ok().and_then(|host| host.repairable(repairs));
    let mut report = planned.map_or_else(|report| *report, Planned::looked_at);
    if let Some(holder) = beyond.marks.as_ref().and_then(|marks| marks.held.as_ref()) {
        // What is not as it should be may be what that run is about to put right.
        let message = format!("locked by {}", holder.owner);
        report.outcome = Outcome::Locked(Trouble { message, ..Trouble::default() });
    }
    Inspected { report, repairable, beyond: Some(beyond), error: None }
}

/// One question; what it asks for is nothing where it is surely not there.
async fn ask<P: Probe<Value: Default>>(surveyed: &Surveyed, probe: &P) -> Option<P::Value> {
    let said = match surveyed.connection.exec(&Command::root(probe.question())).await {
        Ok(said) => said,
        Err(error) => {
            unknown(surveyed, &error.words());
            return None;
        }
    };
    match probe.read(&said) {
        Fact::Known(value) => Some(value),
        Fact::Absent => Some(P::Value::default()),
        Fact::Unreadable(why) => {
            unknown(surveyed, &why);
            None
        }
    }
}

fn unknown(surveyed: &Surveyed, why: &str) {
    tracing::warn!(host = %surveyed.member.host(), %why, "not everything was seen");
}
