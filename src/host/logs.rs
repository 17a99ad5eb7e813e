//! The logs of a host's containers as one: `logs.pl` merges them on the host, in one session however many there are.

use bytes::BytesMut;

use super::{
    Since,
    channel::{Running, Said, take_line},
    connection::{Connection, Purpose},
    error::{Fault, HostError},
};
use crate::model::command::{Exit, quote};

const SCRIPT: &str = include_str!("logs.pl");

/// The most that is shown of a line, bytes: what Docker itself keeps in one piece.
pub const MOST: usize = 16 << 10;

/// A line of a log with all that stands in front of it is shorter, and so is what Docker says of a log.
const LONGEST: usize = 2 * MOST;

/// Which lines.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query {
    /// Also those to come.
    pub follow: bool,
    /// Only those from then on.
    pub since: Option<Since>,
    /// Only the last ones of each container.
    pub tail: Option<u32>,
}

/// What a log says next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A line.
    Line(Line),
    /// Why Docker does not give a log, or not all of it.
    Complaint(String),
}

/// A line of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which of the containers.
    pub container: usize,
    /// When Docker took it, RFC 3339 in UTC with nanoseconds, so that its order as a text is that of time.
    pub time: String,
    /// What was said, without a line feed.
    pub text: String,
}

/// The logs of some containers, oldest line first.
pub struct Logs {
    connection: Connection,
    running: Running,
    out: BytesMut,
    err: BytesMut,
    exit: Option<Exit>,
}

impl Logs {
    /// Opens the logs of containers, by their names.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn open(connection: &Connection, names: &[String], query: Query) -> Result<Self, HostError> {
        let started = connection.start(Purpose::Exec, &script(names, query)).await;
        let running = started.map_err(|fault| connection.error(fault))?;
        Ok(Self {
            connection: connection.clone(),
            running,
            out: BytesMut::new(),
            err: BytesMut::new(),
            exit: None,
        })
    }

    /// The next line; `None` after the last one.
    ///
    /// # Errors
    /// The connection failed, or Docker does not answer.
    pub async fn next(&mut self) -> Result<Option<Entry>, HostError> {
        loop {
            if let Some(line) = take_line(&mut self.out) {
                return Ok(Some(entry(&line)));
            }
            if let Some(complaint) = take_line(&mut self.err) {
                return Ok(Some(Entry::Complaint(complaint)));
            }
            if self.out.len().max(self.err.len()) > LONGEST {
                return Err(self.connection.error(Fault::Flood { limit: LONGEST }));
            }
            match self.running.next().await {
                Some(Said::Out(data)) => self.out.extend_from_slice(&data),
                Some(Said::Err(data)) => self.err.extend_from_slice(&data),
                // sshd may say so before it has sent all that was printed.
                Some(Said::Exit(exit)) => self.exit = Some(exit),
                None => return self.ended(),
            }
        }
    }

    fn ended(&self) -> Result<Option<Entry>, HostError> {
        match &self.exit {
            Some(Exit::Code(0)) => Ok(None),
            Some(exit) => {
                let said = String::from_utf8_lossy(&self.err);
                let reason = if said.is_empty() { exit.to_string() } else { said.into_owned() };
                Err(self.connection.error(Fault::Docker { reason }))
            }
            None => Err(self.connection.error(self.running.lost("reading a log"))),
        }
    }
}

fn script(names: &[String], query: Query) -> String {
    let since = query.since.map(Since::word).unwrap_or_default();
    let tail = query.tail.map_or_else(|| "all".to_owned(), |tail| tail.to_string());
    let names = names.iter().map(|name| quote(name)).collect::<Vec<_>>().join(" ");
    let follow = u8::from(query.follow);
    format!("exec perl -e {} {MOST} {follow} {tail} \"{since}\" \"$(date +%s.%N)\" {names}", quote(SCRIPT))
}

fn entry(line: &str) -> Entry {
    let mut parts = line.splitn(3, ' ');
    let container = parts.next().and_then(|number| number.parse().ok());
    match (container, parts.next(), parts.next()) {
        (Some(container), Some(time), Some(text)) => {
            let text = text.strip_suffix('\r').unwrap_or(text);
            Entry::Line(Line { container, time: time.to_owned(), text: text.to_owned() })
        }
        (_, _, _) => Entry::Complaint(line.to_owned()),
    }
}

#[cfg(test)]
mod tests;
