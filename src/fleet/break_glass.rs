//! The second way in, looked for before passwords are switched off.

use std::sync::Arc;

use super::{Member, each::each, outcome::Report, survey::Surveyed};
use crate::{
    host::Connection,
    model::inventory::SecondWay as Named,
    plan::{
        Goal,
        preflight::break_glass::{Found, SecondWay, judge},
    },
};

/// Adds to what was found on each host whose passwords are to be switched off whether there is a second way in.
pub async fn look_for_second_ways(
    looks: &mut [Result<Surveyed, Box<Report>>],
    goal: Goal,
    second_way: SecondWay,
    parallel: usize,
) {
    let closing = |host: &&mut Surveyed| second_way.is_asked(goal, &host.member.desired, &host.facts.sshd);
    let closing: Vec<&mut Surveyed> = looks.iter_mut().flatten().filter(closing).collect();
    let members: Vec<_> = closing.iter().map(|host| Arc::clone(&host.member)).collect();
    let found = each(members, parallel, move |member| async move {
        match second_way {
            SecondWay::Needed => look_for(&member).await,
            SecondWay::Waived | SecondWay::NotAsked => Found::Waived,
        }
    })
    .await;
    for (host, found) in closing.into_iter().zip(found) {
        let died = || Found::Refused("a bug of pryvctl ended the attempt".to_owned());
        host.preflight.findings.push(judge(&found.unwrap_or_else(died)));
    }
}

async fn look_for(member: &Member) -> Found {
    match &member.second_way {
        None => Found::Nothing,
        Some(Named::Console(note)) => Found::Console(note.clone()),
        Some(Named::Login(login)) => match Connection::try_root(login).await {
            Ok(()) => Found::BecameRoot(login.user.clone()),
            Err(error) => Found::Refused(error.words()),
        },
    }
}
