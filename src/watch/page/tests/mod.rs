//! The page as a browser and a program get it: over a socket, with its headers.

mod browser;
mod fixture;

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;
use crate::model::secret::Secret;
use fixture::{HOSTILE, Scene};

fn settings() -> Settings {
    Settings { listen: "127.0.0.1:0".parse().unwrap(), tls: None, password: None }
}

/// Sends a request and gives the head and the body of the answer.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that ends TLS without a word is as good as one that does.
    stream.read_to_end(&mut answer).await.map(drop).unwrap_or_default();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

fn request(method: &str, path: &str, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{more}\r\n")
}

async fn ask(at: SocketAddr, method: &str, path: &str, more: &str) -> (String, String) {
    talk(TcpStream::connect(at).await.unwrap(), &request(method, path, more)).await
}

async fn get(at: SocketAddr, path: &str) -> String {
    let (head, body) = ask(at, "GET", path, "").await;
    assert!(head.starts_with("http/1.1 200"), "{path}: {head}\n{body}");
    body
}

/// All that there is to see.
const PATHS: [&str; 18] = [
    "/",
    "/?q=eu",
    "/hosts/co1",
    "/hosts/co1?span=1h",
    "/hosts/co1?span=90d",
    "/controls",
    "/runs",
    "/runs/20261130T080000Z-17",
    "/metrics",
    "/api/v1/platform",
    "/api/v1/hosts/co1",
    "/api/v1/hosts/co1/curves?span=7d",
    "/api/v1/events?span=90d",
    "/api/v1/controls",
    "/api/v1/runs",
    "/api/v1/runs/20261130T080000Z-17",
    "/api/v1/schema",
    "/healthz",
];

#[tokio::test]
async fn everything_is_shown_and_nothing_can_be_written() {
    let scene = Scene::new(3);
    let page = Page::open(settings(), &scene.sources()).await.unwrap();
    for path in PATHS {
        let (head, body) = ask(page.at, "GET", path, "").await;
        assert!(head.starts_with("http/1.1 200") && !body.is_empty(), "{path}: {head}\n{body}");
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: {head}");
        }
        // The policy would stop them, and the console of a browser would say so.
        for inline in [" style=", "<style", "<script>", " onclick="] {
            assert!(!body.contains(inline), "{path} has {inline}");
        }
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let (head, _) = ask(page.at, method, path, "Content-Length: 0\r\n").await;
            assert!(
                head.starts_with("http/1.1 405") && head.contains("allow: get, head"),
                "{method} {path}: {head}"
            );
        }
        let (head, body) = ask(page.at, "HEAD", path, "").await;
        assert!(head.starts_with("http/1.1 200") && body.is_empty(), "{path}: {head}");
    }
    for path in ["/hosts/none", "/runs/none", "/nothing", "/api/v1/hosts/none/curves", "/api/v2/platform"] {
        let (head, _) = ask(page.at, "GET", path, "").await;
        assert!(head.starts_with("http/1.1 404") && head.contains("nosniff"), "{path}: {head}");
    }
}

#[tokio::test]
async fn without_the_password_nothing_is_shown() {
    let scene = Scene::new(1);
    let password = Some(Secret::new(hash("open sesame").unwrap()));
    let page = Page::open(Settings { password, ..settings() }, &scene.sources()).await.unwrap();
    for path in
        PATHS.into_iter().filter(|path| *path != "/healthz").chain(["/live", "/style.css", "/nothing"])
    {
        for more in ["", "Authorization: Bearer sesame\r\n", "Authorization: Basic Og==\r\n"] {
            let (head, body) = ask(page.at, "GET", path, more).await;
            assert!(
                head.starts_with("http/1.1 401") && head.contains("www-authenticate: basic"),
                "{path}: {head}"
            );
            assert!(!body.contains("acme"), "{path}: {body}");
        }
    }
    let (head, _) = ask(page.at, "GET", "/", "Authorization: Bearer open sesame\r\n").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let (head, body) = ask(page.at, "GET", "/healthz", "").await;
    assert_eq!((head.starts_with("http/1.1 200"), body.as_str()), (true, "ok\n"));
}

#[tokio::test]
async fn a_page_of_somebody_else_reads_nothing() {
    let scene = Scene::new(1);
    let page = Page::open(settings(), &scene.sources()).await.unwrap();
    let rebound = "GET /api/v1/platform HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let (head, body) = talk(TcpStream::connect(page.at).await.unwrap(), rebound).await;
    assert!(head.starts_with("http/1.1 421") && !body.contains("acme"), "{head}\n{body}");
}

#[tokio::test]
async fn what_hosts_say_is_text() {
    let scene = Scene::new(2);
    let page = Page::open(settings(), &scene.sources()).await.unwrap();
    for path in ["/", "/hosts/co1", "/controls", "/runs", "/runs/20261130T080000Z-17"] {
        let body = get(page.at, path).await;
        assert!(
            body.contains("&lt;img src=x onerror=alert(1)&gt;\\x1b[2J"),
            "{path} does not show it:\n{body}"
        );
        assert!(!body.contains("<img") && !body.contains('\u{1b}') && !body.contains('\u{202e}'), "{path}");
    }
    for path in ["/api/v1/hosts/co1", "/api/v1/events", "/api/v1/runs"] {
        let body = get(page.at, path).await;
        assert!(!body.contains('\u{202e}') && !body.contains('\u{1b}'), "{path}: {body}");
        let told: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(has(&told, HOSTILE), "{path}: {body}");
    }
    let metrics = get(page.at, "/metrics").await;
    assert!(metrics.contains(r#"container="a<img src=x onerror=alert(1)>\\x1b[2J\\u{202e}""#), "{metrics}");
}

/// Whether a text somewhere in a value has these words.
fn has(value: &serde_json::Value, words: &str) -> bool {
    match value {
        serde_json::Value::String(text) => text.contains(words),
        serde_json::Value::Array(list) => list.iter().any(|each| has(each, words)),
        serde_json::Value::Object(map) => map.values().any(|each| has(each, words)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}

#[tokio::test]
async fn what_is_said_below_api_is_what_the_schema_says() {
    let scene = Scene::new(2);
    let page = Page::open(settings(), &scene.sources()).await.unwrap();
    let schema: serde_json::Value = serde_json::from_str(&get(page.at, "/api/v1/schema").await).unwrap();
    for (path, name) in [
        ("/api/v1/platform", "PlatformDocument"),
        ("/api/v1/hosts/co1", "WatchedHostDocument"),
        ("/api/v1/hosts/co1/curves", "CurvesDocument"),
        ("/api/v1/events", "EventsDocument"),
        ("/api/v1/controls", "ControlsDocument"),
        ("/api/v1/runs", "RunsDocument"),
    ] {
        let answer: serde_json::Value = serde_json::from_str(&get(page.at, path).await).unwrap();
        let known = schema["$defs"][name]["properties"].as_object().unwrap();
        let required = schema["$defs"][name]["required"].as_array().unwrap();
        assert!(answer.as_object().unwrap().keys().all(|key| known.contains_key(key)), "{path}: {answer}");
        assert!(required.iter().all(|key| answer.get(key.as_str().unwrap()).is_some()), "{path}: {answer}");
        assert_eq!(answer["version"], 1, "{path}");
    }
}

#[tokio::test]
async fn a_change_is_said_to_open_pages() {
    let scene = Scene::new(1);
    let page = Page::open(settings(), &scene.sources()).await.unwrap();
    let mut stream = TcpStream::connect(page.at).await.unwrap();
    stream.write_all(request("GET", "/live", "").as_bytes()).await.unwrap();
    let mut heard = String::new();
    let mut piece = [0; 1024];
    while !heard.contains("data: ") {
        if heard.contains("text/event-stream") {
            scene.well("co1");
        }
        let read = stream.read(&mut piece).await.unwrap();
        assert_ne!(read, 0, "{heard}");
        heard.push_str(std::str::from_utf8(&piece[..read]).unwrap());
    }
}

#[tokio::test]
async fn over_tls_it_is_the_same() {
    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
    };
    let own = rcgen::generate_simple_self_signed(vec!["watch.test".to_owned()]).unwrap();
    let tls = (Secret::new(own.cert.pem()), Secret::new(own.signing_key.serialize_pem()));
    let scene = Scene::new(1);
    let page = Page::open(Settings { tls: Some(tls), ..settings() }, &scene.sources()).await.unwrap();
    assert!(page.address().starts_with("https://"));
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("watch.test").unwrap();
    let stream = TcpStream::connect(page.at).await.unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let (head, body) = talk(stream, &request("GET", "/", "")).await;
    assert!(head.starts_with("http/1.1 200") && body.contains("acme"), "{head}");
}

#[tokio::test]
async fn a_certificate_that_is_none_is_refused_before_anything_is_served() {
    let tls = Some((Secret::new("no certificate"), Secret::new("no key")));
    let wrong = Page::open(Settings { tls, ..settings() }, &Scene::new(1).sources()).await;
    assert!(matches!(wrong, Err(PageError::Certificate(_))));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let wrong = Page::open(Settings { listen, ..settings() }, &Scene::new(1).sources()).await;
    assert!(matches!(wrong, Err(PageError::Listen { .. })));
}

#[tokio::test]
async fn the_overview_says_what_needs_somebody_and_finds_hosts() {
    let scene = Scene::new(300);
    let page = Page::open(settings(), &scene.sources()).await.unwrap();
    let whole = get(page.at, "/").await;
    assert!(whole.contains("<h1>297 of 300 hosts are well</h1>"), "{}", &whole[..3000]);
    let one = get(page.at, "/?q=Co17%20eu").await;
    assert!(one.contains(">co17</a></th>") && !one.contains(">co18</a></th>"));
    let none = get(page.at, "/?q=%3Cb%3E").await;
    assert!(none.contains("No host has “&lt;b&gt;”"));
}
