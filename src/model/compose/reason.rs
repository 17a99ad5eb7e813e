//! Keys of the Compose specification that are refused on purpose, each with the reason and the way out.

use serde_json::Value;

use super::fault::Fault;
use crate::model::nearest::suggest;

const TOP_LEVEL: [(&str, &str); 3] = [
    ("configs", "render a file with `files` of x-pryvctl"),
    ("include", "a role is one file: write the services here"),
    ("secrets", "render a file with `files` of x-pryvctl; templates see the inventory's secrets"),
];

const SERVICE: [(&str, &str); 24] = [
    ("build", "hosts build nothing: push the image to a registry and name it in `image`"),
    ("cgroup", "a container keeps its own cgroup"),
    ("configs", "render a file with `files` of x-pryvctl"),
    ("container_name", "pryvctl names containers PLATFORM_SERVICE_SLOT, so that two can stand side by side"),
    ("device_cgroup_rules", "containers get no devices of the host"),
    ("devices", "containers get no devices of the host"),
    ("env_file", "there is no project folder on a host: use `environment`, or `files` of x-pryvctl"),
    ("expose", "containers of one network reach each other; `ports` lead in from outside"),
    ("extends", "a role is one file: write the keys here"),
    ("external_links", "names resolve within a network: use `networks`"),
    ("ipc", "it shares the host's memory with the container"),
    ("links", "names resolve within a network: use `networks`"),
    ("logging", "pryvctl rotates the logs of all containers alike"),
    ("network_mode", "the host's network has no firewall between host and container: publish `ports`"),
    ("pid", "it shows the host's processes to the container"),
    ("privileged", "a privileged container is root on the host: name the capabilities in `cap_add`"),
    ("profiles", "give optional services a role of their own"),
    ("pull_policy", "every image is pulled before anything is stopped"),
    ("scale", "a host runs one container a service: give the role to more hosts"),
    ("secrets", "render a file with `files` of x-pryvctl; templates see the inventory's secrets"),
    ("userns_mode", "it lifts the separation of the host's users"),
    ("uts", "it lets the container rename the host"),
    ("volumes_from", "name the volume in both services"),
    ("stdin_open", "services run unattended"),
];

/// Refused keys of a file.
pub(super) fn top_level(file: &Value) -> Vec<Fault> {
    refused("", file, &TOP_LEVEL)
}

/// Refused keys of a service.
pub(super) fn service(path: &str, service: &Value) -> Vec<Fault> {
    let mut faults = refused(&format!("{path}."), service, &SERVICE);
    if service.pointer("/deploy/rollback_config/order").is_some() {
        let why = "is not supported: a rollback takes over as an update does";
        faults.push(Fault::at(format!("{path}.deploy.rollback_config.order"), why));
    }
    faults
}

fn refused(prefix: &str, value: &Value, reasons: &[(&str, &str)]) -> Vec<Fault> {
    let found = |(key, _): &&(&str, &str)| value.get(*key).is_some();
    let fault =
        |(key, why): &(&str, &str)| Fault::at(format!("{prefix}{key}"), format!("is not supported: {why}"));
    reasons.iter().filter(found).map(fault).collect()
}

/// serde's message about a key or word it does not know, in our words; other messages stay.
pub(super) fn plain(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let kind = [("unknown field", "is not a known key"), ("unknown variant", "is not a valid value")];
    match (kind.iter().find(|(start, _)| message.starts_with(start)), words.next()) {
        (Some((_, ours)), Some(word)) => format!("`{word}` {ours}: {}", suggest(word, words)),
        (_, _) => message.to_owned(),
    }
}
