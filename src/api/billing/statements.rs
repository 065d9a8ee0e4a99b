//! `Statement`, `statement`, `bill`.

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::bills::{self, Bill};
use crate::access::Scope;
use crate::accounts::store as store_of_accounts;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Transaction, TransactionFilter};
use crate::api::context::{Caller, allowed, caller};
use crate::api::documents::{self, Document};
use crate::api::enums::{DayCount, InterestSide, StatementState};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::named;
use crate::api::inputs::AccountBy;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::billing::interest::rounded;
use crate::billing::{self as domain, store};
use crate::events::history::HistoryOf;
use crate::ledger::journal::EntrySpan;
use crate::primitives::{AccountId, Minor, StatementId};
use crate::refused::Refused;
use crate::work::present;

/// A statement in the API.
#[derive(Clone, Debug)]
pub struct Statement(pub(super) domain::Statement);

impl Listed for Statement {
    const LIST: &'static str = "Statement";
}

impl Statement {
    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.0.currency)
    }
}

/// A statement that was asked for again, in the API.
#[derive(Clone, Debug)]
pub struct StatementReprint(pub(super) domain::StatementReprint);

impl Listed for StatementReprint {
    const LIST: &'static str = "StatementReprint";
}

/// A statement that was asked for again.
#[Object]
impl StatementReprint {
    /// When.
    async fn requested_at(&self) -> DateTime {
        DateTime(self.0.requested_at)
    }

    /// By which client.
    async fn client(&self) -> &str {
        &self.0.client
    }

    /// What was printed, a moment after it was asked for.
    async fn document(&self, ctx: &Context<'_>) -> Result<Option<Document>, Fault> {
        documents::printed(caller(ctx)?, self.0.document).await
    }
}

/// A part of an interest, explained.
#[derive(Clone, Debug, SimpleObject)]
pub struct InterestLine {
    /// Who owes it.
    side: InterestSide,
    /// The first day.
    from: Date,
    /// The last day.
    through: Date,
    /// How many days.
    days: i32,
    /// What bears it.
    balance: Money,
    /// A year, in percent.
    rate_pct: Decimal,
    /// How days are counted.
    day_count: DayCount,
    /// What it comes to in minor units, unrounded: positive is owed by the customer. Of a correction, what was reckoned then
    /// stands with the other sign.
    exact: Decimal,
    /// Whether it is a part of what is made good of closed cycles, because something of them was booked late.
    correction: bool,
}

/// What the interest of a statement is made of. The exact figures of its lines add up to the amount and the remainder.
#[derive(Clone, Debug, SimpleObject)]
pub struct InterestExplanation {
    /// What was booked: positive is owed by the customer.
    amount: Money,
    /// What the rounding left, in minor units: half away from zero, once for all lines.
    remainder: Decimal,
    /// Whether debt bore nothing, because the statement before was paid in full.
    free: bool,
    /// Line by line.
    lines: Vec<InterestLine>,
}

/// A statement of an account: sealed when its cycle is closed, and nothing of it changes after that. Balances are as
/// everywhere: positive is the customer's money.
#[Object]
impl Statement {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.0.account).await
    }

    /// The account's first is 1.
    async fn number(&self) -> i32 {
        self.0.number
    }

    /// The first day of its cycle.
    async fn from(&self) -> Date {
        Date(self.0.from)
    }

    /// The closure: the last day of its cycle.
    async fn closed_on(&self) -> Date {
        Date(self.0.closed_on)
    }

    /// The closure before.
    async fn previous_closed_on(&self) -> Option<Date> {
        self.0.previous_closed_on.map(Date)
    }

    /// The closure after, as it was planned then.
    async fn next_closed_on(&self) -> Date {
        Date(self.0.next_closed_on)
    }

    /// The balance of the one before.
    async fn previous_balance(&self) -> Money {
        self.money(self.0.previous_balance)
    }

    /// What was paid in, less what of it came back.
    async fn payments(&self) -> Money {
        self.money(self.0.payments)
    }

    /// What was charged with the closure: interest. Positive is owed by the customer.
    async fn interest(&self) -> Money {
        self.money(self.0.interest)
    }

    /// What was charged with the closure: fees.
    async fn fees(&self) -> Money {
        self.money(self.0.fees)
    }

    /// The balance: that of the one before, and all of its operations.
    async fn balance(&self) -> Money {
        self.money(self.0.balance)
    }

    /// The minimum payment, without arrears.
    async fn amount_due(&self) -> Money {
        self.money(self.0.amount_due)
    }

    /// What of it was open when it was closed: less where money had come since the closure.
    async fn initial_remaining_due(&self) -> Money {
        self.money(self.0.remaining_due)
    }

    /// What of earlier ones was open.
    async fn initial_past_due(&self) -> Money {
        self.money(self.0.past_due)
    }

    /// What a direct debit would draw, by the product's share.
    async fn theoretical_direct_debit(&self) -> Money {
        self.money(self.0.theoretical_direct_debit)
    }

    /// What the account's recurring payment draws; null of whoever pays by themselves.
    async fn direct_debit(&self) -> Option<Money> {
        self.0.direct_debit.map(|amount| self.money(amount))
    }

    /// By when the amount due is to be paid.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// When it is issued.
    async fn issue_on(&self) -> Date {
        Date(self.0.issue_on)
    }

    /// Where it is.
    async fn state(&self) -> StatementState {
        self.0.state
    }

    /// When it was closed.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was issued.
    async fn issued_at(&self) -> Option<DateTime> {
        self.0.issued_at.map(DateTime)
    }

    /// What its interest is made of.
    async fn interest_explanation(&self) -> InterestExplanation {
        let (amount, remainder) = rounded(&self.0.lines);
        let line = |line: &domain::InterestLine| InterestLine {
            side: line.side,
            from: Date(line.from),
            through: Date(line.until.pred_opt().unwrap_or(line.until)),
            days: i32::try_from((line.until - line.from).num_days()).unwrap_or(i32::MAX),
            balance: self.money(Minor(line.balance)),
            rate_pct: Decimal(line.percent),
            day_count: line.day_count,
            exact: Decimal(line.exact.normalize()),
            correction: line.correction,
        };
        InterestExplanation {
            amount: self.money(amount),
            remainder: Decimal(remainder.normalize()),
            free: self.0.interest_free,
            lines: self.0.lines.iter().map(line).collect(),
        }
    }

    /// Its operations, newest first. What a payment has paid of fees, interest and principal is in its breakdown. Scope: read.
    async fn operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Transaction>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        books::operations(caller, self.0.account, self.0.span(), &PageArgs::forward(first, after)).await
    }

    /// What was made of it: a bill, and reminders of it, newest first.
    async fn bills(&self, ctx: &Context<'_>) -> Result<Vec<Bill>, Fault> {
        let caller = caller(ctx)?;
        let rows = store::of_statement(caller.db(), caller.tenant(), self.0.id).await?;
        Ok(rows.into_iter().map(Bill).collect())
    }

    /// When it was asked for again, newest first. Scope: read.
    async fn reprints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<StatementReprint>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::StatementReprint>>::new(&PageArgs::forward(first, after))?;
        let page = window.page(Ordinal::place);
        let rows = store::reprints(caller.db(), caller.tenant(), self.0.id, page).await?;
        Ok(window.connect(rows, |row: &domain::StatementReprint| Ordinal::of(row.ordinal), StatementReprint))
    }

    /// What was printed of it, a moment after it was issued.
    async fn document(&self, ctx: &Context<'_>) -> Result<Option<Document>, Fault> {
        documents::printed(caller(ctx)?, self.0.document).await
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// The transactions of an account that the next statement has so far.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub(super) async fn next_operations(
    caller: &Caller,
    account: AccountId,
    args: &PageArgs,
) -> Result<Connection<Transaction>, Fault> {
    let billed = caller.loaders.row::<domain::BillingAccount>(domain::BillingAccount::id_of(account)).await?;
    let span = match billed {
        None => EntrySpan { cut: i64::MAX, ..EntrySpan::default() },
        Some(billed) => EntrySpan {
            above: billed.scan_from,
            cut: i64::MAX,
            through: None,
            before: billed.last_closure.map(|closure| (billed.last_cut, closure)),
            except: (billed.own_first, billed.own_last),
            also: (0, 0),
        },
    };
    books::operations(caller, account, span, args).await
}

/// The span of a statement that a filter of an account's transactions names; none where it is not that account's.
///
/// # Errors
/// The database's.
pub async fn filtered(
    caller: &Caller,
    account: AccountId,
    filter: &TransactionFilter,
) -> Result<Option<EntrySpan>, Fault> {
    let Some(id) = filter.statement().and_then(|id| id.parse::<StatementId>().ok()) else { return Ok(None) };
    let found = caller.loaders.row::<domain::Statement>(id).await?;
    Ok(found.filter(|statement| statement.account == account).map(|statement| statement.span()))
}

/// A statement by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: StatementId) -> Result<Option<Statement>, Fault> {
    let Some(statement) = caller.loaders.row::<domain::Statement>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, statement.account).await?.map(|_| Statement(statement)))
}

/// The statements of an account, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub(super) async fn list(
    caller: &Caller,
    account: AccountId,
    (from, to): (Option<Date>, Option<Date>),
    args: &PageArgs,
) -> Result<Connection<Statement>, Fault> {
    let window = Window::<Ordinal<domain::Statement>>::new(args)?;
    let span = (from.map(|day| day.0), to.map(|day| day.0));
    let rows = store::statements(caller.db(), caller.tenant(), account, span, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row: &domain::Statement| Ordinal::of(row.ordinal), Statement))
}

/// The statement of an account by its closure.
#[derive(Clone, Debug, InputObject)]
pub struct StatementOfAccount {
    /// Of which account.
    pub account: AccountBy,
    /// The day of the closure, as the tenant's calendar has it.
    pub closed_on: Option<Date>,
    /// Or a moment of that day, in the tenant's time zone.
    pub closed_at: Option<DateTime>,
}

/// Names one statement.
#[derive(Clone, Debug, OneofObject)]
pub enum StatementBy {
    /// By its id.
    Id(ID),
    /// By its account and its closure; the last one when neither a day nor a moment is given.
    Of(StatementOfAccount),
}

impl StatementBy {
    /// The statement that it names, if the token sees it.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, caller: &Caller) -> Result<Option<Statement>, Fault> {
        let of = match self {
            Self::Id(id) => {
                return match id.parse() {
                    Ok(id) => by_id(caller, id).await,
                    Err(_) => Ok(None),
                };
            }
            Self::Of(of) => of,
        };
        let Some(by) = of.account.to_domain() else { return Ok(None) };
        let (db, tenant) = (caller.db(), caller.tenant());
        let Some(account) = store_of_accounts::find(db, tenant, caller.customer(), &by).await? else { return Ok(None) };
        let day = match (of.closed_on, of.closed_at) {
            (Some(day), _) => Some(day.0),
            (None, Some(moment)) => Some(local_day(caller, moment).await?),
            (None, None) => None,
        };
        let page = crate::ledger::query::Page { limit: 1, ..crate::ledger::query::Page::default() };
        let rows = store::statements(db, tenant, account.id, (day, day), page).await?;
        Ok(rows.into_iter().next().map(Statement))
    }

    /// The id of the statement that it names, for a command.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field, and the database's.
    pub async fn id(&self, caller: &Caller, field: &str) -> Result<Result<StatementId, Refused>, Fault> {
        let found = self.find(caller).await?;
        Ok(named(field, "statement", found.map(|statement| statement.0.id)))
    }
}

/// The day that a moment is of, where the tenant is.
async fn local_day(caller: &Caller, moment: DateTime) -> Result<chrono::NaiveDate, Fault> {
    let present = present::of(caller.db(), caller.engine.clock(), caller.tenant()).await?;
    Ok(present.head.settings.time_zone.local_date(moment.0))
}

/// Questions about billing. Scope: read.
#[derive(Debug, Default)]
pub struct BillingQuery;

/// Questions about billing. Scope: read.
#[Object]
impl BillingQuery {
    /// One statement. Null for what does not exist or is not yours to see.
    async fn statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] by: StatementBy,
    ) -> Result<Option<Statement>, Fault> {
        by.find(allowed(ctx, Scope::Read)?).await
    }

    /// One bill. Null for what does not exist or is not yours to see.
    async fn bill(&self, ctx: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Bill>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        match id.parse() {
            Ok(id) => bills::by_id(caller, id).await,
            Err(_) => Ok(None),
        }
    }
}
