//! What a role wants to be called around a host's turn in a rollout.

use serde::Deserialize;

use crate::model::compose::Period;

/// The hooks of a role. A context as JSON is on their stdin: `{"moment", "host", "address", "zone", "roles"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// Before a host's turn. One that fails leaves the host untouched.
    pub before: Vec<Hook>,
    /// After it, however it ended.
    pub after: Vec<Hook>,
    /// Before a move that cannot be taken back.
    pub backup: Vec<Hook>,
}

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Words")]
pub struct Hook {
    /// What is called.
    pub action: HookAction,
    /// Where.
    pub on: Side,
    /// How long it may take.
    pub within: Period,
    /// Whether it is also called in a lab, where it reaches out of it; `PRYVCTL_LAB=1` tells it.
    pub lab: bool,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAction {
    /// A shell script.
    Run(String),
    /// HAProxy: the server drains before the turn and is ready after it.
    Haproxy(Haproxy),
}

/// A server of HAProxy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Haproxy {
    /// The runtime socket: a path, or host and port.
    pub socket: String,
    /// As in `web/{host}`: backend and server; `{host}` is the host's name.
    pub server: String,
}

/// Where a hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// On the host, as root.
    #[default]
    Host,
    /// Where pryvctl runs.
    Controller,
}

/// A hook as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    run: Option<String>,
    haproxy: Option<Haproxy>,
    #[serde(default)]
    on: Side,
    #[serde(default = "Period::minute")]
    within: Period,
    #[serde(default)]
    lab: bool,
}

impl TryFrom<Words> for Hook {
    type Error = String;
    fn try_from(words: Words) -> Result<Self, String> {
        let action = match (words.run, words.haproxy) {
            (Some(script), None) => HookAction::Run(script),
            (None, Some(haproxy)) => HookAction::Haproxy(haproxy),
            (Some(_), Some(_)) | (None, None) => {
                return Err("a hook needs either `run` or `haproxy`".to_owned());
            }
        };
        Ok(Self { action, on: words.on, within: words.within, lab: words.lab })
    }
}
