//! The envelope of a survey: many questions travel as one script, each answer comes back in a frame of its own.
//!
//! The host draws a fresh UUID, which marks every frame, so that no file's text can pass for the end of a frame.
//! An answer counts only when its frame is whole: what was cut off on the way is missing, never shortened.

use std::collections::BTreeMap;

use crate::model::command::{Exit, Output};

/// What the first line of an answer starts with; the mark follows. The number changes with the format.
const HEADER: &str = "pryvctl survey 1 ";

/// Length of the textual UUID the kernel gives out.
const MARK: usize = 36;

/// Standard error of a question is caught in a variable, because a survey writes no file.
const PROLOGUE: &str = include_str!("frame.sh");

/// One script from many questions, each with the name its answer is found under.
pub fn script<'a>(questions: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut script = format!("{PROLOGUE}printf '{HEADER}%s\\n' \"$mark\"\n");
    for (name, question) in questions {
        script.push_str(&format!("question() {{\n{}\n}}\nanswer {name}\n", question.trim_end()));
    }
    script
}

/// The answers to a script's questions.
#[derive(Debug)]
pub struct Answers {
    whole: BTreeMap<String, Output>,
    /// Why an answer that is not among them did not come.
    missing: String,
}

impl Answers {
    /// Takes the frames apart.
    pub fn read(output: &Output) -> Self {
        let mut whole = BTreeMap::new();
        let mut frames = opened(&output.stdout);
        while let Some((name, answer, mark, rest)) = frames.and_then(|(mark, text)| frame(mark, text)) {
            whole.insert(name.to_owned(), answer);
            frames = Some((mark, rest));
        }
        Self { missing: why_missing(output, frames.is_some() || !whole.is_empty()), whole }
    }

    /// The answer to one question, or why there is none.
    pub fn get(&self, name: &str) -> Result<&Output, &str> {
        self.whole.get(name).ok_or(&self.missing)
    }
}

/// The mark and the text behind the header. What a login script printed before it is skipped.
fn opened(text: &str) -> Option<(&str, &str)> {
    let start = if text.starts_with(HEADER) { 0 } else { text.find(&format!("\n{HEADER}"))? + 1 };
    let (mark, rest) = text[start + HEADER.len()..].split_once('\n')?;
    (mark.len() == MARK).then_some((mark, rest))
}

/// The first frame of a text: name, answer, mark, rest.
fn frame<'a>(mark: &'a str, text: &'a str) -> Option<(&'a str, Output, &'a str, &'a str)> {
    let (name, rest) = text.strip_prefix(mark)?.strip_prefix(" ask ")?.split_once('\n')?;
    let (stdout, rest) = rest.split_once(&format!("\n{mark} err\n"))?;
    let (stderr, rest) = rest.split_once(&format!("\n{mark} end "))?;
    let (code, rest) = rest.split_once('\n')?;
    let exit = Exit::Code(code.parse().ok()?);
    Some((name, Output { stdout: stdout.to_owned(), stderr: stderr.to_owned(), exit }, mark, rest))
}

fn why_missing(output: &Output, begun: bool) -> String {
    match (last_line(&output.stderr), begun) {
        (Some(line), false) => line.to_owned(),
        (None | Some(_), _) if !output.ok() => format!("the survey was cut off: {}", output.exit),
        (_, true) => "the answer did not arrive whole".to_owned(),
        (_, false) => "the host did not answer the survey".to_owned(),
    }
}

/// The last line that says something.
pub fn last_line(text: &str) -> Option<&str> {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty())
}
