//! Bridges of container networks that are down, or that somebody flushed.

use super::Kind;
use crate::model::command::{Command, quote};

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
    let gateways = "{{range $name, $end := .NetworkSettings.Networks}}{{$name}} {{$end.IPv6Gateway}}/{{$end.GlobalIPv6PrefixLen}}{{println}}\
                    {{$name}} {{$end.Gateway}}/{{$end.IPPrefixLen}}{{println}}{{end}}";
    format!(
        "ip link set {bridge} down
ip link set {bridge} up
docker ps -q --filter network={network} | xargs -r docker inspect -f '{gateways}' | sort -u |
while read -r name gateway; do
case $name,$gateway in
{network},*:*) ip -6 address replace \"$gateway\" dev {bridge} nodad ;;
{network},[0-9]*) ip -4 address replace \"$gateway\" brd + dev {bridge} ;;
esac
done
"
    )
}
