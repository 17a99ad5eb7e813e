//! The HAProxy hook against a socket that speaks as HAProxy does.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use pryvctl::{
    model::role::{Haproxy, Hook, HookAction, Side},
    plan::rollout::{
        Moment,
        hook::{Ground, script},
    },
};

/// Answers orders; the sessions of the server end one a look.
fn balancer(name: &str, mut sessions: u32) -> (PathBuf, Arc<Mutex<Vec<String>>>) {
    let path = std::env::temp_dir().join(format!("pryvctl-haproxy-{name}-{}", std::process::id()));
    std::fs::remove_file(&path).unwrap_or_default();
    let listener = UnixListener::bind(&path).unwrap();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut order) = (stream.unwrap(), String::new());
            stream.read_to_string(&mut order).unwrap();
            let answer = match order.trim() {
                "show stat" => {
                    let said =
                        format!("# pxname,svname,qcur,qmax,scur\nweb,one,0,0,{sessions}\nweb,two,0,0,9\n\n");
                    sessions = sessions.saturating_sub(1);
                    said
                }
                order if order.contains("web/one") => "\n".to_owned(),
                _ => "No such server.\n".to_owned(),
            };
            keep.lock().unwrap().push(order.trim().to_owned());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (path, heard)
}

fn run(path: &std::path::Path, server: &str, moment: Moment) -> (bool, String) {
    let action =
        HookAction::Haproxy(Haproxy { socket: path.display().to_string(), server: server.to_owned() });
    let within = pryvctl::model::compose::Period::default();
    let hook = Hook { action, on: Side::Controller, within, lab: false };
    let script = script(&hook, moment, &"one".parse().unwrap(), Ground::Platform);
    let output = Command::new("timeout").args(["20", "sh", "-c", &script]).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_server_drains_until_its_last_session_and_is_ready_again() {
    let (path, heard) = balancer("drain", 2);
    assert_eq!(run(&path, "web/{host}", Moment::Before), (true, String::new()));
    let said = heard.lock().unwrap().clone();
    assert_eq!(said, ["set server web/one state drain", "show stat", "show stat", "show stat"]);
    assert_eq!(run(&path, "web/{host}", Moment::After), (true, String::new()));
    assert_eq!(heard.lock().unwrap().last().unwrap(), "set server web/one state ready");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_server_that_is_not_there_is_a_failure() {
    let (path, _) = balancer("absent", 0);
    let (ok, said) = run(&path, "shop/{host}", Moment::Before);
    assert!(!ok && said.contains("No such server."), "{said}");
    std::fs::remove_file(&path).unwrap();
    let (ok, said) = run(&path, "web/{host}", Moment::Before);
    assert!(!ok && said.contains("cannot reach"), "{said}");
}
