//! `konto serve`.

use clap::Args;

use super::DatabaseArgs;
use super::data_keys::DataKeyArgs;
use super::documents::DocumentArgs;
use super::limits::LimitArgs;
use super::outbound::OutboundArgs;
use super::settings::{self, OidcArgs, Setting};
use crate::access::{AccessConfig, AccessError, BootstrapError};
use crate::http::{HttpConfig, Origins};
use crate::server::{self, ServerConfig, StartError};

#[derive(Clone, Debug, Args)]
#[command(after_help = "The first start: KONTO_BOOTSTRAP_CLIENT=bank:web:a-long-secret konto serve\n\
    Then: curl -u web:a-long-secret -d grant_type=client_credentials http://127.0.0.1:8080/oauth2/token\n\
    Traces: with OTEL_EXPORTER_OTLP_ENDPOINT set, spans are sent there as OTLP over HTTP.\n\
    SIGTERM and SIGINT stop the server once it has finished what is in flight.")]
pub(super) struct ServeArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Where to listen; port 0 takes a free one, which is logged
    #[arg(long, value_name = "HOST:PORT", env = "KONTO_LISTEN", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Do not bring the tables up to date; refuse to start when they are not
    #[arg(long)]
    no_migrate: bool,
    /// Set up a tenant with the default products, and a client of it with all scopes, where they are missing
    #[arg(long, value_name = "TENANT:CLIENT_ID:CLIENT_SECRET", env = "KONTO_BOOTSTRAP_CLIENT", hide_env_values = true)]
    bootstrap_client: Option<String>,
    /// Whether this server does the background's work, too: days, jobs, webhooks, the relay. One of several must
    #[arg(long, value_name = "BOOL", env = "KONTO_BACKGROUND", default_value = "true")]
    background: String,
    #[command(flatten)]
    bootstrap_tenant: settings::TenantArgs,
    /// Where clients reach this server: its own origin, and the issuer of its tokens
    #[arg(long, value_name = "URL", env = "KONTO_PUBLIC_URL")]
    public_url: Option<String>,
    /// Pages of other hosts that may talk to this server, as https://host[:port], separated by commas
    #[arg(long, value_name = "ORIGINS", env = "KONTO_ALLOWED_ORIGINS", default_value = "")]
    allowed_origins: String,
    /// Where /metrics is: an address of its own, or off; with the API when empty. It takes no token
    #[arg(long, value_name = "HOST:PORT", env = "KONTO_METRICS_LISTEN", default_value = "")]
    metrics_listen: String,
    #[command(flatten)]
    pub(super) oidc: OidcArgs,
    #[command(flatten)]
    pub(super) data_keys: DataKeyArgs,
    #[command(flatten)]
    pub(super) documents: DocumentArgs,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    #[command(flatten)]
    pub(super) outbound: OutboundArgs,
}

impl ServeArgs {
    fn config(&self) -> Result<ServerConfig, Setting> {
        settings::database_url(&self.database.database_url)?;
        let public = settings::public_url(self.public_url.as_deref())?;
        let origins = Origins {
            public: public.clone(),
            allowed: settings::allowed_origins("KONTO_ALLOWED_ORIGINS", &self.allowed_origins)?,
        };
        let listen = settings::listen(&self.listen)?;
        let access = AccessConfig {
            // Who looks the issuer of a token up finds its metadata there (RFC 8414).
            issuer: public.clone().unwrap_or(AccessConfig::default().issuer),
            public_url: public,
            external: self.oidc.issuer()?.into_iter().collect(),
            ..AccessConfig::default()
        };
        let http = HttpConfig { origins, ..self.limits.http()? };
        Ok(ServerConfig {
            database_url: self.database.database_url.clone(),
            listen,
            migrate: !self.no_migrate,
            bootstrap_client: self.bootstrap_client.clone().filter(|spec| !spec.is_empty()),
            background: settings::yes("KONTO_BACKGROUND", &self.background)?,
            bootstrap_settings: self.bootstrap_tenant.settings("")?,
            access,
            trusted: self.limits.trusted(&http)?,
            http,
            metrics: settings::metrics(&self.metrics_listen)?,
            documents: self.documents.store.place()?,
            document_limits: self.documents.limits()?,
            outbound: self.outbound.config()?,
            ..ServerConfig::default()
        })
    }
}

/// Serves until it is told to stop.
pub(super) async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let mut config = args.config()?;
    if args.data_keys.install()?.is_none() {
        tracing::info!("KONTO_DATA_KEYS is not set: identifiers of customers are refused");
    }
    let files = rlimit::increase_nofile_limit(u64::MAX);
    bound_connections(&mut config.http.connection.limit, files);
    let mut signals = Signals::listen()?;
    let server = tokio::select! {
        started = server::start(config) => started.map_err(named)?,
        () = signals.stop() => return Ok(()),
    };
    tracing::info!(address = %server.addr, url = server.url(), "listening");
    if let Some(address) = server.metrics_addr {
        tracing::info!(%address, "listening for /metrics");
    }
    tokio::select! {
        () = signals.stop() => tracing::info!("stopping"),
        () = server.lifecycle.shutdown.cancelled() => tracing::error!("the listener has died"),
    }
    server.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Files that are not connections of clients: the database's, the log's, the listener's.
const FILES: u64 = 128;

/// Takes as many connections as the system gives files for, so that a flood of them leaves some for the database.
fn bound_connections(limit: &mut usize, files: std::io::Result<u64>) {
    match files {
        Ok(files) => {
            let most = usize::try_from(files.saturating_sub(FILES).max(1)).unwrap_or(usize::MAX);
            if most < *limit {
                tracing::warn!(files, connections = most, "fewer connections than configured: the limit of open files");
                *limit = most;
            }
        }
        Err(error) => tracing::warn!(%error, "the limit of open files is not known"),
    }
}

/// What only a setting can have caused, by the setting's name.
pub(super) fn named(error: StartError) -> anyhow::Error {
    match error {
        StartError::Bootstrap(BootstrapError::Database(error)) => StartError::Database(error).into(),
        StartError::Bootstrap(refused) => Setting::says("KONTO_BOOTSTRAP_CLIENT", refused.to_string()).into(),
        StartError::Access(wrong @ AccessError::JwksUrl(_)) => {
            Setting::says("KONTO_OIDC_JWKS_URL", wrong.to_string()).into()
        }
        StartError::Access(AccessError::Config(what)) => Setting::says("KONTO_OIDC_ISSUER", what).into(),
        other => other.into(),
    }
}

/// The signals that ask a process to stop.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Returns when one has come.
    #[cfg(unix)]
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns when one has come.
    #[cfg(not(unix))]
    pub(super) async fn stop(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_bounds_the_connections() {
        for (configured, files, expected) in
            [(16_384, Ok(1_024), 896), (500, Ok(1_024), 500), (500, Ok(10), 1), (500, Err(()), 500)]
        {
            let mut limit = configured;
            bound_connections(&mut limit, files.map_err(|()| std::io::Error::other("unknown")));
            assert_eq!(limit, expected, "{configured} {files:?}");
        }
    }
}
