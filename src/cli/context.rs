//! From files to a run: the inventory read, checked and resolved; the roles beside it; what it refers to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    args::{InventoryFile, Target},
    exit::Exit,
    material,
    problem::{self, Look},
    report::{Halt, Screen},
};
use crate::{
    fleet::{Member, Members},
    lab::{self, LabError},
    model::{
        catalog::Catalog,
        desired::Desired,
        inventory::{Inventory, SecondWay},
        material::Material,
        name::{HostName, RoleName},
        problem::{Problem, Severity},
        resolve::resolve,
        role::Upgrade,
        selector::Selector,
    },
    plan::{
        digest::hash,
        rollout::{Candidate, hook::Ground},
    },
};

/// An inventory with everything that belongs to it.
pub struct Loaded {
    folder: PathBuf,
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

impl Loaded {
    /// Reads, checks and resolves. Warnings are shown; errors end the command with all of them.
    pub fn load(file: &InventoryFile, missing: Missing, screen: &Screen) -> Result<Self, Halt> {
        let path = &file.inventory;
        let text = read(path)?;
        let mut inventory = parse(path, &text, screen)?;
        if let Some(name) = &file.lab {
            let name = if name.is_empty() { inventory.platform.as_str() } else { name };
            let lab = lab::open(name).map_err(halt)?;
            lab::overlay(&mut inventory, &lab, file.secrets()).map_err(halt)?;
        }
        let show = |problems: Vec<Problem>| shown(path, &text, &problems);
        let catalog = catalog(&inventory, path)?;
        let (material, mut absent) = material::read(&inventory, folder(path));
        match missing {
            Missing::Refused if !absent.is_empty() => return Err(show(absent)),
            Missing::Refused => {}
            Missing::Warned => {
                absent.iter_mut().for_each(|problem| problem.severity = Severity::Warning);
                warn(path, &text, &absent, screen);
            }
        }
        let desired = resolve(&inventory, &catalog, &material).map_err(show)?;
        let upgrades = catalog.names().into_iter().filter_map(|name| {
            let upgrade = catalog.role(&name)?.head.upgrade.clone();
            Some((name, upgrade))
        });
        let upgrades = upgrades.collect();
        let sources = sources(&text, &catalog);
        Ok(Self { folder: folder(path).to_owned(), inventory, material, desired, upgrades, sources })
    }

    /// The hosts the command line selects.
    pub fn members(&self, target: &Target) -> Result<Members, Halt> {
        let selector = Selector {
            hosts: target.host.clone(),
            roles: target.role.clone(),
            zones: target.zone.clone(),
            labels: target.label.clone(),
        };
        let selected = selector
            .select(&self.inventory)
            .map_err(|problem| Halt::new(Exit::Usage, &problem.message, problem.hint.clone()))?;
        let ground = if target.file.lab.is_some() { Ground::Lab } else { Ground::Platform };
        let member = |host: &HostName| {
            let desired = self.desired.get(host)?.clone();
            let mut login = self.inventory.login(host, &self.material)?;
            login.accept_new = target.accept_new_host_keys;
            login.known_hosts = material::expand(&login.known_hosts, &self.folder);
            self.expand(&mut login.identities);
            let mut second_way = self.inventory.second_way(host, &self.material);
            if let Some(SecondWay::Login(second)) = &mut second_way {
                second.accept_new = target.accept_new_host_keys;
                second.known_hosts = login.known_hosts.clone();
                self.expand(&mut second.identities);
            }
            let place = self.place(host, &desired)?;
            Some(Arc::new(Member { login, second_way, desired, place, ground }))
        };
        Ok(selected.iter().filter_map(member).collect())
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

/// Reads an inventory's text.
pub fn read(path: &Path) -> Result<String, Halt> {
    std::fs::read_to_string(path).map_err(|error| {
        let hint = "name an inventory that exists; `inventory/reference.yaml` shows every key".to_owned();
        Halt::new(Exit::Inventory, format!("cannot read {}: {error}", path.display()), Some(hint))
    })
}

/// Parses and checks an inventory. Warnings go to the screen.
pub fn parse(path: &Path, text: &str, screen: &Screen) -> Result<Inventory, Halt> {
    let inventory = Inventory::parse(text).map_err(|problems| shown(path, text, &problems))?;
    let names = catalog(&inventory, path)?.names();
    let (errors, warnings): (Vec<_>, Vec<_>) =
        inventory.check(&names).into_iter().partition(|problem| problem.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(shown(path, text, &errors));
    }
    warn(path, text, &warnings, screen);
    Ok(inventory)
}

fn warn(path: &Path, text: &str, warnings: &[Problem], screen: &Screen) {
    if !warnings.is_empty() {
        screen.painted(&problem::paint(warnings, &path.display().to_string(), text, screen.look()));
    }
}

fn shown(path: &Path, text: &str, problems: &[Problem]) -> Halt {
    let name = path.display().to_string();
    Halt {
        problems: problem::json(problems, &name, text),
        ..Halt::new(Exit::Inventory, problem::render(problems, &name, text, Look::Plain), None)
    }
}

fn halt(error: LabError) -> Halt {
    let hint = error.hint();
    Halt::new(Exit::Usage, error, hint)
}

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

/// The shipped roles, and those of the inventory's own folder.
fn catalog(inventory: &Inventory, path: &Path) -> Result<Catalog, Halt> {
    let unreadable = |problems: Vec<Problem>| shown(path, "", &problems);
    let shipped = Catalog::shipped().map_err(unreadable)?;
    let Some(own) = &inventory.roles else { return Ok(shipped) };
    let root = folder(path).join(own);
    let mut files = Vec::new();
    collect(&root, &root, &mut files).map_err(|error| {
        let hint = "check `roles` in the inventory".to_owned();
        Halt::new(Exit::Inventory, format!("cannot read {}: {error}", root.display()), Some(hint))
    })?;
    shipped.with(&own.display().to_string(), files).map_err(unreadable)
}

/// All files below a folder, with their paths relative to the root.
fn collect(root: &Path, folder: &PathBuf, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            files.push((name, std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
