//! Calling the hooks of roles.

use std::{process::Stdio, time::Duration};

use tokio::{io::AsyncWriteExt as _, process};

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
    plan::rollout::{Moment, hook},
};

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
        events.of(member.host()).say(What::Hook { name: words.clone() });
        let script = hook::script(each, moment, member.host());
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
    match tokio::time::timeout(within, child.wait_with_output()).await {
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => Err(ended(&output.status.to_string(), &String::from_utf8_lossy(&output.stderr))),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(ended(&format!("it took longer than {} s", within.as_secs()), "")),
    }
}

fn ended(how: &str, stderr: &str) -> Trouble {
    let details = stderr.lines().map(str::to_owned).collect();
    Trouble {
        message: how.to_owned(),
        hint: Some("correct the hook in the role's `upgrade: { hooks }`".to_owned()),
        details,
    }
}
