//! The one gate before the terminal. What hosts, files and people say may hold bytes that a terminal obeys; everything
//! that is printed passes here and comes out as bytes that it only shows. Our own colour is a type and goes around.

use std::{
    fmt::{self, Display},
    io,
};

use serde_json::Value;

use crate::app::visible::is_obeyed;
pub use crate::app::visible::{in_place, json, line, shown};

/// A value as YAML, with the same gate. YAML has escapes in double quotes only, and the writer does not choose those for
/// every such letter; so those texts are written as JSON, which is YAML, into places kept for them.
///
/// # Errors
/// A value that cannot be written as YAML.
pub fn yaml(mut value: Value) -> Result<String, serde_yaml::Error> {
    let whole = value.to_string();
    // A text of a host must not be taken for a place of ours.
    let mut mark = "pryvctl-escaped-".to_owned();
    while whole.contains(&mark) {
        mark.push('-');
    }
    let mut hidden = Vec::new();
    take_out(&mut value, &mark, &mut hidden);
    let mut text = serde_yaml::to_string(&value)?;
    // From the last, because the place 1 is the beginning of the place 10.
    for (place, was) in hidden.iter().enumerate().rev() {
        text = text.replace(&format!("{mark}{place}"), &json(&Value::from(was.as_str()).to_string()));
    }
    Ok(text)
}

fn take_out(value: &mut Value, mark: &str, hidden: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => place(text, mark, hidden),
        Value::Array(list) => list.iter_mut().for_each(|each| take_out(each, mark, hidden)),
        Value::Object(map) => {
            for (mut key, mut each) in std::mem::take(map) {
                place(&mut key, mark, hidden);
                take_out(&mut each, mark, hidden);
                map.insert(key, each);
            }
        }
    }
}

fn place(text: &mut String, mark: &str, hidden: &mut Vec<String>) {
    if text.chars().any(is_obeyed) {
        let kept = std::mem::replace(text, format!("{mark}{}", hidden.len()));
        hidden.push(kept);
    }
}

/// What goes around the gate: a text that was made of safe ones, with our own colour.
#[derive(Debug)]
pub struct Painted(String);

impl Painted {
    /// Takes what a painter made. Everything that the painter was given must have passed the gate.
    pub(super) fn by_us(text: String) -> Self {
        Self(text)
    }
}

impl Display for Painted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.trim_end())
    }
}

/// A stream behind the gate, for those who write by themselves, as tracing does. It is given whole lines.
#[derive(Debug)]
pub struct Gated<W>(pub W);

impl<W: io::Write> io::Write for Gated<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(shown(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, io::Write as _};

    use proptest::prelude::*;

    use super::*;

    /// Clears the line above, sets the clipboard, names the window, goes back to the margin, turns letters around.
    const HOSTILE: &str = "a\u{1b}[1A\u{1b}[2K\u{9b}31m\u{1b}]52;c;AAAA\u{7}\r\u{8}\u{7f}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\0z";

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        insta::assert_snapshot!(
            shown(HOSTILE),
            @r"a\x1b[1A\x1b[2K\x9b31m\x1b]52;c;AAAA\x07\r\x08\x7f\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\x00z"
        );
        assert!(matches!(shown("Grüße, 日本\n\tمرحبا"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(line("down\nco2: changed\r\n"), r"down\nco2: changed\r");
        assert_eq!(line("plain\n"), "plain");
    }

    #[test]
    fn a_stream_is_behind_the_gate_too() {
        let mut stream = Gated(Vec::new());
        writeln!(stream, "{HOSTILE}").unwrap();
        stream.write_all(b"\x9b31m\xff").unwrap();
        assert!(!String::from_utf8(stream.0).unwrap().chars().any(is_obeyed));
    }

    #[test]
    fn places_stay_where_they_are() {
        let safe = in_place(HOSTILE);
        assert_eq!(safe.len(), HOSTILE.len());
        assert!(!safe.chars().any(is_obeyed));
    }

    proptest! {
        #[test]
        fn programs_read_what_was_said_and_terminals_obey_nothing(texts in prop::collection::vec("\\PC*|[\\x00-\\x{9f}\\u{2020}-\\u{2070}:'\"#{} -]*|pryvctl-escaped-1?", 0..14)) {
            let value = serde_json::json!({ "list": texts, "map": { texts.concat().chars().take(40).collect::<String>(): texts.first() } });
            let text = json(&serde_json::to_string_pretty(&value).unwrap());
            prop_assert!(!text.chars().any(is_obeyed));
            prop_assert_eq!(&serde_json::from_str::<Value>(&text).unwrap(), &value);
            let text = yaml(value.clone()).unwrap();
            prop_assert!(!text.chars().any(is_obeyed), "{}", text);
            prop_assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
