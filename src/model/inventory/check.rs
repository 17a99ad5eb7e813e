//! What is well-formed and still cannot be meant.

use std::collections::BTreeSet;

use super::Inventory;
use crate::model::{name::RoleName, problem::Problem};

impl Inventory {
    /// Everything that can be told from the inventory and the names of the roles alone.
    pub fn check(&self, roles: &BTreeSet<RoleName>) -> Vec<Problem> {
        let _ = roles;
        Vec::new()
    }
}
