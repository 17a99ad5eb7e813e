//! All questions to a host in one script, and the facts from its answer.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

pub use super::row::Unread;
use super::{
    Fact, Probe,
    boot::BootState,
    cgroup::Cgroups,
    clock::HostClock,
    conntrack::Connections,
    container::{ContainerState, OwnContainers},
    control::{
        algorithm::Algorithms, audit::AuditRules, installed::Installed, mount::Mounts, original::Record,
        rights::Rights, route::Route6, sysctl::Sysctls, trace::Traces,
    },
    cpu::Cpus,
    daemon::DaemonJson,
    disk::{DockerDisk, FolderDisk},
    docker::{API, Asleep, Engine, EngineState},
    door::CameIn,
    file::{FileState, Files},
    filter::Filters,
    folder::Folders,
    footing::Underneath,
    foreign::ForeignContainers,
    frame::{Answers, script},
    hosts::HostsFile,
    image::Images,
    init::InitSystem,
    kernel::Uname,
    kernels::InstalledKernels,
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
    row::{held, is_asked, note, settle, survey},
    settle::{self, is_running, settled, told, why},
    sshd::EffectiveSshd,
    tools::Tools,
    unit::Units,
    virtualisation::Virtualisation,
    volume::Volumes,
    written::{OnList, Written},
};
use crate::model::{
    command::{Command, Output},
    desired::Desired,
    place::RELEASE,
};

/// A busy host answers late, and what was cut off counts as not known. Five minutes.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a survey may print: some hundred times what a busy host does. What is read from it takes several times as much, and
/// many hosts are looked at at once. Bytes.
const MOST: usize = 4 << 20;

fn read<P: Probe>(probe: &P, answer: Result<&Output, &str>) -> Fact<P::Value> {
    match answer {
        Ok(output) => probe.read(output),
        Err(why) => Fact::Unreadable(why.to_owned()),
    }
}

impl Facts {
    /// Why Docker does not answer, where it can be woken.
    pub fn asleep(&self) -> Option<Asleep> {
        settle::asleep(&self.docker, &self.footing, &self.units)
    }
}

/// What is asked on the host to see why.
fn ask(command: &str) -> String {
    format!("run `{command}` on the host and fix what it reports")
}

const LISTING: &str = "run `docker ps -a` on the host and look into `journalctl -u docker`";

survey! {
    |desired, facts|
    alone {
        /// What time it is there; asked first, so that the answer stands near the sending.
        clock: HostClock = HostClock;
        /// Who asked.
        rights: Identity = Identity;
        /// The kernel and the architecture.
        kernel: Uname = Uname;
        /// Installed kernels.
        kernels: InstalledKernels = InstalledKernels;
        /// Processors.
        cpus: Cpus = Cpus;
        /// Memory.
        memory: MemInfo = MemInfo;
        /// The boot.
        boot: BootState = BootState;
        /// systemd.
        init: InitSystem = InitSystem;
        /// Control groups.
        cgroup: Cgroups = Cgroups;
        /// The filesystem of Docker's data root.
        docker_disk: DockerDisk = DockerDisk;
        /// The filesystem of the data folder.
        data_disk: FolderDisk = FolderDisk(desired.data.clone());
        /// Who listens where.
        listeners: Listeners = Listeners;
        /// apt and dpkg.
        packages: Apt = Apt;
        /// The account we log in with.
        login: Account = Account(desired.login_user.clone());
        /// Others' chains that decide about packets.
        filters: Filters = Filters;
        /// Which version opened which data last.
        notes: Notes = Notes::of(&desired.data),
            unread("notes", "look into the folder `.versions` in the data folder on the host");
        /// The Docker Engine.
        docker: Engine = Engine;
    }
    /// The machine and its files.
    system: System {
        /// The distribution.
        os: OsRelease = OsRelease => needed;
        /// The kind of virtual machine or container, as `systemd-detect-virt` names it; `None`: bare metal.
        virtualisation: Virtualisation = Virtualisation => optional,
            unread("virtualisation", ask("systemd-detect-virt"));
        /// Which of [`place::COMMANDS`](crate::model::place::COMMANDS) the host has.
        commands: Tools = Tools => needed;
        /// systemd units we care for, by name.
        units: Units = Units::of(desired) => needed, unread("units", ask("systemctl show docker"));
        /// Every file that is desired, every one of [`place::compared`](crate::model::place::compared) and every note, by
        /// path; `None`: no such file.
        files: Files = Files::of(desired)
            => (BTreeMap<PathBuf, Option<FileState>> = settle::files(&facts.files, &facts.notes)),
            unread("files", "move away what is at the file's path");
        /// Every folder that is desired, by path; `None`: no such folder.
        folders: Folders = Folders(desired.folders.iter().map(|folder| folder.path.clone()).collect()) => needed,
            unread("folders", "move away what is at the folder's path");
        /// Paths that lead elsewhere, of those that containers write in or are to write in, and where.
        places: Places = Places::of(desired) => (
            BTreeMap<String, String> = settle::places(&facts.places, &facts.containers, facts.asleep())
        ), unread("places", "run `readlink -m` on the host with the data folder and fix what it reports");
        /// The text of `/etc/hosts`; `None`: no such file.
        hosts_file: HostsFile = HostsFile => optional, unread("hosts-file", "run `cat /etc/hosts` on the host");
    }
    /// The way in.
    ssh: Ssh {
        /// The port of sshd by which our own login came in; `None`: sshd did not say.
        came_in: CameIn = CameIn => optional, unread("came-in", "look at `echo $SSH_CONNECTION` in a login");
        /// `sshd -T` for our own login: effective directives by lower-case name; one that may repeat has several values.
        sshd: EffectiveSshd = sshd(desired) => needed;
    }
    /// The network.
    net: Net {
        /// Our own nft tables (`inet pryvctl*`) as `nft -j -s list table` shows them, by name.
        tables: OwnTables = OwnTables => or_default;
        /// Interfaces and routes.
        links: Links = Links => needed, unread("links", "run `cat /proc/net/dev /proc/net/route` on the host");
        /// The kernel's table of connections.
        conntrack: Connections = Connections => or_default;
    }
    /// Docker and what it has.
    docker: DockerState {
        + /// The Docker Engine; `None`: there is no Docker.
        engine: Option<EngineState> = settle::engine(&facts.docker, facts.asleep());
        + /// Why Docker does not answer, where it can be woken: nothing is known of what it has. `None`: it answers, or there
        /// is none.
        asleep: Option<Asleep> = Some(facts.asleep());
        /// What Docker stands on; `None`: there is no Docker.
        footing: Underneath = Underneath => optional,
            unread("footing", "run `iptables -S` and `iptables -t nat -S` on the host");
        /// `/etc/docker/daemon.json` as parsed; `None`: no such file.
        daemon_json: DaemonJson = DaemonJson => optional,
            unread("daemon.json", "correct /etc/docker/daemon.json, or remove it");
        /// All images: reference (`repo:tag` or `repo@digest`) to image id.
        images: Images = Images => told, unread("images", LISTING);
        /// All container networks by name.
        networks: Networks = Networks(desired.platform.clone()) => told, unread("networks", LISTING);
        /// All volumes.
        volumes: Volumes = Volumes => told, unread("volumes", LISTING);
        /// Containers that carry our platform's label, and no others.
        containers: OwnContainers = OwnContainers(desired.platform.clone())
            => (told Vec<ContainerState> = settle::containers(&facts.containers, facts.asleep())),
            unread("containers", LISTING);
        /// Names of all other containers.
        foreign_containers: ForeignContainers = ForeignContainers(desired.platform.clone()) => told,
            unread("containers", LISTING);
    }
    /// What we left there ourselves.
    ours: Ours {
        /// What served before the last change; `None`: nothing was changed yet.
        release: LastRelease = LastRelease => optional,
            unread("release", format!("remove {RELEASE}; the last release can then not be rolled back to"));
        /// What we wrote for this inventory and for older ones.
        written: OnList = OnList::of(desired) => (Written = Some(Written::of(&facts.written)));
    }
    /// What controls look at.
    hardening: Hardened {
        /// Live kernel parameters that controls name; those the kernel does not have are left out.
        sysctl: Sysctls = Sysctls::of(desired) => or_default, unread("sysctl", ask("sysctl -a"));
        /// Rights of what controls' patterns match, by pattern.
        limited: Rights = Rights::of(desired) => or_default, unread("rights", ask("stat /etc/passwd"));
        /// Mount points that controls name; what is none is left out.
        mounts: Mounts = Mounts::of(desired) => or_default, unread("mounts", ask("cat /proc/self/mounts"));
        /// Packages that controls name and that are installed; `None`: no dpkg here.
        installed: Installed = Installed::of(desired) => optional, unread("installed", ask("dpkg-query -W"));
        /// Algorithms the host's OpenSSH knows.
        algorithms: Algorithms = Algorithms::of(desired) => or_default, unread("algorithms", ask("ssh -Q kex"));
        /// Where the way over IPv6 comes from; `None`: there is none.
        route6: Route6 = Route6 => optional, unread("route", ask("ip -6 route"));
        /// The loaded audit rules; `None`: the kernel's audit cannot be asked here.
        audit: AuditRules = AuditRules::of(desired) => optional, unread("audit", ask("auditctl -l"));
        /// Texts that show in files of others that ours count.
        traces: Traces = Traces::of(desired) => or_default, unread("traces", ask("ls -l /etc/pam.d /boot/grub"));
        /// How things were before controls changed them.
        originals: Record = Record => or_default,
            unread("originals", ask("ls -lR /var/lib/pryvctl/originals"));
    }
}

fn sshd(desired: &Desired) -> EffectiveSshd {
    EffectiveSshd {
        user: desired.login_user.clone(),
        from: desired.firewall.admin_networks.first().map(|network| network.addr()),
        to: desired.address,
        port: desired.ssh_port,
    }
}
