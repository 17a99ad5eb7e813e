//! Samples of a host, over one script that stays: who logs in anew every minute fills the host's log, and costs it more than
//! the sample does.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::timeout;

use super::{
    channel::{Running, Said, Writer, take_line},
    connection::{Connection, Purpose},
    error::{Fault, HostError},
};
use crate::{
    facts::sample::{self, END, MOST, Sample},
    model::name::PlatformName,
};

/// A host that is busy beyond all measure still answers within this; one that does not is away.
const PATIENCE: Duration = Duration::from_secs(30);

/// A script on a host that gives a sample whenever it is asked.
pub struct Sampler {
    connection: Connection,
    running: Running,
    writer: Writer,
    heard: BytesMut,
}

impl Sampler {
    /// Starts the script.
    ///
    /// # Errors
    /// The connection failed.
    pub async fn open(connection: &Connection, platform: &PlatformName) -> Result<Self, HostError> {
        let started = connection.start(Purpose::Exec, &sample::script(platform)).await;
        let mut running = started.map_err(|fault| connection.error(fault))?;
        let writer = running.writer();
        Ok(Self { connection: connection.clone(), running, writer, heard: BytesMut::new() })
    }

    /// Asks for a sample.
    ///
    /// # Errors
    /// The connection failed, the host does not answer in time, or what it says is no sample.
    pub async fn sample(&mut self) -> Result<Sample, HostError> {
        let text = match timeout(PATIENCE, self.ask()).await {
            Ok(text) => text?,
            Err(_) => return Err(self.connection.error(Fault::TooLong { within: PATIENCE })),
        };
        sample::read(&text).map_err(|reason| self.connection.error(Fault::Sample { reason }))
    }

    async fn ask(&mut self) -> Result<String, HostError> {
        if self.writer.send(Bytes::from_static(b"\n")).await.is_err() {
            return Err(self.connection.error(self.running.lost("asking for a sample")));
        }
        let mut sample = String::new();
        loop {
            while let Some(line) = take_line(&mut self.heard) {
                if line == END {
                    return Ok(sample);
                }
                sample.push_str(&line);
                sample.push('\n');
            }
            if sample.len() + self.heard.len() > MOST {
                return Err(self.connection.error(Fault::Flood { limit: MOST }));
            }
            match self.running.next().await {
                Some(Said::Out(data)) => self.heard.extend_from_slice(&data),
                Some(Said::Err(_)) => {}
                Some(Said::Exit(_)) | None => {
                    return Err(self.connection.error(self.running.lost("reading a sample")));
                }
            }
        }
    }
}
