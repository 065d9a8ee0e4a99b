//! Logs, on the standard error: for people on a terminal, as JSON for machines. And traces, for those who collect
//! them.

use std::io::IsTerminal as _;

use clap::Args;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use super::settings::Setting;
use crate::access::install_tls;
use crate::telemetry::export::{self, Export};

#[derive(Clone, Debug, Args)]
pub(super) struct LogArgs {
    /// What to log: error, warn, info, debug, trace, or a filter such as info,konto::http=debug
    #[arg(long, global = true, value_name = "FILTER", env = "KONTO_LOG")]
    log: Option<String>,
    /// How to log: text or json; text is the default on a terminal
    #[arg(long, global = true, value_name = "FORMAT", env = "KONTO_LOG_FORMAT")]
    log_format: Option<String>,
}

impl LogArgs {
    /// Starts logging for this process, and sends traces if that is wanted and the environment says where to. The
    /// export is to be stopped before the process ends.
    pub(super) fn start(&self, default: &str, traces: bool) -> anyhow::Result<Option<Export>> {
        let json = self.json()?;
        let filter = self.filter(default)?;
        let export = if traces { export()? } else { None };
        let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let logs = if json {
            logs.json().flatten_event(true).with_span_list(false).boxed()
        } else {
            logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed()
        };
        // Fails when somebody has started logging already: then that is how it is done. A filter of its own per layer
        // costs something, so the log's is everybody's while there is nobody else.
        let _ = match &export {
            Some(export) => {
                tracing_subscriber::registry().with(logs.with_filter(filter)).with(export.layer()).try_init()
            }
            None => tracing_subscriber::registry().with(logs).with(filter).try_init(),
        };
        Ok(export)
    }

    fn json(&self) -> Result<bool, Setting> {
        match self.log_format.as_deref() {
            None | Some("") => Ok(!std::io::stderr().is_terminal()),
            Some("json") => Ok(true),
            Some("text") => Ok(false),
            Some(other) => Err(Setting::got("KONTO_LOG_FORMAT", "json or text", other)),
        }
    }

    fn filter(&self, default: &str) -> Result<EnvFilter, Setting> {
        let text = self.log.as_deref().filter(|text| !text.is_empty()).unwrap_or(default);
        EnvFilter::builder()
            .parse(text)
            .map_err(|_| Setting::got("KONTO_LOG", "a level or a filter such as info,konto=debug", text))
    }
}

/// The export of traces, if the environment asks for it.
fn export() -> anyhow::Result<Option<Export>> {
    let set = |name: &str| std::env::var(name).ok();
    let asked = export::is_asked_for(set).map_err(|wrong| Setting::says(wrong.name, wrong.expected))?;
    if !asked {
        return Ok(None);
    }
    install_tls();
    // Follows nobody: what is sent may carry a secret in its headers.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let endpoint = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| set("OTEL_EXPORTER_OTLP_ENDPOINT"));
    // Without TLS there is no need to have, or to read, the machine's certificates.
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.trim().starts_with("http://"));
    let client = if is_plain { client.tls_certs_only([]) } else { client };
    let export = Export::start(client.build()?);
    Ok(Some(export.map_err(|error| Setting::says("OTEL_EXPORTER_OTLP_ENDPOINT", error))?))
}
