//! Waiting until nobody speaks any more with containers that get no new connections.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use super::{
    cutover::ServiceMap,
    leftover::{grace, is_up},
    step::{Agreed, Step, Undo},
};
use crate::{
    change::Change,
    facts::state::{ContainerState, HostState},
    model::{
        command::{Command, quote},
        desired::Desired,
        place,
    },
};

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
    /// A container that is up.
    pub fn new(found: &ContainerState, grace: Duration) -> Self {
        let addresses = found.addresses.values().flatten().copied().collect();
        Self { name: found.name.clone(), grace, addresses }
    }

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

/// Containers of services that are no longer wanted, where the map led to them.
pub fn unwanted(desired: &Desired, state: &HostState, map: &ServiceMap) -> Vec<Leaving> {
    let wanted = |found: &ContainerState| {
        desired.services.iter().any(|service| service.name.as_str() == found.service)
    };
    let unwanted = state.containers.iter().filter(|found| is_up(found) && !wanted(found));
    let leaving = unwanted.map(|found| Leaving::new(found, grace(found, desired)));
    leaving.filter(|leaving| !map.leading_to(&leaving.addresses).is_empty()).collect()
}

/// The step that waits until nobody speaks with containers any more: each as long as it may take to stop.
///
/// A container's own sockets say it, because a stock Debian has no tool that asks the kernel for its connections. UDP has
/// none; its answers are out within the shortest wait.
pub fn drain(leaving: &[Leaving]) -> Option<Step> {
    let longest = leaving.iter().map(|leaving| leaving.grace).max()?;
    let each = leaving.iter().map(|leaving| format!("drain {} &", leaving.arguments()));
    let services = place::SERVICES;
    let script = format!("changed={services}\n{SCRIPT}\n{}\nwait", each.collect::<Vec<_>>().join("\n"));
    let action = Change::Run(Command::root(script).within(longest + Duration::from_secs(30)));
    let why = leaving.iter().map(|Leaving { name, grace, .. }| {
        format!("{name} ends its connections, for at most {} s", grace.as_secs())
    });
    let undo = Undo::Nothing("waiting changes nothing");
    Some(Step::safe("services.drain", action, undo).because(why).agreed(Agreed::Always))
}

/// `drain NAME SECONDS ADDRESS...`: twice nothing, half a second apart.
///
/// A connection is one to a port the container listens on, but from itself: its own health check. States 01 to 04, 08, 09
/// and 0B have something to say or to hear. mawk knows no `0{24}`.
///
/// A half-open connection leaves no socket when its first packet was lost, and its repetition still goes to the old
/// container: it counts until the kernel has forgotten it, 5 s even where the container may take no time to stop. Where
/// the kernel does not list its connections, the second repetition, 3 s after the first packet, is waited for.
const SCRIPT: &str = r#"sockets() {
    cat /proc/$1/net/tcp /proc/$1/net/tcp6 2>/dev/null | awk '
        { port = $2; sub(/.*:/, "", port) }
        $4 == "0A" { listens[port] = 1 }
        $2 ~ /^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F):/ { next }
        $4 ~ /^0[123489B]$/ { open[port]++ }
        END { for (port in open) if (port in listens) n += open[port]; print n + 0 }'
}
half_open() {
    if [ -r /proc/net/nf_conntrack ]; then
        awk -v addresses="$*" '
            BEGIN { n = split(addresses, list, " "); for (i = 1; i <= n; i++) old["src=" list[i]] = 1 }
            $6 ~ /^SYN_/ { for (i = NF; $i !~ /^src=/; i--); if ($i in old) open++ }
            END { print open + 0 }' /proc/net/nf_conntrack
    elif [ "$(date +%s)" -gt $(($(stat -c %Y "$changed" 2>/dev/null || echo 0) + 4)) ]; then echo 0
    else echo 1
    fi
}
drain() {
    name=$1 grace=$2 calm=0 open=0 half=1
    pid=$(docker inspect -f '{{.State.Pid}}' "$name" 2>/dev/null) && [ "$pid" -gt 0 ] || return 0
    shift 2
    read -r begun _ </proc/uptime
    while [ $calm -lt 2 ]; do
        read -r now _ </proc/uptime
        took=$((${now%.*} - ${begun%.*}))
        [ $took -lt $grace ] || { [ $half != 0 ] && [ $took -lt 5 ]; } || break
        sleep 0.5
        open=$(sockets $pid) half=$(half_open "$@")
        if [ $((open + half)) = 0 ]; then calm=$((calm + 1)); else calm=0; fi
    done
    [ $open = 0 ] || echo "$name: $open connections are cut"
}"#;

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
