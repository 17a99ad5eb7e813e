//! Amounts of bytes, read as administrators write them: `4GB`, `512 MB`, `2GiB`.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An amount in bytes. 1 GB is 10^9 bytes, 1 GiB is 2^30 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(pub u64);

/// Why a text is not an amount of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a size: write a number and a unit, as in 512MB, 4GB or 2GiB")]
pub struct InvalidSize(String);

/// Longest unit first, so that `GiB` is not read as `B`. Compose's one-letter units are binary.
const UNITS: [(&str, u64); 13] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("B", 1),
];

impl FromStr for Bytes {
    type Err = InvalidSize;
    fn from_str(text: &str) -> Result<Self, InvalidSize> {
        let invalid = || InvalidSize(text.to_owned());
        let (number, factor) = UNITS
            .iter()
            .find_map(|(unit, factor)| Some((text.trim().strip_suffix(unit)?.trim_end(), *factor)))
            .ok_or_else(invalid)?;
        let whole: u64 = number.parse().map_err(|_| invalid())?;
        whole.checked_mul(factor).map(Self).ok_or_else(invalid)
    }
}

impl TryFrom<String> for Bytes {
    type Error = InvalidSize;
    fn try_from(text: String) -> Result<Self, InvalidSize> {
        text.parse()
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> String {
        bytes.to_string()
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) = match self.0 {
            0..1_000_000 => ("kB", 1e3),
            1_000_000..1_000_000_000 => ("MB", 1e6),
            1_000_000_000..1_000_000_000_000 => ("GB", 1e9),
            1_000_000_000_000.. => ("TB", 1e12),
        };
        #[expect(clippy::cast_precision_loss, reason = "shown to one decimal")]
        let amount = self.0 as f64 / factor;
        if amount.fract() < 0.05 { write!(f, "{amount:.0} {unit}") } else { write!(f, "{amount:.1} {unit}") }
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+ ?([KMGT]iB|[kKMGT]B|[kmg]|B)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        let read = |text: &str| text.parse::<Bytes>().map(|bytes| bytes.0);
        assert_eq!(read("4GB"), Ok(4_000_000_000));
        assert_eq!(read("2 GiB"), Ok(2 << 30));
        assert_eq!(read("512m"), Ok(512 << 20));
        assert!(read("4").is_err() && read("GB").is_err() && read("-1GB").is_err());
        assert_eq!(Bytes(4_000_000_000).to_string(), "4 GB");
        assert_eq!(Bytes(3_840_000_000).to_string(), "3.8 GB");
    }
}
