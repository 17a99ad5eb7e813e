//! The face: arguments, questions, tables; `report.rs` is the only place that prints, but for what `exec` passes on.

mod alerts;
mod apply;
pub mod args;
mod audit;
mod carry_out;
mod completions;
mod exec;
mod exit;
mod gate;
mod halt;
mod harden;
mod history;
mod install;
mod lab;
mod logs;
mod look;
mod man;
pub mod mask;
mod password;
mod pause;
mod pipe;
mod plan;
mod preflight;
pub mod problem;
mod progress;
mod project;
mod render;
mod report;
mod rollback;
mod schema;
mod standings;
mod status;
mod terminal;
mod uninstall;
mod upgrade;
mod validate;
mod watch;
mod wrap;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser as _;

use args::{Arguments, Command};
use exit::Ended;
use report::Screen;

use crate::{app::exit::Exit, fleet::pause::Pause};

/// Parses the arguments, runs the command and gives its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return report::usage(&error).into(),
    };
    trace(arguments.face.verbose);
    let screen = Screen::new(arguments.face.output.format());
    let file = arguments.face.output.file().cloned();
    if file.is_some() && !matches!(arguments.command, Command::Plan(_)) {
        screen.failure("--output", "only `plan` writes a file", Some("write text, json or yaml"));
        return Exit::Usage.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            screen.failure("cannot start", &error.to_string(), None);
            return Exit::Bug.into();
        }
    };
    let ended = judged(|| runtime.block_on(run(arguments.command, file, &screen)));
    // A connection that hangs must not keep the process from ending.
    runtime.shutdown_background();
    ended.into()
}

/// How a work ended; the panic of one that died was told by the hook.
fn judged(work: impl FnOnce() -> Ended) -> Ended {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Ended::Pryvctl(Exit::Bug))
}

async fn run(command: Command, file: Option<PathBuf>, screen: &Screen) -> Ended {
    let ended = match command {
        Command::Validate(file) => validate::run(&file, screen),
        Command::Preflight(target) => preflight::run(&target, screen).await,
        Command::Plan(target) => plan::run(&target, file, screen).await,
        Command::Apply(order) => apply::run(&order, screen).await,
        Command::Status(target) => status::run(&target, screen).await,
        Command::Logs(order) => logs::run(&order, screen).await,
        Command::Exec(order) => match exec::run(&order, screen).await {
            Ok(ended) => return ended,
            Err(halt) => Err(halt),
        },
        Command::Harden(order) => harden::run(&order, screen).await,
        Command::Install(order) => install::run(&order, screen).await,
        Command::Uninstall(order) => uninstall::run(&order, screen).await,
        Command::Upgrade(order) => upgrade::run(&order, screen).await,
        Command::Rollback(order) => rollback::run(&order, screen).await,
        Command::Pause(target) => pause::run(&target, Pause::On, screen).await,
        Command::Resume(target) => pause::run(&target, Pause::Off, screen).await,
        Command::Audit(order) => audit::run(&order, screen).await,
        Command::Watch(order) => watch::run(&order, screen).await,
        Command::Alerts(order) => alerts::run(&order, screen).await,
        Command::History(order) => history::run(&order, screen),
        Command::Lab(lab) => lab::run(lab, screen).await,
        Command::Password => password::run(screen),
        Command::Schema(which) => schema::run(&which, screen),
        Command::Completions { shell } => completions::run(shell, screen),
        Command::Man { folder } => man::run(&folder, screen),
    };
    Ended::Pryvctl(ended.unwrap_or_else(|halt| {
        screen.halt(&halt);
        halt.exit
    }))
}

/// Tracing goes to stderr. The transports log payloads, which may hold secrets, so they stay silent at any level.
fn trace(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info,pryvctl=debug",
        2.. => "info,pryvctl=trace",
    };
    let filter = format!("{level},russh=warn,hyper=warn,hyper_util=warn,bollard=warn");
    report::listen(&filter);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_ends_with_its_own_exit_code() {
        assert_eq!(judged(|| panic!("a bug")), Ended::Pryvctl(Exit::Bug));
        assert_eq!(judged(|| Ended::Command(7)), Ended::Command(7));
    }
}
