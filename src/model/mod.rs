//! What we want, and the words we say it in. Pure: no I/O, no clock, no randomness.

pub mod alert;
pub mod canonical;
pub mod catalog;
pub mod command;
pub mod compose;
pub mod control;
pub mod desired;
pub mod etc;
pub mod interpolate;
pub mod inventory;
pub mod material;
pub mod mode;
pub mod name;
pub mod nearest;
mod order;
pub mod place;
pub mod problem;
pub mod resolve;
pub mod role;
pub mod schema;
pub mod secret;
pub mod selector;
pub mod size;
pub mod template;
pub mod write;
