//! A role: a folder with a `compose.yaml` and, beside it, the templates it renders.
//!
//! The file is a Compose file (see [`compose`](super::compose) for the supported keys) with one key more,
//! `x-pryvctl`, for what Compose does not know. A docker-compose.yml becomes a role by adding that key.
//!
//! ```yaml
//! services:
//!   register:
//!     image: ${REGISTRY}/pryvio/register:${PRYV_VERSION}
//!     networks: [frontend, backend]
//!     volumes: ["/var/pryv/register/conf:/app/conf:ro", "/var/pryv/register/log:/app/log"]
//!     depends_on: [redis]
//!   nginx:
//!     image: ${REGISTRY}/pryvio/nginx:1.9.0
//!     ports: ["443:443"]
//!     networks: [frontend]
//!   redis:
//!     image: ${REGISTRY}/pryvio/redis:1.9.0
//!     ports: ["6379:6379"]
//!     networks: [backend]
//!     volumes: ["redis:/data"]
//! networks: { frontend: {}, backend: { internal: true } }
//! volumes: { redis: {} }
//!
//! x-pryvctl:
//!   title: The register                # one line for people
//!   needs: { memory: 2GB, cpus: 1, disk: 20GB, data_disk: 15GB }   # feeds preflight; leave out what is by need
//!   after: [core]                      # roles whose services start before this one's on the same host
//!   upgrade:                           # its place in `upgrade --rolling`; how many hosts at a time says `deploy`
//!     after: [register-follower]       # roles whose hosts are upgraded before this one's
//!     zones: together                  # hosts of two zones at once; else `apart`
//!     irreversible: [redis]            # services whose data an older major version cannot read again; never start-first
//!     hooks:                           # called around a host's turn, with a context as JSON on stdin
//!       before: [{ run: "curl -fsS https://status.example.org/quiet", on: controller, within: 10s }]
//!       after: [{ haproxy: { socket: "lb1:9999", server: "web/{host}" }, on: controller }]   # ready; `before`: drains
//!       backup: [{ run: /usr/local/sbin/backup, within: 30m }]         # before a move of `irreversible`, on the host
//!         # without it, the inventory's `backup`
//!         # with `--lab` nothing is called that reaches out of the lab (`on: controller`, `haproxy`), but what says
//!         # `lab: true`; every hook that is called there has PRYVCTL_LAB=1 in its environment
//!   variables: { PRYV_VERSION: "1.9.2" }     # defaults; every value is a text, so numbers are quoted
//!   secrets: [redis_password]          # names the inventory must have under `secrets`
//!   allow: [docker-socket]             # what is otherwise refused: mounting /var/run/docker.sock
//!   open:                              # feeds the firewall; every published port must be named here
//!     - 443/tcp
//!     - { port: 6379/tcp, from: ["role:register-follower", "host:reg2", "zone:ch", admin, 10.0.0.0/8] }
//!   metadata: true                     # its containers may ask the cloud's metadata service, which gives credentials
//!   folders:                           # made before the containers start; content is never touched
//!     - { path: /var/pryv/register/log, mode: "0750", uid: 9999, gid: 9999 }
//!   files:                             # rendered with minijinja, or copied as they are
//!     - { template: register.yml.j2, path: /var/pryv/register/conf/register.yml, mode: "0640", uid: 9999,
//!         gid: 9999, service: register, on_change: restart }
//!     - { copy: mime.types, path: /var/pryv/nginx/conf/mime.types, service: nginx, on_change: reload }
//!         # or `none`, `{ signal: USR1 }`, `{ run: "nginx -s reload" }` inside the container
//!   health:                            # asked from the host after the cut-over
//!     - { service: nginx, http: "https://{{ host.address }}/status", within: 90s }
//!     - { service: redis, tcp: 6379, within: 30s }
//!     - { service: dns, dns: "reg.{{ domain }}", within: 30s }                   # an address on port 53
//!     - { service: redis, run: "redis-cli ping | grep -q PONG" }                  # as root; must end with 0
//! ```
//!
//! **Values.** YAML is parsed first; then `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `$$` are replaced in
//! every text of the file (not in `variables`, `needs`, `after`, `secrets`, `title`, `upgrade`, which stand still), so that a value can
//! never change the structure. Names, later ones win: the role's `variables`; the host's own `REGISTRY` (its address),
//! `PLATFORM`, `DOMAIN`, `ZONE`, `HOST`, `ADDRESS`, `PRIVATE_ADDRESS`, `DATA` (the data folder); the inventory's
//! `versions` (`pryv` gives `PRYV_VERSION`); the `variables` of the platform, of the zone, of the host.
//!
//! **Defaults.** `mode` is `"0640"` for a file and `"0750"` for a folder; `uid` (or `owner`) and `gid` (or `group`) are 0;
//! `on_change` is `restart`; `within` is `60s`. `service` may be left out where a role has only one; a file without one is
//! read by nobody who has to be told. Folders above a file or folder are made as root's, 0755. A folder or file must be
//! listed before a container may bind-mount it (system paths as `/dev/log` need no entry). An atomic write replaces the
//! file, and a container that mounts a single file would keep the old one: mount its folder, or use `restart`.
//!
//! **Calls between services.** A service calls those it names in `depends_on` by their names, at an address of their own that
//! stays while containers come and go (a line in the caller's `/etc/hosts`; both must share a network that is not
//! `internal`). The kernel leads it to the container that serves, so a new one is not called before it is healthy. Other
//! services are found by Docker's DNS, which names both containers while one replaces the other.
//!
//! **Networks.** Two roles of a host that name a network alike have two networks: neither reaches the other's containers.
//! Roles that give a network the same `name` (`networks: { backend: { name: shared } }`) share it; one that only joins
//! says `external: true`, too. Services of two roles that call one another need a network that both share.
//!
//! **Metadata.** Containers do not reach the addresses under which clouds tell their machines who they are
//! (169.254.0.0/16, fd00:ec2::/64, 100.100.100.200, 192.0.0.192), but for names (port 53), unless their role says
//! `metadata: true`.
//!
//! **Templates** (`{{ }}`, minijinja, an undefined value is an error) see [`template`](super::template). A template is
//! looked for in the role's folder, then at that path in the roles folder (`shared/nginx.conf.j2`), which is also where
//! `{% include %}` looks.
//!
//! **Secrets** are seen by templates only, as `secrets.NAME`; a file that used one is never shown. They are refused in
//! `environment`, in images and in health URLs: `docker inspect`, logs and plans show those.

mod extension;
mod health;
mod hook;
mod syntax;

use serde_json::{Map, Value};

pub use super::mode::{Id, Mode};
use super::{
    compose::{self, Fault},
    interpolate::{Scope, Unresolved, interpolate},
    name::RoleName,
};
use extension::HEAD;
pub use extension::{Allowance, Body, File, Folder, Head, Needs, Open, Source, Upgrade, Zones};
pub use health::{Health, Question};
pub use hook::{Haproxy, Hook, HookAction, Hooks, Side};
pub(super) use syntax::syntax_fault;

/// A role with its texts read but its variables not yet replaced.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its name: that of its folder.
    pub name: RoleName,
    /// Where it was read, as in `roles/core/compose.yaml`; for messages.
    pub origin: String,
    /// What stands still.
    pub head: Head,
    /// The Compose file without `x-pryvctl`.
    pub(super) compose: Value,
    /// The rest of `x-pryvctl`.
    pub(super) body: Value,
}

/// A role on a host, with its variables replaced.
#[derive(Debug, Clone)]
pub struct ResolvedRole {
    /// The Compose file.
    pub compose: compose::File,
    /// What is ours.
    pub body: Body,
}

impl Role {
    /// Reads a role's `compose.yaml`.
    ///
    /// # Errors
    /// Says what of the text is not YAML or not a role, with line and column where the YAML is broken.
    pub fn parse(name: RoleName, origin: String, text: &str) -> Result<Self, Vec<Fault>> {
        let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
        let parsed: Value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| vec![syntax_fault(&error, text)])?;
        let Value::Object(mut compose) = parsed else {
            return Err(vec![Fault::at("", "is empty: a role needs `services` and `x-pryvctl`")]);
        };
        let Some(extension) = compose.remove("x-pryvctl") else {
            return Err(vec![Fault::at("", "has no `x-pryvctl` key: with it a Compose file becomes a role")]);
        };
        // A place for anchors, as the Compose specification has it.
        compose.retain(|key, _| !key.starts_with("x-"));
        let Value::Object(extension) = extension else {
            return Err(vec![Fault::at("x-pryvctl", "must hold keys; `{}` for a role that needs none")]);
        };
        let (head, body): (Map<_, _>, Map<_, _>) =
            extension.into_iter().partition(|(key, _)| HEAD.contains(&key.as_str()));
        let (head, body) = (Value::Object(head), Value::Object(body));
        let head = compose::read("x-pryvctl", head).map_err(|fault| vec![fault])?;
        Ok(Self { name, origin, head, compose: Value::Object(compose), body })
    }

    /// Replaces the variables and reads what comes out.
    ///
    /// # Errors
    /// Texts that could not be filled in, or keys that do not fit.
    pub fn bind(&self, scope: &Scope) -> Result<ResolvedRole, RoleError> {
        let compose = interpolate("", self.compose.clone(), scope);
        let body = interpolate("x-pryvctl", self.body.clone(), scope);
        let (compose, body) = match (compose, body) {
            (Ok(compose), Ok(body)) => (compose, body),
            (compose, body) => {
                let gaps = [compose.err(), body.err()].into_iter().flatten().flatten();
                return Err(RoleError::Unresolved(gaps.collect()));
            }
        };
        let body = compose::read("x-pryvctl", body).map_err(|fault| RoleError::Faults(vec![fault]));
        match (compose::File::read(compose).map_err(RoleError::Faults), body) {
            (Ok(compose), Ok(body)) => Ok(ResolvedRole { compose, body }),
            (Err(unbound), _) | (_, Err(unbound)) => Err(unbound),
        }
    }
}

/// Why a role cannot be used on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleError {
    /// Values are missing.
    Unresolved(Vec<Unresolved>),
    /// Keys do not fit.
    Faults(Vec<Fault>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::desired::OnChange;

    const SAMPLE: &str = include_str!("../../../tests/data/roles/sample/compose.yaml");

    #[test]
    fn the_sample_role_is_read() {
        let role = Role::parse("sample".parse().unwrap(), "sample/compose.yaml".to_owned(), SAMPLE).unwrap();
        assert_eq!(role.head.needs.cpus, 1);
        let values = [("REGISTRY", "r.test"), ("DOMAIN", "d.test"), ("WEB_VERSION", "1.0.0")];
        let scope = values.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let bound = role.bind(&scope).unwrap();
        let images: Vec<_> = bound.compose.services.values().map(|service| service.image.as_str()).collect();
        assert_eq!(images, ["r.test/sample/store:7", "r.test/sample/web:1.0.0"]);
        assert_eq!(bound.body.files[1].on_change, Some(OnChange::Reload));
    }
}
