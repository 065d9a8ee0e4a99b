//! `konto tenant`, `konto client` and `konto keys`.

use std::collections::BTreeSet;
use std::io::Read as _;

use clap::{Args, Subcommand};

use super::settings::{self, Setting};
use super::{DatabaseArgs, data_keys, say};
use crate::access::{
    Access, AccessConfig, Client, ClientError, ClientSecret, NewClient, Tenant, TenantError, create_tenant, tenants,
};
use crate::accounts::catalogue::InstallCatalogue;
use crate::customers::{self, CustomerBy};
use crate::database::Database;
use crate::primitives::{Clock, CustomerId, IdSource};
use crate::work::{Settings, Surroundings, found};

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// Make a tenant with the default products, and print its id
    Create(NewTenantArgs),
    /// List the tenants: code, id, currency, kind, name
    List(DatabaseArgs),
}

#[derive(Debug, Args)]
pub(super) struct NewTenantArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Its name in commands and configuration: 2 to 40 of a-z, 0-9 and -
    #[arg(long)]
    code: String,
    /// Its name for people
    #[arg(long)]
    name: String,
    #[command(flatten)]
    settings: settings::TenantArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum ClientCommand {
    /// Make a client, and print its secret, this once
    Create(NewClientArgs),
    /// List a tenant's clients: client id, state, scopes, customer
    List(TenantArgs),
    /// Give a client no more tokens; the ones it holds end within the hour
    Disable(ClientArgs),
}

#[derive(Debug, Args)]
pub(super) struct TenantArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The code of the tenant
    #[arg(long)]
    tenant: String,
}

#[derive(Debug, Args)]
pub(super) struct ClientArgs {
    #[command(flatten)]
    tenant: TenantArgs,
    /// What the client calls itself: 3 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'
    #[arg(long)]
    client_id: String,
}

#[derive(Debug, Args)]
pub(super) struct NewClientArgs {
    #[command(flatten)]
    client: ClientArgs,
    /// The most that its tokens may do, separated by commas: read, money, psp, admin, subscribe, audit, bulk, approve, identifiers
    #[arg(long, default_value = "read")]
    scopes: String,
    /// Bind all its tokens to one customer, by number or id; not together with admin, audit, bulk, approve or identifiers
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<String>,
    /// Read the secret from the standard input instead of making one: 8 to 128 visible ASCII characters
    #[arg(long)]
    secret_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make a new key to sign with; running servers do within a minute
    ///
    /// Tokens that were issued before stay good until they end, at most an hour after the last server has
    /// changed over. All keys that are believed are at /.well-known/jwks.json.
    Rotate(DatabaseArgs),
    /// Seal identifiers of customers, and commands that wait, anew with the newest of KONTO_DATA_KEYS
    ///
    /// Put a new key in front, start the servers with it, then run this: what older keys have sealed is sealed with the
    /// newest, and the older ones can be taken out. Running servers may go on.
    Reseal(data_keys::ResealArgs),
}

pub(super) async fn tenant(command: TenantCommand) -> anyhow::Result<()> {
    match command {
        TenantCommand::Create(args) => {
            let settings = args.settings.settings(&args.name)?;
            let currency = settings.base_currency;
            let db = args.database.open_migrated().await?;
            let clock = Clock::system();
            let ids = IdSource::random(clock.clone());
            let tx = db.begin().await?;
            let made = create_tenant(&tx, &clock, &ids, &args.code, settings).await;
            let tenant = made.map_err(|error| -> anyhow::Error {
                match error {
                    TenantError::InvalidCode => Setting::says("--code", error.to_string()).into(),
                    TenantError::InvalidSettings(_) => Setting::says("--name", error.to_string()).into(),
                    other => other.into(),
                }
            })?;
            let surroundings = Surroundings { clock, ids };
            let made = found(&tx, &surroundings, tenant, InstallCatalogue { currency }).await;
            made.map_err(|failure| anyhow::anyhow!("{failure}"))?;
            tx.commit().await?;
            say(&format!("{tenant}"))?;
        }
        TenantCommand::List(args) => {
            for tenant in tenants::list(args.open_migrated().await?.reader()).await? {
                let Tenant { code, id, settings, .. } = tenant;
                let Settings { base_currency, sandbox, name, .. } = settings;
                say(&format!("{code}\t{id}\t{base_currency}\t{}\t{name}", if sandbox { "sandbox" } else { "live" }))?;
            }
        }
    }
    Ok(())
}

impl TenantArgs {
    async fn find(&self) -> anyhow::Result<(Database, Tenant)> {
        let db = self.database.open_migrated().await?;
        match tenants::find_by_code(db.reader(), &self.tenant).await? {
            Some(tenant) => Ok((db, tenant)),
            None => {
                Err(Setting::got("--tenant", "the code of a tenant (see `konto tenant list`)", &self.tenant).into())
            }
        }
    }
}

async fn access(db: &Database) -> anyhow::Result<Access> {
    let clock = Clock::system();
    let ids = IdSource::random(clock.clone());
    Ok(Access::start(db.clone(), clock, ids, AccessConfig::default()).await?)
}

pub(super) async fn client(command: ClientCommand) -> anyhow::Result<()> {
    match command {
        ClientCommand::Create(args) => create_client(args).await,
        ClientCommand::List(args) => {
            let (db, tenant) = args.find().await?;
            for client in access(&db).await?.clients(tenant.id).await? {
                let Client { client_id, scopes, customer, disabled, .. } = client;
                let state = if disabled { "disabled" } else { "enabled" };
                let scopes = scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(",");
                let customer = customer.map_or_else(|| "-".to_owned(), |id| id.to_string());
                say(&format!("{client_id}\t{state}\t{scopes}\t{customer}"))?;
            }
            Ok(())
        }
        ClientCommand::Disable(args) => {
            let (db, tenant) = args.tenant.find().await?;
            access(&db).await?.disable_client(tenant.id, &args.client_id).await.map_err(client_refused)?;
            say(&format!("disabled {}", args.client_id))?;
            Ok(())
        }
    }
}

async fn create_client(args: NewClientArgs) -> anyhow::Result<()> {
    let scopes: BTreeSet<_> = settings::scopes(&args.scopes)?;
    let secret = if args.secret_stdin {
        let mut text = String::new();
        // More than a secret may have is enough to see that it is too long.
        std::io::stdin().lock().take(1_024).read_to_string(&mut text)?;
        let given = ClientSecret::given(text.trim_end_matches(['\r', '\n']));
        Some(given.map_err(client_refused)?)
    } else {
        None
    };
    let (db, tenant) = args.client.tenant.find().await?;
    let customer = match &args.customer {
        None => None,
        Some(text) => {
            let by = match text.parse::<CustomerId>() {
                Ok(id) => CustomerBy::Id(id),
                Err(_) => CustomerBy::Number(text.clone()),
            };
            let found = customers::store::find(db.reader(), tenant.id, &by, Clock::system().today()).await?;
            let found =
                found.ok_or_else(|| Setting::got("--customer", "a customer of the tenant, by number or id", text))?;
            Some(found.id)
        }
    };
    let given = secret.is_some();
    let new = NewClient { client_id: args.client.client_id, secret, scopes, customer };
    let created = access(&db).await?.create_client(tenant.id, new).await.map_err(client_refused)?;
    say(&format!("client_id={}", created.client_id))?;
    if !given {
        say(&format!("client_secret={}", created.secret.expose()))?;
    }
    Ok(())
}

/// What only a flag can have caused, by the flag's name.
fn client_refused(error: ClientError) -> anyhow::Error {
    let flag = match &error {
        ClientError::InvalidClientId | ClientError::ClientIdTaken | ClientError::UnknownClient => "--client-id",
        ClientError::InvalidSecret => "--secret-stdin",
        ClientError::NoScope | ClientError::BoundScopes(_) => "--scopes",
        _ => return error.into(),
    };
    Setting::says(flag, error.to_string()).into()
}

pub(super) async fn keys(command: KeysCommand) -> anyhow::Result<()> {
    let args = match command {
        KeysCommand::Rotate(args) => args,
        KeysCommand::Reseal(args) => return data_keys::run(args).await,
    };
    access(&args.open_migrated().await?).await?.rotate_keys().await?;
    say("a new key is there; running servers sign with it within a minute")?;
    Ok(())
}
