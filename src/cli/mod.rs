//! The command line: serve, demo, migrate, schema, verify, and the keeping of tenants, clients and keys.
//!
//! What a command is asked for goes to the standard output; logs and complaints go to the standard error.
//! Exit codes: 0 done, 1 it failed, 2 a flag or a `KONTO_` variable is wrong and the message names it.

mod admin;
mod data_keys;
mod demo;
mod documents;
mod limits;
mod logs;
mod outbound;
mod serve;
mod settings;
#[cfg(test)]
mod tests;
mod variables;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};

use crate::database::{self, Database};
use crate::server;
use settings::Setting;

#[derive(Debug, Parser)]
#[command(
    name = "konto",
    version = version(),
    about = "One system of record for every kind of customer account, on one double-entry ledger, served over GraphQL.",
    after_help = "Start with `konto demo`: it needs nothing, and shows everything."
)]
struct Cli {
    #[command(flatten)]
    logs: logs::LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API, for real use
    Serve(Box<serve::ServeArgs>),
    /// Show Konto: a throw-away server with a year of made-up accounts and money that moves
    Demo(demo::DemoArgs),
    /// Bring the database's tables up to this version; changes nothing when they are
    Migrate(DatabaseArgs),
    /// Print the GraphQL schema (SDL)
    Schema,
    /// Replay the journal and compare everything that is kept beside it
    ///
    /// Checks sequences, sums, balances, holds, events and the hash chain of every tenant, from the rows alone,
    /// on one consistent state; a running server may go on. Prints what was checked and exits with 0, or prints
    /// the first difference and exits with 1.
    Verify(DatabaseArgs),
    /// Make and list tenants
    #[command(subcommand)]
    Tenant(admin::TenantCommand),
    /// Make, list and disable OAuth clients
    #[command(subcommand)]
    Client(admin::ClientCommand),
    /// Keep the keys that tokens and links are signed with, and personal data is sealed with
    #[command(subcommand)]
    Keys(admin::KeysCommand),
    /// Keep the store of documents
    #[command(subcommand)]
    Documents(documents::DocumentCommand),
}

/// The version, with the commit that a package was built from (`scripts/package`); what somebody built by hand has none.
fn version() -> &'static str {
    match option_env!("KONTO_COMMIT") {
        Some(commit) if !commit.is_empty() => {
            static WITH_COMMIT: LazyLock<String> = LazyLock::new(|| {
                format!("{} ({})", env!("CARGO_PKG_VERSION"), option_env!("KONTO_COMMIT").unwrap_or_default())
            });
            &WITH_COMMIT
        }
        _ => env!("CARGO_PKG_VERSION"),
    }
}

/// Which database.
#[derive(Clone, Debug, Args)]
struct DatabaseArgs {
    /// The database: sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        long,
        value_name = "URL",
        env = "KONTO_DATABASE_URL",
        default_value = settings::DATABASE_URL,
        hide_env_values = true
    )]
    database_url: String,
}

impl DatabaseArgs {
    /// Opens a database that is there; none is made by the way.
    async fn open(&self) -> anyhow::Result<Database> {
        settings::database_url(&self.database_url)?;
        if let Some(path) = database::missing_file(&self.database_url) {
            let what = format!("the file {} does not exist: `konto migrate` makes it", path.display());
            return Err(Setting::says("KONTO_DATABASE_URL", what).into());
        }
        Ok(server::open(&self.database_url.replace("mode=rwc", "mode=rw")).await?)
    }

    /// The same, and its tables are up to date.
    async fn open_migrated(&self) -> anyhow::Result<Database> {
        let db = self.open().await?;
        server::require_migrated(&db).await?;
        Ok(db)
    }
}

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => complain(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let serves = matches!(cli.command, Command::Serve(_));
    let export = cli.logs.start(if serves { "info" } else { "warn" }, serves)?;
    for unknown in variables::unknown(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())) {
        tracing::warn!("{unknown}");
    }
    let done = command(cli.command).await;
    if let Some(export) = export {
        export.stop().await;
    }
    done
}

async fn command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => serve::run(*args).await?,
        Command::Demo(args) => demo::run(args).await?,
        Command::Migrate(args) => {
            settings::database_url(&args.database_url)?;
            server::open(&args.database_url).await?.migrate().await?;
            say("the tables are up to date")?;
        }
        Command::Schema => say(crate::api::sdl().trim_end())?,
        Command::Verify(args) => return verify::run(&args.open_migrated().await?).await,
        Command::Tenant(command) => admin::tenant(command).await?,
        Command::Client(command) => admin::client(command).await?,
        Command::Keys(command) => admin::keys(command).await?,
        Command::Documents(command) => documents::run(command).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a line to the standard output. Whoever has stopped reading has read enough.
fn say(text: &str) -> std::io::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn complain(error: &anyhow::Error) -> ExitCode {
    eprintln!("konto: {error}");
    if error.is::<Setting>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
