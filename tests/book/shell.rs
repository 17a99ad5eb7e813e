//! The command line, from the types that parse it.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory as _, builder::PossibleValue};
use pryvctl::cli::args::Arguments;

use super::{cell, head};

fn whole() -> Command {
    let mut command = Arguments::command();
    command.build();
    command
}

/// Every command with its whole name, as in `pryvctl lab up`.
fn commands(name: &str, command: &Command, into: &mut Vec<(String, Command)>) {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let name = format!("{name} {}", inner.get_name());
        into.push((name.clone(), inner.clone()));
        commands(&name, inner, into);
    }
}

fn listed() -> Vec<(String, Command)> {
    let mut all = Vec::new();
    commands("pryvctl", &whole(), &mut all);
    all
}

/// What all commands have.
const COMMON: [&str; 4] = ["output", "verbose", "help", "version"];

fn own(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|argument| !COMMON.contains(&argument.get_id().as_str()))
}

fn name(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default().join(" ");
    let Some(long) = argument.get_long() else { return format!("`{values}`") };
    let short = argument.get_short().map(|short| format!(", `-{short}`")).unwrap_or_default();
    if !argument.get_action().takes_values() {
        return format!("`--{long}`{short}");
    }
    match argument.get_num_args().is_some_and(|number| number.min_values() == 0) {
        true => format!("`--{long}`, `--{long}={values}`{short}"),
        false => format!("`--{long}`{short} `{values}`"),
    }
}

/// What is said of an argument, as sentences.
fn about(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut sentences = vec![help.trim_end_matches('.').to_owned()];
    if argument.get_action().takes_values() {
        let choice = |value: &PossibleValue| match value.get_help() {
            Some(help) => format!("`{}`: {}", value.get_name(), help.to_string().trim_end_matches('.')),
            None => format!("`{}`", value.get_name()),
        };
        let choices: Vec<String> = argument.get_possible_values().iter().map(choice).collect();
        sentences.extend(choices.first().map(|_| format!("Possible: {}", choices.join(", "))));
        let default: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        sentences.extend(default.first().map(|_| format!("Default: `{}`", default.join(" "))));
    }
    format!("{}.", sentences.join(". "))
}

fn row(argument: &Arg) -> String {
    format!("| {} | {} |\n", name(argument), cell(&about(argument)))
}

fn table<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let rows: String = arguments.map(row).collect();
    if rows.is_empty() { rows } else { format!("\n| argument | meaning |\n|---|---|\n{rows}") }
}

pub fn page() -> String {
    let about = "Every command with its arguments, as `pryvctl COMMAND --help` shows them. \
                 `pryvctl completions SHELL` prints completions, `pryvctl man FOLDER` writes manual pages.";
    let mut page = head("Command line", "`src/cli`", about);
    let whole = whole();
    page += "\n## Arguments of every command\n";
    page += &table(whole.get_arguments().filter(|argument| COMMON.contains(&argument.get_id().as_str())));
    for (name, command) in listed() {
        let about =
            command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        let usage = command.clone().bin_name(&name).render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        write!(page, "\n## {name}\n\n{about}\n\n```text\n{usage}\n```\n", about = cell(&about)).unwrap();
        page += &table(own(&command));
        if let Some(more) = command.get_after_help() {
            write!(page, "\n{}\n", cell(&more.to_string())).unwrap();
        }
    }
    page
}

/// Every flag, with its hyphens.
pub fn names() -> Vec<String> {
    let all = listed().into_iter().flat_map(|(_, command)| {
        let flags =
            command.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?)));
        flags.collect::<Vec<_>>()
    });
    all.collect()
}
