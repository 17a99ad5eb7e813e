//! Health checks that Docker has forgotten. A dockerd of version 20.10 that starts again beside containers that went on runs
//! no check of theirs any more: whoever was healthy stays so for ever, and whoever was starting, too.

use std::time::Duration;

use super::NO_UNDO;
use crate::{
    change::Change,
    facts::state::{ContainerState, HostState},
    model::command::{Command, quote},
    plan::step::Step,
};

/// For Docker's own interval and timeout, and for many containers on a slow host.
const WITHIN: Duration = Duration::from_secs(180);

/// `checks CONTAINER...`: Docker begins with the checks of a container when it goes on after a pause. A shell that is told to end
/// has it go on first.
pub const BEGIN: &str = r#"checks() (
    trap '' HUP INT TERM PIPE
    for container; do
        docker pause "$container" >/dev/null || continue
        docker unpause "$container" >/dev/null || docker unpause "$container" >/dev/null
    done
)
"#;

/// All containers of ours that run and have a check.
pub const OURS: &str = r#"checks $(docker ps -q --filter label=pryvctl.platform --filter status=running \
    --filter health=starting --filter health=healthy --filter health=unhealthy)
"#;

/// `checked SINCE CONTAINER...`: waits until each has been checked since then, for at most two minutes.
const CHECKED: &str = r#"checked() {
    since=$1; shift; turns=0
    for container; do
        while [ $turns -lt 240 ]; do
            last=$(docker container inspect -f '{{range .State.Health.Log}}{{.End.Unix}} {{end}}' "$container") || break
            last=${last% }; last=${last##* }
            [ "${last:-0}" -lt "$since" ] || break
            turns=$((turns+1)); sleep 0.5
        done
    done
}
"#;

/// Begins the checks that nobody runs. Who is found ill by them is the next look's business.
pub fn step(state: &HostState) -> Option<Step> {
    let forgotten: Vec<&ContainerState> =
        state.containers.iter().filter(|found| found.is_unchecked).collect();
    let names: Vec<String> = forgotten.iter().map(|found| quote(&found.name)).collect();
    let names = names.join(" ");
    let script = format!("{BEGIN}{CHECKED}since=$(date +%s)\nchecks {names}\nchecked $since {names}");
    let why = forgotten.iter().map(|found| {
        format!("{}: Docker stopped checking its health -> checks again; it pauses for a moment", found.name)
    });
    let action = Change::Run(Command::root(script).within(WITHIN));
    (!forgotten.is_empty()).then(|| Step::safe("engine.checks", action, NO_UNDO).because(why))
}
