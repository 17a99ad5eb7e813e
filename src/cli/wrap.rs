//! Lines that are longer than a terminal is wide: they go on further in than they begin. A terminal would let them go on at
//! its margin, where the rest of one looks like a line of its own.

use std::borrow::Cow;

use console::{Term, measure_text_width};

/// How much further in a line goes on.
const FURTHER: usize = 2;

/// The columns of a terminal; `None`: nobody watches, and lines stay whole.
pub fn width(term: &Term) -> Option<usize> {
    let (_, columns) = term.size_checked()?;
    // A serial console has no width to tell.
    Some(if columns == 0 { 80 } else { columns.into() })
}

/// A text that passed the gate, in lines that fit.
pub fn wrapped(text: &str, width: Option<usize>) -> Cow<'_, str> {
    match width {
        Some(width) if text.lines().any(|line| columns(line) > width) => {
            let lines: Vec<String> = text.split('\n').map(|line| fitted(line, width)).collect();
            Cow::Owned(lines.join("\n"))
        }
        Some(_) | None => Cow::Borrowed(text),
    }
}

/// The columns that a line takes, at most: where a tab ends depends on where it begins.
fn columns(line: &str) -> usize {
    measure_text_width(line.trim_end()) + 8 * line.matches('\t').count()
}

fn fitted(line: &str, width: usize) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let line = line.trim_end().replace('\t', "        ");
    let rest = line.trim_start();
    let begins = (line.len() - rest.len()).min(width / 2);
    let goes_on = begins + FURTHER.min(width / 4);
    let mut text = " ".repeat(begins);
    let mut rest = rest;
    let mut room = width.saturating_sub(begins);
    while measure_text_width(rest) > room {
        let end = end_of_first(rest, room);
        text.push_str(rest[..end].trim_end());
        text.push('\n');
        text.push_str(&" ".repeat(goes_on));
        rest = rest[end..].trim_start();
        room = width.saturating_sub(goes_on);
    }
    text.push_str(rest);
    text
}

/// Where the first line ends: behind the last space that it has room for, else within a word. At least one letter, so that
/// it comes to an end.
fn end_of_first(text: &str, room: usize) -> usize {
    let (mut taken, mut end, mut space) = (0, 0, None);
    let mut letter = [0; 4];
    for (at, next) in text.char_indices() {
        taken += measure_text_width(next.encode_utf8(&mut letter));
        if taken > room && end > 0 {
            // A space that no longer fits ends the line as well.
            return if next == ' ' { at } else { space.unwrap_or(end) };
        }
        end = at + next.len_utf8();
        if next == ' ' {
            space = Some(end);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_goes_on_further_in_than_it_begins() {
        let text =
            "co1: 1 steps\n  ~ engine.rules\n        table nat: no way from PREROUTING to Docker's rules";
        insta::assert_snapshot!(wrapped(text, Some(40)), @r"
        co1: 1 steps
          ~ engine.rules
                table nat: no way from
                  PREROUTING to Docker's rules
        ");
        assert_eq!(wrapped(text, None), text);
        assert_eq!(wrapped(text, Some(200)), text);
        let whole = format!("        {}", "x".repeat(50));
        let parted = format!("{}{}\n{}{}", " ".repeat(8), "x".repeat(32), " ".repeat(10), "x".repeat(18));
        assert_eq!(wrapped(&whole, Some(40)), parted);
    }

    proptest! {
        /// No part of a line that begins further in looks like a line of ours, and nothing of it is lost.
        #[test]
        fn every_line_fits_and_none_comes_to_the_margin(text in "[a-z日 ~!:\t]{0,200}", width in 8_usize..100) {
            let line = format!("        {text}");
            let fitted = wrapped(&line, Some(width)).into_owned();
            let indent = if columns(&line) > width { 8.min(width / 2) } else { 8 };
            for part in fitted.lines().filter(|part| !part.trim().is_empty()) {
                prop_assert!(part.starts_with(&" ".repeat(indent)), "{:?}", part);
                prop_assert!(columns(part) <= width, "{:?}", part);
            }
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&fitted), letters(&line));
        }
    }
}
