//! `BillingPlan`: how the accounts of a product are billed.

use async_graphql::{Context, Object, SimpleObject};

use crate::accounts::model::Product;
use crate::api::context::caller;
use crate::api::enums::DayCount;
use crate::api::fault::Fault;
use crate::api::money::Money;
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::billing::interest::{InterestTerms, RateVersion};
use crate::billing::{self as domain};
use crate::primitives::calendar::RollRule;
use crate::primitives::{Currency, Minor};

/// A plan in the API.
#[derive(Clone, Debug)]
pub struct BillingPlan(pub(super) domain::BillingPlan, pub(super) Currency);

impl BillingPlan {
    /// A product's, if its accounts are billed.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, product: &Product) -> Result<Option<Self>, Fault> {
        let id = domain::BillingPlan::id_of(product.id);
        let plan = caller(ctx)?.loaders.row::<domain::BillingPlan>(id).await?;
        Ok(plan.map(|plan| Self(plan, product.currency)))
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.1)
    }
}

/// A part of a balance, and what it bears.
#[derive(Clone, Debug, SimpleObject)]
pub struct InterestTier {
    /// From which amount on.
    above: Money,
    /// A year, in percent: what lies between this tier and the next bears it.
    rate_pct: Decimal,
}

/// Rates that hold from a day on.
#[derive(Clone, Debug, SimpleObject)]
pub struct InterestRateVersion {
    /// The first day.
    from: Date,
    /// By the amount.
    tiers: Vec<InterestTier>,
}

/// What bears interest, and how.
#[derive(Clone, Debug, SimpleObject)]
pub struct InterestTermsOfProduct {
    /// How days are counted.
    day_count: DayCount,
    /// On debt, in the order of their days.
    debit: Vec<InterestRateVersion>,
    /// On funds.
    credit: Vec<InterestRateVersion>,
    /// Whether debt bears nothing in a cycle in which the statement before was paid in full by its due date.
    free_when_paid: bool,
}

impl InterestTermsOfProduct {
    fn of(terms: &InterestTerms, currency: Currency) -> Self {
        let version = |version: &RateVersion| InterestRateVersion {
            from: Date(version.from),
            tiers: version
                .tiers
                .iter()
                .map(|tier| InterestTier {
                    above: Money::of(Minor(tier.above), currency),
                    rate_pct: Decimal(tier.percent),
                })
                .collect(),
        };
        Self {
            day_count: terms.day_count,
            debit: terms.debit.iter().map(version).collect(),
            credit: terms.credit.iter().map(version).collect(),
            free_when_paid: terms.free_when_paid,
        }
    }
}

/// A reminder of a bill.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReminderTerms {
    /// How many days after the due date of what it reminds of.
    after_days: i32,
    /// What is charged for it.
    fee: Money,
}

/// How the accounts of a product are billed.
#[Object]
impl BillingPlan {
    /// The day of the month on which cycles are closed: the last one of a month that has fewer.
    async fn closure_day(&self) -> i32 {
        self.0.terms.closure_day.into()
    }

    /// Where that goes which is no business day.
    async fn roll(&self) -> RollRule {
        self.0.terms.roll
    }

    /// How many days after its closure a statement is issued.
    async fn issue_after_days(&self) -> i32 {
        self.0.terms.issue_after_days.into()
    }

    /// How many days after its closure a statement is to be paid.
    async fn payment_days(&self) -> i32 {
        self.0.terms.payment_days.into()
    }

    /// What of the debt is to be paid at least, in percent.
    async fn minimum_share_pct(&self) -> Decimal {
        Decimal(self.0.terms.minimum_share)
    }

    /// And at least this much, or the debt where that is less.
    async fn minimum_floor(&self) -> Money {
        self.money(self.0.terms.minimum_floor)
    }

    /// What of the debt a direct debit would draw, in percent; at least the amount due.
    async fn direct_debit_share_pct(&self) -> Decimal {
        Decimal(self.0.terms.direct_debit_share)
    }

    /// What a statement costs.
    async fn statement_fee(&self) -> Money {
        self.money(self.0.terms.statement_fee)
    }

    /// What follows a bill that is not paid, in its order.
    async fn reminders(&self) -> Vec<ReminderTerms> {
        let terms = self.0.terms.reminders.iter();
        terms.map(|step| ReminderTerms { after_days: step.after_days.into(), fee: self.money(step.fee) }).collect()
    }

    /// How many days after the due date of the last of them it is to be collected; never when null. The bill of the next
    /// statement takes the place of what is open, and is reminded of from the beginning: what is to come before it, has to fit
    /// between two closures.
    async fn collection_after_days(&self) -> Option<i32> {
        self.0.terms.collection_after_days.map(Into::into)
    }

    /// What that costs.
    async fn collection_fee(&self) -> Money {
        self.money(self.0.terms.collection_fee)
    }

    /// What bears interest; nothing does when null.
    async fn interest(&self) -> Option<InterestTermsOfProduct> {
        self.0.terms.interest.as_ref().map(|terms| InterestTermsOfProduct::of(terms, self.1))
    }

    /// The first day of the first cycle of accounts that were open then.
    async fn starts_on(&self) -> Date {
        Date(self.0.starts_on)
    }

    /// When it was set last.
    async fn changed_at(&self) -> DateTime {
        DateTime(self.0.changed_at)
    }
}
