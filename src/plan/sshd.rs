//! sshd: a drop-in of our own that comes first, because in sshd the first value wins.

use std::collections::BTreeMap;

use super::{
    Conflict,
    file::{file, own},
    step::{Action, Step, Undo},
};
use crate::{
    facts::state::HostState,
    model::{
        command::Command,
        desired::{Desired, ManagedFile},
        place,
    },
};

/// Debian's stock first line, which takes in our drop-in.
const STOCK_INCLUDE: &str = "/etc/ssh/sshd_config.d/*.conf";

/// How one may log in. A `Match` block elsewhere would override these, and plain `sshd -T` would not show it; inside
/// our own `Match all`, which comes first, they win.
const LOGIN: [&str; 6] = [
    "permitrootlogin",
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "pubkeyauthentication",
    "permitemptypasswords",
    "hostbasedauthentication",
];

/// The guarded steps that bring sshd to what it must be, if it is not.
pub fn steps(desired: &Desired, state: &HostState) -> Result<Vec<Step>, Conflict> {
    if desired.sshd.is_empty() {
        return Ok(Vec::new());
    }
    let want = own(place::SSHD_DROP_IN, drop_in(&desired.sshd), 0o600);
    let drop_in = file("sshd.drop-in", &want, state);
    let drifted = drifted(desired, state);
    let include = include(state, drop_in.is_none() && !drifted.is_empty());
    if let (Includes::Ours, None, Some(first)) = (&include, &drop_in, drifted.first()) {
        return Err(Conflict {
            thing: "sshd".to_owned(),
            found: format!("our drop-in comes first and still `sshd -T` does not show it: {first}"),
            way_out: "look for the value in /etc/ssh and in the options sshd was started with".to_owned(),
        });
    }
    if drop_in.is_none() && drifted.is_empty() {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    if let Includes::Missing(why) = include {
        steps.push(include_step(&why, &want));
    }
    steps.extend(drop_in.map(|step| guarded_drop_in(step, &want, &drifted)));
    steps.push(reload());
    Ok(steps)
}

/// Our drop-in: every directive, and those about logging in once more for all connections.
fn drop_in(directives: &[(String, String)]) -> String {
    let line = |(key, value): &(String, String)| format!("{key} {value}\n");
    let global: String = directives.iter().map(line).collect();
    let login = |(key, _): &&(String, String)| LOGIN.contains(&key.to_lowercase().as_str());
    let matched: String =
        directives.iter().filter(login).map(|directive| format!("    {}", line(directive))).collect();
    let all = if matched.is_empty() { String::new() } else { format!("Match all\n{matched}") };
    format!("# Written by pryvctl; changes are overwritten.\n{global}{all}")
}

/// Directives whose effective value is another one, in words.
fn drifted(desired: &Desired, state: &HostState) -> Vec<String> {
    let mut wanted: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for (key, value) in &desired.sshd {
        let entry = wanted.entry(key.to_lowercase()).or_insert_with(|| (key.clone(), Vec::new()));
        entry.1.push(value.clone());
    }
    wanted
        .iter()
        .filter_map(|(low, (key, values))| {
            let found = state.sshd.get(low).map(Vec::as_slice).unwrap_or_default();
            let shown = if found.is_empty() { "unset".to_owned() } else { found.join(" ") };
            (canonical(values) != canonical(found)).then(|| format!("{key}: {shown} -> {}", values.join(" ")))
        })
        .collect()
}

/// Values as `sshd -T` prints them: one name for two spellings, lists in any order.
fn canonical(values: &[String]) -> Vec<String> {
    let words = values.iter().flat_map(|value| value.split_whitespace()).map(str::to_lowercase);
    let mut words: Vec<String> = words
        .map(|word| if word == "without-password" { "prohibit-password".to_owned() } else { word })
        .collect();
    words.sort();
    words
}

/// Whether sshd's main file reads our drop-in before anything else.
enum Includes {
    /// By Debian's line for the whole folder.
    Stock,
    /// By a line of ours.
    Ours,
    /// No, and why that matters.
    Missing(String),
}

fn include(state: &HostState, overridden: bool) -> Includes {
    let main = state.files.get(std::path::Path::new(place::SSHD_CONFIG)).and_then(Option::as_ref);
    let text = main.and_then(|file| file.text.as_deref()).unwrap_or_default();
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let mut words = first.into_iter().flat_map(str::split_whitespace);
    let included = match words.next() {
        Some(word) if word.eq_ignore_ascii_case("include") => words.next(),
        Some(_) | None => None,
    };
    match included {
        Some(place::SSHD_DROP_IN) => Includes::Ours,
        Some(STOCK_INCLUDE) if !overridden => Includes::Stock,
        Some(STOCK_INCLUDE) => Includes::Missing("a drop-in that sorts before ours wins".to_owned()),
        Some(_) | None => {
            Includes::Missing("its first directive is not an Include of our drop-in".to_owned())
        }
    }
}

/// Returns when sshd listens anew: until then the old one takes logins, and a login that it took proves nothing. Where
/// systemd holds the socket and no sshd runs, the next connection finds the new configuration anyway.
pub const RELOAD: &str = r#"mkdir -p -m 755 /run/sshd && /usr/sbin/sshd -t && {
pid=$(systemctl show -p MainPID --value ssh)
[ "${pid:-0}" = 0 ] || {
before=$(readlink /proc/"$pid"/fd/*)
systemctl reload ssh && for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
[ "$(readlink /proc/"$pid"/fd/*)" = "$before" ] || break
sleep 0.2
done
}
}"#;

fn include_step(why: &str, want: &ManagedFile) -> Step {
    let (main, guard) = (place::SSHD_CONFIG, place::GUARD);
    let script = format!(
        "set -e; new={main}.pryvctl-new; cp -p {main} $new; {{ echo 'Include {drop_in}'; cat {main}; }} > $new; \
         mv -f $new {main}",
        drop_in = want.path.display()
    );
    let undo =
        format!("cp -p {guard}/sshd_config {main}.pryvctl-new && mv -f {main}.pryvctl-new {main}\n{RELOAD}");
    Step::safe("sshd.include", Action::Run(Command::root(script)), Undo::Run(Command::root(undo)))
        .because([format!("{main}: {why}"), format!("+ Include {} (as its first line)", want.path.display())])
        .guarded(Command::root(format!("cp -p {main} {guard}/sshd_config")))
}

fn guarded_drop_in(step: Step, want: &ManagedFile, drifted: &[String]) -> Step {
    let (path, guard) = (want.path.display(), place::GUARD);
    let save = format!("if [ -e {path} ]; then cp -p {path} {guard}/sshd-drop-in; fi");
    let undo = format!(
        "if [ -e {guard}/sshd-drop-in ]; then \
         cp -p {guard}/sshd-drop-in {path}.pryvctl-new && mv -f {path}.pryvctl-new {path}; \
         else rm -f {path}; fi\n{RELOAD}"
    );
    // What is asked is the whole of the new configuration, in the order in which sshd will read it.
    let check = format!(
        "set -e; umask 077; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cat > $d/new.conf; \
         printf 'Include %s\\nInclude %s\\n' $d/new.conf {} > $d/sshd_config; /usr/sbin/sshd -t -f $d/sshd_config",
        place::SSHD_CONFIG
    );
    Step { undo: Undo::Run(Command::root(undo)), ..step }
        .because(drifted.iter().cloned())
        .guarded(Command::root(save))
        .checked(Command::root(check).stdin(want.content.expose()))
}

fn reload() -> Step {
    let undo = Undo::Nothing("the ways back of the files before reload sshd themselves");
    Step::safe("sshd.reload", Action::Run(Command::root(RELOAD)), undo)
        .because(["sshd takes up its changed files; open sessions stay"])
        .guarded(Command::root("true"))
}
