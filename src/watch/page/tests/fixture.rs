//! A platform that is watched, with a past, without any host.

use std::{path::PathBuf, sync::Arc};

use serde_json::{Value, json};

use super::Sources;
use crate::{
    facts::sample::{ContainerUse, Sample, read},
    watch::{
        history::{History, Kept, Occurrence},
        live::{Live, Looked, Place, Sampled, Seen, Turn},
        measure::measures,
        moment, now,
        packed::Packed,
        sign::{Sign, SignKind},
        standing::Standing,
    },
};

/// What a name, a reason and an outcome may be made of.
pub const HOSTILE: &str = "a<img src=x onerror=alert(1)>\u{1b}[2J\u{202e}";

const QUIET: &str = include_str!("../../../facts/sample/tests/quiet.txt");
const LOOK: &str = include_str!("look.json");

/// A platform and its past, which is gone when this is dropped.
pub struct Scene {
    live: Arc<Live>,
    folder: PathBuf,
}

impl Scene {
    /// So many hosts; the first has drifted, the second is unfit, the third is away, all others are well.
    pub fn new(hosts: usize) -> Self {
        let folder = std::env::temp_dir().join(format!("pryvctl-page-{}", rand::random::<u64>()));
        std::fs::create_dir_all(&folder).unwrap();
        let scene = Self { live: Arc::default(), folder };
        scene.live.change(Turn::news, |view| {
            view.platform = "acme".to_owned();
            view.zones = vec![
                ("ch".to_owned(), Some("Switzerland".to_owned())),
                ("eu".to_owned(), Some("European Union".to_owned())),
            ];
            view.hosts = (1..=hosts)
                .map(|number| (format!("co{number}").parse().unwrap(), Arc::new(seen(number))))
                .collect();
        });
        scene.remember();
        scene
    }

    pub fn sources(&self) -> Sources {
        let (history, journal) = (self.folder.join("history.db"), Some(self.folder.join("journal.jsonl")));
        Sources { live: Arc::clone(&self.live), history, journal }
    }

    /// A host that is well from now on.
    pub fn well(&self, host: &str) {
        self.live.of(&host.parse().unwrap(), Turn::news, |seen| seen.standing = Some(Standing::Well));
    }

    fn remember(&self) {
        let mut history = History::open(&self.folder.join("history.db")).unwrap();
        let events = [("well", "the host is as the inventory says"), ("drifted", HOSTILE), ("well", "again")];
        for (number, (state, words)) in (1..).zip(events) {
            let one = Occurrence {
                at: now() - 3600 + number * 600,
                host: "co1".to_owned(),
                state: state.to_owned(),
                words: words.to_owned(),
            };
            history.happened(&one).unwrap();
        }
        for minute in 0..60 {
            let sampled = sampled(f64::from(minute) * 60.0, minute);
            let at = now() - 3600 + i64::from(minute) * 60;
            let host = "co1".parse().unwrap();
            history.keep(&[Kept { host, at, measures: sampled.measures }]).unwrap();
        }
        let line = |number: usize, host: &str, what: &str, more: Value| {
            let mut body = json!({ "command": "install", "host": host, "run": "20261130T080000Z-17", "what": what,
                "time": format!("2026-11-30T08:00:{number:02}Z"), "who": "root@console (pid 17)" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            format!("{body}\n")
        };
        let journal = [
            line(1, "", "begun", json!({ "plan": "00", "hosts": ["co1"] })),
            line(2, "co1", "step", json!({ "id": "firewall.table", "number": 1, "of": 1 })),
            line(3, "co1", "finished", json!({ "outcome": HOSTILE })),
        ];
        std::fs::write(self.folder.join("journal.jsonl"), journal.concat()).unwrap();
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap_or_default();
    }
}

fn seen(number: usize) -> Seen {
    let standing = match number {
        1 => Standing::Drifted {
            steps: vec![
                "firewall.table".to_owned(),
                "file./etc/ssh/sshd_config.d/00-pryvctl.conf".to_owned(),
            ],
        },
        2 => Standing::Unfit {
            findings: vec![format!("disk: 1.2 GiB instead of 15 GiB on {HOSTILE}")],
            exit: crate::app::exit::Exit::Preflight,
        },
        3 => Standing::Away { why: "10.0.0.3:22 does not answer within 10 s".to_owned() },
        _ => Standing::Well,
    };
    let place = Place {
        zone: if number.is_multiple_of(3) { "ch" } else { "eu" }.to_owned(),
        roles: vec![if number == 1 { "register" } else { "core" }.to_owned()],
        address: format!("10.0.{}.{}", number / 250, number % 250 + 1),
    };
    let looked = Looked { at: now() - 300, document: Packed::of(&look(number)) };
    Seen {
        place: Arc::new(place),
        standing: Some(standing),
        since: now() - 1800,
        signs: match number {
            1 => vec![
                Sign::new(SignKind::Certificate, "443/tcp", "the certificate at 443/tcp ends in 9 days")
                    .number(9.0),
            ],
            _ => Vec::new(),
        },
        sample: Some(Arc::new(sampled(86_400.0, u32::try_from(number).unwrap()))),
        look: Some(Arc::new(looked)),
    }
}

/// What a look found: only the first host has something to be done.
fn look(number: usize) -> Value {
    let mut document: Value = serde_json::from_str(LOOK).unwrap();
    document["host"] = format!("co{number}").into();
    document["facts"]["containers"][1]["name"] = HOSTILE.into();
    document["facts"]["containers"][0]["started"] = moment(now() - 400_000).into();
    document["facts"]["containers"][1]["started"] = moment(now() - 4000).into();
    document["controls"][0]["parts"][0]["found"] = HOSTILE.into();
    if number > 1 {
        document["plan"] = json!([]);
    }
    document
}

/// A sample after another a minute before, with figures that differ from number to number.
fn sampled(uptime: f64, number: u32) -> Sampled {
    let before = counted(uptime, number);
    let mut now_counted = counted(uptime + 60.0, number);
    let wave = u64::from((number * 7) % 23);
    now_counted.cpu.user += 300 + wave * 90;
    now_counted.cpu.system += 150 + wave * 20;
    now_counted.cpu.iowait += wave * 12;
    now_counted.cpu.idle += 11_000 - wave * 122;
    for traffic in now_counted.interfaces.values_mut() {
        traffic.received.bytes += 60 * (40_000 + wave * 25_000);
        traffic.sent.bytes += 60 * (90_000 + wave * 61_000);
        traffic.received.packets += 60 * (80 + wave * 30);
        traffic.sent.packets += 60 * (95 + wave * 33);
    }
    for disk in now_counted.disks.values_mut() {
        disk.writes += 60 * (3 + wave);
        disk.reads += 60 * (wave / 3);
        disk.written.0 += 60 * (50_000 + wave * 40_000);
        disk.busy += 60 * (10 + wave * 9);
    }
    for container in now_counted.containers.iter_mut().flatten() {
        container.1.cpu = container.1.cpu.map(|spent| spent + 600_000 + wave * 700_000);
    }
    Sampled {
        at: now() - 20,
        measures: measures(Some(&before), &now_counted),
        counted: Box::new(now_counted),
    }
}

fn counted(uptime: f64, number: u32) -> Sample {
    let mut sample = read(QUIET).unwrap();
    sample.uptime = uptime;
    let wave = f64::from((number * 7) % 23) / 23.0;
    sample.load = [0.2 + wave, 0.3 + wave / 2.0, 0.4 + wave / 4.0];
    let container = ContainerUse {
        state: "running".to_owned(),
        health: Some("healthy".to_owned()),
        cpu: Some(5_000_000),
        memory: Some(crate::model::size::Bytes(u64::from(180 + number % 40) << 20)),
        restarts: None,
    };
    let containers = [("acme_core_a".to_owned(), container.clone()), (HOSTILE.to_owned(), container)];
    sample.containers = Some(containers.into());
    sample
}
