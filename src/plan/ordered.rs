//! What has to be done on one host.

use std::fmt;

use super::step::{Step, StepId};

/// What has to be done on one host, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The steps up to the first one that changes more than the rest was planned for, as packages do that bring files; all,
    /// if there is none.
    pub fn up_to_next_look(&self) -> &[Step] {
        let place = self.steps.iter().position(|step| step.look_again);
        place.map_or(&self.steps, |place| &self.steps[..=place])
    }

    /// Whether it sets controls and does nothing else.
    pub fn is_of_controls(&self) -> bool {
        let ours = |id: &StepId| matches!(id, StepId::Control(_) | StepId::Undo(_) | StepId::Originals(_));
        self.steps.iter().all(|step| ours(&step.id))
    }

    /// Whether the host is as it should be.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        Ok(())
    }
}
