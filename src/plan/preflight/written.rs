//! The list of what we wrote, and what of it stays although nothing wants it.

use crate::{
    facts::{
        Facts,
        written::{List, Written},
    },
    model::{desired::Desired, place::WRITTEN},
    plan::{finding::Finding, written::staying},
};

const CHECK: &str = "written";
const NEEDED: &str = "a list of what pryvctl wrote, all of it wanted";

pub(super) fn written(desired: &Desired, facts: &Facts) -> Vec<Finding> {
    let state = Written::of(&facts.written);
    let served = facts.release.known().is_some()
        || facts.containers.known().is_some_and(|found| !found.states.is_empty());
    let stands = |path| facts.files.known().is_some_and(|found| found.get(path).is_some_and(Option::is_some));
    let lost = served && desired.files.iter().any(|want| stands(&want.path));
    let list = match &state.list {
        List::Whole => None,
        List::Missing => lost.then(|| {
            Finding::ok(CHECK, format!("no {WRITTEN}"), NEEDED).warning(
                "`pryvctl install` writes a new one from the inventory; look yourself for files that only older \
                 inventories wanted",
            )
        }),
        List::Unreadable(why) => {
            let found = format!("{WRITTEN} cannot be read: {why}");
            Some(Finding::ok(CHECK, found, NEEDED).warning(
                "no file is removed because of it. Repair it; or look in it for files that only older inventories wanted, \
                 remove them and it, and `pryvctl install` writes a new one from the inventory",
            ))
        }
    };
    let stays = staying(desired, &state).into_iter().map(|(path, why)| {
        let path = path.display();
        Finding::ok(CHECK, format!("{path}: {why}"), NEEDED).warning(format!(
            "the inventory no longer wants this file, and pryvctl does not remove it: remove it yourself; to keep it, remove its \
             lines out of {WRITTEN}"
        ))
    });
    list.into_iter().chain(stays).collect()
}
