//! A connection to one host: commands, a second login with the same rights, Docker.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::model::{
    command::{Command, Output, Rights, Under},
    inventory::Login,
    name::HostName,
};

use super::{
    Session,
    channel::{self, Running},
    error::{Fault, HostError, Stage},
    fence::Fence,
    host_key::Trust,
    identity::{self, Identity, Keys},
    login::log_in,
    signature::{self, Signature},
    ssh::{self, Line, within},
    sudo::{self, Life, Way},
};

/// sshd allows 10 sessions a connection (`MaxSessions`): these, the channels to Docker and the lock.
const EXECS: usize = 5;
const DIALS: usize = 4;

/// What a command gets beyond its own time before it is given up: `timeout -k 5`, and the way back.
const MARGIN: Duration = Duration::from_secs(15);

/// A logged-in SSH connection to one host; cheap to clone. It ends when the last clone and the last channel are gone.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    login: Login,
    line: Line,
    /// How many keys the host was shown; it took the last of them.
    shown: usize,
    /// The key it took.
    taken: Option<Identity>,
    execs: Arc<Semaphore>,
    dials: Arc<Semaphore>,
    fence: Fence,
}

/// What a channel is for; each purpose has its own number of them, so that none starves the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Exec,
    Dial,
    Lock,
}

/// A script with everything that decides how it is run.
struct Script<'a> {
    text: &'a str,
    way: Way,
    life: Life,
    /// What the host is asked for before it begins.
    token: Option<String>,
}

impl Connection {
    /// Connects, makes sure of the host key, and logs in.
    pub async fn open(login: &Login) -> Result<Self, HostError> {
        let fail = |fault: Fault| HostError::new(&login.host, fault);
        let trust = Trust::of(login).map_err(|fault| fail(fault.into()))?;
        let keys = identity::identities(login).await.map_err(|fault| fail(fault.into()))?;
        Self::establish(login, trust, &keys, Fence::default()).await.map_err(fail)
    }

    /// Whether a login comes through and becomes root; it ends at once.
    ///
    /// # Errors
    /// Why not.
    pub async fn try_root(login: &Login) -> Result<(), HostError> {
        let connection = Self::open(login).await?;
        let ran = connection.exec(&Command::root("true")).await;
        connection.close().await;
        ran.map(drop)
    }

    async fn establish(login: &Login, trust: Trust, keys: &Keys, fence: Fence) -> Result<Self, Fault> {
        let mut line = ssh::dial(login, trust).await?;
        let shown = within(Stage::Login, line.address, log_in(&mut line, &login.user, keys)).await??;
        let taken = shown.checked_sub(1).and_then(|last| keys.shown.get(last)).cloned();
        let (execs, dials) = (Arc::new(Semaphore::new(EXECS)), Arc::new(Semaphore::new(DIALS)));
        Ok(Self(Arc::new(Inner { login: login.clone(), line, shown, taken, execs, dials, fence })))
    }

    /// Another login of the same host, which has to show the same key. Its own keys are gathered anew and shown in the order
    /// in which the next run will show them: a login that starts with the key that was good a moment ago would prove
    /// nothing of a host that now hangs up sooner. It is of the same run, and so under the same lock.
    async fn again(&self, login: &Login) -> Result<Self, HostError> {
        let trust = Trust::Same(self.0.line.host_key.clone());
        let keys = identity::identities(login).await.map_err(|fault| self.error(fault))?;
        let fence = self.0.fence.clone();
        Self::establish(login, trust, &keys, fence).await.map_err(|fault| self.error(fault))
    }

    /// How many keys the host was shown; it took the last of them.
    pub fn keys_shown(&self) -> usize {
        self.0.shown
    }

    /// The host's name in the inventory.
    pub fn host(&self) -> &HostName {
        &self.0.login.host
    }

    /// Signs a text with the key that logged in; `None` where nobody would sign.
    pub async fn sign(&self, text: &str) -> Option<Signature> {
        signature::sign(self.0.taken.as_ref()?, text).await
    }

    /// Says goodbye to the host; running commands of this connection are cut off.
    pub async fn close(&self) {
        let goodbye = self.0.line.handle.disconnect(russh::Disconnect::ByApplication, "", "en");
        // Whether the host hears it makes no difference.
        let _ = timeout(Stage::Channel.limit(), goodbye).await;
    }

    /// Why the lock that was taken over this connection is not ours any more, as far as the host has told.
    pub fn lost_lock(&self) -> Option<HostError> {
        self.0.fence.token().err().map(|loss| self.error(loss))
    }

    /// The loss of this connection, if it is lost; otherwise it is another's fault that something ended.
    pub(super) fn lost(&self, doing: &str) -> Option<HostError> {
        let line = &self.0.line;
        let fault = || Fault::Lost { doing: doing.to_owned(), reason: line.end.reason() };
        line.handle.is_closed().then(|| self.error(fault()))
    }

    pub(super) fn fence(&self) -> &Fence {
        &self.0.fence
    }

    pub(super) fn error(&self, fault: impl Into<Fault>) -> HostError {
        HostError::new(self.host(), fault)
    }

    /// Starts a script that lives as long as its channel, and waits until it runs.
    pub(super) async fn start(&self, purpose: Purpose, script: &str) -> Result<Running, Fault> {
        let way = Way::of(&self.0.login, Rights::Root);
        let token = match purpose {
            Purpose::Exec | Purpose::Dial => self.0.fence.token()?,
            Purpose::Lock => None,
        };
        self.launch(purpose, Script { text: script, way, life: Life::Channel, token }).await
    }

    async fn launch(&self, purpose: Purpose, script: Script<'_>) -> Result<Running, Fault> {
        let slot = self.slot(purpose).await?;
        let Inner { login, line, fence, .. } = &*self.0;
        let address = line.address;
        let words = sudo::words(script.way, script.life, script.token.as_deref(), script.text);
        let opened = channel::open(&line.handle, &line.end, words, slot);
        let running = within(Stage::Channel, address, opened).await??;
        let started = within(Stage::Start, address, running.started(login, script.way)).await?;
        if let Err(Fault::LockLost(loss)) = &started {
            fence.lose(loss.clone());
        }
        started
    }

    async fn slot(&self, purpose: Purpose) -> Result<Option<OwnedSemaphorePermit>, Fault> {
        let slots = match purpose {
            Purpose::Exec => &self.0.execs,
            Purpose::Dial => &self.0.dials,
            Purpose::Lock => return Ok(None),
        };
        let slot = slots.clone().acquire_owned().await;
        slot.map(Some)
            .map_err(|_| Fault::Lost { doing: "waiting for a channel".to_owned(), reason: String::new() })
    }
}

impl Session for Connection {
    type Error = HostError;

    async fn exec(&self, command: &Command) -> Result<Output, HostError> {
        let way = Way::of(&self.0.login, command.rights);
        let token = match (command.rights, command.under) {
            (Rights::Root, Under::Lock) => self.0.fence.token().map_err(|loss| self.error(loss))?,
            (Rights::Login, _) | (Rights::Root, Under::Nothing) => None,
        };
        let script = Script { text: &command.script, way, life: Life::Limited(command.within), token };
        let stdin = Bytes::copy_from_slice(command.stdin.expose().as_bytes());
        let running = self.launch(Purpose::Exec, script).await.map_err(|fault| self.error(fault))?;
        match timeout(command.within + MARGIN, running.finish(stdin, command.most)).await {
            Ok(output) => {
                let output = output.map_err(|fault| self.error(fault))?;
                tracing::debug!(host = %self.host(), script = command.script, exit = %output.exit, "command");
                Ok(output)
            }
            Err(_) => Err(self.error(Fault::TooLong { within: command.within })),
        }
    }

    async fn reconnect(&self) -> Result<Self, HostError> {
        self.again(&self.0.login).await
    }

    async fn reconnect6(&self) -> Option<Result<Self, HostError>> {
        let address = self.0.login.address6?;
        Some(self.again(&Login { address, ..self.0.login.clone() }).await)
    }

    async fn reconnect_as(&self, login: &Login) -> Result<Self, HostError> {
        self.again(login).await
    }
}
