//! A platform as seen from outside its hosts.

use super::world::{World, tool};

/// One of the two addresses of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Four,
    Six,
}

/// Both.
pub const FAMILIES: [Family; 2] = [Family::Four, Family::Six];

impl Family {
    /// The address of a host.
    pub fn address(self, world: &World, host: &str) -> String {
        let (four, six) = world.addresses(host);
        match self {
            Self::Four => four,
            Self::Six => six,
        }
    }
}

/// What a host answers on `/status`, its certificate checked against the lab's CA.
pub fn status(world: &World, host: &str, family: Family) -> String {
    let (name, ca) = (format!("{host}.pryv.example.org"), world.lab_file("ca.pem"));
    let place = format!("{name}:443:[{}]", family.address(world, host));
    let url = format!("https://{name}/status");
    tool("curl", &["-sS", "-m", "10", "--cacert", ca.to_str().unwrap(), "--resolve", &place, &url])
}

/// What a host's DNS server says.
pub fn dns(world: &World, host: &str, family: Family, name: &str, kind: &str) -> String {
    let server = format!("@{}", family.address(world, host));
    tool("dig", &["+short", "+time=2", "+tries=3", &server, name, kind]).trim().to_owned()
}

/// The open TCP ports of hosts, as in `22 443`, one line a host, in the order given.
pub fn open_ports(world: &World, hosts: &[&str], family: Family, ports: &str) -> Vec<String> {
    let mut arguments =
        vec!["-n", "-Pn", "-T4", "--min-rate", "20000", "--max-retries", "2", "-oG", "-", ports];
    if family == Family::Six {
        arguments.push("-6");
    }
    let addresses: Vec<String> = hosts.iter().map(|host| family.address(world, host)).collect();
    arguments.extend(addresses.iter().map(String::as_str));
    let said = tool("nmap", &arguments);
    let open = |address: &String| {
        let line =
            said.lines().find(|line| line.contains(&format!("Host: {address} ")) && line.contains("Ports:"));
        let ports =
            line.unwrap_or_default().split(['\t', ' ', ',']).filter(|word| word.contains("/open/tcp"));
        ports.filter_map(|word| word.split('/').next()).collect::<Vec<_>>().join(" ")
    };
    assert!(said.contains("# Nmap done"), "{said}");
    addresses.iter().map(open).collect()
}

/// Whether a host that is not the administrator's reaches a port of another.
pub fn reaches(world: &World, from: &str, to: &str, family: Family, port: u16) -> bool {
    let address = family.address(world, to);
    let said = world.on(
        from,
        &format!("timeout 2 bash -c '</dev/tcp/{address}/{port}' 2>/dev/null && echo yes || echo no"),
    );
    said.trim() == "yes"
}
