//! Media types: what a client accepts, and what it may send.

use axum::http::{HeaderMap, header};

/// The two JSON media types. They differ in the status of a request that was well-formed but not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// `application/json`: 200, so that a client that knows only this one reads the body.
    Plain,
    /// `application/graphql-response+json`: 400.
    Graphql,
}

impl Json {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "application/json; charset=utf-8",
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
        }
    }
}

/// What a client takes as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The JSON that it prefers.
    pub json: Option<Json>,
    /// Whether it takes an event stream.
    pub events: bool,
    /// Whether it prefers an event stream even where there is one answer.
    pub prefers_events: bool,
}

/// Reads `Accept`. Without the header it is `application/json`, and so it is for wildcards.
pub(super) fn accepted(headers: &HeaderMap) -> Accepted {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(range)
        .peekable();
    if ranges.peek().is_none() {
        return Accepted { json: Some(Json::Plain), events: false, prefers_events: false };
    }
    let (mut plain, mut wild, mut graphql, mut events) = (None, None, None, None);
    for (name, quality) in ranges {
        let best = match &*name {
            "application/json" => &mut plain,
            "application/graphql-response+json" => &mut graphql,
            "text/event-stream" => &mut events,
            "application/*" | "*/*" => &mut wild,
            _ => continue,
        };
        *best = Some(best.unwrap_or(0).max(quality));
    }
    // What is named outranks a wildcard, even to be ruled out by `q=0`.
    let plain = plain.or(wild).unwrap_or(0);
    let (graphql, events) = (graphql.unwrap_or(0), events.unwrap_or(0));
    let json = match graphql.max(plain) {
        0 => None,
        best if best == graphql => Some(Json::Graphql),
        _ => Some(Json::Plain),
    };
    Accepted { json, events: events > 0, prefers_events: events > graphql.max(plain) }
}

/// A media range and its quality in thousandths.
fn range(text: &str) -> Option<(String, u32)> {
    let mut parts = text.split(';');
    let name = parts.next()?.trim().to_ascii_lowercase();
    let quality = parts.find_map(|part| part.trim().strip_prefix("q=").map(thousandths)).unwrap_or(1_000);
    (!name.is_empty()).then_some((name, quality))
}

/// `0.75` as 750. What is no quality counts as the best: the client did name the type.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if whole != "0" || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return 1_000;
    }
    format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Whether a body is JSON in UTF-8, uncompressed. Nothing else is taken: a form post or plain text, which
/// a foreign page can send without asking, least of all.
pub(super) fn is_json_body(headers: &HeaderMap) -> bool {
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let mut parts = kind.split(';').map(|part| part.trim().to_ascii_lowercase());
    let named = parts.next().is_some_and(|name| name == "application/json");
    let utf8 = parts
        .filter_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()))
        .all(|name| matches!(&*name, "utf-8" | "utf8"));
    plain && named && utf8
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_best_quality_wins_and_wildcards_mean_plain_json() {
        let plain = Some(Json::Plain);
        let graphql = Some(Json::Graphql);
        for (accept, json, events, prefers_events) in [
            (None, plain, false, false),
            (Some(""), plain, false, false),
            (Some("*/*"), plain, false, false),
            (Some("application/*"), plain, false, false),
            (Some("application/json"), plain, false, false),
            (Some("Application/GraphQL-Response+JSON; charset=utf-8"), graphql, false, false),
            (Some("application/graphql-response+json, application/json"), graphql, false, false),
            (Some("application/graphql-response+json;q=0.9, application/json"), plain, false, false),
            (Some("application/json;q=0, */*"), None, false, false),
            (Some("text/html"), None, false, false),
            (Some("text/event-stream"), None, true, true),
            (Some("text/event-stream, application/json"), plain, true, false),
            (Some("text/event-stream, application/json;q=0.5"), plain, true, true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(accepted(&headers), Accepted { json, events, prefers_events }, "{accept:?}");
        }
    }

    #[test]
    fn only_json_in_utf_8_is_a_body() {
        for (kind, good) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("application/json; charset=latin1", false),
            ("application/jsonp", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            assert_eq!(is_json_body(&headers), good, "{kind}");
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            assert!(!is_json_body(&headers));
        }
        assert!(!is_json_body(&HeaderMap::new()));
    }
}
