//! The chart of accounts, the trial balance and the audit trail in the API.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::accounts::{self as accounts, Account};
use crate::api::context::{Caller, caller};
use crate::api::customers::{self as customers, Customer};
use crate::api::enums::{AuditOutcome, Component, InternalRole, RefusalCode};
use crate::api::fault::Fault;
use crate::api::inputs::filter_text;
use crate::api::money::Money;
use crate::api::pagination::{CommandSequence, Connection, Listed, PageArgs, Window};
use crate::api::parties::{self, Party};
use crate::api::scalars::{CurrencyCode, Date, DateTime};
use crate::ledger::audit;
use crate::ledger::balances::{Class, TrialLine, trial_balance};
use crate::ledger::entry;
use crate::ledger::journal::{ChartRow, component_rows, internal_rows, party_rows};
use crate::ledger::{LedgerFault, Position};
use crate::primitives::{AuditId, Currency, LedgerAccountId, PartyId};

/// A line of an entry in the API.
#[derive(Clone, Debug)]
pub struct Posting(entry::Posting);

impl Posting {
    /// Of a line that the token sees.
    #[must_use]
    pub fn new(posting: entry::Posting) -> Self {
        Self(posting)
    }
}

/// One line of an entry.
#[Object]
impl Posting {
    /// The row in the books.
    async fn ledger_account(&self, ctx: &Context<'_>) -> Result<LedgerAccount, Fault> {
        let found = caller(ctx)?.loaders.chart_row(self.0.ledger_account).await?;
        found.map(LedgerAccount).ok_or_else(|| Fault::internal(&"a posting without its ledger account"))
    }

    /// The customer's account that owns the row; none for the tenant's own.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.account {
            None => Ok(None),
            Some(account) => accounts::by_id(caller(ctx)?, account).await,
        }
    }

    /// Positive: in the customer's favour, a credit. Negative: a debit.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What this side was told.
    async fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}

/// A row of the chart in the API.
#[derive(Clone, Debug)]
pub struct LedgerAccount(ChartRow);

impl LedgerAccount {
    fn class(&self) -> Class {
        match self.0.of {
            Ok((_, component)) => Class::Customers(component),
            Err(role) => Class::Internal(role),
        }
    }
}

/// A row of the chart of accounts: a component of a customer's account, or an account of the tenant's own.
#[Object]
impl LedgerAccount {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What it counts as in the trial balance.
    async fn code(&self) -> String {
        code(self.class())
    }

    /// The same, for people.
    async fn name(&self) -> &'static str {
        name(self.class())
    }

    /// Of all its postings.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// Which component of a customer's account it is; none for the tenant's own.
    async fn component(&self) -> Option<Component> {
        component(self.class())
    }

    /// What it is for, when it is the tenant's own.
    async fn role(&self) -> Option<InternalRole> {
        role(self.class())
    }

    /// The customer's account that owns it; none for the tenant's own.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.of {
            Err(_) => Ok(None),
            Ok((account, _)) => accounts::by_id(caller(ctx)?, account).await,
        }
    }

    /// Whose money it holds, where that is not the tenant's.
    async fn party(&self, ctx: &Context<'_>) -> Result<Option<Party>, Fault> {
        match self.0.party {
            None => Ok(None),
            Some(party) => parties::by_id(caller(ctx)?, party).await,
        }
    }

    /// All its postings together.
    async fn balance(&self) -> Result<Money, Fault> {
        money(i128::from(self.0.balance), self.0.currency)
    }
}

/// A row of the chart by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn ledger_account_by_id(caller: &Caller, id: LedgerAccountId) -> Result<Option<LedgerAccount>, Fault> {
    let Some(row) = caller.loaders.chart_row(id).await? else { return Ok(None) };
    let visible = match row.of {
        Ok((account, _)) => accounts::by_id(caller, account).await?.is_some(),
        Err(_) => caller.customer().is_none(),
    };
    Ok(visible.then_some(LedgerAccount(row)))
}

/// The rows of a customer's account that the token sees; that of a shortfall only where there is one.
#[must_use]
pub fn rows_of(position: &Position) -> Vec<LedgerAccount> {
    let used = |row: &ChartRow| row.balance != 0 || !matches!(row.of, Ok((_, Component::Shortfall)));
    component_rows(position).filter(used).map(LedgerAccount).collect()
}

/// What is held for a party, and what is owed to it.
///
/// # Errors
/// The database's.
pub async fn ledger_accounts_of_party(caller: &Caller, party: PartyId) -> Result<Vec<LedgerAccount>, Fault> {
    let rows = party_rows(caller.db(), caller.tenant(), party).await?;
    Ok(rows.into_iter().map(LedgerAccount).collect())
}

/// The tenant's own rows.
///
/// # Errors
/// `FORBIDDEN` for tokens that are bound to a customer, and the database's.
pub async fn tenants_ledger_accounts(caller: &Caller) -> Result<Vec<LedgerAccount>, Fault> {
    caller.require_unbound()?;
    let rows = internal_rows(caller.db(), caller.tenant()).await?;
    Ok(rows.into_iter().map(LedgerAccount).collect())
}

fn component(class: Class) -> Option<Component> {
    match class {
        Class::Customers(component) => Some(component),
        Class::Internal(_) => None,
    }
}

fn role(class: Class) -> Option<InternalRole> {
    match class {
        Class::Customers(_) => None,
        Class::Internal(role) => Some(role),
    }
}

fn code(class: Class) -> String {
    match class {
        Class::Customers(component) => format!("CUSTOMER_{}", component.word()),
        Class::Internal(role) => role.word().to_owned(),
    }
}

fn name(class: Class) -> &'static str {
    match class {
        Class::Customers(component) => component.title(),
        Class::Internal(role) => role.title(),
    }
}

/// A sum over many accounts, which may be larger than any one of them.
fn money(minor: i128, currency: Currency) -> Result<Money, Fault> {
    let amount = rust_decimal::Decimal::try_from_i128_with_scale(minor, currency.exponent());
    let amount = amount.map_err(|_| Fault::internal(&"a sum that is out of range"))?;
    Ok(crate::primitives::Money { amount, currency }.into())
}

/// Every posting of the tenant, added up. Debits and credits are equal per currency, or the books are broken.
#[derive(Clone, Debug, SimpleObject)]
pub struct TrialBalance {
    /// Everything with a value date up to this day; everything there is when absent.
    as_of: Option<Date>,
    /// Whether debits and credits are equal in every currency.
    balanced: bool,
    /// By class and currency.
    lines: Vec<TrialBalanceLine>,
    /// By currency.
    totals: Vec<TrialBalanceTotal>,
}

/// What the postings on one class of ledger accounts add up to.
#[derive(Clone, Debug, SimpleObject)]
pub struct TrialBalanceLine {
    /// The class: a component of customers' accounts, or a role of the tenant's own.
    code: String,
    /// The same, for people.
    name: &'static str,
    /// The component, of customers' accounts.
    component: Option<Component>,
    /// The role, of the tenant's own accounts.
    role: Option<InternalRole>,
    /// In which currency.
    currency: CurrencyCode,
    /// The sum of the debits, without a sign.
    debit: Money,
    /// The sum of the credits.
    credit: Money,
}

/// What all postings in one currency add up to.
#[derive(Clone, Debug, SimpleObject)]
pub struct TrialBalanceTotal {
    /// In which currency.
    currency: CurrencyCode,
    /// The sum of all debits, without a sign.
    debit: Money,
    /// The sum of all credits.
    credit: Money,
}

/// The tenant's trial balance.
///
/// # Errors
/// `FORBIDDEN` for tokens that are bound to a customer, and the database's.
pub async fn tenants_trial_balance(caller: &Caller, as_of: Option<Date>) -> Result<TrialBalance, Fault> {
    caller.require_unbound()?;
    let snapshot = caller.engine.db.snapshot().await.map_err(LedgerFault::from)?;
    let lines = trial_balance(&snapshot, caller.tenant(), as_of.map(|day| day.0)).await?;
    let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
    for line in &lines {
        let (debit, credit) = sums.entry(line.currency).or_default();
        *debit += line.debit;
        *credit += line.credit;
    }
    let total = |(currency, (debit, credit)): (&Currency, &(i128, i128))| {
        Ok(TrialBalanceTotal {
            currency: CurrencyCode(*currency),
            debit: money(*debit, *currency)?,
            credit: money(*credit, *currency)?,
        })
    };
    Ok(TrialBalance {
        as_of,
        balanced: sums.values().all(|(debit, credit)| debit == credit),
        lines: lines.iter().map(line).collect::<Result<_, Fault>>()?,
        totals: sums.iter().map(total).collect::<Result<_, Fault>>()?,
    })
}

fn line(line: &TrialLine) -> Result<TrialBalanceLine, Fault> {
    Ok(TrialBalanceLine {
        code: code(line.class),
        name: name(line.class),
        component: component(line.class),
        role: role(line.class),
        currency: CurrencyCode(line.currency),
        debit: money(line.debit, line.currency)?,
        credit: money(line.credit, line.currency)?,
    })
}

/// An audit record in the API.
#[derive(Clone, Debug)]
pub struct AuditRecord(audit::AuditRecord);

impl Listed for AuditRecord {
    const LIST: &'static str = "AuditRecord";
}

/// Who did what, when, in which request, with what result.
#[Object]
impl AuditRecord {
    /// Opaque, and unique across the API.
    async fn id(&self, ctx: &Context<'_>) -> Result<ID, Fault> {
        Ok(audit::id_of(caller(ctx)?.tenant(), self.0.sequence).into())
    }

    /// When.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }

    /// The client whose token it was; `system` for Konto's own work.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// The customer that the token was bound to.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        match self.0.customer {
            None => Ok(None),
            Some(customer) => customers::by_id(caller(ctx)?, customer).await,
        }
    }

    /// The request: the answer's `X-Request-Id`, and what the server's logs call it.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// The operation: a mutation by its name in this schema, or what Konto does by itself, such as `expireHold`. A text, for
    /// the list of mutations is the list of words.
    async fn operation(&self) -> &str {
        &self.0.operation
    }

    /// How it ended.
    async fn outcome(&self) -> AuditOutcome {
        self.0.outcome
    }

    /// Why it was refused.
    async fn code(&self) -> Option<RefusalCode> {
        self.0.code.as_deref().and_then(RefusalCode::from_word)
    }

    /// The id of what was made or changed, for `node`.
    async fn target(&self) -> Option<ID> {
        self.0.target.as_ref().map(ID::from)
    }
}

/// Which audit records to list.
#[derive(Debug, Default, InputObject)]
pub struct AuditRecordFilter {
    /// Only of this client.
    client: Option<String>,
    /// Only of this request.
    request_id: Option<String>,
    /// Only of this operation.
    operation: Option<String>,
    /// Only with this outcome.
    outcome: Option<AuditOutcome>,
    /// Only about the thing with this id.
    target: Option<ID>,
    /// At or after.
    from: Option<DateTime>,
    /// Before.
    before: Option<DateTime>,
}

/// The tenant's audit trail, newest first.
///
/// # Errors
/// `FORBIDDEN` for tokens that are bound to a customer or lack the scope, `BAD_REQUEST` for the page and the filter,
/// and the database's.
pub async fn audit_records(
    caller: &Caller,
    filter: Option<AuditRecordFilter>,
    args: &PageArgs,
) -> Result<Connection<AuditRecord>, Fault> {
    caller.require(Scope::Audit)?.require_unbound()?;
    let window = Window::<CommandSequence>::new(args)?;
    let filter = filter.unwrap_or_default();
    let filter = audit::AuditFilter {
        client: filter_text("client", filter.client)?,
        request_id: filter_text("requestId", filter.request_id)?,
        operation: filter_text("operation", filter.operation)?,
        outcome: filter.outcome,
        target: filter_text("target", filter.target.map(|id| id.0))?,
        from: filter.from.map(|at| at.0),
        before: filter.before.map(|at| at.0),
    };
    let rows = audit::records(caller.db(), caller.tenant(), &filter, window.page(|key| key.0)).await?;
    Ok(window.connect(rows, |row| CommandSequence(row.sequence), AuditRecord))
}

/// An audit record by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn audit_record_by_id(caller: &Caller, id: AuditId) -> Result<Option<AuditRecord>, Fault> {
    if caller.require(Scope::Audit).is_err() || caller.require_unbound().is_err() {
        return Ok(None);
    }
    Ok(audit::record_by_id(caller.db(), caller.tenant(), id).await?.map(AuditRecord))
}
