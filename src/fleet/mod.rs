//! Many hosts: order, concurrency, stop rules, events.

mod agreed;
pub mod ask;
mod batches;
pub mod brake;
mod break_glass;
pub mod drive;
pub mod each;
pub mod event;
mod hook;
pub mod inspect;
pub mod journal;
pub mod logs;
mod merge;
mod opened;
pub mod order;
pub mod outcome;
pub mod pause;
pub mod proposal;
mod reach;
mod renewed;
mod scan;
pub mod survey;
mod turn;
mod words;
mod work;

use std::sync::Arc;

use crate::{
    model::{
        desired::Desired,
        inventory::{Login, SecondWay},
        name::HostName,
    },
    plan::rollout::{Candidate, hook::Ground},
};

/// One host of a run: how to get in, and what it must be.
#[derive(Debug)]
pub struct Member {
    /// How to get in.
    pub login: Login,
    /// How else to get in.
    pub second_way: Option<SecondWay>,
    /// What it must be.
    pub desired: Desired,
    /// Where it stands among the others.
    pub place: Candidate,
    /// Whether it is the host itself or its stand-in.
    pub ground: Ground,
}

impl Member {
    /// A second login, where one is named.
    pub fn second_login(&self) -> Option<&Login> {
        match self.second_way.as_ref()? {
            SecondWay::Login(login) => Some(login),
            SecondWay::Console(_) => None,
        }
    }

    /// Its name.
    pub fn host(&self) -> &HostName {
        &self.desired.host
    }
}

/// The hosts of a run, in the order of the inventory.
pub type Members = Vec<Arc<Member>>;
