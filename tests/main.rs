//! The integration tests: one binary, one module a room.
#![cfg(test)]

mod book;
mod cli;
mod document;
mod facts;
mod fleet;
mod guard;
mod history;
mod hook;
mod inventory;
mod lab;
mod layers;
mod lost;
mod nft;
mod roles;
mod spec_hash;
mod ssh;
mod terminal;
mod writer;
