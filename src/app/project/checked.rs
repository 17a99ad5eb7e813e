//! An inventory that was read and checked, and the roles beside it. The folder of roles is read once.

use std::path::{Path, PathBuf};

use super::{ProjectError, Rehearsal, folder};
use crate::{
    app::problems::Problems,
    lab,
    model::{catalog::Catalog, inventory::Inventory, problem::Severity},
};

/// An inventory that was read and checked, with all roles that there are for it.
pub struct Checked {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// As written.
    pub inventory: Inventory,
    pub(super) catalog: Catalog,
}

impl Checked {
    /// Reads and checks an inventory, and tells its warnings.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(path: &Path, warn: &dyn Fn(&Problems)) -> Result<Self, ProjectError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProjectError::Inventory { path: path.to_owned(), source })?;
        let problems = |list| Problems::of(path, &text, list);
        let inventory = Inventory::parse(&text).map_err(|list| ProjectError::Wrong(problems(list)))?;
        let catalog = catalog(&inventory, path)?;
        let found = inventory.check(&catalog.names()).into_iter();
        let (errors, warnings): (Vec<_>, Vec<_>) =
            found.partition(|problem| problem.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(ProjectError::Wrong(problems(errors)));
        }
        if !warnings.is_empty() {
            warn(&problems(warnings));
        }
        Ok(Self { path: path.to_owned(), text, inventory, catalog })
    }

    /// With a lab in the place of its hosts.
    pub(super) fn rehearsed(mut self, rehearsal: &Rehearsal) -> Result<Self, ProjectError> {
        let name = &rehearsal.lab;
        let name = if name.is_empty() { self.inventory.platform.as_str() } else { name };
        let lab = lab::open(name).map_err(ProjectError::Lab)?;
        lab::overlay(&mut self.inventory, &lab, rehearsal.secrets).map_err(ProjectError::Lab)?;
        Ok(self)
    }
}

/// The shipped roles, and those of the inventory's own folder.
fn catalog(inventory: &Inventory, path: &Path) -> Result<Catalog, ProjectError> {
    let unreadable = |problems| ProjectError::Wrong(Problems::of(path, "", problems));
    let shipped = Catalog::shipped().map_err(unreadable)?;
    let Some(own) = &inventory.roles else { return Ok(shipped) };
    let root = folder(path).join(own);
    let mut files = Vec::new();
    if let Err(source) = collect(&root, &root, &mut files) {
        return Err(ProjectError::Roles { path: root, source });
    }
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
