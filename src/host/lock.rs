//! The lock of a host: `flock` held by a script in a channel of our own, so it lives exactly as long as the session.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::model::command::quote;

use super::{
    channel::{Running, Said, Writer},
    connection::{Connection, Purpose},
    error::{Fault, HostError, Stage},
};

/// How often we show that we live; the host gives up a holder that is silent for four of these. About as long as the
/// keepalives of the connection need to notice a dead link, so that both sides give up together.
const BEAT: Duration = Duration::from_secs(4);

/// A held lock; dropping it, or losing the connection, frees the host.
pub struct Lock {
    release: oneshot::Sender<()>,
    holder: JoinHandle<()>,
}

impl Lock {
    /// Locks the host for `owner`, a text that tells people who it is.
    ///
    /// # Errors
    /// [`Fault::Locked`] after two seconds, when someone else has it.
    pub async fn take(connection: &Connection, owner: &str) -> Result<Self, HostError> {
        let fail = |fault| connection.error(fault);
        let mut running = connection.start(Purpose::Lock, &script(owner)).await.map_err(fail)?;
        let answer = timeout(Stage::Channel.limit(), answer(&mut running)).await;
        let (out, err) = answer.map_err(|_| fail(running.lost("taking the lock")))?;
        let mut lines = out.lines();
        match lines.next() {
            Some("held") => Ok(Self::hold(running)),
            Some("busy") => {
                let mut word = || lines.next().unwrap_or("someone").to_owned();
                Err(fail(Fault::Locked { owner: word(), since: word() }))
            }
            Some(_) | None => Err(fail(Fault::Lock { reason: err.trim().to_owned() })),
        }
    }

    fn hold(mut running: Running) -> Self {
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
        Self { release, holder }
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

/// The folder is root's alone. `read` ends at the end of our input; `timeout` ends it when the controller has vanished
/// without a word, which sshd would notice only hours later. The age of the file says when the holder was last heard:
/// one that has missed two beats is waited for, because it is either back soon or gone. The first two seconds are for a
/// holder that was killed just now, whose session is being cleared away.
fn script(owner: &str) -> String {
    format!(
        r#"umask 077
mkdir -p -m 700 /run/pryvctl && exec 9>>/run/pryvctl/lock || exit 1
silent() {{ [ $(($(date +%s) - $(stat -c %Y /run/pryvctl/lock))) -gt {} ]; }}
if ! flock -w 2 9 && ! {{ silent && flock -w {} 9; }}; then echo busy; cat /run/pryvctl/lock; exit; fi
printf '%s\n' {} "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >/run/pryvctl/lock
echo held
while timeout {} sh -c 'read -r beat'; do touch /run/pryvctl/lock; done"#,
        BEAT.as_secs() * 2,
        BEAT.as_secs() * 3,
        quote(&owner.replace('\n', " ")),
        BEAT.as_secs() * 4
    )
}

/// Everything the script says until it holds the lock or ends.
async fn answer(running: &mut Running) -> (String, String) {
    let (mut out, mut err) = (String::new(), String::new());
    while let Some(said) = running.next().await {
        match said {
            Said::Out(data) => out.push_str(&String::from_utf8_lossy(&data)),
            Said::Err(data) => err.push_str(&String::from_utf8_lossy(&data)),
            Said::Exit(_) => {}
        }
        if out == "held\n" {
            break;
        }
    }
    (out, err)
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
