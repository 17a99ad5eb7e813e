//! The rehearsal: the same inventory, with the lab's hosts in the place of the real ones.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_saphyr::{Location, Spanned};

use super::{Addresses, KNOWN_HOSTS, Lab, LabError, keys, registry};
use crate::model::{
    inventory::{BreakGlass, Inventory, Registry, Ssh, Tls},
    secret::SecretSource,
};

/// Which secrets a lab gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// Made up, and kept with the lab: a lab host is no place for a platform's own.
    MadeUp,
    /// The inventory's, because the administrator says so.
    Real,
}

/// Replaces addresses, logins, the registry, the certificate and the secrets by the lab's own. Places in the inventory's
/// text stay, so that problems still point at the line that was written.
///
/// # Errors
/// [`LabError::NotInLab`] when the inventory has a host that the lab has not, [`LabError::File`] where a made-up secret cannot be kept.
pub fn overlay(inventory: &mut Inventory, lab: &Lab, secrets: Secrets) -> Result<(), LabError> {
    let file = |name: &str| SecretSource::File(lab.folder.path(name));
    for (name, host) in &mut inventory.hosts {
        // Anything else would let a rehearsal reach the real host.
        let at = lab
            .hosts
            .get(name)
            .ok_or_else(|| LabError::NotInLab { host: name.clone(), lab: lab.name.clone() })?;
        let second = other_family(host.address.value, *at);
        host.address.value = same_family(host.address.value, *at);
        if let Some(address) = &mut host.address6 {
            address.value = second;
        }
        if let Some(address) = &mut host.private_address {
            address.value = same_family(address.value, *at);
        }
        host.ssh = moved(&host.ssh, &inventory.ssh);
        host.break_glass = None;
    }
    inventory.break_glass =
        Some(BreakGlass::Console { console: "docker exec, on the machine of the lab".to_owned() });
    inventory.ssh = Ssh {
        user: Some("root".to_owned()),
        identities: Some(vec![lab.folder.path(keys::SSH_KEY)]),
        known_hosts: Some(lab.folder.path(KNOWN_HOSTS)),
        ..Ssh::default()
    };
    inventory.admin_networks = admin_networks(&inventory.admin_networks, lab);
    inventory.registry = Some(Registry {
        address: registry::address(&lab.name),
        ip: Some(lab.network.registry().v4.into()),
        ca: Some(lab.folder.path(keys::CA)),
        username: Some(registry::USER.to_owned()),
        password: Some(file(registry::PASSWORD)),
    });
    inventory.tls = Some(Tls { certificate: file("platform.pem"), key: file("platform.key") });
    if secrets == Secrets::Real {
        return Ok(());
    }
    // What happens to a lab is no alert for anybody.
    inventory.watch.notify.clear();
    for (name, source) in &mut inventory.secrets {
        let made_up = format!("secrets/of-inventory/{}", name.replace(['/', '.'], "_"));
        lab.folder.password(&made_up)?;
        *source = file(&made_up);
    }
    Ok(())
}

/// A lab host's sshd listens on 22, and is moved where the inventory has it moved.
fn moved(own: &Ssh, all: &Ssh) -> Ssh {
    let port = own.initial_port.or(all.initial_port).and(own.port.or(all.port));
    Ssh { port, initial_port: port.and(Some(22)), ..Ssh::default() }
}

/// Only the controller, which stands at the network's gateway: rehearsing from an address that the rules would not let in
/// would lock the rehearsal out.
fn admin_networks(before: &[Spanned<IpNet>], lab: &Lab) -> Vec<Spanned<IpNet>> {
    let (referenced, defined) = before
        .first()
        .map_or((Location::UNKNOWN, Location::UNKNOWN), |first| (first.referenced, first.defined));
    lab.network.gateway().both().map(|address| Spanned::new(address.into(), referenced, defined)).into()
}

fn same_family(address: IpAddr, at: Addresses) -> IpAddr {
    match address {
        IpAddr::V4(_) => at.v4.into(),
        IpAddr::V6(_) => at.v6.into(),
    }
}

fn other_family(address: IpAddr, at: Addresses) -> IpAddr {
    match address {
        IpAddr::V4(_) => at.v6.into(),
        IpAddr::V6(_) => at.v4.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lab::{Folder, Network};

    const INVENTORY: &str = "
platform: p
domain: pryv.example.org
ssh: { user: admin, port: 2222, sudo_password: { env: NOBODY_SETS_THIS } }
admin_networks: [192.0.2.0/24, 198.51.100.7/32]
secrets: { set: { env: PATH }, inline: { value: NOBODY_SETS_THIS }, unset: { env: NOBODY_SETS_THIS }, gone: { file: no/such/file } }
zones: { ch: {} }
hosts:
  a:
    address: 192.0.2.11
    zone: ch
    roles: [core]
    ssh: { host_key: 'SHA256:x' }
    break_glass: { user: rescue, identities: [key] }
  b: { address: '2001:db8::12', address6: 192.0.2.12, private_address: 10.0.0.12, zone: ch, roles: [core] }
";

    fn rehearsed(hosts: &[(&str, u8)], secrets: Secrets) -> Result<Inventory, LabError> {
        let mut inventory: Inventory = serde_saphyr::from_str(INVENTORY).unwrap();
        let at = |number| Addresses {
            v4: std::net::Ipv4Addr::new(10, 213, 7, number),
            v6: format!("fd00::{number:x}").parse().unwrap(),
        };
        let hosts = hosts.iter().map(|(name, number)| (name.parse().unwrap(), at(*number)));
        let place =
            std::env::temp_dir().join(format!("pryvctl-overlay-{}-{}", std::process::id(), hosts.len()));
        let network = Network { v4: "10.213.7.0/24".parse().unwrap(), v6: "fd00::/64".parse().unwrap() };
        let folder = Folder::at(place.clone());
        let lab = Lab { name: "one".into(), folder, network, hosts: hosts.collect::<BTreeMap<_, _>>() };
        let result = overlay(&mut inventory, &lab, secrets);
        std::fs::remove_dir_all(place).ok();
        result.map(|()| inventory)
    }

    #[test]
    fn nothing_of_the_real_hosts_is_left() {
        let inventory = rehearsed(&[("a", 11), ("b", 12)], Secrets::MadeUp).unwrap();
        let shown = format!("{inventory:?}");
        for real in
            ["192.0.2.", "2001:db8::", "198.51.100.", "SHA256:x", "2222", "admin\"", "NOBODY_SETS_THIS"]
        {
            assert!(!shown.contains(real), "{real} is still in {shown}");
        }
        let host = &inventory.hosts[&"b".parse().unwrap()];
        let texts = [&host.address, host.address6.as_ref().unwrap(), host.private_address.as_ref().unwrap()];
        assert_eq!(texts.map(|text| text.value.to_string()), ["fd00::c", "10.213.7.12", "10.213.7.12"]);
        for (name, source) in &inventory.secrets {
            assert!(
                matches!(source, SecretSource::File(path) if path.ends_with(format!("of-inventory/{name}"))),
                "{source:?}"
            );
        }
        let real = rehearsed(&[("a", 11), ("b", 12)], Secrets::Real).unwrap();
        assert_eq!(real.secrets["set"], SecretSource::Env("PATH".into()));
        let way = inventory.break_glass(&"a".parse().unwrap());
        assert!(matches!(way, Some(BreakGlass::Console { .. })), "a rehearsal is never refused: {way:?}");
    }

    #[test]
    fn a_port_that_sshd_is_moved_to_is_rehearsed() {
        let ssh = |port, initial_port| Ssh { port, initial_port, ..Ssh::default() };
        let ports = |own, all| {
            let moved = moved(&own, &all);
            (moved.port, moved.initial_port)
        };
        assert_eq!(ports(ssh(None, None), ssh(Some(2222), None)), (None, None));
        assert_eq!(ports(ssh(None, None), ssh(Some(2222), Some(2200))), (Some(2222), Some(22)));
        assert_eq!(ports(ssh(Some(2022), None), ssh(Some(2222), Some(22))), (Some(2022), Some(22)));
        assert_eq!(ports(ssh(None, Some(22)), ssh(None, None)), (None, None));
    }

    #[test]
    fn a_host_without_a_stand_in_stops_the_rehearsal() {
        let error = rehearsed(&[("a", 11)], Secrets::MadeUp).unwrap_err();
        assert_eq!(error.to_string(), "the lab `one` has no host b");
    }
}
