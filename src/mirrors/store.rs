//! Rows of mirrored accounts.

use sea_orm::{ConnectionTrait, Statement};

use super::model::{AccountSource, MirroredTransaction, Refresh, RefreshState};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, AccountSourceId, EntryId, Minor, MirroredTransactionId, RefreshId, TenantId};
use crate::sealing::{self, Place, SealedColumn, Secret};
use crate::work::row::{Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{account_refresh, account_source, mirrored_transaction};

/// Where secrets are sealed.
pub const SEALED: SealedColumn = SealedColumn {
    table: "account_source",
    column: "secret",
    field: "account_source.secret",
    marked: true,
    lookup: None,
};

impl Row for AccountSource {
    type Id = AccountSourceId;
    type Entity = account_source::Entity;

    const TABLE: Table = Table::AccountSource;
    const WHAT: &'static str = "source of an account";

    fn id(&self) -> AccountSourceId {
        Self::id_of(self.account)
    }

    fn to_model(&self, tenant: TenantId) -> account_source::Model {
        let place = Place { tenant, row: self.account.0, field: SEALED.field };
        account_source::Model {
            tenant_id: tenant.0,
            id: self.account.0,
            ordinal: self.ordinal,
            url: self.url.clone(),
            secret: sealing::seal_if_possible(&place, &self.secret.0),
            last_id: self.last.clone(),
            refresh_id: self.refresh.map(|refresh| refresh.0),
            refreshed_at_us: self.refreshed_at,
            balance_minor: self.balance.map(|balance| balance.0),
            set_at_us: self.set_at,
        }
    }

    fn from_model(row: account_source::Model) -> Result<Self, LedgerFault> {
        let place = Place { tenant: TenantId(row.tenant_id), row: row.id, field: SEALED.field };
        let secret = sealing::open_if_sealed(&place, row.secret);
        Ok(Self {
            account: AccountId(row.id),
            ordinal: row.ordinal,
            url: row.url,
            secret: Secret(secret.map_err(|_| LedgerFault::Inconsistent("a source's secret that does not open"))?),
            last: row.last_id,
            refresh: row.refresh_id.map(RefreshId),
            refreshed_at: row.refreshed_at_us,
            balance: row.balance_minor.map(Minor),
            set_at: row.set_at_us,
        })
    }
}

impl Owned for AccountSource {
    /// The tenant's business.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

impl Row for Refresh {
    type Id = RefreshId;
    type Entity = account_refresh::Entity;

    const TABLE: Table = Table::AccountRefresh;
    const WHAT: &'static str = "refresh";

    fn id(&self) -> RefreshId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> account_refresh::Model {
        account_refresh::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            state: self.state.word().into(),
            pages: self.pages,
            attempts: self.attempts,
            next_ask_us: self.next_ask,
            taken: self.taken,
            known: self.known,
            balance_minor: self.balance.map(|balance| balance.0),
            difference_minor: self.difference.map(|difference| difference.0),
            failure: self.failure.clone(),
            requested_at_us: self.requested_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: account_refresh::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: RefreshId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            state: known(RefreshState::from_word(&row.state), "state of a refresh")?,
            pages: row.pages,
            attempts: row.attempts,
            next_ask: row.next_ask_us,
            taken: row.taken,
            known: row.known,
            balance: row.balance_minor.map(Minor),
            difference: row.difference_minor.map(Minor),
            failure: row.failure,
            requested_at: row.requested_at_us,
            ended_at: row.ended_at_us,
        })
    }
}

impl Owned for Refresh {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for MirroredTransaction {
    type Id = MirroredTransactionId;
    type Entity = mirrored_transaction::Entity;

    const TABLE: Table = Table::MirroredTransaction;
    const WHAT: &'static str = "mirrored transaction";

    fn id(&self) -> MirroredTransactionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> mirrored_transaction::Model {
        mirrored_transaction::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            source_id: self.source_id.clone(),
            amount_minor: self.amount.0,
            entry_id: self.entry.0,
        }
    }

    fn from_model(row: mirrored_transaction::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: MirroredTransactionId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            source_id: row.source_id,
            amount: Minor(row.amount_minor),
            entry: EntryId(row.entry_id),
        })
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

/// Refreshes of an account, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_account(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    page: Page<i64>,
) -> Result<Vec<Refresh>, LedgerFault> {
    let mut query = read::select::<Refresh>(tenant);
    query.and("account_id = ", account.0.into());
    read::page(db, query, true, page).await
}

/// Refreshes of all tenants whose source is to be asked by now, those that wait longest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_ask(
    db: &impl ConnectionTrait,
    now: Micros,
    most: u64,
) -> Result<Vec<(TenantId, RefreshId)>, LedgerFault> {
    let sql =
        format!("SELECT tenant_id, id FROM account_refresh WHERE next_ask_us <= $1 ORDER BY next_ask_us LIMIT {most}");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [now.into()]);
    let rows = db.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((TenantId(row.try_get("", "tenant_id")?), RefreshId(row.try_get("", "id")?)))).collect()
}
