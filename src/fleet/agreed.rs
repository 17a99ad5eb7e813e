//! What has to be so before a plan is carried out, whichever command made it: what cannot be taken back was agreed to, and the
//! backups for it are made.

use super::{
    event::Events,
    hook,
    order::Order,
    outcome::{Outcome, Trouble},
    renewed::{not_agreed, planned_anew},
    survey::Surveyed,
};
use crate::plan::{
    Plan,
    crossing::{Consents, Crossing},
    rollout::Moment,
    step::Step,
};

/// A plan that may be carried out. There is no other way to one than [`Agreed::to`].
#[derive(Debug, Clone)]
pub struct Agreed {
    plan: Plan,
    crossings: Vec<Crossing>,
    /// How many hooks were called since the host was looked at.
    hooks: usize,
}

impl Agreed {
    /// Holds a plan against what was agreed to, and calls the backups it needs. Nothing else is done on the host before.
    ///
    /// # Errors
    /// What was not agreed to, or a backup that failed.
    pub async fn to(
        plan: Plan,
        surveyed: &Surveyed,
        order: &Order,
        events: &Events,
    ) -> Result<Self, Outcome> {
        let failed = |step: &str, trouble| Outcome::Failed { step: step.to_owned(), trouble };
        if let Some(trouble) = objection(&plan, order.aim.consents) {
            return Err(failed("consent", trouble));
        }
        let Surveyed { member, connection, .. } = surveyed;
        let backups = plan.backups();
        let hooks = backups.len();
        let backup = hook::call(backups, Moment::Backup, member, connection, events).await;
        backup.map_err(|trouble| failed("backup", trouble))?;
        let crossings = plan.crossings().cloned().collect();
        Ok(Self { plan, crossings, hooks })
    }

    /// The same agreement after hooks were called, which may take hours and change what they like: then the host is looked at
    /// again.
    ///
    /// # Errors
    /// The host cannot be read, or needs something that nobody agreed to.
    pub async fn after_hooks(
        self,
        others: usize,
        surveyed: &Surveyed,
        order: &Order,
    ) -> Result<Self, Outcome> {
        if self.hooks + others == 0 {
            return Ok(self);
        }
        let now = planned_anew(surveyed, order.aim.goal).await?;
        self.still("look", now)
    }

    /// The same agreement for a plan that was made anew because somebody may have changed the host.
    ///
    /// # Errors
    /// Steps that nobody agreed to.
    pub fn still(self, step: &str, now: Plan) -> Result<Self, Outcome> {
        let new = now.beyond(&self.plan);
        if new.is_empty() {
            return Ok(Self { plan: now, ..self });
        }
        Err(Outcome::Failed { step: step.to_owned(), trouble: not_agreed(new) })
    }

    /// The steps up to the next look.
    pub fn steps(&self) -> &[Step] {
        self.plan.up_to_next_look()
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The same agreement for what is left to do after another look.
    ///
    /// # Errors
    /// A crossing that was not in the plan that was agreed to: nobody made a backup for it.
    pub fn goes_on_with(self, rest: Plan) -> Result<Self, Outcome> {
        let new: Vec<String> = rest
            .crossings()
            .filter(|crossing| !self.crossings.iter().any(|agreed| agreed.is(crossing)))
            .map(ToString::to_string)
            .collect();
        if new.is_empty() {
            return Ok(Self { plan: rest, ..self });
        }
        let trouble = Trouble {
            message: "the new plan has irreversible changes that you did not accept".to_owned(),
            hint: Some("run the same command again".to_owned()),
            details: new,
        };
        Err(Outcome::Failed { step: "consent".to_owned(), trouble })
    }
}

/// What of a plan was not agreed to, in words.
fn objection(plan: &Plan, consents: Consents) -> Option<Trouble> {
    let held: Vec<_> = plan.crossings().filter(|one| one.objection(consents).is_some()).collect();
    let first = held.first()?;
    Some(Trouble {
        message: "an older version cannot read the data of a newer one".to_owned(),
        hint: first.objection(consents).and_then(|finding| finding.remedy),
        details: held.iter().map(ToString::to_string).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        change::{Change, Claim, FileWrite},
        model::write::Seen,
        plan::step::{StepId, Undo},
    };

    fn writes(seen: Seen) -> Plan {
        let file = FileWrite {
            path: "/etc/x".into(),
            content: crate::model::secret::Secret::new("ours"),
            seen,
            mode: 0o644,
            uid: 0,
            gid: 0,
            claim: Claim::Listed,
        };
        Plan {
            steps: vec![Step::safe(
                StepId::File("/etc/x".into()),
                Change::Write(file),
                Undo::Nothing("a test"),
            )],
        }
    }

    #[test]
    fn a_plan_that_nobody_has_read_is_not_carried_out() {
        let agreed = Agreed { plan: writes(Seen::Absent), crossings: Vec::new(), hooks: 0 };
        assert!(agreed.clone().still("file./etc/x", writes(Seen::Absent)).is_ok());
        let by_hand = writes(Seen::Sha256("by hand".to_owned()));
        let Err(Outcome::Failed { step, trouble }) = agreed.still("file./etc/x", by_hand) else {
            panic!("it goes on");
        };
        assert_eq!(
            (step.as_str(), trouble.details.as_slice()),
            ("file./etc/x", ["file./etc/x".to_owned()].as_slice())
        );
        insta::assert_snapshot!(format!("{}; {}", trouble.message, trouble.hint.unwrap()), @"the host has changed since the plan was made, and you have not confirmed these new steps; run the same command again and review the new plan");
    }
}
