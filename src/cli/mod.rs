//! The face: arguments, questions, tables; `report.rs` is the only place that prints, but for what `exec` passes on.

pub mod args;
mod audit;
mod carry_out;
mod change;
mod exec;
pub mod exit;
mod gate;
mod halt;
mod lab;
mod logs;
mod look;
pub mod mask;
mod pages;
mod pipe;
pub mod problem;
mod progress;
mod project;
mod render;
mod report;
mod standings;
mod terminal;
mod upgrade;
mod validate;
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
        Command::Preflight(target) => look::preflight(&target, screen).await,
        Command::Plan(target) => match file {
            None => look::plan(&target, screen).await,
            Some(file) => upgrade::plan(&target, &file, screen).await,
        },
        Command::Apply(order) => upgrade::apply(&order, screen).await,
        Command::Status(target) => look::status(&target, screen).await,
        Command::Logs(order) => logs::run(&order, screen).await,
        Command::Exec(order) => match exec::run(&order, screen).await {
            Ok(ended) => return ended,
            Err(halt) => Err(halt),
        },
        Command::Harden(order) => change::harden(&order, screen).await,
        Command::Install(order) => change::install(&order, screen).await,
        Command::Uninstall(order) => change::uninstall(&order, screen).await,
        Command::Upgrade(order) => upgrade::upgrade(&order, screen).await,
        Command::Rollback(order) => upgrade::rollback(&order, screen).await,
        Command::Pause(target) => upgrade::pausing(&target, Pause::On, screen).await,
        Command::Resume(target) => upgrade::pausing(&target, Pause::Off, screen).await,
        Command::Audit(order) => audit::run(&order, screen).await,
        Command::Lab(lab) => lab::run(lab, screen).await,
        Command::Schema => pages::schema(screen),
        Command::Completions { shell } => pages::completions(shell, screen),
        Command::Man { folder } => pages::manual(&folder, screen),
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
