//! What `konto serve` allows its callers: limits and trusted documents.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::settings::{self, Setting};
use crate::api::limits::Limits;
use crate::http::{ConnectionConfig, HttpConfig, RateConfig, TrustedDocuments};

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// The longest request body and WebSocket message
    #[arg(long, value_name = "BYTES", env = "KONTO_BODY_LIMIT", default_value_t = HttpConfig::default().body_bytes.to_string())]
    body_limit: String,
    /// The same for tokens with the scope bulk; not less
    #[arg(long, value_name = "BYTES", env = "KONTO_BULK_BODY_LIMIT", default_value_t = HttpConfig::default().bulk_body_bytes.to_string())]
    bulk_body_limit: String,
    /// Fields below each other in an operation: 1 to 32
    #[arg(long, value_name = "FIELDS", env = "KONTO_DEPTH_LIMIT", default_value_t = HttpConfig::default().limits.depth.to_string())]
    depth_limit: String,
    /// Cost of an operation: one per field, times the page size for what is below a page
    #[arg(long, value_name = "COST", env = "KONTO_COMPLEXITY_LIMIT", default_value_t = HttpConfig::default().limits.complexity.to_string())]
    complexity_limit: String,
    /// Aliases in an operation
    #[arg(long, value_name = "ALIASES", env = "KONTO_ALIAS_LIMIT", default_value_t = HttpConfig::default().limits.aliases.to_string())]
    alias_limit: String,
    /// The longest text of an operation: 256 to 1048576
    #[arg(long, value_name = "BYTES", env = "KONTO_DOCUMENT_LIMIT", default_value_t = HttpConfig::default().limits.bytes.to_string())]
    document_limit: String,
    /// Tokens of an operation's text: names, numbers, strings, punctuators
    #[arg(long, value_name = "TOKENS", env = "KONTO_TOKEN_LIMIT", default_value_t = HttpConfig::default().limits.tokens.to_string())]
    token_limit: String,
    /// How long a query or mutation may take: 1 to 3600; with the scope bulk at least 60
    #[arg(long, value_name = "SECONDS", env = "KONTO_OPERATION_SECONDS", default_value_t = HttpConfig::default().operation_time.as_secs().to_string())]
    operation_seconds: String,
    /// Cost per second that a client may keep up
    #[arg(long, value_name = "COST", env = "KONTO_RATE_PER_SECOND", default_value_t = HttpConfig::default().rate.per_second.to_string())]
    rate_per_second: String,
    /// Cost that a client may spend at once after a pause; never less than a second's worth of the rate
    #[arg(long, value_name = "COST", env = "KONTO_RATE_BURST", default_value_t = HttpConfig::default().rate.burst.to_string())]
    rate_burst: String,
    /// Requests at work at once; more are answered OVERLOADED
    #[arg(long, value_name = "REQUESTS", env = "KONTO_IN_FLIGHT_LIMIT", default_value_t = HttpConfig::default().in_flight.to_string())]
    in_flight_limit: String,
    /// WebSockets and event streams open at once; more are answered OVERLOADED
    #[arg(long, value_name = "STREAMS", env = "KONTO_STREAM_LIMIT", default_value_t = HttpConfig::default().streams.to_string())]
    stream_limit: String,
    /// Connections open at once, streams among them; more are answered OVERLOADED
    #[arg(long, value_name = "CONNECTIONS", env = "KONTO_CONNECTION_LIMIT", default_value_t = HttpConfig::default().connection.limit.to_string())]
    connection_limit: String,
    /// How long a connection may take to send the head of its next request, idle time included: 1 to 3600; the first may
    /// take as long again once it has begun
    #[arg(long, value_name = "SECONDS", env = "KONTO_HEAD_SECONDS", default_value_t = HttpConfig::default().connection.head_time.as_secs().to_string())]
    head_seconds: String,
    /// How long a client may take nothing of what is written to it: 11 to 3600
    #[arg(long, value_name = "SECONDS", env = "KONTO_WRITE_SECONDS", default_value_t = HttpConfig::default().connection.write_time.as_secs().to_string())]
    write_seconds: String,
    /// A folder of *.graphql files, one document each, that callers may run by the SHA-256 of the file
    #[arg(long, value_name = "FOLDER", env = "KONTO_TRUSTED_DOCUMENTS")]
    trusted_documents: Option<String>,
    /// Run only the trusted documents: true or false
    #[arg(long, value_name = "BOOL", env = "KONTO_TRUSTED_ONLY", default_value = "false")]
    trusted_only: String,
}

impl LimitArgs {
    /// The transport's settings.
    pub(super) fn http(&self) -> Result<HttpConfig, Setting> {
        let base = HttpConfig::default();
        let body_limit = size("KONTO_BODY_LIMIT", &self.body_limit, 1_024..=1_073_741_824, base.body_bytes)?;
        let bulk_body_limit =
            size("KONTO_BULK_BODY_LIMIT", &self.bulk_body_limit, 1_024..=1_073_741_824, base.bulk_body_bytes)?;
        let depth_limit = settings::number("KONTO_DEPTH_LIMIT", &self.depth_limit, 1..=32, base.limits.depth)?;
        let complexity_limit = settings::number(
            "KONTO_COMPLEXITY_LIMIT",
            &self.complexity_limit,
            1..=1_000_000_000,
            base.limits.complexity,
        )?;
        let alias_limit = settings::number("KONTO_ALIAS_LIMIT", &self.alias_limit, 0..=100_000, base.limits.aliases)?;
        let document_limit = size("KONTO_DOCUMENT_LIMIT", &self.document_limit, 256..=1_048_576, base.limits.bytes)?;
        let token_limit = size("KONTO_TOKEN_LIMIT", &self.token_limit, 1..=1_000_000, base.limits.tokens)?;
        let operation_seconds = settings::number(
            "KONTO_OPERATION_SECONDS",
            &self.operation_seconds,
            1..=3_600,
            base.operation_time.as_secs(),
        )?;
        let rate_per_second =
            settings::number("KONTO_RATE_PER_SECOND", &self.rate_per_second, 1..=1_000_000_000, base.rate.per_second)?;
        let rate_burst = settings::number("KONTO_RATE_BURST", &self.rate_burst, 1..=1_000_000_000, base.rate.burst)?;
        let in_flight_limit = size("KONTO_IN_FLIGHT_LIMIT", &self.in_flight_limit, 1..=1_000_000, base.in_flight)?;
        let stream_limit = size("KONTO_STREAM_LIMIT", &self.stream_limit, 0..=1_000_000, base.streams)?;
        let connection_limit =
            size("KONTO_CONNECTION_LIMIT", &self.connection_limit, 1..=1_000_000, base.connection.limit)?;
        let head_seconds =
            settings::number("KONTO_HEAD_SECONDS", &self.head_seconds, 1..=3_600, base.connection.head_time.as_secs())?;
        // Longer than a stream may leave its queue standing, so that it still learns why it was cut off.
        let least = base.stream.drain_time.as_secs() + 1;
        let write_seconds = settings::number(
            "KONTO_WRITE_SECONDS",
            &self.write_seconds,
            least..=3_600,
            base.connection.write_time.as_secs(),
        )?;
        if bulk_body_limit < body_limit {
            let least = format!("at least {body_limit}, the KONTO_BODY_LIMIT");
            return Err(Setting::got("KONTO_BULK_BODY_LIMIT", &least, &bulk_body_limit.to_string()));
        }
        let operation_time = Duration::from_secs(operation_seconds);
        Ok(HttpConfig {
            limits: Limits {
                bytes: document_limit,
                tokens: token_limit,
                depth: depth_limit,
                aliases: alias_limit,
                complexity: complexity_limit,
                ..base.limits
            },
            body_bytes: body_limit,
            bulk_body_bytes: bulk_body_limit,
            operation_time,
            bulk_operation_time: base.bulk_operation_time.max(operation_time),
            in_flight: in_flight_limit,
            streams: stream_limit,
            connection: ConnectionConfig {
                limit: connection_limit,
                head_time: Duration::from_secs(head_seconds),
                write_time: Duration::from_secs(write_seconds),
            },
            rate: RateConfig { per_second: rate_per_second, burst: rate_burst, ..base.rate },
            trusted_only: settings::yes("KONTO_TRUSTED_ONLY", &self.trusted_only)?,
            ..base
        })
    }

    /// The trusted documents, which have to be possible under the transport's settings: none without a folder, at least
    /// one with it.
    pub(super) fn trusted(&self, http: &HttpConfig) -> Result<TrustedDocuments, Setting> {
        const NAME: &str = "KONTO_TRUSTED_DOCUMENTS";
        let Some(folder) = self.trusted_documents.as_deref().filter(|folder| !folder.is_empty()) else {
            return match http.trusted_only {
                true => Err(Setting::says(NAME, "expected a folder, because KONTO_TRUSTED_ONLY is true")),
                false => Ok(TrustedDocuments::default()),
            };
        };
        let documents = TrustedDocuments::read(Path::new(folder));
        let documents = documents.map_err(|error| {
            Setting::says(NAME, format!("expected a folder of *.graphql files, got \"{folder}\": {error}"))
        })?;
        if documents.is_empty() {
            return Err(Setting::got(NAME, "a folder of *.graphql files", folder));
        }
        let (limit, longest) = (http.limits.bytes, documents.longest());
        if longest > limit {
            let least = format!("at least {longest}, the longest of the KONTO_TRUSTED_DOCUMENTS");
            return Err(Setting::got("KONTO_DOCUMENT_LIMIT", &least, &limit.to_string()));
        }
        Ok(documents)
    }
}

/// A number of things in memory.
fn size(name: &str, text: &str, range: std::ops::RangeInclusive<u64>, default: usize) -> Result<usize, Setting> {
    if text.is_empty() {
        return Ok(default);
    }
    let number = settings::number(name, text, range, 0)?;
    usize::try_from(number).map_err(|_| Setting::got(name, "a number that this machine can count to", text))
}
