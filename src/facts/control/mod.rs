//! What controls set on a host, as found: one file a probe. The texts of files are read by [`file`](super::file).

pub mod algorithm;
pub mod audit;
pub mod installed;
pub mod mount;
pub mod original;
pub mod rights;
pub mod route;
pub mod sysctl;
pub mod trace;

use std::collections::BTreeSet;

use crate::model::{
    command::quote,
    control::{Control, Kind},
    desired::Desired,
};

/// What one kind of control names, of all controls there are: also those that are not wanted here may once have been set.
pub(super) fn named<'a, I, F>(desired: &'a Desired, names: F) -> BTreeSet<String>
where
    I: IntoIterator<Item = String>,
    F: Fn(&'a Kind) -> Option<I>,
{
    let known = desired.hardening.known.iter();
    known.filter_map(|Control { kind, .. }| names(kind)).flatten().collect()
}

/// A pattern for the shell in which nothing but `*` and `?` means anything.
fn pattern(text: &str) -> String {
    quote(text).replace('*', "'*'").replace('?', "'?'")
}
