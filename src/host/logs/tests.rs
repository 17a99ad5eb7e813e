//! The script against a socket that speaks as Docker does.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    process::{Child, Stdio},
    thread,
};

use super::*;

/// A line of a log in one frame, at a second of a minute.
fn frame(stream: u8, second: u8, text: &str) -> Vec<u8> {
    let said = format!("2026-11-29T10:00:{second:02}.000000000Z {text}");
    let length = u32::try_from(said.len()).unwrap().to_be_bytes();
    [&[stream, 0, 0, 0][..], &length, said.as_bytes()].concat()
}

/// Answers each request by its path and query.
fn docker(name: &str, answer: fn(&str, &mut UnixStream)) -> PathBuf {
    let path = std::env::temp_dir().join(format!("pryvctl-logs-{name}-{}", std::process::id()));
    std::fs::remove_file(&path).unwrap_or_default();
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let (mut stream, mut asked) = (stream.unwrap(), [0; 1024]);
                let length = stream.read(&mut asked).unwrap();
                let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
                answer(asked.split(' ').nth(1).unwrap(), &mut stream);
            });
        }
    });
    path
}

fn say(stream: &mut UnixStream, frames: &[Vec<u8>]) {
    // Whoever has heard enough hangs up.
    stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Type: any\r\n\r\n").unwrap_or_default();
    frames.iter().for_each(|frame| stream.write_all(frame).unwrap_or_default());
}

fn run(path: &std::path::Path, names: &[&str], query: Query) -> Child {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let script = script(&names, query).replace("/run/docker.sock", path.to_str().unwrap());
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// All it said: lines, complaints and how it ended.
fn said(mut child: Child) -> (String, String, Option<i32>) {
    let stdin = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("2026-11-29T10:00:", "");
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn lines_of_several_containers_come_in_order_of_time() {
    let path = docker("order", |asked, stream| match asked.split('/').nth(2).unwrap() {
        "a" => say(stream, &[frame(1, 1, "first\n"), frame(2, 4, "fourth\n"), frame(1, 5, "fifth\n")]),
        "b" => {
            say(stream, &[frame(1, 2, "second\n")]);
            thread::sleep(std::time::Duration::from_millis(300));
            stream.write_all(&frame(1, 3, "third\n")).unwrap();
            // In the middle of a line, the head of the next frame, and no more.
            stream.write_all(&frame(1, 6, "the end")).unwrap();
            stream.write_all(&[1, 0, 0]).unwrap();
        }
        _ => stream
            .write_all(b"HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"No such container: c\"}\n")
            .unwrap(),
    });
    let (lines, complaints, code) = said(run(&path, &["a", "c", "b"], Query::default()));
    insta::assert_snapshot!(lines, @r"
    0 01.000000000Z first
    2 02.000000000Z second
    2 03.000000000Z third
    0 04.000000000Z fourth
    0 05.000000000Z fifth
    2 06.000000000Z the end
    ");
    assert_eq!((complaints.as_str(), code), ("c: No such container: c\n", Some(0)));
}

#[test]
fn a_line_without_end_is_cut() {
    let path = docker("long", |_, stream| {
        let part = "x".repeat(MOST);
        let parts = (1..9).map(|second| frame(1, second, &part));
        let other = [frame(2, 2, "between\n"), frame(1, 9, "end\n")];
        say(stream, &parts.chain(other).collect::<Vec<_>>());
    });
    let (lines, _, _) = said(run(&path, &["a"], Query::default()));
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_by_key(|line| line.len());
    assert_eq!(lines[0], "0 02.000000000Z between");
    let expected = format!("0 01.000000000Z {}... ({} bytes)", "x".repeat(MOST), 8 * MOST + 3);
    assert!(lines[1..] == [expected], "{} lines", lines.len());
}

#[test]
fn it_follows_until_nobody_listens() {
    let path = docker("follow", |asked, stream| match asked.contains("follow=1") {
        false => say(stream, &[frame(1, 1, "old\n")]),
        true => {
            say(stream, &[frame(1, 2, "new\n")]);
            // For good, or until the other side hangs up.
            stream.read_to_end(&mut Vec::new()).unwrap();
        }
    });
    let mut child = run(&path, &["a", "b"], Query { follow: true, ..Query::default() });
    let (mut heard, mut piece) = (String::new(), [0; 256]);
    while heard.matches("new").count() < 2 {
        let length = child.stdout.as_mut().unwrap().read(&mut piece).unwrap();
        assert_ne!(length, 0, "{heard}");
        heard.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
    assert_eq!(heard.matches("old").count(), 2, "{heard}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_asked_for_is_asked_of_docker() {
    let path = docker("asked", |asked, stream| say(stream, &[frame(1, 1, &format!("{asked}\n"))]));
    let since = "2026-11-29T09:00:00.5Z".parse().ok();
    let (lines, _, _) = said(run(&path, &["a"], Query { follow: false, since, tail: Some(7) }));
    let (asked, until) = lines.rsplit_once("&until=").unwrap();
    insta::assert_snapshot!(asked, @"0 01.000000000Z /containers/a/logs?stdout=1&stderr=1&timestamps=1&tail=7&since=1795942800.500000000");
    assert!(until.trim().parse::<f64>().unwrap() > 1.7e9, "{until}");
}

#[test]
fn a_docker_that_is_not_there_is_a_failure_with_a_reason() {
    let (lines, reason, code) = said(run("/nowhere/docker.sock".as_ref(), &["a"], Query::default()));
    assert_eq!(lines, "");
    assert_eq!((reason.as_str(), code), ("cannot connect: No such file or directory", Some(1)));
}

#[test]
fn what_is_no_line_is_a_complaint() {
    let line =
        |container, text: &str| Entry::Line(Line { container, time: "T".to_owned(), text: text.to_owned() });
    assert_eq!(entry("3 T a text"), line(3, "a text"));
    assert_eq!(entry("3 T "), line(3, ""));
    assert_eq!(entry("3 T from Windows\r"), line(3, "from Windows"));
    assert_eq!(entry("perl: warning"), Entry::Complaint("perl: warning".to_owned()));
    let mut heard = BytesMut::from("one\ntwo\nthr");
    assert_eq!(take_line(&mut heard).as_deref(), Some("one"));
    assert_eq!(take_line(&mut heard).as_deref(), Some("two"));
    assert_eq!(take_line(&mut heard), None);
    assert_eq!(heard, "thr");
}
