//! All roles there are: those shipped with pryvctl, and those of a user's folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use include_dir::{Dir, DirEntry, include_dir};

use super::{compose::Fault, name::RoleName, order, problem::Problem, role::Role};

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
        order::sort(roles, after).map_err(|circle| {
            let circle = circle.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            vec![Problem::error("role.circle", format!("the roles {circle} form a cycle through `after`"))]
        })
    }

    /// Every text of the roles folder by its path below it.
    pub fn texts(&self) -> &Arc<BTreeMap<String, String>> {
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

    fn with(texts: &[(&str, &str)]) -> Result<Catalog, Vec<Problem>> {
        let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Catalog::shipped().unwrap().with("mine", texts.collect())
    }

    #[test]
    fn a_role_of_ones_own_replaces_the_shipped_one_with_all_its_files() {
        let shipped = Catalog::shipped().unwrap();
        let core = "core".parse().unwrap();
        assert!(shipped.texts.keys().filter(|path| path.starts_with("core/")).count() > 1);
        let mine = with(&[("core/compose.yaml", "services: {}\nx-pryvctl: { title: mine }")]).unwrap();
        assert_eq!(mine.role(&core).unwrap().head.title.as_deref(), Some("mine"));
        assert_eq!(mine.texts.keys().filter(|path| path.starts_with("core/")).count(), 1);
        assert_eq!(mine.names(), shipped.names());
    }

    #[test]
    fn files_are_found_in_the_roles_folder_and_then_among_the_shared() {
        let mine = with(&[("a/compose.yaml", "x-pryvctl: {}"), ("a/x.j2", ""), ("shared/y.j2", "")]).unwrap();
        let a = "a".parse().unwrap();
        assert_eq!(mine.find(&a, "x.j2").as_deref(), Some("a/x.j2"));
        assert_eq!(mine.find(&a, "shared/y.j2").as_deref(), Some("shared/y.j2"));
        assert_eq!(mine.find(&a, "y.j2"), None);
        assert!(!mine.names().contains(&"shared".parse().unwrap()));
    }

    #[test]
    fn roles_start_after_those_they_name() {
        let after = |roles: &str| format!("services: {{}}\nx-pryvctl: {{ after: [{roles}] }}");
        let (a, b) = (after("b, elsewhere"), after(""));
        let mine = with(&[("a/compose.yaml", a.as_str()), ("b/compose.yaml", b.as_str())]).unwrap();
        let names: Vec<RoleName> = ["a", "core", "b"].map(|name| name.parse().unwrap()).into();
        let order = mine.order(&names).unwrap();
        assert_eq!(order.iter().map(RoleName::as_str).collect::<Vec<_>>(), ["core", "b", "a"]);
    }

    #[test]
    fn every_role_that_cannot_be_read_is_told() {
        let broken = with(&[
            ("a/compose.yaml", ""),
            ("b/compose.yaml", "services: {}"),
            ("c/compose.yaml", "services:\n  a: 1\n  a: 2\n"),
            ("d/compose.yaml", "services: [\n"),
            ("E/compose.yaml", "x-pryvctl: {}"),
            ("f/compose.yaml", "x-pryvctl: 3"),
            ("g/compose.yaml", "x-pryvctl: { needs: { memroy: 4GB } }"),
            ("h/compose.yaml", "x-pryvctl: { needs: { memory: 4 } }"),
            ("i/compose.yaml", "x-pryvctl: { allow: [everything] }"),
            ("j/compose.yaml", "a: &a [*b]\nx-pryvctl: {}"),
        ]);
        let told: Vec<_> = broken.unwrap_err().into_iter().map(|problem| problem.message).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        mine/E/compose.yaml: `E` is not a name: use 1 to 63 lower-case letters, digits and inner hyphens
        mine/a/compose.yaml: is empty: a role needs `services` and `x-pryvctl`
        mine/b/compose.yaml: has no `x-pryvctl` key: with it a Compose file becomes a role
        mine/c/compose.yaml: line 3, column 3: `a` is defined twice
        mine/d/compose.yaml: line 1, column 11: this is not YAML: unclosed bracket '['
        mine/f/compose.yaml: `x-pryvctl`: must hold keys; `{}` for a role that needs none
        mine/g/compose.yaml: `x-pryvctl.needs.memroy`: `memroy` is not a known key: did you mean `memory`?
        mine/h/compose.yaml: `x-pryvctl.needs.memory`: invalid type: integer `4`, expected a string
        mine/i/compose.yaml: `x-pryvctl.allow[0]`: `everything` is not a valid value: use `docker-socket`
        mine/j/compose.yaml: line 1, column 8: there is no anchor of this name above
        ");
    }
}
