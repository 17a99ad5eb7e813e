//! Filters that write a text, often a secret, into a file so that the program that reads the file gets the same text. Each
//! is for one format and follows its reader; where a format cannot hold a letter, the template is an error at that place.
//!
//! | filter | for |
//! |---|---|
//! | `tojson` | JSON, and a text in YAML or TOML, with its quotes (minijinja's own) |
//! | `redisquote` | an argument in `redis.conf`, with its quotes |
//! | `nginxquote` | an argument in `nginx.conf`, with its quotes; no `$`, which nginx takes for a variable |
//! | `shellquote` | a word in a POSIX shell script, with its quotes |
//! | `urlquote` | a part of a URL or connection string, as in `redis://:{{ secrets.word \| urlquote }}@redis` |
//! | `line` | a line of its own, as in an env file or a file that holds nothing but a password |

use std::fmt::Write as _;

use minijinja::{
    Environment, Error, ErrorKind, Value,
    value::ValueKind::{Bool, Number, String as Text},
};

/// What a format cannot hold. Never says which text it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(&'static str);

/// What any of these filters does with a text.
type Quote = fn(&str) -> Result<String, Unfit>;

const FILTERS: [(&str, Quote); 5] =
    [("redisquote", redis), ("nginxquote", nginx), ("shellquote", shell), ("urlquote", url), ("line", line)];

/// Adds the filters.
pub fn add(environment: &mut Environment<'static>) {
    for (name, quote) in FILTERS {
        environment.add_filter(name, move |value: Value| filtered(&value, quote));
    }
}

fn filtered(value: &Value, quote: Quote) -> Result<Value, Error> {
    if !matches!(value.kind(), Text | Number | Bool) {
        return Err(refused(Unfit("this is no text")));
    }
    quote(&value.to_string()).map(Value::from).map_err(refused)
}

fn refused(unfit: Unfit) -> Error {
    Error::new(ErrorKind::InvalidOperation, "cannot be written here").with_source(unfit)
}

const NUL: Unfit = Unfit("the text holds a NUL byte, which ends a text for this program");

/// As redis takes an argument apart (`sdssplitargs`): it knows `\xHH`, and takes `\u` for `u`.
fn redis(text: &str) -> Result<String, Unfit> {
    refuse(text, &['\0'], NUL)?;
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            b' '..=b'~' => quoted.push(char::from(byte)),
            _ => write!(quoted, "\\x{byte:02x}").unwrap_or_default(),
        }
    }
    Ok(quoted + "\"")
}

/// As nginx takes an argument apart (`ngx_conf_read_token`). A variable in it is looked up later, and nothing escapes that.
fn nginx(text: &str) -> Result<String, Unfit> {
    refuse(text, &['\0'], NUL)?;
    refuse(text, &['$'], Unfit("nginx takes what follows a `$` for a variable; choose a text without"))?;
    Ok(format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")))
}

/// Nothing is special between single quotes but their end.
fn shell(text: &str) -> Result<String, Unfit> {
    refuse(text, &['\0'], NUL)?;
    Ok(crate::model::command::quote(text))
}

/// Everything but the unreserved letters of RFC 3986, 2.3.
fn url(text: &str) -> Result<String, Unfit> {
    let mut quoted = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            write!(quoted, "%{byte:02X}").unwrap_or_default();
        }
    }
    Ok(quoted)
}

/// As it is: such a file has no quotes, and its reader takes everything up to the end of the line.
fn line(text: &str) -> Result<String, Unfit> {
    refuse(text, &['\0'], NUL)?;
    let why = "the text has several lines, and this file has one for it; choose a text without line ends";
    refuse(text, &['\n', '\r'], Unfit(why))?;
    Ok(text.to_owned())
}

fn refuse(text: &str, letters: &[char], unfit: Unfit) -> Result<(), Unfit> {
    if text.contains(letters) { Err(unfit) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_own_quotes() {
        let text = "it's a \"ü\\$\n";
        insta::assert_snapshot!(redis(text).unwrap(), @r#""it's a \"\xc3\xbc\\$\x0a""#);
        insta::assert_snapshot!(shell(text).unwrap(), @r#"
        'it'\''s a "ü\$
        '
        "#);
        insta::assert_snapshot!(url(text).unwrap(), @"it%27s%20a%20%22%C3%BC%5C%24%0A");
        insta::assert_snapshot!(nginx("it's a \"ü\\").unwrap(), @r#""it's a \"ü\\""#);
        insta::assert_snapshot!(line("-it's a \"ü\\$").unwrap(), @r#"-it's a "ü\$"#);
    }

    #[test]
    fn what_a_format_cannot_hold_is_refused() {
        assert!(nginx("a$b").is_err() && line("a\nb").is_err() && line("a\rb").is_err());
        for (_, quote) in FILTERS.iter().filter(|(name, _)| *name != "urlquote") {
            assert_eq!(quote("a\0b"), Err(NUL));
        }
    }
}
