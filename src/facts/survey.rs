//! All questions to a host in one script, and the facts from its answer.

use std::time::Duration;

use super::{
    Fact, Probe,
    boot::BootState,
    cgroup::Cgroups,
    clock::HostClock,
    conntrack::Connections,
    container::OwnContainers,
    control::{
        algorithm::Algorithms, audit::AuditRules, installed::Installed, mount::Mounts, original::Record,
        rights::Rights, route::Route6, sysctl::Sysctls, trace::Traces,
    },
    cpu::Cpus,
    daemon::DaemonJson,
    disk::{DockerDisk, FolderDisk},
    docker::{API, Engine},
    door::CameIn,
    file::Files,
    filter::Filters,
    folder::Folders,
    footing::Underneath,
    foreign::ForeignContainers,
    frame::{Answers, script},
    hosts::HostsFile,
    image::Images,
    init::InitSystem,
    kernel::Uname,
    link::Links,
    login::Account,
    memory::MemInfo,
    network::Networks,
    nftables::OwnTables,
    note::Notes,
    os::OsRelease,
    packages::Apt,
    place::Places,
    port::Listeners,
    release::LastRelease,
    rights::Identity,
    sshd::EffectiveSshd,
    tools::Tools,
    unit::Units,
    virtualisation::Virtualisation,
    volume::Volumes,
    written::OnList,
};
use crate::model::{
    command::{Command, Output},
    desired::Desired,
};

/// A busy host answers late, and what was cut off counts as not known. Five minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a survey may print: some hundred times what a busy host does. What is read from it takes several times as much, and
/// many hosts are looked at at once. Bytes.
const MOST: usize = 4 << 20;

/// The one list of probes: a field of [`Facts`], the probe behind it, and how it is made for a host.
macro_rules! survey {
    (|$desired:ident| $($(#[$doc:meta])* $name:ident: $probe:ty = $make:expr,)*) => {
        /// All that is known of a host, each with its own way of not being known.
        #[derive(Debug, Clone, PartialEq, serde::Serialize)]
        pub struct Facts {
            $($(#[$doc])* pub $name: Fact<<$probe as Probe>::Value>,)*
        }

        /// The questions to one host.
        pub struct Survey {
            $($name: $probe,)*
        }

        impl Survey {
            /// What has to be known of a host before it can be planned.
            pub fn of($desired: &Desired) -> Self {
                Self { $($name: $make,)* }
            }

            /// All questions as one script. It runs as root and changes nothing.
            pub fn command(&self) -> Command {
                let questions = script([$((stringify!($name), self.$name.question()),)*]);
                Command::root(format!("{API}{questions}")).within(PATIENCE).at_most(MOST)
            }

            /// The facts from the script's answer.
            pub fn read(&self, output: &Output) -> Facts {
                let answers = Answers::read(output);
                Facts { $($name: read(&self.$name, answers.get(stringify!($name))),)* }
            }
        }
    };
}

fn read<P: Probe>(probe: &P, answer: Result<&Output, &str>) -> Fact<P::Value> {
    match answer {
        Ok(output) => probe.read(output),
        Err(why) => Fact::Unreadable(why.to_owned()),
    }
}

survey! {
    |desired|
    /// What time it is there; asked first, so that the answer stands near the sending.
    clock: HostClock = HostClock,
    /// Who asked.
    rights: Identity = Identity,
    /// The distribution.
    os: OsRelease = OsRelease,
    /// The kernel and the architecture.
    kernel: Uname = Uname,
    /// Processors.
    cpus: Cpus = Cpus,
    /// Memory.
    memory: MemInfo = MemInfo,
    /// The kind of virtual machine.
    virtualisation: Virtualisation = Virtualisation,
    /// The boot.
    boot: BootState = BootState,
    /// systemd.
    init: InitSystem = InitSystem,
    /// Control groups.
    cgroup: Cgroups = Cgroups,
    /// The filesystem of Docker's data root.
    docker_disk: DockerDisk = DockerDisk,
    /// The filesystem of the data folder.
    data_disk: FolderDisk = FolderDisk(desired.data.clone()),
    /// Who listens where.
    listeners: Listeners = Listeners,
    /// Commands we need.
    commands: Tools = Tools,
    /// apt and dpkg.
    packages: Apt = Apt,
    /// The account we log in with.
    login: Account = Account(desired.login_user.clone()),
    /// The port by which we came in.
    came_in: CameIn = CameIn,
    /// sshd's effective directives for our own login.
    sshd: EffectiveSshd = sshd(desired),
    /// Our own tables of the packet filter.
    tables: OwnTables = OwnTables,
    /// Others' chains that decide about packets.
    filters: Filters = Filters,
    /// Interfaces and routes.
    links: Links = Links,
    /// The kernel's table of connections.
    conntrack: Connections = Connections,
    /// systemd units.
    units: Units = Units::of(desired),
    /// Files.
    files: Files = Files::of(desired),
    /// Folders.
    folders: Folders = Folders(desired.folders.iter().map(|folder| folder.path.clone()).collect()),
    /// Paths that lead elsewhere, of those that containers are to write in.
    places: Places = Places::of(desired),
    /// Which version opened which data last.
    notes: Notes = Notes::of(&desired.data),
    /// The text of `/etc/hosts`.
    hosts_file: HostsFile = HostsFile,
    /// Docker's configuration.
    daemon_json: DaemonJson = DaemonJson,
    /// The Docker Engine.
    docker: Engine = Engine,
    /// Images.
    images: Images = Images,
    /// Container networks.
    networks: Networks = Networks(desired.platform.clone()),
    /// Volumes.
    volumes: Volumes = Volumes,
    /// Containers of the platform.
    containers: OwnContainers = OwnContainers(desired.platform.clone()),
    /// Names of all other containers.
    foreign_containers: ForeignContainers = ForeignContainers(desired.platform.clone()),
    /// What Docker stands on.
    footing: Underneath = Underneath,
    /// What served before the last change.
    release: LastRelease = LastRelease,
    /// What we wrote for inventories.
    written: OnList = OnList::of(desired),
    /// Live kernel parameters.
    sysctl: Sysctls = Sysctls::of(desired),
    /// Rights of files and folders.
    limited: Rights = Rights::of(desired),
    /// Mount points.
    mounts: Mounts = Mounts::of(desired),
    /// Packages.
    installed: Installed = Installed::of(desired),
    /// Algorithms of OpenSSH.
    algorithms: Algorithms = Algorithms::of(desired),
    /// The IPv6 default route.
    route6: Route6 = Route6,
    /// Loaded audit rules.
    audit: AuditRules = AuditRules::of(desired),
    /// What is made of files of ours.
    traces: Traces = Traces::of(desired),
    /// How things were before controls changed them.
    originals: Record = Record,
}

fn sshd(desired: &Desired) -> EffectiveSshd {
    EffectiveSshd {
        user: desired.login_user.clone(),
        from: desired.firewall.admin_networks.first().map(|network| network.addr()),
        to: desired.address,
        port: desired.ssh_port,
    }
}
