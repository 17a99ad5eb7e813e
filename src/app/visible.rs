//! What hosts, files and people say may hold bytes that a terminal obeys, or that change the order of letters. Everything that
//! people read, on a terminal or on the page of `watch`, passes here and comes out as letters that are only shown.

use std::{
    borrow::Cow,
    fmt::{Display, Write as _},
};

/// A text of several lines for people: what a terminal would obey, or what changes the order of letters, becomes an
/// escape that can be read, as in `\x1b` or `\u{202e}`. Line feeds and tabs stay.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    text.chars()
        .for_each(|letter| if is_obeyed(letter) { escape(letter, &mut safe) } else { safe.push(letter) });
    Cow::Owned(safe)
}

/// A text that is one line of ours, or a part of one: a line feed in it becomes visible, too, so that it cannot begin a
/// line that looks like ours.
pub fn line(text: impl Display) -> String {
    shown(&text.to_string()).trim_end_matches('\n').replace('\n', "\\n")
}

/// A JSON text, which stays the same JSON: serde_json escapes the bytes below a space, and this the others.
pub fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        // Outside of its strings JSON has no such letter.
        if is_obeyed(letter) {
            write!(safe, "\\u{:04x}", u32::from(letter)).unwrap_or_default();
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// A text in which places are counted in bytes: every such letter becomes a visible one of the same length.
pub fn in_place(text: &str) -> String {
    let visible = |letter: char| match (is_obeyed(letter), letter.len_utf8()) {
        (false, _) => letter,
        (true, 1) => '?',
        (true, 2) => '\u{b7}',
        (true, _) => '\u{fffd}',
    };
    text.chars().map(visible).collect()
}

/// Whether a terminal does something else with a letter than to show it.
pub fn is_obeyed(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        // Marks and overrides of direction, and separators that some terminals and editors take for a line's end.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

fn escape(letter: char, to: &mut String) {
    let code = u32::from(letter);
    match letter {
        '\r' => to.push_str("\\r"),
        _ if code < 0x100 => write!(to, "\\x{code:02x}").unwrap_or_default(),
        _ => write!(to, "\\u{{{code:x}}}").unwrap_or_default(),
    }
}
