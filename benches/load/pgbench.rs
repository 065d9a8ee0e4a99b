//! Hand-written SQL on the same PostgreSQL, driven by pgbench: what Konto is compared with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sea_orm::ConnectionTrait as _;
use tokio::process::Command;

use crate::histogram::Histogram;
use crate::postgres::{Postgres, connect, text};
use crate::seed::FIRST_NUMBER;

/// The clients that the baseline is tried with.
pub const CLIENTS: [u64; 3] = [1, 16, 32];

/// What pgbench saw.
#[derive(Clone, Debug)]
pub struct Run {
    pub clients: u64,
    /// Transactions per second, in hundredths.
    pub rate: u64,
    /// Of a tenth of the transactions.
    pub latency: Histogram,
    /// Transactions in all.
    pub processed: u64,
}

/// How pgbench is called.
pub struct Pgbench<'a> {
    pub program: &'a Path,
    pub folder: &'a Path,
    pub time: Duration,
}

impl Pgbench<'_> {
    /// Runs a script with so many clients for some time.
    pub async fn run(&self, url: &str, script: &str, clients: u64, time: Duration) -> anyhow::Result<Run> {
        let file = self.folder.join("script.sql");
        fs::write(&file, script)?;
        let folder = self.folder.join("pgbench-log");
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(self.program);
        command.args(["-n", "-M", "prepared", "-l", "--sampling-rate=0.1"]).arg("-f").arg(&file);
        command.args(["-c", &clients.to_string(), "-j", if clients > 1 { "2" } else { "1" }]);
        command.args(["-T", &time.as_secs().max(1).to_string(), url]).current_dir(&folder);
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
        let output = output.with_context(|| format!("{} does not start", self.program.display()))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("pgbench ended with {}: {said}{complaint}", output.status);
        }
        let after = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let failed = after("number of failed transactions:").map(|text| text.split(' ').next() == Some("0"));
        if failed == Some(false) {
            bail!("pgbench's transactions failed: {said}");
        }
        let rate = after("tps =").and_then(hundredths).with_context(|| format!("pgbench says no tps: {said}"))?;
        let processed = after("number of transactions actually processed:").and_then(|text| text.parse().ok());
        let processed = processed.with_context(|| format!("pgbench says no number of transactions: {said}"))?;
        let mut latency = Histogram::default();
        for entry in fs::read_dir(&folder)? {
            for line in fs::read_to_string(entry?.path())?.lines() {
                // client, transaction, microseconds, script, ...
                if let Some(micros) = line.split(' ').nth(2).and_then(|micros| micros.parse().ok()) {
                    latency.record(micros);
                }
            }
        }
        fs::remove_dir_all(&folder)?;
        Ok(Run { clients, rate, latency, processed })
    }
}

/// `1834.123456 (...)` as 183412.
fn hundredths(text: &str) -> Option<u64> {
    let number = text.split(' ').next()?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let part: String = part.chars().chain(['0', '0']).take(2).collect();
    Some(whole.parse::<u64>().ok()? * 100 + part.parse::<u64>().ok()?)
}

/// The baseline's database: the smallest schema that moves money safely.
pub struct Baseline<'a> {
    pgbench: Pgbench<'a>,
    postgres: &'a Postgres,
    url: String,
    accounts: u64,
    processed: u64,
}

const DATABASE: &str = "konto_bench_baseline";
const OPENING: u64 = 100_000_000_000;

impl<'a> Baseline<'a> {
    pub async fn open(postgres: &'a Postgres, pgbench: Pgbench<'a>, accounts: u64) -> anyhow::Result<Self> {
        postgres.create(DATABASE, None).await?;
        let url = postgres.url(DATABASE);
        let db = connect(&url).await?;
        db.execute_unprepared(include_str!("baseline.sql")).await?;
        let fill = format!("INSERT INTO account SELECT id, {OPENING} FROM generate_series(1, {accounts}) AS id");
        db.execute_unprepared(&fill).await?;
        db.execute_unprepared("VACUUM (ANALYZE)").await?;
        db.close().await?;
        let mut baseline = Self { pgbench, postgres, url, accounts, processed: 0 };
        // Caches and the visibility of pages are warm afterwards.
        let script = baseline.spread();
        baseline.measure(&script, 16, Duration::from_secs(2)).await?;
        Ok(baseline)
    }

    fn spread(&self) -> String {
        let accounts = self.accounts;
        format!(
            "\\set from random(1, {accounts})\n\\set to 1 + (:from - 1 + random(1, {accounts} - 1)) % {accounts}\n\
            \\set key random(1, 9223372036854775807)\n{}",
            include_str!("transfer.sql")
        )
    }

    fn hot(&self) -> String {
        format!(
            "\\set other random(2, {})\n\\set turn random(0, 1)\n\\set from :turn + (1 - :turn) * :other\n\
            \\set to (1 - :turn) + :turn * :other\n\\set key random(1, 9223372036854775807)\n{}",
            self.accounts,
            include_str!("transfer.sql")
        )
    }

    async fn measure(&mut self, script: &str, clients: u64, time: Duration) -> anyhow::Result<Run> {
        self.postgres.checkpoint().await?;
        let run = self.pgbench.run(&self.url, script, clients, time).await?;
        self.processed += run.processed;
        Ok(run)
    }

    /// Spread over all accounts, with each number of clients.
    pub async fn run(&mut self) -> anyhow::Result<Vec<Run>> {
        let mut runs = Vec::new();
        for clients in CLIENTS {
            runs.push(self.measure(&self.spread(), clients, self.pgbench.time).await?);
        }
        Ok(runs)
    }

    /// All against one account.
    pub async fn run_hot(&mut self) -> anyhow::Result<Run> {
        self.measure(&self.hot(), 16, self.pgbench.time).await
    }

    /// Whether the hand-written SQL has done what it was counted for: as many entries as transactions, each
    /// balanced, the money all there, every balance the last one posted.
    pub async fn check(self) -> anyhow::Result<()> {
        let db = connect(&self.url).await?;
        let sql = format!(
            "SELECT (SELECT count(*) FROM entry) = {} \
             AND (SELECT count(*) = 2 * {} AND sum(amount_minor) = 0 FROM posting) \
             AND (SELECT sum(balance_minor) = {}::numeric * {OPENING} FROM account) \
             AND NOT EXISTS (SELECT 1 FROM account WHERE balance_minor <> {OPENING} + \
                 (SELECT COALESCE(sum(amount_minor), 0) FROM posting WHERE account_id = id)) AS sound",
            self.processed, self.processed, self.accounts
        );
        let row = db.query_one_raw(text(sql)).await?.context("no row")?;
        let sound: bool = row.try_get("", "sound")?;
        db.close().await?;
        self.postgres.drop(DATABASE).await?;
        if sound { Ok(()) } else { bail!("the baseline's books are not in order") }
    }
}

/// The two plain SELECTs for what the account read shows, on Konto's own tables: of all that is measured, only they
/// hang on the layout of this checkout's tables.
pub async fn selects(url: &str, accounts: u64) -> anyhow::Result<String> {
    let db = connect(url).await?;
    let row = db.query_one_raw(text("SELECT id::text AS id FROM tenant WHERE code = 'bench'")).await?;
    let tenant: String = row.context("no tenant")?.try_get("", "id")?;
    db.close().await?;
    let number = format!("({FIRST_NUMBER} + :place)::text");
    Ok(format!(
        "\\set place random(0, {accounts} - 1)\n\
        SELECT account.id, account.number, account.currency, principal.status, principal.reserved_minor, \
        principal.credit_limit_minor, principal.balance_minor AS principal, interest.balance_minor AS interest, \
        fee.balance_minor AS fee, customer.id AS owner, customer.number AS owner_number, customer.first_name, \
        customer.last_name, customer.company_name \
        FROM account \
        JOIN customer ON customer.tenant_id = account.tenant_id AND customer.id = account.customer_id \
        JOIN ledger_account principal ON principal.tenant_id = account.tenant_id \
        AND principal.account_id = account.id AND principal.component = 'PRINCIPAL' \
        JOIN ledger_account interest ON interest.tenant_id = account.tenant_id \
        AND interest.account_id = account.id AND interest.component = 'INTEREST' \
        JOIN ledger_account fee ON fee.tenant_id = account.tenant_id \
        AND fee.account_id = account.id AND fee.component = 'FEE' \
        WHERE account.tenant_id = '{tenant}' AND account.number = {number};\n\
        SELECT entry.id, posting.entry_sequence, posting.kind, posting.account_amount_minor, \
        posting.account_balance_after_minor, posting.value_date, posting.booked_at_us, \
        COALESCE(posting.message, entry.description) AS description \
        FROM posting JOIN entry ON entry.tenant_id = posting.tenant_id AND entry.sequence = posting.entry_sequence \
        WHERE posting.tenant_id = '{tenant}' AND posting.account_amount_minor IS NOT NULL \
        AND posting.account_id = (SELECT id FROM account WHERE tenant_id = '{tenant}' AND number = {number}) \
        ORDER BY posting.entry_sequence DESC LIMIT 20;\n"
    ))
}

/// Where pgbench's files go.
pub fn folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = folder.join("pgbench");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
