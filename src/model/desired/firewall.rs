//! Who may reach what on a host.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Who may reach what on a host. Everything not named here is dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Firewall {
    /// Networks that may reach sshd.
    pub admin_networks: Vec<IpNet>,
    /// Ports open to the world or to named sources, each with who asked for it.
    pub openings: Vec<Opening>,
    /// The addresses under which the platform's other hosts may be seen, sorted; what every host of a Swarm must reach is
    /// open to them.
    pub other_hosts: Vec<IpNet>,
    /// The addresses of containers that may ask what the cloud tells its machines; nobody else's may.
    pub metadata: Vec<IpNet>,
}

/// One open port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Opening {
    /// tcp or udp.
    pub protocol: Protocol,
    /// The port as clients dial it.
    pub port: u16,
    /// Who may; empty: everyone.
    pub from: Vec<IpNet>,
    /// Who asked for it, as in `role register`; becomes the rule's comment.
    pub origin: String,
}

/// A transport protocol.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// As nft and Docker write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}
