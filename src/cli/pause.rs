//! `pause` and `resume`: upgrades wait before their next batch, or go on.

use super::{args::Target, halt::Halt, project::open, report::Screen};
use crate::{
    app::{document::Document, exit::Exit, journal::owner},
    fleet::{
        each::each,
        pause::{Pause, pause},
        survey::trouble,
    },
    host::Connection,
};

/// Lets rollouts wait before their next batch, or go on.
pub async fn run(target: &Target, wish: Pause, screen: &Screen) -> Result<Exit, Halt> {
    let (_, members) = open(target, screen)?;
    let set = each(members.clone(), usize::from(target.parallel), |member| async move {
        let connection = Connection::open(&member.login).await?;
        pause(&connection, wish, &owner()).await
    })
    .await;
    let mut exit = Exit::Done;
    for (member, set) in members.iter().zip(set) {
        let host = member.host();
        match (set, wish) {
            (Some(Ok(_)), Pause::On) => screen.note(format!("{host}: rollouts wait before their next batch")),
            (Some(Ok(_)), Pause::Off) => screen.note(format!("{host}: rollouts go on")),
            (Some(Err(error)), _) => {
                let trouble = trouble(&error);
                screen.failure(host.as_str(), &trouble.message, trouble.hint.as_deref());
                exit = Exit::Unreachable;
            }
            (None, _) => exit = Exit::Bug,
        }
    }
    let name = match wish {
        Pause::On => "pause",
        Pause::Off => "resume",
    };
    screen.document(&Document::new(name, exit));
    Ok(exit)
}
