//! `lab`: throw-away hosts on this machine.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{carry_out::kept, halt::Halt, progress::Watch, report::Screen};
use crate::{
    app::{document::Document, exit::Exit},
    app::{project::Checked, run::Run},
    fleet::event::What,
    lab::{self, Images, LabError},
    model::inventory::Inventory,
};

/// The lab.
#[derive(Debug, Clone, Args)]
pub struct Lab {
    /// What to do with it.
    #[command(subcommand)]
    pub action: LabAction,
    /// Write the journal of changes to this file. Default: pryvctl/journal.jsonl in your state directory, ~/.local/state.
    #[arg(long, value_name = "FILE", env = "PRYVCTL_JOURNAL", hide_env = true, global = true)]
    pub journal: Option<PathBuf>,
}

/// What can be done with a lab.
#[derive(Debug, Clone, Subcommand)]
pub enum LabAction {
    /// Start one throw-away host for every host of the inventory, and a registry with stand-in images.
    Up {
        /// The inventory: a YAML file that names your hosts and says what runs on them.
        inventory: PathBuf,
        /// Name the lab. Default: the platform's name.
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove a lab and everything it created.
    Down {
        /// Name of the lab, or its inventory file.
        lab: String,
        /// Also remove the cached images of lab hosts.
        #[arg(long)]
        images: bool,
    },
    /// List labs and their hosts.
    Status,
}

/// Brings labs up, takes them down, lists them.
pub async fn run(command: Lab, screen: &Screen) -> Result<Exit, Halt> {
    let journal = command.journal.as_ref();
    match command.action {
        LabAction::Up { inventory, name } => up(&inventory, name, journal, screen).await,
        LabAction::Down { lab, images } => down(&lab, images, journal, screen).await,
        LabAction::Status => status(screen).await,
    }
}

async fn up(
    file: &Path,
    name: Option<String>,
    journal: Option<&PathBuf>,
    screen: &Screen,
) -> Result<Exit, Halt> {
    let inventory = checked(file, screen)?;
    let name = name.unwrap_or_else(|| inventory.platform.to_string());
    let kept = note(&name, true, journal, screen).await?;
    let lab = lab::up(&inventory, &name, &|line: &str| screen.note(line)).await.map_err(halt)?;
    screen.result(format_args!("the lab {name} is up; add --lab to any command to run against it"));
    for (host, addresses) in &lab.hosts {
        screen.result(format_args!("  {host:<14} {}", addresses.v4));
    }
    let hosts = lab::status(&name).await.map_err(halt)?;
    screen.document(&Document::new("lab up", kept).lab(&name, &hosts));
    Ok(kept)
}

/// Keeps it in the journal.
async fn note(name: &str, comes: bool, journal: Option<&PathBuf>, screen: &Screen) -> Result<Exit, Halt> {
    let command = if comes { "lab up" } else { "lab down" };
    let (events, watch) = Watch::start(screen);
    let run = Run::open(command, Some(&name.to_owned()), journal, events)?;
    run.events.say(What::Lab { name: name.to_owned(), comes });
    let journal = run.close();
    watch.done().await;
    Ok(kept(journal, screen))
}

fn checked(file: &Path, screen: &Screen) -> Result<Inventory, Halt> {
    Ok(Checked::read(file, &|problems| screen.problems(problems))?.inventory)
}

async fn down(lab: &str, images: bool, journal: Option<&PathBuf>, screen: &Screen) -> Result<Exit, Halt> {
    let name = name_of(lab, screen)?;
    let images = if images { Images::Remove } else { Images::Keep };
    let kept = note(&name, false, journal, screen).await?;
    lab::down(&name, images).await.map_err(halt)?;
    screen.result(format_args!("the lab {name} is gone"));
    screen.document(&Document::new("lab down", kept));
    Ok(kept)
}

/// A lab is named by its name, or by the inventory it was made for.
fn name_of(lab: &str, screen: &Screen) -> Result<String, Halt> {
    let file = Path::new(lab);
    if file.is_file() { Ok(checked(file, screen)?.platform.to_string()) } else { Ok(lab.to_owned()) }
}

async fn status(screen: &Screen) -> Result<Exit, Halt> {
    let names = lab::list().await.map_err(halt)?;
    if names.is_empty() {
        screen.result("there is no lab");
    }
    let mut document = Document::new("lab status", Exit::Done);
    for name in &names {
        screen.result(name);
        let hosts = match lab::status(name).await {
            Ok(hosts) => hosts,
            // Left by an `up` that was killed: the other labs are still worth a word.
            Err(LabError::Unknown(_)) => {
                screen.result(format_args!("  incomplete; `pryvctl lab down {name}` removes what is left"));
                Vec::new()
            }
            Err(error) => return Err(halt(error)),
        };
        for host in &hosts {
            let state = host.state.as_deref().unwrap_or("missing");
            screen.result(format_args!("  {:<14} {:<16} {state}", host.host, host.addresses.v4));
        }
        document = document.lab(name, &hosts);
    }
    screen.document(&document);
    Ok(Exit::Done)
}

fn halt(error: LabError) -> Halt {
    let hint = error.hint();
    Halt::new(Exit::NotConverged, error, hint)
}
