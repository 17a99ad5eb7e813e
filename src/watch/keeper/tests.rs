use std::path::{Path, PathBuf};

use super::*;
use crate::{
    app::project::Project,
    facts::sample::read,
    watch::{
        mend::{self, Inspection},
        sign::SignKind,
    },
};

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("pryvctl-watch-{}", rand::random::<u64>()))
}

/// A look that came to this, and saw everything but the kinds of `unseen`.
fn looked_but(standing: Standing, signs: Vec<Sign>, unseen: Vec<SignKind>) -> Word {
    let inspection = Inspection { begun: std::time::Instant::now(), found: mend::Found::Unseen };
    Word::Looked { standing, signs, unseen, document: None, inspection }
}

fn looked(standing: Standing, signs: Vec<Sign>) -> Word {
    looked_but(standing, signs, Vec::new())
}

fn keeper(folder: &Path, until: Until) -> Keeper {
    let path = folder.join("history.db");
    let history = History::open(&path).unwrap();
    let (alarm, _) = Alarm::new(&Setup::of(&Project::nothing()), &Members::new(), &history);
    Keeper::new(history, Arc::default(), alarm, until)
}

fn take(keeper: &mut Keeper, word: Word) -> Vec<String> {
    let news = keeper.take(Heard { host: "co1".parse().unwrap(), word });
    news.iter()
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
        .collect()
}

/// What is told when these words come one after the other.
fn told(words: Vec<Word>) -> Vec<String> {
    let folder = folder();
    let mut keeper = keeper(&folder, Until::Stopped);
    let told: Vec<_> = words.into_iter().flat_map(|word| take(&mut keeper, word)).collect();
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
    looked(Standing::Well, Vec::new())
}

fn sampled() -> Word {
    let counted = Box::new(read(include_str!("../../facts/sample/tests/quiet.txt")).unwrap());
    Word::Sample { counted, measures: Vec::new(), signs: Vec::new() }
}

fn drifted(step: &str) -> Word {
    let signs = vec![Sign::new(SignKind::Drift, "", step)];
    let standing = Standing::Drifted { steps: vec![step.to_owned()] };
    looked(standing, signs)
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
    let unseen = looked(Standing::Away { why: "refused".to_owned() }, Vec::new());
    for word in [drifted("firewall.table"), away("refused"), unseen] {
        known.take(word);
    }
    let kinds = |known: &Known| known.signs().map(|sign| sign.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&known), [SignKind::Away, SignKind::Drift]);
    known.take(sampled());
    known.take(well());
    assert_eq!(kinds(&known), []);
}

#[test]
fn what_was_not_seen_stays_as_it_was() {
    let mut known = Known::default();
    let port = |port: &str| Sign::new(SignKind::ForeignPort, port, "answers");
    let looked = |signs, unseen| looked_but(Standing::Well, signs, unseen);
    let parts = |known: &Known| known.signs().map(|sign| sign.part.clone()).collect::<Vec<_>>();
    known.take(looked(vec![port("1/tcp"), port("2/tcp")], Vec::new()));
    known.take(looked(vec![port("2/tcp")], vec![SignKind::ForeignPort]));
    assert_eq!(parts(&known), ["1/tcp", "2/tcp"]);
    known.take(looked(vec![port("2/tcp")], Vec::new()));
    assert_eq!(parts(&known), ["2/tcp"]);
}

/// One that is killed and started again says only what is new; who makes one round wants to know how each host is.
#[test]
fn a_daemon_says_nothing_twice_when_it_is_started_again() {
    let folder = folder();
    let mut first = keeper(&folder, Until::Stopped);
    assert_eq!(take(&mut first, drifted("a")), ["drifted"]);
    drop(first);
    let mut second = keeper(&folder, Until::Stopped);
    assert_eq!(take(&mut second, drifted("a")), [""; 0]);
    assert_eq!(take(&mut second, drifted("b")), ["drifted"]);
    assert_eq!(take(&mut second, away("connection refused")), ["away"]);
    drop(second);
    let mut third = keeper(&folder, Until::Stopped);
    assert_eq!(take(&mut third, away("no route to host")), [""; 0]);
    assert_eq!(take(&mut third, sampled()), [""; 0], "it was not looked at yet");
    assert_eq!(take(&mut third, drifted("b")), ["drifted"], "it is back");
    drop(third);
    let mut round = keeper(&folder, Until::Round);
    assert_eq!(take(&mut round, drifted("b")), ["drifted"]);
    drop(round);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn who_writes_for_long_holds_up_no_host() {
    let folder = folder();
    let mut keeper = keeper(&folder, Until::Round);
    keeper.keep_only(&Members::new(), Setup::of(&Project::nothing()), Until::Round);
    let blocker = rusqlite::Connection::open(folder.join("history.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    for word in [well(), away("refused")] {
        let news = keeper.take(Heard { host: "co1".parse().unwrap(), word });
        assert!(matches!(news.as_slice(), [News::Host(_)]), "{news:?}");
    }
    blocker.execute_batch("COMMIT").unwrap();
    assert!(keeper.ring(now()).is_empty());
    let states: Vec<_> = keeper.history.occurrences(0).unwrap().into_iter().map(|one| one.state).collect();
    assert_eq!(states, ["well", "away"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_warning_is_worse_if_it_was_not_there_when_watching_began() {
    let folder = folder();
    let warned = |checks: &[&str]| {
        let signs = checks.iter().map(|check| Sign::new(SignKind::Worse, *check, "this instead of that"));
        looked(Standing::Well, signs.collect())
    };
    let worse = |keeper: &mut Keeper, word| {
        keeper.take(Heard { host: "co1".parse().unwrap(), word });
        let known = &keeper.hosts[&"co1".parse::<HostName>().unwrap()];
        known.signs().map(|sign| sign.part.clone()).collect::<Vec<_>>()
    };
    let mut first = keeper(&folder, Until::Stopped);
    // Nothing is seen of a host that is away.
    worse(&mut first, looked(Standing::Away { why: "refused".to_owned() }, Vec::new()));
    assert_eq!(worse(&mut first, warned(&["swarm"])), [""; 0]);
    assert_eq!(worse(&mut first, warned(&["swarm", "memory"])), ["memory"]);
    drop(first);
    let mut second = keeper(&folder, Until::Stopped);
    assert_eq!(worse(&mut second, warned(&["swarm", "memory", "disk"])), ["memory", "disk"]);
    assert_eq!(worse(&mut second, warned(&["swarm"])), [""; 0]);
    drop(second);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_cannot_be_kept_for_long_is_said_once() {
    let folder = folder();
    let mut keeper = keeper(&folder, Until::Round);
    keeper.keep_only(&Members::new(), Setup::of(&Project::nothing()), Until::Round);
    let blocker = rusqlite::Connection::open(folder.join("history.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    keeper.take(Heard { host: "co1".parse().unwrap(), word: well() });
    let said: Vec<_> = (0..3).flat_map(|second| keeper.ring(now() + 20 + second)).collect();
    assert!(matches!(said.as_slice(), [News::Unkept(_)]), "{said:?}");
    std::fs::remove_dir_all(folder).unwrap();
}
