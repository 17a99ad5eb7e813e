//! From files to a run: the inventory read, checked and resolved; the roles beside it; what it refers to.

mod checked;
mod error;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use self::{checked::Checked, error::ProjectError};

use super::{material, problems::Problems};
use crate::{
    fleet::{Member, Members},
    lab::Secrets,
    model::{
        catalog::Catalog,
        desired::Desired,
        inventory::{Inventory, SecondWay},
        material::Material,
        name::{HostName, RoleName},
        problem::Problem,
        resolve::resolve,
        role::Upgrade,
        secret::{Secret, SecretSource},
        selector::Selector,
    },
    plan::{
        digest::hash,
        rollout::{Candidate, Direction, Stage, hook::Ground, stages},
    },
};

/// Which inventory, and whether a lab stands in for its hosts.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file.
    pub inventory: PathBuf,
    /// The lab.
    pub rehearsal: Option<Rehearsal>,
}

/// A lab that stands in for the hosts of an inventory.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Its name; empty: the platform's.
    pub lab: String,
    /// Which secrets it gets.
    pub secrets: Secrets,
}

/// Which hosts of a project, and how strangers among them are met.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Which hosts.
    pub selector: Selector,
    /// Whether keys of hosts never seen before are learnt.
    pub accept_new_host_keys: bool,
    /// Keys to log in with instead of those of the inventory; empty: as the inventory says.
    pub identities: Vec<PathBuf>,
}

/// An inventory with everything that belongs to it.
pub struct Project {
    folder: PathBuf,
    ground: Ground,
    /// As written.
    pub inventory: Inventory,
    /// What it refers to.
    pub material: Material,
    /// What every host must be.
    pub desired: BTreeMap<HostName, Desired>,
    /// What each role says about its place in a rollout.
    pub upgrades: BTreeMap<RoleName, Upgrade>,
    /// The inventory and every folder of roles, with the SHA-256 of what is in it.
    pub sources: BTreeMap<String, String>,
}

/// What a missing secret or file means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The end: hosts will be asked.
    Refused,
    /// A warning: nothing leaves this machine.
    Warned,
}

impl Project {
    /// Reads, checks and resolves, and tells warnings.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn load(source: &Source, missing: Missing, warn: &dyn Fn(&Problems)) -> Result<Self, ProjectError> {
        let mut checked = Checked::read(&source.inventory, warn)?;
        if let Some(rehearsal) = &source.rehearsal {
            checked = checked.rehearsed(rehearsal)?;
        }
        let Checked { path, text, inventory, catalog } = checked;
        let problems = |list| Problems::of(&path, &text, list);
        let (material, absent) = material::read(&inventory, folder(&path));
        if !absent.is_empty() {
            match missing {
                Missing::Refused => return Err(ProjectError::Wrong(problems(absent))),
                Missing::Warned => warn(&problems(absent).as_warnings()),
            }
        }
        let desired =
            resolve(&inventory, &catalog, &material).map_err(|list| ProjectError::Wrong(problems(list)))?;
        let upgrades = catalog.names().into_iter().filter_map(|name| {
            let upgrade = catalog.role(&name)?.head.upgrade.clone();
            Some((name, upgrade))
        });
        Ok(Self {
            folder: folder(&path).to_owned(),
            ground: if source.rehearsal.is_some() { Ground::Lab } else { Ground::Platform },
            upgrades: upgrades.collect(),
            sources: sources(&text, &catalog),
            inventory,
            material,
            desired,
        })
    }

    /// The hosts that are selected.
    ///
    /// # Errors
    /// Hosts are selected that there are not.
    pub fn members(&self, selection: &Selection) -> Result<Members, ProjectError> {
        let selected = selection.selector.select(&self.inventory).map_err(ProjectError::Selection)?;
        Ok(selected.iter().filter_map(|host| self.member(host, selection)).map(Arc::new).collect())
    }

    fn member(&self, host: &HostName, selection: &Selection) -> Option<Member> {
        let accept_new = selection.accept_new_host_keys;
        let desired = self.desired.get(host)?.clone();
        let mut login = self.inventory.login(host, &self.material)?;
        login.accept_new = accept_new;
        login.known_hosts = material::expand(&login.known_hosts, &self.folder);
        self.expand(&mut login.identities);
        if !selection.identities.is_empty() {
            login.identities.clone_from(&selection.identities);
        }
        let mut second_way = self.inventory.second_way(host, &self.material);
        if let Some(SecondWay::Login(second)) = &mut second_way {
            second.accept_new = accept_new;
            second.known_hosts = login.known_hosts.clone();
            self.expand(&mut second.identities);
        }
        let place = self.place(host, &desired)?;
        Some(Member { login, second_way, desired, place, ground: self.ground })
    }

    /// The hosts by role, in the order of their turns.
    ///
    /// # Errors
    /// Roles wait for one another.
    pub fn stages(&self, members: &Members, direction: Direction) -> Result<Vec<Stage>, ProjectError> {
        let hosts: Vec<_> = members.iter().map(|member| member.place.clone()).collect();
        stages(&hosts, &self.upgrades, direction).map_err(ProjectError::Cycle)
    }

    /// A secret that only some commands need, and the place in the inventory that names it.
    ///
    /// # Errors
    /// A variable that is not set, a file that cannot be read.
    pub fn secret(&self, source: &SecretSource, place: &[&str]) -> Result<Secret, Box<Problem>> {
        material::secret(source, self.inventory.place(place), &self.folder)
    }

    fn expand(&self, paths: &mut [PathBuf]) {
        for path in paths {
            *path = material::expand(path, &self.folder);
        }
    }

    /// Where a host stands among the others in a rollout.
    fn place(&self, name: &HostName, desired: &Desired) -> Option<Candidate> {
        let host = self.inventory.hosts.get(name)?;
        Some(Candidate {
            host: name.clone(),
            zone: host.zone.value.clone(),
            canary: host.labels.contains(CANARY),
            roles: host.roles.iter().map(|role| role.value.clone()).collect(),
            forward: desired.services.iter().map(|service| service.rollout).collect(),
            back: desired.services.iter().map(|service| service.rollback).collect(),
        })
    }
}

/// Who wants to be the first of its role in a rollout carries this label.
const CANARY: &str = "canary";

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

fn sources(inventory: &str, catalog: &Catalog) -> BTreeMap<String, String> {
    let mut folders: BTreeMap<String, BTreeMap<&str, &str>> = BTreeMap::new();
    for (path, text) in catalog.texts().iter() {
        let folder = path.split('/').next().unwrap_or(path);
        folders.entry(format!("roles/{folder}")).or_default().insert(path, text);
    }
    let folders = folders.into_iter().map(|(name, texts)| (name, hash(&serde_json::json!(texts))));
    folders.chain([("inventory".to_owned(), hash(&serde_json::json!(inventory)))]).collect()
}

#[cfg(test)]
impl Project {
    /// A project without hosts.
    pub fn nothing() -> Self {
        let text = "platform: acme\ndomain: acme.test\nadmin_networks: []\nzones: {}\nhosts: {}\n";
        let inventory = Inventory::parse(text).unwrap();
        let (folder, ground) = (PathBuf::new(), Ground::Platform);
        let (material, desired) = (Material::default(), BTreeMap::new());
        let (upgrades, sources) = (BTreeMap::new(), BTreeMap::new());
        Self { folder, ground, inventory, material, desired, upgrades, sources }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const TEXT: &str = "\
platform: acme
domain: acme.test
admin_networks: [192.0.2.0/24]
roles: own
registry: { address: 'r:5000', username: u, password: { env: PRYVCTL_TEST_NEVER_SET } }
ssh: { identities: [keys/id] }
zones: { eu: {} }
hosts:
  a: { address: 192.0.2.1, zone: eu, roles: [mine], labels: [canary] }
  b: { address: 192.0.2.2, zone: eu, roles: [mine] }
";

    /// What loading says of an inventory: warnings, and the project or the error.
    fn load(name: &str, text: &str, missing: Missing) -> (Vec<String>, Result<Project, ProjectError>) {
        let folder = std::env::temp_dir().join(format!("pryvctl-project-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("own/mine")).unwrap();
        std::fs::write(folder.join("own/mine/compose.yaml"), "services: {}\nx-pryvctl: {}\n").unwrap();
        let inventory = folder.join("inventory.yaml");
        std::fs::write(&inventory, text).unwrap();
        let warned = RefCell::new(Vec::new());
        let warn = |problems: &Problems| {
            warned.borrow_mut().extend(problems.list.iter().map(|problem| problem.rule.to_owned()));
        };
        let loaded = Project::load(&Source { inventory, rehearsal: None }, missing, &warn);
        std::fs::remove_dir_all(folder).unwrap();
        (warned.into_inner(), loaded)
    }

    #[test]
    fn a_project_has_its_hosts_and_says_who_is_the_canary() {
        let (warned, project) = load("hosts", TEXT, Missing::Warned);
        assert_eq!(warned, ["secret.variable"]);
        let project = project.unwrap();
        let selection =
            Selection { selector: Selector::default(), accept_new_host_keys: true, identities: Vec::new() };
        let members = project.members(&selection).unwrap();
        let canaries: Vec<_> = members.iter().map(|it| (it.host().as_str(), it.place.canary)).collect();
        assert_eq!(canaries, [("a", true), ("b", false)]);
        assert!(members[0].login.identities[0].ends_with("keys/id"));
        assert!(members[0].login.identities[0].is_absolute() && members[0].login.accept_new);
        let other = Selection { identities: vec![PathBuf::from("other")], ..selection.clone() };
        assert_eq!(project.members(&other).unwrap()[1].login.identities, other.identities);
        assert_eq!(project.stages(&members, Direction::Forward).unwrap().len(), 1);
        let unknown = Selector { hosts: vec!["mars".to_owned()], ..Selector::default() };
        let selection = Selection { selector: unknown, ..selection };
        let error = project.members(&selection).unwrap_err();
        insta::assert_snapshot!(format!("{error}; {}", error.hint().unwrap()), @"no host matches `mars`; use one of `a`, `b`");
    }

    #[test]
    fn what_is_wrong_is_a_value() {
        let (warned, refused) = load("refused", TEXT, Missing::Refused);
        assert_eq!(warned, [""; 0]);
        let Err(ProjectError::Wrong(problems)) = refused else { panic!("it goes on") };
        assert_eq!(problems.list[0].rule, "secret.variable");
        assert!(problems.text == TEXT && problems.file.ends_with("inventory.yaml"));
        let (_, roles) = load("roles", &TEXT.replace("own", "elsewhere"), Missing::Warned);
        assert!(matches!(roles, Err(ProjectError::Roles { .. })));
    }
}
