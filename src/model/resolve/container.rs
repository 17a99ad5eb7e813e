//! From a Compose service to what Docker is told.

use std::{collections::BTreeMap, time::Duration};

use super::{files::Paths, placed::RoleInstance};
use crate::model::{
    compose::{self, Pairs, VolumeKind},
    desired::{Attachment, ContainerSpec, Healthcheck, Mount, MountSource},
    name::{PlatformName, ServiceName},
    problem::Problem,
    role::Allowance,
};

/// Turns one service of one role into a specification and collects what is wrong with it.
pub(super) struct ContainerBuilder<'a> {
    pub platform: &'a PlatformName,
    pub placed: &'a RoleInstance<'a>,
    pub paths: &'a Paths,
    pub problems: &'a mut Vec<Problem>,
}

impl ContainerBuilder<'_> {
    /// What Docker is told about a service.
    pub fn spec(
        &mut self,
        name: &ServiceName,
        service: &compose::Service,
        networks: Vec<Attachment>,
    ) -> ContainerSpec {
        let limits = &service.deploy.resources.limits;
        let memory = self.one(name, "mem_limit", service.mem_limit.map(|m| m.0), limits.memory.map(|m| m.0));
        let milli_cpus = self.one(name, "cpus", service.cpus.map(|c| c.0), limits.cpus.map(|c| c.0));
        let pids = self.one(name, "pids_limit", service.pids_limit, limits.pids);
        ContainerSpec {
            image: self.image(name, &service.image),
            command: service.command.clone().map(|argv| argv.0),
            entrypoint: service.entrypoint.clone().map(|argv| argv.0),
            environment: self.environment(name, &service.environment),
            user: service.user.clone().map(|word| word.0),
            working_dir: service.working_dir.clone(),
            hostname: service.hostname.clone(),
            mounts: self.mounts(name, service),
            tmpfs: service.tmpfs.0.iter().map(|text| tmpfs(text)).collect(),
            networks,
            extra_hosts: service.extra_hosts.0.clone(),
            healthcheck: self.healthcheck(name, service.healthcheck.as_ref()),
            restart: service.restart,
            memory,
            milli_cpus,
            pids: pids.map(|pids| pids.0),
            read_only: service.read_only,
            init: service.init,
            cap_add: sorted(&service.cap_add),
            cap_drop: sorted(&service.cap_drop),
            security_opt: sorted(&service.security_opt),
            sysctls: service.sysctls.0.clone(),
            ulimits: service
                .ulimits
                .iter()
                .map(|(key, limit)| (key.clone(), (limit.soft, limit.hard)))
                .collect(),
            stop_signal: service.stop_signal.clone(),
            stop_timeout: service.stop_grace_period.map(|period| period.0),
            labels: self.labels(name, &service.labels),
        }
    }

    fn complain(&mut self, rule: &'static str, service: &ServiceName, key: &str, what: &str) {
        self.problems.push(self.placed.problem(rule, format!("`services.{service}.{key}`: {what}")));
    }

    /// One of two keys that say the same.
    fn one<T: PartialEq>(
        &mut self,
        name: &ServiceName,
        key: &str,
        short: Option<T>,
        deploy: Option<T>,
    ) -> Option<T> {
        if short.is_some() && deploy.is_some() && short != deploy {
            self.complain("role.unreadable", name, key, "contradicts `deploy.resources.limits`");
        }
        short.or(deploy)
    }

    fn image(&mut self, name: &ServiceName, image: &str) -> String {
        let last = image.rsplit('/').next().unwrap_or_default();
        if !last.contains([':', '@']) {
            let what = format!(
                "`{image}` has no tag: without a version no rollback is possible; write {image}:VERSION"
            );
            self.complain("image.no-version", name, "image", &what);
        }
        image.to_owned()
    }

    fn environment(&mut self, name: &ServiceName, environment: &Pairs) -> BTreeMap<String, String> {
        for (key, _) in environment.0.iter().filter(|(_, value)| asks_for_secret(value)) {
            let what = "`docker inspect` would show this secret: render it into a file with `files`";
            self.complain("secret.exposed", name, &format!("environment.{key}"), what);
        }
        environment.0.clone()
    }

    fn labels(&mut self, name: &ServiceName, labels: &Pairs) -> BTreeMap<String, String> {
        for key in labels.0.keys().filter(|key| key.starts_with("pryvctl.")) {
            self.complain(
                "label.reserved",
                name,
                "labels",
                &format!("`{key}` is one of pryvctl's own labels"),
            );
        }
        labels.0.clone()
    }

    fn mounts(&mut self, name: &ServiceName, service: &compose::Service) -> Vec<Mount> {
        let mut mounts = Vec::new();
        for (index, volume) in service.volumes.iter().enumerate() {
            let key = format!("volumes[{index}]");
            let source = match volume.kind {
                VolumeKind::Bind => {
                    self.check_bind(name, &key, &volume.source);
                    MountSource::Bind(volume.source.clone())
                }
                VolumeKind::Volume => {
                    if !self.placed.bound.compose.volumes.contains(&volume.source) {
                        let what = format!("the volume `{}` is not defined under `volumes`", volume.source);
                        self.complain("volume.unknown", name, &key, &what);
                    }
                    MountSource::Volume(format!("{}_{}", self.platform, volume.source))
                }
            };
            mounts.push(Mount { source, target: volume.target.clone(), read_only: volume.read_only });
        }
        mounts
    }

    fn check_bind(&mut self, name: &ServiceName, key: &str, source: &str) {
        if opens_docker(source) {
            if !self.placed.allows(Allowance::DockerSocket) {
                let what = format!(
                    "`{source}` gives the container Docker's socket, and so root on the host: if you need this, write `allow: [docker-socket]` in x-pryvctl"
                );
                self.complain("mount.docker-socket", name, key, &what);
            }
        } else if !self.paths.provide(source) {
            let what = format!(
                "`{source}` would not exist on the host: define it under `folders` or `files` of x-pryvctl"
            );
            self.complain("mount.unmanaged", name, key, &what);
        } else if self.paths.stale(source) {
            let what = format!(
                "`{source}` is mounted as a single file, so the container keeps the old file when it changes: mount its folder, or write `on_change: restart`"
            );
            self.complain("mount.stale-file", name, key, &what);
        }
    }

    fn healthcheck(
        &mut self,
        name: &ServiceName,
        check: Option<&compose::Healthcheck>,
    ) -> Option<Healthcheck> {
        let check = check.filter(|check| !check.disable)?;
        let Some(test) = check.test.as_ref().map(|test| test.0.clone()) else {
            self.complain("role.unreadable", name, "healthcheck", "has no `test`");
            return None;
        };
        if test == ["NONE"] {
            return None;
        }
        let period = |period: Option<compose::Period>, default| period.map_or(default, |period| period.0);
        // Docker's own defaults.
        let usual = Duration::from_secs(30);
        Some(Healthcheck {
            test,
            interval: period(check.interval, usual),
            timeout: period(check.timeout, usual),
            retries: check.retries.map_or(3, |retries| retries.0),
            start_period: period(check.start_period, Duration::ZERO),
        })
    }
}

fn sorted(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    words.sort();
    words.dedup();
    words
}

fn tmpfs(text: &str) -> (String, String) {
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    (path.to_owned(), options.to_owned())
}

/// Whether somebody tried to use a template for a secret where nothing is rendered.
fn asks_for_secret(value: &str) -> bool {
    let mut templates = value.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    templates.any(|inside| inside.contains("secrets") || inside.contains("tls.key"))
}

/// Whether a mount holds Docker's socket.
fn opens_docker(source: &str) -> bool {
    let source = source.trim_end_matches('/');
    ["/var/run/docker.sock", "/run/docker.sock"].iter().any(|socket| {
        socket.strip_prefix(source).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
