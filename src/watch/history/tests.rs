use super::*;
use crate::{
    model::size::Bytes,
    watch::{
        alert::{Alert, Key, Turn, message::Message},
        measure::Measure,
        now,
    },
};

fn measure(metric: &'static str, part: &str, value: f64) -> Measure {
    Measure { metric, part: part.to_owned(), value }
}

fn in_a_folder(work: impl FnOnce(&Path)) {
    let folder = std::env::temp_dir().join(format!("pryvctl-history-{}", rand::random::<u64>()));
    work(&folder.join("state/history.db"));
    std::fs::remove_dir_all(folder).unwrap();
}

fn kept(host: &str, at: i64, measures: &[Measure]) -> Kept {
    Kept { host: host.parse().unwrap(), at, measures: measures.to_vec() }
}

#[test]
fn what_was_kept_is_read_while_it_is_written() {
    in_a_folder(|path| {
        assert!(matches!(History::read(path), Err(HistoryError::None(_))));
        let mut history = History::open(path).unwrap();
        for at in [1000, 1060] {
            let measures = [measure("load1", "", 0.5), measure("filesystem_free_bytes", "/", 9.0)];
            history.keep(&[kept("co1", at, &measures)]).unwrap();
        }
        history.keep(&[kept("co2", 1000, &[measure("load1", "", 3.0)])]).unwrap();
        let reader = History::read(path).unwrap();
        let curves = reader.curves(&["load1"], None, 0, 2000).unwrap();
        let shape: Vec<_> = curves.iter().map(|curve| (curve.host.as_str(), curve.points.len())).collect();
        assert_eq!(shape, [("co1", 2), ("co2", 1)]);
        assert_eq!(reader.metrics().unwrap(), ["filesystem_free_bytes", "load1"]);
        assert_eq!(reader.curves(&["load1"], None, 1001, 2000).unwrap().len(), 1);
        let of_one = reader.curves(&["load1"], Some("co2"), 0, 2000).unwrap();
        assert_eq!((of_one.len(), of_one[0].points[0].mean), (1, 3.0));
        assert_eq!(reader.curves(&["load1"], Some("co3"), 0, 2000).unwrap(), []);
    });
}

#[test]
fn what_is_older_is_kept_as_means_and_thinning_twice_changes_nothing() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        let now = 100 * 86_400;
        let old = now - 3 * 86_400;
        for (at, value) in [(old, 1.0), (old + 60, 3.0), (old + 301, 5.0), (now, 7.0)] {
            history.keep(&[kept("co1", at, &[measure("load1", "", value)])]).unwrap();
        }
        history.thin(now).unwrap();
        history.thin(now).unwrap();
        let all = |since, now| history.curves(&["load1"], None, since, now).unwrap().remove(0).points;
        assert_eq!(all(now - 86_400, now).iter().map(|point| point.at).collect::<Vec<_>>(), [now]);
        let means: Vec<_> =
            all(old - 300, now).iter().map(|one| (one.at - old, one.mean, one.most)).collect();
        assert_eq!(means, [(0, 2.0, 3.0), (300, 5.0, 5.0), (3 * 86_400, 7.0, 7.0)]);
        let hours: Vec<_> = all(now - 60 * 86_400, now).iter().map(|one| (one.least, one.most)).collect();
        assert_eq!(hours, [(1.0, 5.0), (7.0, 7.0)]);
        history.thin(now + 40 * 86_400).unwrap();
        let rows = |table| {
            let count = format!("SELECT count(*) FROM {table}");
            history.database.query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(["sample", "minutes", "hours"].map(rows), [0, 0, 2]);
        // Where samples were, there is at least the mean of the hour.
        assert_eq!(all(now - 86_400, now).iter().map(|point| point.mean).collect::<Vec<_>>(), [7.0]);
        history.thin(now + 800 * 86_400).unwrap();
        assert_eq!(history.curves(&["load1"], None, now - 86_400, now).unwrap(), []);
    });
}

#[test]
fn where_a_curve_leads_is_read_from_means() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        let begin = 100 * 86_400;
        let samples = (0..360).map(|minute| {
            kept(
                "co1",
                begin + minute * 60,
                &[measure("filesystem_free_bytes", "/", f64::from(minute as i32))],
            )
        });
        history.keep(&samples.collect::<Vec<_>>()).unwrap();
        let now = begin + 6 * 3600;
        let means = |history: &History| history.means(&["filesystem_free_bytes"], begin, now).unwrap();
        assert_eq!(means(&history), []);
        history.thin(now).unwrap();
        let points = means(&history).swap_remove(0).points;
        assert_eq!((points.len(), points[0].mean, points[71].at), (72, 2.0, begin + 71 * 300));
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
fn some_metrics_are_read_as_each_by_itself() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        for (host, at) in [("co1", 1000), ("co1", 1060), ("co2", 1000)] {
            let disks = ["/", "/data"].map(|part| measure("filesystem_free_bytes", part, 9.0));
            history.keep(&[kept(host, at, &[&[measure("load1", "", 1.0)], &disks[..]].concat())]).unwrap();
        }
        let read = |metrics: &[&str]| history.curves(metrics, Some("co1"), 0, 2000).unwrap();
        let each = [read(&["filesystem_free_bytes"]), read(&["load1"])].concat();
        assert_eq!(each.len(), 3);
        assert_eq!(read(&["filesystem_free_bytes", "load1"]), each);
        assert_eq!(read(&["nobody_measures_this"]), []);
    });
}

#[test]
fn one_of_a_newer_pryvctl_is_left_alone() {
    in_a_folder(|path| {
        History::open(path).unwrap().run("PRAGMA user_version = 99;").unwrap();
        let refused = History::open(path).err().unwrap().to_string();
        assert!(refused.ends_with("is of a newer pryvctl (format 99; this one knows 2)"), "{refused}");
    });
}

#[test]
fn one_of_the_first_format_keeps_its_events() {
    in_a_folder(|path| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let old = Connection::open(path).unwrap();
        old.execute_batch(
            "CREATE TABLE series (id INTEGER PRIMARY KEY, host TEXT, metric TEXT, part TEXT);
             CREATE TABLE sample (series INTEGER, at INTEGER, value REAL);
             CREATE TABLE means (step INTEGER);
             CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER, host TEXT, state TEXT, words TEXT);
             INSERT INTO event (at, host, state, words) VALUES (10, 'co1', 'well', 'as it should be');
             PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        assert!(matches!(History::read(path), Err(HistoryError::Older(_))));
        let mut history = History::open(path).unwrap();
        history.keep(&[kept("co1", 20, &[measure("load1", "", 0.5)])]).unwrap();
        let reader = History::read(path).unwrap();
        assert_eq!(reader.occurrences(0).unwrap()[0].state, "well");
        assert_eq!(reader.curves(&["load1"], None, 0, 30).unwrap()[0].points.len(), 1);
    });
}

/// A day of samples of a host, each with 400 figures that do not pack well.
fn day_of_samples(now: i64) -> impl Iterator<Item = Kept> {
    let parts: Vec<_> = (0..400).map(|part| part.to_string()).collect();
    (0..1440).map(move |minute| {
        let figures = parts.iter().map(|part| measure("load1", part, rand::random()));
        kept("co1", now - (1439 - minute) * 60, &figures.collect::<Vec<_>>())
    })
}

#[test]
fn it_never_grows_beyond_its_bound_and_the_oldest_goes_first() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        history.limit(Bytes(20 << 20)).unwrap();
        let now = 100 * 86_400;
        let mut refused = 0;
        for (sample, turn) in day_of_samples(now).zip(0..) {
            let at = sample.at;
            if turn % 120 == 0 {
                history.make_room(at).unwrap();
                history.thin(at).unwrap();
            }
            if let Err(error) = history.keep(std::slice::from_ref(&sample)) {
                assert!(error.is_full(), "{error}");
                refused += 1;
                history.make_room(at).unwrap();
                history.keep(&[sample]).unwrap();
            }
        }
        assert!(refused > 0, "the bound was never reached");
        let size = |name: &str| std::fs::metadata(path.with_file_name(name)).unwrap().len();
        assert!(size("history.db") <= 4 << 20, "{}", size("history.db"));
        assert!(size("history.db-wal") <= 16 << 20, "{}", size("history.db-wal"));
        let points =
            history.curves(&["load1"], Some("co1"), now - 86_400, now).unwrap().swap_remove(0).points;
        // The day begins with means, and ends with samples.
        assert_eq!((points[1].at - points[0].at, points.last().unwrap().at), (300, now));
        assert!(points[0].at < now - 80_000 && points.len() > 300, "{} of {}", points.len(), points[0].at);
        assert!(points.is_sorted_by_key(|point| point.at));
    });
}

#[test]
fn a_writer_writes_all_before_it_ends() {
    in_a_folder(|path| {
        let writer = Writer::start(&History::open(path).unwrap());
        for at in 0..100 {
            writer.keep(kept("co1", now() + at, &[measure("load1", "", 1.0)]));
        }
        assert!(writer.end().is_empty());
        let reader = History::read(path).unwrap();
        assert_eq!(reader.curves(&["load1"], None, now() - 60, now() + 200).unwrap()[0].points.len(), 100);
    });
}

#[test]
fn what_cannot_be_written_is_said_and_written_later() {
    in_a_folder(|path| {
        let writer = Writer::start(&History::open(path).unwrap());
        let mut small = History::open(path).unwrap();
        small.database.busy_timeout(Duration::ZERO).unwrap();
        let blocker = Connection::open(path).unwrap();
        blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(small.keep(&[kept("co1", now(), &[measure("load1", "", 1.0)])]).is_err());
        writer.keep(kept("co1", now(), &[measure("load1", "", 1.0)]));
        blocker.execute_batch("COMMIT").unwrap();
        // The names of a transaction that was undone are asked for anew.
        small.keep(&[kept("co2", now(), &[measure("load1", "", 2.0)])]).unwrap();
        assert!(writer.end().is_empty());
        let reader = History::read(path).unwrap();
        let hosts: Vec<_> = reader
            .curves(&["load1"], None, now() - 60, now())
            .unwrap()
            .into_iter()
            .map(|one| one.host)
            .collect();
        assert_eq!(hosts, ["co1", "co2"]);
    });
}

#[test]
fn why_nothing_can_be_written_is_said_once() {
    in_a_folder(|path| {
        let history = History::open(path).unwrap();
        history.run("PRAGMA user_version = 99;").unwrap();
        let writer = Writer::start(&history);
        for _ in 0..3 {
            writer.keep(kept("co1", now(), &[measure("load1", "", 1.0)]));
        }
        let said: Vec<_> = writer.end().into_iter().map(|error| error.to_string()).collect();
        assert!(said.len() == 1 && said[0].contains("newer pryvctl"), "{said:?}");
    });
}

fn turn(message: Option<Message>, alert: Option<Alert>) -> Turn {
    let key = Key { rule: "disk-full".to_owned(), host: "co1".parse().unwrap(), part: "/".to_owned() };
    Turn { changed: [(key, alert)].into(), messages: message.into_iter().collect() }
}

fn firing() -> Alert {
    let words = "/ has 3 % of its space left".to_owned();
    Alert { began: 10, fired: Some(20), told: Some(20), over: None, words, number: Some(0.03) }
}

#[test]
fn what_fires_and_what_is_to_be_sent_are_kept_together() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        let notifiers = ["webhook".to_owned(), "mail".to_owned()];
        history.turn(&turn(Some(Message::test("acme", 20)), Some(firing())), 20, &notifiers).unwrap();
        let reader = History::read(path).unwrap();
        assert_eq!(reader.alerts().unwrap()[0].1, firing());
        let waiting: Vec<_> =
            reader.waiting().unwrap().into_iter().map(|one| (one.notifier, one.messages)).collect();
        assert_eq!(waiting, [("mail".to_owned(), 1), ("webhook".to_owned(), 1)]);
        // The same turn again, as after an error that came too late.
        history.turn(&turn(Some(Message::test("acme", 20)), None), 20, &notifiers).unwrap();
        assert_eq!(reader.alerts().unwrap(), []);
        assert_eq!(reader.waiting().unwrap().len(), 2);
        history.keep_notifiers(&notifiers[..1]).unwrap();
        assert_eq!(reader.waiting().unwrap().len(), 1);
    });
}

#[test]
fn a_message_is_given_once_until_its_next_try() {
    in_a_folder(|path| {
        let mut history = History::open(path).unwrap();
        let mut other = History::open(path).unwrap();
        for at in [20, 21] {
            history.turn(&turn(Some(Message::test("acme", at)), None), at, &["webhook".to_owned()]).unwrap();
        }
        let first = history.due("webhook", 30, |_| 60).unwrap().unwrap();
        assert_eq!(first.tries, 0);
        // Nobody else gets it, and none of the same rule goes before it.
        assert_eq!(other.due("webhook", 30, |_| 60).unwrap(), None);
        history.undelivered("webhook", first.message, "connection refused").unwrap();
        assert_eq!(history.waiting().unwrap()[0].error, "connection refused");
        let again = other.due("webhook", 60, |_| 120).unwrap().unwrap();
        assert_eq!((again.message, again.tries), (first.message, 1));
        other.delivered("webhook", again.message).unwrap();
        assert!(history.due("webhook", 60, |_| 120).unwrap().unwrap().message > first.message);
        assert_eq!(history.due("mail", 60, |_| 120).unwrap(), None);
    });
}
