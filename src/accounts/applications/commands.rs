//! What becomes of applications for a higher credit limit.

use std::sync::Arc;

use chrono::Days;
use serde::{Deserialize, Serialize};

use super::events::{
    self, LIMIT_APPLICATION_APPROVED, LIMIT_APPLICATION_DECLINED, LIMIT_APPLICATION_EXPIRED,
    LIMIT_APPLICATION_SUBMITTED, LIMIT_APPLICATION_WITHDRAWN,
};
use super::model::{DAYS, LimitApplication, LimitApplicationStatus, MOST_DAYS};
use crate::accounts::commands::require_owner;
use crate::accounts::model::{Account, Product};
use crate::accounts::refusals::LIMIT_APPLICATION_OPEN;
use crate::accounts::store::AccountBy;
use crate::jobs::approvals::APPROVAL_BY_MAKER;
use crate::ledger::amounts::to_minor;
use crate::ledger::event::EventType;
use crate::ledger::{AccountStatus, Position, Refusal};
use crate::primitives::{Amount, LimitApplicationId, Minor, Money};
use crate::refused::{Facts, Refused, noted};
use crate::work::{Command, Decision, Named as _, Owned as _, Stop, Wants, Work};

/// Applies for a higher credit limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApplyForRaisedCreditLimit {
    /// Of which account.
    pub account: AccountBy,
    /// The limit that is wanted.
    pub credit_limit: Amount,
    /// Why, for people.
    pub reason: Option<String>,
    /// How many days it is valid after today.
    pub valid_days: Option<u32>,
}

impl Command for ApplyForRaisedCreditLimit {
    const OPERATION: &'static str = "applyForRaisedCreditLimit";
    type Made = LimitApplication;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT` (reason, days, a product without a limit, and one that is not higher than the
    /// present one), `AMOUNT_OUT_OF_RANGE`, `LIMIT_EXCEEDED` above the product's maximum, `ACCOUNT_NOT_OPEN`,
    /// `LIMIT_APPLICATION_OPEN`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<LimitApplication>> {
        let account = self.account.locate(work, "account")?;
        let reason = noted("reason", self.reason.as_deref())?;
        let days = self.valid_days.map_or(DAYS, u64::from);
        if days > MOST_DAYS {
            return Err(Refused::invalid("validDays", format!("at most {MOST_DAYS}")).into());
        }
        let wanted = Money { amount: self.credit_limit.0, currency: account.currency };
        let wanted = to_minor("creditLimit", wanted)?;
        let product = product_of(work, &account)?;
        let position = work.position(account.id)?;
        product.check_limit("creditLimit", wanted)?;
        require_higher("creditLimit", wanted, &position)?;
        if position.status != AccountStatus::Open {
            let refusal = Refusal::AccountNotOpen { account: account.id, status: position.status };
            return Err(Stop::from(refusal)).named(&[(account.id, "account")]);
        }
        if let Some(open) = account.application {
            // One that nobody decided in time is out of the way of the next one.
            let found = work.get::<LimitApplication>(open)?;
            let found = found.ok_or_else(|| Stop::damaged("an account's application is not there"))?;
            if found.stands(work.today()) == LimitApplicationStatus::Submitted {
                let message = "the account has an application that is not decided yet";
                let refused = Refused::of_field(LIMIT_APPLICATION_OPEN, "account", message);
                let facts = Facts { account: Some(account.id), application: Some(open), ..Facts::default() };
                return Err(Refused { facts: Box::new(facts), ..refused }.into());
            }
            Ending::new(LimitApplicationStatus::Expired).of(work, &found)?;
        }
        let origin = work.origin().clone();
        let application = LimitApplication {
            id: work.id(),
            ordinal: work.ordinal(),
            account: account.id,
            customer: account.owner,
            currency: account.currency,
            wanted,
            former: position.credit_limit,
            granted: None,
            reason,
            status: LimitApplicationStatus::Submitted,
            maker: origin.client.to_string(),
            maker_customer: origin.customer,
            valid_through: work.today() + Days::new(days),
            submitted_at: work.now(),
            ended_at: None,
            decided_by: None,
            comment: None,
        };
        let application = work.insert(application)?;
        open_at(work, &application, Some(application.id))?;
        work.tell(events::of(LIMIT_APPLICATION_SUBMITTED, &application));
        Ok(application)
    }

    fn weight(&self) -> usize {
        5
    }

    /// The limit that is wanted.
    fn amount(&self, application: &LimitApplication) -> Option<Money> {
        Some(application.wanted.in_currency(application.currency))
    }
}

/// Takes an application back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WithdrawLimitApplication {
    /// Which.
    pub application: LimitApplicationId,
    /// For people.
    pub comment: Option<String>,
}

impl Command for WithdrawLimitApplication {
    const OPERATION: &'static str = "withdrawLimitApplication";
    type Made = LimitApplication;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<LimitApplication>(self.application);
    }

    /// Refused as: `NOT_FOUND`, also for what somebody else has asked for where the token is not the owner's,
    /// `INVALID_INPUT`, `CUSTOMER_ERASED` for a comment, `INVALID_STATE` for one that is over, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<LimitApplication>> {
        let found = located(work, self.application)?;
        // Whoever sees it with a token of the owner's may take it back, whoever has asked in their name.
        if !found.is_by(work.origin()) && work.origin().customer.is_none() {
            return Err(Refused::not_found("application", "application of yours").into());
        }
        let comment = remarked(work, &found, self.comment.as_deref())?;
        Ending { comment, ..Ending::new(LimitApplicationStatus::Withdrawn) }.of(work, &found)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Says yes or no to an application: a yes raises the limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecideLimitApplication {
    /// To which.
    pub application: LimitApplicationId,
    /// Yes.
    pub approve: bool,
    /// The limit that is granted, where it is less than what is wanted.
    pub credit_limit: Option<Amount>,
    /// For people.
    pub comment: Option<String>,
}

impl Command for DecideLimitApplication {
    const OPERATION: &'static str = "decideLimitApplication";
    type Made = LimitApplication;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<LimitApplication>(self.application);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for one that is over, `APPROVAL_BY_MAKER`, `INVALID_INPUT`,
    /// `CUSTOMER_ERASED` for a comment, `AMOUNT_OUT_OF_RANGE`, `LIMIT_EXCEEDED` above the product's maximum as it is now, `ACCOUNT_NOT_OPEN`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<LimitApplication>> {
        let found = located(work, self.application)?;
        let stands = found.stands(work.today());
        if stands != LimitApplicationStatus::Submitted {
            return Ending::new(LimitApplicationStatus::Declined).of(work, &found);
        }
        if found.is_by(work.origin()) {
            let message = "whoever applied for it cannot decide it";
            return Err(Refused::of_field(APPROVAL_BY_MAKER, "application", message).into());
        }
        let comment = remarked(work, &found, self.comment.as_deref())?;
        let given = match self.credit_limit {
            Some(_) if !self.approve => return Err(Refused::invalid("creditLimit", "is of a yes alone").into()),
            Some(limit) => to_minor("creditLimit", Money { amount: limit.0, currency: found.currency })?,
            None => found.wanted,
        };
        if !self.approve {
            return Ending { comment, ..Ending::new(LimitApplicationStatus::Declined) }.of(work, &found);
        }
        if given > found.wanted {
            return Err(Refused::invalid("creditLimit", "is more than what was applied for").into());
        }
        let field = if self.credit_limit.is_some() { "creditLimit" } else { "application" };
        let account = work.get::<Account>(found.account)?;
        let account = account.ok_or_else(|| Stop::damaged("an application without its account"))?;
        let position = work.position(account.id)?;
        product_of(work, &account)?.check_limit(field, given)?;
        require_higher(field, given, &position)?;
        work.raise_credit_limit(account.id, given).of_field("application")?;
        Ending { comment, granted: Some(given), ..Ending::new(LimitApplicationStatus::Approved) }.of(work, &found)
    }

    fn weight(&self) -> usize {
        6
    }

    /// The limit that is granted.
    fn amount(&self, application: &LimitApplication) -> Option<Money> {
        application.granted.map(|granted| granted.in_currency(application.currency))
    }
}

/// What is remarked on an application: of whoever was erased nothing is written down again.
fn remarked(work: &mut Work, application: &LimitApplication, comment: Option<&str>) -> Decision<Option<String>> {
    let comment = noted("comment", comment)?;
    if comment.is_some() {
        let account = work.get::<Account>(application.account)?;
        let account = account.ok_or_else(|| Stop::damaged("an application without its account"))?;
        require_owner(work, &account, "application")?;
    }
    Ok(comment)
}

/// How one ends.
pub(super) struct Ending {
    status: LimitApplicationStatus,
    granted: Option<Minor>,
    comment: Option<String>,
}

impl Ending {
    pub(super) fn new(status: LimitApplicationStatus) -> Self {
        Self { status, granted: None, comment: None }
    }

    fn event(&self) -> EventType {
        match self.status {
            LimitApplicationStatus::Submitted => LIMIT_APPLICATION_SUBMITTED,
            LimitApplicationStatus::Approved => LIMIT_APPLICATION_APPROVED,
            LimitApplicationStatus::Declined => LIMIT_APPLICATION_DECLINED,
            LimitApplicationStatus::Withdrawn => LIMIT_APPLICATION_WITHDRAWN,
            LimitApplicationStatus::Expired => LIMIT_APPLICATION_EXPIRED,
        }
    }

    /// Ends it: the account has none any more.
    pub(super) fn of(self, work: &mut Work, found: &LimitApplication) -> Decision<Arc<LimitApplication>> {
        let (today, now, by, event) = (work.today(), work.now(), work.origin().client.to_string(), self.event());
        let by = (self.status != LimitApplicationStatus::Expired).then_some(by);
        let application = work.change::<LimitApplication, Refused>(found.id, |application| {
            application.end(self.status, today, now)?;
            application.granted = self.granted;
            application.decided_by = by;
            application.comment = self.comment;
            Ok(())
        })?;
        open_at(work, &application, None)?;
        work.tell(events::of(event, &application));
        Ok(application)
    }
}

/// What the account has of it: the one that is open.
fn open_at(work: &mut Work, application: &LimitApplication, open: Option<LimitApplicationId>) -> Decision<()> {
    work.get::<Account>(application.account)?;
    work.change::<Account, Refused>(application.account, |account| {
        account.application = open;
        Ok(())
    })?;
    Ok(())
}

fn product_of(work: &mut Work, account: &Account) -> Decision<Arc<Product>> {
    work.get::<Product>(account.product)?.ok_or_else(|| Stop::damaged("an account without its product"))
}

fn require_higher(field: &str, limit: Minor, position: &Position) -> Result<(), Refused> {
    if limit > position.credit_limit {
        return Ok(());
    }
    let present = position.credit_limit.in_currency(position.currency);
    let facts = Box::new(Facts { limit: Some(present), ..Facts::default() });
    Err(Refused { facts, ..Refused::invalid(field, format!("is not more than the present limit, {present}")) })
}

/// The application that an input names, if the origin sees it.
fn located(work: &mut Work, id: LimitApplicationId) -> Decision<Arc<LimitApplication>> {
    match work.get::<LimitApplication>(id)? {
        Some(application) if application.is_visible(work)? => Ok(application),
        _ => Err(Refused::not_found("application", "application").into()),
    }
}
