//! Templates, compiled in. Whatever a page shows passes the gate of the terminal, and then that of HTML.

use std::sync::LazyLock;

use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use include_dir::{Dir, include_dir};
use minijinja::{
    Environment, Error, UndefinedBehavior, Value, escape_formatter, syntax::SyntaxConfig, value::Serde,
};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    app::visible::shown,
    watch::{now, page::show::figure},
};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/watch/page/templates");

static PAGES: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    pages.set_syntax(syntax?);
    pages.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => {
            escape_formatter(out, state, &Value::from(shown(text).into_owned()))
        }
        Some(_) | None => escape_formatter(out, state, value),
    });
    pages.add_filter("percent", figure::percent);
    pages.add_filter("bytes", figure::bytes);
    pages.add_filter("figure", figure::plain);
    pages.add_filter("ago", |time: String| moment(&time).map_or(time, |at| figure::ago(now() - at)));
    pages.add_filter("minute", figure::minute);
    for file in TEMPLATES.files() {
        let name = file.path().to_str().unwrap_or_default();
        pages.add_template(name, file.contents_utf8().unwrap_or_default())?;
    }
    Ok(pages)
});

/// Seconds since 1970 of a time in RFC 3339.
fn moment(time: &str) -> Option<i64> {
    OffsetDateTime::parse(time, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp)
}

/// A page with what it shows.
pub fn page(name: &str, shows: impl Serialize) -> Response {
    match text(name, shows) {
        Ok(text) => Html(text).into_response(),
        // A bug of ours, which a test would have found: no word of a host goes out with it.
        Err(error) => {
            tracing::error!("the page {name}: {error:#}");
            (StatusCode::INTERNAL_SERVER_ERROR, "this page has a fault; the log of the daemon says more\n")
                .into_response()
        }
    }
}

/// The text of a page.
///
/// # Errors
/// The template and what it is given do not fit.
pub fn text(name: &str, shows: impl Serialize) -> Result<String, Error> {
    match &*PAGES {
        Ok(pages) => pages.get_template(name)?.render(Value::from(Serde(shows))),
        Err(error) => Err(Error::new(error.kind(), error.to_string())),
    }
}
