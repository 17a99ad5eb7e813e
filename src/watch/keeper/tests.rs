use std::path::PathBuf;

use super::*;
use crate::{app::project::Project, facts::sample::read, watch::sign::SignKind};

fn keeper() -> (Keeper, PathBuf) {
    let folder = std::env::temp_dir().join(format!("pryvctl-watch-{}", rand::random::<u64>()));
    let path = folder.join("history.db");
    let (alarm, _) = Alarm::new(&Setup::of(&Project::nothing()), &Members::new(), &path);
    (Keeper::new(History::open(&path).unwrap(), Arc::default(), alarm), folder)
}

/// What is told when these words come one after the other.
fn told(words: Vec<Word>) -> Vec<String> {
    let (mut keeper, folder) = keeper();
    let heard = words.into_iter().map(|word| Heard { host: "co1".parse().unwrap(), word });
    let news: Vec<News> = heard.flat_map(|heard| keeper.take(heard)).collect();
    let told: Vec<_> = news
        .iter()
        .map(|news| match news {
            News::Host(one) => one.state.clone(),
            News::Alert(_)
            | News::Reread
            | News::Refused(_)
            | News::Unkept(_)
            | News::Served(_)
            | News::Unserved(_) => {
                panic!("{news:?}")
            }
        })
        .collect();
    let kept = keeper.history.occurrences(0).unwrap();
    assert!(keeper.end().is_empty());
    assert_eq!(kept.into_iter().map(|one| one.state).collect::<Vec<_>>(), told);
    std::fs::remove_dir_all(folder).unwrap();
    told
}

fn away(why: &str) -> Word {
    Word::Away(Sign::new(SignKind::Away, "", why))
}

fn well() -> Word {
    Word::Looked { standing: Standing::Well, signs: Vec::new(), document: None }
}

fn sampled() -> Word {
    let counted = Box::new(read(include_str!("../../facts/sample/tests/quiet.txt")).unwrap());
    Word::Sample { counted, measures: Vec::new(), signs: Vec::new() }
}

fn drifted(step: &str) -> Word {
    let signs = vec![Sign::new(SignKind::Drift, "", step)];
    Word::Looked { standing: Standing::Drifted { steps: vec![step.to_owned()] }, signs, document: None }
}

#[test]
fn what_stays_as_it_is_is_told_once() {
    assert_eq!(told(vec![well(), well()]), ["well"]);
    assert_eq!(told(vec![drifted("a"), drifted("a"), drifted("b")]), ["drifted", "drifted"]);
    assert_eq!(told(vec![sampled()]), [""; 0]);
}

#[test]
fn a_host_that_comes_and_goes_is_told_once_each_time() {
    let words = vec![
        well(),
        away("connection refused"),
        away("no route to host"),
        sampled(),
        well(),
        away("connection refused"),
    ];
    assert_eq!(told(words), ["well", "away", "well", "away"]);
}

/// A look that was begun before the host went comes to its end after that.
#[test]
fn a_host_that_is_away_is_not_said_to_be_well() {
    assert_eq!(told(vec![away("connection refused"), well()]), ["away"]);
}

#[test]
fn of_a_host_that_goes_it_stays_known_what_it_was() {
    let mut known = Known::default();
    let unseen = Word::Looked {
        standing: Standing::Away { why: "refused".to_owned() },
        signs: Vec::new(),
        document: None,
    };
    for word in [drifted("firewall.table"), away("refused"), unseen] {
        known.take(word);
    }
    let kinds = |known: &Known| known.signs().map(|sign| sign.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&known), [SignKind::Away, SignKind::Drift]);
    known.take(sampled());
    known.take(well());
    assert_eq!(kinds(&known), []);
}
