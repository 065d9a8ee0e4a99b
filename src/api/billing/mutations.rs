//! `setBillingPlan`, `cancelDelinquency`, `reprintStatement`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};

use super::plan::BillingPlan;
use super::statements::{self, Statement, StatementBy, StatementReprint};
use crate::access::Scope;
use crate::accounts::model::Product;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::enums::DayCount;
use crate::api::fault::Fault;
use crate::api::input::{amount, named};
use crate::api::inputs::{AccountBy, ProductBy};
use crate::api::outputs::AccountOf;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Decimal};
use crate::billing::{
    CancelDelinquency, NewInterest, NewRates, NewReminder, NewTier, ReprintStatement, SetBillingPlan,
};
use crate::primitives::Amount;
use crate::primitives::calendar::RollRule;
use crate::refused::Refused;

/// A part of a balance, and what it bears.
#[derive(InputObject)]
pub struct InterestTierInput {
    /// From which amount on, in the product's currency: zero of the first.
    above: Decimal,
    /// A year, in percent: 0 to 100, with at most six decimals.
    rate_pct: Decimal,
}

/// Rates that hold from a day on, until the next version's.
#[derive(InputObject)]
pub struct InterestRateVersionInput {
    /// The first day.
    from: Date,
    /// By the amount, 1 to 10: what lies in a tier bears its rate.
    tiers: Vec<InterestTierInput>,
}

/// What bears interest, and how.
#[derive(InputObject)]
pub struct InterestTermsInput {
    /// How days are counted.
    day_count: DayCount,
    /// On debt, in the order of their days; up to 100 versions.
    #[graphql(default)]
    debit: Vec<InterestRateVersionInput>,
    /// On funds.
    #[graphql(default)]
    credit: Vec<InterestRateVersionInput>,
    /// Whether debt bears nothing in a cycle in which the statement before was paid in full by its due date.
    #[graphql(default)]
    free_when_paid: bool,
}

/// A reminder of a bill.
#[derive(InputObject)]
pub struct ReminderInput {
    /// How many days after the due date of what it reminds of: 1 to 90.
    after_days: u16,
    /// What is charged for it, in the product's currency.
    fee: Option<Decimal>,
}

/// How the accounts of a product are to be billed: all of it, each time.
#[derive(InputObject)]
pub struct SetBillingPlanInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which product.
    product: ProductBy,
    /// The day of the month on which cycles are closed, 1 to 31: the last one of a month that has fewer.
    closure_day: u8,
    /// Where that goes which is no business day.
    #[graphql(default_with = "RollRule::Preceding")]
    roll: RollRule,
    /// How many days after its closure a statement is issued: 0 to 28.
    #[graphql(default)]
    issue_after_days: u16,
    /// How many days after its closure a statement is to be paid: 0 to 60, and not before it is issued. A day that is no
    /// business day is the next one.
    payment_days: u16,
    /// What of the debt is to be paid at least, in percent: 0 to 100.
    minimum_share_pct: Decimal,
    /// And at least this much, in the product's currency, or the debt where that is less.
    minimum_floor: Option<Decimal>,
    /// What of the debt a direct debit would draw, in percent; at least the amount due. All of it when absent.
    direct_debit_share_pct: Option<Decimal>,
    /// What a statement costs, in the product's currency.
    statement_fee: Option<Decimal>,
    /// What follows a bill that is not paid: at most two.
    #[graphql(default)]
    reminders: Vec<ReminderInput>,
    /// How many days after the due date of the last of them it is to be collected, 1 to 180; never when absent.
    collection_after_days: Option<u16>,
    /// What that costs, in the product's currency.
    collection_fee: Option<Decimal>,
    /// What bears interest; nothing does when absent.
    interest: Option<InterestTermsInput>,
}

/// A delinquency to lift.
#[derive(InputObject)]
pub struct CancelDelinquencyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which account.
    account: AccountBy,
    /// Whether the overdue minimum payment is not asked for any more. The debt stays.
    #[graphql(default)]
    cancel_overdue_minimum: bool,
}

/// A statement to put out again.
#[derive(InputObject)]
pub struct ReprintStatementInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which statement.
    statement: StatementBy,
}

outcomes! {
    /// How the accounts of a product are billed was set.
    SetBillingPlanResult = SetBillingPlanSuccess {
        /// The plan.
        plan: BillingPlan,
    }

    /// A delinquency was lifted.
    CancelDelinquencyResult = CancelDelinquencySuccess {
        /// The account, as it is now.
        account: AccountOf,
    }

    /// A statement was asked for again.
    ReprintStatementResult = ReprintStatementSuccess {
        /// The statement.
        statement: Statement,
        /// When, and by whom.
        reprint: StatementReprint,
    }
}

/// Mutations of billing.
#[derive(Default)]
pub struct BillingMutation;

#[Object]
impl BillingMutation {
    /// Says how the accounts of a product are billed. Closed cycles stay as they were; the present one goes by the new
    /// terms. Scope: admin.
    async fn set_billing_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How.")] input: SetBillingPlanInput,
    ) -> Result<Option<SetBillingPlanResult>, Fault> {
        let call = Call::begin(ctx, "setBillingPlan", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => SetBillingPlanResult::Refused(refusal),
            Reply::Done(done) => {
                let product = caller(ctx)?.loaders.row::<Product>(done.value.product).await?;
                let product = product.ok_or_else(|| Fault::internal(&"a plan without its product"))?;
                SetBillingPlanResult::Done(SetBillingPlanSuccess {
                    plan: BillingPlan(Arc::unwrap_or_clone(done.value), product.currency),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Lifts an account out of delinquency: what was due by now makes none any more. Scope: money.
    async fn cancel_delinquency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which account.")] input: CancelDelinquencyInput,
    ) -> Result<Option<CancelDelinquencyResult>, Fault> {
        let call = Call::begin(ctx, "cancelDelinquency", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CancelDelinquencyResult::Refused(refusal),
            Reply::Done(done) => CancelDelinquencyResult::Done(CancelDelinquencySuccess {
                account: AccountOf(done.value.account),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Asks for a statement again: the event `STATEMENT_REPRINTED` tells whoever puts them out. Scope: money.
    async fn reprint_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReprintStatementInput,
    ) -> Result<Option<ReprintStatementResult>, Fault> {
        let call = Call::begin(ctx, "reprintStatement", Scope::Money, Reach::Own).await?;
        let caller = caller(ctx)?;
        let statement = input.statement.id(caller, "statement").await?;
        let command = statement.map(|statement| ReprintStatement { statement });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => ReprintStatementResult::Refused(refusal),
            Reply::Done(done) => {
                let statement = statements::by_id(caller, done.value.statement).await?;
                ReprintStatementResult::Done(ReprintStatementSuccess {
                    statement: statement.ok_or_else(|| Fault::internal(&"a reprint without its statement"))?,
                    reprint: StatementReprint(Arc::unwrap_or_clone(done.value)),
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}

impl InterestRateVersionInput {
    fn rates(self) -> NewRates {
        let tier = |tier: InterestTierInput| NewTier { above: Amount(tier.above.0), percent: Amount(tier.rate_pct.0) };
        NewRates { from: self.from.0, tiers: self.tiers.into_iter().map(tier).collect() }
    }
}

impl SetBillingPlanInput {
    fn command(self) -> Result<SetBillingPlan, Refused> {
        let rates = |versions: Vec<InterestRateVersionInput>| {
            versions.into_iter().map(InterestRateVersionInput::rates).collect::<Vec<_>>()
        };
        let interest = self.interest.map(|terms| NewInterest {
            day_count: terms.day_count,
            debit: rates(terms.debit),
            credit: rates(terms.credit),
            free_when_paid: terms.free_when_paid,
        });
        let reminder = |step: ReminderInput| NewReminder { after_days: step.after_days, fee: amount(step.fee) };
        Ok(SetBillingPlan {
            product: named("product", "product", self.product.to_domain())?,
            closure_day: self.closure_day,
            roll: self.roll,
            issue_after_days: self.issue_after_days,
            payment_days: self.payment_days,
            minimum_share: Amount(self.minimum_share_pct.0),
            minimum_floor: amount(self.minimum_floor),
            direct_debit_share: amount(self.direct_debit_share_pct)
                .unwrap_or(Amount(rust_decimal::Decimal::ONE_HUNDRED)),
            statement_fee: amount(self.statement_fee),
            reminders: self.reminders.into_iter().map(reminder).collect(),
            collection_after_days: self.collection_after_days,
            collection_fee: amount(self.collection_fee),
            interest,
        })
    }
}

impl CancelDelinquencyInput {
    fn command(self) -> Result<CancelDelinquency, Refused> {
        Ok(CancelDelinquency {
            account: named("account", "account", self.account.to_domain())?,
            cancel_overdue: self.cancel_overdue_minimum,
        })
    }
}
