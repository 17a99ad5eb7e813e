//! A change that no new login confirms leaves a host as it was.

use crate::{
    change::Change,
    facts::state::HostState,
    model::{
        control::{Controls, Hardening, Level},
        desired::Desired,
    },
    plan::{
        Goal, fixture, plan,
        simulated::{carry_out, taken_back},
        step::{Step, Undo},
        tests::{converged, scripts::unhardened},
        uninstall::Volumes,
    },
};

/// Which ways back were gone, of those that only the host knows.
#[derive(Default)]
struct Gone {
    files: usize,
    sysctls: usize,
    tables: usize,
}

impl Gone {
    fn count(&mut self, step: &Step) {
        let Undo::Change(back) = &step.undo else { return };
        self.files += usize::from(matches!(**back, Change::KeptFiles(_)));
        self.sysctls += usize::from(matches!(**back, Change::KeptSysctls(_)));
        self.tables += usize::from(matches!(**back, Change::KeptTable(_)));
    }
}

/// Goes the way to a goal; what is under guard fails the first time.
fn go(desired: &Desired, state: &mut HostState, goal: Goal, gone: &mut Gone) {
    for _ in 0..6 {
        let plan = plan(desired, state, goal).unwrap();
        for steps in plan.up_to_next_look().chunk_by(|one, next| one.risk == next.risk) {
            if steps[0].risk.needs_guard() {
                taken_back(steps, state, desired);
                steps.iter().for_each(|step| gone.count(step));
            }
            steps.iter().for_each(|step| carry_out(step, state, desired));
        }
    }
}

#[test]
fn what_nobody_confirms_is_as_if_it_had_not_been() {
    let known = Controls::shipped().unwrap();
    let hardening = Hardening { level: Level::Two, known: known.clone(), ..Hardening::default() };
    let hardened = Desired { hardening, ..fixture::desired() };
    let mut gone = Gone::default();
    let mut state = unhardened(&known);
    let files = &state.system.files;
    for (path, found) in state.hardening.limited.values_mut().flatten() {
        if let Some(Some(file)) = files.get(path) {
            found.mode = file.mode;
        }
    }
    go(&hardened, &mut state, Goal::Harden, &mut gone);
    go(&hardened, &mut state, Goal::Revert, &mut gone);
    let (desired, mut state) = converged();
    go(&desired, &mut state, Goal::Uninstall(Volumes::Keep), &mut gone);
    let Gone { files, sysctls, tables } = gone;
    assert!(files > 2 && sysctls > 1 && tables > 1, "{files} {sysctls} {tables}");
}
