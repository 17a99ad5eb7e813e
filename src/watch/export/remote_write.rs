//! Prometheus' remote write 1.0 (<https://prometheus.io/docs/specs/prw/remote_write_spec/>): samples as protocol buffers,
//! packed with Snappy, in an HTTP request. A store wants the samples of a series in their order, so one request follows the
//! other, and one that fails is tried again before the next.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::Full;
use prost::Message as _;
use tokio::{
    join,
    time::{sleep, timeout},
};

use super::{Complaint, Samples, Sent, queue::Queue};
use crate::{
    model::{inventory::RemoteWrite as Words, secret::Secret},
    watch::{
        families::FAMILIES,
        post::{post, to},
    },
};

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The first pause before another try, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteWrite {
    /// What the inventory says of it.
    pub words: Words,
    /// The password or the token.
    pub secret: Option<Secret>,
    /// The CA of the store, PEM.
    pub ca: Option<String>,
}

/// What became of a request.
enum Fate {
    Taken,
    /// It may be taken later.
    Later(String),
    /// It is never taken.
    Refused(String),
}

impl RemoteWrite {
    async fn try_once(&self, url: &Uri, body: Bytes) -> Fate {
        let request = match self.request(url, body) {
            Ok(request) => request,
            Err(why) => return Fate::Refused(why.to_string()),
        };
        match timeout(LIMIT, post(url, self.ca.as_deref(), request)).await {
            Err(_) => Fate::Later(format!("no answer within {} s", LIMIT.as_secs())),
            Ok(Err(why)) => Fate::Later(why),
            Ok(Ok(status)) if status.is_success() => Fate::Taken,
            Ok(Ok(status)) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Fate::Later(format!("it answered {status}"))
            }
            Ok(Ok(status)) => Fate::Refused(format!("it answered {status}")),
        }
    }

    fn request(&self, url: &Uri, body: Bytes) -> http::Result<Request<Full<Bytes>>> {
        let mut request = to(url)
            .header(header::CONTENT_TYPE, "application/x-protobuf")
            .header(header::CONTENT_ENCODING, "snappy")
            .header("x-prometheus-remote-write-version", "0.1.0");
        if let Some(secret) = &self.secret {
            let login = match &self.words.username {
                Some(name) => {
                    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{}", secret.expose())))
                }
                None => format!("Bearer {}", secret.expose()),
            };
            request = request.header(header::AUTHORIZATION, login);
        }
        request.body(Full::new(body))
    }
}

/// Sends all samples, without end.
pub async fn send(store: RemoteWrite, mut samples: Samples) {
    // `validate` has looked at it.
    let Ok(url) = store.words.url.parse::<Uri>() else { return };
    let target = format!("the store at {}", url.host().unwrap_or_default());
    let queue = Arc::new(Queue::default());
    let fill = async {
        loop {
            let lost = queue.push(packed(&samples.next().await));
            if lost > 0 {
                tracing::warn!("{lost} requests for {target} waited for too long and are given up");
            }
        }
    };
    let empty = async {
        let mut complaint = Complaint::default();
        loop {
            let (body, mut pause) = (queue.pop().await, PAUSES.0);
            let done = loop {
                match store.try_once(&url, body.clone()).await {
                    Fate::Taken => break Ok(()),
                    Fate::Refused(why) => break Err(why),
                    Fate::Later(why) => complaint.of(&target, Err(why)),
                }
                sleep(pause).await;
                pause = PAUSES.1.min(pause * 2);
            };
            complaint.of(&target, done);
        }
    };
    join!(fill, empty);
}

/// The body of a request.
fn packed(new: &[Sent]) -> Bytes {
    let request = WriteRequest { timeseries: new.iter().flat_map(series).collect() };
    // It only fails for more than 4 GiB.
    snap::raw::Encoder::new().compress_vec(&request.encode_to_vec()).unwrap_or_default().into()
}

/// The same series as at `/metrics`.
fn series(sent: &Sent) -> Vec<TimeSeries> {
    let label = |name: &str, value: &str| Label { name: name.to_owned(), value: value.to_owned() };
    let timestamp = sent.sample.at * 1000;
    let mut all = Vec::new();
    for family in FAMILIES {
        for (own, value) in (family.read)(&sent.sample.counted) {
            let mut labels = vec![
                label("__name__", &family.whole_name()),
                label("host", sent.host.as_str()),
                label("zone", &sent.zone),
            ];
            labels.extend(own.iter().map(|(name, value)| label(name, value)));
            labels.sort_by(|one, other| one.name.cmp(&other.name));
            all.push(TimeSeries { labels, samples: vec![Sample { value, timestamp }] });
        }
    }
    all
}

/// `prometheus.WriteRequest`.
#[derive(Clone, PartialEq, prost::Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

/// `prometheus.TimeSeries`: its labels are in the order of their names.
#[derive(Clone, PartialEq, prost::Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

/// `prometheus.Label`.
#[derive(Clone, PartialEq, prost::Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// `prometheus.Sample`: milliseconds since 1970.
#[derive(Clone, PartialEq, prost::Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sent, *};

    #[test]
    fn a_request_has_the_series_of_the_metrics_page_with_sorted_labels() {
        let body = packed(&[sent("a", "eu", &[])]);
        let plain = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
        let request = WriteRequest::decode(plain.as_slice()).unwrap();
        for series in &request.timeseries {
            assert!(series.labels.is_sorted_by(|one, other| one.name < other.name), "{series:?}");
            assert_eq!(series.samples[0].timestamp, 1_000_000);
        }
        let of = |name: &str| {
            let has = |series: &&TimeSeries| series.labels.iter().any(|label| label.value == name);
            request.timeseries.iter().filter(has).count()
        };
        assert_eq!([of("pryvctl_host_load1"), of("pryvctl_host_cpu_seconds_total")], [1, 5]);
    }

    #[test]
    fn a_password_goes_with_its_user_and_a_token_alone() {
        let words = |username: Option<&str>| Words {
            url: "https://store.example.org/api/v1/write".to_owned(),
            username: username.map(str::to_owned),
            password: Some("store".to_owned()),
            ca: None,
        };
        let login = |username| {
            let store = RemoteWrite { words: words(username), secret: Some(Secret::new("s3")), ca: None };
            let url = store.words.url.parse().unwrap();
            let request = store.request(&url, Bytes::new()).unwrap();
            request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned()
        };
        assert_eq!(login(Some("me")), "Basic bWU6czM=");
        assert_eq!(login(None), "Bearer s3");
    }
}
