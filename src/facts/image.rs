//! Which images the host holds.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Fact, Probe, docker::GUARD, strange};
use crate::model::command::Output;

/// `docker image ls`.
pub struct Images;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    repository: String,
    tag: String,
    digest: String,
    #[serde(rename = "ID")]
    id: String,
}

impl Probe for Images {
    type Value = BTreeMap<String, String>;

    fn question(&self) -> String {
        format!("{GUARD}timeout 30 docker image ls --no-trunc --digests --format '{{{{json .}}}}'")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let mut images = BTreeMap::new();
            for line in text.lines() {
                let Line { repository, tag, digest, id } =
                    serde_json::from_str(line).map_err(|_| strange("docker image ls", line))?;
                for (separator, part) in [(':', tag), ('@', digest)] {
                    if part != "<none>" && !part.is_empty() && repository != "<none>" {
                        images.insert(format!("{repository}{separator}{part}"), id.clone());
                    }
                }
            }
            Ok(images)
        })
    }
}
