//! Which images the host holds.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Fact, Probe, docker::asked, strange};
use crate::model::command::Output;

/// All images that have a name.
pub struct Images;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
}

impl Probe for Images {
    type Value = BTreeMap<String, String>;

    fn question(&self) -> String {
        asked("api /images/json")
    }

    fn read(&self, output: &Output) -> Fact<Self::Value> {
        Fact::read(output, |text| {
            let images: Vec<Image> =
                serde_json::from_str(text).map_err(|_| strange("the list of images", text))?;
            let named = images.into_iter().flat_map(|Image { id, repo_tags, repo_digests }| {
                let names = repo_tags.into_iter().chain(repo_digests).flatten();
                names.filter(|name| !name.contains("<none>")).map(move |name| (name, id.clone()))
            });
            Ok(named.collect())
        })
    }
}
