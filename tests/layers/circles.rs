//! No two files of a pure room lean on each other, not even by way of others: each can be read when those below it were.
//!
//! A file leans on another when its code names something of it: in a `use`, or by a path written out. One thing is no
//! leaning: a `pub use`, by which a file passes on what is another's, and does not name it itself. Whoever takes it there
//! leans on the file it comes from. So a `mod.rs` that only declares its children and passes on what is theirs leans on
//! nobody.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{PURE, sources};

/// A module by its place in the crate, as in `plan`, `control`, `undo`.
type Place = Vec<String>;

/// One file: what it names, and what it passes on under which name.
struct File {
    code: String,
    uses: Vec<Use>,
}

/// One name of a `use`.
#[derive(Debug, PartialEq)]
struct Use {
    path: Place,
    name: String,
    passes_on: bool,
}

/// All files of the pure rooms.
struct House(BTreeMap<Place, File>);

impl House {
    fn read() -> Self {
        let files = PURE.iter().flat_map(|room| sources(room));
        Self(files.map(|(path, code)| (place(&path), File::read(&code))).collect())
    }

    /// The file that a path of names leads to, and what of the path is left there.
    fn file_of(&self, path: &[String]) -> Option<Place> {
        let depth = (1..=path.len()).rev().find(|depth| self.0.contains_key(&path[..*depth]))?;
        let (module, rest) = path.split_at(depth);
        let Some(name) = rest.first() else { return Some(module.to_vec()) };
        let passed = self.0[module].uses.iter().find(|one| one.passes_on && one.name == *name);
        match passed {
            Some(one) => self.file_of(&self.absolute(module, &one.path)?),
            None => Some(module.to_vec()),
        }
    }

    /// A path as it stands in a file, from the root of the crate; `None`: it leads out of the crate, or to something of the
    /// file's own.
    fn absolute(&self, file: &[String], path: &[String]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let with = |start: &[String]| Some([start, rest].concat());
        match first.as_str() {
            "crate" => with(&[]),
            "self" => self.absolute(file, rest),
            "super" => {
                let (_, parent) = file.split_last()?;
                match rest.first() {
                    Some(again) if again == "super" => self.absolute(parent, rest),
                    Some(_) | None => with(parent),
                }
            }
            _ if self.0.contains_key(&[file, &path[..1]].concat()) => Some([file, path].concat()),
            _ => {
                let taken = self.0[file].uses.iter().find(|one| one.name == *first && one.path != *path)?;
                with(&self.absolute(file, &taken.path)?)
            }
        }
    }

    /// The files that a file leans on.
    fn below(&self, file: &Place) -> BTreeSet<Place> {
        let File { code, uses } = &self.0[file];
        let names = words(code);
        let taken = uses.iter().filter(|one| !one.passes_on || names.contains(one.name.as_str()));
        // A module's name alone is nothing yet: what is taken of it is written out where it is.
        let taken =
            taken.filter_map(|one| self.absolute(file, &one.path)).filter(|path| !self.0.contains_key(path));
        let written = paths(code).into_iter().filter_map(|path| self.absolute(file, &path));
        let found = taken.chain(written).filter_map(|path| self.file_of(&path));
        found.filter(|other| other != file).collect()
    }

    /// Every circle once, as the files in it.
    fn circles(&self) -> BTreeSet<Vec<String>> {
        let below: BTreeMap<&Place, BTreeSet<Place>> =
            self.0.keys().map(|file| (file, self.below(file))).collect();
        let reach = |file: &Place| {
            let (mut seen, mut next) = (BTreeSet::new(), vec![file.clone()]);
            while let Some(file) = next.pop() {
                let new: Vec<Place> = below[&file].iter().filter(|to| !seen.contains(*to)).cloned().collect();
                seen.extend(new.iter().cloned());
                next.extend(new);
            }
            seen
        };
        let reached: BTreeMap<&Place, BTreeSet<Place>> =
            self.0.keys().map(|file| (file, reach(file))).collect();
        let circle = |file: &&Place| {
            let both = reached[*file].iter().filter(|to| reached[*to].contains(*file));
            both.map(|other| self.named(other, &below[other])).collect::<Vec<_>>()
        };
        self.0.keys().map(|file| circle(&file)).filter(|circle| !circle.is_empty()).collect()
    }

    fn named(&self, file: &Place, below: &BTreeSet<Place>) -> String {
        let below: Vec<String> = below.iter().map(|to| to.join("::")).collect();
        format!("{} -> {}", file.join("::"), below.join(", "))
    }
}

impl File {
    fn read(text: &str) -> Self {
        // Who may see a thing is no leaning either.
        let mut parts = text.split("pub(in ");
        let first = parts.next().unwrap_or_default().to_owned();
        let text: String =
            parts.fold(first, |text, part| text + "pub" + part.split_once(')').map_or("", |(_, rest)| rest));
        let (mut uses, mut code, mut rest) = (Vec::new(), String::new(), text.as_str());
        while let Some((start, passes_on)) = next_use(rest) {
            let (before, statement) = rest.split_at(start);
            let (statement, after) = statement.split_once(';').unwrap_or((statement, ""));
            let tree = statement.split_once("use ").map_or("", |(_, tree)| tree);
            let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
            spread(&[], &tree, passes_on, &mut uses);
            code.push_str(before);
            rest = after;
        }
        code.push_str(rest);
        Self { code, uses }
    }
}

/// Where the next `use` stands, and whether it passes on what it names.
fn next_use(text: &str) -> Option<(usize, bool)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        if start.starts_with("use ") {
            return Some((at, false));
        }
        if start.starts_with("pub")
            && start.split("use ").next().is_some_and(|seen| {
                let seen = seen.trim();
                seen == "pub" || (seen.starts_with("pub(") && seen.ends_with(')'))
            })
            && start.contains("use ")
        {
            return Some((at, true));
        }
        at += line.len();
    }
    None
}

/// Every name of a tree such as `a::{self, b::C as D}`.
fn spread(before: &[String], tree: &str, passes_on: bool, uses: &mut Vec<Use>) {
    let tree = tree.trim();
    if let Some((path, list)) = tree.split_once('{') {
        let before = [before, &segments(path)].concat();
        let list = list.trim().strip_suffix('}').unwrap_or(list);
        for one in top_level(list) {
            spread(&before, one, passes_on, uses);
        }
        return;
    }
    let (path, renamed) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
    let mut path = [before, &segments(path)].concat();
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(name) = renamed.map(str::to_owned).or_else(|| path.last().cloned()) {
        uses.push(Use { path, name, passes_on });
    }
}

fn segments(path: &str) -> Place {
    path.split("::").map(str::trim).filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
}

/// The parts between commas that stand in no braces of their own.
fn top_level(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, sign) in list.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn is_name(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

fn words(code: &str) -> BTreeSet<&str> {
    code.split(|sign| !is_name(sign)).collect()
}

/// Paths written out, as in `sshd::port::steps`.
fn paths(code: &str) -> BTreeSet<Place> {
    let runs = code.split(|sign| !is_name(sign) && sign != ':');
    runs.map(segments).filter(|path| path.len() > 1).collect()
}

fn place(path: &Path) -> Place {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let path = path.strip_prefix(src).unwrap().with_extension("");
    let mut place: Place = path.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if place.last().is_some_and(|last| last == "mod") {
        place.pop();
    }
    place
}

#[test]
fn no_two_files_of_the_pure_rooms_lean_on_each_other() {
    let circles = House::read().circles();
    let listed: Vec<String> = circles.iter().map(|circle| circle.join("\n  ")).collect();
    assert!(circles.is_empty(), "{} circles:\n\n  {}", circles.len(), listed.join("\n\n  "));
}

fn house(files: &[(&str, &str)]) -> House {
    House(files.iter().map(|(place, code)| (segments(place), File::read(code))).collect())
}

#[test]
fn a_circle_is_seen_however_it_is_written() {
    let by_use = house(&[
        ("a", ""),
        ("a::b", "use super::c::{self, D};"),
        ("a::c", "use crate::a::b;\nfn f() { b::f() }"),
    ]);
    assert_eq!(by_use.circles().len(), 1);
    let by_path = house(&[("a", "mod b;\nfn f() { b::f() }"), ("a::b", "fn f() { super::g() }")]);
    assert_eq!(by_path.circles().len(), 1);
    let passed_on =
        house(&[("a", "pub use b::B;"), ("a::b", "use super::C;\nstruct B;"), ("a::c", "use super::B;")]);
    assert!(passed_on.circles().is_empty());
    let and_named = house(&[("a", "pub use b::B;\nfn f(b: B) {}"), ("a::b", "use super::f;\nstruct B;")]);
    assert_eq!(and_named.circles().len(), 1);
    let by_way_of =
        house(&[("a", "pub use b::B;\npub use c::C;"), ("a::b", "use super::C;"), ("a::c", "use super::B;")]);
    assert_eq!(by_way_of.circles().len(), 1);
}
