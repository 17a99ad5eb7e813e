//! What is where.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    middleware::from_fn_with_state,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};

use super::{
    Sources,
    door::Door,
    guard::guard,
    render::page,
    show::{self, Fault, span::Span},
    stream::stream,
};
use crate::app::{document, visible};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("live.js");
const ICON: &str = include_str!("icon.svg");

/// All pages and answers.
pub fn router(sources: Sources, door: Arc<Door>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/hosts/{host}", get(host))
        .route("/controls", get(controls))
        .route("/runs", get(runs))
        .route("/runs/{run}", get(run))
        .route("/live", get(async |State(sources): State<Sources>| stream(sources.live.turns())))
        .route("/style.css", get(async || typed("text/css; charset=utf-8", STYLE)))
        .route("/live.js", get(async || typed("text/javascript; charset=utf-8", SCRIPT)))
        .route("/icon.svg", get(async || typed("image/svg+xml", ICON)))
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(metrics))
        .nest("/api/v1", api())
        .fallback(async || Fault::NotFound.into_response())
        .layer(from_fn_with_state(door, guard))
        .with_state(sources)
}

fn api() -> Router<Sources> {
    Router::new()
        .route("/schema", get(async || json(&document::schema())))
        .route(
            "/platform",
            get(async |State(sources): State<Sources>| json(&show::platform::document(&sources.live.view()))),
        )
        .route("/hosts/{host}", get(api_host))
        .route("/hosts/{host}/curves", get(api_curves))
        .route("/events", get(api_events))
        .route("/controls", get(api_controls))
        .route("/runs", get(api_runs))
        .route("/runs/{run}", get(api_run))
}

/// What may be asked of a page beyond its path.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// How far back.
    span: Span,
    /// Only hosts with this in their name, zone, roles or state.
    q: String,
}

async fn overview(State(sources): State<Sources>, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let events = show::past::events(&sources, None, Span::Day).await?;
    Ok(page("overview.html", show::overview::overview(&sources.live.view(), &asked.q, events)))
}

async fn host(
    State(sources): State<Sources>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    Ok(page("host.html", show::host::host(&sources, &name, asked.span).await?))
}

async fn controls(State(sources): State<Sources>) -> Result<Response, Fault> {
    let view = sources.live.view();
    let controls = show::off(move || Ok(show::controls::page(&view))).await?;
    Ok(page("controls.html", controls))
}

async fn runs(State(sources): State<Sources>) -> Result<Response, Fault> {
    let platform = sources.live.view().platform;
    Ok(page("runs.html", show::runs::page(platform, show::runs::all(&sources).await?)))
}

async fn run(State(sources): State<Sources>, Path(run): Path<String>) -> Result<Response, Fault> {
    let platform = sources.live.view().platform;
    Ok(page("run.html", show::runs::page(platform, show::runs::one(&sources, run).await?)))
}

async fn metrics(State(sources): State<Sources>) -> Response {
    typed("text/plain; version=0.0.4; charset=utf-8", show::metrics::text(&sources.live.view()))
}

async fn api_host(State(sources): State<Sources>, Path(name): Path<String>) -> Result<Response, Fault> {
    let view = sources.live.view();
    let seen = view.host(&name).ok_or(Fault::NotFound)?;
    Ok(json(&show::platform::one(&name, seen)))
}

async fn api_curves(
    State(sources): State<Sources>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    Ok(json(&show::past::document(&sources, &name, asked.span).await?))
}

async fn api_events(State(sources): State<Sources>, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let events = show::past::events(&sources, None, asked.span).await?;
    Ok(json(&document::EventsDocument { version: document::VERSION, events }))
}

async fn api_controls(State(sources): State<Sources>) -> Result<Response, Fault> {
    let view = sources.live.view();
    Ok(json(&show::off(move || Ok(show::controls::document(&view))).await?))
}

async fn api_runs(State(sources): State<Sources>) -> Result<Response, Fault> {
    Ok(json(&show::runs::all(&sources).await?))
}

async fn api_run(State(sources): State<Sources>, Path(run): Path<String>) -> Result<Response, Fault> {
    Ok(json(&show::runs::one(&sources, run).await?))
}

fn json(document: &impl Serialize) -> Response {
    match serde_json::to_string(document) {
        Ok(text) => typed("application/json", visible::json(&text)),
        Err(error) => {
            tracing::error!("an answer of the page: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn typed(kind: &'static str, text: impl Into<String>) -> Response {
    ([(CONTENT_TYPE, kind)], text.into()).into_response()
}
