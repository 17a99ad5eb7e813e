//! An upgrade as one would type it on a host: pull, start the new one, wait until Docker calls it healthy, stop the old one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{swap::NEXT, world::World};

/// Logs a host in to the lab's registry, once and before the clock runs.
pub fn log_in(world: &World, host: &str) {
    let password = std::fs::read_to_string(world.lab_file("secrets/registry")).unwrap();
    let registry = format!("registry.{}.test:5000", world.name());
    world.feed(
        host,
        &format!("docker login -u lab --password-stdin {registry} >/dev/null 2>&1"),
        password.trim(),
    );
}

/// Replaces every container of a host, one after the other in the order of their starts, and tells how long it took.
pub fn upgrade(world: &World, host: &str) -> Duration {
    let list = "docker inspect $(docker ps -q --filter label=pryvctl.platform)";
    let found: Value = serde_json::from_str(&world.on(host, list)).unwrap();
    let mut containers = found.as_array().unwrap().clone();
    containers.sort_by_key(|container| container["State"]["StartedAt"].to_string());
    let started = Instant::now();
    for old in &containers {
        replace(world, host, old);
    }
    started.elapsed()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The same image in its next version.
fn next(image: &str) -> String {
    let (repository, _) = image.rsplit_once(':').unwrap();
    let name = repository.rsplit('/').next().unwrap();
    let key = if ["core", "hfs", "preview", "webhooks"].contains(&name) { "pryv" } else { name };
    let line = NEXT.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
    format!("{repository}:{}", line.unwrap())
}

fn replace(world: &World, host: &str, old: &Value) {
    let name = text(&old["Name"]).trim_start_matches('/').to_owned();
    let (new, image) = (format!("{name}_by_hand"), next(&text(&old["Config"]["Image"])));
    world.on(host, &format!("docker pull -q {image}"));
    // Those that may not run twice.
    let alone = ["mongodb", "influxdb", "core", "webhooks"]
        .iter()
        .any(|service| name.contains(&format!("_{service}_")));
    let stop = || drop(world.on(host, &format!("docker stop {name}")));
    if alone {
        stop();
    }
    let create = format!(
        "curl -sS --fail --unix-socket /run/docker.sock -H 'Content-Type: application/json' -d @- \
         'http://docker/v1.41/containers/create?name={new}' >/dev/null"
    );
    world.feed(host, &create, &twin(old, &image).to_string());
    let mode = text(&old["HostConfig"]["NetworkMode"]);
    let networks = old["NetworkSettings"]["Networks"].as_object().unwrap();
    for network in networks.keys().filter(|network| **network != mode) {
        world.on(host, &format!("docker network connect {network} {new}"));
    }
    world.on(host, &format!("docker start {new}"));
    let healthy = format!("[ \"$(docker inspect -f '{{{{.State.Health.Status}}}}' {new})\" = healthy ]");
    world.on(host, &format!("until {healthy}; do sleep 0.2; done"));
    if !alone {
        stop();
    }
}

/// What Docker has to be told for the same container with another image.
fn twin(old: &Value, image: &str) -> Value {
    let mut new = old["Config"].clone();
    new["Image"] = json!(image);
    new["Labels"] = json!({});
    new["Hostname"] = json!("");
    new["HostConfig"] = old["HostConfig"].clone();
    new["NetworkingConfig"] = json!({ "EndpointsConfig": { text(&old["HostConfig"]["NetworkMode"]): {} } });
    new
}
