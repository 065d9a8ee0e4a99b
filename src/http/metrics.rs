//! What the transport measures, and `GET /metrics`.
//!
//! An operation is known by its root field, which is a name of our schema: what a client calls it never becomes a
//! label. So the number of series is bounded by the schema, whatever is sent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet, TypeKind, TypeSystemDefinition,
};
use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::answer::Answer;
use crate::api::fault::FaultCode;
use crate::api::limits::Prepared;
use crate::telemetry::measure::{self, Held, Histogram, Label, Reading};

/// What an operation is called here: its place among [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation(usize);

impl Operation {
    /// A request that did not get as far as an operation.
    pub const NONE: Self = Self(0);
    /// An operation that the schema does not have, or not like this.
    pub const UNKNOWN: Self = Self(1);
    /// A query with several root fields.
    const SEVERAL: Self = Self(2);
    /// A query that asks for the schema.
    const INTROSPECTION: Self = Self(3);

    /// The label.
    pub fn word(self) -> &'static str {
        NAMES.get(self.0).map_or("unknown", String::as_str)
    }
}

/// The labels of operations: four of ours, and every root field of the schema.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut names: Vec<String> = ["none", "unknown", "several", "introspection"].map(str::to_owned).into();
    // What we export is a schema.
    let definitions = parse_schema(crate::api::sdl()).map(|schema| schema.definitions).unwrap_or_default();
    for definition in definitions {
        if let TypeSystemDefinition::Type(one) = definition
            && let TypeKind::Object(object) = one.node.kind
            && matches!(&*one.node.name.node, "Query" | "Mutation" | "Subscription")
        {
            names.extend(object.fields.into_iter().map(|field| field.node.name.node.to_string()));
        }
    }
    names
});

static PLACES: LazyLock<HashMap<&'static str, Operation>> = LazyLock::new(|| {
    let names = NAMES.iter().enumerate().skip(4);
    names.map(|(place, name)| (name.as_str(), Operation(place))).collect()
});

/// Which operation runs.
pub(super) fn operation_of(prepared: &mut Prepared) -> Operation {
    let name = prepared.name.clone();
    let Ok(document) = prepared.request.parsed_query() else { return Operation::UNKNOWN };
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(operation),
        (DocumentOperations::Multiple(named), Some(name)) => named.get(&*name),
        (DocumentOperations::Multiple(named), None) => named.values().next(),
    };
    let mut found = None;
    if let Some(operation) = operation {
        look(document, &operation.node.selection_set.node, &mut found);
    }
    found.unwrap_or(Operation::UNKNOWN)
}

/// Looks for root fields until there are two. The document has been checked: its fragments are there and end.
fn look(document: &ExecutableDocument, set: &SelectionSet, found: &mut Option<Operation>) {
    for selection in &set.items {
        let inner = match &selection.node {
            Selection::Field(field) => {
                let name = field.node.name.node.as_str();
                let one = match PLACES.get(name) {
                    Some(one) => *one,
                    None if name.starts_with("__") => Operation::INTROSPECTION,
                    None => Operation::UNKNOWN,
                };
                match found {
                    None => *found = Some(one),
                    Some(other) if *other == one => {}
                    Some(_) => *found = Some(Operation::SEVERAL),
                }
                None
            }
            Selection::InlineFragment(fragment) => Some(&fragment.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                document.fragments.get(&spread.node.fragment_name.node).map(|one| &one.node.selection_set.node)
            }
        };
        if *found == Some(Operation::SEVERAL) {
            return;
        }
        if let Some(inner) = inner {
            look(document, inner, found);
        }
    }
}

/// How an operation ended: with a success, with a business refusal, or with the fault of the code.
const SUCCESS: usize = 0;
const REFUSAL: usize = 1;
const FAULTS: usize = 2;
const OUTCOMES: usize = FAULTS + FaultCode::ALL.len();

fn place_of(code: FaultCode) -> usize {
    FaultCode::ALL.iter().position(|one| *one == code).map_or(SUCCESS, |place| FAULTS + place)
}

fn outcome_word(place: usize) -> &'static str {
    match place {
        SUCCESS => "SUCCESS",
        REFUSAL => "REFUSAL",
        _ => FaultCode::ALL.get(place - FAULTS).map_or("INTERNAL", |code| code.word()),
    }
}

/// The transport's measurements. Cloning shares them.
#[derive(Clone, Debug)]
pub(super) struct RequestMetrics {
    /// Per operation and outcome.
    counts: Arc<[[AtomicU64; OUTCOMES]]>,
    times: Family<[Label; 1], Histogram, fn() -> Histogram>,
    queries: Histogram,
    mutations: Histogram,
    /// WebSockets that are open.
    pub sockets: Gauge,
    /// Event streams that are open.
    pub event_streams: Gauge,
    /// Subscriptions that run, on either.
    pub subscriptions: Gauge,
    /// Clients that were cut off because they did not keep up.
    pub slow: Counter,
}

impl Default for RequestMetrics {
    fn default() -> Self {
        let times = Family::new_with_constructor(Histogram::of_times as fn() -> Histogram);
        Self {
            queries: times.get_or_create_owned(&[("kind", "query")]),
            mutations: times.get_or_create_owned(&[("kind", "mutation")]),
            times,
            counts: NAMES.iter().map(|_| [const { AtomicU64::new(0) }; OUTCOMES]).collect(),
            sockets: Gauge::default(),
            event_streams: Gauge::default(),
            subscriptions: Gauge::default(),
            slow: Counter::default(),
        }
    }
}

impl RequestMetrics {
    fn count(&self, operation: Operation, outcome: usize) {
        if let Some(count) = self.counts.get(operation.0).and_then(|counts| counts.get(outcome)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request ended with a fault before it was run.
    pub fn fault(&self, operation: Operation, code: FaultCode) {
        self.count(operation, place_of(code));
    }

    /// A query or mutation was answered, or a request refused.
    pub fn answered(&self, operation: Operation, answer: &Answer, refused: bool) {
        let outcome = answer.fault().map_or(if refused { REFUSAL } else { SUCCESS }, place_of);
        self.count(operation, outcome);
    }

    /// A query or mutation ran.
    pub fn ran(&self, kind: OperationType, time: Duration) {
        match kind {
            OperationType::Mutation => self.mutations.took(time),
            _ => self.queries.took(time),
        }
    }

    /// A subscription begins.
    pub fn subscribe(&self, operation: Operation) -> Watched {
        Watched { metrics: self.clone(), operation, outcome: SUCCESS, _open: Held::of(&self.subscriptions) }
    }

    /// Puts them on a server's list.
    pub fn register(&self, registry: &mut Registry) {
        let counts = self.counts.clone();
        let help = "GraphQL operations answered, by root field and outcome; subscriptions when they end.";
        measure::counter(registry, "requests", help, move || readings(&counts));
        let help = "From admission to the answer, of queries and mutations";
        registry.register("operation_duration_seconds", help, self.times.clone());
        let help = "WebSockets open";
        registry.register("websockets", help, self.sockets.clone());
        let help = "Event streams (server-sent events) open";
        registry.register("event_streams", help, self.event_streams.clone());
        let help = "Subscriptions running, on WebSockets and event streams";
        registry.register("subscriptions", help, self.subscriptions.clone());
        let help = "Streams and WebSockets cut off because their client did not keep up";
        registry.register("slow_consumers", help, self.slow.clone());
    }
}

/// The counts that there are.
fn readings(counts: &[[AtomicU64; OUTCOMES]]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (operation, counts) in counts.iter().enumerate() {
        for (outcome, count) in counts.iter().enumerate() {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let operation = ("operation", Operation(operation).word());
                readings.push((vec![operation, ("outcome", outcome_word(outcome))], count));
            }
        }
    }
    readings
}

/// A subscription that runs. Counts as one that has ended when it is dropped: with success, unless it was seen to
/// break.
#[derive(Debug)]
pub(super) struct Watched {
    metrics: RequestMetrics,
    operation: Operation,
    outcome: usize,
    _open: Held,
}

impl Watched {
    /// It ends with this answer.
    pub fn ends_with(&mut self, answer: &Answer) {
        self.outcome = answer.fault().map_or(SUCCESS, place_of);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.metrics.count(self.operation, self.outcome);
    }
}

/// `GET /metrics`: whatever is on the list, to whoever reaches the address. There is nothing of a person in it.
pub fn router(registry: Arc<Registry>) -> Router {
    let answer = move |headers: HeaderMap| {
        let registry = registry.clone();
        async move {
            let (media_type, text) = if wants_plain(&headers) {
                (measure::PLAIN, measure::plain_text(&registry))
            } else {
                (measure::OPEN_METRICS, measure::text(&registry))
            };
            ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")], text).into_response()
        }
    };
    Router::new().route("/metrics", get(answer))
}

/// Whether the older text format is asked for, and OpenMetrics is not.
fn wants_plain(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accept: String = accept.map(str::to_ascii_lowercase).collect::<Vec<_>>().join(",");
    accept.contains("text/plain") && !accept.contains("application/openmetrics-text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::limits::{Documents, Limits, prepare};

    #[test]
    fn an_operation_is_called_by_its_root_field() {
        for (query, word) in [
            ("mutation M { transfer(input: {}) { __typename } }", "transfer"),
            ("mutation M { ...A } fragment A on Mutation { x: transfer(input: {}) { __typename } }", "transfer"),
            ("query Ada { account(by: {}) { id } }", "account"),
            ("{ a: account(by: {}) { id } b: account(by: {}) { id } }", "account"),
            ("{ account(by: {}) { id } ... { customers { nodes { id } } } }", "several"),
            ("{ __schema { queryType { name } } }", "introspection"),
            ("{ Ada_Lovelace_481000000017 }", "unknown"),
            ("subscription { ledgerEvents { sequence } }", "ledgerEvents"),
        ] {
            let mut prepared = prepare(query.into(), &Limits::default(), &Documents::of_no_schema()).expect(query);
            assert_eq!(operation_of(&mut prepared).word(), word, "{query}");
        }
    }

    #[test]
    fn every_outcome_has_a_word_of_its_own() {
        let words: std::collections::BTreeSet<_> = (0..OUTCOMES).map(outcome_word).collect();
        assert_eq!(words.len(), OUTCOMES);
        assert_eq!(outcome_word(place_of(FaultCode::Overloaded)), "OVERLOADED");
    }
}
