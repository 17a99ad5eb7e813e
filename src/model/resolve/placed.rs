//! A role on a host, filled in; and how its problems are told.

use super::scope::scope;
use crate::model::{
    catalog::Catalog,
    compose::Fault,
    interpolate::{Unresolved, Why},
    inventory::{Host, Inventory},
    name::{HostName, RoleName},
    nearest::suggest,
    problem::{Place, Problem},
    role::{Allowance, ResolvedRole, Role, RoleError},
};

/// A role on a host.
pub(super) struct RoleInstance<'a> {
    pub role: &'a Role,
    pub bound: ResolvedRole,
    place: Option<Place>,
}

/// Fills in the roles of a host.
pub(super) fn place<'a>(
    inventory: &Inventory,
    catalog: &'a Catalog,
    (name, host): (&HostName, &Host),
) -> Result<Vec<RoleInstance<'a>>, Vec<Problem>> {
    let (mut placed, mut problems) = (Vec::new(), Vec::new());
    for reference in &host.roles {
        let place = Place::of(reference.referenced);
        let Some(role) = catalog.role(&reference.value) else {
            problems.push(unknown(catalog, &reference.value).at(place));
            continue;
        };
        let told = |problem: Problem| problem.at(place);
        match role.bind(&scope(inventory, name, host, [role])) {
            Ok(bound) => placed.push(RoleInstance { role, bound, place }),
            Err(RoleError::Unresolved(gaps)) => {
                problems.extend(gaps.into_iter().map(|gap| told(gap_problem(inventory, role, gap))));
            }
            Err(RoleError::Faults(faults)) => {
                problems.extend(faults.into_iter().map(|fault| told(fault_problem(role, fault))));
            }
        }
    }
    if problems.is_empty() { Ok(placed) } else { Err(problems) }
}

impl RoleInstance<'_> {
    /// A problem with this role.
    pub fn problem(&self, rule: &'static str, what: impl AsRef<str>) -> Problem {
        Problem::error(rule, format!("{}: {}", self.role.origin, what.as_ref())).at(self.place)
    }

    /// Its files and folders, each with the word for what it is.
    pub fn paths(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let files = self.bound.body.files.iter().map(|file| ("file", file.path.as_str()));
        files.chain(self.bound.body.folders.iter().map(|folder| ("folder", folder.path.as_str())))
    }

    /// Where the inventory gives the host this role.
    pub fn reference(&self) -> Option<Place> {
        self.place
    }

    /// Whether the role asks for something that is otherwise refused.
    pub fn allows(&self, allowance: Allowance) -> bool {
        self.role.head.allow.contains(&allowance)
    }
}

fn unknown(catalog: &Catalog, name: &RoleName) -> Problem {
    let names = catalog.names();
    let hint = suggest(name.as_str(), names.iter().map(RoleName::as_str));
    Problem::error("role.unknown", format!("there is no role `{name}`")).hint(hint)
}

fn fault_problem(role: &Role, fault: Fault) -> Problem {
    Problem::error("role.unreadable", fault.within(&role.origin))
}

fn gap_problem(inventory: &Inventory, role: &Role, gap: Unresolved) -> Problem {
    let at = format!("{}: `{}`", role.origin, gap.path);
    match gap.why {
        Why::Syntax(what) => Problem::error("variable.syntax", format!("{at}: {what}")),
        Why::Missing(name, _) if inventory.secrets.contains_key(&name) => {
            let what = format!("{at} uses the secret `{name}`, which `docker inspect` would show");
            Problem::error("secret.exposed", what).hint("render it into a file with `files` of x-pryvctl")
        }
        Why::Missing(name, message) => {
            let message = message.map(|message| format!(": {message}")).unwrap_or_default();
            let problem =
                Problem::error("variable.missing", format!("{at} needs the variable `{name}`{message}"));
            match name.strip_suffix("_VERSION") {
                _ if name == "REGISTRY" => {
                    problem.hint("add `registry:` with its `address` to the inventory")
                }
                Some(version) => {
                    problem.hint(format!("add `{}: ...` to `versions`", version.to_ascii_lowercase()))
                }
                None => problem
                    .hint(format!("add `{name}: ...` to `variables` of the platform, the zone or the host")),
            }
        }
    }
}
