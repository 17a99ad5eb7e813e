//! The names of steps: a subject, and what becomes of it. As text they stand in plans, events and journals.

mod parts;

use std::{fmt, path::PathBuf};

use serde::{Serialize, Serializer};

pub use parts::{
    BackStep, ControlStep, EngineStep, FirewallStep, LeftoverStep, OriginalsStep, PackagesStep, RegistryStep,
    ReleaseStep, ServiceStep, ServicesStep, SshdStep, WrittenStep,
};

/// The name of a step, unique within a plan; as text `firewall.table` or `service.core.start`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepId {
    /// Packages that every plan or Docker needs.
    Packages(PackagesStep),
    /// dockerd, and what it stands on.
    Engine(EngineStep),
    /// The way to the registry.
    Registry(RegistryStep),
    /// The filter table.
    Firewall(FirewallStep),
    /// The map of services, and services together.
    Services(ServicesStep),
    /// sshd.
    Sshd(SshdStep),
    /// The record of how things were.
    Originals(OriginalsStep),
    /// A control is set.
    Control(ControlStep),
    /// A control goes back.
    Undo(ControlStep),
    /// The record of what served.
    Release(ReleaseStep),
    /// The list of what we wrote.
    Written(WrittenStep),
    /// A service is marked: it will have to read its files again.
    Reload(String),
    /// A folder of the inventory.
    Folder(PathBuf),
    /// A file of the inventory.
    File(PathBuf),
    /// A container network.
    Network(String),
    /// A volume.
    Volume(String),
    /// An image.
    Image(String),
    /// A service.
    Service(String, ServiceStep),
    /// What no inventory wants any more.
    Leftover(LeftoverStep),
    /// The way back to what served before.
    Back(BackStep),
}

/// What belongs together: when a step fails, the steps before it of its group are taken back.
#[derive(Debug, PartialEq, Eq)]
pub enum Group<'a> {
    /// All steps of a service.
    Service(&'a str),
    /// All steps of a container that goes.
    Container(&'a str),
    /// Files that go.
    Files,
    /// Folders that go.
    Folders,
    /// Files of others that come back.
    Originals,
    /// The step alone.
    Alone(&'a StepId),
}

impl StepId {
    /// What belongs together with it.
    pub fn group(&self) -> Group<'_> {
        match self {
            Self::Service(service, _) => Group::Service(service),
            Self::Leftover(LeftoverStep::Stop(name) | LeftoverStep::Remove(name)) => Group::Container(name),
            Self::Leftover(LeftoverStep::File(_)) => Group::Files,
            Self::Leftover(LeftoverStep::Folder(_)) => Group::Folders,
            Self::Leftover(LeftoverStep::Original(_)) => Group::Originals,
            Self::Leftover(LeftoverStep::Half | LeftoverStep::List)
            | Self::Packages(_)
            | Self::Engine(_)
            | Self::Registry(_)
            | Self::Firewall(_)
            | Self::Services(_)
            | Self::Sshd(_)
            | Self::Originals(_)
            | Self::Control(_)
            | Self::Undo(_)
            | Self::Release(_)
            | Self::Written(_)
            | Self::Reload(_)
            | Self::Folder(_)
            | Self::File(_)
            | Self::Network(_)
            | Self::Volume(_)
            | Self::Image(_)
            | Self::Back(_) => Group::Alone(self),
        }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packages(step) => write!(f, "packages.{step}"),
            Self::Engine(step) => write!(f, "engine.{step}"),
            Self::Registry(step) => write!(f, "registry.{step}"),
            Self::Firewall(step) => write!(f, "firewall.{step}"),
            Self::Services(step) => write!(f, "services.{step}"),
            Self::Sshd(step) => write!(f, "sshd.{step}"),
            Self::Originals(step) => write!(f, "originals.{step}"),
            Self::Control(step) => write!(f, "control.{step}"),
            Self::Undo(step) => write!(f, "undo.{step}"),
            Self::Release(step) => write!(f, "release.{step}"),
            Self::Written(step) => write!(f, "written.{step}"),
            Self::Reload(service) => write!(f, "reload.{service}"),
            Self::Folder(path) => write!(f, "folder.{}", path.display()),
            Self::File(path) => write!(f, "file.{}", path.display()),
            Self::Network(name) => write!(f, "network.{name}"),
            Self::Volume(name) => write!(f, "volume.{name}"),
            Self::Image(name) => write!(f, "image.{name}"),
            Self::Service(service, step) => write!(f, "service.{service}.{step}"),
            Self::Leftover(step) => write!(f, "leftover.{step}"),
            Self::Back(step) => write!(f, "back.{step}"),
        }
    }
}

impl Serialize for StepId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Tests name a step as people read it.
#[cfg(test)]
impl PartialEq<&str> for StepId {
    fn eq(&self, text: &&str) -> bool {
        let own = self.to_string();
        own == **text
    }
}

#[cfg(test)]
impl PartialEq<String> for StepId {
    fn eq(&self, text: &String) -> bool {
        *self == text.as_str()
    }
}
