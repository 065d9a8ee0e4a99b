//! The demo: a tenant with a year of life in it, made from a seed, and a gentle flow of new movements.
//!
//! The year is played under a hand-set clock by commands, as everybody gives them, so that its books obey every rule,
//! its audit trail tells who asked for what, and `konto verify` passes. The same seed and the same last moment give the
//! same books, to the byte. The people and companies are made up.

mod cast;
mod day;
pub mod live;
mod month;
mod names;
mod slot;
mod stage;
#[cfg(test)]
mod tests;
mod year;

use chrono::{DateTime, NaiveTime, Utc};

use crate::access::{TenantError, create_tenant, tenants};
use crate::accounts::bank::{BankAccount, BankAccountClass};
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::model::Payee;
use crate::accounts::products::{CharityKind, CharityTerms, ReferenceTerms};
use crate::accounts::{self, CreateProduct, Family};
use crate::actions::{ActionBinding, ActionKind, CreateCustomAction, Definition};
use crate::database::Database;
use crate::ledger::journal::Page;
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::ledger::{DebtRule, LedgerFault};
use crate::primitives::references::ReferenceRule;
use crate::primitives::{Amount, Clock, Currency, IdSource, Minor, TenantId};
use crate::sealing::{self, KeyRing};
use crate::work::{self, Failure, Settings, Surroundings};
use stage::Stage;

/// The code of the demo tenant.
pub const TENANT: &str = "demo";
/// The number of a current account in euros with plenty of funds.
pub const ACCOUNT_1: &str = "481000000017";
/// The number of another.
pub const ACCOUNT_2: &str = "481000000025";
/// The number of the customer who owns the first.
pub const CUSTOMER_1: &str = "C10000000";
/// The seed of the demo that everybody sees.
pub const SEED: u64 = 20_240_229;
/// How many days before today the demo begins.
const DAYS: u64 = 365;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Somebody's real books may be in there.
    #[error("the database has tenants already: the demo takes an empty one, or one that a demo has made")]
    NotEmpty,
    /// Something that the demo itself should have made.
    #[error("{0} is missing")]
    Missing(String),
    /// The tenant was refused.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// The books' or the database's.
    #[error(transparent)]
    Fault(#[from] std::sync::Arc<LedgerFault>),
    /// A command that everything else stands on.
    #[error("refused: {0}")]
    Refused(String),
}

impl From<sea_orm::DbErr> for Problem {
    fn from(error: sea_orm::DbErr) -> Self {
        LedgerFault::from(error).into()
    }
}

impl From<LedgerFault> for Problem {
    fn from(fault: LedgerFault) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refused, _) => Self::Refused(refused.message),
            Failure::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The demo tenant.
    pub tenant: TenantId,
    /// Customers.
    pub customers: usize,
    /// Accounts.
    pub accounts: usize,
    /// Entries.
    pub entries: u64,
    /// Orders that the books refused: a card without cover, say.
    pub refused: u64,
}

/// The demo tenant of a database, if a demo has made one there.
///
/// # Errors
/// [`Problem::NotEmpty`] for a database with other tenants only, or the database's.
pub async fn find(db: &Database) -> Result<Option<TenantId>, Problem> {
    match tenants::find_by_code(db.reader(), TENANT).await? {
        Some(tenant) => Ok(Some(tenant.id)),
        None if tenants::list(db.reader()).await?.is_empty() => Ok(None),
        None => Err(Problem::NotEmpty),
    }
}

/// Loads the demo into a migrated database without tenants: a year that ends just before `now`.
///
/// # Errors
/// [`Problem`]; the database should then be thrown away.
pub async fn load(db: &Database, now: DateTime<Utc>, seed: u64) -> Result<Loaded, Problem> {
    load_days(db, now, DAYS, seed).await
}

async fn load_days(db: &Database, now: DateTime<Utc>, days: u64, seed: u64) -> Result<Loaded, Problem> {
    if sealing::ring().is_none() {
        sealing::install(KeyRing::for_show());
    }
    let clock = Clock::manual(year::first_day(now, days).and_time(NaiveTime::MIN).and_utc());
    let surroundings = Surroundings { ids: IdSource::seeded(clock.clone(), seed), clock };
    let tenant = found(db, &surroundings).await?;
    let mut stage = Stage::new(db, surroundings, tenant);
    stage.require("back-office", swedish_products()?).await?;
    stage.require("back-office", vec![sweep()]).await?;
    let page = Page { after: None, before: None, limit: 1_000, backward: false };
    let products = accounts::store::products(db.reader(), tenant, None, page).await?;
    year::play(stage, tenant, products, now, days, seed).await
}

/// The tenant, with the products that every new one has.
async fn found(db: &Database, surroundings: &Surroundings) -> Result<TenantId, Problem> {
    let euro = currency("EUR")?;
    let name = "Nordhamn Demo Bank".to_owned();
    let settings = Settings { name, base_currency: euro, sandbox: true, ..Settings::default() };
    let tx = db.begin().await?;
    let Surroundings { clock, ids } = surroundings;
    let tenant = create_tenant(&tx, clock, ids, TENANT, settings).await?;
    work::found(&tx, surroundings, tenant, InstallCatalogue { currency: euro }).await?;
    tx.commit().await?;
    Ok(tenant)
}

/// What the tenant offers in another currency.
fn swedish_products() -> Result<Vec<CreateProduct>, Problem> {
    let krona = currency("SEK")?;
    let offers = [
        ("current-sek", "Lönekonto", Family::Deposit, DebtRule::None, 0),
        ("savings-sek", "Sparkonto", Family::Deposit, DebtRule::None, 0),
        ("revolving-sek", "Kontokredit", Family::RevolvingCredit, DebtRule::Limit, 2_000_000),
    ];
    let product = |(code, alias, family, debt_rule, limit): (&str, &str, Family, DebtRule, i64)| CreateProduct {
        code: code.into(),
        alias: alias.into(),
        family,
        working_mode: None,
        currency: krona,
        debt_rule,
        repayment_order: RepaymentOrder::DEFAULT,
        item_order: ItemOrder::DEFAULT,
        recurring: None,
        default_credit_limit: Some(Amount(Minor(limit).in_currency(krona).amount)),
        maximum_credit_limit: None,
        maximum_balance: None,
        charity: Some(CharityTerms { kind: CharityKind::RoundUp, percent: None }),
        prepaid: None,
        authorisation_days: None,
        reference: Some(ReferenceTerms { rule: ReferenceRule::OcrSe, length: None }),
        payee: Some(Payee {
            account: BankAccount::Domestic(BankAccountClass::Bankgiro, "50501055".into()),
            bic: None,
            name: Some("Nordhamn Demo Bank".into()),
        }),
        metadata: "{}".into(),
    };
    Ok(offers.map(product).into())
}

/// What the bank has defined itself: a script that charges a fee and moves on what is above an amount.
fn sweep() -> CreateCustomAction {
    CreateCustomAction {
        code: "sweep".into(),
        kind: ActionKind::Script,
        definition: Definition {
            description: "Charges a fee and moves on what is above an amount, as a whole or not at all".into(),
            binding: ActionBinding::Account,
            families: vec![Family::Deposit],
            url: None,
            script: Some(include_str!("sweep.rhai").into()),
        },
    }
}

fn currency(code: &str) -> Result<Currency, Problem> {
    code.parse().map_err(|_| Problem::Missing(format!("the currency {code}")))
}
