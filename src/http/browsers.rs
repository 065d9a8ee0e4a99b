//! Pages in browsers: which of them may talk to the server, by HTTP and by WebSocket.
//!
//! A browser says which origin a page comes from, and sends that page's users' addresses along. A page of the server's own
//! origin may everything; one of an origin that is allowed may what a program may, with a token (CORS, the Fetch standard):
//! cookies mean nothing here, and are not let through. Any other page gets the answer without the permission to read it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tower::{Layer as _, Service as _};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may keep the answer to a preflight. Chromium keeps none longer than two hours.
const PREFLIGHT: Duration = Duration::from_secs(7_200);

/// Origins whose pages may talk to the server, as `https://host[:port]`.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Where clients reach the server, where that is known: behind what speaks TLS in front of it, the `Host` of a request may
    /// have lost its port.
    pub public: Option<String>,
    /// Of other hosts.
    pub allowed: Vec<String>,
}

impl Origins {
    /// Whether a page of this origin may talk to the server that was asked under this host.
    fn allow(&self, origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        if self.public.iter().chain(&self.allowed).any(|other| bare(other) == bare(origin)) {
            return true;
        }
        let host = host.and_then(|host| host.to_str().ok());
        match (origin.split_once("://"), host) {
            (Some((scheme, _)), Some(host)) => bare(origin) == bare(&format!("{scheme}://{host}")),
            _ => false,
        }
    }

    /// Whether the page that sends a request may open a socket. Programs send no `Origin`.
    pub(super) fn let_in(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => self.allow(origin, headers.get(header::HOST)),
            (Some(_), Some(_)) => false,
        }
    }

    /// Made once: the origins, and what browsers are told of their pages.
    pub(super) fn permission(self) -> Arc<Permission> {
        let layer = CorsLayer::new()
            .allow_origin(AllowOrigin::mirror_request())
            .allow_methods([Method::GET, Method::POST, Method::PUT])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                HeaderName::from_static("last-event-id"),
                HeaderName::from_static("traceparent"),
                HeaderName::from_static("x-requested-with"),
            ])
            .expose_headers([header::RETRY_AFTER, header::CONTENT_DISPOSITION, HeaderName::from_static("x-request-id")])
            .max_age(PREFLIGHT);
        Arc::new(Permission { origins: self, layer })
    }
}

/// What pages of the allowed origins may send and read.
pub(super) struct Permission {
    origins: Origins,
    layer: CorsLayer,
}

/// Gives pages of the allowed origins the permission to read. The request of any other goes on as a program's does, without
/// a word of permission: then a preflight is a method that is not allowed.
pub(super) async fn permit(State(permission): State<Arc<Permission>>, request: Request, mut next: Next) -> Response {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN);
    if !origin.is_some_and(|origin| permission.origins.allow(origin, headers.get(header::HOST))) {
        let mut response = next.run(request).await;
        // Whoever keeps the answer may not give it to a page that would have got another one.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
        return response;
    }
    match permission.layer.layer(&mut next).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// An origin in lower case, without the port that its scheme has anyway.
fn bare(origin: &str) -> String {
    let origin = origin.trim_end_matches('/').to_ascii_lowercase();
    let port = if origin.starts_with("https://") { ":443" } else { ":80" };
    origin.strip_suffix(port).map(str::to_owned).unwrap_or(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_hosts_are_foreign() {
        let origins = Origins {
            public: Some("https://public.example".into()),
            allowed: vec!["https://app.example".into(), "http://localhost:3000".into()],
        };
        for (origin, host, good) in [
            (None, "konto.example", true),
            (Some("https://konto.example"), "konto.example", true),
            (Some("https://KONTO.example"), "konto.example:443", true),
            (Some("http://localhost:8080"), "localhost:8080", true),
            (Some("https://app.example"), "konto.example", true),
            (Some("https://app.example:443"), "konto.example", true),
            (Some("http://localhost:3000"), "konto.example", true),
            (Some("https://public.example"), "127.0.0.1:8080", true),
            (Some("https://PUBLIC.example:443"), "127.0.0.1:8080", true),
            (Some("http://public.example"), "127.0.0.1:8080", false),
            (Some("https://konto.example:8443"), "konto.example", false),
            (Some("https://konto.example.evil"), "konto.example", false),
            (Some("http://app.example"), "konto.example", false),
            (Some("http://localhost:3001"), "konto.example", false),
            (Some("null"), "konto.example", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a host"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("an origin"));
            }
            assert_eq!(origins.let_in(&headers), good, "{origin:?} {host}");
        }
        let mut twice = HeaderMap::new();
        twice.append(header::ORIGIN, HeaderValue::from_static("https://app.example"));
        twice.append(header::ORIGIN, HeaderValue::from_static("https://app.example"));
        assert!(!origins.let_in(&twice));
    }
}
