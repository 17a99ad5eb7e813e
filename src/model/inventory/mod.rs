//! The inventory: the one YAML file an administrator writes. Every key is documented in `inventory/reference.yaml`.

mod backup;
mod break_glass;
mod check;
mod export;
mod leaf;
mod login;
mod mute;
mod notify;
mod outline;
mod parse;
mod repair;
mod second_way;
mod shape;
mod syntax;
mod tls;
mod watch;
mod wording;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use ipnet::{IpNet, Ipv4Net};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use self::outline::Places;
pub use self::{
    backup::Backup,
    break_glass::BreakGlass,
    export::{Export, RemoteWrite, Statsd},
    login::{Source, SourceKey, TRIES},
    mute::{Mute, Until},
    notify::{Encryption, Mail, Notify, Webhook},
    repair::{Repairable, Repairs},
    second_way::SecondWay,
    tls::Tls,
    watch::{Lack, Watch},
};
use super::{
    control::Level,
    name::{HostName, PlatformName, RoleName, ZoneName},
    problem::Place,
    schema::word::{self, Network, Network4, Port, Text},
    secret::{Secret, SecretSource},
};
pub(super) use syntax::syntax_problem;

/// A platform: its hosts, where they stand, what they do and how they are reached.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The platform's name: the prefix of its containers, networks and volumes.
    pub platform: PlatformName,
    /// The DNS domain the platform serves, as in `pryv.example.org`.
    pub domain: String,
    /// How hosts are logged in to, unless a host says otherwise.
    #[serde(default)]
    pub ssh: Ssh,
    /// A second way in, asked for before passwords are switched off. On a host it replaces this one.
    pub break_glass: Option<BreakGlass>,
    /// The networks that may reach SSH.
    #[schemars(with = "Vec<Network>")]
    pub admin_networks: Vec<Spanned<IpNet>>,
    /// Where images are pulled from.
    pub registry: Option<Registry>,
    /// The certificate the platform shows to its users; needed by roles that serve HTTPS.
    pub tls: Option<Tls>,
    /// The network that the platform's container networks are cut from, on every host alike.
    #[serde(default = "default_container_network")]
    #[schemars(with = "Network4")]
    pub container_network: Ipv4Net,
    /// How hard the hosts are made. On a host `level` replaces this one, and `skip` adds to it.
    #[serde(default)]
    pub hardening: Hardening,
    /// The compliance zones.
    pub zones: BTreeMap<ZoneName, Zone>,
    /// The hosts.
    #[schemars(with = "BTreeMap<HostName, Host>")]
    pub hosts: BTreeMap<HostName, Host>,
    /// Versions by name; a role's `${PRYV_VERSION}` is `versions: { pryv: ... }`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Text>")]
    pub versions: BTreeMap<String, String>,
    /// Values for roles and templates.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Text>")]
    pub variables: BTreeMap<String, String>,
    /// Secrets for templates, by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSource>,
    /// What is called on a host before a version comes whose data an older one cannot read again, for roles that say nothing
    /// of it themselves.
    pub backup: Option<Backup>,
    /// How the platform is watched.
    #[serde(default)]
    pub watch: Watch,
    /// A folder with roles of your own, beside the inventory; a role there replaces the shipped one of its name.
    pub roles: Option<PathBuf>,
    /// A place for anchors; not read.
    #[serde(default, rename = "x-templates")]
    #[schemars(with = "serde_json::Value")]
    pub templates: Option<serde::de::IgnoredAny>,
    /// Where its parts stand in the text.
    #[serde(skip)]
    places: Places,
}

impl Inventory {
    /// Where a part stands in the text, as in `["hosts", "co1", "roles"]`.
    pub fn place(&self, path: &[&str]) -> Option<Place> {
        self.places.get(path)
    }
}

fn default_container_network() -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(172, 28, 0, 0), 16)
}

/// How a host is logged in to. On a host every key given here replaces the platform's.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ssh {
    /// The login user: root, or a user with sudo. Default: root.
    pub user: Option<String>,
    /// The port of sshd. Default: 22.
    #[schemars(with = "Option<Port>")]
    pub port: Option<u16>,
    /// Where sshd listens before the host is hardened, if elsewhere: `harden` moves it to `port`, `harden --undo` back.
    #[schemars(with = "Option<Port>")]
    pub initial_port: Option<u16>,
    /// Private key files, tried in order. Without any the ssh-agent is asked.
    pub identities: Option<Vec<PathBuf>>,
    /// The passphrase of encrypted key files.
    pub passphrase: Option<SecretSource>,
    /// The password sudo asks for; leave it out where sudo asks for none.
    pub sudo_password: Option<SecretSource>,
    /// The known_hosts file. Default: `~/.ssh/known_hosts`.
    pub known_hosts: Option<PathBuf>,
    /// The fingerprint of the host's key, as in `SHA256:...`; when given, known_hosts is not asked.
    pub host_key: Option<String>,
}

/// How hard hosts are made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hardening {
    /// 1: what any host that runs containers can take. 2: more packages and stricter values. Default: 1.
    #[schemars(with = "Option<word::Level>")]
    pub level: Option<Level>,
    /// Controls that are left out.
    pub skip: Vec<Skip>,
}

/// A control that is left out.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// Its id, as `harden --report` shows it.
    #[schemars(with = "String")]
    pub control: Spanned<String>,
    /// Why; it stands in every report.
    pub reason: String,
}

/// An image registry.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Host and port, as in `registry.example.org:5000`.
    pub address: String,
    /// The IP address behind the name, for hosts that cannot look it up.
    pub ip: Option<IpAddr>,
    /// A PEM file with the CA that signed the registry's certificate.
    pub ca: Option<PathBuf>,
    /// The user name for pulls.
    pub username: Option<String>,
    /// The password for pulls; sent with each pull, never stored on a host.
    pub password: Option<SecretSource>,
}

/// A compliance zone: data that belongs to it stays in it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// What people call it.
    pub title: Option<String>,
    /// The country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Values that replace the platform's in this zone.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Text>")]
    pub variables: BTreeMap<String, String>,
}

/// One host.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// The address under which the controller and the world reach it.
    #[schemars(with = "IpAddr")]
    pub address: Spanned<IpAddr>,
    /// A second address of the other family, if the host has one.
    #[schemars(with = "Option<IpAddr>")]
    pub address6: Option<Spanned<IpAddr>>,
    /// The address other hosts of the platform use. Default: `address`.
    #[schemars(with = "Option<IpAddr>")]
    pub private_address: Option<Spanned<IpAddr>>,
    /// The zone it stands in.
    #[schemars(with = "ZoneName")]
    pub zone: Spanned<ZoneName>,
    /// What it does.
    #[schemars(with = "Vec<RoleName>")]
    pub roles: Vec<Spanned<RoleName>>,
    /// Free words, for selectors.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// Values that replace the zone's and the platform's.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Text>")]
    pub variables: BTreeMap<String, String>,
    /// How to log in here, where it differs from the platform's `ssh`.
    #[serde(default)]
    pub ssh: Ssh,
    /// The second way in here, where it differs from the platform's.
    pub break_glass: Option<BreakGlass>,
    /// How hard it is made, where it differs from the platform.
    #[serde(default)]
    pub hardening: Hardening,
    /// A folder for the data, checked by preflight. Default: `/var/pryv`.
    pub data: Option<PathBuf>,
    /// What `pryvctl lab` builds in its place.
    #[serde(default)]
    pub lab: LabHost,
}

impl Host {
    /// The folder that holds its data.
    pub(super) fn data_folder(&self) -> String {
        self.data.as_ref().map_or_else(|| "/var/pryv".to_owned(), |path| path.display().to_string())
    }
}

/// What stands in for a host in the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabHost {
    /// The distribution.
    pub image: LabImage,
    /// `true`: the host has no Docker yet, `install` must bring it.
    pub bare: bool,
}

/// A distribution the lab can build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LabImage {
    /// Debian 12 (bookworm).
    #[default]
    Debian12,
    /// Debian 13 (trixie).
    Debian13,
}

/// How one host is logged in to, with every default filled in and every secret read.
#[derive(Debug, Clone)]
pub struct Login {
    /// The host's name in the inventory.
    pub host: HostName,
    /// Where sshd listens.
    pub address: IpAddr,
    /// Where it listens too, in the other family.
    pub address6: Option<IpAddr>,
    /// The port of sshd.
    pub port: u16,
    /// Where it listens as long as it was not moved to `port`.
    pub initial_port: Option<u16>,
    /// The login user.
    pub user: String,
    /// Private key files; none: ask the agent.
    pub identities: Vec<PathBuf>,
    /// The passphrase of encrypted keys.
    pub passphrase: Option<Secret>,
    /// sudo's password.
    pub sudo_password: Option<Secret>,
    /// The known_hosts file.
    pub known_hosts: PathBuf,
    /// The pinned fingerprint, `SHA256:...`.
    pub host_key: Option<String>,
    /// Learn a key never seen before (`--accept-new-host-keys`); a changed key is refused all the same.
    pub accept_new: bool,
}
