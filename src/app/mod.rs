//! A run as data: the project that it is about, its secrets, its journal, how it is stopped, and the plans that were saved.
//!
//! A face (the command line, a daemon) gives it what to do and subscribers to what happens, and gets values back. Nothing here
//! prints, asks, or knows what a terminal is.

pub mod audit;
pub mod choice;
pub mod document;
pub mod exec;
pub mod exit;
pub mod journal;
pub mod material;
pub mod orders;
pub mod problems;
pub mod project;
pub mod run;
pub mod saved_plan;
pub mod state;
pub mod visible;
