//! The orders behind the commands: what each is to reach, and which policies go with it.

use std::time::Duration;

use super::{
    journal::owner,
    project::{Project, ProjectError},
};
use crate::{
    fleet::{
        Members,
        brake::Brake,
        order::{
            Aim, Approval, Blocking, Failed, OldImages, Order, Policies, Pulls, RoleHooks, Scan, Staged,
            Turns,
        },
    },
    model::inventory::Repairs,
    plan::{
        Goal,
        crossing::Consents,
        preflight::break_glass::SecondWay,
        rollout::{Direction, Policy, Stage},
        uninstall::Volumes,
    },
};

/// What is said of every change, whichever it is.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How many hosts at once.
    pub parallel: usize,
    /// How long a host waits for the confirmation of a guarded change.
    pub window: Duration,
    /// What is asked about a second way in before passwords are switched off.
    pub second_way: SecondWay,
    /// What was agreed to that cannot be taken back.
    pub consents: Consents,
    /// Who says yes to the plans.
    pub approval: Approval,
}

/// How many hosts of a role are upgraded at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A canary first, then batches, as the roles say.
    Rolling,
    /// All of them.
    AtOnce,
}

/// What is said of an upgrade beside that.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// How many hosts of a role at the same time.
    pub pace: Pace,
    /// What happens when too many hosts fail; `None`: what their roles say.
    pub on_failure: Option<Policy>,
    /// How long after its beginning no batch begins any more; `None`: never.
    pub deadline: Option<Duration>,
}

/// Hosts are made hard.
pub fn harden(terms: Terms) -> Order {
    order(Goal::Harden, terms, Turns::Together, Policies { scan: Scan::Ports, ..together(terms) })
}

/// Hosts become what they were before that.
pub fn unharden(terms: Terms) -> Order {
    order(Goal::Revert, terms, Turns::Together, together(terms))
}

/// Hosts become a running platform.
pub fn install(terms: Terms) -> Order {
    order(Goal::Install, terms, Turns::Together, Policies { scan: Scan::Ports, ..together(terms) })
}

/// Hosts become again what the inventory says, as far as that may be done with nobody there.
pub fn repair(repairs: Repairs, terms: Terms) -> Order {
    order(Goal::Repair(repairs), terms, Turns::Together, Policies { scan: Scan::Ports, ..together(terms) })
}

/// What is ours is removed.
pub fn uninstall(volumes: Volumes, terms: Terms) -> Order {
    order(Goal::Uninstall(volumes), terms, Turns::Together, together(terms))
}

/// Hosts become what the inventory says, batch by batch.
///
/// # Errors
/// Roles wait for one another.
pub fn upgrade(
    project: &Project,
    members: &Members,
    terms: Terms,
    manner: Manner,
) -> Result<Order, ProjectError> {
    let stages = project.stages(members, Direction::Forward)?;
    let stages = match manner.pace {
        Pace::Rolling => stages,
        Pace::AtOnce => stages.into_iter().map(Stage::at_once).collect(),
    };
    let staged = Staged { stages, policy: manner.on_failure, deadline: manner.deadline };
    let policies = Policies {
        hooks: RoleHooks::Called(project.upgrades.clone()),
        failed: Failed::GoesBack,
        scan: Scan::Ports,
        old_images: OldImages::Pruned,
        ..staged_policies(terms)
    };
    Ok(order(Goal::Install, terms, Turns::Staged(staged), policies))
}

/// Hosts serve again what they served before the last change. Hooks do not slow that down.
///
/// # Errors
/// Roles wait for one another.
pub fn rollback(project: &Project, members: &Members, terms: Terms) -> Result<Order, ProjectError> {
    let staged = Staged {
        stages: project.stages(members, Direction::Back)?,
        // One host that cannot go back is no reason to leave the others where they are.
        policy: Some(Policy::Continue),
        deadline: None,
    };
    Ok(order(Goal::Rollback, terms, Turns::Staged(staged), staged_policies(terms)))
}

fn order(goal: Goal, terms: Terms, turns: Turns, policies: Policies) -> Order {
    let Terms { parallel, window, second_way, consents, approval: _ } = terms;
    Order {
        aim: Aim { goal, consents, second_way, parallel },
        window,
        owner: owner(),
        // The hand on it comes with the run.
        brake: Brake::none(),
        turns,
        policies,
    }
}

/// Where all have their turn at once nobody waits for another, and a host that fails takes nothing from the others.
fn together(terms: Terms) -> Policies {
    Policies {
        approval: terms.approval,
        blocking: Blocking::NotReady,
        pulls: Pulls::InTurn,
        hooks: RoleHooks::NotCalled,
        failed: Failed::Stays,
        scan: Scan::Nothing,
        old_images: OldImages::Stay,
    }
}

/// Where hosts wait for one another, whatever would end the way is to be known before it begins.
fn staged_policies(terms: Terms) -> Policies {
    Policies { blocking: Blocking::NotFree, pulls: Pulls::First, ..together(terms) }
}

#[cfg(test)]
impl Terms {
    /// Those of a change about which nothing was said.
    pub fn usual() -> Self {
        Self {
            parallel: 16,
            window: Duration::from_secs(60),
            second_way: SecondWay::Needed,
            consents: Consents::NONE,
            approval: Approval::Asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes with an order.
    fn said(order: &Order) -> String {
        let Policies { approval, blocking, pulls, hooks, failed, scan, old_images } = &order.policies;
        let hooks = match hooks {
            RoleHooks::NotCalled => "no hooks",
            RoleHooks::Called(_) => "hooks",
        };
        format!(
            "{:?}: {approval:?}, {blocking:?}, {pulls:?}, {hooks}, {failed:?}, scan {scan:?}, old images {old_images:?}",
            order.aim.goal
        )
    }

    #[test]
    fn every_command_says_what_goes_with_it() {
        let (project, members) = (Project::nothing(), Members::new());
        let manner = Manner { pace: Pace::Rolling, on_failure: None, deadline: None };
        let orders = [
            harden(Terms::usual()),
            unharden(Terms::usual()),
            install(Terms { approval: Approval::Given, ..Terms::usual() }),
            repair(Repairs::NONE, Terms::usual()),
            uninstall(Volumes::Keep, Terms::usual()),
            upgrade(&project, &members, Terms::usual(), manner).unwrap(),
            rollback(&project, &members, Terms::usual()).unwrap(),
        ];
        insta::assert_snapshot!(orders.iter().map(said).collect::<Vec<_>>().join("\n"), @r"
        Harden: Asked, NotReady, InTurn, no hooks, Stays, scan Ports, old images Stay
        Revert: Asked, NotReady, InTurn, no hooks, Stays, scan Nothing, old images Stay
        Install: Given, NotReady, InTurn, no hooks, Stays, scan Ports, old images Stay
        Repair(Repairs(0)): Asked, NotReady, InTurn, no hooks, Stays, scan Ports, old images Stay
        Uninstall(Keep): Asked, NotReady, InTurn, no hooks, Stays, scan Nothing, old images Stay
        Install: Asked, NotFree, First, hooks, GoesBack, scan Ports, old images Pruned
        Rollback: Asked, NotFree, First, no hooks, Stays, scan Nothing, old images Stay
        ");
    }
}
