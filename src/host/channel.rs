//! One command in one session channel: opened, started with the rights it needs, drained to its end, closed when dropped.

use std::{collections::VecDeque, future::pending, time::Duration};

use bytes::{Bytes, BytesMut};
use russh::{
    Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf,
    client::{Handle, Msg},
};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{sleep, timeout},
};

use crate::model::{
    command::{Exit, Output},
    inventory::Login,
};

use super::{
    error::Fault,
    ssh::{Client, End},
    sudo::{self, Heard, Opening, Way},
};

/// How long the rest of a command's output is waited for once it has ended: a daemon it started may hold the pipe open.
const LINGER: Duration = Duration::from_secs(3);

/// How often, and how far apart, a session is asked for again.
const PLEAS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// A running script.
pub(super) struct Running {
    read: ChannelReadHalf,
    write: Writer,
    /// What the script had already said when its start was noticed.
    first: VecDeque<Said>,
    end: End,
    _slot: Option<OwnedSemaphorePermit>,
}

/// One event of a running script.
pub(super) enum Said {
    Out(Bytes),
    Err(Bytes),
    Exit(Exit),
}

/// The sending half; russh itself says nothing to the host when it is dropped, and the host would keep the channel.
pub(super) struct Writer(Option<ChannelWriteHalf<Msg>>);

impl Writer {
    /// Sends as fast as the host takes it.
    pub(super) async fn send(&self, data: Bytes) -> Result<(), russh::Error> {
        match &self.0 {
            Some(half) => half.data_bytes(data).await,
            None => Ok(()),
        }
    }

    /// Says that nothing more will come.
    pub(super) async fn finish(&self) -> Result<(), russh::Error> {
        match &self.0 {
            Some(half) => half.eof().await,
            None => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let (Some(half), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move { half.close().await });
    }
}

/// Opens a channel and asks the host to run `words` in it.
pub(super) async fn open(
    handle: &Handle<Client>,
    end: &End,
    words: String,
    slot: Option<OwnedSemaphorePermit>,
) -> Result<Running, Fault> {
    let (read, write) = session(handle, end).await?.split();
    let write = Writer(Some(write));
    if let Some(half) = &write.0 {
        half.exec(true, words).await.map_err(|source| refused(source, end))?;
    }
    Ok(Running { read, write, first: VecDeque::new(), end: end.clone(), _slot: slot })
}

/// The host counts a session until its last process has ended, which may be a moment after we closed it: refused once
/// is not refused for good.
async fn session(handle: &Handle<Client>, end: &End) -> Result<Channel<Msg>, Fault> {
    for _ in 0..PLEAS {
        match handle.channel_open_session().await {
            Err(russh::Error::ChannelOpenFailure(_)) => sleep(PAUSE).await,
            answer => return answer.map_err(|source| refused(source, end)),
        }
    }
    handle.channel_open_session().await.map_err(|source| refused(source, end))
}

fn refused(source: russh::Error, end: &End) -> Fault {
    if matches!(source, russh::Error::ChannelOpenFailure(_)) {
        return Fault::Channel { source };
    }
    let reason = if end.reason().is_empty() { source.to_string() } else { end.reason() };
    Fault::Lost { doing: "opening a channel".to_owned(), reason }
}

impl Running {
    /// What comes next; `None` when the channel is closed.
    #[expect(clippy::wildcard_enum_match_arm, reason = "russh's enum is open and mostly a server's")]
    pub(super) async fn next(&mut self) -> Option<Said> {
        if let Some(said) = self.first.pop_front() {
            return Some(said);
        }
        loop {
            match self.read.wait().await? {
                ChannelMsg::Data { data } => return Some(Said::Out(data)),
                ChannelMsg::ExtendedData { data, ext: 1 } => return Some(Said::Err(data)),
                ChannelMsg::ExitStatus { exit_status } => return Some(Said::Exit(Exit::Code(exit_status))),
                ChannelMsg::ExitSignal { signal_name, .. } => {
                    return Some(Said::Exit(Exit::Signal(signal(signal_name))));
                }
                // The host will not run it; what follows is the end of the channel.
                ChannelMsg::Failure => return None,
                _ => {}
            }
        }
    }

    /// Waits until the script itself runs, answering sudo on the way.
    pub(super) async fn started(mut self, login: &Login, way: Way) -> Result<Self, Fault> {
        let (mut opening, mut exit) = (Opening::default(), None);
        while let Some(said) = self.next().await {
            match said {
                Said::Out(data) => opening.hear_out(&data),
                Said::Exit(ended) => exit = Some(ended),
                Said::Err(data) => match opening.hear_err(&data) {
                    Heard::Noise => {}
                    Heard::Prompt => self.answer(login).await?,
                    Heard::Again => return Err(sudo::SudoFault::WrongPassword(login.user.clone()).into()),
                },
            }
            if let Some((out, err)) = opening.started() {
                self.first = VecDeque::from([Said::Out(out.into()), Said::Err(err.into())]);
                // A script that does nothing may have ended before its start was heard.
                self.first.extend(exit.map(Said::Exit));
                return Ok(self);
            }
            if opening.is_flood() {
                let reason = format!("more than {} KiB came before the command began", sudo::BEFORE >> 10);
                return Err(Fault::NotStarted { user: login.user.clone(), reason });
            }
        }
        Err(self.not_started(&opening, exit, login, way))
    }

    fn not_started(&self, opening: &Opening, exit: Option<Exit>, login: &Login, way: Way) -> Fault {
        if let Some(loss) = opening.refusal(exit.as_ref()) {
            return loss.into();
        }
        if exit.is_none() && (opening.said().is_empty() || !self.end.reason().is_empty()) {
            return self.lost("starting a command");
        }
        match way {
            Way::Sudo | Way::SudoPassword => opening.fault(&login.user, exit.as_ref()).into(),
            Way::Direct => {
                let said = [opening.said(), exit.map(|exit| exit.to_string()).unwrap_or_default()];
                let said: Vec<_> = said.into_iter().filter(|part| !part.is_empty()).collect();
                Fault::NotStarted { user: login.user.clone(), reason: said.join("; ") }
            }
        }
    }

    async fn answer(&self, login: &Login) -> Result<(), Fault> {
        let password = login.sudo_password.clone().unwrap_or_default();
        let sent = self.write.send(Bytes::from(sudo::answer(&password))).await;
        sent.map_err(|_| self.lost("answering sudo"))
    }

    /// Feeds `stdin`, collects everything up to `most` bytes, waits for the end.
    pub(super) async fn finish(mut self, stdin: Bytes, most: usize) -> Result<Output, Fault> {
        let writer = self.writer();
        let feed = async {
            // A script that stops reading early is no failure: its exit code tells.
            let _ = writer.send(stdin).await;
            let _ = writer.finish().await;
            pending::<()>().await;
        };
        tokio::select! {
            () = feed => Err(self.lost("sending")),
            output = collect(&mut self, most) => output,
        }
    }

    /// Takes the sending half out, to feed the script from elsewhere.
    pub(super) fn writer(&mut self) -> Writer {
        Writer(self.write.0.take())
    }

    pub(super) fn lost(&self, doing: &str) -> Fault {
        Fault::Lost { doing: doing.to_owned(), reason: self.end.reason() }
    }
}

async fn collect(running: &mut Running, most: usize) -> Result<Output, Fault> {
    let (mut out, mut err, mut exit) = (Vec::new(), Vec::new(), None);
    loop {
        let patience = if exit.is_some() { LINGER } else { Duration::MAX };
        match timeout(patience, running.next()).await {
            Ok(Some(Said::Out(data))) => out.extend_from_slice(&data),
            Ok(Some(Said::Err(data))) => err.extend_from_slice(&data),
            Ok(Some(Said::Exit(ended))) => exit = Some(ended),
            Ok(None) | Err(_) => break,
        }
        if out.len() + err.len() > most {
            return Err(Fault::Flood { limit: most });
        }
    }
    let exit = exit.ok_or_else(|| running.lost("running a command"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Output { stdout: text(out), stderr: text(err), exit })
}

/// Takes the next whole line, without its end, out of what was heard.
pub(super) fn take_line(heard: &mut BytesMut) -> Option<String> {
    let end = heard.iter().position(|byte| *byte == b'\n')?;
    let line = heard.split_to(end + 1);
    Some(String::from_utf8_lossy(&line[..end]).into_owned())
}

fn signal(name: russh::Sig) -> String {
    if let russh::Sig::Custom(name) = name { name } else { format!("{name:?}") }
}
