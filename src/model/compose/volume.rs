//! Mounts of a service, in Compose's short and long form.

use serde::Deserialize;
use serde_json::Value;

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub struct Volume {
    /// A path of the host, or a volume's short name.
    pub source: String,
    /// Which of the two.
    pub kind: VolumeKind,
    /// The path in the container.
    pub target: String,
    /// Read-only.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeKind {
    /// A path of the host.
    Bind,
    /// A named volume.
    Volume,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(rename = "type")]
    kind: VolumeKind,
    source: Option<String>,
    target: String,
    #[serde(default)]
    read_only: bool,
}

impl TryFrom<Value> for Volume {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let volume = if let Value::String(text) = value {
            short(&text)?
        } else {
            let long = Long::deserialize(value).map_err(|error| error.to_string())?;
            let source = long.source.ok_or_else(|| anonymous(&long.target))?;
            Self { source, kind: long.kind, target: long.target, read_only: long.read_only }
        };
        volume.check()
    }
}

fn anonymous(target: &str) -> String {
    format!(
        "`{target}` would be an anonymous volume, which is lost with its container: name it, as in data:{target}"
    )
}

fn short(text: &str) -> Result<Volume, String> {
    let (source, target, read_only) = match text.split(':').collect::<Vec<_>>()[..] {
        [target] => return Err(anonymous(target)),
        [source, target] | [source, target, "rw"] => (source, target, false),
        [source, target, "ro"] => (source, target, true),
        _ => return Err(format!("`{text}` is not a mount: write SOURCE:TARGET, SOURCE:TARGET:ro or :rw")),
    };
    let path = source.starts_with(['/', '.', '~']);
    let kind = if path { VolumeKind::Bind } else { VolumeKind::Volume };
    Ok(Volume { source: source.to_owned(), kind, target: target.to_owned(), read_only })
}

impl Volume {
    fn check(self) -> Result<Self, String> {
        match self.kind {
            VolumeKind::Bind if !self.source.starts_with('/') => Err(format!(
                "`{}` is relative, but a host has no project folder: write the whole path",
                self.source
            )),
            VolumeKind::Bind | VolumeKind::Volume if !self.target.starts_with('/') => {
                Err(format!("`{}` is not a whole path in the container", self.target))
            }
            VolumeKind::Bind | VolumeKind::Volume => Ok(self),
        }
    }
}
