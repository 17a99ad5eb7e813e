//! What `watch` knows, for programs: the answers of its page below `/api/v1`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{EventDocument, HostDocument, LineDocument};

/// The platform as it is known now: `/api/v1/platform`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PlatformDocument {
    /// The version of this shape. It changes when a key goes or means something else.
    pub version: u32,
    /// When it was asked, RFC 3339.
    pub time: String,
    /// The platform's name.
    pub platform: String,
    /// Its zones.
    pub zones: Vec<ZoneDocument>,
    /// The hosts that are watched.
    pub hosts: Vec<WatchedDocument>,
}

/// A zone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ZoneDocument {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub title: Option<String>,
}

/// A host that is watched.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WatchedDocument {
    /// Its name.
    pub host: String,
    /// Its zone.
    pub zone: String,
    /// What it does.
    pub roles: Vec<String>,
    /// Where its sshd listens.
    pub address: String,
    /// How it is: `well`, `drifted`, `unfit`, `locked` or `away`; nothing before the first look.
    pub state: Option<String>,
    /// The same in words.
    pub words: Option<String>,
    /// Since when it is so, RFC 3339.
    pub since: Option<String>,
    /// When it was sampled last, RFC 3339.
    pub sampled: Option<String>,
    /// When it was looked at last, RFC 3339.
    pub looked: Option<String>,
    /// The figures that say most.
    pub figures: FiguresDocument,
    /// All that is not as it should be.
    pub signs: Vec<SignDocument>,
}

/// One thing that is not as it should be on a host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SignDocument {
    /// What kind of thing, as in `drift` or `certificate`.
    pub kind: String,
    /// Of which part of the host; empty: of the host as a whole.
    pub part: String,
    /// In words.
    pub words: String,
    /// The number that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// What the number counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The figures of a host that say most. Ratios are between 0 and 1; what is not known yet is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
pub struct FiguresDocument {
    /// How busy the processors are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ratio: Option<f64>,
    /// How much of the memory programs cannot get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_ratio: Option<f64>,
    /// How full the fullest filesystem is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filesystem_ratio: Option<f64>,
    /// The load over a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load1: Option<f64>,
}

/// One host: `/api/v1/hosts/NAME`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WatchedHostDocument {
    /// The version of this shape.
    pub version: u32,
    /// What is known of it.
    pub host: WatchedDocument,
    /// What the last look found, with its plan, its controls and its facts.
    #[schemars(with = "Option<HostDocument>")]
    pub look: Option<Value>,
    /// What the last sample says.
    pub measures: Vec<MeasureDocument>,
}

/// One figure of a sample.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MeasureDocument {
    /// What is measured, with its unit at the end.
    pub metric: String,
    /// Of which part of the host: a mount point, a disk, an interface, a container; empty: of the host as a whole.
    pub part: String,
    /// The figure.
    pub value: f64,
}

/// Curves of one host: `/api/v1/hosts/NAME/curves?span=24h`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CurvesDocument {
    /// The version of this shape.
    pub version: u32,
    /// The host.
    pub host: String,
    /// Its curves.
    pub curves: Vec<CurveDocument>,
}

/// One curve.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CurveDocument {
    /// What was measured.
    pub metric: String,
    /// Of which part of the host.
    pub part: String,
    /// Its points in order of time: seconds since 1970, the mean of that time, the least and the most.
    pub points: Vec<(i64, f64, f64, f64)>,
}

/// Changes of state: `/api/v1/events?span=24h`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventsDocument {
    /// The version of this shape.
    pub version: u32,
    /// They, in order of time.
    pub events: Vec<EventDocument>,
}

/// Runs of the journal: `/api/v1/runs`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunsDocument {
    /// The version of this shape.
    pub version: u32,
    /// The newest first.
    pub runs: Vec<RunDocument>,
    /// What is wrong with the journal.
    pub faults: Vec<String>,
}

/// One run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunDocument {
    /// Its id.
    pub run: String,
    /// The command.
    pub command: String,
    /// Who ran it.
    pub who: String,
    /// When it began, RFC 3339.
    pub began: String,
    /// When its last line was written, RFC 3339.
    pub ended: String,
    /// How it ended on each host, in words; nothing where it did not come to an end.
    pub hosts: Vec<RunHostDocument>,
    /// Its lines, where one run was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineDocument>,
}

/// A run on one host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunHostDocument {
    /// The host.
    pub host: String,
    /// How it ended there.
    pub outcome: Option<String>,
    /// How many steps began.
    pub steps: usize,
}

/// The controls of the platform: `/api/v1/controls`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ControlsDocument {
    /// The version of this shape.
    pub version: u32,
    /// In order of their ids.
    pub controls: Vec<PlatformControlDocument>,
}

/// One control on all hosts.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct PlatformControlDocument {
    /// Its id.
    pub id: String,
    /// What is so when it passes.
    pub title: String,
    /// Its level, 1 or 2.
    pub level: u64,
    /// Hosts on which it holds.
    pub pass: Vec<String>,
    /// Hosts on which it does not.
    pub fail: Vec<String>,
    /// Hosts that the inventory leaves out.
    pub skipped: Vec<String>,
    /// Hosts on which it has no meaning.
    pub not_applicable: Vec<String>,
}
