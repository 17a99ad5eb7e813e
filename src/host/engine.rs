//! Whether the host's Docker works, and waiting until it does: what was killed is started again by systemd, and what was to be
//! done or taken back through it can be done then.

use std::time::Duration;

use super::Session;
use crate::{change::checks, facts::docker::API, model::command::Command};

/// How long it is waited for: a daemon with many containers takes a while to know them again.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A Docker that somebody stopped is not waited for, nor one that is not there. dockerd says of which version containerd is
/// only if it reaches it, and that may be a while after both are up.
const WELL: &str = include_str!("engine/well.sh");

/// Whether Docker works, as far as it is to.
///
/// # Errors
/// The connection failed.
pub async fn is_well<S: Session>(session: &S) -> Result<bool, S::Error> {
    let command = Command::root(format!("{API}{WELL}well"));
    Ok(session.exec(&command).await?.ok())
}

/// Waits until it works, and has it check our containers again; false: it did not come back within [`PATIENCE`].
///
/// # Errors
/// The connection failed.
pub async fn comes_back<S: Session>(session: &S) -> Result<bool, S::Error> {
    let seconds = PATIENCE.as_secs();
    let script = format!(
        "{API}{WELL}{}end=$(($(date +%s) + {seconds}))\n\
         until well; do [ \"$(date +%s)\" -lt $end ] || exit 1; sleep 0.5; done\n{}",
        checks::BEGIN,
        checks::OURS
    );
    // An engine that hangs is asked for 30 s before the last answer is known.
    let command = Command::root(script).within(PATIENCE + Duration::from_secs(40));
    Ok(session.exec(&command).await?.ok())
}
