//! Asking from the host what was started, until it answers as it should.

use std::{net::IpAddr, time::Duration};

use super::{Session, apply::ApplyError};
use crate::model::{
    command::{Command, filled, quote},
    desired::HealthProbe,
};

/// Asks from the host until the answer is right.
pub async fn await_probe<S: Session>(
    session: &S,
    address: IpAddr,
    probe: &HealthProbe,
    within: Duration,
) -> Result<(), ApplyError> {
    let script = question(address, probe, within);
    let command = Command::login(script).within(within + Duration::from_secs(30));
    let output = session.exec(&command).await.map_err(|error| ApplyError::Session(Box::new(error)))?;
    if output.ok() {
        return Ok(());
    }
    Err(ApplyError::Probe {
        probe: probe.to_string(),
        seconds: within.as_secs(),
        last: output.stdout.lines().last().unwrap_or("no answer").to_owned(),
    })
}

/// The asking is done in one script on the host, so that a slow line to the controller costs no checks. A port is asked
/// at the host's own address: the service map leaves loopback alone.
fn question(address: IpAddr, probe: &HealthProbe, within: Duration) -> String {
    let ask = match probe {
        HealthProbe::Http(url) => format!(
            "code=$(curl -ksS -o /dev/null -m 5 -w '%{{http_code}}' {} 2>&1); echo \"$code\"; \
             case $code in 2??|3??) exit 0;; esac",
            quote(url)
        ),
        HealthProbe::Tcp(port) => {
            format!("bash -c 'exec 3<>/dev/tcp/{address}/{port}' 2>/dev/null && exit 0; echo refused")
        }
        HealthProbe::Dns(name) => dns(address, name),
        HealthProbe::Run(script) => {
            format!("timeout 10 sh -c {} 2>&1 && exit 0; echo \"exit code $?\"", quote(script))
        }
    };
    format!(
        "end=$(($(date +%s)+{})); while :; do {ask}; [ $(date +%s) -lt $end ] || exit 1; sleep 0.5; done",
        within.as_secs()
    )
}

/// A question of type A by bash, because a program that asks name servers is not on every host. A datagram must leave
/// in one piece, which `printf` alone does not promise. Of the answer's head (RFC 1035, 4.1.1) the fourth byte ends with
/// the error code, and the seventh and eighth count the answers.
fn dns(address: IpAddr, name: &str) -> String {
    let labels = name.trim_end_matches('.').split('.');
    let labels: String = labels.map(|label| format!(r"\x{:02x}{label}", label.len())).collect();
    let head = r"\x70\x76\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00";
    let ask = format!(
        r#"exec 3<>/dev/udp/{address}/53; printf "{head}{labels}\x00\x00\x01\x00\x01" |
dd bs=512 count=1 iflag=fullblock status=none >&3; timeout 2 head -c 12 <&3 | od -An -v -tx1"#
    );
    filled(include_str!("probe/dns.sh"), [("@ASK@", &quote(&ask))])
}
