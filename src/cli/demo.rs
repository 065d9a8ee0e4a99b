//! `konto demo`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use clap::Args;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::serve::{Signals, named};
use super::{say, settings};
use crate::access::{Access, Scope};
use crate::demo::{self, live};
use crate::events::outbound::OutboundConfig;
use crate::http::explorer::{ExplorerConfig, TokenSource};
use crate::http::{HttpConfig, Origins};
use crate::primitives::{Clock, IdSource, TenantId};
use crate::sealing::{self, KeyRing};
use crate::server::{self, Server, ServerConfig};

/// Half of a token's life.
const REFRESH: Duration = Duration::from_secs(1_800);

#[derive(Clone, Debug, Args)]
#[command(after_help = "Whoever can open the demo's explorer is signed in: keep it on this machine, or among friends.")]
pub(super) struct DemoArgs {
    /// Where to listen; port 0 takes a free one, which is printed
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// A database to keep the demo in: an empty one, or one that a demo has made; a temporary one by default
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Pages of other hosts that may talk to the demo, as https://host[:port], separated by commas
    #[arg(long, value_name = "ORIGINS", default_value = "")]
    allowed_origins: String,
}

/// A folder that goes when the demo ends.
struct Folder(PathBuf);

impl Folder {
    fn make() -> std::io::Result<Self> {
        let name = format!("konto-demo-{}", IdSource::random(Clock::system()).next().simple());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0)?;
        Ok(folder)
    }

    fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.0.join("konto.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Shows Konto until it is told to stop.
pub(super) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let listen = settings::listen(&args.listen)?;
    let origins =
        Origins { public: None, allowed: settings::allowed_origins("--allowed-origins", &args.allowed_origins)? };
    // What is made up needs no secret, and a demo that is kept has to be read again.
    sealing::install(KeyRing::for_show());
    let (url, folder) = match args.database_url {
        Some(url) => {
            settings::database_url(&url)?;
            (url, None)
        }
        None => {
            let folder = Folder::make()?;
            (folder.url(), Some(folder))
        }
    };
    let mut signals = Signals::listen()?;
    let token: Token = Token::default();
    let (server, tenant, loaded) = tokio::select! {
        started = start(&url, &listen, &token, origins) => started?,
        () = signals.stop() => return Ok(()),
    };
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    token.refresh(&server.access, tenant).await?;
    tasks.spawn(token.clone().keep_fresh(server.access.clone(), tenant, stop.clone()));
    let players = live::Players::find(&server.engine, tenant).await?;
    tasks.spawn(live::run(server.engine.clone(), players, stop.clone()));
    say(&greeting(&loaded, &server.url(), &token.get().unwrap_or_default(), folder.is_some()))?;
    tokio::select! {
        () = signals.stop() => {}
        () = server.lifecycle.shutdown.cancelled() => {}
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    server.stop().await?;
    Ok(())
}

/// Binds before it loads, so that a port that is taken is told at once.
async fn start(url: &str, listen: &str, token: &Token, origins: Origins) -> anyhow::Result<(Server, TenantId, String)> {
    let listener = server::bind(listen).await?;
    let db = server::open(url).await?;
    db.migrate().await?;
    let begun = Instant::now();
    let (tenant, loaded) = match demo::find(&db).await? {
        Some(tenant) => (tenant, "the demo that is in the database".to_owned()),
        None => {
            eprintln!("Making a year of a bank's life ...");
            let loaded = demo::load(&db, Clock::system().now(), demo::SEED).await?;
            let demo::Loaded { customers, accounts, entries, .. } = loaded;
            let millis = begun.elapsed().as_millis();
            let time = format!("{}.{} s", millis / 1_000, millis % 1_000 / 100);
            let text = format!("{customers} customers, {accounts} accounts and {entries} entries, made in {time}");
            (loaded.tenant, text)
        }
    };
    let samples = [("account1", demo::ACCOUNT_1), ("account2", demo::ACCOUNT_2), ("customer1", demo::CUSTOMER_1)];
    let explorer = ExplorerConfig {
        title: "the demo tenant".into(),
        token: Some(token.source()),
        samples: samples
            .map(|(name, number)| (name.to_owned(), number.to_owned()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    };
    // Whoever tries webhooks out does so on this machine.
    let outbound = OutboundConfig { allow_private: true, ..OutboundConfig::default() };
    let database_url = url.to_owned();
    let http = HttpConfig { origins, ..HttpConfig::default() };
    let config = ServerConfig { explorer, http, outbound, database_url, ..ServerConfig::default() };
    let server = server::start_on(db, listener, config).await.map_err(named)?;
    Ok((server, tenant, loaded))
}

/// The token that visitors are signed in with.
#[derive(Clone, Debug, Default)]
struct Token(Arc<RwLock<Option<String>>>);

impl Token {
    fn get(&self) -> Option<String> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn source(&self) -> TokenSource {
        let token = self.clone();
        Arc::new(move || token.get())
    }

    async fn refresh(&self, access: &Access, tenant: TenantId) -> anyhow::Result<()> {
        let scopes: BTreeSet<Scope> = Scope::ALL.iter().copied().collect();
        let fresh = access.issue_for(tenant, "demo-explorer", &scopes, None).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(())
    }

    async fn keep_fresh(self, access: Access, tenant: TenantId, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(REFRESH) => {}
            }
            if let Err(error) = self.refresh(&access, tenant).await {
                tracing::warn!(%error, "no fresh token for the explorer; trying again later");
            }
        }
    }
}

fn greeting(loaded: &str, url: &str, token: &str, temporary: bool) -> String {
    let query = r#"{"query":"{ accounts(first: 3) { nodes { number family balance { amount currency } } } }"}"#;
    let end = if temporary { "stops it and throws the data away" } else { "stops it; the data stays in its database" };
    format!(
        "\n\
        Konto is running: {loaded}.\n\
        \n\
        Explorer   {url}/\n\
        API        {url}/graphql\n\
        Token      {token}\n\
        \n\
        Try it:\n\
        curl -s {url}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' -d '{query}'\n\
        \n\
        Money is moving: see \"Ledger events, live\" in the explorer. The token does everything and lasts an\n\
        hour; {url}/explorer/config.json has a fresh one. Ctrl-C {end}."
    )
}
