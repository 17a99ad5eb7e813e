//! Pausing a rollout from elsewhere: a mark on the hosts, which the next batch waits for. It goes with a restart.

use std::time::Duration;

use super::{
    Members,
    ask::{Asked, ask},
    brake::{Brake, Wish},
    event::{Events, What},
};
use crate::{
    host::{Connection, HostError, Session as _},
    model::command::{Command, quote},
};

/// Where the mark stands on a host.
const MARK: &str = "/run/pryvctl/pause";

/// Between two looks whether it is gone.
const LOOK: Duration = Duration::from_secs(1);

/// What is to become of rollouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// They wait before the next batch.
    On,
    /// They go on.
    Off,
}

/// Sets or removes the mark on every host; each says whether it was there. `owner` is who asks for it.
pub async fn pause(members: &Members, limit: usize, wish: Pause, owner: &str) -> Vec<Asked<bool>> {
    let owner = owner.to_owned();
    ask(members, limit, move |connection, _| {
        let owner = owner.clone();
        async move { mark(&connection, wish, &owner).await }
    })
    .await
}

async fn mark(connection: &Connection, wish: Pause, owner: &str) -> Result<bool, HostError> {
    let (said, change) = match wish {
        Pause::On => (
            format!("printf '%s, since %s' {} \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"", quote(owner)),
            format!("umask 077; mkdir -p -m 700 /run/pryvctl; cat > {MARK}.new && mv {MARK}.new {MARK}"),
        ),
        Pause::Off => (":".to_owned(), format!("rm -f {MARK}")),
    };
    let script = format!("if [ -e {MARK} ]; then echo there; fi; {said} | {{ {change}; }}");
    Ok(connection.exec(&Command::root(script)).await?.stdout.contains("there"))
}

/// Who paused rollouts on these hosts, and since when; the first of them. What cannot be asked carries no mark.
pub async fn paused_by(members: &Members) -> Option<String> {
    let marks = ask(members, members.len(), |connection, _| async move { Ok(paused(&[connection]).await) });
    marks.await.into_iter().find_map(|asked| asked.answer.ok().flatten())
}

/// Waits while one of the hosts carries the mark. One that does not answer is found out by its own turn.
pub(super) async fn wait(hosts: &[Connection], brake: &Brake, events: &Events) {
    let mut waited = false;
    while let Some(by) = paused(hosts).await {
        if brake.wish() != Wish::GoOn {
            return;
        }
        if !waited {
            events.say(What::Paused { by });
        }
        waited = true;
        brake.sleep(LOOK).await;
    }
    if waited {
        events.say(What::Resumed);
    }
}

async fn paused(hosts: &[Connection]) -> Option<String> {
    for host in hosts {
        let said = host.exec(&Command::root(format!("cat {MARK} 2>/dev/null || true"))).await;
        match said {
            Ok(said) if !said.stdout.is_empty() => return Some(said.stdout),
            Ok(_) | Err(_) => {}
        }
    }
    None
}
