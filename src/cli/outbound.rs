//! What an operator sets about what Konto sends to others.

use clap::Args;

use super::settings::{self, Setting};
use crate::events::outbound::OutboundConfig;
use crate::events::relay::RelayConfig;

#[derive(Clone, Debug, Args)]
pub(super) struct OutboundArgs {
    /// Let webhooks go to private networks and without TLS, for tries on one machine: true or false
    #[arg(long, value_name = "BOOL", env = "KONTO_WEBHOOK_ALLOW_PRIVATE", default_value = "false")]
    webhook_allow_private: String,
    /// Relay the log to these servers of NATS: nats://HOST:PORT or tls://HOST:PORT, separated by commas
    #[arg(long, value_name = "URLS", env = "KONTO_NATS_URL", hide_env_values = true)]
    nats_url: Option<String>,
    /// A file with credentials for NATS, if they are not in the address
    #[arg(long, value_name = "FILE", env = "KONTO_NATS_CREDENTIALS")]
    nats_credentials: Option<String>,
    /// What the names of the streams begin with; behind it stands the tenant's code
    #[arg(long, value_name = "NAME", env = "KONTO_NATS_STREAM", default_value = "KONTO")]
    nats_stream: String,
    /// What the subjects begin with; behind it stand the tenant's code and the event's type
    #[arg(long, value_name = "SUBJECT", env = "KONTO_NATS_SUBJECT", default_value = "konto")]
    nats_subject: String,
    /// Make the streams that are missing: true or false
    #[arg(long, value_name = "BOOL", env = "KONTO_NATS_CREATE_STREAMS", default_value = "true")]
    nats_create_streams: String,
}

impl OutboundArgs {
    /// The settings.
    pub(super) fn config(&self) -> Result<OutboundConfig, Setting> {
        let allow_private = settings::yes("KONTO_WEBHOOK_ALLOW_PRIVATE", &self.webhook_allow_private)?;
        Ok(OutboundConfig { allow_private, relay: self.relay()? })
    }

    fn relay(&self) -> Result<Option<RelayConfig>, Setting> {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let credentials = given(&self.nats_credentials);
        let Some(url) = given(&self.nats_url) else {
            return match credentials {
                Some(_) => Err(Setting::says(
                    "KONTO_NATS_URL",
                    "expected a value, because another KONTO_NATS_ setting has one",
                )),
                None => Ok(None),
            };
        };
        let is_server = |server: &str| {
            let host = ["nats://", "tls://"].iter().find_map(|scheme| server.trim().strip_prefix(scheme));
            host.is_some_and(|host| !host.is_empty() && !host.chars().any(char::is_whitespace))
        };
        // The value is not repeated: it may hold a password.
        if !url.split(',').all(is_server) {
            return Err(Setting::says("KONTO_NATS_URL", "expected nats://HOST:PORT or tls://HOST:PORT"));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name = |text: &str| !text.is_empty() && text.len() <= 64 && text.chars().all(plain);
        if !name(&self.nats_stream) {
            let expected = "up to 64 letters, digits, - and _";
            return Err(Setting::got("KONTO_NATS_STREAM", expected, &self.nats_stream));
        }
        if !self.nats_subject.split('.').all(name) {
            let expected = "words of letters, digits, - and _, with dots between them";
            return Err(Setting::got("KONTO_NATS_SUBJECT", expected, &self.nats_subject));
        }
        Ok(Some(RelayConfig {
            url,
            credentials,
            stream: self.nats_stream.clone(),
            subject: self.nats_subject.clone(),
            create: settings::yes("KONTO_NATS_CREATE_STREAMS", &self.nats_create_streams)?,
        }))
    }
}
