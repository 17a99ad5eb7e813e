//! Commands in containers: their streams, their exit code, a terminal, and what becomes of them when nobody is there any more.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::{Command, Output, Stdio},
    thread,
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcgetattr, tcsetwinsize},
};

use super::{BOUND, Reading, World, until};

/// Runs the binary with a text on its stdin.
fn fed(world: &World, arguments: &[&str], text: &[u8]) -> Output {
    let mut command = world.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut stdin, text) = (child.stdin.take().unwrap(), text.to_vec());
    // Who reads nothing is no failure.
    let feed = thread::spawn(move || stdin.write_all(&text).unwrap_or_default());
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap();
    output
}

pub(super) fn streams_and_code_are_passed_on(world: &World, inventory: &str, host: &str) {
    let exec = |command: &[&str], text: &[u8]| {
        fed(world, &[&["exec", inventory, host, "left", "--"], command].concat(), text)
    };
    let ended = exec(&["sh", "-c", "echo out; echo err >&2; exit 7"], b"");
    assert_eq!(
        (ended.status.code(), &ended.stdout[..], &ended.stderr[..]),
        (Some(7), &b"out\n"[..], &b"err\n"[..])
    );
    // All bytes there are, and more than any buffer holds.
    let text: Vec<u8> =
        (0..4 << 20).map(|number: u32| number.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let back = exec(&["cat"], &text);
    assert_eq!((back.status.code(), back.stdout == text), (Some(0), true), "{} bytes", back.stdout.len());
    let unknown = exec(&["no-such-command"], b"");
    // Docker 20.10 says 126.
    assert!(matches!(unknown.status.code(), Some(126 | 127)), "{unknown:?}");
}

pub(super) fn a_terminal_is_lent(world: &World, host: &str) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let path = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
    let terminal = || File::options().read(true).write(true).open(&path).unwrap();
    let size = |rows, columns| {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&controller, size).unwrap();
    };
    size(33, 77);
    let (held, before) = (terminal(), tcgetattr(terminal()).unwrap().local_modes);
    let mut command = Command::new("setsid");
    command.args([
        "--ctty",
        "--wait",
        env!("CARGO_BIN_EXE_pryvctl"),
        "exec",
        "talk.yaml",
        host,
        "left",
        "--",
        "sh",
    ]);
    command.current_dir(world.path("")).stdin(terminal()).stdout(terminal()).stderr(terminal());
    let mut child = command.spawn().unwrap();
    let mut screen = Screen { controller: File::from(controller.try_clone().unwrap()), seen: Vec::new() };
    // Nothing is typed before the command has the terminal.
    screen.until(b"$ ");
    screen.line("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo at-a-$((1))-terminal");
    screen.until(b"at-a-1-terminal");
    screen.line("until [ \"$(busybox stty size)\" = '33 77' ]; do :; done; echo size-$((1))");
    screen.until(b"size-1");
    size(40, 100);
    screen.line("until [ \"$(busybox stty size)\" = '40 100' ]; do :; done; echo size-$((2))");
    screen.until(b"size-2");
    screen.line("echo begun-$((3)); sleep 1000; echo ended-$((3))");
    screen.until(b"begun-3");
    screen.line("\u{3}");
    screen.until(b"$ ");
    // As a terminal gets it, also what Docker puts in front of frames where there are some.
    screen.line("printf '\\001\\000\\002\\033[1m'; exit 9");
    screen.until(b"\x01\x00\x02\x1b[1m");
    assert_eq!(child.wait().unwrap().code(), Some(9), "{}", screen.text());
    assert_eq!(tcgetattr(&held).unwrap().local_modes, before, "the terminal is not as it was");
}

/// What a person at a terminal sees and types.
struct Screen {
    controller: File,
    seen: Vec<u8>,
}

impl Screen {
    fn line(&mut self, line: &str) {
        self.seen.clear();
        self.controller.write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    #[track_caller]
    fn until(&mut self, what: &[u8]) {
        let mut piece = [0; 4096];
        while !self.seen.windows(what.len()).any(|seen| seen == what) {
            match self.controller.read(&mut piece) {
                Ok(length @ 1..) => self.seen.extend_from_slice(&piece[..length]),
                ended => panic!("{ended:?} before {:?}: {}", String::from_utf8_lossy(what), self.text()),
            }
        }
    }

    fn text(&self) -> String {
        format!("{:?}", String::from_utf8_lossy(&self.seen))
    }
}

pub(super) fn whoever_leaves_ends_it(world: &World) {
    for host in ["one", "two"] {
        let sleeps = || world.on(host, "pgrep -f 'sleep [4]711' || true");
        let command = ["exec", "talk.yaml", host, "left", "--", "sh", "-c", "echo begun; sleep 4711 & wait"];
        let mut running = Reading::start(world, &command);
        assert_eq!(running.line(), "begun");
        assert_eq!(running.interrupt(), Some(130));
        until(BOUND, || sleeps().is_empty());
        let mut unread = Reading::start(world, &command);
        assert_eq!(unread.line(), "begun");
        drop(unread.stdout);
        assert_eq!(unread.child.wait().unwrap().code(), Some(141));
        until(BOUND, || sleeps().is_empty());
    }
    // The way to the host goes while nothing is said.
    let mut command =
        world.command(&["exec", "talk.yaml", "two", "left", "--", "sh", "-c", "echo begun; sleep 60"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut begun = [0; 6];
    child.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    world.on("two", "kill $(pgrep -u admin sshd)");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(8), "{said}");
    assert!(
        said.contains("two: connection lost") && said.contains("may still be running in the container"),
        "{said}"
    );
}
