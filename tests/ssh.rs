//! The transport against real OpenSSH servers.

mod keys;
mod running;
mod sshd;
