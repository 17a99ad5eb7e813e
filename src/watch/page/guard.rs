//! What is so for every answer of the page: nothing is written, only the right people see it, and a browser does with it what a
//! page needs and no more.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERRER_POLICY, WWW_AUTHENTICATE,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

use super::door::Door;

/// Everything comes from here, nothing stands in the text of a page that is carried out, and nobody shows it in a page of his.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The one path that needs no password: it says that the daemon is there, and nothing else.
const HEALTH: &str = "/healthz";

/// Stands before every answer.
pub async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let mut answer = if ![Method::GET, Method::HEAD].contains(request.method()) {
        let allow = [(ALLOW, "GET, HEAD")];
        (StatusCode::METHOD_NOT_ALLOWED, allow, "there is nothing to write here\n").into_response()
    } else if !door.is_locked() && !is_meant(request.headers()) {
        (StatusCode::MISDIRECTED_REQUEST, "ask for 127.0.0.1 or localhost\n").into_response()
    } else if request.uri().path() != HEALTH && !door.opens(request.headers()).await {
        let ask = [(WWW_AUTHENTICATE, "Basic realm=\"pryvctl watch\", charset=\"UTF-8\"")];
        (StatusCode::UNAUTHORIZED, ask, "the password is missing or wrong\n").into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in HEADERS {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// Whether a browser was told to ask this machine. A page of somebody else could give its own name this machine's address, and
/// read what is open here.
fn is_meant(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_not_meant() {
        let meant = |host: &str| is_meant(&HeaderMap::from_iter([(HOST, host.parse().unwrap())]));
        for own in ["127.0.0.1:9464", "localhost:8080", "LOCALHOST", "[::1]:9464", "127.0.0.1"] {
            assert!(meant(own), "{own}");
        }
        for other in ["evil.example", "evil.example:9464", "localhost.evil.example", "192.0.2.1:9464", ""] {
            assert!(!meant(other), "{other}");
        }
    }
}
