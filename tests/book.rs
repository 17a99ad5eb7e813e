//! The book in `docs`: its reference is made from the code, and it names everything that there is. `WRITE=1 cargo test --test all
//! book` writes the pages that are made.

mod alerts;
mod compose;
mod controls;
mod ids;
mod keys;
mod outcomes;
mod shell;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages that are made: the file below `docs/src/reference`, and its text.
fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("alerts.md", alerts::page()),
        ("cli.md", shell::page()),
        ("compose.md", compose::page()),
        ("controls.md", controls::page()),
        ("checks.md", ids::checks_page()),
        ("document.md", outcomes::document()),
        ("document.schema.json", outcomes::schema()),
        ("exit-codes.md", outcomes::page()),
        ("inventory.md", keys::page()),
        ("role-format.md", keys::role_page()),
        ("rules.md", ids::rules_page()),
    ]
}

/// Every file of a folder with this ending, those in its folders too.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for path in fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A cell of a table: one line, no bar that would end it, and outside of code nothing that looks like HTML.
fn cell(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let code = |(place, part): (usize, &str)| {
        if place % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() }
    };
    line.split('`').enumerate().map(code).collect::<Vec<_>>().join("`")
}

/// The comment at the head of a source.
fn comment(source: &str) -> String {
    let text = text(source);
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// What stands at the head of a page that is made.
fn head(title: &str, from: &str, about: &str) -> String {
    format!(
        "<!-- Made from {from} by `WRITE=1 cargo test --test all book`. Do not edit. -->\n\n# {title}\n\n{about}\n"
    )
}

fn reference() -> PathBuf {
    root().join("docs/src/reference")
}

/// Writes the pages that are made, once, where that is asked for.
static WRITTEN: LazyLock<()> = LazyLock::new(|| {
    if std::env::var_os("WRITE").is_some() {
        fs::create_dir_all(reference()).unwrap();
        pages().iter().for_each(|(name, text)| fs::write(reference().join(name), text).unwrap());
    }
});

#[test]
fn the_pages_that_are_made_are_those_of_the_code() {
    LazyLock::force(&WRITTEN);
    let there = |name: &str| fs::read_to_string(reference().join(name)).unwrap_or_default();
    let stale: Vec<_> = pages().into_iter().filter(|(name, text)| there(name) != *text).collect();
    let stale: Vec<_> = stale.into_iter().map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "{stale:?} in docs/src/reference: run `WRITE=1 cargo test --test all book`");
}

/// The documents: those of the book, and those beside it.
fn documents() -> Vec<PathBuf> {
    let beside = ["CONTRIBUTING.md", "SECURITY.md", "README.md"].map(|name| root().join(name));
    files(&root().join("docs"), "md").into_iter().chain(beside).collect()
}

#[test]
fn every_page_is_in_the_summary() {
    LazyLock::force(&WRITTEN);
    let book = root().join("docs/src");
    let listed = links(&text("docs/src/SUMMARY.md")).into_iter().map(|(file, _)| book.join(file));
    let pages = files(&book, "md").into_iter().filter(|page| !page.ends_with("SUMMARY.md"));
    let (listed, pages): (BTreeSet<_>, BTreeSet<_>) = (listed.collect(), pages.collect());
    assert_eq!(listed, pages, "SUMMARY.md (left) and the pages (right)");
}

#[test]
fn every_link_leads_somewhere() {
    LazyLock::force(&WRITTEN);
    for document in documents() {
        for (file, heading) in links(&fs::read_to_string(&document).unwrap()) {
            let there =
                if file.is_empty() { document.clone() } else { document.parent().unwrap().join(&file) };
            // A picture is no text, and has no heading.
            let Ok(page) = fs::read(&there) else { panic!("{} links to {file}", document.display()) };
            let page = String::from_utf8_lossy(&page);
            let mut known = page.lines().filter_map(|line| Some(anchor(line.strip_prefix('#')?)));
            let leads = heading.is_empty() || known.any(|known| known == heading);
            assert!(leads, "{} links to {file}#{heading}", document.display());
        }
    }
}

/// The files to which a text links, each with a heading in it.
fn links(text: &str) -> Vec<(String, String)> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://"));
    let parts = local.map(|target| target.split_once('#').unwrap_or((target, "")));
    parts.map(|(file, heading)| (file.to_owned(), heading.to_owned())).collect()
}

/// What a link to a heading is called.
fn anchor(heading: &str) -> String {
    let letters = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    letters.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect()
}

#[test]
fn files_that_the_documents_name_are_there() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for word in text.split('`').skip(1).step_by(2) {
            let below = ["src/", "tests/", "roles/", "hardening/", "inventory/", "docs/", ".ci/"];
            let plain = word.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
            if plain && below.iter().any(|folder| word.starts_with(folder)) {
                assert!(root().join(word).exists(), "{} names {word}", document.display());
            }
        }
    }
}

#[test]
fn everything_there_is_stands_in_the_book() {
    LazyLock::force(&WRITTEN);
    let book: String =
        files(&root().join("docs/src"), "md").iter().map(|page| fs::read_to_string(page).unwrap()).collect();
    let mut names = ids::all();
    names.extend(compose::keys());
    names.extend(keys::names());
    names.extend(shell::names());
    names.extend(controls::ids());
    names.extend(alerts::ids());
    assert!(names.len() > 400, "only {}", names.len());
    let missing: Vec<_> = names.iter().filter(|name| !book.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "the book does not name {missing:?}");
}
