//! Logs, on the standard error: for people on a terminal, as JSON for machines.

use std::io::IsTerminal as _;

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::settings::Setting;

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
    /// Starts logging for this process.
    pub(super) fn start(&self, default: &str) -> Result<(), Setting> {
        let json = self.json()?;
        let filter = self.filter(default)?;
        let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // Fails when somebody has started logging already: then that is how it is done.
        let _ = if json {
            logs.json().flatten_event(true).with_span_list(false).try_init()
        } else {
            logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init()
        };
        Ok(())
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
