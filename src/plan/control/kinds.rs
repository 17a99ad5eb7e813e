//! The kinds of controls, each as the planner has it.

use super::{
    audit, daemon, file, kind::Planned, line, module, mount, package, rights as permissions, setting, sshd,
    sysctl, unit, without,
};
use crate::model::control::{Kind, kinds};

macro_rules! planned {
    ($($(#[$doc:meta])* $key:ident: $name:ident($said:ty) => $files:expr,)*) => {
        /// What the planner knows of what a control sets.
        pub fn planned(kind: &Kind) -> Box<dyn Planned + '_> {
            match kind {
                $(Kind::$name(said) => Box::new($key::Wanted(said)),)*
            }
        }
    };
}

kinds!(planned);
