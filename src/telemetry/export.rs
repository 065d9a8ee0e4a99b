//! Sends spans out as OTLP over HTTP, when the standard `OTEL_` variables of the environment say where to.
//!
//! What leaves is decided here and nowhere else: a span's name, its times and the attributes of one list. A field
//! that somebody adds to a span of the log stays in the log, and so do the log's lines.

use std::env;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::WithHttpConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanEvents, SpanExporter};
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::spans;

/// The fields of our spans that leave, and what they are called outside.
const SHOWN: &[(&str, &str)] = &[
    ("method", "http.request.method"),
    ("route", "http.route"),
    ("status", "http.response.status_code"),
    ("kind", "graphql.operation.type"),
    ("root", "konto.root_field"),
    ("outcome", "konto.outcome"),
    ("request_id", "konto.request_id"),
    ("commands", "konto.batch.commands"),
    ("failed", "konto.statement.failed"),
];
/// Outcomes that are ours to look into.
const FAILURES: &[&str] = &["ERRORS", "INTERNAL", "UNAVAILABLE", "TIMEOUT", "OVERLOADED"];

/// A setting that is wrong: the variable's name, and what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The variable.
    pub name: &'static str,
    /// What it should be.
    pub expected: &'static str,
}

/// Sends spans until it is stopped.
#[derive(Debug)]
pub struct Export(SdkTracerProvider);

/// Whether the environment (by name) asks for an export: it names an endpoint, and neither `OTEL_SDK_DISABLED` nor
/// `OTEL_TRACES_EXPORTER` forbids it.
///
/// # Errors
/// [`Wrong`]: an exporter or a protocol that Konto does not have.
pub fn is_asked_for(var: impl Fn(&str) -> Option<String>) -> Result<bool, Wrong> {
    let var = |name: &str| var(name).map(|value| value.trim().to_ascii_lowercase()).filter(|value| !value.is_empty());
    let endpoint = var("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| var("OTEL_EXPORTER_OTLP_ENDPOINT"));
    if endpoint.is_none() || var("OTEL_SDK_DISABLED").as_deref() == Some("true") {
        return Ok(false);
    }
    match var("OTEL_TRACES_EXPORTER").as_deref() {
        None | Some("otlp") => {}
        Some("none") => return Ok(false),
        Some(_) => return Err(Wrong { name: "OTEL_TRACES_EXPORTER", expected: "expected otlp or none" }),
    }
    for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
        match var(name).as_deref() {
            Some("http/protobuf") => break,
            None => {}
            Some(_) => return Err(Wrong { name, expected: "expected http/protobuf" }),
        }
    }
    Ok(true)
}

impl Export {
    /// Starts sending, with what the environment says about endpoint, headers, timeout, sampling, batching and
    /// resource. Takes the HTTP client that sends; must be called on the runtime that the client runs on.
    ///
    /// # Errors
    /// What is wrong with a variable, as the library words it.
    pub fn start(client: reqwest::Client) -> Result<Self, String> {
        let client = Client { client, runtime: Handle::current(), timeout: timeout() };
        let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().with_http_client(client);
        let exporter = exporter.build().map_err(|error| error.to_string())?;
        let exporter = Shown { exporter, complained: AtomicBool::new(false) };
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        spans::start(provider.tracer("konto"));
        Ok(Self(provider))
    }

    /// What makes our spans leave; the log's lines stay.
    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        let ours = |target: &str| target == "konto" || target.starts_with("konto::");
        let ours = filter_fn(move |metadata| metadata.is_span() && ours(metadata.target()));
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("konto"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Sends what is left, for five seconds at most, and ends.
    pub async fn stop(self) {
        // Blocks until the sender's thread is done, which needs the runtime to send.
        let stopped = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "the last spans may not have been sent");
        }
    }
}

/// `konto` with its version, unless the environment has another name.
fn resource() -> Resource {
    let set = |name| env::var(name).unwrap_or_default();
    let named = !set("OTEL_SERVICE_NAME").is_empty() || set("OTEL_RESOURCE_ATTRIBUTES").contains("service.name=");
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if named { resource.build() } else { resource.with_service_name("konto").build() }
}

/// The exporter leaves it to the client.
fn timeout() -> Duration {
    let set = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"].into_iter();
    let millis = set.filter_map(|name| env::var(name).ok()?.trim().parse().ok()).next();
    Duration::from_millis(millis.unwrap_or(10_000))
}

/// Sends on the runtime: the exporter's own thread has none.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
    timeout: Duration,
}

impl HttpClient for Client {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let (client, timeout) = (self.client.clone(), self.timeout);
        let sent = self.runtime.spawn(async move {
            let (parts, body) = request.into_parts();
            let sent = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = sent.timeout(timeout).send().await?;
            // Nothing of the answer's body is of use, and it may be long.
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            Ok::<_, reqwest::Error>(response)
        });
        Box::pin(async move { Ok(sent.await??) })
    }
}

/// Lets out what may be shown, and says once when it does not arrive.
#[derive(Debug)]
struct Shown<E> {
    exporter: E,
    complained: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Shown<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let sent = self.exporter.export(batch.into_iter().map(show).collect()).await;
        match &sent {
            Ok(()) => self.complained.store(false, Ordering::Relaxed),
            Err(error) => {
                if !self.complained.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "spans could not be sent; silent until they can");
                }
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// A span as it leaves: named by what was asked for, with the attributes of the list.
fn show(mut span: SpanData) -> SpanData {
    let field = |name: &str| span.attributes.iter().find(|one| one.key.as_str() == name).map(|one| &one.value);
    let text = |name: &str| field(name).map(|value| value.as_str().into_owned()).unwrap_or_default();
    let (mut status, mut kind) = (Status::Unset, span.span_kind.clone());
    match &*span.name {
        "request" => {
            let name = match (text("kind"), text("root"), text("method"), text("route")) {
                (kind, root, ..) if !root.is_empty() => format!("{kind} {root}"),
                (_, _, method, route) => format!("{method} {route}").trim_end().to_owned(),
            };
            if FAILURES.contains(&&*text("outcome")) {
                status = Status::error("");
            }
            (span.name, kind) = (name.into(), SpanKind::Server);
        }
        "statement" => (span.name, kind) = (text("statement").into(), SpanKind::Client),
        _ if field("failed") == Some(&Value::Bool(true)) => status = Status::error(""),
        _ => {}
    }
    (span.status, span.span_kind) = (status, kind);
    let shown = |one: KeyValue| {
        let (_, name) = SHOWN.iter().find(|(ours, _)| *ours == one.key.as_str())?;
        Some(KeyValue::new(Key::from_static_str(name), one.value))
    };
    span.attributes = span.attributes.into_iter().filter_map(shown).collect();
    span.events = SpanEvents::default();
    for link in &mut span.links.links {
        link.attributes.clear();
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_asks_for_an_export_unless_something_forbids_it() {
        let asked = |set: &[(&str, &str)]| {
            is_asked_for(|name| set.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned()))
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
        assert_eq!(asked(&[]), Ok(false));
        assert_eq!(asked(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]), Ok(false));
        assert_eq!(asked(&[endpoint]), Ok(true));
        assert_eq!(asked(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://x/v1/traces")]), Ok(true));
        assert_eq!(asked(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")]), Ok(false));
        assert_eq!(asked(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]), Ok(false));
        assert_eq!(asked(&[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]), Ok(true));
        let wrong = |set| asked(&[endpoint, set]).map_err(|wrong| wrong.name);
        assert_eq!(wrong(("OTEL_TRACES_EXPORTER", "zipkin")), Err("OTEL_TRACES_EXPORTER"));
        assert_eq!(wrong(("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")), Err("OTEL_EXPORTER_OTLP_PROTOCOL"));
    }
}
