//! What a hand does to a control, by its kind: each edit is one that somebody might make in good faith.

use pryvctl::model::{
    control::{Control, Form, Kind, Mount, UnitWish},
    place,
};

/// sshd closes its port for a moment when it reads its configuration again.
const RELOAD: &str = "systemctl reload ssh; sleep 0.5
until grep -q ':0016 00000000:0000 0A' /proc/net/tcp; do sleep 0.1; done";

/// A host key that sshd does not use.
pub const SPARE_KEY: &str = "/etc/ssh/ssh_host_spare_key";

/// One edit, and what must come of it.
pub struct Edit {
    /// Made as root on the host.
    pub script: String,
    /// The parts of the control it spoils.
    pub side: Side,
    /// The step that mends it.
    pub step: String,
}

/// Where the parts are that an edit spoils.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// In the running system.
    Live,
    /// In files.
    Kept,
    /// In both.
    Both,
    /// At this path alone.
    At(String),
}

impl Side {
    /// Whether a part lies there, by its place.
    pub fn has(&self, place: &str) -> bool {
        let live = place.ends_with("(live)");
        match self {
            Self::Live => live,
            Self::Kept => !live,
            Self::Both => true,
            Self::At(path) => place == path,
        }
    }
}

/// Every edit of a control's objects.
pub fn edits(control: &Control) -> Vec<Edit> {
    match &control.kind {
        Kind::Sysctl(keys) => {
            let live = keys.iter().map(|(key, value)| {
                let path = key.replace('.', "/");
                let value = other(key, &value.0);
                format!("for path in /proc/sys/{path}; do [ ! -e $path ] || echo {value} > $path; done")
            });
            let kept = keys.keys().map(|key| without(place::SYSCTL, &format!("{key} =")));
            vec![
                edit(live, Side::Live, "control.sysctl".to_owned()),
                edit(kept, Side::Kept, of_file(place::SYSCTL)),
            ]
        }
        Kind::Module(names) => {
            let gone = names.iter().map(|name| without(place::MODPROBE, &format!("install {name} ")));
            vec![edit(gone, Side::Kept, of_file(place::MODPROBE))]
        }
        Kind::Sshd(directives) => {
            // Our block comes first; what the host itself says below it would stay away.
            let first = |key: &String| format!("sed -i '0,/^{key} /{{/^{key} /d}}' {}", place::SSHD_CONFIG);
            let gone = directives.keys().map(first);
            let told = [RELOAD.to_owned()];
            vec![edit(gone.chain(told), Side::Both, "sshd.block".to_owned())]
        }
        Kind::File(file) => {
            let path = file.path.display().to_string();
            let of_ours = ["echo '# by hand' >>", "chmod 777", "rm"]
                .map(|hand| edit([format!("{hand} {path}")], Side::At(path.clone()), of_file(&path)));
            let of_others = file.traces().map(|(other, text)| {
                let gone = format!("sed -i '\\|{text}|d' {}", other.display());
                edit([gone], Side::At(other.display().to_string()), of_file(&path))
            });
            of_ours.into_iter().chain(of_others).collect()
        }
        Kind::Setting(settings) => {
            let path = settings.path.display().to_string();
            let join = match settings.form {
                Form::Space => " ",
                Form::Equals => "=",
                Form::SpacedEquals => " = ",
            };
            let added = settings.set.keys().map(|key| format!("echo '{key}{join}0' >> {path}"));
            let gone = settings.set.keys().map(|key| without(&path, key));
            vec![edit(added, Side::Kept, of_file(&path)), edit(gone, Side::Kept, of_file(&path))]
        }
        Kind::Line(line) => {
            let path = line.path.display().to_string();
            vec![edit([without(&path, &line.line)], Side::Kept, of_file(&path))]
        }
        Kind::Without(unwanted) => {
            let path = unwanted.path.display().to_string();
            let added = format!("sed -i '/^[^#].*{}/ s/$/ {}/' {path}", unwanted.beside, unwanted.word);
            vec![edit([added], Side::Kept, of_file(&path))]
        }
        // sshd does not start with a key that others may touch, so a key that it does not use is tried.
        Kind::Permissions(rights) if rights.paths.iter().any(|path| path.contains("ssh_host_")) => {
            let given = format!("chmod go+r {SPARE_KEY}");
            vec![edit([given], Side::At(SPARE_KEY.to_owned()), "control.permissions".to_owned())]
        }
        Kind::Permissions(rights) => {
            let given = rights.paths.iter().map(|path| format!("chmod -f go+w {path} || true"));
            vec![edit(given, Side::Both, "control.permissions".to_owned())]
        }
        Kind::Mount(mount) => of_mount(mount),
        Kind::Package(names) => {
            let gone = [format!("dpkg --force-depends --remove {} >/dev/null 2>&1", names.0.join(" "))];
            vec![edit(gone, Side::Both, "control.packages".to_owned())]
        }
        Kind::Unit(unit) => {
            let script = match unit.state {
                UnitWish::Enabled => format!("systemctl disable -q --now {}", unit.name),
                UnitWish::AtBoot => format!("systemctl disable -q {}", unit.name),
                UnitWish::Masked => format!("systemctl unmask -q {}", unit.name),
            };
            vec![edit([script], Side::Both, "control.units".to_owned())]
        }
        Kind::Daemon(keys) => {
            let gone = keys.keys().map(|key| {
                let value = r#"("[^"]*"|\{[^}]*\}|[^,}\s]+)"#;
                format!(
                    r#"perl -0pi -e 's/"{key}"\s*:\s*{value}\s*,?//; s/,(\s*\}})\s*$/$1\n/' {}"#,
                    place::DAEMON_JSON
                )
            });
            vec![edit(gone, Side::Both, "engine.daemon-json".to_owned())]
        }
        Kind::Audit(rules) => {
            let gone = rules.iter().map(|rule| without(place::AUDIT_RULES, rule));
            vec![edit(gone, Side::Kept, of_file(place::AUDIT_RULES))]
        }
    }
}

fn of_mount(mount: &Mount) -> Vec<Edit> {
    let path = mount.path.display().to_string();
    let opposite = |option: &String| match option.strip_prefix("no") {
        Some(opposite) => opposite.to_owned(),
        None => format!("{}=off", option.split('=').next().unwrap()),
    };
    let opposite: Vec<String> = mount.options.iter().map(opposite).collect();
    let live = [format!("mount -o remount,{} {path}", opposite.join(","))];
    // Where it is mounted from only a line of others says, and a hand takes its options away.
    let kept = match mount.made {
        None if path == "/home" => format!("sed -i -E '\\, {path} ,s/,(nodev|nosuid)//g' {}", place::FSTAB),
        None | Some(_) => format!("sed -i '\\, {path} ,d' {}", place::FSTAB),
    };
    let kept = [kept];
    vec![edit(live, Side::Live, "control.mount".to_owned()), edit(kept, Side::Kept, of_file(place::FSTAB))]
}

fn edit(script: impl IntoIterator<Item = String>, side: Side, step: String) -> Edit {
    let lines: Vec<String> = script.into_iter().collect();
    Edit { script: format!("set -e\n{}", lines.join("\n")), side, step }
}

fn of_file(path: &str) -> String {
    format!("control.{path}")
}

/// Takes the lines out that begin with a text, and keeps the rights of the file.
fn without(path: &str, start: &str) -> String {
    let start = start.replace('\'', "'\\''");
    format!(
        "START='{start}' awk 'index($0, ENVIRON[\"START\"]) != 1' {path} > {path}.hand; cat {path}.hand > {path}; rm {path}.hand"
    )
}

/// Another value that the kernel takes.
fn other(key: &str, value: &str) -> &'static str {
    match (key, value) {
        ("net.ipv4.ip_local_port_range", _) => "32768 60999",
        (_, "0") => "1",
        (_, _) => "0",
    }
}
