//! Folders and files of a host, with their templates rendered.

use std::path::{Component, Path, PathBuf};

use super::placed::RoleInstance;
use crate::model::{
    catalog::Catalog,
    desired::{ManagedFile, ManagedFolder, OnChange},
    inventory::Zone,
    name::ServiceName,
    problem::Problem,
    role,
    secret::Secret,
    template::{Rendered, Renderer, Unrendered, View},
};

/// Paths of the host that are there without us.
const SYSTEM: [&str; 7] = ["/dev", "/etc", "/proc", "/run", "/sys", "/usr", "/var/run"];

/// Every path the roles of a host ask for, to judge what containers mount.
pub(super) struct Paths {
    folders: Vec<PathBuf>,
    files: Vec<(PathBuf, Option<OnChange>)>,
}

impl Paths {
    /// Of all roles of a host.
    pub fn of(roles: &[RoleInstance]) -> Self {
        let bodies = || roles.iter().map(|placed| &placed.bound.body);
        let file = |placed: &RoleInstance, file: &role::File| {
            let reader = file.service.clone().or_else(|| only_service(placed));
            (PathBuf::from(&file.path), reader.map(|_| file.on_change.clone().unwrap_or(OnChange::Restart)))
        };
        Self {
            folders: bodies()
                .flat_map(|body| &body.folders)
                .map(|folder| PathBuf::from(&folder.path))
                .collect(),
            files: roles
                .iter()
                .flat_map(|placed| placed.bound.body.files.iter().map(move |found| file(placed, found)))
                .collect(),
        }
    }

    /// Whether a path will be there when a container mounts it.
    pub fn provide(&self, source: &str) -> bool {
        let source = Path::new(source);
        let made = self.folders.iter().chain(self.files.iter().map(|(path, _)| path));
        SYSTEM.iter().any(|system| source.starts_with(system))
            || self.folders.iter().any(|folder| source.starts_with(folder))
            || made.into_iter().any(|path| path.starts_with(source))
    }

    /// Whether it is a file whose new version a container would not see.
    pub fn stale(&self, source: &str) -> bool {
        let follows = |on_change: &Option<OnChange>| *on_change == Some(OnChange::Restart);
        self.files.iter().any(|(path, on_change)| path == Path::new(source) && !follows(on_change))
    }
}

fn only_service(placed: &RoleInstance) -> Option<ServiceName> {
    let mut names = placed.bound.compose.services.keys();
    names.next().filter(|_| names.next().is_none()).cloned()
}

/// The service a part of a role speaks about: the one it names, or the only one there is.
pub(super) fn reader(
    placed: &RoleInstance,
    named: Option<&ServiceName>,
) -> Result<Option<ServiceName>, Box<Problem>> {
    let Some(name) = named else { return Ok(only_service(placed)) };
    if placed.bound.compose.services.contains_key(name) {
        return Ok(Some(name.clone()));
    }
    Err(Box::new(placed.problem(
        "service.unknown",
        format!("x-pryvctl names the service `{name}`, which the role does not define"),
    )))
}

/// The folders of a host; two roles may ask for the same one, if they agree.
pub(super) fn folders(roles: &[RoleInstance], problems: &mut Vec<Problem>) -> Vec<ManagedFolder> {
    let mut folders: Vec<ManagedFolder> = Vec::new();
    for placed in roles {
        for role::Folder { path, mode, uid, gid } in &placed.bound.body.folders {
            let path = checked(placed, path, problems);
            let folder = ManagedFolder { path, mode: mode.0, uid: uid.0, gid: gid.0 };
            match folders.iter().find(|other| other.path == folder.path) {
                Some(same) if *same == folder => {}
                Some(_) => {
                    let what = format!(
                        "the folder `{}` is also defined with another mode or owner",
                        folder.path.display()
                    );
                    problems.push(placed.problem("folder.clash", what));
                }
                None => folders.push(folder),
            }
        }
    }
    folders.sort();
    folders
}

fn checked(placed: &RoleInstance, text: &str, problems: &mut Vec<Problem>) -> PathBuf {
    let path = PathBuf::from(text);
    let plain = |part: Component| matches!(part, Component::RootDir | Component::Normal(_));
    if !path.is_absolute() || !path.components().all(plain) || path.parent().is_none() {
        problems.push(placed.problem("path.invalid", format!("`{text}` is not a whole path without `..`")));
    }
    path
}

/// Renders the files of a host.
pub(super) struct FileRenderer<'a> {
    pub catalog: &'a Catalog,
    pub renderer: &'a Renderer,
    pub view: &'a View,
    pub zone: Option<&'a Zone>,
}

impl FileRenderer<'_> {
    /// All files of a host, sorted by path.
    pub fn files(&self, roles: &[RoleInstance], problems: &mut Vec<Problem>) -> Vec<ManagedFile> {
        let mut files: Vec<ManagedFile> = Vec::new();
        for placed in roles {
            for wanted in &placed.bound.body.files {
                let path = checked(placed, &wanted.path, problems);
                match self.file(placed, wanted, path) {
                    Ok(file) if files.iter().any(|other| other.path == file.path) => {
                        let what =
                            format!("the file `{}` is defined twice for this host", file.path.display());
                        problems.push(placed.problem("file.clash", what));
                    }
                    Ok(file) => files.push(file),
                    Err(problem) => problems.push(*problem),
                }
            }
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        files
    }

    fn file(
        &self,
        placed: &RoleInstance,
        wanted: &role::File,
        path: PathBuf,
    ) -> Result<ManagedFile, Box<Problem>> {
        let Rendered { text, secret } = self.content(placed, wanted)?;
        let service = reader(placed, wanted.service.as_ref())?;
        let told = wanted.on_change.as_ref().filter(|on_change| **on_change != OnChange::None);
        if service.is_none() && told.is_some() {
            let what = format!("`{}` has `on_change` but no `service`", wanted.path);
            return Err(Box::new(placed.problem("service.unknown", what)));
        }
        let on_change = wanted.on_change.clone().unwrap_or(OnChange::Restart);
        Ok(ManagedFile {
            path,
            content: text,
            shown: !secret,
            mode: wanted.mode.0,
            uid: wanted.uid.0,
            gid: wanted.gid.0,
            read_by: service.map(|service| (service, on_change)),
        })
    }

    fn content(&self, placed: &RoleInstance, wanted: &role::File) -> Result<Rendered, Box<Problem>> {
        let found = |name: &str| {
            let missing =
                || Box::new(placed.problem("file.missing", format!("the role has no file `{name}`")));
            self.catalog.find(&placed.role.name, name).ok_or_else(missing)
        };
        match (&wanted.template, &wanted.copy) {
            (Some(template), None) => {
                let path = found(template)?;
                self.renderer.file(&path, self.view, self.zone).map_err(|error| unrendered(placed, &error))
            }
            (None, Some(copy)) => {
                let text = self.catalog.texts().get(&found(copy)?).cloned().unwrap_or_default();
                Ok(Rendered { text: Secret::new(text), secret: false })
            }
            (Some(_), Some(_)) | (None, None) => {
                let what = format!("`{}` needs either `template` or `copy`", wanted.path);
                Err(Box::new(placed.problem("role.unreadable", what)))
            }
        }
    }

    /// Renders a text of the role's file in which secrets have no place.
    pub fn text(&self, placed: &RoleInstance, text: &str) -> Result<String, Box<Problem>> {
        match self.renderer.text(text, self.view, self.zone) {
            Ok(rendered) if rendered.secret => {
                let what = format!("`{text}` holds a secret, but plans and logs show it");
                Err(Box::new(placed.problem("secret.exposed", what)))
            }
            Ok(rendered) => Ok(rendered.text.expose().to_owned()),
            Err(error) => Err(unrendered(placed, &error)),
        }
    }
}

fn unrendered(placed: &RoleInstance, error: &Unrendered) -> Box<Problem> {
    let hint = error.hint.map(ToOwned::to_owned);
    Box::new(Problem { hint, ..placed.problem("template.error", error.to_string()) })
}
