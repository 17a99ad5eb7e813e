//! What a role may not lay its hands on: what pryvctl and its controls write themselves, of which they would take turns with the
//! role, and what a login depends on. Files of roles are written without the guard, so nothing would take such a change back.

use std::path::{Path, PathBuf};

use super::placed::RoleInstance;
use crate::model::{control::Hardening, place, problem::Problem};

/// Files and folders without which nobody logs in or becomes root.
const LOGIN: [&str; 17] = [
    "/etc/environment",
    "/etc/group",
    "/etc/gshadow",
    "/etc/hosts.allow",
    "/etc/hosts.deny",
    "/etc/ld.so.preload",
    "/etc/nologin",
    "/etc/nsswitch.conf",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/security",
    "/etc/shadow",
    "/etc/shells",
    "/etc/ssh",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/root/.ssh",
];

/// Whose a place is already.
struct Taken {
    place: PathBuf,
    why: &'static str,
}

/// Every file and folder of the host's roles in a place that is taken, and every folder that holds one.
pub(super) fn check(roles: &[RoleInstance], data: &Path, hardening: &Hardening, problems: &mut Vec<Problem>) {
    let taken: Vec<Taken> = taken(data, hardening).collect();
    let notes = place::versions(data);
    for placed in roles {
        for (kind, path) in placed.paths() {
            let at = Path::new(path);
            // What holds the notes may be a role's, as long as nobody else writes there.
            let holds =
                |taken: &Taken| kind == "folder" && taken.place.starts_with(at) && taken.place != notes;
            let found = taken.iter().find(|taken| at.starts_with(&taken.place) || holds(taken));
            let why = found.map(|taken| taken.why).or_else(|| is_key(at).then_some(LOGIN_WHY));
            problems.extend(why.map(|why| problem(placed, kind, path, why)));
        }
    }
}

const LOGIN_WHY: &str = "logins depend on this path, and changes of a role are not reverted automatically";

fn taken(data: &Path, hardening: &Hardening) -> impl Iterator<Item = Taken> {
    let ours =
        place::own(data).into_iter().chain(hardening.known.iter().flat_map(|control| control.kind.files()));
    let ours = ours.map(|place| Taken { place, why: "pryvctl itself writes there" });
    LOGIN.map(|place| Taken { place: place.into(), why: LOGIN_WHY }).into_iter().chain(ours)
}

/// The keys of an account, wherever its home is.
fn is_key(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".ssh")
}

fn problem(placed: &RoleInstance, kind: &str, path: &str, why: &str) -> Problem {
    placed
        .problem("path.reserved", format!("the {kind} `{path}` cannot belong to a role: {why}"))
        .hint(format!("give the {kind} another place, e.g. below `${{DATA}}`"))
}
