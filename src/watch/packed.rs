//! A document that is kept for every host, and seldom read: packed, so that a thousand hosts do not fill the memory.

use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};
use serde::Serialize;
use serde_json::Value;

/// How well it is packed, from 0 to 10: beyond this it takes longer and gets hardly smaller.
const LEVEL: u8 = 6;

/// No document is so long.
const LONGEST: usize = 64 << 20;

/// A packed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Packs a document.
    pub fn of(document: &impl Serialize) -> Self {
        Self(compress_to_vec(&serde_json::to_vec(document).unwrap_or_default(), LEVEL))
    }

    /// The document; nothing if it could not be packed.
    pub fn value(&self) -> Value {
        let text = decompress_to_vec_with_limit(&self.0, LONGEST).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_is_smaller() {
        let document = serde_json::json!({ "controls": vec!["the same again and again"; 100] });
        let packed = Packed::of(&document);
        assert_eq!(packed.value(), document);
        assert!(packed.0.len() < 200, "{}", packed.0.len());
    }
}
