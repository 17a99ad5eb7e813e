//! Calling the hooks of roles.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process,
};

use super::{
    Member,
    event::{Events, What},
    outcome::Trouble,
    survey::trouble,
};
use crate::{
    host::{Connection, Session as _},
    model::{
        command::Command,
        role::{Hook, Side},
    },
    plan::rollout::{
        Moment,
        hook::{self, Fate},
    },
};

/// How much of what a failing hook said is kept, bytes, and how many lines of it are shown.
const KEPT: usize = 16 << 10;
const TAIL: usize = 20;

/// The hooks of one moment, in their order; the first that fails ends it.
pub(super) async fn call(
    hooks: impl IntoIterator<Item = &Hook>,
    moment: Moment,
    member: &Member,
    connection: &Connection,
    events: &Events,
) -> Result<(), Trouble> {
    let context = serde_json::json!({
        "moment": moment,
        "host": member.host(),
        "address": member.desired.address,
        "zone": member.place.zone,
        "roles": member.place.roles,
    });
    for each in hooks {
        let words = hook::words(each, moment);
        if hook::fate(each, member.ground) == Fate::Announced {
            events.of(member.host()).say(What::HookLeft { name: words });
            continue;
        }
        events.of(member.host()).say(What::Hook { name: words.clone() });
        let script = hook::script(each, moment, member.host(), member.ground);
        let called = match each.on {
            Side::Host => there(connection, script, context.to_string(), each.within.0).await,
            Side::Controller => here(script, context.to_string(), each.within.0).await,
        };
        called.map_err(|said| Trouble {
            message: format!("the hook `{words}` failed: {}", said.message),
            ..said
        })?;
    }
    Ok(())
}

async fn there(
    connection: &Connection,
    script: String,
    context: String,
    within: Duration,
) -> Result<(), Trouble> {
    let command = Command::root(script).stdin(context).within(within);
    let output = connection.exec(&command).await.map_err(|error| trouble(&error))?;
    if output.ok() { Ok(()) } else { Err(ended(&output.exit.to_string(), &output.stderr)) }
}

async fn here(script: String, context: String, within: Duration) -> Result<(), Trouble> {
    let failed = |error: std::io::Error| ended(&error.to_string(), "");
    let mut command = process::Command::new("sh");
    command.args(["-c", &script]).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook that does not read its context is none the worse.
        stdin.write_all(context.as_bytes()).await.unwrap_or_default();
    }
    let stderr = child.stderr.take();
    let end = async {
        let said = last_words(stderr).await;
        child.wait().await.map(|status| (status, said))
    };
    match tokio::time::timeout(within, end).await {
        Ok(Ok((status, _))) if status.success() => Ok(()),
        Ok(Ok((status, said))) => Err(ended(&status.to_string(), &said)),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(ended(&format!("it took longer than {} s", within.as_secs()), "")),
    }
}

/// The end of what a hook says, however much that is.
async fn last_words(stderr: Option<process::ChildStderr>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let (mut kept, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stderr.read(&mut piece).await {
        kept.extend_from_slice(&piece[..count]);
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn ended(how: &str, stderr: &str) -> Trouble {
    let lines: Vec<&str> = stderr.lines().collect();
    let details = lines[lines.len().saturating_sub(TAIL)..].iter().map(|line| (*line).to_owned()).collect();
    Trouble {
        message: how.to_owned(),
        hint: Some("correct the hook in the role's `upgrade: { hooks }`".to_owned()),
        details,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hook_that_says_too_much_is_heard_to_its_end() {
        let script = "yes >&2 & sleep 0.2; kill $!; wait; echo the last line >&2; exit 3".to_owned();
        let trouble = here(script, String::new(), Duration::from_secs(60)).await.unwrap_err();
        assert_eq!(trouble.message, "exit status: 3");
        assert_eq!(trouble.details.last().map(String::as_str), Some("the last line"));
        assert_eq!(trouble.details.len(), TAIL);
    }
}
