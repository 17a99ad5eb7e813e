//! What has to be so before a plan is carried out, whichever command made it: what cannot be taken back was agreed to, and the
//! backups for it are made.

use super::{
    change::Order,
    event::Events,
    hook,
    outcome::{Outcome, Trouble},
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
        if let Some(trouble) = objection(&plan, order.consents) {
            return Err(failed("consent", trouble));
        }
        let Surveyed { member, connection, .. } = surveyed;
        let backup = hook::call(plan.backups(), Moment::Backup, member, connection, events).await;
        backup.map_err(|trouble| failed("backup", trouble))?;
        let crossings = plan.crossings().cloned().collect();
        Ok(Self { plan, crossings })
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
            .filter(|crossing| !self.crossings.contains(crossing))
            .map(ToString::to_string)
            .collect();
        if new.is_empty() {
            return Ok(Self { plan: rest, ..self });
        }
        let trouble = Trouble {
            message: "another look showed moves that cannot be taken back and were not agreed to".to_owned(),
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
