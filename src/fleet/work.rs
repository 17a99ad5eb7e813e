//! Carrying out one host's plan: guarded steps under guard, the others one by one; what fails is taken back.

use bollard::Docker;

use super::{
    Member,
    agreed::Agreed,
    brake::Wish,
    event::{Events, Voice, What},
    order::Order,
    outcome::{Outcome, Trouble, names},
    renewed::looked_anew,
    survey::{Surveyed, lock_lost, trouble},
};
use crate::{
    host::{
        Connection, Session as _,
        apply::{ApplyError, Executor},
        engine,
        guard::{GuardError, Moment, Terms, guarded},
    },
    model::command::{Command, quote},
    plan::{Plan, plan, step::Step},
};

/// What one control brings another may have a say in, as with packages, their files and their units. A control that never
/// comes to rest is left after so many rounds.
const ROUNDS: usize = 8;

/// Carries out a plan, then looks again: the host is done when nothing is left to do. What is left of controls alone gets
/// another round, as long as rounds differ.
pub async fn carry_out(surveyed: &Surveyed, agreed: Agreed, order: &Order, events: &Events) -> Outcome {
    let Surveyed { member, connection, .. } = surveyed;
    let (mut connection, mut agreed, mut done) = (connection.clone(), agreed, 0);
    for _ in 0..ROUNDS {
        let steps = agreed.steps();
        let carried_out = carry_out_steps(member, &connection, steps, order, events).await;
        let mut overtaken = None;
        connection = match carried_out {
            Ok(connection) => {
                done += steps.len();
                connection
            }
            Err(Broken::Overtaken { id, done: before, connection, .. }) => {
                done += before;
                overtaken = Some(id);
                connection
            }
            Err(broken) => return broken.outcome(),
        };
        let rest = match plan_again(&connection, member, order).await {
            Ok(rest) if rest.is_empty() => return Outcome::Changed { steps: done },
            Ok(rest) => rest,
            Err(outcome) => return outcome,
        };
        let next = if let Some(id) = overtaken {
            // Nobody has read what is to be done about what somebody wrote meanwhile.
            agreed.still(&id, rest)
        } else {
            let goes_on = steps.last().is_some_and(|step| step.look_again) || rest.is_of_controls();
            if !goes_on || rest == *agreed.plan() {
                return Outcome::NotConverged { left: names(&rest.steps) };
            }
            agreed.goes_on_with(rest)
        };
        agreed = match next {
            Ok(agreed) => agreed,
            Err(outcome) => return outcome,
        };
    }
    Outcome::NotConverged { left: names(&agreed.plan().steps) }
}

/// Carries out steps. A guarded step gives a new connection, over which the rest goes.
pub async fn carry_out_steps(
    member: &Member,
    connection: &Connection,
    steps: &[Step],
    order: &Order,
    events: &Events,
) -> Result<Connection, Broken> {
    let mut run = Run {
        member,
        connection: connection.clone(),
        docker: None,
        order,
        voice: events.of(member.host()),
        number: 0,
        of: steps.len(),
    };
    match run.steps(steps).await {
        Ok(()) => Ok(run.connection),
        Err(broken) => Err(run.not_ours().await.unwrap_or(broken)),
    }
}

/// Removes images. One that is in use after all stays, and nobody has to know.
pub async fn prune(connection: &Connection, images: &[String]) {
    if images.is_empty() {
        return;
    }
    let list = images.iter().map(|image| quote(image)).collect::<Vec<_>>().join(" ");
    let command = Command::root(format!("docker image rm {list} >/dev/null 2>&1 || true"));
    if let Err(error) = connection.exec(&command).await {
        tracing::warn!(%error, "old images stay");
    }
}

/// Why steps were not carried out to their end.
pub enum Broken {
    /// A step failed.
    Step {
        /// Which.
        id: String,
        /// Why.
        trouble: Trouble,
    },
    /// A step left a file alone that somebody changed since it was looked at.
    Overtaken {
        /// Which.
        id: String,
        /// Which file.
        trouble: Trouble,
        /// How many steps were done before it.
        done: usize,
        /// Over which the host is to be looked at again.
        connection: Connection,
    },
    /// Stopped by hand before this step.
    Stopped(String),
    /// Somebody else has the host by now.
    NotOurs(Outcome),
}

impl Broken {
    /// How the host ended.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Step { id, trouble } | Self::Overtaken { id, trouble, .. } => {
                Outcome::Failed { step: id, trouble }
            }
            Self::Stopped(before) => Outcome::Stopped { before },
            Self::NotOurs(outcome) => outcome,
        }
    }
}

/// Looks again, and plans what is left to do.
async fn plan_again(connection: &Connection, member: &Member, order: &Order) -> Result<Plan, Outcome> {
    let after = looked_anew("verify", connection, member).await?;
    let Some(state) = &after.state else {
        return Err(Outcome::unreadable("verify", "the host cannot be read any more", &after));
    };
    plan(&member.desired, state, order.aim.goal).map_err(|conflicts| Outcome::conflict(&conflicts))
}

/// Why one step did not come to its end.
enum Stumble {
    /// Somebody changed a file since it was looked at; it was left alone.
    Overtaken(Trouble),
    /// Anything else.
    Failed(Trouble),
}

impl Stumble {
    fn trouble(&self) -> &Trouble {
        match self {
            Self::Overtaken(trouble) | Self::Failed(trouble) => trouble,
        }
    }
}

/// A plan on its way through one host.
struct Run<'a> {
    member: &'a Member,
    connection: Connection,
    docker: Option<Docker>,
    order: &'a Order,
    voice: Voice<'a>,
    number: usize,
    of: usize,
}

impl Run<'_> {
    /// Carries out steps in order; neighbours that need the guard share one.
    async fn steps(&mut self, steps: &[Step]) -> Result<(), Broken> {
        for group in steps.chunk_by(|one, next| one.risk == next.risk) {
            if group.iter().any(|step| step.risk.needs_guard()) {
                self.under_guard(group).await?;
            } else {
                self.plain(group).await?;
            }
        }
        Ok(())
    }

    async fn under_guard(&mut self, steps: &[Step]) -> Result<(), Broken> {
        for step in steps {
            self.halt_before(step)?;
            self.announce(step);
        }
        let (voice, window) = (self.voice, self.order.window);
        let say = |moment| {
            voice.say(match moment {
                Moment::Armed => What::Armed { window },
                Moment::Confirmed => What::Confirmed,
                Moment::CutOff => What::CutOff { window },
            });
        };
        let hands = Executor::new(&self.connection, None, &self.member.desired);
        let terms = Terms { window, second_login: self.member.second_login() };
        let done = guarded(&hands, steps, terms, say).await;
        let failed = done.as_ref().err().map(guard_trouble);
        steps.iter().for_each(|step| self.ended(step, failed.as_ref()));
        match done {
            Ok(fresh) => {
                // Docker is spoken over the connection, so its handle goes with the old one.
                self.docker = None;
                self.connection = fresh;
                Ok(())
            }
            Err(GuardError::TakenBack(cause @ ApplyError::Changed(_))) => {
                Err(self.overtaken(joined(steps), steps.len(), apply_trouble(&cause)))
            }
            Err(error) => Err(Broken::Step { id: joined(steps), trouble: guard_trouble(&error) }),
        }
    }

    async fn plain(&mut self, steps: &[Step]) -> Result<(), Broken> {
        for (place, step) in steps.iter().enumerate() {
            self.halt_before(step)?;
            self.announce(step);
            let done = self.attempt(step).await;
            self.ended(step, done.as_ref().err().map(Stumble::trouble));
            let Err(stumble) = done else { continue };
            let (id, back) = (step.id.to_string(), self.take_back(&steps[..=place]).await);
            let with = |mut trouble: Trouble| {
                trouble.details.extend(back);
                trouble
            };
            return Err(match stumble {
                Stumble::Overtaken(trouble) => self.overtaken(id, 1, with(trouble)),
                Stumble::Failed(trouble) => Broken::Step { id, trouble: with(trouble) },
            });
        }
        Ok(())
    }

    /// Carries out a step, and once more where that does no harm if Docker went away under it. Either way Docker is there
    /// again before anything else is done.
    async fn attempt(&mut self, step: &Step) -> Result<(), Stumble> {
        let trouble = match self.one(step).await {
            Err(Stumble::Failed(trouble)) => trouble,
            done => return done,
        };
        // A connection that is lost is another matter.
        if engine::is_well(&self.connection).await.unwrap_or(true) {
            return Err(Stumble::Failed(trouble));
        }
        self.voice.say(What::EngineAway { patience: engine::PATIENCE });
        self.docker = None;
        let back = engine::comes_back(&self.connection).await.unwrap_or(false);
        if back && step.change.may_be_repeated() {
            self.one(step).await
        } else {
            Err(Stumble::Failed(trouble))
        }
    }

    /// What somebody wrote meanwhile is no failure: it is looked at, and planned around.
    fn overtaken(&self, id: String, undone: usize, trouble: Trouble) -> Broken {
        self.voice.say(What::LookingAgain { why: format!("{id}: {}", trouble.message) });
        let done = self.number.saturating_sub(undone);
        Broken::Overtaken { id, trouble, done, connection: self.connection.clone() }
    }

    async fn one(&mut self, step: &Step) -> Result<(), Stumble> {
        if step.change.call().is_some() {
            if self.docker.is_none() {
                let docker = self.connection.docker().await;
                self.docker = Some(docker.map_err(|error| Stumble::Failed(trouble(&error)))?);
            }
        } else {
            // A script may install or restart Docker; the next Docker step opens its own handle.
            self.docker = None;
        }
        let hands = Executor::new(&self.connection, self.docker.as_ref(), &self.member.desired);
        hands.apply(step).await.map_err(|error| match error {
            ApplyError::Changed(_) => Stumble::Overtaken(apply_trouble(&error)),
            ApplyError::Session(_)
            | ApplyError::Command { .. }
            | ApplyError::Refused(_)
            | ApplyError::Pull { .. }
            | ApplyError::Docker { .. }
            | ApplyError::Unhealthy { .. }
            | ApplyError::Probe { .. }
            | ApplyError::NoDocker => Stumble::Failed(apply_trouble(&error)),
        })
    }

    /// Takes back the steps of the failed one's group, the last first: what belongs to one service belongs together.
    async fn take_back(&self, done: &[Step]) -> Vec<String> {
        let Some(failed) = done.last() else { return Vec::new() };
        let hands = Executor::new(&self.connection, self.docker.as_ref(), &self.member.desired);
        for step in done.iter().rev().take_while(|step| step.id.group() == failed.id.group()) {
            if let Err(error) = hands.undo(step).await {
                // What was done before it rests on it: connections are not led to what was not brought back.
                return vec![format!("{} could not be taken back: {error}", step.id)];
            }
        }
        Vec::new()
    }

    /// What failed may have failed because the host is another's: Docker's streams are hung up without a word.
    async fn not_ours(&self) -> Option<Broken> {
        // Whether it comes through is seen by what the connection then knows.
        self.connection.exec(&Command::root("true")).await.map(drop).unwrap_or_default();
        lock_lost(&self.connection).map(Broken::NotOurs)
    }

    /// Between two steps is a good moment to stop: the next run goes on from here.
    fn halt_before(&self, step: &Step) -> Result<(), Broken> {
        match self.order.brake.wish() {
            Wish::GoOn | Wish::AfterHosts => Ok(()),
            Wish::AfterStep => Err(Broken::Stopped(step.id.to_string())),
        }
    }

    fn announce(&mut self, step: &Step) {
        self.number += 1;
        self.voice.say(What::Step { number: self.number, of: self.of, id: step.id.clone() });
    }

    fn ended(&self, step: &Step, failed: Option<&Trouble>) {
        let failed = failed.map(|trouble| trouble.message.clone());
        self.voice.say(What::StepEnded { id: step.id.clone(), failed });
    }
}

fn joined(steps: &[Step]) -> String {
    steps.iter().map(|step| step.id.to_string()).collect::<Vec<_>>().join(" + ")
}

fn apply_trouble(error: &ApplyError) -> Trouble {
    Trouble { message: error.to_string(), hint: error.hint(), details: error.details() }
}

fn guard_trouble(error: &GuardError) -> Trouble {
    Trouble { message: error.to_string(), hint: error.hint(), details: Vec::new() }
}
