//! The transport against real OpenSSH servers.

pub mod addresses;
mod docker;
mod exported;
mod fence;
mod flood;
mod host_keys;
mod keys;
mod killed;
mod reach;
mod running;
mod signature;
mod sshd;
mod sudo;
mod thousand;
