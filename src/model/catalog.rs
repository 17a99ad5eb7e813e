//! All roles there are: those shipped with pryvctl, and those of a user's folder.

use std::collections::{BTreeMap, BTreeSet};

use include_dir::{Dir, DirEntry, include_dir};

use super::{compose::Fault, name::RoleName, problem::Problem, role::Role};

static SHIPPED: Dir = include_dir!("$CARGO_MANIFEST_DIR/roles");

/// Roles by name, and every text of their folders.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    roles: BTreeMap<RoleName, Role>,
    texts: BTreeMap<String, String>,
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
                    self.texts.retain(|path, _| !path.starts_with(&format!("{name}/")));
                    self.roles.insert(role.name.clone(), role);
                }
                Err(faults) => problems.extend(faults.into_iter().map(|fault| unreadable(&origin, fault))),
            }
        }
        self.texts.extend(added);
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
}

fn unreadable(origin: &str, fault: Fault) -> Problem {
    let key = if fault.path.is_empty() { String::new() } else { format!(" `{}`", fault.path) };
    Problem::error("role.unreadable", format!("{origin}:{key} {}", fault.message))
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
