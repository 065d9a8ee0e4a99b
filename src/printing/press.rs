//! Prints in the background what billing has made: each statement with its issue, each bill and each reminder, each
//! reprint. Outside of any command; what is printed twice, by two servers, is kept once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use sea_orm::{ConnectionTrait as _, Statement as Sql};

use super::bills::{self, Setting};
use super::keep::{KeepPrint, Printed};
use super::model::PrintKind;
use super::printer::{PaperError, kept, paper};
use super::recipient;
use super::{PrintError, pdf};
use crate::accounts::{Account, Product};
use crate::billing::{Bill, BillKind, Statement, StatementReprint};
use crate::customers::Customer;
use crate::customers::addresses::store::of_customers;
use crate::database::Database;
use crate::documents::Vault;
use crate::documents::commands::Label;
use crate::documents::subject::Subject;
use crate::ledger::LedgerFault;
use crate::ledger::journal::{Page, Transaction, TransactionFilter, TransactionsOf, transactions_of};
use crate::primitives::{BillId, Clock, Origin, StatementId, StatementReprintId, TenantId};
use crate::refused::Refused;
use crate::work::row::Row;
use crate::work::{Failure, Mode, Priority, Workers, present, read};

/// How often it is looked for what is to be printed.
const LOOK: Duration = Duration::from_secs(1);
/// Things that are taken up at once.
const PAGE: usize = 64;
/// Of them, so many are being printed side by side: it takes a processor.
const AT_ONCE: usize = 2;
/// Transactions read in one statement.
const LINES: u64 = 5_000;
/// How long something is left alone that could not be printed; doubled each time, up to sixty-four times as long.
const PAUSE: Duration = Duration::from_secs(30);

/// Why something could not be printed: it is tried again later.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Rows(#[from] LedgerFault),
    #[error("{0}")]
    Paper(#[from] PaperError),
    #[error("{0}")]
    Print(#[from] PrintError),
    #[error("{0}")]
    Stopped(#[from] tokio::task::JoinError),
    #[error("{}", .0.message)]
    Refused(Box<Refused>),
    #[error("{0}")]
    Fault(std::sync::Arc<LedgerFault>),
    #[error("{0}")]
    Missing(&'static str),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Refused(Box::new(refused))
    }
}

/// Prints what billing makes.
pub struct Press {
    db: Database,
    clock: Clock,
    workers: Workers,
    vault: Vault,
    /// What could not be printed: how often, and when it is tried again.
    troubles: Mutex<HashMap<(TenantId, Printed), (u32, Instant)>>,
}

impl Press {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(db: Database, clock: Clock, workers: Workers, vault: Vault) -> Self {
        Self { db, clock, workers, vault, troubles: Mutex::new(HashMap::new()) }
    }

    /// Prints what is to be printed, for as long as it is let.
    pub async fn run(self) {
        loop {
            match self.round().await {
                // There is more where that came from.
                Ok(printed) if printed >= PAGE => {}
                Ok(_) => tokio::time::sleep(LOOK).await,
                Err(fault) => {
                    tracing::warn!(%fault, "what is to be printed could not be looked for; trying again");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// Prints a page of what waits; gives how many were tried.
    async fn round(&self) -> Result<usize, LedgerFault> {
        let waiting = self.waiting().await?;
        let tried = waiting.len();
        futures_util::stream::iter(waiting)
            .for_each_concurrent(AT_ONCE, async |(tenant, of)| {
                let printed = self.one(tenant, of).await;
                let mut troubles = self.troubles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match printed {
                    Ok(()) => {
                        troubles.remove(&(tenant, of));
                    }
                    Err(trouble) => {
                        tracing::warn!(%trouble, ?of, "it could not be printed; trying again");
                        let times = troubles.get(&(tenant, of)).map_or(0, |(times, _)| *times).min(6);
                        troubles.insert((tenant, of), (times + 1, Instant::now() + PAUSE * 2_u32.pow(times)));
                    }
                }
            })
            .await;
        Ok(tried)
    }

    /// What waits and is not left alone: the oldest first.
    async fn waiting(&self) -> Result<Vec<(TenantId, Printed)>, LedgerFault> {
        let (left_alone, most) = {
            let troubles = self.troubles.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let now = Instant::now();
            let alone = troubles.iter().filter(|(_, (_, until))| *until > now).map(|(of, _)| *of);
            let alone: std::collections::HashSet<_> = alone.collect();
            let most = PAGE + alone.len();
            (alone, most)
        };
        // What stands in an index that has only what waits.
        let sql = format!(
            "SELECT * FROM (SELECT tenant_id, id, 0 AS what FROM statement \
             WHERE document_id IS NULL AND state = 'ISSUED' ORDER BY issued_at_us LIMIT {most}) AS statements UNION ALL \
             SELECT * FROM (SELECT tenant_id, id, 1 AS what FROM bill \
             WHERE document_id IS NULL ORDER BY created_at_us LIMIT {most}) AS bills UNION ALL \
             SELECT * FROM (SELECT tenant_id, id, 2 AS what FROM statement_reprint \
             WHERE document_id IS NULL ORDER BY requested_at_us LIMIT {most}) AS reprints"
        );
        let db = self.db.reader();
        let rows = db.query_all_raw(Sql::from_string(db.get_database_backend(), sql)).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let (tenant, id, what): (_, _, i32) =
                (row.try_get("", "tenant_id")?, row.try_get("", "id")?, row.try_get("", "what")?);
            let of = match what {
                0 => Printed::Statement(StatementId(id)),
                1 => Printed::Bill(BillId(id)),
                _ => Printed::Reprint(StatementReprintId(id)),
            };
            found.push((TenantId(tenant), of));
        }
        found.retain(|one| !left_alone.contains(one));
        found.truncate(PAGE);
        Ok(found)
    }

    async fn row<R: Row>(&self, tenant: TenantId, id: R::Id) -> Result<R, Trouble> {
        read::by_id::<R>(self.db.reader(), tenant, id).await?.ok_or(Trouble::Missing(R::WHAT))
    }

    /// Prints one thing, keeps the bytes, and notes that they are there.
    async fn one(&self, tenant: TenantId, of: Printed) -> Result<(), Trouble> {
        let (bill, statement) = match of {
            Printed::Statement(id) => (None, self.row::<Statement>(tenant, id).await?),
            Printed::Bill(id) => {
                let bill = self.row::<Bill>(tenant, id).await?;
                let statement = self.row::<Statement>(tenant, bill.statement).await?;
                (Some(bill), statement)
            }
            Printed::Reprint(id) => {
                let reprint = self.row::<StatementReprint>(tenant, id).await?;
                (None, self.row::<Statement>(tenant, reprint.statement).await?)
            }
        };
        let account = self.row::<Account>(tenant, statement.account).await?;
        let product = self.row::<Product>(tenant, account.product).await?;
        let customer = self.row::<Customer>(tenant, account.owner).await?;
        let db = self.db.reader();
        let present = present::of(db, &self.clock, tenant).await?;
        let books = of_customers(db, &self.clock, tenant, &[customer.id]).await?;
        let to = recipient::of(&customer, books.get(&customer.id), present.today);
        let language = recipient::language(&customer);
        let kind = kind_of(bill.as_ref());
        let name = present.head.settings.name.clone();
        let paper = paper(db, &self.vault, (tenant, &name), kind, language).await?;
        let setting = Setting { language, paper: &paper, to: &to, account: &account, payee: product.payee.as_ref() };
        let entries = match &bill {
            Some(bill) if bill.kind != BillKind::Bill => Vec::new(),
            _ => self.entries(tenant, &statement).await?,
        };
        let (sheet, file) = match (&bill, of) {
            (Some(bill), _) => (bills::bill(setting, bill, &statement, &entries)?, bill.number.clone()),
            (None, Printed::Reprint(id)) => {
                let file = format!("statement-{}-{}-copy", account.number, statement.number);
                (bills::statement(setting, &statement, &entries, &format!(":{id}"))?, file)
            }
            (None, _) => {
                let file = format!("statement-{}-{}", account.number, statement.number);
                (bills::statement(setting, &statement, &entries, "")?, file)
            }
        };
        let brand = paper.brand.clone();
        let bytes = tokio::task::spawn_blocking(move || pdf(&sheet, &brand)).await??;
        let label = Label {
            name: format!("{file}.pdf"),
            kind: kind.word().into(),
            subject: Subject::Account(account.id),
            history: None,
            product: None,
        };
        let print = kept(db, &self.vault, tenant, label, &bytes).await?;
        let commands = vec![(None, KeepPrint { of, print })];
        let answers =
            self.workers.run_all(&Origin::system(tenant), commands, Mode::EachAlone, Priority::Background).await;
        match answers.into_iter().next() {
            Some(Ok(_)) => Ok(()),
            Some(Err(Failure::Refused(refused, _))) => Err(Trouble::Refused(refused)),
            Some(Err(Failure::Fault(fault))) => Err(Trouble::Fault(fault)),
            None => Err(Trouble::Missing("answer")),
        }
    }

    /// All transactions of a statement, oldest first.
    async fn entries(&self, tenant: TenantId, statement: &Statement) -> Result<Vec<Transaction>, LedgerFault> {
        let filter = TransactionFilter { span: Some(statement.span()), ..TransactionFilter::default() };
        let mut all: Vec<Transaction> = Vec::new();
        loop {
            let after = all.last().map(|last| last.entry_sequence);
            let page = Page { after, before: None, limit: LINES, backward: false };
            let asked = TransactionsOf { account: statement.account, filter: filter.clone(), page };
            let found = transactions_of(self.db.reader(), tenant, &[asked]).await?;
            let found = found.into_iter().flat_map(|(_, rows)| rows);
            let before = all.len();
            all.extend(found);
            // They come newest first.
            if u64::try_from(all.len() - before).unwrap_or(u64::MAX) < LINES {
                all.reverse();
                return Ok(all);
            }
        }
    }
}

fn kind_of(bill: Option<&Bill>) -> PrintKind {
    match bill.map(|bill| bill.kind) {
        None => PrintKind::Statement,
        Some(BillKind::Bill) => PrintKind::Bill,
        Some(BillKind::Reminder1) => PrintKind::Reminder1,
        Some(BillKind::Reminder2) => PrintKind::Reminder2,
        Some(BillKind::Collection) => PrintKind::Collection,
    }
}
