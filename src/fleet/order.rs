//! What a run is to reach, and how it goes about it. One driver carries out every order; what differs between commands is said
//! here, and nowhere else.

use std::{collections::BTreeMap, time::Duration};

use super::{brake::Brake, outcome::Outcome};
use crate::{
    model::{name::RoleName, role::Upgrade},
    plan::{
        Goal,
        crossing::Consents,
        preflight::break_glass::SecondWay,
        rollout::{Policy, Stage},
    },
};

/// What is to be reached, and what was agreed to: enough to look at hosts and to plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aim {
    /// What is to be reached.
    pub goal: Goal,
    /// What was agreed to that cannot be taken back.
    pub consents: Consents,
    /// What is asked about a second way in before passwords are switched off.
    pub second_way: SecondWay,
    /// How many hosts at once.
    pub parallel: usize,
}

/// What is to be done on hosts.
#[derive(Debug, Clone)]
pub struct Order {
    /// What is to be reached.
    pub aim: Aim,
    /// How long a host waits for the confirmation of a guarded change.
    pub window: Duration,
    /// Who we are, for the lock.
    pub owner: String,
    /// How it is stopped by hand.
    pub brake: Brake,
    /// When each host has its turn.
    pub turns: Turns,
    /// What goes with it.
    pub policies: Policies,
}

/// When each host has its turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Turns {
    /// One batch with everybody in it.
    Together,
    /// Batch by batch, each verified before the next.
    Staged(Staged),
}

/// Batches, as roles and an administrator want them.
#[derive(Debug, Clone, PartialEq)]
pub struct Staged {
    /// The hosts by role, in the order of their turns.
    pub stages: Vec<Stage>,
    /// What happens when too many hosts fail; `None`: what their roles say.
    pub policy: Option<Policy>,
    /// How long after its beginning no batch begins any more; `None`: never.
    pub deadline: Option<Duration>,
}

/// What goes with an order, whatever is to be reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies {
    /// Who says yes to the plans.
    pub approval: Approval,
    /// Which hosts keep all others from being begun.
    pub blocking: Blocking,
    /// When images are pulled.
    pub pulls: Pulls,
    /// What is called around a host's turn, beside the backups that a plan needs.
    pub hooks: RoleHooks,
    /// What becomes of a host that fails.
    pub failed: Failed,
    /// What is looked at from outside afterwards.
    pub scan: Scan,
    /// What becomes of images that nobody needs any more.
    pub old_images: OldImages,
}

/// Who says yes to the plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Somebody did so beforehand.
    Given,
    /// Somebody who reads them.
    Asked,
}

/// Which hosts keep all others from being begun. One that is away never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocking {
    /// Those that do not meet their needs.
    NotReady,
    /// Also those on which somebody else is at work, or stands in the way.
    NotFree,
}

/// When images are pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulls {
    /// By each host in its turn: Docker may have to be installed first.
    InTurn,
    /// By all hosts before the first has its turn. A host that cannot keeps all others from being begun.
    First,
}

/// What is called around a host's turn.
#[derive(Debug, Clone, PartialEq)]
pub enum RoleHooks {
    /// Nothing.
    NotCalled,
    /// What its roles name.
    Called(BTreeMap<RoleName, Upgrade>),
}

/// What becomes of a host that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    /// It stays as it is, for the next run.
    Stays,
    /// It goes back by itself to what it served.
    GoesBack,
}

/// What is looked at from outside afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan {
    /// Nothing.
    Nothing,
    /// On a host that was changed every port that could answer; on the others the declared ones.
    Ports,
}

/// What becomes of images that nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldImages {
    /// They stay.
    Stay,
    /// They are removed, once nothing can go back any more.
    Pruned,
}

impl Blocking {
    /// Whether a host that ended so keeps the others from being begun.
    pub(super) fn is_by(self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::NotReady => true,
            Outcome::Conflict(_) | Outcome::Locked(_) | Outcome::LockLost(_) | Outcome::Died => match self {
                Self::NotReady => false,
                Self::NotFree => true,
            },
            Outcome::Unreachable(_)
            | Outcome::Looked
            | Outcome::Unchanged
            | Outcome::Planned
            | Outcome::Changed { .. }
            | Outcome::LeftAlone
            | Outcome::Failed { .. }
            | Outcome::WentBack { .. }
            | Outcome::TakenBack
            | Outcome::Stopped { .. }
            | Outcome::Exposed { .. }
            | Outcome::Silent { .. }
            | Outcome::NotConverged { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::outcome::Trouble;

    #[test]
    fn one_bad_host_spoils_the_others_only_where_that_was_said() {
        let [ready, free] = [Blocking::NotReady, Blocking::NotFree];
        assert!(ready.is_by(&Outcome::NotReady) && free.is_by(&Outcome::NotReady));
        let locked = Outcome::Locked(Trouble::default());
        assert!(!ready.is_by(&locked) && free.is_by(&locked));
        let away = Outcome::Unreachable(Trouble::default());
        assert!(!ready.is_by(&away) && !free.is_by(&away));
    }
}
