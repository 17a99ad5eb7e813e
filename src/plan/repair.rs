//! What of a plan may be carried out with nobody there: the steps of some groups, and what those need.
//!
//! A plan is also made when the inventory has changed. What brings another version, installs, removes or stops something that
//! runs is a decision of people, and so is what must wait for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use super::{
    ordered::Plan,
    sshd,
    step::{
        ControlStep, EngineStep, FirewallStep, LeftoverStep, OriginalsStep, PackagesStep, ServiceStep, Step,
        StepId,
    },
};
use crate::{
    change::{Call, Change, EngineStart, ServiceMap, TakeUp, services::table},
    facts::{
        content::ContentHash,
        state::{ContainerState, HostState},
    },
    model::{
        desired::{Desired, ManagedFile, Service, Slot},
        inventory::{Repairable, Repairs},
    },
};

/// A plan that was cut.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cut {
    /// What is left of it.
    pub plan: Plan,
    /// The names of its steps by group, without those that are only needed, and those that only wait or ask.
    pub steps: BTreeMap<Repairable, Vec<String>>,
    /// The names of the steps that were cut off, by the reason.
    pub left: BTreeMap<Why, Vec<String>>,
}

/// Why a step is not carried out with nobody there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nobody allowed it.
    NotNamed,
    /// The firewall has to be right before, which nobody allowed.
    FirewallFirst,
    /// Packages are installed.
    Packages,
    /// Something else than what was installed would serve.
    Upgrade,
    /// It cannot be taken back.
    Irreversible,
    /// Something that the inventory does not want any more goes.
    Leftover,
    /// Docker restarts, and containers that run with it.
    Restart,
    /// sshd moves to another port.
    Port,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNamed => "`watch.repair` of the inventory does not name its group",
            Self::FirewallFirst => "the firewall must be right first, and `watch.repair` does not name it",
            Self::Packages => "packages would be installed first, which is never done unattended",
            Self::Upgrade => {
                "the inventory wants something else than what is installed, so this is no repair"
            }
            Self::Irreversible => "it could not be taken back",
            Self::Leftover => "something would be removed that the inventory no longer wants",
            Self::Restart => "Docker would restart, and stop containers that run",
            Self::Port => "sshd would move to another port",
        })
    }
}

/// Cuts a whole plan to what may be repaired.
pub fn cut(whole: Plan, desired: &Desired, state: &HostState, repairs: Repairs) -> Cut {
    let surgeon = Surgeon::of(&whole, desired, state, repairs);
    let judged: Vec<_> = whole.steps.into_iter().map(|step| (surgeon.judge(&step), step)).collect();
    let is_kept = |group| judged.iter().any(|(role, _)| *role == Role::Own(group));
    let kept: BTreeSet<Repairable> = Repairable::ALL.into_iter().filter(|group| is_kept(*group)).collect();
    let mut cut = Cut::default();
    for (role, step) in judged {
        let name = step.id.to_string();
        match role {
            Role::Own(group) => {
                if !step.change.only_asks() {
                    cut.steps.entry(group).or_default().push(name);
                }
                cut.plan.steps.push(step);
            }
            Role::Needed(by) if by.iter().any(|group| kept.contains(group)) => cut.plan.steps.push(step),
            Role::Needed(_) => {}
            Role::Left(why) => cut.left.entry(why).or_default().push(name),
        }
    }
    cut
}

/// What becomes of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is carried out, as one of this group.
    Own(Repairable),
    /// It is carried out with any step of these groups.
    Needed(&'static [Repairable]),
    /// It is left to people.
    Left(Why),
}

/// Judges the steps of one plan.
struct Surgeon<'a> {
    desired: &'a Desired,
    state: &'a HostState,
    repairs: Repairs,
    /// Groups whose steps have to wait for something that is left.
    held: BTreeMap<Repairable, Why>,
    /// Services whose files are about to change while they run.
    told: BTreeSet<&'a str>,
    /// Services that start.
    starting: BTreeSet<String>,
    /// Nothing else will serve than what was installed, though a record of what serves is made: a host that was installed and
    /// never changed since has none.
    is_no_release: bool,
}

impl<'a> Surgeon<'a> {
    fn of(whole: &Plan, desired: &'a Desired, state: &'a HostState, repairs: Repairs) -> Self {
        let names = desired.services.iter().map(|service| service.name.as_str());
        let is_told = |name: &&str| {
            whole.steps.iter().any(|step| matches!(&step.id, StepId::Reload(service) if service == *name))
        };
        let starts = whole.steps.iter().filter_map(|step| {
            if let StepId::Service(name, ServiceStep::Start) = &step.id { Some(name.clone()) } else { None }
        });
        let mut surgeon = Self {
            desired,
            state,
            repairs,
            held: BTreeMap::new(),
            told: names.filter(is_told).collect(),
            starting: starts.collect(),
            is_no_release: false,
        };
        let is_of_release = |step: &Step| matches!(step.id, StepId::Release(_));
        let mut others = whole.steps.iter().filter(|step| !is_of_release(step));
        let is_new =
            |step: &Step| matches!(surgeon.own(step), Err(Why::Upgrade | Why::Irreversible | Why::Leftover));
        surgeon.is_no_release = state.ours.release.is_none() && !others.any(is_new);
        surgeon.held = whole.steps.iter().rev().flat_map(|step| surgeon.holds(step)).collect();
        if sshd::leaving(desired, state).is_some() {
            surgeon.held.insert(Repairable::Controls, Why::Port);
        }
        surgeon
    }

    /// What has to wait for a step that is left.
    fn holds(&self, step: &Step) -> Vec<(Repairable, Why)> {
        let of = |groups: &[Repairable], why| groups.iter().map(|group| (*group, why)).collect();
        if matches!(step.id, StepId::Firewall(FirewallStep::Table)) && !self.repairs.has(Repairable::Firewall)
        {
            return of(&[Repairable::Services], Why::FirewallFirst);
        }
        let why = match self.own(step) {
            Err(why) => why,
            Ok(_) => return Vec::new(),
        };
        match (&step.id, why) {
            (StepId::Packages(PackagesStep::Commands), _) => of(&Repairable::ALL, why),
            (StepId::Packages(PackagesStep::Docker | PackagesStep::DockerCli) | StepId::Engine(_), _)
                if step.id != StepId::Engine(EngineStep::DaemonJson) =>
            {
                of(&[Repairable::Services], why)
            }
            (StepId::Control(_) | StepId::Undo(_) | StepId::Originals(_), _) => {
                of(&[Repairable::Controls], why)
            }
            (_, Why::Upgrade | Why::Irreversible) => of(&[Repairable::Services, Repairable::Files], why),
            (
                _,
                Why::NotNamed | Why::FirewallFirst | Why::Packages | Why::Leftover | Why::Restart | Why::Port,
            ) => Vec::new(),
        }
    }

    fn judge(&self, step: &Step) -> Role {
        let role = match self.own(step) {
            Ok(role) => role,
            Err(why) => return Role::Left(why),
        };
        let group = match role {
            Role::Own(group) => group,
            Role::Needed(_) | Role::Left(_) => return role,
        };
        match self.held.get(&group) {
            _ if self.is_read_by_who_starts(step) => Role::Needed(&[Repairable::Services]),
            None if self.repairs.has(group) => role,
            Some(why) if self.repairs.has(group) => Role::Left(*why),
            None | Some(_) => Role::Left(Why::NotNamed),
        }
    }

    /// A service that starts needs its files and folders, whoever allowed what.
    fn is_read_by_who_starts(&self, step: &Step) -> bool {
        let starts = |file: &ManagedFile| {
            file.read_by.as_ref().is_some_and(|(name, _)| self.starting.contains(name.as_str()))
        };
        let reads = |path: &Path| {
            let mut files = self.desired.files.iter().filter(|file| file.path == *path);
            files.any(starts)
        };
        let is_read = if let StepId::File(path) = &step.id {
            reads(path)
        } else {
            matches!(step.id, StepId::Folder(_)) && !self.starting.is_empty()
        };
        is_read
            && self.repairs.has(Repairable::Services)
            && !self.repairs.has(Repairable::Files)
            && !self.held.contains_key(&Repairable::Services)
    }

    /// To which group a step belongs, or why it belongs to people.
    fn own(&self, step: &Step) -> Result<Role, Why> {
        let own = |group| Ok(Role::Own(group));
        match &step.id {
            StepId::Packages(_) | StepId::Control(ControlStep::Packages) => Err(Why::Packages),
            StepId::Engine(_) if stops_containers(&step.change) => Err(Why::Restart),
            StepId::Engine(EngineStep::DaemonJson) => own(Repairable::Controls),
            StepId::Engine(_) => own(Repairable::Services),
            StepId::Firewall(_) => own(Repairable::Firewall),
            StepId::Services(_) | StepId::Network(_) | StepId::Volume(_) => own(Repairable::Services),
            StepId::Sshd(_) | StepId::Control(_) => own(Repairable::Controls),
            StepId::Originals(OriginalsStep::Record) => Ok(Role::Needed(&[Repairable::Controls])),
            StepId::Written(_) => Ok(Role::Needed(&[Repairable::Files, Repairable::Services])),
            StepId::Leftover(LeftoverStep::Half) => Ok(Role::Needed(&Repairable::ALL)),
            StepId::Originals(OriginalsStep::GivenUp | OriginalsStep::Remove) | StepId::Undo(_) => {
                Err(Why::Leftover)
            }
            StepId::Release(_) if self.is_no_release => Ok(Role::Needed(&[Repairable::Files])),
            StepId::Release(_) | StepId::Image(_) | StepId::Back(_) => Err(Why::Upgrade),
            StepId::File(path) if !self.was_written(path) => Err(Why::Upgrade),
            StepId::Registry(_) | StepId::Reload(_) | StepId::Folder(_) | StepId::File(_) => {
                own(Repairable::Files)
            }
            StepId::Service(name, ServiceStep::Reload) if self.told.contains(name.as_str()) => {
                own(Repairable::Files)
            }
            StepId::Service(..) => {
                self.brings_something_new(step).map_or_else(|| own(Repairable::Services), Err)
            }
            StepId::Leftover(LeftoverStep::Stop(name) | LeftoverStep::Remove(name))
                if self.is_wanted(name) =>
            {
                own(Repairable::Services)
            }
            StepId::Leftover(_) => Err(Why::Leftover),
        }
    }

    /// A container that starts is nothing new if there is one that was made from the same, or none and its ports lead there.
    fn brings_something_new(&self, step: &Step) -> Option<Why> {
        let Some(Call::Start(container)) = step.change.call() else { return None };
        if !step.crosses.is_empty() {
            return Some(Why::Irreversible);
        }
        let service = self.desired.services.iter().find(|service| service.name == container.service)?;
        let of_it = |found: &&ContainerState| found.service == service.name.as_str();
        let found: Vec<_> = self.state.docker.containers.iter().filter(of_it).collect();
        let same = if found.is_empty() {
            self.leads_to(service)
        } else {
            found.iter().any(|found| service.made(&found.hash))
        };
        (!same).then_some(Why::Upgrade)
    }

    /// Whether ports lead to a service, so that somebody removed its container.
    fn leads_to(&self, service: &Service) -> bool {
        let map = self.state.net.tables.get(table::TABLE).map(ServiceMap::read).unwrap_or_default();
        let mut ways = [Slot::A, Slot::B].map(|slot| ServiceMap::to(service, slot)).into_iter();
        ways.any(|to| !to.is_empty() && map.contains(&to))
    }

    /// Whether what a file must be was written there before, so that somebody else changed it since.
    fn was_written(&self, path: &Path) -> bool {
        let mut wanted = self.desired.files.iter().filter(|file| file.path == *path);
        wanted.any(|file| self.state.ours.written.has(path, &ContentHash::of(file.content.expose())))
    }

    /// Whether a container is one of a service that is wanted.
    fn is_wanted(&self, name: &str) -> bool {
        let of = |found: &&ContainerState| found.name == name;
        self.state.docker.containers.iter().find(of).is_some_and(|found| {
            self.desired.services.iter().any(|service| service.name.as_str() == found.service)
        })
    }
}

/// Whether dockerd restarts, and containers may with it.
fn stops_containers(change: &Change) -> bool {
    let configures = matches!(change, Change::DaemonConfig(config) if config.take_up == TakeUp::Restart);
    let restarts = matches!(change, Change::EngineRestart(restart) if !restart.live);
    configures || restarts || matches!(change, Change::EngineStart(EngineStart::Deaf { .. }))
}
