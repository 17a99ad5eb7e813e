//! `pause` and `resume`: upgrades wait before their next batch, or go on.

use super::{args::Target, halt::Halt, project::open, report::Screen};
use crate::{
    app::{
        document::Document,
        exit::{self, Exit},
        journal::owner,
    },
    fleet::{
        ask::Asked,
        pause::{Pause, pause},
    },
};

/// Lets rollouts wait before their next batch, or go on.
pub async fn run(target: &Target, wish: Pause, screen: &Screen) -> Result<Exit, Halt> {
    let (_, members) = open(target, screen)?;
    let asked = pause(&members, usize::from(target.parallel), wish, &owner()).await;
    let (name, done) = match wish {
        Pause::On => ("pause", "upgrades wait before their next batch"),
        Pause::Off => ("resume", "upgrades continue"),
    };
    for Asked { host, answer } in &asked {
        match answer {
            Ok(_) => screen.note(format!("{host}: {done}")),
            Err(outcome) => screen.trouble(host, outcome),
        }
    }
    let exit = exit::asked(&asked);
    screen.document(&Document::new(name, exit));
    Ok(exit)
}
