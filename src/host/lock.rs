//! The lock of a host: `flock` held by a script in a channel of our own, so it lives exactly as long as the session.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};

use crate::model::command::quote;

use super::{
    channel::{Running, Said, Writer},
    connection::{Connection, Purpose},
    error::{Fault, HostError, Stage},
};

/// How often we show that we live.
const BEAT: Duration = Duration::from_secs(4);

/// How long the host waits for a beat before it gives us up. Longer than the keepalives of the connection need to notice
/// a dead link: whoever has lost the lock has lost the connection before.
const LIFE: Duration = Duration::from_secs(32);

/// How long a script of a run before is waited for: what most scripts may take, and to be ended.
const ORPHAN: Duration = Duration::from_secs(66);

/// What the host needs beyond the times that it is given.
const MARGIN: Duration = Duration::from_secs(15);

/// The most that the host may say before we hold the lock, bytes.
const MOST: usize = 64 << 10;

/// A held lock; dropping it, or losing the connection, frees the host.
pub struct Lock {
    token: String,
    /// The token of whoever had the lock before; empty if nobody had it since the host was started.
    before: String,
    release: oneshot::Sender<()>,
    holder: JoinHandle<()>,
}

impl Lock {
    /// Locks the host for `owner`, a text that tells people who it is. From then on every script that the connection, and
    /// what is made of it, runs as root is begun only while the lock is held.
    ///
    /// # Errors
    /// [`Fault::Locked`] after two seconds, when someone else has it; [`Fault::StillRunning`], when a script of a run that
    /// is gone has not ended after a minute.
    pub async fn take(connection: &Connection, owner: &str) -> Result<Self, HostError> {
        let fail = |fault| connection.error(fault);
        let mut running = connection.start(Purpose::Lock, &script(owner)).await.map_err(fail)?;
        match answer(&mut running).await.map_err(fail)? {
            Answer::Held { token, before } => {
                connection.fence().raise(&token);
                Ok(Self::hold(running, token, before))
            }
            Answer::Refused(fault) => Err(fail(fault)),
        }
    }

    /// Whether nobody else had the host between an earlier lock and this one. After a restart of the host nobody knows, and
    /// what ran then has ended.
    pub fn follows(&self, earlier: &Self) -> bool {
        self.before.is_empty() || self.before == earlier.token
    }

    fn hold(mut running: Running, token: String, before: String) -> Self {
        let (release, released) = oneshot::channel();
        let writer = running.writer();
        let holder = tokio::spawn(async move {
            tokio::select! {
                () = beat(&writer) => {}
                () = drain(&mut running) => {}
                word = released => if word.is_ok() {
                    // The host frees the lock when our side is closed; then the channel ends.
                    let _ = writer.finish().await;
                    drain(&mut running).await;
                },
            }
        });
        Self { token, before, release, holder }
    }

    /// Whether the host still holds the lock for us.
    pub fn is_held(&self) -> bool {
        !self.holder.is_finished()
    }

    /// Frees the host and waits until it is free. Dropping does the same without waiting.
    pub async fn release(mut self) {
        let (release, _) = oneshot::channel();
        let _ = std::mem::replace(&mut self.release, release).send(());
        let _ = timeout(Stage::Channel.limit(), &mut self.holder).await;
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.holder.abort();
    }
}

/// The words of the script that takes the lock and holds it.
fn script(owner: &str) -> String {
    let owner = quote(&owner.replace('\n', " "));
    let (life, orphan) = (LIFE.as_secs(), ORPHAN.as_secs());
    format!("owner={owner} life={life} orphan={orphan}\n{}", include_str!("lock.sh"))
}

/// What the host said.
enum Answer {
    Held { token: String, before: String },
    Refused(Fault),
}

/// Everything the script says until it holds the lock or ends.
async fn answer(running: &mut Running) -> Result<Answer, Fault> {
    let asked = Instant::now();
    let (mut out, mut err) = (String::new(), String::new());
    loop {
        let orphan = if out.starts_with("waiting\n") { ORPHAN } else { Duration::ZERO };
        let said = timeout_at(asked + LIFE + orphan + MARGIN, running.next()).await;
        match said.map_err(|_| running.lost("taking the lock"))? {
            Some(Said::Out(data)) => out.push_str(&String::from_utf8_lossy(&data)),
            Some(Said::Err(data)) => err.push_str(&String::from_utf8_lossy(&data)),
            Some(Said::Exit(_)) => {}
            None => return Ok(Answer::Refused(refused(&out, &err))),
        }
        if let Some(held) = held(&out) {
            return Ok(held);
        }
        if out.len() + err.len() > MOST {
            return Err(Fault::Flood { limit: MOST });
        }
    }
}

fn held(out: &str) -> Option<Answer> {
    let said = out.strip_prefix("waiting\n").unwrap_or(out).strip_prefix("held\n")?;
    let [token, before] = said.strip_suffix(".\n")?.lines().collect::<Vec<_>>().try_into().ok()?;
    Some(Answer::Held { token: token.to_owned(), before: before.to_owned() })
}

fn refused(out: &str, err: &str) -> Fault {
    let mut lines = out.lines().skip_while(|line| *line == "waiting");
    match lines.next() {
        Some("busy") => {
            let mut word = || lines.next().unwrap_or("someone").to_owned();
            Fault::Locked { owner: word(), since: word() }
        }
        Some("running") => Fault::StillRunning { what: lines.map(str::to_owned).collect() },
        Some(_) | None => Fault::Lock { reason: err.trim().to_owned() },
    }
}

async fn beat(writer: &Writer) {
    let mut clock = interval(BEAT);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if writer.send(Bytes::from_static(b"\n")).await.is_err() {
            return;
        }
    }
}

async fn drain(running: &mut Running) {
    while running.next().await.is_some() {}
}
