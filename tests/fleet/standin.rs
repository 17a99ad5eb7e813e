//! The stand-ins of the roles' images do what a role needs of them.

use std::collections::BTreeMap;

use pryvctl::model::{
    desired::{Desired, Service},
    material::Material,
    name::HostName,
    secret::Secret,
};

use super::stage::{Stage, ask, run};
use crate::roles::{SINGLE, ZONES, nasty, resolved};

fn service<'a>(host: &'a Desired, name: &str) -> &'a Service {
    host.services.iter().find(|service| service.name.as_str() == name).unwrap()
}

/// A host of an inventory, its certificate a real one.
fn hosts(text: &str) -> BTreeMap<HostName, Desired> {
    let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let rest = ["-subj", "/CN=pilot.example.org", "-keyout", "-", "-out", "-"];
    let pem = ask("openssl", &[&request[..], &rest].concat());
    let at = pem.find("-----BEGIN CERTIFICATE").unwrap();
    let (key, certificate) = pem.split_at(at);
    resolved(
        text,
        &Material {
            tls_certificate: Some(certificate.to_owned()),
            tls_key: Some(Secret::new(key)),
            ..nasty()
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_ins_serve_in_their_roles() {
    let mut stage = Stage::set().await;
    let hosts = hosts(SINGLE);
    let one = &hosts[&"one".parse().unwrap()];
    stage.furnish(one);
    for (name, image) in [
        ("redis", "pryvio/redis:1.9.0"),
        ("dns", "pryvio/dns:1.9.2"),
        ("register", "pryvio/register:1.9.2"),
        ("core", "pryvio/core:1.9.2"),
        ("nginx", "pryvio/nginx:1.9.0"),
    ] {
        stage.start(service(one, name), image, name);
        stage.until_healthy(service(one, name), name);
    }
    applications_answer(&stage);
    names_are_answered(&stage);
    nginx_leads_to_the_right_application(&stage);
    a_broken_version_never_gets_healthy(&mut stage, one);
    a_follower_follows(&mut stage);
    all_end_by_themselves(&stage);
}

fn applications_answer(stage: &Stage) {
    let core = stage.address("core");
    let get = |path: &str| ask("curl", &["-si", "--fail", &format!("http://{core}:3000{path}")]);
    for path in ["/status", "/someone/check_username", "/events?limit=1"] {
        let answer = get(path);
        assert!(
            answer.contains("X-Standin: core/1.9.2") && answer.contains(r#""version": "1.9.2""#),
            "{answer}"
        );
    }
    // The configuration was read, and the data folder could be written to.
    let status = get("/status");
    assert!(status.contains(r#""domain": "pilot.example.org", "starts": 1"#), "{status}");
    let reused = ask(
        "curl",
        &["-s", "-w", "%{num_connects} ", &format!("http://{core}:3005/[1-3]"), "-o", "/dev/null"],
    );
    assert_eq!(reused, "1 0 0", "connections of three requests");
}

fn names_are_answered(stage: &Stage) {
    let server = format!("@{}", stage.address("dns"));
    let dig = |name: &str, kind: &str| ask("dig", &["+short", "-p", "5353", &server, name, kind]);
    for name in ["reg.pilot.example.org", "one.pilot.example.org", "some-user.pilot.example.org"] {
        assert_eq!(dig(name, "A"), "203.0.113.10", "{name}");
    }
    assert_eq!(dig("pilot.example.org", "NS"), "one.pilot.example.org.");
    let elsewhere = ask("dig", &["-p", "5353", &server, "example.net", "A"]);
    assert!(elsewhere.contains("status: REFUSED"), "{elsewhere}");
}

fn nginx_leads_to_the_right_application(stage: &Stage) {
    for (host, application) in [("some-user", "core"), ("one", "core"), ("reg", "register")] {
        let answer = https(stage, host, "/status");
        assert!(answer.contains(&format!("x-standin: {application}/1.9.2")), "{host}: {answer}");
    }
    // Its application does not run.
    let gone = https(stage, "sw", "/");
    assert!(gone.contains("503") && gone.contains("retry-after: 5"), "{gone}");
}

fn https(stage: &Stage, host: &str, path: &str) -> String {
    let name = format!("{host}.pilot.example.org");
    let resolve = format!("{name}:443:{}", stage.address("nginx"));
    ask("curl", &["-ski", "--resolve", &resolve, &format!("https://{name}{path}")])
}

/// Asks again until it is so; what is asked takes long enough to leave time for others.
fn until(so: impl Fn() -> bool) {
    assert!((0..200).any(|_| so()), "it never was so");
}

fn a_broken_version_never_gets_healthy(stage: &mut Stage, one: &Desired) {
    stage.start(service(one, "nginx"), "pryvio/nginx:1.9.1-unhealthy", "nginx-broken");
    stage.start(service(one, "core"), "pryvio/core:1.9.3-unhealthy", "core-broken");
    let core = stage.address("core-broken");
    // It listens, so what fails is the check and not the start.
    let url = format!("http://{core}:3000/status");
    until(|| {
        let output = run("curl", &["-s", "-o", "/dev/null", "-w", "%{http_code}", &url]);
        output.stdout == b"503"
    });
    assert!(!stage.check(service(one, "core"), "core-broken").status.success());
    assert!(!stage.check(service(one, "nginx"), "nginx-broken").status.success());
}

/// The follower's configuration names the register's private address, which here is the container's.
fn a_follower_follows(stage: &mut Stage) {
    let text = ZONES
        .replace("10.20.0.10", &stage.address("redis"))
        .replace("reg2:\n", "reg2:\n    data: /follower\n");
    let hosts = hosts(&text);
    let follower = &hosts[&"reg2".parse().unwrap()];
    stage.furnish(follower);
    stage.start(service(follower, "redis"), "pryvio/redis:1.9.1", "follower");
    stage.until_healthy(service(follower, "redis"), "follower");
    let redis = |name: &str, words: &[&str]| {
        let name = format!("{}-{name}", stage.lab);
        let with = "export REDISCLI_AUTH=$(cat /app/conf/password); exec redis-cli \"$@\"";
        ask("docker", &[&["exec", &name, "sh", "-c", with, "sh"], words].concat())
    };
    redis("redis", &["set", "someone", "co1"]);
    until(|| redis("follower", &["get", "someone"]) == "co1");
    assert!(redis("follower", &["info", "replication"]).contains("master_link_status:up"));
}

/// A container that had to be killed would tell 137.
fn all_end_by_themselves(stage: &Stage) {
    for name in &stage.containers {
        ask("docker", &["stop", "--time", "2", name]);
        assert_eq!(ask("docker", &["inspect", "--format", "{{.State.ExitCode}}", name]), "0", "{name}");
    }
}
