use super::*;

fn keeper() -> (Keeper, PathBuf) {
    let folder = std::env::temp_dir().join(format!("pryvctl-watch-{}", rand::random::<u64>()));
    (Keeper { history: History::open(&folder.join("history.db")).unwrap(), hosts: BTreeMap::new() }, folder)
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
            News::Reread | News::Refused(_) | News::Unkept(_) => panic!("{news:?}"),
        })
        .collect();
    let kept = keeper.history.occurrences(0).unwrap();
    assert_eq!(kept.into_iter().map(|one| one.state).collect::<Vec<_>>(), told);
    std::fs::remove_dir_all(folder).unwrap();
    told
}

fn away(why: &str) -> Word {
    Word::Away(why.to_owned())
}

fn drifted(step: &str) -> Word {
    Word::Looked(Standing::Drifted { steps: vec![step.to_owned()] })
}

#[test]
fn what_stays_as_it_is_is_told_once() {
    assert_eq!(told(vec![Word::Looked(Standing::Well), Word::Looked(Standing::Well)]), ["well"]);
    assert_eq!(told(vec![drifted("a"), drifted("a"), drifted("b")]), ["drifted", "drifted"]);
    assert_eq!(told(vec![Word::Sample(Vec::new())]), [""; 0]);
}

#[test]
fn a_host_that_comes_and_goes_is_told_once_each_time() {
    let words = vec![
        Word::Looked(Standing::Well),
        away("connection refused"),
        away("no route to host"),
        Word::Sample(Vec::new()),
        Word::Looked(Standing::Well),
        away("connection refused"),
    ];
    assert_eq!(told(words), ["well", "away", "well", "away"]);
}

/// A look that was begun before the host went comes to its end after that.
#[test]
fn a_host_that_is_away_is_not_said_to_be_well() {
    assert_eq!(told(vec![away("connection refused"), Word::Looked(Standing::Well)]), ["away"]);
}

#[test]
fn an_inventory_that_is_replaced_is_seen_once() {
    let path = std::env::temp_dir().join(format!("pryvctl-inventory-{}", rand::random::<u64>()));
    std::fs::write(&path, "a").unwrap();
    let mut file = File { path: path.clone(), seen: None };
    assert!(file.changed());
    assert!(!file.changed());
    std::fs::write(&path, "ab").unwrap();
    assert!(file.changed());
    assert!(!file.changed());
    std::fs::remove_file(&path).unwrap();
    assert!(!file.changed());
}
