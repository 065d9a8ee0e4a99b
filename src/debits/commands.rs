//! Making and cancelling direct debits.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::events::{self, DIRECT_DEBIT_CANCELLED, DIRECT_DEBIT_CREATED};
use super::model::{DebitSource, DirectDebit, DirectDebitState};
use super::refusals::NO_MANDATE_IN_FORCE;
use super::store::{END_TO_END, called};
use super::terms;
use crate::accounts::AccountBy;
use crate::ledger::Refusal;
use crate::ledger::amounts::positive;
use crate::ledger::refusal::CURRENCY_MISMATCH;
use crate::mandates::store::of_account;
use crate::mandates::{Mandate, MandateBy};
use crate::primitives::{AccountId, Currency, DirectDebitId, Minor, Money};
use crate::refused::{Facts, Refused, noted};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// How far ahead a collection may lie.
const MOST_DAYS_AHEAD: u64 = 366;
/// Characters that a payer's bank shows, at most.
const LONGEST_INFO: usize = 140;

/// Collects money by a mandate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateDirectDebit {
    /// For which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// By which mandate; the only one in force when absent.
    pub mandate: Option<MandateBy>,
    /// When it is to be paid; as early as can be when absent.
    pub collection_on: Option<NaiveDate>,
    /// Where goes what is left once everything that the account owes is paid.
    pub overpayment: Option<AccountBy>,
    /// What the payer is told.
    pub remittance_info: Option<String>,
    /// Whether nothing is collected by the mandate after it.
    pub last: bool,
}

/// A debit that is to be made, once all that an input names is known.
#[derive(Clone, Debug)]
pub struct NewDebit {
    /// For which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// How much.
    pub amount: Minor,
    /// By which mandate.
    pub mandate: Arc<Mandate>,
    /// When it is to be paid; as early as can be when absent.
    pub collection_on: Option<NaiveDate>,
    /// Where goes what is left.
    pub overpayment: Option<AccountId>,
    /// What the payer is told.
    pub remittance_info: Option<String>,
    /// Whether nothing is collected by the mandate after it.
    pub last: bool,
    /// What makes it.
    pub source: DebitSource,
    /// What it tries again, and the how-manieth try it is.
    pub retry: Option<(DirectDebitId, i64)>,
}

impl Command for CreateDirectDebit {
    const OPERATION: &'static str = "createDirectDebit";
    type Made = DirectDebit;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Some(mandate) = &self.mandate {
            mandate.hint(wants);
        }
        if let Some(overpayment) = &self.overpayment {
            overpayment.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` (account, mandate, overpayment account), `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`,
    /// `CURRENCY_MISMATCH`, `SAME_ACCOUNT`, `ACCOUNT_NOT_OPEN` once it is closed, `NO_MANDATE_IN_FORCE`,
    /// `MANDATE_NOT_ACTIVE`, `INVALID_STATE` behind the mandate's last collection, `INVALID_INPUT` for a day that is too
    /// early or too late, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DirectDebit>> {
        let account = self.account.locate(work, "account")?;
        let mandate = self.mandate.as_ref().map(|by| by.locate(work, "mandate")).transpose()?;
        let overpayment = self.overpayment.as_ref().map(|by| by.locate(work, "overpaymentAccount")).transpose()?;
        let amount = positive("amount", self.amount)?;
        let remittance_info = noted("remittanceInfo", self.remittance_info.as_deref())?;
        if remittance_info.as_ref().is_some_and(|info| info.chars().count() > LONGEST_INFO) {
            return Err(Refused::invalid("remittanceInfo", format!("must be at most {LONGEST_INFO} characters")).into());
        }
        for other in [Some(&account), overpayment.as_ref()].into_iter().flatten() {
            if other.currency != self.amount.currency {
                let message = format!("the account is in {}", other.currency);
                return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
            }
        }
        if overpayment.as_ref().is_some_and(|other| other.id == account.id) {
            return Err::<_, Stop>(Refusal::SameAccount.into()).of_field("overpaymentAccount");
        }
        let position = work.position(account.id)?;
        position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
        let mandate = match mandate {
            Some(mandate) if mandate.account != account.id => {
                return Err(Refused::invalid("mandate", "is of another account").into());
            }
            Some(mandate) => mandate,
            None => only_mandate(work, account.id)?,
        };
        let overpayment = overpayment.map(|other| other.id);
        let new = NewDebit {
            account: account.id,
            currency: account.currency,
            amount,
            mandate,
            collection_on: self.collection_on,
            overpayment,
            remittance_info,
            last: self.last,
            source: DebitSource::OnDemand,
            retry: None,
        };
        make(work, new)
    }

    fn amount(&self, debit: &DirectDebit) -> Option<Money> {
        Some(debit.amount.in_currency(debit.currency))
    }

    fn weight(&self) -> usize {
        4
    }
}

/// The mandate of an account that is in force, where there is one alone.
///
/// # Errors
/// `NO_MANDATE_IN_FORCE`, `INVALID_INPUT` where there are several.
pub fn only_mandate(work: &mut Work, account: AccountId) -> Decision<Arc<Mandate>> {
    let today = work.today();
    let mut usable = of_account(work, account)?.into_iter().filter(|one| one.require_usable(today).is_ok());
    match (usable.next(), usable.next()) {
        (Some(mandate), None) => Ok(mandate),
        (Some(_), Some(_)) => Err(Refused::invalid("mandate", "the account has several in force: say which").into()),
        (None, _) => {
            let message = "the account has no mandate in force that could be collected by";
            Err(Refused::of_field(NO_MANDATE_IN_FORCE, "account", message).into())
        }
    }
}

/// Makes a debit. Other domains that collect join here.
///
/// # Errors
/// `MANDATE_NOT_ACTIVE`, `INVALID_STATE` behind the mandate's last collection, `INVALID_INPUT` for a day that is too early
/// or too late.
pub fn make(work: &mut Work, new: NewDebit) -> Decision<Arc<DirectDebit>> {
    let (today, settings) = (work.today(), work.settings());
    new.mandate.require_usable(today)?;
    let earliest = terms::earliest(&settings, &new.mandate, today);
    let latest = today + Days::new(MOST_DAYS_AHEAD);
    let asked = new.collection_on.unwrap_or(earliest);
    if asked < earliest || asked > latest {
        let facts = Facts { earliest: Some(earliest), latest: Some(latest), ..Facts::default() };
        let message = format!("must lie between {earliest} and {latest}");
        let refused = Refused::invalid("collectionDate", message);
        return Err(Refused { facts: Box::new(facts), ..refused }.into());
    }
    // A day that is no business day is the next one that is.
    let collection_on = terms::after(&settings, asked, 0);
    let id: DirectDebitId = work.id();
    let sequence = new.mandate.next_sequence(new.last);
    let debit = DirectDebit {
        id,
        ordinal: work.ordinal(),
        end_to_end: end_to_end(id),
        account: new.account,
        overpayment: new.overpayment,
        mandate: new.mandate.id,
        mandate_reference: new.mandate.reference.clone(),
        sequence,
        currency: new.currency,
        amount: new.amount,
        source: new.source,
        state: DirectDebitState::Created,
        remittance_info: new.remittance_info,
        collection_on,
        send_on: terms::send_on(&settings, collection_on),
        sent_on: None,
        settled_on: None,
        available_on: None,
        ended_on: None,
        rail_on: None,
        reason: None,
        note: None,
        attempt: new.retry.map_or(1, |(_, attempt)| attempt),
        retry_of: new.retry.map(|(debit, _)| debit),
        retried_by: None,
        collected: None,
        payment: None,
        taken_back: None,
        fee: None,
        created_on: today,
        created_at: work.now(),
    };
    let debit = work.insert(debit)?;
    work.change::<Mandate, Refused>(new.mandate.id, |mandate| {
        mandate.use_for(id, sequence);
        Ok(())
    })?;
    work.tell(events::of(DIRECT_DEBIT_CREATED, &debit));
    Ok(debit)
}

/// What the rail knows a debit by: made of its id, so that it is nobody else's. 33 of the 35 characters that a bank takes.
fn end_to_end(id: DirectDebitId) -> String {
    format!("D{}", id.0.simple().to_string().to_uppercase())
}

/// Cancels a debit that is not sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelDirectDebit {
    /// Which.
    pub end_to_end: String,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for CancelDirectDebit {
    const OPERATION: &'static str = "cancelDirectDebit";
    type Made = DirectDebit;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<DirectDebit>(&END_TO_END, &self.end_to_end);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE` once it is sent.
    fn decide(&self, work: &mut Work) -> Decision<Arc<DirectDebit>> {
        let debit = called(work, &self.end_to_end)?;
        let note = noted("reason", self.reason.as_deref())?;
        cancel(work, &debit, note)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Cancels a debit: its place among the mandate's collections is free again.
///
/// # Errors
/// `INVALID_STATE` once it is sent.
pub fn cancel(work: &mut Work, debit: &DirectDebit, note: Option<String>) -> Decision<Arc<DirectDebit>> {
    let today = work.today();
    debit.require(DirectDebitState::Cancelled)?;
    let debit = work.change::<DirectDebit, Refused>(debit.id, |debit| {
        debit.turn(DirectDebitState::Cancelled, today)?;
        debit.note = note;
        Ok(())
    })?;
    give_back(work, &debit)?;
    work.tell(events::of(DIRECT_DEBIT_CANCELLED, &debit));
    Ok(debit)
}

/// The mandate's collection has come to nothing.
pub(super) fn give_back(work: &mut Work, debit: &DirectDebit) -> Decision<()> {
    work.get::<Mandate>(debit.mandate)?;
    work.change::<Mandate, Refused>(debit.mandate, |mandate| {
        mandate.give_back(debit.id);
        Ok(())
    })?;
    Ok(())
}
