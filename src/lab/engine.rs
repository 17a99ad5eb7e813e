//! The local Docker engine, driven through its `docker` command line by tokio's processes.
//!
//! The command line, not the API, because it finds the engine by itself (contexts, `DOCKER_HOST`, rootless),
//! and because what the lab does can then be tried by hand, word for word.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use tokio::{io::AsyncWriteExt, process::Command};

use super::error::LabError;

/// The local engine.
#[derive(Debug, Clone)]
pub struct Docker {
    /// The folder with `config.json`, if not the user's own.
    config: Option<PathBuf>,
}

/// How a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Missing,
    /// It is there and does not run.
    Stopped,
    /// It runs.
    Running,
}

impl Docker {
    /// The engine, if it answers.
    ///
    /// # Errors
    /// [`LabError::NoDocker`] and [`LabError::EngineDown`].
    pub async fn connect() -> Result<Self, LabError> {
        let docker = Self { config: None };
        let answer = docker.ask(&["version", "--format", "{{.Server.Version}}"], b"").await?;
        if answer.status.success() { Ok(docker) } else { Err(LabError::EngineDown { said: said(&answer) }) }
    }

    /// The same engine with another folder for `config.json`, where the credentials of registries are.
    #[must_use]
    pub fn with_config(&self, folder: &Path) -> Self {
        Self { config: Some(folder.to_owned()) }
    }

    /// Runs `docker` with these arguments and gives what it printed, trimmed.
    ///
    /// # Errors
    /// [`LabError::Docker`] when it ends with an error code.
    pub async fn run(&self, args: &[&str]) -> Result<String, LabError> {
        self.feed(args, b"").await
    }

    /// Likewise, with something to read. Secrets go this way, never into the arguments.
    ///
    /// # Errors
    /// [`LabError::Docker`] when it ends with an error code.
    pub async fn feed(&self, args: &[&str], stdin: &[u8]) -> Result<String, LabError> {
        let answer = self.ask(args, stdin).await?;
        if answer.status.success() {
            return Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned());
        }
        Err(LabError::Docker { doing: args.join(" "), said: said(&answer) })
    }

    /// Runs `docker` where an error code is an answer like any other.
    ///
    /// # Errors
    /// [`LabError::NoDocker`] when there is no such command.
    pub async fn ask(&self, args: &[&str], stdin: &[u8]) -> Result<Output, LabError> {
        let mut command = Command::new("docker");
        command.args(args);
        if let Some(folder) = &self.config {
            command.env("DOCKER_CONFIG", folder);
        }
        talk(command, stdin).await.map_err(LabError::NoDocker)
    }

    /// How a container is.
    ///
    /// # Errors
    /// [`LabError::NoDocker`] when there is no such command.
    pub async fn look(&self, container: &str) -> Result<Standing, LabError> {
        let args = ["container", "inspect", "--format", "{{.State.Running}}", container];
        let output = self.ask(&args, b"").await?;
        Ok(match String::from_utf8_lossy(&output.stdout).trim() {
            "" => Standing::Missing,
            "true" => Standing::Running,
            _ => Standing::Stopped,
        })
    }
}

/// Runs a program to its end, gives it something to read and collects what it says.
pub(super) async fn talk(mut command: Command, stdin: &[u8]) -> io::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut input = child.stdin.take();
    let write = async {
        if let Some(pipe) = &mut input {
            // A program that ends without reading has an error code of its own to tell.
            pipe.write_all(stdin).await.ok();
        }
        drop(input);
    };
    let ((), output) = tokio::join!(write, child.wait_with_output());
    output
}

/// The last words of a failed program: few enough to read, enough to understand.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(6)..).unwrap_or_default();
    if last.is_empty() { output.status.to_string() } else { last.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn a_program_reads_its_input_and_tells_its_last_lines() {
        let fine = talk(sh("cat"), b"hello").await.unwrap();
        assert_eq!(fine.stdout, b"hello");
        let failed = talk(sh("seq 1 9 >&2; exit 3"), b"").await.unwrap();
        assert_eq!(said(&failed), "4\n5\n6\n7\n8\n9");
        let silent = talk(sh("exit 3"), b"").await.unwrap();
        assert_eq!(said(&silent), "exit status: 3");
    }

    #[tokio::test]
    async fn a_program_that_does_not_read_is_no_trouble() {
        let output = talk(sh("exec <&-; exit 0"), &vec![b'x'; 1 << 20]).await.unwrap();
        assert!(output.status.success());
    }
}
