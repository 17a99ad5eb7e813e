//! A few containers of a role on the local engine, without a host around them.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use pryvctl::{
    lab::{self, Images, Lab},
    model::{
        desired::{ContainerSpec, Desired, MountSource, Service},
        inventory::Inventory,
    },
};

use crate::roles::SINGLE;

/// The containers of some services, in one network, on files below one folder.
pub struct Stage {
    pub lab: String,
    folder: PathBuf,
    config: PathBuf,
    registry: String,
    pub containers: Vec<String>,
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

pub fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).output().unwrap()
}

pub fn ask(program: &str, args: &[&str]) -> String {
    let output = run(program, args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Stage {
    /// A lab without hosts is a registry with the stand-ins.
    pub async fn set() -> Self {
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
    pub fn furnish(&self, host: &Desired) {
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
    pub fn start(&mut self, service: &Service, image: &str, name: &str) {
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
    pub fn until_healthy(&self, service: &Service, name: &str) {
        for _ in 0..100 {
            if self.check(service, name).status.success() {
                return;
            }
        }
        let logs = run("docker", &["logs", &format!("{}-{name}", self.lab)]);
        panic!("{name}: {:?}\n{logs:?}", self.check(service, name));
    }

    pub fn check(&self, service: &Service, name: &str) -> Output {
        let test = &service.spec.healthcheck.as_ref().unwrap().test;
        let name = format!("{}-{name}", self.lab);
        let words: Vec<&str> = match test[0].as_str() {
            "CMD" => test[1..].iter().map(String::as_str).collect(),
            "CMD-SHELL" => vec!["sh", "-c", &test[1]],
            other => panic!("{other}"),
        };
        run("docker", &[&["exec", &name], &words[..]].concat())
    }

    pub fn address(&self, name: &str) -> String {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        ask("docker", &["inspect", "--format", format, &format!("{}-{name}", self.lab)])
    }
}
