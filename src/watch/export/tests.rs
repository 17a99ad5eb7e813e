use std::sync::Arc;

use super::*;
use crate::{
    facts::sample::read,
    watch::{
        live::{Place, Seen, Turn},
        measure::Measure,
    },
};

const QUIET: &str = include_str!("../../facts/sample/tests/quiet.txt");

fn sampled(at: i64, measures: Vec<Measure>) -> Arc<Sampled> {
    Arc::new(Sampled { at, counted: Box::new(read(QUIET).unwrap()), measures })
}

/// A sample of second 1000 with these figures.
pub fn sent(host: &str, zone: &str, figures: &[(&'static str, &str, f64)]) -> Sent {
    let measure =
        |&(metric, part, value): &(&'static str, &str, f64)| Measure { metric, part: part.to_owned(), value };
    let sample = sampled(1000, figures.iter().map(measure).collect());
    Sent { host: host.parse().unwrap(), zone: zone.to_owned(), sample }
}

fn live(hosts: &[&str]) -> Arc<Live> {
    let live = Arc::new(Live::default());
    live.change(Turn::news, |view| {
        let place = Place { zone: "eu".to_owned(), roles: Vec::new(), address: "192.0.2.1:22".to_owned() };
        let seen = Seen {
            place: Arc::new(place),
            standing: None,
            since: 0,
            signs: Vec::new(),
            sample: None,
            look: None,
        };
        view.hosts = hosts.iter().map(|host| (host.parse().unwrap(), Arc::new(seen.clone()))).collect();
    });
    live
}

fn sample(live: &Live, host: &str, at: i64) {
    live.of(&host.parse().unwrap(), Turn::sample, |seen| seen.sample = Some(sampled(at, Vec::new())));
}

fn of(samples: &[Sent]) -> Vec<(&str, i64)> {
    samples.iter().map(|sent| (sent.host.as_str(), sent.sample.at)).collect()
}

#[test]
fn every_sample_is_given_once() {
    let live = live(&["a", "b"]);
    let mut samples = Samples::new(&live);
    assert_eq!(of(&samples.new_ones()), []);
    sample(&live, "a", 10);
    assert_eq!(of(&samples.new_ones()), [("a", 10)]);
    // Nothing new but a look.
    live.change(Turn::news, |_| {});
    assert_eq!(of(&samples.new_ones()), []);
    sample(&live, "a", 70);
    sample(&live, "b", 71);
    assert_eq!(of(&samples.new_ones()), [("a", 70), ("b", 71)]);
}

#[tokio::test]
async fn who_waits_is_woken_by_a_sample() {
    let live = live(&["a"]);
    let mut samples = Samples::new(&live);
    let woken = tokio::join!(samples.next(), async {
        tokio::task::yield_now().await;
        sample(&live, "a", 10);
    });
    assert_eq!(of(&woken.0), [("a", 10)]);
}
