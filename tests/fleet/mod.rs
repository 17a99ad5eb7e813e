//! The real binary against real lab hosts.

mod cluster;
mod foreign;
mod guard;
mod guard_by_hand;
mod outside;
mod sentinel;
mod snapshot;
mod world;
