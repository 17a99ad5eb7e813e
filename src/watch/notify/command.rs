//! A program of this machine, which reads the message as JSON. It runs without a shell.

use std::process::Stdio;

use tokio::{io::AsyncWriteExt as _, process};

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(pub Vec<String>);

/// What a program gets of our environment, which may hold secrets.
const ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "LANG"];

impl Command {
    /// Runs it. It is killed if nobody waits for it any more.
    pub async fn send(&self, body: &str) -> Result<String, String> {
        let (program, arguments) = self.0.split_first().ok_or("there is no command")?;
        let kept = ENVIRONMENT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut child = process::Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(kept)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot run {program}: {error}"))?;
        let input = child.stdin.take();
        let write = async {
            if let Some(mut input) = input {
                // A program that does not read all of it may know enough.
                input.write_all(format!("{body}\n").as_bytes()).await.unwrap_or_default();
            }
        };
        let ((), ended) = tokio::join!(write, child.wait_with_output());
        let ended = ended.map_err(|error| format!("{program}: {error}"))?;
        if ended.status.success() {
            return Ok(ended.status.to_string());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        let last = said.lines().last().unwrap_or_default();
        Err(format!("{program} ended with {}: {last}", ended.status))
    }
}
