//! A check of a service after the cut-over, as a role writes it.

use serde::Deserialize;

use crate::model::{
    compose::{Period, PortNumber},
    name::ServiceName,
};

/// A check of a service, made on its host.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Words")]
pub struct Health {
    /// The service; may be left out where the role has only one.
    pub service: Option<ServiceName>,
    /// What is asked.
    pub question: Question,
    /// How long it may take.
    pub within: Period,
}

/// What is asked. Texts are templates.
#[derive(Debug, Clone)]
pub enum Question {
    /// An URL that must answer with 2xx or 3xx.
    Http(String),
    /// A port of the host that must accept.
    Tcp(PortNumber),
    /// A name for which the host must have an address on port 53.
    Dns(String),
    /// A script, as root, that must end with 0.
    Run(String),
}

/// A check as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    service: Option<ServiceName>,
    http: Option<String>,
    tcp: Option<PortNumber>,
    dns: Option<String>,
    run: Option<String>,
    #[serde(default = "Period::minute")]
    within: Period,
}

impl TryFrom<Words> for Health {
    type Error = String;
    fn try_from(Words { service, http, tcp, dns, run, within }: Words) -> Result<Self, String> {
        let asked = [
            http.map(Question::Http),
            tcp.map(Question::Tcp),
            dns.map(Question::Dns),
            run.map(Question::Run),
        ];
        let asked: Vec<Question> = asked.into_iter().flatten().collect();
        let [question] = <[Question; 1]>::try_from(asked)
            .map_err(|_| "a health check needs one of `http`, `tcp`, `dns` and `run`".to_owned())?;
        Ok(Self { service, question, within })
    }
}
