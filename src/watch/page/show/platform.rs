//! The platform and its hosts, as they are known now.

use std::sync::Arc;

use crate::{
    app::document::{
        FiguresDocument, MeasureDocument, PlatformDocument, SignDocument, VERSION, WatchedDocument,
        WatchedHostDocument, ZoneDocument,
    },
    watch::{
        live::{Sampled, Seen, View},
        moment, now,
        sign::Sign,
        standing::Standing,
    },
};

/// The whole of it.
pub fn document(view: &View) -> PlatformDocument {
    let zone =
        |(name, title): &(String, Option<String>)| ZoneDocument { name: name.clone(), title: title.clone() };
    PlatformDocument {
        version: VERSION,
        time: moment(now()),
        platform: view.platform.clone(),
        zones: view.zones.iter().map(zone).collect(),
        hosts: view.hosts.iter().map(|(name, seen)| watched(name.as_str(), seen)).collect(),
    }
}

/// One host with all that is known of it.
pub fn one(name: &str, seen: &Arc<Seen>) -> WatchedHostDocument {
    let measures = seen.sample.iter().flat_map(|sample| &sample.measures);
    let measures = measures.map(|one| MeasureDocument {
        metric: one.metric.to_owned(),
        part: one.part.clone(),
        value: one.value,
    });
    WatchedHostDocument {
        version: VERSION,
        host: watched(name, seen),
        look: seen.look.as_ref().map(|look| look.document.value()),
        measures: measures.collect(),
    }
}

/// A host in short.
pub fn watched(name: &str, seen: &Seen) -> WatchedDocument {
    WatchedDocument {
        host: name.to_owned(),
        zone: seen.place.zone.clone(),
        roles: seen.place.roles.clone(),
        address: seen.place.address.clone(),
        state: seen.standing.as_ref().map(|standing| standing.word().to_owned()),
        words: seen.standing.as_ref().map(Standing::sentence),
        since: seen.standing.as_ref().map(|_| moment(seen.since)),
        sampled: seen.sample.as_ref().map(|sample| moment(sample.at)),
        looked: seen.look.as_ref().map(|look| moment(look.at)),
        figures: seen.sample.as_deref().map(figures).unwrap_or_default(),
        signs: seen.signs.iter().map(sign).collect(),
    }
}

fn sign(one: &Sign) -> SignDocument {
    SignDocument {
        kind: one.kind.name().to_owned(),
        part: one.part.clone(),
        words: one.words.clone(),
        number: one.number,
        unit: one.kind.unit().map(str::to_owned),
    }
}

fn figures(sample: &Sampled) -> FiguresDocument {
    let memory = sample.value("memory_total_bytes", "").zip(sample.value("memory_available_bytes", ""));
    let busy = ["cpu_user_ratio", "cpu_system_ratio", "cpu_iowait_ratio", "cpu_steal_ratio"];
    let busy: Option<Vec<f64>> = busy.into_iter().map(|metric| sample.value(metric, "")).collect();
    let full = sample.values("filesystem_size_bytes").filter_map(|(mount, size)| {
        let free = sample.value("filesystem_free_bytes", mount)?;
        (size > 0.0).then(|| 1.0 - free / size)
    });
    FiguresDocument {
        cpu_ratio: busy.map(|shares| shares.iter().sum()),
        memory_ratio: memory.filter(|(total, _)| *total > 0.0).map(|(total, free)| 1.0 - free / total),
        filesystem_ratio: full.reduce(f64::max),
        load1: sample.value("load1", ""),
    }
}
