//! Controls: what makes a host hard, as data. A control is one entry of a file in `hardening/controls`; code is for kinds.
//!
//! ```yaml
//! - id: sysctl.kernel-pointers
//!   title: Kernel pointers are hidden from users
//!   level: 1                                   # 1: files and auditd; 2: packages and stricter values
//!   ref: [CIS 1.5, lynis KRNL-6000]            # which auditor asks for it
//!   breaks: Tools that resolve kernel symbols as a user
//!   when: [machine]                            # where it applies; see Condition
//!   unless: [chrony]                           # packages with which it does not apply
//!   with: [grub2-common]                       # packages without which it does not apply
//!   needs: package.clock                       # a control whose package it is about
//!   sysctl: { kernel.kptr_restrict: 2 }        # exactly one kind; see Kind
//! ```
//!
//! How each kind is read, set and undone stands in `plan::control`, one file a kind.

mod entry;
mod hardening;
mod kind;
mod known;
mod level;
mod profile;
mod read;

pub use entry::{Condition, Control};
pub use hardening::Hardening;
pub(crate) use kind::kinds;
pub use kind::{
    Kind,
    file::{After, OwnFile},
    line::{LineAt, OwnLine},
    mount::{Made, Mount},
    permissions::Rights,
    setting::{Form, Settings},
    sshd::Directive,
    unit::{Unit, UnitWish},
    without::Unwanted,
};
pub use known::Controls;
pub use level::Level;
pub use profile::Profile;

#[cfg(test)]
mod tests;
