//! The hands: one connection to one host. All remote input and output is in this room.

pub mod apply;
pub mod certificate;
mod channel;
mod connection;
mod container;
pub mod containers;
mod dial;
mod docker;
pub mod engine;
mod error;
pub mod exec;
mod failpoint;
mod fence;
mod frames;
mod gather;
pub mod guard;
mod health;
mod hint;
mod host_key;
mod identity;
mod image;
mod known_hosts;
mod lock;
mod login;
pub mod logs;
mod probe;
pub mod replay;
pub mod sampler;
pub mod scan;
pub mod signature;
mod since;
mod ssh;
mod sudo;

use std::future::Future;

use crate::model::{
    command::{Command, Output},
    inventory::Login,
};

pub use connection::Connection;
pub use error::{Fault, HostError, Kind, Stage};
pub use fence::Loss;
pub use gather::gather;
pub use host_key::HostKeyFault;
pub use identity::IdentityFault;
pub use lock::Lock;
pub use since::Since;
pub use sudo::SudoFault;

/// A connection to one host.
pub trait Session: Sized + Send + Sync {
    /// Why a call did not come through.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Runs a command and collects what it printed. A command that ends with an error code is an `Ok` answer.
    fn exec(&self, command: &Command) -> impl Future<Output = Result<Output, Self::Error>> + Send;

    /// A new TCP connection and a new login, not a new channel: an open channel survives the rule that locks us out. The
    /// login is made as the next run will make it.
    fn reconnect(&self) -> impl Future<Output = Result<Self, Self::Error>> + Send;

    /// The same over the host's second address, where the inventory names one.
    fn reconnect6(&self) -> impl Future<Output = Option<Result<Self, Self::Error>>> + Send;

    /// The same with another login of the host.
    fn reconnect_as(&self, login: &Login) -> impl Future<Output = Result<Self, Self::Error>> + Send;
}
