//! What the commands that look and change nothing have in common.

use super::{args::Target, halt::Halt, progress::watched, project::open, report::Screen};
use crate::{
    fleet::{drive::look, order::Aim, outcome::Report},
    plan::{Goal, crossing::Consents, preflight::break_glass::SecondWay},
};

/// Every host that was named, looked at and planned for.
pub async fn reports(
    target: &Target,
    goal: Goal,
    second_way: SecondWay,
    screen: &Screen,
) -> Result<Vec<Report>, Halt> {
    let (_, members) = open(target, screen)?;
    let parallel = usize::from(target.parallel);
    let aim = Aim { goal, consents: Consents::NotAsked, second_way, parallel };
    Ok(watched(screen, async |events| look(&members, &aim, events).await).await)
}
