//! A host's interfaces, and which of them leads where.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Fact, Probe, strange};
use crate::model::command::Output;

/// Interfaces and routes. The kernel's own tables tell them without any tool.
pub struct Links;

/// The interfaces of a host and its routes.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct LinkState {
    /// All interfaces.
    pub names: BTreeSet<String>,
    /// Where packets leave; a default route is that of all addresses.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Route {
    /// The addresses.
    pub to: IpNet,
    /// The interface.
    pub by: String,
}

impl LinkState {
    /// The interfaces by which packets to all addresses of a network leave: those of the narrowest route that has them all.
    pub fn ways(&self, to: &IpNet) -> BTreeSet<&str> {
        let holding = || self.routes.iter().filter(|route| route.to.contains(to));
        let narrowest = holding().map(|route| route.to.prefix_len()).max();
        holding()
            .filter(|route| Some(route.to.prefix_len()) == narrowest)
            .map(|route| route.by.as_str())
            .collect()
    }

    /// The interfaces of default routes.
    pub fn defaults(&self) -> BTreeSet<&str> {
        let all = self.routes.iter().filter(|route| route.to.prefix_len() == 0);
        all.map(|route| route.by.as_str()).collect()
    }
}

impl Probe for Links {
    type Value = LinkState;

    fn question(&self) -> String {
        "cat /proc/net/dev || exit 1
echo route; cat /proc/net/route
echo route6; cat /proc/net/ipv6_route; :"
            .to_owned()
    }

    fn read(&self, output: &Output) -> Fact<LinkState> {
        Fact::read(output, |text| {
            let wrong = || strange("the list of interfaces", text);
            let (devices, routes) = text.split_once("\nroute\n").ok_or_else(wrong)?;
            let (four, six) = routes.split_once("route6\n").ok_or_else(wrong)?;
            let names = devices.lines().filter_map(|line| line.split_once(':'));
            let names = names.map(|(name, _)| name.trim().to_owned()).collect();
            // The first line names the columns.
            let four = four.lines().skip(1).map(route4);
            let routes = four.chain(six.lines().map(route6)).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
            let (mut routes, lo): (Vec<_>, Vec<_>) = routes.into_iter().partition(|route| route.by != "lo");
            drop(lo);
            routes.sort_unstable();
            routes.dedup();
            Ok(LinkState { names, routes })
        })
    }
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`; an address as the processor has it in memory.
fn route4(line: &str) -> Option<Route> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |at: usize| u32::from_str_radix(words.get(at)?, 16).ok().map(u32::swap_bytes);
    let (address, mask) = (Ipv4Addr::from(number(1)?), Ipv4Addr::from(number(7)?));
    let to = Ipv4Net::with_netmask(address, mask).ok()?;
    Some(Route { to: to.into(), by: (*words.first()?).to_owned() })
}

/// `destination length source length gateway metric references use flags interface`.
fn route6(line: &str) -> Option<Route> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let address = u128::from_str_radix(words.first()?, 16).ok()?;
    let length = u8::from_str_radix(words.get(1)?, 16).ok()?;
    let to = Ipv6Net::new(Ipv6Addr::from(address), length).ok()?;
    Some(Route { to: to.into(), by: (*words.get(9)?).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command::Exit;

    /// As a host says it whose uplink is a bridge.
    const SAID: &str = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    2776      32    0    0    0     0          0         0     2776      32    0    0    0     0       0          0
br-wan: 1203411    9112    0    0    0     0          0         0   412313    4123    0    0    0     0       0          0
docker0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
route
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
br-wan\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
br-wan\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
route6
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001   br-wan
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003   br-wan
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    fn state(text: &str) -> Fact<LinkState> {
        Links.read(&Output { exit: Exit::Code(0), stdout: text.to_owned(), stderr: String::new() })
    }

    #[test]
    fn routes_are_read_in_both_families() {
        let found = state(SAID).known().cloned().unwrap();
        assert_eq!(found.names.iter().map(String::as_str).collect::<Vec<_>>(), ["br-wan", "docker0", "lo"]);
        let routes: Vec<_> = found.routes.iter().map(|route| format!("{} {}", route.to, route.by)).collect();
        insta::assert_snapshot!(routes.join("\n"), @"
        0.0.0.0/0 br-wan
        172.17.0.0/16 docker0
        192.0.2.0/24 br-wan
        ::/0 br-wan
        fe80::/64 br-wan
        ");
        assert_eq!(found.defaults(), BTreeSet::from(["br-wan"]));
    }

    #[test]
    fn the_narrowest_route_leads() {
        let found = state(SAID).known().cloned().unwrap();
        for (to, by) in
            [("198.51.100.0/24", "br-wan"), ("172.17.3.0/24", "docker0"), ("172.16.0.0/12", "br-wan")]
        {
            assert_eq!(found.ways(&to.parse().unwrap()), BTreeSet::from([by]), "{to}");
        }
    }

    #[test]
    fn an_answer_that_is_cut_off_is_not_known() {
        assert!(matches!(state(&SAID[..SAID.len() / 2]), Fact::Unreadable(_)));
        assert!(matches!(state(&SAID.replace("00000400 00000001", "")), Fact::Unreadable(_)));
    }
}
