//! The shipped roles, and the stand-ins of their images.

use std::collections::BTreeMap;

use pryvctl::{
    lab::standin::catalog::images,
    model::{
        catalog::Catalog,
        desired::{Desired, ManagedFile},
        inventory::Inventory,
        material::Material,
        name::HostName,
        resolve::resolve,
        secret::Secret,
    },
};

const SINGLE: &str = include_str!("../inventory/single-node.yaml");
const CLUSTER: &str = include_str!("../inventory/cluster.yaml");
const ZONES: &str = include_str!("../inventory/two-zones.yaml");

fn material() -> Material {
    let secret = |name: &str| (name.to_owned(), Secret::new(format!("the-{name}")));
    Material {
        secrets: ["admin_key", "redis_password"].map(secret).into(),
        registry_ca: Some("CA".to_owned()),
        tls_certificate: Some("CERTIFICATE".to_owned()),
        tls_key: Some(Secret::new("KEY")),
        ..Material::default()
    }
}

fn resolved(text: &str, material: &Material) -> BTreeMap<HostName, Desired> {
    let inventory = Inventory::parse(text).unwrap();
    resolve(&inventory, &Catalog::shipped().unwrap(), material).unwrap()
}

fn every_host() -> Vec<Desired> {
    [SINGLE, CLUSTER, ZONES].iter().flat_map(|text| resolved(text, &material()).into_values()).collect()
}

fn file<'a>(host: &'a Desired, path: &str) -> &'a ManagedFile {
    host.files.iter().find(|file| file.path.ends_with(path)).unwrap()
}

#[test]
fn every_image_of_a_role_has_a_stand_in() {
    let known: Vec<String> =
        images().iter().map(|image| format!("registry.example.org:5000/{}", image.reference())).collect();
    let mut asked = 0;
    for service in every_host().iter().flat_map(|host| &host.services) {
        assert!(known.contains(&service.spec.image), "{}: {}", service.name, service.spec.image);
        asked += 1;
    }
    assert!(asked > 30, "{asked} services");
}

#[test]
fn every_container_is_hardened() {
    for service in every_host().iter().flat_map(|host| &host.services) {
        let spec = &service.spec;
        assert!(spec.read_only && spec.memory.is_some() && spec.pids.is_some(), "{}", service.name);
        assert_eq!(spec.user.as_deref(), Some("9999:9999"), "{}", service.name);
        assert_eq!((spec.cap_drop.join(" "), spec.cap_add.len()), ("ALL".to_owned(), 0), "{}", service.name);
        assert_eq!(spec.security_opt, ["no-new-privileges:true"], "{}", service.name);
        assert!(spec.healthcheck.is_some(), "{}", service.name);
    }
}

#[test]
fn what_holds_a_secret_is_read_by_its_service_alone() {
    for file in every_host().iter().flat_map(|host| &host.files) {
        let text = file.content.expose();
        let secret = text.contains("the-") || text.contains("KEY");
        assert_eq!(secret, !file.shown, "{}", file.path.display());
        assert!(!secret || file.mode & 0o027 == 0, "{}: {:o}", file.path.display(), file.mode);
    }
}

#[test]
fn every_json_file_is_json() {
    let json = every_host();
    let json = json
        .iter()
        .flat_map(|host| &host.files)
        .filter(|file| file.path.extension().is_some_and(|end| end == "json"));
    let mut read = 0;
    for file in json {
        let parsed = serde_json::from_str::<serde_json::Value>(file.content.expose());
        assert!(parsed.is_ok(), "{}: {parsed:?}", file.path.display());
        read += 1;
    }
    assert!(read > 20, "{read} files");
}

#[test]
fn a_single_node_runs_what_the_other_roles_run() {
    let services = |text: &str| -> serde_json::Map<String, serde_json::Value> {
        let role: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        role["services"].as_object().unwrap().clone()
    };
    let single = services(include_str!("../roles/single-node/compose.yaml"));
    for role in [
        include_str!("../roles/core/compose.yaml"),
        include_str!("../roles/register/compose.yaml"),
        include_str!("../roles/static-web/compose.yaml"),
    ] {
        for (name, mut service) in services(role) {
            match name.as_str() {
                // It waits for the applications of all roles.
                "nginx" => service["depends_on"] = single["nginx"]["depends_on"].clone(),
                // It has no follower.
                "redis" => drop(service.as_object_mut().unwrap().remove("ports")),
                _ => (),
            }
            assert_eq!(single[&name], service, "{name}");
        }
    }
}

#[test]
fn only_a_follower_may_ask_the_registers_redis() {
    let openings = |text: &str, host: &str| -> Vec<String> {
        let hosts = resolved(text, &material());
        let found = hosts[&host.parse().unwrap()].firewall.openings.iter();
        found
            .map(|opening| format!("{}/{} {:?}", opening.port, opening.protocol.as_str(), opening.from))
            .collect()
    };
    assert_eq!(openings(CLUSTER, "reg1"), ["443/tcp []", "53/udp []"]);
    assert_eq!(openings(SINGLE, "one"), ["443/tcp []", "53/udp []"]);
    assert_eq!(
        openings(ZONES, "reg1"),
        ["443/tcp []", "6379/tcp [10.20.0.20/32, 203.0.113.20/32]", "53/udp []"]
    );
}

#[test]
fn a_cluster_is_named_in_its_zone() {
    let hosts = resolved(CLUSTER, &material());
    insta::assert_snapshot!(file(&hosts[&"reg1".parse().unwrap()], "dns/conf/dns.json").content.expose(), @r#"
    {
      "domain": "pryv.example.org",
      "port": 5353,
      "ttl": 60,
      "nameservers": [
        "reg1"
      ],
      "hosts": [
        {
          "names": ["co1", "health-co1"],
          "addresses": ["203.0.113.11", "2001:db8::11"]
        },
        {
          "names": ["reg1", "reg", "adm"],
          "addresses": ["203.0.113.10", "2001:db8::10"]
        },
        {
          "names": ["web1", "sw", "access"],
          "addresses": ["203.0.113.12", "2001:db8::12"]
        }
      ]
    }
    "#);
}

mod fleet {
    //! On the local engine: these tests fail where there is none.

    use std::{
        fs,
        os::unix::fs::chown,
        path::{Path, PathBuf},
        process::{Command, Output},
    };

    use pryvctl::{
        lab::{self, Images, Lab},
        model::desired::{ContainerSpec, MountSource, Service},
    };

    use super::*;

    /// The containers of some services, in one network, on files below one folder.
    struct Stage {
        lab: String,
        folder: PathBuf,
        config: PathBuf,
        registry: String,
        containers: Vec<String>,
        services: Vec<String>,
        images: Vec<String>,
    }

    impl Drop for Stage {
        fn drop(&mut self) {
            for name in &self.containers {
                run("docker", &["rm", "--force", name]);
            }
            for image in &self.images {
                run("docker", &["image", "rm", image]);
            }
            run("docker", &["network", "rm", &self.lab]);
            fs::remove_dir_all(&self.folder).ok();
            let name = self.lab.clone();
            let down = async move { lab::down(&name, Images::Keep).await };
            let runtime = || tokio::runtime::Runtime::new().unwrap();
            std::thread::spawn(move || runtime().block_on(down)).join().unwrap().unwrap();
        }
    }

    fn run(program: &str, args: &[&str]) -> Output {
        Command::new(program).args(args).output().unwrap()
    }

    fn ask(program: &str, args: &[&str]) -> String {
        let output = run(program, args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    impl Stage {
        /// A lab without hosts is a registry with the stand-ins.
        async fn set() -> Self {
            let lab = format!("standin-{}", std::process::id());
            let mut inventory = Inventory::parse(SINGLE).unwrap();
            inventory.hosts.clear();
            let up: Lab = lab::up(&inventory, &lab, &|line| println!("{line}")).await.unwrap();
            let config = up.folder.path("docker");
            let logins: serde_json::Value =
                serde_json::from_slice(&fs::read(config.join("config.json")).unwrap()).unwrap();
            let registry = logins["auths"].as_object().unwrap().keys().next().unwrap().clone();
            let folder = std::env::temp_dir().join(&lab);
            fs::create_dir_all(&folder).unwrap();
            ask("docker", &["network", "create", &lab]);
            let (containers, services, images) = (Vec::new(), Vec::new(), Vec::new());
            Self { lab, folder, config, registry, containers, services, images }
        }

        fn pull(&mut self, image: &str) -> String {
            let full = format!("{}/{image}", self.registry);
            ask("docker", &["--config", self.config.to_str().unwrap(), "pull", "--quiet", &full]);
            self.images.push(full.clone());
            full
        }

        /// Writes a host's files and folders as an installation does, below our own folder.
        fn furnish(&self, host: &Desired) {
            for folder in &host.folders {
                fs::create_dir_all(self.below(&folder.path)).unwrap();
                chown(self.below(&folder.path), Some(folder.uid), Some(folder.gid)).unwrap();
            }
            for file in &host.files {
                let path = self.below(&file.path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, file.content.expose()).unwrap();
                chown(&path, Some(file.uid), Some(file.gid)).unwrap();
            }
        }

        fn below(&self, path: &Path) -> PathBuf {
            self.folder.join(path.strip_prefix("/").unwrap())
        }

        /// Runs a service as its role wants it, with this image, under the names it has in its networks.
        fn start(&mut self, service: &Service, image: &str, name: &str) {
            let full = self.pull(image);
            let spec = &service.spec;
            let name = format!("{}-{name}", self.lab);
            let mut args = vec!["run".to_owned(), "--detach".into(), "--name".into(), name.clone()];
            args.push(format!("--network={}", self.lab));
            args.push(format!("--network-alias={}", service.name));
            // Not all that a service calls is on the stage.
            let missing = spec.extra_hosts.keys().filter(|called| !self.services.contains(called));
            args.extend(missing.map(|called| format!("--add-host={called}:127.0.0.1")));
            args.extend(self.flags(spec));
            args.push(full);
            self.containers.push(name);
            self.services.push(service.name.to_string());
            ask("docker", &args.iter().map(String::as_str).collect::<Vec<_>>());
        }

        fn flags(&self, spec: &ContainerSpec) -> Vec<String> {
            let mut flags = vec![format!("--user={}", spec.user.as_deref().unwrap())];
            flags.extend(spec.read_only.then(|| "--read-only".to_owned()));
            flags.extend(spec.cap_drop.iter().map(|name| format!("--cap-drop={name}")));
            flags.extend(spec.security_opt.iter().map(|option| format!("--security-opt={option}")));
            flags.extend(spec.sysctls.iter().map(|(key, value)| format!("--sysctl={key}={value}")));
            flags.extend(spec.tmpfs.iter().map(|(path, options)| format!("--tmpfs={path}:{options}")));
            for mount in &spec.mounts {
                let MountSource::Bind(source) = &mount.source else { panic!("{mount:?}") };
                // This machine may have no syslog.
                if source != "/dev/log" {
                    let mode = if mount.read_only { "ro" } else { "rw" };
                    flags.push(format!(
                        "--volume={}:{}:{mode}",
                        self.below(Path::new(source)).display(),
                        mount.target
                    ));
                }
            }
            flags
        }

        /// Runs the service's own health check until it passes.
        fn until_healthy(&self, service: &Service, name: &str) {
            for _ in 0..100 {
                if self.check(service, name).status.success() {
                    return;
                }
            }
            let logs = run("docker", &["logs", &format!("{}-{name}", self.lab)]);
            panic!("{name}: {:?}\n{logs:?}", self.check(service, name));
        }

        fn check(&self, service: &Service, name: &str) -> Output {
            let test = &service.spec.healthcheck.as_ref().unwrap().test;
            let name = format!("{}-{name}", self.lab);
            let words: Vec<&str> = match test[0].as_str() {
                "CMD" => test[1..].iter().map(String::as_str).collect(),
                "CMD-SHELL" => vec!["sh", "-c", &test[1]],
                other => panic!("{other}"),
            };
            run("docker", &[&["exec", &name], &words[..]].concat())
        }

        fn address(&self, name: &str) -> String {
            let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
            ask("docker", &["inspect", "--format", format, &format!("{}-{name}", self.lab)])
        }
    }

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
                ..material()
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
}
