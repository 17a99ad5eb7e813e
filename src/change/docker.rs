//! What Docker's API is asked for.

use std::time::Duration;

use super::Container;
use crate::model::desired::Network;

/// A call of Docker's API, or several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Pulls an image with the registry's credentials.
    Pull {
        /// The image with registry and tag or digest.
        image: String,
    },
    /// Creates a container network.
    CreateNetwork(Network),
    /// Creates a named volume.
    CreateVolume(String),
    /// Creates and starts a container.
    Start(Box<Container>),
    /// Waits until Docker calls every one of these containers healthy; without a health check, until it has run for a
    /// while.
    AwaitHealthy {
        /// Their names.
        containers: Vec<String>,
        /// The longest wait.
        within: Duration,
    },
    /// Watches containers that serve: each must go on without a restart and be healthy at the end.
    Watch {
        /// The containers' names.
        containers: Vec<String>,
        /// How long they are watched.
        window: Duration,
    },
    /// Stops a container, which stays for a way back.
    Stop {
        /// The container's name.
        container: String,
        /// The longest wait before it is killed.
        grace: Duration,
    },
    /// Removes a stopped or running container; its volumes stay.
    RemoveContainer {
        /// The container's name.
        container: String,
    },
}

impl Call {
    /// Whether it changes nothing.
    pub(super) fn only_asks(&self) -> bool {
        match self {
            Self::AwaitHealthy { .. } | Self::Watch { .. } => true,
            Self::Pull { .. }
            | Self::CreateNetwork(_)
            | Self::CreateVolume(_)
            | Self::Start(_)
            | Self::Stop { .. }
            | Self::RemoveContainer { .. } => false,
        }
    }

    /// Whether what it made the first time is no hindrance to make it again.
    pub(super) fn may_be_repeated(&self) -> bool {
        match self {
            Self::Pull { .. }
            | Self::CreateVolume(_)
            | Self::AwaitHealthy { .. }
            | Self::Watch { .. }
            | Self::Stop { .. }
            | Self::RemoveContainer { .. } => true,
            Self::CreateNetwork(_) | Self::Start(_) => false,
        }
    }
}
