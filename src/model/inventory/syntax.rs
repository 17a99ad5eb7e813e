//! What is wrong with the YAML itself, in words that help somebody who does not know YAML's grammar.

use serde_saphyr::{Error, Location};

use crate::model::problem::{Place, Problem};

/// Words the parser's errors.
pub fn syntax_problem(error: &Error, text: &str) -> Problem {
    let at = error.location().map(|location| place_of(location, text));
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's errors are open and many; the rest reads well"
    )]
    match error.without_snippet() {
        Error::MultipleDocuments { .. } => {
            Problem::error("yaml.documents", "a second document starts here; an inventory is one document")
                .hint("take out the `---` or move what follows into a file of its own")
                .at(at)
        }
        Error::DuplicateMappingKey { key, .. } => duplicate(key.as_deref(), at, text),
        Error::UnknownAnchor { .. } => Problem::error("yaml.anchor", "there is no anchor of this name above")
            .hint("an anchor must stand above its use: `&name` where it is set, `*name` where it is used")
            .at(at),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            Problem::error("yaml.anchor", "an anchor is used within itself")
                .hint("take `*name` out of the part that `&name` marks")
                .at(at)
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } => Problem::error(
            "yaml.merge",
            "`<<` can only take over a mapping of keys and values",
        )
        .hint("let the anchor stand before `key: value` lines, as in `- &base` and then `  zone: eu` below")
        .at(at),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Problem::error("yaml.size", "with its aliases written out this would be far too large")
                .hint("let aliases (`*name`) not stand within other anchors again and again")
                .at(at)
        }
        Error::AliasError { error, .. } => syntax_problem(error, text),
        _ => grammar(error, at, text),
    }
}

/// Words of the parser's message, what it means, and what is likely the cause.
const CAUSES: [(&str, &str, &str); 3] = [
    (
        "quoted scalar",
        "a quote above this line is still open",
        "put the missing quote at the end of the text",
    ),
    ("':' indicator", "a colon cannot stand here", "close the `[`, `{` or quote that is open above"),
    (
        "expected key",
        "this line belongs to nothing above it",
        "indent it exactly as far as the lines it belongs to, with spaces",
    ),
];

/// Faults of the grammar: the parser stumbles later than the writer, so the likely cause is looked for.
fn grammar(error: &Error, at: Option<Place>, text: &str) -> Problem {
    let message = error.without_snippet().render();
    let here = at.map_or(0, |place| place.offset);
    if let Some(tab) = tab_indentation(text, here) {
        return Problem::error("yaml.tab", "this line is indented with a tab")
            .hint("YAML wants spaces; replace the tab, and let the editor write spaces for tabs")
            .at(tab);
    }
    if let Some(key) = key_without_space(text, here) {
        return Problem::error("yaml.colon", "a space is missing after the colon")
            .hint("write `key: value`")
            .at(key);
    }
    let known = CAUSES.iter().find(|(words, _, _)| message.contains(words));
    let (what, hint) = known.map_or_else(
        || {
            (
                message.split(" at line ").next().unwrap_or(&message),
                "look at the quotes, brackets and indentation",
            )
        },
        |(_, what, hint)| (*what, *hint),
    );
    Problem::error("yaml.syntax", format!("this is not YAML: {what}")).hint(hint).at(at)
}

fn duplicate(key: Option<&str>, at: Option<Place>, text: &str) -> Problem {
    let key = key.unwrap_or_default();
    let problem = Problem::error("key.duplicate", format!("`{key}` is defined twice"))
        .hint("remove one of the two, or rename it");
    let first = at.and_then(|second| sibling_above(text, second, key));
    problem.at(at).also(first, "first here")
}

/// Bytes from the line and column of a parser's location, which knows them even where it knows no bytes.
fn place_of(location: Location, text: &str) -> Place {
    Place::of(location).unwrap_or_else(|| {
        let line = usize::try_from(location.line().saturating_sub(1)).unwrap_or_default();
        let column = usize::try_from(location.column().saturating_sub(1)).unwrap_or_default();
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let within = text[start..].chars().take(column).map(char::len_utf8).sum::<usize>();
        Place { offset: start + within, len: 0 }
    })
}

/// Every line with the offset of its start.
fn lines(text: &str) -> impl DoubleEndedIterator<Item = (usize, &str)> {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(end, _)| end + 1));
    let starts: Vec<usize> = starts.collect();
    starts.into_iter().map(|start| (start, text[start..].lines().next().unwrap_or_default()))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A tab in the indentation of the line where the parser stumbled, or of one of its neighbours.
fn tab_indentation(text: &str, here: usize) -> Option<Place> {
    let all: Vec<_> = lines(text).collect();
    let stumbled = all.iter().rposition(|(start, _)| *start <= here)?;
    all.iter().take(stumbled + 2).skip(stumbled.saturating_sub(1)).find_map(|(start, line)| {
        let tab = line[..indentation(line)].find('\t')?;
        Some(Place { offset: start + tab, len: 1 })
    })
}

/// A line of the form `key:value` where the parser stumbled.
fn key_without_space(text: &str, here: usize) -> Option<Place> {
    let (start, line) = lines(text).rfind(|(start, _)| *start <= here)?;
    let word = line.trim_start();
    let colon = word.find(':')?;
    let key = word[..colon].chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    let glued = word[colon + 1..].starts_with(|letter: char| !letter.is_whitespace());
    (key && glued).then(|| Place { offset: start + indentation(line), len: word.len() })
}

/// The same key of the same mapping, further up.
fn sibling_above(text: &str, second: Place, key: &str) -> Option<Place> {
    let (here, line) = lines(text).rfind(|(start, _)| *start <= second.offset)?;
    let column = second.offset - here;
    if column != indentation(line) {
        let before = line.get(..column)?;
        let at = before.rfind(&format!("{key}:"))?;
        return Some(Place { offset: here + at, len: key.len() });
    }
    lines(&text[..here])
        .rev()
        .filter(|(_, line)| !line.is_empty() && !line.trim_start().starts_with('#'))
        .take_while(|(_, line)| indentation(line) >= column)
        .find(|(_, line)| {
            let rest = line[indentation(line)..].strip_prefix(key);
            indentation(line) == column && rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
        })
        .map(|(start, _)| Place { offset: start + column, len: key.len() })
}
