//! One running server: what `konto serve` runs, in this process, on a port of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock};

use konto::access::{Access, AccessConfig, Scope, create_tenant, tenants};
use konto::accounts::catalogue::InstallCatalogue;
use konto::documents::Limits;
use konto::documents::vault::Place;
use konto::engine::Engine;
use konto::events::outbound::OutboundConfig;
use konto::http::{HttpConfig, TrustedDocuments};
use konto::primitives::{Clock, CustomerId, TenantId};
use konto::server::ServerConfig;
use konto::work::found;
use tokio::sync::Mutex;

use super::TestDatabase;

/// What a test may want to be otherwise.
#[derive(Clone, Debug)]
pub struct Settings {
    pub access: AccessConfig,
    pub http: HttpConfig,
    pub trusted: TrustedDocuments,
    /// Where documents are; in a folder of the test's own when absent.
    pub documents: Option<Place>,
    pub document_limits: Limits,
    pub outbound: OutboundConfig,
    /// Whether what a server does by itself is done.
    pub background: bool,
}

impl Default for Settings {
    /// Konto's own defaults, but for the rate limit: a test asks faster than any client should.
    fn default() -> Self {
        let mut http = HttpConfig::default();
        (http.rate.per_second, http.rate.burst) = (100_000_000, 100_000_000);
        // Receivers are on this machine.
        let outbound = OutboundConfig { allow_private: true, ..OutboundConfig::default() };
        Self {
            access: AccessConfig::default(),
            http,
            trusted: TrustedDocuments::default(),
            documents: None,
            document_limits: Limits::default(),
            outbound,
            background: true,
        }
    }
}

/// A server that can be stopped and started again.
pub struct Server {
    address: RwLock<SocketAddr>,
    running: Mutex<Option<konto::server::Server>>,
    settings: RwLock<Settings>,
}

impl Server {
    pub(super) async fn start(database: &TestDatabase, clock: Clock, settings: Settings) -> Self {
        let running = start(database, clock, settings.clone()).await;
        Self { address: RwLock::new(running.addr), running: Mutex::new(Some(running)), settings: RwLock::new(settings) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        *self.address.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops it: what is in flight is finished.
    pub async fn stop(&self) {
        if let Some(running) = self.running.lock().await.take() {
            stop(running).await;
        }
    }

    pub(super) async fn restart(&self, database: &TestDatabase, clock: Clock, change: impl FnOnce(&mut Settings)) {
        let mut running = self.running.lock().await;
        if let Some(running) = running.take() {
            stop(running).await;
        }
        let mut settings = self.settings.read().unwrap_or_else(PoisonError::into_inner).clone();
        change(&mut settings);
        let started = start(database, clock, settings.clone()).await;
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = started.addr;
        *running = Some(started);
    }

    /// Its access control, for what only an operator does: clients, keys.
    pub async fn access(&self) -> Access {
        self.running.lock().await.as_ref().expect("a running server").access.clone()
    }

    /// Its engine, for what no client can do: waiting for nobody, reading rows.
    pub async fn engine(&self) -> Engine {
        self.running.lock().await.as_ref().expect("a running server").engine.clone()
    }

    /// The tenant with this code, made with the products that a tenant starts with when it is not there.
    pub async fn tenant(&self, code: &str) -> TenantId {
        self.made(code, false).await
    }

    /// The same, a sandbox.
    pub async fn sandbox(&self, code: &str) -> TenantId {
        self.made(code, true).await
    }

    async fn made(&self, code: &str, sandbox: bool) -> TenantId {
        let engine = self.engine().await;
        if let Some(tenant) = tenants::find_by_code(engine.db.reader(), code).await.expect("an answer") {
            return tenant.id;
        }
        let euro = "EUR".parse().expect("the euro");
        let settings = konto::work::Settings { name: code.into(), base_currency: euro, sandbox, ..Default::default() };
        let tx = engine.db.begin().await.expect("a transaction");
        let (clock, ids) = (engine.clock(), engine.ids());
        let tenant = create_tenant(&tx, clock, ids, code, settings).await.expect("a tenant");
        found(&tx, &engine.surroundings, tenant, InstallCatalogue { currency: euro }).await.expect("its products");
        tx.commit().await.expect("a commit");
        tenant
    }

    pub(super) async fn issue(
        &self,
        tenant: TenantId,
        client: &str,
        scopes: &BTreeSet<Scope>,
        customer: Option<CustomerId>,
    ) -> String {
        self.access().await.issue_for(tenant, client, scopes, customer).await.expect("a token")
    }
}

async fn start(database: &TestDatabase, clock: Clock, settings: Settings) -> konto::server::Server {
    let Settings { access, http, trusted, documents, document_limits, outbound, background } = settings;
    let documents = Some(documents.unwrap_or_else(|| Place::Folder(database.documents())));
    let database_url = database.url();
    let config = ServerConfig {
        database_url,
        access,
        http,
        trusted,
        clock,
        documents,
        document_limits,
        outbound,
        background,
        ..ServerConfig::default()
    };
    konto::server::start(config).await.expect("a server")
}

async fn stop(server: konto::server::Server) {
    let db = server.engine.db.clone();
    server.stop().await.expect("no error");
    db.reader().clone().close().await.expect("closed");
}
