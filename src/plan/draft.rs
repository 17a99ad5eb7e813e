//! A plan while it is being written.

use super::{conflict::Conflict, service, step::Step};

/// A plan being written: all steps and all that is in the way.
#[derive(Default)]
pub(super) struct Draft {
    pub steps: Vec<Step>,
    pub conflicts: Vec<Conflict>,
}

impl Draft {
    /// Those that do something else than what is planned already.
    pub fn others(&self, mut steps: Vec<Step>) -> Vec<Step> {
        steps.retain(|step| self.steps.iter().all(|before| before.id != step.id));
        steps
    }

    /// Whether a container has stopped by then.
    pub fn stops(&self, name: &str) -> bool {
        self.steps.iter().any(|step| service::takes_away(step, name))
    }

    /// Has everything planned anew that follows the last step.
    pub fn look_again(&mut self) {
        if let Some(last) = self.steps.last_mut() {
            last.look_again = true;
        }
    }

    pub fn take(&mut self, part: Result<Vec<Step>, Vec<Conflict>>) {
        match part {
            Ok(steps) => self.steps.extend(steps),
            Err(conflicts) => self.conflicts.extend(conflicts),
        }
    }
}
