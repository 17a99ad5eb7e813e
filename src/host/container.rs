//! Containers, networks and volumes, through the Docker API.

use std::{collections::HashMap, time::Duration};

use bollard::{
    Docker,
    models::{
        ContainerCreateBody, ContainerUpdateBody, EndpointIpamConfig, EndpointSettings, HealthConfig,
        HostConfig, Ipam, IpamConfig, Mount, MountType, NetworkConnectRequest, NetworkCreateRequest,
        NetworkingConfig, PortBinding, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
        VolumeCreateRequest,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder,
    },
};

use super::image;
use crate::{
    change::{Container, whole_seconds},
    facts::container::DIGEST,
    model::{
        desired::{Attachment, ContainerSpec, Healthcheck, MountSource, Network, Slot},
        name::PlatformName,
    },
};

/// Creates a container network with our label and fixed subnets.
pub async fn create_network(
    docker: &Docker,
    platform: &PlatformName,
    network: &Network,
) -> Result<(), bollard::errors::Error> {
    let subnet = |subnet: String| IpamConfig { subnet: Some(subnet), ..IpamConfig::default() };
    let request = NetworkCreateRequest {
        name: network.name.clone(),
        driver: Some("bridge".to_owned()),
        internal: Some(network.internal),
        enable_ipv6: Some(true),
        ipam: Some(Ipam {
            config: Some(vec![subnet(network.subnet.to_string()), subnet(network.subnet6.to_string())]),
            ..Ipam::default()
        }),
        labels: Some(owned_by(platform)),
        ..NetworkCreateRequest::default()
    };
    docker.create_network(request).await.map(|_| ())
}

/// Creates a named volume with our label.
pub async fn create_volume(
    docker: &Docker,
    platform: &PlatformName,
    name: &str,
) -> Result<(), bollard::errors::Error> {
    let request = VolumeCreateRequest {
        name: Some(name.to_owned()),
        labels: Some(owned_by(platform)),
        ..VolumeCreateRequest::default()
    };
    docker.create_volume(request).await.map(|_| ())
}

fn owned_by(platform: &PlatformName) -> HashMap<String, String> {
    HashMap::from([("pryvctl.platform".to_owned(), platform.to_string())])
}

/// Creates a container, connects it to its networks and starts it. The API of Docker 20.10 takes one network at
/// creation, so the others follow before the start. A tag may move; the digest on the container says what it led to.
pub async fn start(docker: &Docker, container: &Container) -> Result<(), bollard::errors::Error> {
    let options = CreateContainerOptionsBuilder::default().name(&container.name).build();
    let mut body = body(container);
    if let Some(digest) = image::digest(docker, &container.spec.image).await? {
        body.labels.get_or_insert_default().insert(DIGEST.to_owned(), digest);
    }
    docker.create_container(Some(options), body).await?;
    for attachment in container.spec.networks.iter().skip(1) {
        let request = NetworkConnectRequest {
            container: container.name.clone(),
            endpoint_config: Some(endpoint(attachment, container.slot)),
        };
        docker.connect_network(&attachment.network, request).await?;
    }
    docker.start_container(&container.name, None).await
}

/// Stops a container; after `grace` it is killed. It loses its restart policy first: with some, Docker would start it
/// again beside the one that took over, when the daemon or the host restarts.
pub async fn stop(docker: &Docker, name: &str, grace: Duration) -> Result<(), bollard::errors::Error> {
    let never = RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None };
    let update = ContainerUpdateBody { restart_policy: Some(never), ..ContainerUpdateBody::default() };
    docker.update_container(name, update).await?;
    docker.stop_container(name, Some(StopContainerOptionsBuilder::default().t(seconds(grace)).build())).await
}

/// Removes a container that does not run; Docker refuses one that does, which has to be stopped before. One that is gone is
/// removed. Its volumes stay.
pub async fn remove(docker: &Docker, name: &str) -> Result<(), bollard::errors::Error> {
    let options = RemoveContainerOptionsBuilder::default().v(false).build();
    match docker.remove_container(name, Some(options)).await {
        Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
        removed => removed,
    }
}

/// Docker counts whole seconds; nothing is killed before its time.
fn seconds(grace: Duration) -> i32 {
    i32::try_from(whole_seconds(grace)).unwrap_or(i32::MAX)
}

fn body(container: &Container) -> ContainerCreateBody {
    let spec = &container.spec;
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        cmd: spec.command.clone(),
        entrypoint: spec.entrypoint.clone(),
        env: Some(spec.environment.iter().map(|(key, value)| format!("{key}={value}")).collect()),
        user: spec.user.clone(),
        working_dir: spec.working_dir.clone(),
        hostname: spec.hostname.clone(),
        stop_signal: spec.stop_signal.clone(),
        stop_timeout: Some(i64::from(seconds(spec.grace()))),
        healthcheck: spec.healthcheck.as_ref().map(healthcheck),
        exposed_ports: Some(container.loopback.iter().map(port_key).collect()),
        labels: Some(spec.labels.iter().chain(&container.labels).map(owned).collect()),
        host_config: Some(host_config(container)),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(
                spec.networks
                    .iter()
                    .take(1)
                    .map(|first| (first.network.clone(), endpoint(first, container.slot)))
                    .collect(),
            ),
        }),
        ..ContainerCreateBody::default()
    }
}

fn owned((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

fn port_key((protocol, port): &(crate::model::desired::Protocol, u16)) -> String {
    format!("{port}/{}", protocol.as_str())
}

fn host_config(container: &Container) -> HostConfig {
    let spec = &container.spec;
    let loopback =
        || vec![PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(String::new()) }];
    HostConfig {
        network_mode: spec.networks.first().map(|first| first.network.clone()),
        port_bindings: Some(
            container.loopback.iter().map(|port| (port_key(port), Some(loopback()))).collect(),
        ),
        mounts: Some(spec.mounts.iter().map(mount).collect()),
        tmpfs: Some(spec.tmpfs.iter().map(owned).collect()),
        extra_hosts: Some(spec.extra_hosts.iter().map(|(name, ip)| format!("{name}:{ip}")).collect()),
        restart_policy: Some(RestartPolicy { name: Some(restart(spec)), maximum_retry_count: None }),
        memory: spec.memory.map(|bytes| i64::try_from(bytes.0).unwrap_or(i64::MAX)),
        nano_cpus: spec.milli_cpus.map(|milli| i64::try_from(milli * 1_000_000).unwrap_or(i64::MAX)),
        pids_limit: spec.pids,
        readonly_rootfs: Some(spec.read_only),
        init: Some(spec.init),
        cap_add: Some(spec.cap_add.clone()),
        cap_drop: Some(spec.cap_drop.clone()),
        security_opt: Some(spec.security_opt.clone()),
        sysctls: Some(spec.sysctls.iter().map(owned).collect()),
        ulimits: Some(spec.ulimits.iter().map(ulimit).collect()),
        ..HostConfig::default()
    }
}

fn ulimit((name, (soft, hard)): (&String, &(i64, i64))) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.clone()), soft: Some(*soft), hard: Some(*hard) }
}

fn restart(spec: &ContainerSpec) -> RestartPolicyNameEnum {
    use crate::model::desired::RestartPolicy as Policy;
    match spec.restart {
        Policy::UnlessStopped => RestartPolicyNameEnum::UNLESS_STOPPED,
        Policy::Always => RestartPolicyNameEnum::ALWAYS,
        Policy::OnFailure => RestartPolicyNameEnum::ON_FAILURE,
        Policy::No => RestartPolicyNameEnum::NO,
    }
}

fn mount(mount: &crate::model::desired::Mount) -> Mount {
    let (typ, source) = match &mount.source {
        MountSource::Bind(path) => (MountType::BIND, path),
        MountSource::Volume(name) => (MountType::VOLUME, name),
    };
    Mount {
        typ: Some(typ),
        source: Some(source.clone()),
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        ..Mount::default()
    }
}

fn endpoint(attachment: &Attachment, slot: Slot) -> EndpointSettings {
    let (ipv4, ipv6) = attachment.at(slot);
    EndpointSettings {
        aliases: Some(attachment.aliases.clone()),
        ipam_config: Some(EndpointIpamConfig {
            ipv4_address: Some(ipv4.to_string()),
            ipv6_address: Some(ipv6.to_string()),
            link_local_ips: None,
        }),
        ..EndpointSettings::default()
    }
}

fn healthcheck(check: &Healthcheck) -> HealthConfig {
    let nanos = |time: Duration| i64::try_from(time.as_nanos()).ok();
    HealthConfig {
        test: Some(check.test.clone()),
        interval: nanos(check.interval),
        timeout: nanos(check.timeout),
        retries: Some(check.retries),
        start_period: nanos(check.start_period),
        start_interval: None,
    }
}
