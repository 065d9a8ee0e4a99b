//! Mandates as rows, and how they are named.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::model::{Mandate, MandateScheme, MandateStatus, SequenceType, known_as};
use super::payer::Sealed;
use crate::accounts::store::is_seen;
use crate::accounts::{Account, AccountBy};
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::known;
use crate::primitives::{AccountId, CustomerId, DirectDebitId, MandateId, TenantId};
use crate::refused::Refused;
use crate::sealing::{self, Place, SealedColumn};
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::mandate::{Entity, Model};

/// Mandates of an account, at most.
pub const MOST_OF_ACCOUNT: usize = 200;

/// What a mandate is known as.
pub static KNOWN_AS: Index =
    Index { table: Table::Mandate, column: "known_as", field: "reference", what: "the mandate's reference" };

/// The mandates of an account; and those that a customer has given.
pub static SETS: [Set<Mandate>; 2] = [
    Set {
        name: "of_account",
        owner: "account_id",
        condition: "TRUE",
        owner_of: |mandate| Some(mandate.account.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 1_000,
    },
    Set {
        name: "of_debtor",
        owner: "debtor_id",
        condition: "TRUE",
        owner_of: |mandate| Some(mandate.debtor.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

/// Where it is sealed who pays from where.
pub const SEALED: SealedColumn =
    SealedColumn { table: "mandate", column: "payer", field: "mandate.payer", marked: true, lookup: None };

impl Row for Mandate {
    type Id = MandateId;
    type Entity = Entity;

    const TABLE: Table = Table::Mandate;
    const WHAT: &'static str = "mandate";

    fn id(&self) -> MandateId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        let place = Place { tenant, row: self.id.0, field: SEALED.field };
        // Plain data: the only failure would be the writer's, and a text has none.
        let sealed = serde_json::to_string(&self.sealed).unwrap_or_default();
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            debtor_id: self.debtor.0,
            reference: self.reference.clone(),
            known_as: self.known_as.clone(),
            scheme: self.scheme.word().into(),
            status: self.status.word().into(),
            one_off: self.one_off,
            product_references: serde_json::to_string(&self.product_references).unwrap_or_default(),
            payer: sealing::seal_if_possible(&place, &sealed),
            signed_on: self.signed_on,
            pre_notification_days: self.pre_notification_days.into(),
            uses: self.uses,
            sequence: self.sequence.map(|sequence| sequence.word().into()),
            last_used_on: self.last_used_on,
            lapses_on: self.lapses_on,
            last_debit_id: self.last_debit.map(|debit| debit.0),
            reason: self.reason.clone(),
            created_at_us: self.created_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let place = Place { tenant: TenantId(row.tenant_id), row: row.id, field: SEALED.field };
        let sealed = sealing::open_if_sealed(&place, row.payer)
            .map_err(|_| LedgerFault::Inconsistent("a mandate's payer does not open"))?;
        let sealed: Sealed =
            serde_json::from_str(&sealed).map_err(|_| LedgerFault::Inconsistent("payer of a mandate"))?;
        let products = serde_json::from_str(&row.product_references);
        let sequence =
            row.sequence.as_deref().map(|word| known(SequenceType::from_word(word), "sequence of a mandate"));
        Ok(Self {
            id: MandateId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            debtor: CustomerId(row.debtor_id),
            reference: row.reference,
            known_as: row.known_as,
            scheme: known(MandateScheme::from_word(&row.scheme), "scheme of a mandate")?,
            status: known(MandateStatus::from_word(&row.status), "status of a mandate")?,
            one_off: row.one_off,
            product_references: products.map_err(|_| LedgerFault::Inconsistent("products of a mandate"))?,
            sealed,
            signed_on: row.signed_on,
            pre_notification_days: u16::try_from(row.pre_notification_days)
                .map_err(|_| LedgerFault::Inconsistent("notification of a mandate"))?,
            uses: row.uses,
            sequence: sequence.transpose()?,
            last_used_on: row.last_used_on,
            lapses_on: row.lapses_on,
            last_debit: row.last_debit_id.map(DirectDebitId),
            reason: row.reason,
            created_at: row.created_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&KNOWN_AS, &self.known_as)]
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }
}

impl Owned for Mandate {
    /// The account's owner sees it.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

/// How a mandate is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MandateBy {
    /// By Konto's id.
    Id(MandateId),
    /// By its account and its reference together.
    Pair(AccountBy, String),
}

impl MandateBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<Mandate>(*id),
            Self::Pair(account, _) => account.hint(wants),
        }
    }

    /// The mandate that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Mandate>> {
        let not_found = || Refused::not_found(field, "mandate");
        let found = match self {
            Self::Id(id) => work.get::<Mandate>(*id)?,
            Self::Pair(account, reference) => {
                let account = account.locate(work, &format!("{field}.ofAccount.account"))?.id;
                by_pair(work, account, reference)?
            }
        };
        match found {
            Some(mandate) if mandate.is_visible(work)? => Ok(mandate),
            _ => Err(not_found().into()),
        }
    }
}

/// The mandate of an account that has a reference: its provider's, or a bank's.
///
/// # Errors
/// That it is not loaded yet.
pub fn by_pair(work: &mut Work, account: AccountId, reference: &str) -> Decision<Option<Arc<Mandate>>> {
    let names = [MandateScheme::Trustly, MandateScheme::SepaCore];
    for scheme in names {
        let found = work.find::<Mandate>(&KNOWN_AS, &known_as(scheme, account, reference))?;
        if let Some(mandate) = found.filter(|mandate| mandate.account == account) {
            return Ok(Some(mandate));
        }
    }
    Ok(None)
}

/// The mandates of an account, oldest first.
///
/// # Errors
/// That they are not loaded yet.
pub fn of_account(work: &mut Work, account: AccountId) -> Decision<Vec<Arc<Mandate>>> {
    work.all::<Mandate, Account>(&SETS[0], account)
}

/// Which mandates to list.
#[derive(Clone, Debug, Default)]
pub struct MandateFilter {
    /// Only of these accounts.
    pub accounts: Option<Vec<AccountId>>,
    /// Only in these states; in all when empty.
    pub statuses: Vec<MandateStatus>,
}

/// Mandates, newest first. One whose time is over has lapsed, whether or not that was noted.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &MandateFilter,
    today: NaiveDate,
    page: Page<i64>,
) -> Result<Vec<Mandate>, LedgerFault> {
    let mut query = read::select::<Mandate>(tenant);
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if !filter.statuses.is_empty() {
        let today = query.bind(today.into());
        let over = format!("(status IN ('PENDING', 'ACTIVE', 'SUSPENDED') AND COALESCE(lapses_on <= ${today}, FALSE))");
        let conditions = filter.statuses.iter().map(|status| match status {
            MandateStatus::Expired => format!("(status = 'EXPIRED' OR {over})"),
            status => format!("(status = '{}' AND NOT {over})", status.word()),
        });
        query.and_raw(&format!("({})", conditions.collect::<Vec<_>>().join(" OR ")));
    }
    read::page(db, query, true, page).await
}

/// Mandates whose time is over on a day and of which that is not noted, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn lapsed(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<MandateId>,
    most: u64,
) -> Result<Vec<MandateId>, LedgerFault> {
    let mut query = read::select::<Mandate>(tenant);
    query.and_raw("status IN ('PENDING', 'ACTIVE', 'SUSPENDED')");
    query.and("lapses_on <= ", day.into());
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {most}"));
    let rows = query.all(db).await?;
    rows.iter().map(|row| Ok(Mandate::of_result(row)?.id)).collect()
}
