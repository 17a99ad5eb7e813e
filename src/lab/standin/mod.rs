//! Stand-ins for the platform's images: small real servers under the real names and tags.
//!
//! What cannot be had here is made here, once: a base system from Debian packages, on it our own two programs, and for
//! every image of the [`catalog`] nothing but settings ([`recipe`]). So all images of a registry share their layers, and
//! a lab host pulls those once.

pub mod catalog;
pub mod recipe;
