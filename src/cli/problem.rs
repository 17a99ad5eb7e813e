//! How problems are shown: the file, line and column, the offending line, and the way out.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::{
    gate::{Painted, in_place, line, shown},
    mask::mask,
};
use crate::{
    app::document::{ProblemDocument, SeverityWord},
    model::problem::{Place, Problem, Severity},
};

/// Fits a usual terminal, a mail and a side-by-side view. Columns.
const WIDTH: usize = 96;

/// A longer line is not shown: nobody finds anything in it, and miette cannot point beyond 65,535. Columns.
const LONGEST: usize = 2_000;

/// Whom a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A terminal that shows colours.
    Colour,
    /// A file, a pipe, a log, or a terminal under `NO_COLOR`.
    Plain,
}

impl Look {
    fn theme(self) -> GraphicalTheme {
        match self {
            Self::Colour => GraphicalTheme::unicode(),
            Self::Plain => GraphicalTheme::none(),
        }
    }
}

/// The same as [`render`], for a screen that shows our colours: nothing that a file says becomes one of them.
pub(super) fn paint(problems: &[Problem], file: &str, text: &str, look: Look) -> Painted {
    Painted::by_us(render(problems, file, text, look))
}

/// All problems of a file in the order of the text, each with its line, and their number at the end. `text` is the
/// file's content; values of secrets in it are hidden. Nothing to say gives an empty text.
pub fn render(problems: &[Problem], file: &str, text: &str, look: Look) -> String {
    let file = &line(file);
    let source = Source { name: file, text: in_place(&mask(text)) };
    let handler = GraphicalReportHandler::new_themed(look.theme())
        .with_width(WIDTH)
        .with_context_lines(1)
        .with_links(false)
        .without_syntax_highlighting();
    let mut rendered = String::new();
    for problem in in_order(problems) {
        let report = Shown { problem, source: &source };
        // Writing to a String cannot fail; were it to, the plain message still comes through.
        if handler.render_report(&mut rendered, &report).is_err() {
            rendered.push_str(&shown(&problem.message));
        }
        rendered.push('\n');
    }
    if !problems.is_empty() {
        rendered.push_str(&format!("{file}: {}\n", count(problems)));
    }
    rendered.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The same for programs.
pub fn json(problems: &[Problem], file: &str, text: &str) -> Vec<ProblemDocument> {
    let one = |problem: &Problem| {
        let (line, column) = problem.at.map(|place| line_and_column(place, text)).unzip();
        ProblemDocument {
            severity: match problem.severity {
                Severity::Warning => SeverityWord::Warning,
                Severity::Error => SeverityWord::Error,
            },
            rule: problem.rule.to_owned(),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
            file: file.to_owned(),
            line,
            column,
        }
    };
    in_order(problems).into_iter().map(one).collect()
}

fn in_order(problems: &[Problem]) -> Vec<&Problem> {
    let mut ordered: Vec<_> = problems.iter().collect();
    ordered.sort_by_key(|problem| (problem.at.is_none(), problem.at));
    ordered
}

/// Line and column from 1, the column in characters.
fn line_and_column(place: Place, text: &str) -> (usize, usize) {
    let before = text.get(..place.offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn count(problems: &[Problem]) -> String {
    let counted = [Severity::Error, Severity::Warning].into_iter().filter_map(|severity| {
        match problems.iter().filter(|problem| problem.severity == severity).count() {
            0 => None,
            1 => Some(format!("1 {}", word(severity))),
            more => Some(format!("{more} {}s", word(severity))),
        }
    });
    counted.collect::<Vec<_>>().join(", ")
}

/// A problem as miette wants it.
struct Shown<'a> {
    problem: &'a Problem,
    source: &'a Source<'a>,
}

/// A file's text for miette.
struct Source<'a> {
    name: &'a str,
    text: String,
}

impl SourceCode for Source<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, before, after)?;
        // miette counts lines from the top of the file here, and then shows everything between two distant labels.
        let lines = read.data().split_inclusive(|byte| *byte == b'\n').count();
        let (line, start) = (read.line(), read.span().offset());
        // It counts the column in bytes, an editor in letters.
        let before = self.text.get(start - read.column()..start).unwrap_or_default();
        let column = before.chars().count();
        let name = self.name.to_owned();
        Ok(Box::new(MietteSpanContents::new_named(name, read.data(), *read.span(), line, column, lines)))
    }
}

impl Shown<'_> {
    /// Whether the line of a place is one to look at.
    fn is_short(&self, place: Place) -> bool {
        let (start, len) = self.span(place);
        let text = self.source.text.as_bytes();
        let (before, from) = text.split_at(start);
        let end = from.iter().skip(len).position(|byte| *byte == b'\n');
        let line = before.iter().rev().position(|byte| *byte == b'\n').unwrap_or(start)
            + end.map_or(from.len(), |end| len + end);
        line <= LONGEST
    }

    /// Where it is, if the text there can be shown.
    fn at(&self) -> Option<Place> {
        let also = self.problem.also.iter().map(|(place, _)| *place);
        self.problem.at.filter(|at| std::iter::once(*at).chain(also).all(|place| self.is_short(place)))
    }

    /// A stretch of the text; what reaches beyond its end is cut.
    fn span(&self, place: Place) -> (usize, usize) {
        let offset = place.offset.min(self.source.text.len());
        (offset, place.len.min(self.source.text.len() - offset))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(at), None) = (self.problem.at, self.at()) {
            let (line, column) = line_and_column(at, &self.source.text);
            write!(f, "[{}:{line}:{column}] ", self.source.name)?;
        }
        f.write_str(&shown(&self.problem.message))
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.rule))
    }
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.hint.as_ref().map(|hint| Box::new(shown(hint)) as Box<dyn fmt::Display>)
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.at().map(|_| self.source as &dyn SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let word = self.problem.also.as_ref().map(|_| "here".to_owned());
        let here = LabeledSpan::new_primary_with_span(word, self.span(self.at()?));
        let also = self.problem.also.iter();
        let also = also.map(|(place, word)| LabeledSpan::new_with_span(Some(line(word)), self.span(*place)));
        Some(Box::new(std::iter::once(here).chain(also)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 1\nü: wrong\n";

    fn problem() -> Problem {
        Problem::warning("test.rule", "this is wrong").hint("do better").at(Place { offset: 9, len: 5 })
    }

    #[test]
    fn nothing_to_say_is_nothing_said() {
        assert_eq!(render(&[], "a.yaml", TEXT, Look::Plain), "");
        assert_eq!(json(&[], "a.yaml", TEXT), []);
    }

    #[test]
    fn colours_only_where_they_are_wanted() {
        assert!(render(&[problem()], "a.yaml", TEXT, Look::Colour).contains('\u{1b}'));
        assert!(!render(&[problem()], "a.yaml", TEXT, Look::Plain).contains('\u{1b}'));
    }

    #[test]
    fn what_a_file_says_is_shown_and_not_obeyed() {
        let text = "a: 1\nb: \u{1b}]52;c;AA\u{7}\u{9b}2K\u{202e}\n";
        let (said, place) = ("found \u{1b}[2K\u{202e}", Place { offset: 8, len: 5 });
        let problem = Problem::error("test.rule", said).hint(said).at(place).also(place, said);
        let shown = render(&[problem], "a\u{1b}[1A.yaml", text, Look::Plain);
        assert!(!shown.chars().any(|one| one != '\n' && one.is_control() || one == '\u{202e}'), "{shown}");
        assert!(shown.contains(r"found \x1b[2K\u{202e}"), "{shown}");
    }

    #[test]
    fn programs_get_line_and_column() {
        insta::assert_snapshot!(
            serde_json::to_value(json(&[problem()], "a.yaml", TEXT)).unwrap(),
            @r#"[{"column":4,"file":"a.yaml","hint":"do better","line":2,"message":"this is wrong","rule":"test.rule","severity":"warning"}]"#
        );
        assert!(render(&[problem()], "a.yaml", TEXT, Look::Plain).contains("[a.yaml:2:4]"));
    }

    #[test]
    fn a_line_that_nobody_can_look_at_is_not_shown() {
        for (before, after) in [(70_000, 0), (0, 70_000), (70_000, 70_000)] {
            let text = format!("a: 1\n{}wrong{}\n", "x".repeat(before), "x".repeat(after));
            let problem =
                Problem::error("test.rule", "this is wrong").at(Place { offset: 5 + before, len: 5 });
            let shown = render(&[problem], "a.yaml", &text, Look::Plain);
            assert!(shown.contains(&format!("[a.yaml:2:{}] this is wrong", before + 1)), "{shown}");
            assert!(shown.len() < 200, "{}", shown.len());
        }
    }

    #[test]
    fn a_place_beyond_the_text_is_no_reason_to_fail() {
        let beyond = Problem::error("test.rule", "gone").at(Place { offset: 900, len: 5 });
        let nowhere = Problem::error("test.rule", "nowhere");
        let shown = render(&[nowhere, beyond], "a.yaml", TEXT, Look::Plain);
        assert!(
            shown.contains("gone") && shown.contains("nowhere") && shown.ends_with("a.yaml: 2 errors\n"),
            "{shown}"
        );
    }
}
