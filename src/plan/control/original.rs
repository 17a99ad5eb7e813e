//! The record of originals: written before an object is changed for the first time, and never overwritten.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{Part, rights, sysctl};
use crate::{
    change::{Change, sysctl::path},
    facts::state::HostState,
    model::{
        command::{Command, quote},
        control::{Control, Kind},
        desired::Desired,
        place::{self, ORIGINALS},
    },
    plan::step::{Step, Undo},
};

/// Functions that record one thing each, unless it is recorded. Copies are on the disk before the index names them, in one
/// go at the end; a line that a full disk cut short goes first. The shell's own echo would not say that the disk is full. Where it
/// can do so itself, the shell starts no program: that is slow on a small machine.
const FUNCTIONS: &str = r#"set -e; umask 077; mkdir -p files; touch index
[ -z "$(tail -c 1 index)" ] || { sed '$d' index >index.new; sync index.new; mv -f index.new index; }
end='
'; old="$end$(cat index)$end"; new=
known() { case "$old$new" in *"$end$1 $2$end"*|*"$end$1 $2 "*) ;; *) return 1;; esac; }
note() { new="$new$*$end"; }
keep_file() {
if known file "$1" || known absent "$1"; then return; fi
if [ ! -e "$1" ]; then keep_folder "${1%/*}"; note absent "$1"; return; fi
[ -d "files${1%/*}" ] || mkdir -p "files${1%/*}"
cp -pL "$1" "files$1.new"; mv -f "files$1.new" "files$1"; note file "$1"
}
keep_folder() { [ -e "$1" ] || { keep_folder "${1%/*}"; known folder "$1" || note folder "$1"; }; }
keep_sysctl() {
if known sysctl "$1" || [ ! -e "$2" ]; then return; fi
# The shell's own read takes one byte at a time, and a file of /proc/sys gives no second one.
key=$1; value=$(cat "$2"); set -f; set -- $value; set +f; note sysctl "$key" "$*"
}
keep_rights() {
case "$old$new" in *"${end}rights $1 "[0-7]*) return;; esac
! now=$(stat -L -c '%a %u %g' "$1" 2>/dev/null) || note rights "$1" "$now"
}
keep_brought() {
if known there "$1" || known absent "$1"; then return; fi
if [ -e "$1" ]; then note there "$1"; else note absent "$1"; fi
}
keep_control() { note control "$1"; }
keep_mount() { known mount "$1" || note mount "$1" "$(awk -v at="$1" '$2==at {options=$4} END {print options}' /proc/self/mounts)"; }
keep_unit() {
if known unit "$1"; then return; fi
enabled=$(systemctl is-enabled "$1" 2>/dev/null || true); active=$(systemctl is-active "$1" || true)
note unit "$1" "${enabled:-none} ${active:-none}"
}
"#;

/// Programs start slowly on a small machine.
const WITHIN: Duration = Duration::from_secs(300);

/// What is written by the steps of sshd and of the engine, also for other ends than controls.
const ELSEWHERE: [&str; 3] = [place::SSHD_CONFIG, place::SSHD_DROP_IN, place::DAEMON_JSON];

/// The step before all others of controls.
pub const STEP: &str = "originals.record";

/// The step after all that is wanted no more has gone back.
pub const GIVEN_UP: &str = "originals.given-up";

/// The step that records all that the controls look at and no earlier one recorded: also what is as it must be, since
/// somebody may spoil it, and what that made of it is nothing to come back to.
pub fn step(controls: &[(&Control, Vec<Part>)], desired: &Desired, state: &HostState) -> Option<Step> {
    let controls = || controls.iter().map(|(control, _)| *control);
    let known = &state.originals;
    let files: BTreeSet<PathBuf> =
        controls().flat_map(place::control_files).chain(ELSEWHERE.map(PathBuf::from)).collect();
    let files = files.iter().filter(|path| !known.files.contains_key(*path));
    let rights: BTreeSet<&Path> = controls().flat_map(|control| rights::matched_by(control, state)).collect();
    let rights = rights.into_iter().filter(|path| !known.rights.contains_key(*path));
    // Packages are not there yet, and may bring it, too.
    let brought: BTreeSet<&PathBuf> =
        desired.hardening.wanted().flat_map(|control| control.kind.brings()).collect();
    let brought =
        brought.into_iter().filter(|path| !known.files.contains_key(*path) && !known.there.contains(*path));
    let set = controls().map(|control| control.id.as_str()).filter(|id| !known.controls.contains(*id));
    let lines: Vec<String> = files
        .map(|path| format!("keep_file {}", quoted(path)))
        .chain(rights.map(|path| format!("keep_rights {}", quoted(path))))
        .chain(brought.map(|path| format!("keep_brought {}", quoted(path))))
        .chain(controls().flat_map(|control| live(control, state)))
        .collect();
    let set: Vec<String> = set.map(|id| format!("keep_control {}", quote(id))).collect();
    if lines.is_empty() && set.is_empty() {
        return None;
    }
    let script = format!(
        "mkdir -p -m 700 {ORIGINALS} && cd {ORIGINALS}\n{FUNCTIONS}{}\n\
         find files -exec sync {{}} +\nenv printf '%s' \"$new\" >>index\nsync index . ..",
        [&lines[..], &set].concat().join("\n")
    );
    let undo = Undo::Nothing("a record of how things are disturbs nothing");
    let step = Step::safe(STEP, Change::Run(Command::root(script).within(WITHIN)), undo);
    let why = match lines.len() {
        0 => "which controls are set is recorded".to_owned(),
        count => format!("{count} things are recorded as they are, for `harden --undo`"),
    };
    Some(step.because([why]))
}

/// A shell function that takes lines, given as one text, out of the record.
pub fn forget() -> String {
    format!(
        "forget() {{ cd {ORIGINALS} && {{ grep -vxF -e \"$1\" index > index.new; [ $? -le 1 ]; }} && \
         sync index.new && mv -f index.new index && sync .; }}"
    )
}

/// A script that takes these lines out of the record.
pub fn forget_lines(lines: &[String]) -> String {
    format!("{}\nforget {}", forget(), quote(&lines.join("\n")))
}

/// A script that removes the folders that came with us, if nobody uses them by now.
pub fn folders(state: &HostState) -> String {
    // A folder sorts before what is in it.
    let folders = state.originals.folders.iter().rev();
    folders
        .map(|folder| quote(&folder.display().to_string()))
        .map(|folder| format!("[ ! -d {folder} ] || rmdir --ignore-fail-on-non-empty {folder}\n"))
        .collect()
}

/// The step that takes out of the record that controls were set, and removes the folders that only they needed.
pub fn forgotten(controls: &[&Control], state: &HostState) -> Step {
    let ids: Vec<&str> = controls.iter().map(|control| control.id.as_str()).collect();
    let lines: Vec<String> = ids.iter().map(|id| format!("control {id}")).collect();
    let script = folders(state) + &forget_lines(&lines);
    let undo = Undo::Nothing("a harden that wants them again records them again");
    Step::safe(GIVEN_UP, Change::Run(Command::root(script)), undo)
        .because([format!("wanted no more: {}", ids.join(", "))])
}

fn quoted(path: &Path) -> String {
    quote(&path.display().to_string())
}

fn live(control: &Control, state: &HostState) -> Vec<String> {
    let known = &state.originals;
    match &control.kind {
        Kind::Sysctl(keys) => {
            let named = keys.keys().flat_map(|key| sysctl::named(key, state));
            let new = named.filter(|key| !known.sysctl.contains_key(*key));
            new.map(|key| format!("keep_sysctl {} {}", quote(key), path(key))).collect()
        }
        Kind::Mount(mount)
            if state.mounts.contains_key(&mount.path) && !known.mounts.contains_key(&mount.path) =>
        {
            vec![format!("keep_mount {}", quoted(&mount.path))]
        }
        Kind::Unit(unit) if !known.units.contains_key(&unit.name) => {
            vec![format!("keep_unit {}", quote(&unit.name))]
        }
        Kind::Mount(_)
        | Kind::Unit(_)
        | Kind::Module(_)
        | Kind::Sshd(_)
        | Kind::File(_)
        | Kind::Setting(_)
        | Kind::Line(_)
        | Kind::Without(_)
        | Kind::Permissions(_)
        | Kind::Package(_)
        | Kind::Daemon(_)
        | Kind::Audit(_) => Vec::new(),
    }
}
