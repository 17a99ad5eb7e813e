//! `password`: a new password for the page of `watch`.

use super::{halt::Halt, report::Screen};
use crate::{
    app::exit::Exit,
    watch::page::{hash, invented},
};

/// Invents one; its hash is the result, and the password itself is said once.
pub fn run(screen: &Screen) -> Result<Exit, Halt> {
    let password = invented();
    let Some(hash) = hash(&password) else {
        return Err(Halt::new(Exit::Bug, "this machine gives no random numbers", None));
    };
    screen.text(hash);
    screen.note(format!("The password, which is shown only now: {password}"));
    Ok(Exit::Done)
}
