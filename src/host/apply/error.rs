//! Why a step failed.

use crate::{
    change::Refusal,
    host::error::{causes, short},
    model::{
        command::{Exit, Output},
        write::{CHANGED, CHANGED_SAYS},
    },
};

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The connection failed under it.
    #[error("{0}")]
    Session(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A script ended with an error.
    #[error("{exit}: {said}")]
    Command {
        /// How it ended.
        exit: String,
        /// The last lines it printed.
        said: String,
    },
    /// A file is not what it was when it was looked at, and was left alone.
    #[error("{0}")]
    Changed(String),
    /// What it would do is more than was meant.
    #[error("{}", .0.why)]
    Refused(Refusal),
    /// An image could not be pulled.
    #[error("cannot pull {image}: {reason}")]
    Pull {
        /// The image.
        image: String,
        /// Docker's words.
        reason: String,
        /// The way out.
        hint: &'static str,
    },
    /// Docker refused.
    #[error("cannot {what} {name}: {reason}")]
    Docker {
        /// What was asked.
        what: &'static str,
        /// Of what.
        name: String,
        /// Docker's words.
        reason: String,
    },
    /// A container did not become healthy.
    #[error("{container} is not healthy: {why}")]
    Unhealthy {
        /// The container.
        container: String,
        /// Why we stopped waiting.
        why: String,
        /// What the last health check printed.
        last_check: Option<String>,
        /// The container's last lines.
        log: Vec<String>,
    },
    /// A health check from the host failed.
    #[error("health check {probe} did not succeed within {seconds} s; last answer: {last}")]
    Probe {
        /// What was asked.
        probe: String,
        /// The longest wait.
        seconds: u64,
        /// The last answer.
        last: String,
    },
    /// A step needs Docker and Docker does not answer.
    #[error("docker does not answer on this host")]
    NoDocker,
}

/// How many lines of a failing script are shown.
const TAIL: usize = 8;

impl ApplyError {
    /// Docker refused.
    pub fn docker(what: &'static str, name: &str, error: &bollard::errors::Error) -> Self {
        Self::Docker { what, name: name.to_owned(), reason: causes(error) }
    }

    /// A script ended with an error.
    pub fn command(output: &Output) -> Self {
        let lines: Vec<&str> = output.stderr.lines().chain(output.stdout.lines()).collect();
        let said = lines[lines.len().saturating_sub(TAIL)..].iter().map(|line| short(line));
        let said = said.collect::<Vec<_>>().join("\n");
        // A command of a role may end with the same code, and says something else.
        if output.exit == Exit::Code(CHANGED)
            && output.stderr.lines().any(|line| line.ends_with(CHANGED_SAYS))
        {
            return Self::Changed(said);
        }
        Self::Command { exit: output.exit.to_string(), said }
    }

    /// The way out, where there is one beyond the message.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Pull { hint, .. } | Self::Refused(Refusal { hint, .. }) => Some((*hint).to_owned()),
            Self::Command { said, .. } if said.contains("No space left on device") => {
                Some("free space on the host (`df -h` shows where), then run again".to_owned())
            }
            Self::Changed(_) => Some("run again; the current state is read first".to_owned()),
            Self::NoDocker => Some("look at `systemctl status docker` on the host".to_owned()),
            Self::Unhealthy { .. } => Some("fix the image or its configuration, then run again".to_owned()),
            Self::Session(_) | Self::Command { .. } | Self::Docker { .. } | Self::Probe { .. } => None,
        }
    }

    /// Lines that explain the failure: the last health check and the log.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Unhealthy { last_check, log, .. } => {
                let check = last_check.iter().map(|check| format!("last check: {check}"));
                check.chain(log.iter().map(|line| format!("log: {line}"))).collect()
            }
            Self::Session(_)
            | Self::Command { .. }
            | Self::Changed(_)
            | Self::Refused(_)
            | Self::Pull { .. }
            | Self::Docker { .. }
            | Self::Probe { .. }
            | Self::NoDocker => Vec::new(),
        }
    }
}

impl From<Refusal> for ApplyError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_writer_says_that_a_file_changed() {
        let ended = |stderr: &str| Output {
            stderr: stderr.to_owned(),
            exit: Exit::Code(CHANGED),
            ..Output::default()
        };
        let said = ApplyError::command(&ended("/etc/x: changed since it was looked at\n"));
        assert!(matches!(said, ApplyError::Changed(_)), "{said}");
        for of_a_role in ["", "cannot reload: remote error in protocol\n"] {
            let said = ApplyError::command(&ended(of_a_role));
            assert!(matches!(said, ApplyError::Command { .. }), "{said}");
        }
    }
}
