//! Stopping by hand: the hosts in hand are brought to their end, or the step in hand is.

use std::time::Duration;

use tokio::sync::watch;

/// What an administrator wishes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    /// Go on.
    GoOn,
    /// Bring the hosts in hand to their end, and begin no other.
    AfterHosts,
    /// Bring the step in hand to its end, and stop.
    AfterStep,
}

/// Tells a run what is wished.
#[derive(Debug, Clone)]
pub struct Brake(watch::Receiver<Wish>);

impl Brake {
    /// A brake, and the hand on it.
    pub fn new() -> (watch::Sender<Wish>, Self) {
        let (hand, brake) = watch::channel(Wish::GoOn);
        (hand, Self(brake))
    }

    /// A brake nobody has a hand on.
    pub fn none() -> Self {
        Self::new().1
    }

    /// What is wished now.
    pub fn wish(&self) -> Wish {
        *self.0.borrow()
    }

    /// Waits, but no longer than until the brake is pulled.
    pub async fn sleep(&self, time: Duration) {
        let mut brake = self.0.clone();
        // Without a hand nobody will ever pull it.
        let pulled = async {
            if brake.wait_for(|wish| *wish != Wish::GoOn).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::time::timeout(time, pulled).await.unwrap_or_default();
    }
}
