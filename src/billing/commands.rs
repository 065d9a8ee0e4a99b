//! What people do with billing: how a product is billed, lifting a delinquency, asking for a statement again.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::bills::billed_open;
use super::events::{self, DELINQUENCY_CANCELLED, STATEMENT_REPRINTED};
use super::interest::{DayCount, InterestTerms, RateVersion, Tier};
use super::model::{BillingAccount, BillingPlan, BillingTerms, ReminderStep, Statement, StatementReprint};
use super::refusals::NOT_DELINQUENT;
use crate::accounts::{AccountBy, Family, ProductBy, WorkingMode};
use crate::dues;
use crate::ledger::amounts::to_minor;
use crate::primitives::calendar::RollRule;
use crate::primitives::{Amount, Currency, Minor, Money, StatementId};
use crate::refused::Refused;
use crate::work::{Command, Decision, Owned as _, Wants, Work};

/// A tier as an input gives it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NewTier {
    /// From which amount on.
    pub above: Amount,
    /// A year, in percent.
    pub percent: Amount,
}

/// Rates as an input gives them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewRates {
    /// The first day.
    pub from: NaiveDate,
    /// By the amount.
    pub tiers: Vec<NewTier>,
}

/// Interest as an input gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewInterest {
    /// How days are counted.
    pub day_count: DayCount,
    /// On debt.
    pub debit: Vec<NewRates>,
    /// On funds.
    pub credit: Vec<NewRates>,
    /// Whether debt is spared where the statement before was paid in full.
    pub free_when_paid: bool,
}

/// A reminder as an input gives it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NewReminder {
    /// How many days after the due date.
    pub after_days: u16,
    /// What it costs.
    pub fee: Option<Amount>,
}

/// Says how the accounts of a product are billed: all of it, each time. Cycles that are closed stay as they were.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetBillingPlan {
    /// Of which product.
    pub product: ProductBy,
    /// The day of the month on which cycles are closed.
    pub closure_day: u8,
    /// Where that goes which is no business day.
    pub roll: RollRule,
    /// After how many days statements are issued.
    pub issue_after_days: u16,
    /// After how many days they are to be paid.
    pub payment_days: u16,
    /// What of the debt is to be paid at least, in percent.
    pub minimum_share: Amount,
    /// And at least this much.
    pub minimum_floor: Option<Amount>,
    /// What a direct debit would draw, in percent.
    pub direct_debit_share: Amount,
    /// What a statement costs.
    pub statement_fee: Option<Amount>,
    /// Reminders, in their order.
    pub reminders: Vec<NewReminder>,
    /// After how many days it is to be collected.
    pub collection_after_days: Option<u16>,
    /// What that costs.
    pub collection_fee: Option<Amount>,
    /// What bears interest.
    pub interest: Option<NewInterest>,
}

fn minor(field: &str, amount: Option<Amount>, currency: Currency) -> Result<Minor, Refused> {
    match amount {
        Some(amount) => to_minor(field, Money { amount: amount.0, currency }),
        None => Ok(Minor::ZERO),
    }
}

fn versions(field: &str, rates: &[NewRates], currency: Currency) -> Result<Vec<RateVersion>, Refused> {
    let version = |(place, rates): (usize, &NewRates)| {
        let tier = |(tier_place, tier): (usize, &NewTier)| {
            let field = format!("interest.{field}.{place}.tiers.{tier_place}.above");
            let above = minor(&field, Some(tier.above), currency)?;
            Ok(Tier { above: above.0, percent: tier.percent.0 })
        };
        let tiers = rates.tiers.iter().enumerate().map(tier).collect::<Result<_, Refused>>()?;
        Ok(RateVersion { from: rates.from, tiers })
    };
    rates.iter().enumerate().map(version).collect()
}

impl SetBillingPlan {
    fn terms(&self, currency: Currency) -> Result<BillingTerms, Refused> {
        let reminder = |(place, step): (usize, &NewReminder)| {
            let fee = minor(&format!("reminders.{place}.fee"), step.fee, currency)?;
            Ok(ReminderStep { after_days: step.after_days, fee })
        };
        let interest = match &self.interest {
            None => None,
            Some(new) => Some(InterestTerms {
                day_count: new.day_count,
                debit: versions("debit", &new.debit, currency)?,
                credit: versions("credit", &new.credit, currency)?,
                free_when_paid: new.free_when_paid,
            }),
        };
        BillingTerms {
            closure_day: self.closure_day,
            roll: self.roll,
            issue_after_days: self.issue_after_days,
            payment_days: self.payment_days,
            minimum_share: self.minimum_share.0,
            minimum_floor: minor("minimumFloor", self.minimum_floor, currency)?,
            direct_debit_share: self.direct_debit_share.0,
            statement_fee: minor("statementFee", self.statement_fee, currency)?,
            reminders: self.reminders.iter().enumerate().map(reminder).collect::<Result<_, Refused>>()?,
            collection_after_days: self.collection_after_days,
            collection_fee: minor("collectionFee", self.collection_fee, currency)?,
            interest,
        }
        .checked()
    }
}

impl Command for SetBillingPlan {
    const OPERATION: &'static str = "setBillingPlan";
    type Made = BillingPlan;

    fn looks_at(&self, wants: &mut Wants) {
        self.product.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` for a product whose accounts are not billed (a prepaid one, receivables), for
    /// the debit rates of one that is paid at once, and for the first field at fault, `AMOUNT_OUT_OF_RANGE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<BillingPlan>> {
        let product = self.product.locate(work, "product")?;
        let is_prepaid = product.working_mode == Some(WorkingMode::PayBefore);
        if is_prepaid || matches!(product.family, Family::Receivable | Family::Virtual) {
            return Err(Refused::invalid("product", "accounts of this product are not billed").into());
        }
        let terms = self.terms(product.currency)?;
        let owes = terms.interest.as_ref().is_some_and(|interest| !interest.debit.is_empty());
        if product.working_mode == Some(WorkingMode::PayNow) && owes {
            return Err(Refused::invalid("interest.debit", "what is paid at once bears no interest").into());
        }
        let (today, now, id) = (work.today(), work.now(), BillingPlan::id_of(product.id));
        let plan = match work.get::<BillingPlan>(id)? {
            None => work.insert(BillingPlan { product: product.id, terms, starts_on: today, changed_at: now })?,
            Some(_) => work.change::<BillingPlan, Refused>(id, |plan| {
                plan.terms = terms;
                plan.changed_at = now;
                Ok(())
            })?,
        };
        work.tell(events::of_plan(&plan));
        Ok(plan)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Lifts an account out of delinquency; what was due by now makes none any more. With `cancel_overdue`, it is not asked for
/// either: the debt stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelDelinquency {
    /// Of which account.
    pub account: AccountBy,
    /// Whether the overdue minimum payment is cancelled as well.
    pub cancel_overdue: bool,
}

impl Command for CancelDelinquency {
    const OPERATION: &'static str = "cancelDelinquency";
    type Made = BillingAccount;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `NOT_DELINQUENT`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<BillingAccount>> {
        let account = self.account.locate(work, "account")?;
        let id = BillingAccount::id_of(account.id);
        let found = work.get::<BillingAccount>(id)?;
        let not = || Refused::of_field(NOT_DELINQUENT, "account", "no minimum payment of the account is overdue");
        let billed = found.filter(|billed| billed.delinquent_since.is_some()).ok_or_else(not)?;
        let today = work.today();
        let overdue: Vec<_> = billed_open(work, account.id)?.into_iter().filter(|due| due.due_on < today).collect();
        let last = overdue.iter().map(|due| due.due_on).max();
        if self.cancel_overdue {
            for due in &overdue {
                dues::cancel(work, due.id, "DELINQUENCY_CANCELLED")?;
            }
        }
        let lifted = last.max(billed.lifted_through);
        let billed = work.change::<BillingAccount, Refused>(id, |billed| {
            billed.delinquent_since = None;
            billed.lifted_through = lifted;
            Ok(())
        })?;
        work.tell(events::of_delinquency(DELINQUENCY_CANCELLED, &billed));
        Ok(billed)
    }

    fn weight(&self) -> usize {
        6
    }
}

/// Asks for a statement again: whoever puts them out is told by the event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReprintStatement {
    /// Which.
    pub statement: StatementId,
}

impl Command for ReprintStatement {
    const OPERATION: &'static str = "reprintStatement";
    type Made = StatementReprint;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Statement>(self.statement);
    }

    /// Refused as: `NOT_FOUND`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<StatementReprint>> {
        let statement = match work.get::<Statement>(self.statement)? {
            Some(statement) if statement.is_visible(work)? => statement,
            _ => return Err(Refused::not_found("statement", "statement").into()),
        };
        let reprint = StatementReprint {
            id: work.id(),
            ordinal: work.ordinal(),
            statement: statement.id,
            requested_at: work.now(),
            client: work.origin().client.to_string(),
            document: None,
        };
        let reprint = work.insert(reprint)?;
        work.tell(events::of_statement(STATEMENT_REPRINTED, &statement));
        Ok(reprint)
    }

    fn weight(&self) -> usize {
        3
    }
}
