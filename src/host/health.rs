//! Waiting until what was started also serves.

use std::{net::IpAddr, time::Duration};

use bollard::{
    Docker,
    container::LogOutput,
    models::{ContainerState, ContainerStateStatusEnum, HealthStatusEnum},
    query_parameters::{InspectContainerOptions, LogsOptionsBuilder},
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, sleep};

use super::{Session, apply::ApplyError, error::causes};
use crate::model::{
    command::{Command, quote},
    desired::HealthProbe,
};

/// Between two looks at a container or an address.
const PAUSE: Duration = Duration::from_millis(250);

/// A container without a health check counts as healthy once it has run this long without a restart.
const STEADY: Duration = Duration::from_secs(3);

/// How many of a failing container's last lines are shown.
const TAIL: usize = 15;

/// What a look at a container says.
enum Look {
    Healthy,
    NotYet(String),
    Hopeless(String),
}

/// Waits until a container is healthy; a failure carries its last log lines.
pub async fn await_healthy(docker: &Docker, container: &str, within: Duration) -> Result<(), ApplyError> {
    let started = Instant::now();
    loop {
        let seen = docker
            .inspect_container(container, None::<InspectContainerOptions>)
            .await
            .map_err(|error| ApplyError::docker("inspect", container, &error))?;
        let (restarts, state) = (seen.restart_count.unwrap_or(0), seen.state.unwrap_or_default());
        let why = match look(&state, restarts, started.elapsed()) {
            Look::Healthy => return Ok(()),
            Look::Hopeless(why) => why,
            Look::NotYet(_) if started.elapsed() < within => {
                sleep(PAUSE).await;
                continue;
            }
            Look::NotYet(why) => format!("{why} after {} s", within.as_secs()),
        };
        let last_check = last_check(&state);
        return Err(ApplyError::Unhealthy {
            container: container.to_owned(),
            why,
            last_check,
            log: tail(docker, container).await,
        });
    }
}

fn look(state: &ContainerState, restarts: i64, watched: Duration) -> Look {
    use ContainerStateStatusEnum as Status;
    if restarts > 2 {
        return Look::Hopeless(format!("it keeps ending with exit code {}", state.exit_code.unwrap_or(-1)));
    }
    match state.status.unwrap_or(Status::EMPTY) {
        Status::EXITED | Status::DEAD | Status::REMOVING => {
            Look::Hopeless(format!("it ended with exit code {}", state.exit_code.unwrap_or(-1)))
        }
        Status::EMPTY | Status::CREATED | Status::PAUSED | Status::RESTARTING => {
            Look::NotYet("it is not running".to_owned())
        }
        Status::RUNNING | Status::STOPPING => match state.health.as_ref().and_then(|health| health.status) {
            Some(HealthStatusEnum::HEALTHY) => Look::Healthy,
            Some(HealthStatusEnum::UNHEALTHY) => Look::Hopeless("its health check failed".to_owned()),
            Some(HealthStatusEnum::STARTING) => Look::NotYet("its health check has not passed".to_owned()),
            Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) | None if watched >= STEADY => {
                Look::Healthy
            }
            Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) | None => {
                Look::NotYet("it has not been running long enough".to_owned())
            }
        },
    }
}

/// What the last health check printed.
fn last_check(state: &ContainerState) -> Option<String> {
    let last = state.health.as_ref()?.log.as_ref()?.last()?;
    let output = last.output.as_deref().unwrap_or_default().trim();
    Some(format!("exit code {}: {output}", last.exit_code.unwrap_or(-1)))
}

/// The last lines a container printed. Failing to get them must not hide the failure they are to explain.
async fn tail(docker: &Docker, container: &str) -> Vec<String> {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(&TAIL.to_string()).build();
    let lines = docker.logs(container, Some(options)).map_ok(|line: LogOutput| line.to_string());
    match tokio::time::timeout(Duration::from_secs(10), lines.collect::<Vec<_>>()).await {
        Ok(lines) => lines
            .into_iter()
            .map(|line| line.unwrap_or_else(|error| causes(&error)).trim_end().to_owned())
            .collect(),
        Err(_) => vec!["(the log could not be read within 10 s)".to_owned()],
    }
}

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
        probe: describe(probe),
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
    };
    format!(
        "end=$(($(date +%s)+{})); while :; do {ask}; [ $(date +%s) -lt $end ] || exit 1; sleep 0.5; done",
        within.as_secs()
    )
}

fn describe(probe: &HealthProbe) -> String {
    match probe {
        HealthProbe::Http(url) => url.clone(),
        HealthProbe::Tcp(port) => format!("tcp port {port}"),
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::Health;

    use super::*;

    fn running(health: Option<HealthStatusEnum>) -> ContainerState {
        ContainerState {
            status: Some(ContainerStateStatusEnum::RUNNING),
            health: health.map(|status| Health { status: Some(status), ..Health::default() }),
            ..ContainerState::default()
        }
    }

    #[test]
    fn docker_health_decides_where_there_is_a_check() {
        let seconds = Duration::from_secs;
        let check = |health, watched| look(&running(health), 0, watched);
        assert!(matches!(check(Some(HealthStatusEnum::HEALTHY), seconds(0)), Look::Healthy));
        assert!(matches!(check(Some(HealthStatusEnum::STARTING), seconds(99)), Look::NotYet(_)));
        assert!(matches!(check(Some(HealthStatusEnum::UNHEALTHY), seconds(0)), Look::Hopeless(_)));
        assert!(matches!(check(None, seconds(1)), Look::NotYet(_)));
        assert!(matches!(check(None, STEADY), Look::Healthy));
    }

    #[test]
    fn a_container_that_ended_or_keeps_ending_is_hopeless() {
        let ended = ContainerState {
            status: Some(ContainerStateStatusEnum::EXITED),
            exit_code: Some(3),
            ..ContainerState::default()
        };
        assert!(matches!(look(&ended, 0, STEADY), Look::Hopeless(why) if why.contains('3')));
        assert!(matches!(look(&running(None), 3, STEADY), Look::Hopeless(_)));
    }
}
