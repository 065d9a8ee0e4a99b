//! What billing adds to the fields of every account.

use async_graphql::{Context, Object, SimpleObject};

use super::bills::{self, Bill};
use super::statements::{self, Statement};
use crate::access::Scope;
use crate::accounts::model;
use crate::api::books::Transaction;
use crate::api::context::{allowed, caller};
use crate::api::enums::{BillStatus, DelinquencyBucket};
use crate::api::fault::Fault;
use crate::api::money::Money;
use crate::api::pagination::{Connection, PageArgs};
use crate::api::scalars::{Date, Decimal};
use crate::billing::interest::{effective, rate_on};
use crate::billing::{self as domain, store};

/// The fields that this part adds; flattened into those of every account.
#[derive(Clone, Debug)]
pub struct BillingFields(pub(in crate::api) model::Account);

/// What an account bears today, a year.
#[derive(Clone, Debug, SimpleObject)]
pub struct InterestRates {
    /// On debt, in percent: the first tier's.
    debit_pct: Option<Decimal>,
    /// The same as an effective annual rate, charged month by month, in percent with two decimals.
    effective_debit_pct: Option<Decimal>,
    /// On funds, in percent: the first tier's.
    credit_pct: Option<Decimal>,
    /// The same as an effective annual rate.
    effective_credit_pct: Option<Decimal>,
}

/// A minimum payment that is overdue.
#[derive(Clone, Debug, SimpleObject)]
pub struct Delinquency {
    /// The due date of what has been overdue longest.
    since: Date,
    /// How many days ago that was.
    days_past_due: i32,
    /// How long, as portfolios count it.
    bucket: DelinquencyBucket,
    /// What is open of what was billed.
    open: Money,
}

/// What billing adds to every account.
#[Object]
impl BillingFields {
    /// Its statements, newest first. Scope: read.
    async fn statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that were closed on this day or later.")] from: Option<Date>,
        #[graphql(desc = "Only those that were closed on this day or earlier.")] to: Option<Date>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Statement>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        statements::list(caller, self.0.id, (from, to), &PageArgs::forward(first, after)).await
    }

    /// The last statement; null before the first closure.
    async fn last_statement(&self, ctx: &Context<'_>) -> Result<Option<Statement>, Fault> {
        let loaders = &caller(ctx)?.loaders;
        let billed = loaders.row::<domain::BillingAccount>(domain::BillingAccount::id_of(self.0.id)).await?;
        match billed.and_then(|billed| billed.last_statement) {
            None => Ok(None),
            Some(id) => Ok(loaders.row::<domain::Statement>(id).await?.map(Statement)),
        }
    }

    /// When its cycle is closed next; null where it is not billed.
    async fn next_closure(&self, ctx: &Context<'_>) -> Result<Option<Date>, Fault> {
        let id = domain::BillingAccount::id_of(self.0.id);
        let billed = caller(ctx)?.loaders.row::<domain::BillingAccount>(id).await?;
        Ok(billed.map(|billed| Date(billed.next_closure)))
    }

    /// What was booked since the last closure: it will be on the next statement. Newest first. Scope: read.
    async fn next_statement_operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Transaction>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        statements::next_operations(caller, self.0.id, &PageArgs::forward(first, after)).await
    }

    /// The bill that is to be paid; null where none is. Scope: read.
    async fn open_bill(&self, ctx: &Context<'_>) -> Result<Option<Bill>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let page = crate::ledger::query::Page { limit: 1, ..crate::ledger::query::Page::default() };
        let found = store::bills(caller.db(), caller.tenant(), self.0.id, Some(BillStatus::Open), page).await?;
        Ok(found.into_iter().next().map(Bill))
    }

    /// Its bills and the reminders of them, newest first. Scope: read.
    async fn bills(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are to be paid, or only the others.")] status: Option<BillStatus>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Bill>, Fault> {
        bills::list(allowed(ctx, Scope::Read)?, self.0.id, status, &PageArgs::forward(first, after)).await
    }

    /// That its minimum payment is overdue, as the last business day found it; null where nothing is.
    async fn delinquency(&self, ctx: &Context<'_>) -> Result<Option<Delinquency>, Fault> {
        let caller = caller(ctx)?;
        let id = domain::BillingAccount::id_of(self.0.id);
        let billed = caller.loaders.row::<domain::BillingAccount>(id).await?;
        let Some(since) = billed.and_then(|billed| billed.delinquent_since) else { return Ok(None) };
        let standing = caller.loaders.position(self.0.id).await?;
        let today = standing.map_or(since, |standing| standing.today);
        let days = (today - since).num_days();
        let open = store::billed_open(caller.db(), caller.tenant(), self.0.id).await?;
        Ok(Some(Delinquency {
            since: Date(since),
            days_past_due: i32::try_from(days).unwrap_or(i32::MAX),
            bucket: DelinquencyBucket::of(days),
            open: Money::of(open, self.0.currency),
        }))
    }

    /// What it bears today; null where its product bears no interest.
    async fn interest_rates(&self, ctx: &Context<'_>) -> Result<Option<InterestRates>, Fault> {
        let caller = caller(ctx)?;
        let plan = caller.loaders.row::<domain::BillingPlan>(domain::BillingPlan::id_of(self.0.product)).await?;
        let Some(terms) = plan.and_then(|plan| plan.terms.interest) else { return Ok(None) };
        let standing = caller.loaders.position(self.0.id).await?;
        let today = standing.map_or_else(|| caller.engine.clock().today(), |standing| standing.today);
        let (debit, credit) = (rate_on(&terms.debit, today), rate_on(&terms.credit, today));
        Ok(Some(InterestRates {
            debit_pct: debit.map(Decimal),
            effective_debit_pct: debit.map(|rate| Decimal(effective(rate))),
            credit_pct: credit.map(Decimal),
            effective_credit_pct: credit.map(|rate| Decimal(effective(rate))),
        }))
    }
}
