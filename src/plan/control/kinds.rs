//! The kinds of controls, each as the planner has it.

use std::path::Path;

use super::{kind::Planned, part::Part, way::Way};
use crate::{
    facts::state::HostState,
    model::control::{Control, Kind, kinds},
    plan::step::Step,
};

macro_rules! planned {
    (
        { $($(#[$doc:meta])* $key:ident: $name:ident($said:ty) => $files:expr,)* }
        { $($other:tt)* }
    ) => {
        /// What the planner knows of what a control sets.
        pub fn planned(kind: &Kind) -> Box<dyn Planned + '_> {
            match kind {
                $(Kind::$name(said) => Box::new(super::$key::Wanted(said)),)*
            }
        }

        /// The steps that set what lives beside files.
        pub fn steps(controls: &[(&Control, Vec<Part>)], state: &HostState) -> Vec<Step> {
            [$(super::$key::Wanted::step(controls, state),)*].into_iter().flatten().collect()
        }

        /// The steps that let go of what needs its file for that.
        pub fn released(way: &Way) -> Vec<Step> {
            [$(super::$key::Wanted::released(way),)*].into_iter().flatten().collect()
        }

        /// The steps that give back what lives beside files.
        pub fn back(way: &Way) -> Vec<Step> {
            [$(super::$key::Wanted::back(way),)*].into_iter().flatten().collect()
        }

        /// What does not go back before the next boot, one line each.
        pub fn until_boot(way: &Way) -> Vec<String> {
            [$(super::$key::Wanted::until_boot(way),)*].concat()
        }

        /// Files that nobody but us writes.
        pub fn ours() -> Vec<&'static str> {
            [$(super::$key::Wanted::ours(),)*].concat()
        }

        /// Files that are written for other ends than controls, too.
        pub fn shared() -> Vec<&'static str> {
            [$(super::$key::Wanted::shared(),)*].concat()
        }

        /// Files that decide who gets in.
        pub fn logins() -> Vec<&'static str> {
            [$(super::$key::Wanted::logins(),)*].concat()
        }

        /// Whether a file is still needed when all its controls are gone.
        pub fn is_needed(path: &Path, way: &Way) -> bool {
            [$(is_one_of(path, super::$key::Wanted::logins()) && super::$key::Wanted::is_needed(way),)*].contains(&true)
        }

        /// The steps by which files that decide who gets in count when they are back.
        pub fn taken_up() -> Vec<Step> {
            [$(super::$key::Wanted::taken_up(),)*].into_iter().flatten().collect()
        }

        /// The step that gives a file its old text back, or removes it, where that is more than a file.
        pub fn restored(path: &Path, text: Option<&str>, state: &HostState) -> Option<Step> {
            [$(super::$key::Wanted::restored(path, text, state),)*].into_iter().flatten().next()
        }
    };
}

kinds!(planned);

/// Whether a path is one of these.
pub fn is_one_of(path: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| path == Path::new(name))
}
