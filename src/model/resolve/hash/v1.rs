//! A specification as the first pryvctl wrote it before it was hashed: every field, in this order. Frozen: whatever is
//! changed here restarts the containers of that time.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use serde::Serialize;

use crate::model::desired;

#[derive(Serialize)]
pub(super) struct ContainerSpec<'a> {
    image: &'a String,
    command: &'a Option<Vec<String>>,
    entrypoint: &'a Option<Vec<String>>,
    environment: &'a BTreeMap<String, String>,
    user: &'a Option<String>,
    working_dir: &'a Option<String>,
    hostname: &'a Option<String>,
    mounts: Vec<Mount<'a>>,
    tmpfs: &'a BTreeMap<String, String>,
    networks: Vec<Attachment<'a>>,
    extra_hosts: &'a BTreeMap<String, String>,
    healthcheck: Option<Healthcheck<'a>>,
    restart: &'static str,
    memory: Option<String>,
    milli_cpus: Option<u64>,
    pids: Option<i64>,
    read_only: bool,
    init: bool,
    cap_add: &'a Vec<String>,
    cap_drop: &'a Vec<String>,
    security_opt: &'a Vec<String>,
    sysctls: &'a BTreeMap<String, String>,
    ulimits: &'a BTreeMap<String, (i64, i64)>,
    stop_signal: &'a Option<String>,
    labels: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Mount<'a> {
    source: Source<'a>,
    target: &'a String,
    read_only: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Source<'a> {
    Bind(&'a String),
    Volume(&'a String),
}

#[derive(Serialize)]
struct Attachment<'a> {
    network: &'a String,
    aliases: &'a Vec<String>,
    addresses: &'a [Ipv4Addr; 2],
    addresses6: &'a [Ipv6Addr; 2],
}

#[derive(Serialize)]
struct Healthcheck<'a> {
    test: &'a Vec<String>,
    interval: Duration,
    timeout: Duration,
    retries: i64,
    start_period: Duration,
}

impl<'a> ContainerSpec<'a> {
    /// `None` where the specification says what was unknown then: a container of that time is another one.
    pub fn of(spec: &'a desired::ContainerSpec) -> Option<Self> {
        // No `..`: whoever adds a field decides here, which is nearly always `if field is not its default, return None`.
        let desired::ContainerSpec {
            image,
            command,
            entrypoint,
            environment,
            user,
            working_dir,
            hostname,
            mounts,
            tmpfs,
            networks,
            extra_hosts,
            healthcheck,
            restart,
            memory,
            milli_cpus,
            pids,
            read_only,
            init,
            cap_add,
            cap_drop,
            security_opt,
            sysctls,
            ulimits,
            stop_signal,
            // Then a container was made without one, and the role's own held for our stops: no reason to replace it.
            stop_timeout: _,
            labels,
        } = spec;
        Some(Self {
            image,
            command,
            entrypoint,
            environment,
            user,
            working_dir,
            hostname,
            mounts: mounts.iter().map(mount).collect(),
            tmpfs,
            networks: networks.iter().map(attachment).collect(),
            extra_hosts,
            healthcheck: healthcheck.as_ref().map(check),
            restart: restart.as_str(),
            memory: memory.map(|bytes| bytes.to_string()),
            milli_cpus: *milli_cpus,
            pids: *pids,
            read_only: *read_only,
            init: *init,
            cap_add,
            cap_drop,
            security_opt,
            sysctls,
            ulimits,
            stop_signal,
            labels,
        })
    }
}

fn mount(desired::Mount { source, target, read_only }: &desired::Mount) -> Mount<'_> {
    let source = match source {
        desired::MountSource::Bind(path) => Source::Bind(path),
        desired::MountSource::Volume(name) => Source::Volume(name),
    };
    Mount { source, target, read_only: *read_only }
}

fn attachment(attachment: &desired::Attachment) -> Attachment<'_> {
    let desired::Attachment { network, aliases, addresses, addresses6 } = attachment;
    Attachment { network, aliases, addresses, addresses6 }
}

fn check(check: &desired::Healthcheck) -> Healthcheck<'_> {
    let desired::Healthcheck { test, interval, timeout, retries, start_period } = check;
    Healthcheck {
        test,
        interval: *interval,
        timeout: *timeout,
        retries: *retries,
        start_period: *start_period,
    }
}
