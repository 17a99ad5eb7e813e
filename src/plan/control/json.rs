//! Members of a JSON object, changed in its text: what others wrote keeps its bytes.

use std::ops::Range;

use serde_json::Value;

/// One member of the outermost object, by its bytes.
struct Member {
    key: String,
    /// From the quote of the key to the end of the value.
    whole: Range<usize>,
    value: Range<usize>,
}

/// The text with a member; without a value: without it. A text that is no JSON object is left alone.
pub fn set(text: &str, key: &str, value: Option<&str>) -> String {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let Some(members) = members(text) else { return text.to_owned() };
    let found = members.iter().position(|member| member.key == key);
    match (found, value) {
        (None, None) => text.to_owned(),
        (Some(at), Some(value)) => replaced(text, members[at].value.clone(), value),
        (None, Some(value)) => added(text, &members, key, value),
        (Some(at), None) => replaced(text, removed(text, &members, at), ""),
    }
}

/// The text of a member's value.
pub fn get<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let member = members(text)?.into_iter().find(|member| member.key == key)?;
    text.get(member.value)
}

fn replaced(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// Behind the last member, in the way the object is written.
fn added(text: &str, members: &[Member], key: &str, value: &str) -> String {
    let key = Value::from(key);
    let Some((first, last)) = members.first().zip(members.last()) else {
        let open = text.find('{').unwrap_or_default() + 1;
        let close = text.rfind('}').unwrap_or(open);
        return replaced(text, open..close, &format!("\n  {key}: {value}\n"));
    };
    let open = text.find('{').unwrap_or_default() + 1;
    let between = &text[open..first.whole.start];
    replaced(text, last.whole.end..last.whole.end, &format!(",{between}{key}: {value}"))
}

/// A member with the comma and the white space that came with it.
fn removed(text: &str, members: &[Member], at: usize) -> Range<usize> {
    let whole = &members[at].whole;
    match (at.checked_sub(1).map(|before| &members[before]), members.get(at + 1)) {
        (Some(before), _) => before.whole.end..whole.end,
        (None, Some(next)) => whole.start..next.whole.start,
        (None, None) => {
            let open = text.find('{').unwrap_or_default() + 1;
            open..text.rfind('}').unwrap_or(whole.end)
        }
    }
}

/// The members of the outermost object; `None`: the text is no JSON object.
fn members(text: &str) -> Option<Vec<Member>> {
    serde_json::from_str::<serde_json::Map<String, Value>>(text).ok()?;
    // The text is known to be sound, so that only strings and depth have to be told apart.
    let (mut members, mut depth, mut at) = (Vec::new(), 0_usize, 0);
    let (mut key, mut value): (Option<Range<usize>>, Option<usize>) = (None, None);
    let mut end = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let byte = bytes[at];
        let next = if byte == b'"' { string_end(bytes, at) } else { at + 1 };
        match byte {
            b'"' if depth == 1 && key.is_none() => key = Some(at..next),
            b':' if depth == 1 && value.is_none() => value = Some(next),
            b',' | b'}' if depth == 1 => {
                if let Some((key, from)) = key.take().zip(value.take()) {
                    let start = from + text[from..end].len() - text[from..end].trim_start().len();
                    let name = serde_json::from_str(&text[key.clone()]).ok()?;
                    members.push(Member { key: name, whole: key.start..end, value: start..end });
                }
            }
            _ => {}
        }
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            end = next;
        }
        at = next;
    }
    Some(members)
}

/// Behind the closing quote of the string that opens here.
fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_is_added_in_the_way_the_object_is_written() {
        assert_eq!(set("{ \"a\": 1 }\n", "b", Some("true")), "{ \"a\": 1, \"b\": true }\n");
        assert_eq!(
            set("{\n\t\"a\":[1,{\"b\":2}]\n}", "b", Some("3")),
            "{\n\t\"a\":[1,{\"b\":2}],\n\t\"b\": 3\n}"
        );
        assert_eq!(set("", "b", Some("3")), "{\n  \"b\": 3\n}\n");
        assert_eq!(set("{ \"a\\\"}\": \"},\" , \"b\":2}", "b", Some("3")), "{ \"a\\\"}\": \"},\" , \"b\":3}");
        assert_eq!(set("no json", "b", Some("3")), "no json");
        assert_eq!(get("{\"a\": [1, 2] , \"b\": 2}", "a"), Some("[1, 2]"));
    }

    proptest! {
        #[test]
        fn what_was_added_leaves_without_a_trace(
            object in proptest::collection::btree_map("[a-f\"}{:,]{1,3}", "[a-z}{\\]\\[:, ]{0,4}", 1..5),
            pretty in any::<bool>(),
        ) {
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) };
            let text = text.unwrap();
            let with = set(&set(&text, "ours", Some("true")), "more", Some("{\"x\": 1}"));
            let parsed: Value = serde_json::from_str(&with).unwrap();
            prop_assert_eq!(&parsed["ours"], &Value::Bool(true));
            prop_assert_eq!(&parsed["more"]["x"], &Value::from(1));
            for (key, value) in &object {
                prop_assert_eq!(&parsed[key], &Value::from(value.as_str()));
            }
            prop_assert_eq!(set(&set(&with, "more", None), "ours", None), text);
        }
    }
}
