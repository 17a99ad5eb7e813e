//! StatsD: a line for each figure, over UDP (<https://github.com/statsd/statsd/blob/master/docs/metric_types.md>). With tags
//! in the form of Datadog, where the server knows them.

use tokio::net::UdpSocket;

use super::{Complaint, Samples, Sent};
use crate::{model::inventory::Statsd as Words, watch::measure::Measure};

/// A datagram that no Ethernet on the way has to divide, whichever the family of its addresses.
const LARGEST: usize = 1432;

/// A StatsD server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statsd {
    address: String,
    names: Names,
}

/// Where it stands whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// In the name.
    Long,
    /// In tags.
    Tagged,
}

impl Statsd {
    /// As the inventory has it.
    pub fn of(words: &Words) -> Self {
        let names = if words.tags { Names::Tagged } else { Names::Long };
        Self { address: words.address.clone(), names }
    }

    async fn to(&self, datagrams: &[String]) -> Result<(), String> {
        let told = |error: std::io::Error| error.to_string();
        let resolved = tokio::net::lookup_host(&self.address).await.map_err(told)?.next();
        let to = resolved.ok_or_else(|| "its name has no address".to_owned())?;
        let own = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(own).await.map_err(told)?;
        socket.connect(to).await.map_err(told)?;
        for datagram in datagrams {
            socket.send(datagram.as_bytes()).await.map_err(told)?;
        }
        Ok(())
    }
}

/// Sends all samples, without end.
pub async fn send(server: Statsd, mut samples: Samples) {
    let (target, mut complaint) = (format!("StatsD at {}", server.address), Complaint::default());
    loop {
        let new = samples.next().await;
        let lines = new.iter().flat_map(|sent| lines(sent, server.names));
        complaint.of(&target, server.to(&datagrams(lines)).await);
    }
}

fn lines(sent: &Sent, names: Names) -> Vec<String> {
    let (host, zone) = (sent.host.as_str(), sent.zone.as_str());
    let line = |measure: &Measure| {
        let Measure { metric, part, value } = measure;
        match names {
            Names::Long => {
                let mut name = vec!["pryvctl", zone, host, *metric];
                name.extend(Some(part.as_str()).filter(|part| !part.is_empty()));
                let name: Vec<String> = name.into_iter().map(word).collect();
                format!("{}:{value}|g", name.join("."))
            }
            Names::Tagged => {
                let mut tags = format!("host:{},zone:{}", tag(host), tag(zone));
                if !part.is_empty() {
                    tags += &format!(",{}:{}", kind(metric), tag(part));
                }
                format!("pryvctl.{metric}:{value}|g|#{tags}")
            }
        }
    };
    sent.sample.measures.iter().map(line).collect()
}

/// What a part is, as the names of metrics begin.
fn kind(metric: &str) -> &'static str {
    match metric.split('_').next() {
        Some("filesystem") => "mountpoint",
        Some("container") => "container",
        Some("pressure") => "resource",
        Some(_) | None => "device",
    }
}

/// A part of a name: a point would make two of it, and a colon would end it.
fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' }).collect()
}

/// The value of a tag: these letters would end it.
fn tag(text: &str) -> String {
    text.chars()
        .map(|c| if ",|#".contains(c) || c.is_control() || c.is_whitespace() { '_' } else { c })
        .collect()
}

/// Lines, as many as fit into a datagram.
fn datagrams(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in lines {
        match all.last_mut() {
            Some(last) if last.len() + 1 + line.len() <= LARGEST => {
                last.push('\n');
                last.push_str(&line);
            }
            Some(_) | None => all.push(line),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sent, *};

    #[test]
    fn a_figure_says_whose_it_is_in_its_name_or_in_tags() {
        let sent = sent("a", "eu", &[("load1", "", 0.25), ("filesystem_free_bytes", "/var/lib", 1e12)]);
        assert_eq!(
            lines(&sent, Names::Long),
            ["pryvctl.eu.a.load1:0.25|g", "pryvctl.eu.a.filesystem_free_bytes._var_lib:1000000000000|g"]
        );
        assert_eq!(
            lines(&sent, Names::Tagged),
            [
                "pryvctl.load1:0.25|g|#host:a,zone:eu",
                "pryvctl.filesystem_free_bytes:1000000000000|g|#host:a,zone:eu,mountpoint:/var/lib"
            ]
        );
    }

    #[test]
    fn no_name_ends_before_its_end() {
        let sent = sent("a", "eu", &[("container_running", "x:1|c\ny|#z,q", 1.0)]);
        assert_eq!(lines(&sent, Names::Long), ["pryvctl.eu.a.container_running.x_1_c_y__z_q:1|g"]);
        assert_eq!(
            lines(&sent, Names::Tagged),
            ["pryvctl.container_running:1|g|#host:a,zone:eu,container:x:1_c_y__z_q"]
        );
    }

    #[test]
    fn no_datagram_is_too_large_and_no_line_is_divided() {
        let lines: Vec<String> = (0..200).map(|number| format!("pryvctl.eu.a.load1:{number}|g")).collect();
        let datagrams = datagrams(lines.clone().into_iter());
        assert!(datagrams.len() > 1 && datagrams.iter().all(|datagram| datagram.len() <= LARGEST));
        assert_eq!(datagrams.join("\n"), lines.join("\n"));
    }
}
