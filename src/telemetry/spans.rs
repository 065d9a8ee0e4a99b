//! Spans of batches and of statements, and the caller's place above a request.
//!
//! They exist only while an export is at work ([`super::export`]); the log's own spans are made where the log is
//! written. A span holds numbers and words of ours: neither SQL with values nor anything that a caller sent.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt as _, Tracer as _};
use opentelemetry::{KeyValue, trace};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The requests that a batch names beside its parent. More are left out, so that a full batch stays small.
const MOST_LINKS: usize = 128;
/// A table's name is not longer.
const LONGEST_NAME: usize = 40;

static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// From now on spans are made. Once per process, as the log is.
pub(super) fn start(tracer: SdkTracer) {
    let _ = TRACER.set(tracer);
}

/// Whether spans are made.
#[must_use]
pub fn exporting() -> bool {
    TRACER.get().is_some()
}

/// The span that this runs in, to hand on to a batch; none when nobody would see it.
#[must_use]
pub fn current() -> Span {
    if exporting() { Span::current() } else { Span::none() }
}

/// The span of a batch of commands: a child of the first request that it serves, linked to the others.
#[must_use]
pub fn batch<'a>(commands: usize, served: impl Iterator<Item = &'a Span>) -> Span {
    if !exporting() {
        return Span::none();
    }
    let mut served = served.filter_map(Span::id);
    let span = tracing::debug_span!(parent: served.next(), "batch", commands);
    for other in served.take(MOST_LINKS) {
        span.follows_from(other);
    }
    span
}

/// The span of one statement, to instrument or enter. The kind names what is done, not to whom: `INSERT entry`.
///
/// For what does not go through SeaORM: what does is seen by [`ran`].
#[must_use]
pub fn statement(kind: &'static str) -> Span {
    if exporting() { tracing::debug_span!("statement", statement = kind) } else { Span::none() }
}

/// The span of one message to a webhook. It names neither the receiver nor what is sent.
#[must_use]
pub fn delivery() -> Span {
    if exporting() { tracing::debug_span!(parent: None, "deliver webhook") } else { Span::none() }
}

/// A statement has run in the current span. Called by the database layer after each of them while spans are made;
/// it shows the kind of statement and nothing of the text.
pub fn ran(sql: &str, elapsed: Duration, failed: bool) {
    let Some(tracer) = TRACER.get() else { return };
    let parent = Span::current().context();
    // What nobody asked for (sweeps, polls) has no parent.
    if !parent.span().span_context().is_sampled() {
        return;
    }
    let end = opentelemetry::time::now();
    let mut span = SpanBuilder::from_name(kind_of(sql)).with_kind(SpanKind::Client);
    span.start_time = end.checked_sub(elapsed);
    span.attributes = Some(vec![KeyValue::new("failed", failed)]);
    let mut span = tracer.build_with_context(span, &parent);
    trace::Span::end_with_timestamp(&mut span, end);
}

/// Puts the span below the caller's, which the header `traceparent` names as W3C Trace Context has it. One that is
/// malformed is as good as none.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    if let (true, Some(traceparent)) = (exporting(), traceparent) {
        let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
        let parent = TraceContextPropagator::new().extract(&carrier);
        if parent.span().span_context().is_valid() {
            // Fails when the span is at work already, which it is not yet.
            let _ = span.set_parent(parent);
        }
    }
}

/// `INSERT event` of `INSERT INTO "event" (...) VALUES (...)`.
fn kind_of(sql: &str) -> String {
    let mut words = sql.split_ascii_whitespace();
    let mut kind: String = words.next().unwrap_or_default().chars().filter(char::is_ascii_alphabetic).collect();
    kind.make_ascii_uppercase();
    kind.truncate(LONGEST_NAME);
    let leads = |word: &str| ["from", "into", "update"].iter().any(|lead| word.eq_ignore_ascii_case(lead));
    // A list (`UNNEST(...)`), a query in brackets or a value (`IS DISTINCT FROM $1`) is no table: the next one that is
    // named is.
    let is_list = |word: &str| {
        word.starts_with(['(', '$']) || word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("unnest"))
    };
    let mut table = if kind == "UPDATE" { words.next() } else { None };
    while table.is_none() {
        let Some(named) = words.by_ref().find(|word| leads(word)).and(words.next()) else { break };
        table = Some(named).filter(|named| !is_list(named));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let table = table.map(|table| table.trim_start_matches('"').split(|c| !is_name(c)).next().unwrap_or_default());
    match table {
        Some(table) if table.starts_with(|c: char| c.is_ascii_alphabetic()) && table.len() <= LONGEST_NAME => {
            format!("{kind} {table}")
        }
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_by_what_it_does() {
        for (sql, kind) in [
            ("INSERT INTO \"event\" (\"id\") VALUES ($1)", "INSERT event"),
            ("insert into hold(id) VALUES (1)", "INSERT hold"),
            ("SELECT a, b FROM account WHERE number = '481'", "SELECT account"),
            ("UPDATE ledger_head SET x = 1", "UPDATE ledger_head"),
            ("SELECT pg_notify($1, $2)", "SELECT"),
            ("SELECT x FROM (VALUES ('Ada'))", "SELECT"),
            ("WITH v AS (SELECT 1 FROM unnest($1)) UPDATE hold SET x = 1", "WITH hold"),
            (
                "SELECT a FROM UNNEST($1::uuid[]) AS w (v) CROSS JOIN LATERAL (SELECT * FROM account) AS a",
                "SELECT account",
            ),
            ("WITH h AS (UPDATE x SET a = $1 WHERE b IS NOT DISTINCT FROM $2) INSERT INTO hold SELECT 1", "WITH hold"),
            ("DELETE FROM token", "DELETE token"),
            ("", ""),
        ] {
            assert_eq!(kind_of(sql), kind, "{sql}");
        }
    }

    #[test]
    fn nothing_is_made_while_nothing_is_exported() {
        assert!(!exporting());
        assert!(statement("INSERT entry").is_none() && batch(1, [Span::current()].iter()).is_none());
        assert!(current().is_none());
        follow(&Span::current(), Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        ran("SELECT 1", Duration::ZERO, false);
    }
}
