//! What a crossing is.

use crate::model::{
    name::{RoleName, ServiceName},
    role::Hook,
};

/// A version that comes to data of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The service whose data it is.
    pub service: ServiceName,
    /// Its role.
    pub role: RoleName,
    /// The image that opened the data last.
    pub from: String,
    /// The image that comes.
    pub to: String,
    /// In which direction it goes.
    pub way: Way,
    /// The container that has the data open now.
    pub open: Option<String>,
    /// What the role wants to be called first.
    pub backup: Vec<Hook>,
}

/// The direction of a crossing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A newer version comes, or one that cannot be compared.
    Forward,
    /// An older one comes.
    Back,
}
