//! A lab, the real binary, and everything both ever said.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
    sync::Mutex,
    time::Instant,
};

use pryvctl::model::control::Controls;

use super::inside::Inside;

/// One lab with its inventory; gone when dropped, also after a failed test.
pub struct World {
    name: String,
    folder: PathBuf,
    transcript: Mutex<String>,
    inside: Inside,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Everything it said.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that a text was said.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let said = self.said();
        // Long lines are wrapped in tables; a space stands for any white space.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&said).contains(&flat(text)), "`{text}` is not in:\n{said}");
        self
    }
}

/// A run that goes on; killed when dropped.
pub struct Started {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Started {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a text stands in a line of its stderr.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        loop {
            let start = self.said.len();
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert_ne!(read, 0, "it ended without `{text}`:\n{}", self.said);
            if self.said[start..].contains(text) {
                return;
            }
        }
    }

    /// Waits until it ends, and gives every line it said with its time.
    pub fn lines(mut self) -> (Ran, Vec<(Instant, String)>) {
        let mut lines = Vec::new();
        loop {
            let start = self.said.len();
            if self.stderr.read_line(&mut self.said).unwrap() == 0 {
                return (self.finish(), lines);
            }
            lines.push((Instant::now(), self.said[start..].to_owned()));
        }
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }

    /// `kill -9`; nothing of it can tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself.
    pub fn finish(mut self) -> Ran {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ran { code, stdout, stderr: std::mem::take(&mut self.said) }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        self.child.wait().map(drop).unwrap_or_default();
    }
}

impl World {
    /// Brings a lab up for an inventory, which may use the role `web` with `roles: roles`.
    pub fn up(name: &str, inventory: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("pryvctl-fleet-{name}"));
        fs::remove_dir_all(&folder).unwrap_or_default();
        fs::create_dir_all(&folder).unwrap();
        let world =
            Self { name: name.to_owned(), folder, transcript: Mutex::default(), inside: Inside::default() };
        world.copy("tests/data/roles/web", "roles/web");
        world.write("inventory.yaml", inventory);
        // What a run that was killed left would be taken for this one's.
        world.run(&["lab", "down", name]).ends_with(0);
        world.run(&["lab", "up", "inventory.yaml", "--name", name]).ends_with(0);
        world
    }

    /// A file in the world's folder.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Writes a file into the world's folder. In an inventory `hardening: $NO_PACKAGES` leaves out what apt would take its
    /// time for.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text.replace("$NO_PACKAGES", &without_packages())).unwrap();
    }

    /// Copies a folder of test data into the world's folder.
    pub fn copy(&self, from: &str, to: &str) {
        let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(from);
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            self.write(&format!("{to}/{name}"), &fs::read_to_string(&path).unwrap());
        }
    }

    /// The command, not yet started, in the world's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pryvctl"));
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        command.env("PRYVCTL_JOURNAL", self.path("journal.jsonl"));
        command.env("PRYVCTL_HISTORY", self.path("history.db"));
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.finish(self.command(arguments), arguments)
    }

    /// Runs the binary with an environment.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        self.finish(command, arguments)
    }

    /// Runs the binary at a terminal, where a person answers its questions.
    pub fn run_at_terminal(&self, arguments: &[&str], environment: &[(&str, &str)], answers: &str) -> Ran {
        let line = format!("'{}' {}", env!("CARGO_BIN_EXE_pryvctl"), arguments.join(" "));
        self.write("answers", answers);
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(&self.folder);
        command.envs(environment.iter().copied()).stdin(fs::File::open(self.path("answers")).unwrap());
        self.finish(command, arguments)
    }

    /// Starts the binary, to see what it says on the way.
    pub fn start(&self, arguments: &[&str]) -> Started {
        self.start_with(arguments, &[])
    }

    /// The same with an environment.
    pub fn start_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Started {
        let mut command = self.command(arguments);
        command.envs(environment.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Started { child, stderr, said: String::new() }
    }

    fn finish(&self, mut command: Command, arguments: &[&str]) -> Ran {
        let output = command.output().unwrap();
        let ran = Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        let mut transcript = self.transcript.lock().unwrap();
        transcript.push_str(&format!("$ pryvctl {}\n{}{}\n", arguments.join(" "), ran.stdout, ran.stderr));
        ran
    }

    /// Runs a script inside a host, past SSH, and gives what it printed.
    #[track_caller]
    pub fn on(&self, host: &str, script: &str) -> String {
        let output = self.inside.shell(&self.container(host), script).output().unwrap();
        assert!(
            output.status.success(),
            "on {host}: {script}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a script inside a host with a text on its stdin, so that the text is in nobody's arguments.
    #[track_caller]
    pub fn feed(&self, host: &str, script: &str, text: &str) {
        let mut shell = self.inside.shell(&self.container(host), script);
        let mut child = shell.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "on {host}: {script}");
    }

    /// `--lab=NAME`.
    pub fn lab(&self) -> String {
        format!("--lab={}", self.name)
    }

    /// A file of the lab.
    pub fn lab_file(&self, file: &str) -> PathBuf {
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let state =
            state.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".local/state"));
        state.join("pryvctl/lab").join(&self.name).join(file)
    }

    /// The IPv4 and IPv6 address of a host of the lab.
    pub fn addresses(&self, host: &str) -> (String, String) {
        let state = self.state();
        let at = |family: &str| state["hosts"][host][family].as_str().unwrap().to_owned();
        (at("v4"), at("v6"))
    }

    /// The controller's addresses in the lab's network.
    pub fn gateways(&self) -> (String, String) {
        (self.in_network(1), self.in_network6(1))
    }

    /// The container of this machine that is a host.
    pub fn container(&self, host: &str) -> String {
        format!("pryvctl-lab-{}-{host}", self.name)
    }

    /// The lab's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The IPv4 address with this number in the lab's network.
    pub fn in_network(&self, number: u8) -> String {
        let network = self.state()["network"]["v4"].as_str().unwrap().to_owned();
        format!("{}.{number}", network.rsplit_once('.').unwrap().0)
    }

    /// The IPv6 address with this number in the lab's network.
    pub fn in_network6(&self, number: u8) -> String {
        let network = self.state()["network"]["v6"].as_str().unwrap().to_owned();
        format!("{}{number:x}", network.split_once('/').unwrap().0)
    }

    /// The names of the lab's hosts.
    pub fn hosts(&self) -> Vec<String> {
        self.state()["hosts"].as_object().unwrap().keys().cloned().collect()
    }

    /// What the lab wrote about itself.
    fn state(&self) -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(self.lab_file("lab.json")).unwrap()).unwrap()
    }

    /// A `docker` command of this machine about one container of the lab.
    #[track_caller]
    pub fn docker(&self, command: &str, host: &str) {
        let output = Command::new("docker").args([command, &self.container(host)]).output().unwrap();
        assert!(output.status.success(), "{command} {host}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes some hosts anew, each at its address.
    pub fn renew(&self, inventory: &str, hosts: &[&str]) {
        for host in hosts {
            let container = self.container(host);
            tool("docker", &["rm", "--force", &container]);
            tool("docker", &["volume", "rm", "--force", &format!("{container}-docker")]);
        }
        if !hosts.is_empty() {
            self.run(&["lab", "up", inventory, "--name", &self.name]).ends_with(0);
        }
    }

    /// Everything the binary ever said here.
    pub fn transcript(&self) -> String {
        self.transcript.lock().unwrap().clone()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let down = self.command(&["lab", "down", &self.name]).output();
        fs::remove_dir_all(&self.folder).unwrap_or_default();
        if !std::thread::panicking() {
            assert!(down.unwrap().status.success(), "the lab did not go");
        }
    }
}

/// The inventory's `hardening` without controls that install something.
fn without_packages() -> String {
    let controls = Controls::shipped().unwrap();
    let install = controls.iter().filter(|control| control.kind.packages().is_some());
    let skip = install.map(|control| format!("{{ control: {}, reason: apt takes its time }}", control.id));
    format!("{{ skip: [{}] }}", skip.collect::<Vec<_>>().join(", "))
}

/// Runs a program of this machine and gives what it printed, whatever its exit code.
pub fn tool(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
