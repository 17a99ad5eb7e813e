//! What pryvctl writes as root must lie where no container can write: a container that may change a folder can put a link
//! into it, and the next run would write where the link leads.

use std::path::{Path, PathBuf};

use super::placed::RoleInstance;
use crate::model::{
    desired::{ManagedFolder, MountSource, Service},
    place,
    problem::Problem,
};

/// What others than root may write in.
struct Open<'a> {
    folder: PathBuf,
    /// Who, in words.
    who: String,
    /// A service, if it is one by its mount.
    service: Option<&'a Service>,
}

/// Folders in which every account of a host may write.
const EVERYBODYS: [&str; 3] = ["/dev/shm", "/tmp", "/var/tmp"];

/// Every file and folder of the host's roles that lies where others than root may write.
pub(super) fn check(
    roles: &[RoleInstance],
    data: &Path,
    folders: &[ManagedFolder],
    services: &[Service],
    problems: &mut Vec<Problem>,
) {
    let open: Vec<Open> = owned(folders).chain(mounted(services)).chain(everybodys()).collect();
    problems.extend(open.iter().filter_map(|open| over_notes(open, roles, data)));
    for placed in roles {
        for (kind, path) in placed.paths() {
            let inside =
                |open: &&Open| Path::new(path) != open.folder && Path::new(path).starts_with(&open.folder);
            if let Some(open) = open.iter().find(inside) {
                problems.push(problem(placed, kind, path, open));
            }
        }
    }
}

/// Who can write the notes which version opened which data can have an older version started on the data of a newer one.
fn over_notes(open: &Open<'_>, roles: &[RoleInstance], data: &Path) -> Option<Problem> {
    let notes = place::versions(data);
    let how = match (notes.starts_with(&open.folder), open.folder.starts_with(&notes)) {
        (true, _) => "holds",
        (false, true) => "lies in",
        (false, false) => return None,
    };
    let has = |placed: &&RoleInstance| match open.service {
        Some(service) => placed.role.name == service.role,
        None => placed.bound.body.folders.iter().any(|folder| Path::new(&folder.path) == open.folder),
    };
    let what = format!(
        "`{}`, {}, {how} `{}`, where pryvctl notes which version opened which data: who writes there can have an older \
         version started on the data of a newer one",
        open.folder.display(),
        open.who,
        notes.display()
    );
    let hint = match open.service {
        Some(_) => format!("mount folders below `{}`, or mount it with `:ro`", data.display()),
        None => "make root its owner, and let only the owner write, for example with mode 0755".to_owned(),
    };
    Some(roles.iter().find(has)?.problem("path.notes", what).hint(hint))
}

fn owned(folders: &[ManagedFolder]) -> impl Iterator<Item = Open<'_>> {
    let of_others = folders.iter().filter(|folder| folder.uid != 0 || folder.mode & 0o022 != 0);
    of_others.map(|folder| {
        let who = match folder.uid {
            0 => "in which users other than root may write".to_owned(),
            uid => format!("which belongs to user {uid}"),
        };
        Open { folder: folder.path.clone(), who, service: None }
    })
}

fn mounted(services: &[Service]) -> impl Iterator<Item = Open<'_>> {
    let mounts =
        services.iter().flat_map(|service| service.spec.mounts.iter().map(move |mount| (service, mount)));
    mounts.filter(|(_, mount)| !mount.read_only).filter_map(|(service, mount)| match &mount.source {
        MountSource::Bind(source) => {
            let who = format!("in which the container of `{}` may write", service.name);
            Some(Open { folder: source.into(), who, service: Some(service) })
        }
        MountSource::Volume(_) => None,
    })
}

fn everybodys<'a>() -> impl Iterator<Item = Open<'a>> {
    EVERYBODYS.iter().map(|folder| Open {
        folder: folder.into(),
        who: "in which every user may write".to_owned(),
        service: None,
    })
}

fn problem(placed: &RoleInstance, kind: &str, path: &str, open: &Open) -> Problem {
    let folder = open.folder.display();
    let what = format!(
        "the {kind} `{path}` lies in `{folder}`, {}: anyone who can write there could make pryvctl write another file of the host as root, through a \
         symbolic link",
        open.who
    );
    let hint = match (kind, open.service) {
        ("file", Some(_)) => {
            "put the file in a folder of its own, and mount that folder with `:ro`".to_owned()
        }
        ("file", None) => format!("put the file in a folder of its own, outside of `{folder}`"),
        (_, _) => format!("put the folder outside of `{folder}`"),
    };
    placed.problem("path.open", what).hint(hint)
}
