//! The lab's own network: an IPv4 subnet that nothing here uses, and an IPv6 ULA made from the lab's name.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LABEL, engine::Docker, error::LabError};
use crate::model::name::HostName;

/// Labs take /24 networks from here: far from what Docker gives out by itself (172.17 to 172.31, 192.168), because
/// the engines inside the lab hosts give out the same.
const WITHIN: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(10, 213, 0, 0), 16);
/// The registry's place in the network.
const REGISTRY: u8 = 2;
/// The places of the hosts.
const FIRST: u8 = 11;
const LAST: u8 = 254;

/// The two families of a lab's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// A /24.
    pub v4: Ipv4Net,
    /// A /64.
    pub v6: Ipv6Net,
}

/// Both addresses of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// IPv4.
    pub v4: Ipv4Addr,
    /// IPv6.
    pub v6: Ipv6Addr,
}

impl Network {
    /// The controller's addresses in the network.
    pub fn gateway(&self) -> Addresses {
        self.place(1)
    }

    /// The registry's addresses.
    pub fn registry(&self) -> Addresses {
        self.place(REGISTRY)
    }

    fn place(&self, number: u8) -> Addresses {
        let v4 = Ipv4Addr::from_bits(self.v4.network().to_bits() | u32::from(number));
        let v6 = Ipv6Addr::from_bits(self.v6.network().to_bits() | u128::from(number));
        Addresses { v4, v6 }
    }

    /// Gives every host addresses; a host that has some keeps them.
    ///
    /// # Errors
    /// [`LabError::TooMany`].
    pub(super) fn assign<'a>(
        &self,
        hosts: impl ExactSizeIterator<Item = &'a HostName>,
        before: &BTreeMap<HostName, Addresses>,
    ) -> Result<BTreeMap<HostName, Addresses>, LabError> {
        let too_many = LabError::TooMany { asked: hosts.len(), most: usize::from(LAST - FIRST) + 1 };
        let kept = |host| before.get(host).filter(|had| self.v4.contains(&had.v4)).copied();
        let (old, new): (Vec<_>, Vec<_>) = hosts.partition(|host| kept(*host).is_some());
        let mut given: BTreeMap<HostName, Addresses> =
            old.iter().filter_map(|host| Some(((*host).clone(), kept(*host)?))).collect();
        let mut places = (FIRST..=LAST).map(|number| self.place(number));
        for host in new {
            let Some(free) = places.find(|place| !given.values().any(|taken| taken == place)) else {
                return Err(too_many);
            };
            given.insert(host.clone(), free);
        }
        Ok(given)
    }

    /// Makes the lab's network.
    ///
    /// # Errors
    /// [`LabError::NoNetwork`] and what `docker` says.
    pub(super) async fn make(docker: &Docker, name: &str, lab: &str) -> Result<Self, LabError> {
        let taken = taken(docker).await?;
        let free = subnets(lab).filter(|net| !taken.iter().any(|other| overlap(*net, *other)));
        for v4 in free {
            let network = Self { v4, v6: ula(lab, v4) };
            match network.create(docker, name, lab).await {
                // Another lab was quicker.
                Err(LabError::Docker { said, .. }) if said.contains("overlaps") => (),
                Err(error) => return Err(error),
                Ok(()) => return Ok(network),
            }
        }
        Err(LabError::NoNetwork { within: WITHIN })
    }

    /// The lab's network, if it is there.
    pub(super) async fn existing(docker: &Docker, name: &str) -> Result<Option<Self>, LabError> {
        let subnets = "{{range .IPAM.Config}}{{.Subnet}} {{end}}";
        let output = docker.ask(&["network", "inspect", "--format", subnets, name], b"").await?;
        let nets = networks(&String::from_utf8_lossy(&output.stdout));
        let v4 = nets.iter().find_map(|net| if let IpNet::V4(net) = net { Some(*net) } else { None });
        let v6 = nets.iter().find_map(|net| if let IpNet::V6(net) = net { Some(*net) } else { None });
        Ok(v4.zip(v6).map(|(v4, v6)| Self { v4, v6 }))
    }

    async fn create(&self, docker: &Docker, name: &str, lab: &str) -> Result<(), LabError> {
        let (label, gateway) = (format!("{LABEL}={lab}"), self.gateway());
        let (v4, v6) = (self.v4.to_string(), self.v6.to_string());
        let (gateway4, gateway6) = (gateway.v4.to_string(), gateway.v6.to_string());
        let args = ["network", "create", "--driver", "bridge", "--label", &label, "--ipv6", "--subnet", &v4];
        let more = ["--gateway", &gateway4, "--subnet", &v6, "--gateway", &gateway6, name];
        docker.run(&[&args[..], &more[..]].concat()).await.map(drop)
    }
}

/// What this machine routes and what the engine has given out, without the default route.
async fn taken(docker: &Docker) -> Result<Vec<Ipv4Net>, LabError> {
    let ids = docker.run(&["network", "ls", "--quiet"]).await?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    let subnets = ["network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}"];
    // A network may be gone again by now; what is left is still printed.
    let output = docker.ask(&[&subnets[..], &ids[..]].concat(), b"").await?;
    let given = networks(&String::from_utf8_lossy(&output.stdout));
    let mut taken = routes(&fs::read_to_string("/proc/net/route").unwrap_or_default());
    taken.extend(given.into_iter().filter_map(|net| if let IpNet::V4(net) = net { Some(net) } else { None }));
    Ok(taken)
}

fn networks(text: &str) -> Vec<IpNet> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Reads `/proc/net/route`: destination and mask are the second and the eighth column, in the byte order of the network
/// on a little-endian machine.
fn routes(text: &str) -> Vec<Ipv4Net> {
    let hex = |word: &str| u32::from_str_radix(word, 16).ok().map(|bits| Ipv4Addr::from(bits.to_ne_bytes()));
    let route = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let net = Ipv4Net::with_netmask(hex(words.get(1)?)?, hex(words.get(7)?)?).ok()?;
        (net.prefix_len() > 0).then_some(net)
    };
    text.lines().filter_map(route).collect()
}

fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// All candidates, from a place that the lab's name chooses, so that a lab made again usually has its addresses again.
fn subnets(lab: &str) -> impl Iterator<Item = Ipv4Net> + use<> {
    let [start, ..]: [u8; 32] = Sha256::digest(lab.as_bytes()).into();
    let third = move |step: u8| Ipv4Addr::new(10, 213, start.wrapping_add(step), 0);
    (0..=u8::MAX).map(move |step| Ipv4Net::new_assert(third(step), 24))
}

/// RFC 4193: fd00::/8 and 40 bits that others are unlikely to have.
fn ula(lab: &str, v4: Ipv4Net) -> Ipv6Net {
    let digest: [u8; 32] = Sha256::digest(format!("pryvctl lab {lab} {v4}").as_bytes()).into();
    let [a, b, c, d, e, ..] = digest;
    let address = Ipv6Addr::from([0xfd, a, b, c, d, e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    Ipv6Net::new_assert(address, 64)
}

impl Addresses {
    /// The IPv4 address, then the IPv6 address.
    pub fn both(&self) -> [IpAddr; 2] {
        [self.v4.into(), self.v6.into()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> Network {
        Network { v4: "10.213.7.0/24".parse().unwrap(), v6: "fd12:3456:789a::/64".parse().unwrap() }
    }

    #[test]
    fn a_host_keeps_its_addresses_when_others_come_and_go() {
        let names: Vec<HostName> = ["a", "b", "c"].iter().map(|name| name.parse().unwrap()).collect();
        let first = network().assign(names[1..].iter(), &BTreeMap::new()).unwrap();
        let second = network().assign(names.iter(), &first).unwrap();
        let shown: Vec<String> =
            second.iter().map(|(name, at)| format!("{name} {} {}", at.v4, at.v6)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        a 10.213.7.13 fd12:3456:789a::d
        b 10.213.7.11 fd12:3456:789a::b
        c 10.213.7.12 fd12:3456:789a::c
        ");
        assert_eq!(network().assign(names.iter(), &second).unwrap(), second);
    }

    #[test]
    fn a_lab_has_an_end() {
        let names: Vec<HostName> = (0..245).map(|number| format!("h{number}").parse().unwrap()).collect();
        let error = network().assign(names.iter(), &BTreeMap::new()).unwrap_err();
        assert_eq!(error.to_string(), "a lab has room for 244 hosts, the inventory has 245");
    }

    #[test]
    fn routes_are_read_and_the_default_route_takes_nothing() {
        let text = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
                    eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n\
                    eth0 0007D50A 00000000 0001 0 0 0 00FFFFFF 0 0 0\n";
        let routes = routes(text);
        assert_eq!(routes, ["10.213.7.0/24".parse::<Ipv4Net>().unwrap()]);
        assert!(overlap("10.0.0.0/8".parse().unwrap(), routes[0]));
        assert!(!overlap("10.213.8.0/24".parse().unwrap(), routes[0]));
    }

    #[test]
    fn every_candidate_is_tried_once() {
        let mut all: Vec<Ipv4Net> = subnets("one").collect();
        assert!(all.iter().all(|net| WITHIN.contains(net)));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 256);
    }
}
