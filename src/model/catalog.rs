//! All roles there are: those shipped with pryvctl, and those of a user's folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use include_dir::{Dir, DirEntry, include_dir};

use super::{compose::Fault, name::RoleName, problem::Problem, role::Role};

static SHIPPED: Dir = include_dir!("$CARGO_MANIFEST_DIR/roles");

/// Roles by name, and every text of their folders.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    roles: BTreeMap<RoleName, Role>,
    texts: Arc<BTreeMap<String, String>>,
}

impl Catalog {
    /// The roles shipped with pryvctl.
    ///
    /// # Errors
    /// A shipped role that does not parse: a defect of this build.
    pub fn shipped() -> Result<Self, Vec<Problem>> {
        let mut texts = Vec::new();
        collect(&SHIPPED, &mut texts);
        Self::default().with("roles", texts)
    }

    /// Adds the roles of a folder, given as its path for messages, and as path below it and text of every file. A role
    /// replaces the one of its name with all its files; a folder without a `compose.yaml` holds what roles share.
    ///
    /// # Errors
    /// Every role that cannot be read.
    pub fn with(mut self, folder: &str, texts: Vec<(String, String)>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let added: BTreeMap<_, _> = texts.into_iter().collect();
        for (path, text) in added.iter().filter(|(path, _)| path.ends_with("/compose.yaml")) {
            let origin = format!("{folder}/{path}");
            let name = path.trim_end_matches("/compose.yaml");
            let read = name.parse::<RoleName>().map_err(|error| vec![Fault::at("", error.to_string())]);
            match read.and_then(|name| Role::parse(name, origin.clone(), text)) {
                Ok(role) => {
                    Arc::make_mut(&mut self.texts).retain(|path, _| !path.starts_with(&format!("{name}/")));
                    self.roles.insert(role.name.clone(), role);
                }
                Err(faults) => problems.extend(
                    faults.iter().map(|fault| Problem::error("role.unreadable", fault.within(&origin))),
                ),
            }
        }
        Arc::make_mut(&mut self.texts).extend(added);
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    /// The names of all roles.
    pub fn names(&self) -> BTreeSet<RoleName> {
        self.roles.keys().cloned().collect()
    }

    /// A role.
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(name)
    }

    /// The order in which roles start, on a host and in a rollout: after those they name in `after`, else as given.
    ///
    /// # Errors
    /// Roles that wait for one another.
    pub fn order(&self, roles: &[RoleName]) -> Result<Vec<RoleName>, Vec<Problem>> {
        let after = |name: &RoleName| self.role(name).map(|role| role.head.after.clone()).unwrap_or_default();
        super::resolve::sort(roles, after).map_err(|circle| {
            let circle = circle.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            vec![Problem::error("role.circle", format!("the roles {circle} wait for one another by `after`"))]
        })
    }

    /// Every text of the roles folder by its path below it.
    pub(super) fn texts(&self) -> &Arc<BTreeMap<String, String>> {
        &self.texts
    }

    /// Where a file that a role names is found: in its own folder, or by its path below the roles folder.
    pub(super) fn find(&self, role: &RoleName, file: &str) -> Option<String> {
        [format!("{role}/{file}"), file.to_owned()].into_iter().find(|path| self.texts.contains_key(path))
    }
}

fn collect(dir: &Dir, texts: &mut Vec<(String, String)>) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, texts),
            DirEntry::File(file) => {
                let text = file.contents_utf8().unwrap_or_default();
                texts.push((file.path().to_string_lossy().into_owned(), text.to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_roles_are_read() {
        Catalog::shipped().unwrap();
    }
}
