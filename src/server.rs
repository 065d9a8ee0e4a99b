//! The whole service in one place: database, access, engine, schema, transport. `konto serve` and `konto demo`
//! run it, and so do the integration tests, in-process, on any database and port.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use migration::MigratorTrait as _;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use sea_orm::{ConnectionTrait as _, DbErr, Statement};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::access::{self, Access, AccessConfig, AccessError, BootstrapError, Bootstrapped};
use crate::accounts::catalogue::InstallCatalogue;
use crate::api;
use crate::api::documents::Files;
use crate::database::{self, Database};
use crate::documents::vault::{Place, VaultError};
use crate::documents::{Limits, Vault};
use crate::engine::{self, Engine};
use crate::events::feed::Lag;
use crate::events::outbound::OutboundConfig;
use crate::http::explorer::{self, ExplorerConfig};
use crate::http::{
    self, ConnectionMetrics, Gateway, GatewayParts, HttpConfig, Lifecycle, Readiness, TrustedDocuments, oauth,
};
use crate::messages::Messenger;
use crate::primitives::{Clock, IdSource};
use crate::printing::Press;
use crate::sealing;
use crate::telemetry::measure::{self, to_count};
use crate::work::data_keys::{self, WrongKeys};
use crate::work::{Settings, Surroundings, found};

/// What a server is made of. The default is an open one on a port of its own, on `konto.db` in this folder.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `sqlite://file?mode=rwc` or `postgres://...`.
    pub database_url: String,
    /// Where to listen, as `host:port`; port 0 takes one that is free.
    pub listen: String,
    /// Whether to apply the migrations that are missing. Otherwise the start fails when one is.
    pub migrate: bool,
    /// `tenant:client_id:client_secret` to set up where they are missing.
    pub bootstrap_client: Option<String>,
    /// Whether it does the background's work, too: days, jobs, webhooks, the relay. One of several servers must.
    pub background: bool,
    /// What the tenant is made with that is set up so.
    pub bootstrap_settings: Settings,
    /// Tokens, and who else issues them.
    pub access: AccessConfig,
    /// Limits.
    pub http: HttpConfig,
    /// Queries that are known by their hash.
    pub trusted: TrustedDocuments,
    /// The page at `/`.
    pub explorer: ExplorerConfig,
    /// Where `/metrics` is.
    pub metrics: MetricsAt,
    /// What is sent to others in the background.
    pub outbound: OutboundConfig,
    /// The present.
    pub clock: Clock,
    /// New ids; random ones when absent.
    pub ids: Option<IdSource>,
    /// Where the bytes of documents are; a folder beside the database when absent.
    pub documents: Option<Place>,
    /// What documents are taken.
    pub document_limits: Limits,
}

/// Where `/metrics` is. It takes no token: there is nothing of a person in it, but it tells how busy the server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MetricsAt {
    /// With the API.
    #[default]
    Shared,
    /// On an address of its own, as `host:port`, and nothing else there.
    Own(String),
    /// Nowhere.
    Off,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            database_url: "sqlite://konto.db?mode=rwc".into(),
            listen: "127.0.0.1:0".into(),
            migrate: true,
            bootstrap_client: None,
            bootstrap_settings: Settings::default(),
            background: true,
            access: AccessConfig::default(),
            http: HttpConfig::default(),
            trusted: TrustedDocuments::default(),
            explorer: ExplorerConfig { title: "Konto".into(), ..ExplorerConfig::default() },
            metrics: MetricsAt::default(),
            outbound: OutboundConfig::default(),
            clock: Clock::system(),
            ids: None,
            documents: None,
            document_limits: Limits::default(),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error("KONTO_DATABASE_URL: the database cannot be opened: {0}")]
    Open(#[source] DbErr),
    /// The database does not answer, or not as it should.
    #[error("the database: {0}")]
    Database(#[from] DbErr),
    /// Migrations are missing, and were not to be applied.
    #[error("the database lacks {}: run `konto migrate` first", .0.join(", "))]
    NotMigrated(Vec<String>),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As configured.
        address: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The store of documents that was configured cannot be used.
    #[error("KONTO_DOCUMENTS: {0}")]
    Documents(#[from] VaultError),
    /// The keys of personal data are not those that the database was filled with.
    #[error(transparent)]
    Keys(#[from] WrongKeys),
    /// The access module's.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The client to set up was refused.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
    /// The schema's own text cannot be read: a defect.
    #[error(transparent)]
    Schema(#[from] api::limits::UnreadableSchema),
}

/// A running server. Stop it; one that is dropped runs on until its runtime ends.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where `/metrics` is, if it has an address of its own.
    pub metrics_addr: Option<SocketAddr>,
    /// Its engine: what use cases are handed.
    pub engine: Engine,
    /// Its access control.
    pub access: Access,
    /// Cancelled when it is to stop, or has stopped by itself.
    pub lifecycle: Lifecycle,
    serving: JoinHandle<io::Result<()>>,
}

/// Checks the configuration, binds the address, opens and prepares the database, and starts: what is wrong in
/// the configuration is told before the database is touched.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: ServerConfig) -> Result<Server, StartError> {
    config.access.check()?;
    config.bootstrap_client.as_deref().map_or(Ok(()), access::check_bootstrap_client)?;
    let listener = bind(&config.listen).await?;
    let metrics = bind_metrics(&config.metrics).await?;
    let db = open(&config.database_url).await?;
    if config.migrate {
        db.migrate().await?;
    } else {
        require_migrated(&db).await?;
    }
    assemble(db, listener, metrics, config).await
}

/// Opens a database.
///
/// # Errors
/// [`StartError::Open`].
pub async fn open(url: &str) -> Result<Database, StartError> {
    Database::open(url).await.map_err(StartError::Open)
}

/// Binds an address.
///
/// # Errors
/// [`StartError::Listen`].
pub async fn bind(address: &str) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address: address.to_owned(), source })
}

async fn bind_metrics(at: &MetricsAt) -> Result<Option<TcpListener>, StartError> {
    match at {
        MetricsAt::Own(address) => bind(address).await.map(Some),
        MetricsAt::Shared | MetricsAt::Off => Ok(None),
    }
}

/// Starts on a migrated database and a bound address; those of the configuration are not looked at, but for where
/// documents are when nobody says.
///
/// # Errors
/// [`StartError`].
pub async fn start_on(db: Database, listener: TcpListener, config: ServerConfig) -> Result<Server, StartError> {
    let metrics = bind_metrics(&config.metrics).await?;
    assemble(db, listener, metrics, config).await
}

async fn assemble(
    db: Database,
    listener: TcpListener,
    metrics_listener: Option<TcpListener>,
    config: ServerConfig,
) -> Result<Server, StartError> {
    let ServerConfig { bootstrap_client, bootstrap_settings, access, http: mut limits, outbound, .. } = config;
    let ServerConfig { trusted, explorer, metrics, clock, ids, background, .. } = config;
    let (documents, document_limits) = (config.documents, config.document_limits);
    limits.upload.file_bytes = document_limits.bytes;
    let vault = vault(documents, &config.database_url).await?;
    let unknown = |source| StartError::Listen { address: config.listen.clone(), source };
    let addr = listener.local_addr().map_err(unknown)?;
    let metrics_addr = metrics_listener.as_ref().map(TcpListener::local_addr).transpose().map_err(unknown)?;
    let ids = ids.unwrap_or_else(|| IdSource::random(clock.clone()));
    data_keys::check(&db, sealing::ring().as_deref(), &engine::sealed_columns()).await?;
    let access = Access::start(db.clone(), clock.clone(), ids.clone(), access).await?;
    if let Some(spec) = bootstrap_client {
        bootstrap(&access, &clock, &ids, &spec, bootstrap_settings).await?;
    }
    let engine = if background {
        Engine::start(db.clone(), clock.clone(), ids.clone())
    } else {
        Engine::start_idle(db.clone(), clock.clone(), ids.clone(), engine::steps())
    };
    let messenger =
        Messenger::new(db.clone(), clock.clone(), engine.workers.clone(), engine.outbound.clone(), vault.clone());
    let press = Press::new(db.clone(), clock.clone(), engine.workers.clone(), vault.clone());
    let files = Files::new(vault, document_limits, access.clone(), clock.clone());
    if background {
        engine.send_out(outbound);
        engine.spawn(messenger.run());
        engine.spawn(press.run());
    }
    let lifecycle = Lifecycle::default();
    let gateway = Gateway::new(
        api::executable(&engine, files.clone())?,
        GatewayParts {
            authenticate: Arc::new(access.clone()),
            decorate: Some(api::decorate(engine.clone())),
            trusted,
            clock,
            ids,
            config: limits.clone(),
            lifecycle: lifecycle.clone(),
        },
    );
    let connections = ConnectionMetrics::default();
    let measured = http::metrics::router(Arc::new(registry(&db, &engine, &gateway, &connections)));
    let ready: Readiness = Arc::new(move || {
        let db = db.clone();
        Box::pin(async move { db.ping().await.is_ok() })
    });
    let documents = http::documents::router(files, engine.clone(), limits.upload.clone());
    let call_backs = http::providers::router(engine.clone());
    let identification = http::identification::router(engine.clone());
    let pages = http::debtor_page::router(engine.clone());
    let own = [documents, call_backs, identification, pages];
    let mut routers = vec![explorer::router(explorer), oauth::router(access.clone())];
    routers.extend(own);
    match metrics_listener {
        Some(listener) => {
            let lifecycle = lifecycle.clone();
            // Who asks for figures counts as nobody there.
            let uncounted = ConnectionMetrics::default();
            tokio::spawn(http::serve(listener, measured, limits.connection.clone(), uncounted, lifecycle));
        }
        None if metrics == MetricsAt::Shared => routers.push(measured),
        None => {}
    }
    let router = http::router(&gateway, ready, routers);
    let serving = {
        let lifecycle = lifecycle.clone();
        tokio::spawn(async move {
            let served = http::serve(listener, router, limits.connection, connections, lifecycle.clone()).await;
            lifecycle.shutdown.cancel();
            served
        })
    };
    Ok(Server { addr, metrics_addr, engine, access, lifecycle, serving })
}

/// The store of documents. One that was configured is looked at now, and one that nobody chose when it is needed.
async fn vault(place: Option<Place>, database_url: &str) -> Result<Vault, StartError> {
    match place {
        Some(place) => {
            let vault = Vault::new(place);
            vault.check().await?;
            Ok(vault)
        }
        None => Ok(Vault::new(Place::Folder(folder_beside(database_url)))),
    }
}

/// Where documents are when nobody says: beside the file of a SQLite database (`konto-documents` for `konto.db`), else in
/// the folder that the server runs in.
#[must_use]
pub fn folder_beside(database_url: &str) -> PathBuf {
    let file = database::file_of(database_url).unwrap_or_else(|| "konto.db".into());
    let stem = file.file_stem().map_or_else(|| "konto".into(), |stem| stem.to_string_lossy());
    let name = format!("{stem}-documents");
    file.with_file_name(name)
}

/// One figure of many.
type Figure = fn(Lag) -> u64;

/// Everything that this server measures.
fn registry(db: &Database, engine: &Engine, gateway: &Gateway, connections: &ConnectionMetrics) -> Registry {
    let mut all = Registry::default();
    let konto = all.sub_registry_with_prefix("konto");
    let backend = match db.backend() {
        sea_orm::DbBackend::Postgres => "postgres",
        _ => "sqlite",
    };
    let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("database", backend)]);
    konto.register("build", "What runs", build);
    gateway.register(konto);
    connections.register(konto);
    engine.workers.metrics().register(konto);
    let workers = engine.workers.clone();
    let help = "Submissions that wait for a batch, of all tenants.";
    measure::gauge(konto, "commit_queue_depth", help, move || measure::plain(workers.waiting().0));
    let workers = engine.workers.clone();
    let help = "Submissions that wait for a batch, of the tenant with the most; more than 4096 are turned away.";
    measure::gauge(konto, "commit_queue_deepest", help, move || measure::plain(workers.waiting().1));
    let lag: [(&'static str, &'static str, Figure); 4] = [
        ("subscription_followers", "Subscriptions that follow the log.", |lag| to_count(lag.followers)),
        ("subscription_followers_behind", "Of these, those that are behind it.", |lag| to_count(lag.behind)),
        ("subscription_lag_events", "Events that all of them together are behind.", |lag| lag.all),
        ("subscription_lag_events_max", "Events that the last of them is behind.", |lag| lag.most),
    ];
    for (name, help, figure) in lag {
        let feed = engine.feed.clone();
        measure::gauge(konto, name, help, move || vec![(Vec::new(), figure(feed.lag()))]);
    }
    engine.outbound.register(konto);
    db.register(konto);
    let help = "Memory of the process that is in use, in bytes.";
    let read = || measure::resident_bytes().map(|bytes| (Vec::new(), bytes)).into_iter().collect();
    measure::gauge(&mut all, "process_resident_memory_bytes", help, read);
    all
}

impl Server {
    /// Where people on this machine reach it.
    #[must_use]
    pub fn url(&self) -> String {
        let host = match self.addr.ip() {
            ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
            ip => ip.to_string(),
        };
        format!("http://{host}:{}", self.addr.port())
    }

    /// Takes nothing new, finishes what is in flight, commits what waits, and ends.
    ///
    /// # Errors
    /// What the listener died of, if it did.
    pub async fn stop(self) -> io::Result<()> {
        self.lifecycle.shutdown.cancel();
        let served = self.serving.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        self.engine.stop().await;
        if let Err(error) = self.engine.db.close().await {
            tracing::warn!(%error, "the database's connections did not close");
        }
        served
    }
}

/// Sets up `tenant:client_id:client_secret` where they are missing; a new tenant gets the default products.
///
/// # Errors
/// [`BootstrapError`].
pub async fn bootstrap(
    access: &Access,
    clock: &Clock,
    ids: &IdSource,
    spec: &str,
    settings: Settings,
) -> Result<Bootstrapped, BootstrapError> {
    let (clock, ids, currency) = (clock.clone(), ids.clone(), settings.base_currency);
    let made = access.bootstrap_client(spec, settings, move |tx, tenant| {
        Box::pin(async move {
            let surroundings = Surroundings { clock, ids };
            let catalogue = InstallCatalogue { currency };
            let made = found(tx, &surroundings, tenant, catalogue).await;
            made.map(|_| ()).map_err(|failure| DbErr::Custom(failure.to_string()))
        })
    });
    let made = made.await?;
    if made.tenant_created || made.client_created {
        let Bootstrapped { tenant, tenant_created, client_created } = made;
        tracing::info!(%tenant, tenant_created, client_created, "the client is set up");
    }
    Ok(made)
}

/// Refuses a database that lacks migrations.
///
/// # Errors
/// [`StartError::NotMigrated`], or the database's.
pub async fn require_migrated(db: &Database) -> Result<(), StartError> {
    // Only reads: the migrator's own question would make its table first.
    let statement = Statement::from_string(db.backend(), "SELECT version FROM seaql_migrations");
    let applied = match db.reader().query_all_raw(statement).await {
        Ok(rows) => rows.iter().map(|row| row.try_get("", "version")).collect::<Result<Vec<String>, _>>()?,
        Err(error) => {
            db.ping().await?;
            tracing::debug!(%error, "no table of migrations");
            Vec::new()
        }
    };
    let all = migration::Migrator::migrations();
    let missing: Vec<String> =
        all.iter().map(|one| one.name().to_owned()).filter(|name| !applied.contains(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(StartError::NotMigrated(missing)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::testing;

    #[tokio::test]
    async fn a_server_starts_answers_and_stops() {
        let (_folder, db) = testing::database().await;
        let listener = bind("127.0.0.1:0").await.expect("a port");
        let spec = Some("acme:web:a-long-secret".to_owned());
        let config = ServerConfig { bootstrap_client: spec, ..ServerConfig::default() };
        let server = start_on(db, listener, config).await.expect("a server");
        let (url, http) = (server.url(), reqwest::Client::new());
        let ready = http.get(format!("{url}/health/ready")).send().await.expect("an answer");
        assert_eq!(ready.status(), 200);
        let form = "grant_type=client_credentials&client_id=web&client_secret=a-long-secret";
        let request = http.post(format!("{url}/oauth2/token")).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let token: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let token = token["access_token"].as_str().expect("a token").to_owned();
        let query = serde_json::json!({ "query": "{ __typename }" });
        let request = http.post(format!("{url}/graphql")).bearer_auth(token).json(&query);
        let answer: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["__typename"], "Query");
        server.stop().await.expect("a clean stop");
        assert!(http.get(format!("{url}/health/live")).send().await.is_err(), "nobody listens any more");
    }

    #[tokio::test]
    async fn a_database_that_lacks_migrations_is_refused() {
        let (_folder, db) = testing::database().await;
        require_migrated(&db).await.expect("all of them");
        let config = ServerConfig { database_url: "sqlite::memory:".into(), migrate: false, ..ServerConfig::default() };
        assert!(matches!(start(config).await.err(), Some(StartError::NotMigrated(_))));
    }
}
