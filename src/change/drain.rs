//! Waiting until nobody speaks any more with containers that get no new connections.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use super::Kind;
use crate::model::{
    command::{Command, quote},
    place,
};

/// `drain NAME SECONDS ADDRESS...`: twice nothing, half a second apart.
///
/// A connection is one to a port the container listens on, but from itself: its own health check. States 01 to 04, 08, 09
/// and 0B have something to say or to hear. mawk knows no `0{24}`.
///
/// A half-open connection leaves no socket when its first packet was lost, and its repetition still goes to the old
/// container: it counts until the kernel has forgotten it, 5 s even where the container may take no time to stop. Where
/// the kernel does not list its connections, the second repetition, 3 s after the first packet, is waited for.
///
/// A container's own sockets say it, because a stock Debian has no tool that asks the kernel for its connections. UDP has
/// none; its answers are out within the shortest wait.
const SCRIPT: &str = include_str!("drain.sh");

/// A container to which the map leads no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// Its name.
    pub name: String,
    /// How long its connections may take to end.
    pub grace: Duration,
    /// Its addresses.
    pub addresses: BTreeSet<IpAddr>,
}

impl Leaving {
    /// As arguments of `drain` in [`SCRIPT`].
    fn arguments(&self) -> String {
        let addresses = self.addresses.iter().map(|address| format!(" {}", listed(*address)));
        format!("{} {}{}", quote(&self.name), self.grace.as_secs(), addresses.collect::<String>())
    }
}

/// An address as the kernel lists it: IPv6 with all its zeros.
fn listed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => six.segments().map(|part| format!("{part:04x}")).join(":"),
    }
}

/// Containers that end their connections, each as long as it may take to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain(pub Vec<Leaving>);

impl Kind for Drain {
    fn command(&self) -> Command {
        let longest = self.0.iter().map(|leaving| leaving.grace).max().unwrap_or_default();
        let each = self.0.iter().map(|leaving| format!("drain {} &", leaving.arguments()));
        let each = each.collect::<Vec<_>>().join("\n");
        let script = format!("changed={}\n{SCRIPT}{each}\nwait", place::SERVICES);
        Command::root(script).within(longest + Duration::from_secs(30))
    }

    /// Waiting changes nothing.
    #[cfg(test)]
    fn apply(&self, _: &mut crate::facts::state::HostState) {}
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_told_with_the_addresses_the_kernel_lists() {
        let addresses = ["172.28.0.2", "fd00:28::2"].map(|address| address.parse().unwrap());
        let leaving = Leaving {
            name: "acme_core_a".to_owned(),
            grace: Duration::from_secs(30),
            addresses: addresses.into(),
        };
        assert_eq!(
            leaving.arguments(),
            "'acme_core_a' 30 172.28.0.2 fd00:0028:0000:0000:0000:0000:0000:0002"
        );
    }
}
