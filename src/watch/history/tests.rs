use super::*;

fn measure(metric: &'static str, part: &str, value: f64) -> Measure {
    Measure { metric, part: part.to_owned(), value }
}

fn in_a_folder(work: impl FnOnce(&Path)) {
    let folder = std::env::temp_dir().join(format!("pryvctl-history-{}", rand::random::<u64>()));
    work(&folder.join("state/history.db"));
    std::fs::remove_dir_all(folder).unwrap();
}

fn host(name: &str) -> HostName {
    name.parse().unwrap()
}

#[test]
fn what_was_kept_is_read_while_it_is_written() {
    in_a_folder(|path| {
        assert!(matches!(History::read(path), Err(HistoryError::None(_))));
        let mut history = History::open(path).unwrap();
        for at in [1000, 1060] {
            history
                .keep(
                    &host("co1"),
                    at,
                    &[measure("load1", "", 0.5), measure("filesystem_free_bytes", "/", 9.0)],
                )
                .unwrap();
        }
        history.keep(&host("co2"), 1000, &[measure("load1", "", 3.0)]).unwrap();
        let reader = History::read(path).unwrap();
        let curves = reader.curves("load1", 0, 2000).unwrap();
        let shape: Vec<_> = curves.iter().map(|curve| (curve.host.as_str(), curve.points.len())).collect();
        assert_eq!(shape, [("co1", 2), ("co2", 1)]);
        assert_eq!(reader.metrics().unwrap(), ["filesystem_free_bytes", "load1"]);
        assert_eq!(reader.curves("load1", 1001, 2000).unwrap().len(), 1);
    });
}

#[test]
fn what_is_older_is_kept_as_means_and_thinning_twice_changes_nothing() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        let now = 100 * 86_400;
        let old = now - 3 * 86_400;
        for (at, value) in [(old, 1.0), (old + 60, 3.0), (old + 301, 5.0), (now, 7.0)] {
            history.keep(&host("co1"), at, &[measure("load1", "", value)]).unwrap();
        }
        history.thin(now).unwrap();
        history.thin(now).unwrap();
        let all = |since, now| history.curves("load1", since, now).unwrap().remove(0).points;
        assert_eq!(all(now - 86_400, now).iter().map(|point| point.at).collect::<Vec<_>>(), [now]);
        let means: Vec<_> =
            all(old - 300, now).iter().map(|one| (one.at - old, one.mean, one.most)).collect();
        assert_eq!(means, [(0, 2.0, 3.0), (300, 5.0, 5.0), (3 * 86_400, 7.0, 7.0)]);
        let hours: Vec<_> = all(now - 60 * 86_400, now).iter().map(|one| (one.least, one.most)).collect();
        assert_eq!(hours, [(1.0, 5.0), (7.0, 7.0)]);
        history.thin(now + 40 * 86_400).unwrap();
        assert_eq!(history.curves("load1", now - 86_400, now).unwrap(), []);
    });
}

#[test]
fn events_are_in_order() {
    in_a_folder(|path| {
        let history = History::open(path).unwrap();
        for (at, state) in [(20, "well"), (10, "away")] {
            let one =
                Occurrence { at, host: "co1".to_owned(), state: state.to_owned(), words: String::new() };
            history.happened(&one).unwrap();
        }
        let states: Vec<_> = history.occurrences(0).unwrap().into_iter().map(|one| one.state).collect();
        assert_eq!(states, ["away", "well"]);
        assert_eq!(history.occurrences(11).unwrap().len(), 1);
    });
}

#[test]
fn one_of_a_newer_pryvctl_is_left_alone() {
    in_a_folder(|path| {
        History::open(path).unwrap().run("PRAGMA user_version = 99;").unwrap();
        let refused = History::open(path).err().unwrap().to_string();
        assert!(refused.ends_with("is of a newer pryvctl (format 99; this one knows 1)"), "{refused}");
    });
}
