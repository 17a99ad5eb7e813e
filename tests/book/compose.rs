//! What of the Compose specification a role may use: supported keys from the types that read them, refused ones with the reason
//! that `validate` gives, words from `docs/compose.yaml`.

use std::{collections::BTreeMap, fmt::Write as _};

use pryvctl::model::compose::{Deploy, File, Healthcheck, Limits, Network, Resources, RollConfig, Service};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{cell, head, text};

/// The keys that a type takes, as its own refusal lists them.
fn keys_of<T: DeserializeOwned>(prefix: &str) -> Vec<String> {
    let Err(error) = serde_json::from_value::<T>(json!({ "?": null })) else {
        panic!("{prefix} takes anything")
    };
    listed(&error.to_string(), prefix)
}

/// Words in backquotes, but the first, which is the key that was refused.
fn listed(refusal: &str, prefix: &str) -> Vec<String> {
    let keys: Vec<_> = refusal.split('`').skip(3).step_by(2).map(|key| format!("{prefix}{key}")).collect();
    assert!(!keys.is_empty(), "{prefix}: {refusal}");
    keys
}

fn supported() -> Vec<String> {
    let refusal = File::read(json!({ "services": {}, "?": null })).unwrap_err().remove(0).message;
    let mut keys = listed(&refusal, "");
    keys.extend(keys_of::<Service>("services."));
    keys.extend(keys_of::<Healthcheck>("services.healthcheck."));
    keys.extend(keys_of::<Deploy>("services.deploy."));
    keys.extend(keys_of::<Resources>("services.deploy.resources."));
    keys.extend(keys_of::<Limits>("services.deploy.resources.limits."));
    keys.extend(keys_of::<RollConfig>("services.deploy.update_config."));
    keys.extend(keys_of::<Network>("networks."));
    keys
}

/// Keys that are refused on purpose, each with the way out.
fn refused() -> Vec<(String, String)> {
    let source = text("src/model/compose/reason.rs");
    let list = |name: &str, prefix: &str| {
        let list = source.split(&format!("const {name}: ")).nth(1).unwrap().split("];\n").next().unwrap();
        let pairs: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        pairs.chunks(2).map(|pair| (format!("{prefix}{}", pair[0]), pair[1].to_owned())).collect::<Vec<_>>()
    };
    let mut refused = list("TOP_LEVEL", "");
    refused.extend(list("SERVICE", "services."));
    assert!(refused.len() > 20, "{refused:?}");
    refused
}

fn notes() -> BTreeMap<String, String> {
    serde_saphyr::from_str(&text("docs/compose.yaml")).unwrap()
}

pub fn page() -> String {
    let about = "Which keys of the [Compose specification](https://github.com/compose-spec/compose-spec/blob/main/spec.md) a role may have. \
                 A key that is not supported is an error that names it, never ignored. Keys that begin with `x-` are a place for anchors; \
                 `x-pryvctl` is [pryvctl's own](role-format.md).";
    let mut page = head("Compose keys", "`src/model/compose` and `docs/compose.yaml`", about);
    let notes = notes();
    page += "\n## Supported\n\n| key | what is to be known |\n|---|---|\n";
    for key in supported() {
        writeln!(page, "| `{key}` | {} |", cell(notes.get(&key).map_or("", String::as_str))).unwrap();
    }
    page += "\n## Refused, with the reason and what to use instead\n\n| key | instead |\n|---|---|\n";
    for (key, why) in refused() {
        writeln!(page, "| `{key}` | {} |", cell(&why)).unwrap();
    }
    page
}

pub fn keys() -> Vec<String> {
    supported().into_iter().chain(refused().into_iter().map(|(key, _)| key)).collect()
}

#[test]
fn every_supported_key_has_a_note_and_no_other() {
    let notes: Vec<_> = notes().into_keys().collect();
    let mut supported = supported();
    supported.sort();
    assert_eq!(notes, supported, "docs/compose.yaml (left) and the keys that are read (right)");
}
