//! What a service tells systemd of itself (sd_notify(3)): that it is ready, that it ends, and that it is not stuck.

use std::{
    ffi::OsStr,
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
    time::Duration,
};

use tokio::time::Interval;

use super::{beat, ticks};

/// The one who started us, if it wants to know. Where it does not listen, nothing is said.
pub struct Service {
    to: Option<(UnixDatagram, SocketAddr)>,
    /// How often it wants to hear that we are alive.
    pulse: Option<Interval>,
}

impl Service {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let to = std::env::var_os("NOTIFY_SOCKET").and_then(|address| connect(&address));
        let patience = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok());
        let is_ours = std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
        let pulse = patience.filter(|_| is_ours && to.is_some());
        // Twice in the time that it waits, as sd_watchdog_enabled(3) asks for.
        let pulse = pulse.map(|patience: u64| ticks(Duration::from_micros((patience / 2).max(1))));
        Self { to, pulse }
    }

    /// All that is watched is known.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The inventory is read again.
    pub fn reloading(&self) {
        self.say("RELOADING=1");
    }

    /// It is the end.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// Waits until it is time to say that we are alive, and says it.
    pub async fn pulse(&mut self) {
        beat(&mut self.pulse).await;
        self.say("WATCHDOG=1");
    }

    fn say(&self, word: &str) {
        if let Some((socket, address)) = &self.to {
            // Who does not listen any more needs no word.
            socket.send_to_addr(word.as_bytes(), address).map(drop).unwrap_or_default();
        }
    }
}

/// A path, or a name without one behind an `@`.
fn connect(address: &OsStr) -> Option<(UnixDatagram, SocketAddr)> {
    let address = match address.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(address),
    };
    Some((UnixDatagram::unbound().ok()?, address.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_said_where_somebody_listens() {
        let name = format!("pryvctl-test-{}", rand::random::<u64>());
        let listener =
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name.as_bytes()).unwrap()).unwrap();
        let to = connect(OsStr::new(&format!("@{name}")));
        let mut service = Service { to, pulse: Some(ticks(Duration::from_millis(1))) };
        service.ready();
        service.pulse().await;
        service.stopping();
        let mut heard = [0; 64];
        for word in ["READY=1", "WATCHDOG=1", "STOPPING=1"] {
            let length = listener.recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], word.as_bytes());
        }
        drop(listener);
        service.ready();
        Service { to: None, pulse: None }.ready();
    }
}
