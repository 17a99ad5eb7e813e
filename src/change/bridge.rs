//! Bridges of container networks that are down, or that somebody flushed.

use super::Kind;
use crate::model::command::{Command, filled, quote};

/// Container networks, each with its bridge, which comes up with its addresses and route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridges(pub Vec<(String, String)>);

impl Kind for Bridges {
    fn command(&self) -> Command {
        let up: String = self.0.iter().map(|(network, bridge)| up(&quote(network), &quote(bridge))).collect();
        Command::root(format!("set -e\n{up}"))
    }

    #[cfg(test)]
    fn apply(&self, state: &mut crate::facts::state::HostState) {
        for (network, bridge) in &self.0 {
            assert!(state.net.links.names.contains(bridge), "{bridge} is gone");
            for subnet in &state.docker.networks[network].subnets {
                let route =
                    crate::facts::link::Route { to: subnet.parse().expect("a network"), by: bridge.clone() };
                state.net.links.routes.retain(|other| *other != route);
                state.net.links.routes.push(route);
            }
        }
    }
}

/// Down and up: the kernel makes routes and link-local addresses of a bridge that is up already at no other time. Docker
/// knows the addresses that its containers go by.
fn up(network: &str, bridge: &str) -> String {
    filled(include_str!("bridge/up.sh"), [("@NETWORK@", network), ("@BRIDGE@", bridge)]) + "\n"
}
