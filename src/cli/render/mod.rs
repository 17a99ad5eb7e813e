//! What a run came to, in every form: tables and lists for people, the document for programs, SARIF, HTML. Nothing here prints.

pub mod controls;
mod document;
pub mod events;
pub mod html;
pub mod sarif;
pub mod tables;

pub use document::{document, element};
