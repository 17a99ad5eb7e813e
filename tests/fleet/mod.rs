//! The real binary against real lab hosts.

mod cluster;
mod foreign;
mod outside;
mod sentinel;
mod snapshot;
mod world;
