//! Waiting until what was started also serves.

use std::{collections::BTreeMap, time::Duration};

use bollard::{
    Docker,
    container::LogOutput,
    exec::StartExecOptions,
    models::{
        ContainerConfig, ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, ExecConfig,
        HealthStatusEnum,
    },
    query_parameters::{InspectContainerOptions, LogsOptionsBuilder},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all};
use tokio::time::{Instant, sleep};

use super::{
    apply::ApplyError,
    docker::{AT_ONCE, within},
    error::{causes, short},
};

/// Between two looks at a container or an address.
const PAUSE: Duration = Duration::from_millis(250);

/// A container without a health check counts as healthy once it has run this long without a restart.
const STEADY: Duration = Duration::from_secs(3);

/// How many of a failing container's last lines are shown.
const TAIL: usize = 15;

/// Between two looks at containers that are watched.
const GLANCE: Duration = Duration::from_secs(1);

/// Between two looks at a check that runs.
const BLINK: Duration = Duration::from_millis(100);

/// How long Docker's own check may come after the end of a watch.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a container's own check may take when we run it.
const ASKING: Duration = Duration::from_secs(10);

/// What a look at a container says.
enum Look {
    Healthy,
    NotYet(String),
    Hopeless(String),
}

/// Waits until containers are healthy. The first look is at all of them at once; those that are not there yet are waited
/// for in the order in which they need each other, because one may end until another answers.
pub async fn await_healthy(
    docker: &Docker,
    containers: &[String],
    within: Duration,
) -> Result<(), ApplyError> {
    let started = Instant::now();
    let well = try_join_all(containers.iter().map(|name| is_well(docker, name))).await?;
    for (name, _) in containers.iter().zip(well).filter(|(_, well)| !well) {
        await_one(docker, name, started, within).await?;
    }
    Ok(())
}

async fn is_well(docker: &Docker, container: &str) -> Result<bool, ApplyError> {
    let seen = inspect(docker, container).await?;
    Ok(match look(&seen.state.unwrap_or_default(), 0, Duration::ZERO) {
        Look::Healthy => true,
        Look::NotYet(_) => passes(docker, container, seen.config.as_ref()).await,
        Look::Hopeless(_) => false,
    })
}

/// Waits until a container is healthy; a failure carries its last log lines.
async fn await_one(
    docker: &Docker,
    container: &str,
    started: Instant,
    within: Duration,
) -> Result<(), ApplyError> {
    // What it did before its turn came is forgiven.
    let mut before = None;
    loop {
        // Somebody has just looked.
        sleep(PAUSE).await;
        let seen = inspect(docker, container).await?;
        let (restarts, state) = (seen.restart_count.unwrap_or(0), seen.state.unwrap_or_default());
        let again = restarts - *before.get_or_insert(restarts);
        let why = match look(&state, again, started.elapsed()) {
            Look::Healthy => return Ok(()),
            Look::Hopeless(why) => why,
            // Docker runs the check for the first time after a whole interval; the same check says the same sooner.
            Look::NotYet(_) if passes(docker, container, seen.config.as_ref()).await => return Ok(()),
            Look::NotYet(_) if started.elapsed() < within => continue,
            Look::NotYet(why) => format!("{why} after {} s", within.as_secs()),
        };
        return Err(unhealthy(docker, container, why, &state).await);
    }
}

async fn unhealthy(docker: &Docker, container: &str, why: String, state: &ContainerState) -> ApplyError {
    let (container_, last_check) = (container.to_owned(), last_check(state));
    ApplyError::Unhealthy { container: container_, why, last_check, log: tail(docker, container).await }
}

/// Watches containers that serve: none may restart, end or fall ill, and at the end Docker must call each healthy.
pub async fn watch(docker: &Docker, containers: &[String], window: Duration) -> Result<(), ApplyError> {
    let started = Instant::now();
    let mut restarts: BTreeMap<&str, i64> = BTreeMap::new();
    loop {
        let mut waiting = false;
        for container in containers {
            let seen = inspect(docker, container).await?;
            let (count, state) = (seen.restart_count.unwrap_or(0), seen.state.unwrap_or_default());
            let why = match look(&state, 0, STEADY) {
                _ if *restarts.entry(container).or_insert(count) != count => {
                    "the container restarted".to_owned()
                }
                Look::Healthy => continue,
                Look::Hopeless(why) => why,
                Look::NotYet(_) if started.elapsed() < window + PATIENCE => {
                    waiting = true;
                    continue;
                }
                Look::NotYet(why) => format!("{why} after {} s", started.elapsed().as_secs()),
            };
            return Err(unhealthy(docker, container, why, &state).await);
        }
        if !waiting && started.elapsed() >= window {
            return Ok(());
        }
        sleep(GLANCE).await;
    }
}

async fn inspect(docker: &Docker, container: &str) -> Result<ContainerInspectResponse, ApplyError> {
    let seen = docker.inspect_container(container, None::<InspectContainerOptions>);
    let seen = within(AT_ONCE, seen).await;
    seen.map_err(|error| ApplyError::docker("inspect", container, &error))
}

/// Whether a running container's own check passes now. Not being able to ask is not an answer: Docker's own check will
/// come.
async fn passes(docker: &Docker, container: &str, config: Option<&ContainerConfig>) -> bool {
    let test = config.and_then(|config| config.healthcheck.as_ref()?.test.clone()).unwrap_or_default();
    let Some(words) = words(&test) else { return false };
    tokio::time::timeout(ASKING, run(docker, container, words)).await.unwrap_or(Ok(false)).unwrap_or(false)
}

/// The command of a health check.
fn words(test: &[String]) -> Option<Vec<String>> {
    match test {
        [kind, words @ ..] if kind == "CMD" && !words.is_empty() => Some(words.to_vec()),
        [kind, script] if kind == "CMD-SHELL" => {
            Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), script.clone()])
        }
        _ => None,
    }
}

/// Runs a command in a container and tells whether it ended well.
async fn run(docker: &Docker, container: &str, words: Vec<String>) -> Result<bool, bollard::errors::Error> {
    let config = ExecConfig { cmd: Some(words), ..ExecConfig::default() };
    let exec = docker.create_exec(container, config).await?;
    docker
        .start_exec(&exec.id, Some(StartExecOptions { detach: true, ..StartExecOptions::default() }))
        .await?;
    loop {
        let seen = docker.inspect_exec(&exec.id).await?;
        if seen.running == Some(false) {
            return Ok(seen.exit_code == Some(0));
        }
        sleep(BLINK).await;
    }
}

fn look(state: &ContainerState, restarts: i64, watched: Duration) -> Look {
    use ContainerStateStatusEnum as Status;
    if restarts > 2 {
        return Look::Hopeless(format!(
            "the container keeps exiting with code {}",
            state.exit_code.unwrap_or(-1)
        ));
    }
    match state.status.unwrap_or(Status::EMPTY) {
        Status::EXITED | Status::DEAD | Status::REMOVING => {
            Look::Hopeless(format!("the container exited with code {}", state.exit_code.unwrap_or(-1)))
        }
        Status::EMPTY | Status::CREATED | Status::PAUSED | Status::RESTARTING => {
            Look::NotYet("the container is not running".to_owned())
        }
        Status::RUNNING | Status::STOPPING => match state.health.as_ref().and_then(|health| health.status) {
            Some(HealthStatusEnum::HEALTHY) => Look::Healthy,
            Some(HealthStatusEnum::UNHEALTHY) => Look::Hopeless("the health check failed".to_owned()),
            Some(HealthStatusEnum::STARTING) => {
                Look::NotYet("the health check has not passed yet".to_owned())
            }
            Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) | None if watched >= STEADY => {
                Look::Healthy
            }
            Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) | None => {
                Look::NotYet("the container has not yet run for long enough to count as healthy".to_owned())
            }
        },
    }
}

/// What the last health check printed.
fn last_check(state: &ContainerState) -> Option<String> {
    let last = state.health.as_ref()?.log.as_ref()?.last()?;
    let output = last.output.as_deref().unwrap_or_default().trim();
    Some(format!("exit code {}: {}", last.exit_code.unwrap_or(-1), short(output)))
}

/// The last lines a container printed. Failing to get them must not hide the failure they are to explain.
async fn tail(docker: &Docker, container: &str) -> Vec<String> {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(&TAIL.to_string()).build();
    let lines = docker.logs(container, Some(options)).map_ok(|line: LogOutput| line.to_string()).take(TAIL);
    match tokio::time::timeout(Duration::from_secs(10), lines.collect::<Vec<_>>()).await {
        Ok(lines) => lines
            .into_iter()
            .map(|line| short(line.unwrap_or_else(|error| causes(&error)).trim_end()))
            .collect(),
        Err(_) => vec!["(the log could not be read within 10 s)".to_owned()],
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
