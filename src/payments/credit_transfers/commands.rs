//! Making, cancelling and answering credit transfers.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::events;
use super::model::{CreditTransfer, CreditTransferState, TransferOutcome};
use super::store::{END_TO_END, ENTRY, called};
use crate::accounts::AccountBy;
use crate::accounts::bank::BankAccount;
use crate::ledger::Entry;
use crate::ledger::facts::EntryFacts;
use crate::mandates::Payer;
use crate::mandates::store::of_account;
use crate::payments::moves::{Details, PayOut};
use crate::primitives::{AccountId, CreditTransferId, EntryId, Money};
use crate::refused::{Facts, Refused, noted, reason};
use crate::work::{Command, Decision, Named as _, Reversal, Stop, Wants, Work};

/// Characters that a receiver's bank shows, at most.
const LONGEST_INFO: usize = 140;

/// Sends money from an account to a bank account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateCreditTransfer {
    /// From which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// To where; to the bank account of the account's mandate when absent.
    pub bank_account: Option<BankAccount>,
    /// The receiver's bank.
    pub bic: Option<String>,
    /// Who is paid.
    pub receiver_name: Option<String>,
    /// What the receiver is told.
    pub remittance_info: Option<String>,
    /// The rest.
    pub details: Details,
}

impl Command for CreateCreditTransfer {
    const OPERATION: &'static str = "createCreditTransfer";
    type Made = CreditTransfer;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, also where there is no bank account on file, `AMOUNT_OUT_OF_RANGE`, then the
    /// books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CreditTransfer>> {
        let account = self.account.locate(work, "account")?;
        if self.remittance_info.as_ref().is_some_and(|info| info.chars().count() > LONGEST_INFO) {
            return Err(Refused::invalid("remittanceInfo", format!("must be at most {LONGEST_INFO} characters")).into());
        }
        let bic = noted("bic", self.bic.as_deref())?;
        let (bank_account, holder) = match &self.bank_account {
            Some(bank_account) => (bank_account.clone(), None),
            None => on_file(work, account.id)?,
        };
        let name = self.receiver_name.clone().or(holder);
        let pay_out = PayOut {
            account: account.id,
            amount: self.amount,
            bank_account: &bank_account,
            bic,
            receiver_name: name.as_deref(),
            message_to_receiver: self.remittance_info.as_deref(),
            message_field: "remittanceInfo",
            own_message: None,
            details: &self.details,
            title: "Credit transfer",
            simulated_by: self.details.reference.as_deref().or(self.remittance_info.as_deref()),
        };
        let (entry, amount) = pay_out.book(work)?;
        let (today, settings) = (work.today(), work.settings());
        let id: CreditTransferId = work.id();
        let transfer = CreditTransfer {
            id,
            ordinal: work.ordinal(),
            // Made of its id, so that it is nobody else's. 33 of the 35 characters that a bank takes.
            end_to_end: format!("C{}", id.0.simple().to_string().to_uppercase()),
            account: account.id,
            entry: entry.id.to_string(),
            currency: self.amount.currency,
            amount,
            state: CreditTransferState::Created,
            send_on: settings.day_after(today),
            sent_on: None,
            settled_on: None,
            ended_on: None,
            rail_on: None,
            reason: None,
            back: None,
            created_on: today,
            created_at: work.now(),
        };
        let transfer = work.insert(transfer)?;
        work.tell(events::of(&transfer));
        Ok(transfer)
    }

    fn weight(&self) -> usize {
        10
    }
}

/// The bank account that the account's mandates in force debit, where it is one.
fn on_file(work: &mut Work, account: AccountId) -> Decision<(BankAccount, Option<String>)> {
    let today = work.today();
    let mandates = of_account(work, account)?;
    let mut found: Option<(BankAccount, Option<String>)> = None;
    for mandate in mandates.iter().filter(|mandate| mandate.require_usable(today).is_ok()) {
        let Some(Payer::Bank { holder, account: Some(bank_account), .. }) = &mandate.sealed.payer else { continue };
        match &found {
            Some((other, _)) if other != bank_account => {
                let message = "the account's mandates are of several bank accounts: say which";
                return Err(Refused::invalid("iban", message).into());
            }
            _ => found = Some((bank_account.clone(), holder.clone())),
        }
    }
    let missing = || Refused::invalid("iban", "no mandate in force has a bank account of the customer's: say which");
    found.ok_or_else(|| missing().into())
}

/// Cancels a transfer that is not sent: the account has the money again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelCreditTransfer {
    /// Which.
    pub end_to_end: String,
    /// Why, for people.
    pub reason: Option<String>,
}

impl Command for CancelCreditTransfer {
    const OPERATION: &'static str = "cancelCreditTransfer";
    type Made = CreditTransfer;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<CreditTransfer>(&END_TO_END, &self.end_to_end);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE` once it is sent, then as a reversal is.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CreditTransfer>> {
        let transfer = called(work, &self.end_to_end)?;
        let why = noted("reason", self.reason.as_deref())?;
        transfer.require(CreditTransferState::Cancelled)?;
        let entry = entry_of(work, &transfer)?;
        let back = back("Credit transfer cancelled", why.as_deref());
        let back = work.reverse(&entry, &back).of_field("endToEndId")?;
        end(work, &transfer, CreditTransferState::Cancelled, None, why, Some(back.id))
    }

    fn weight(&self) -> usize {
        10
    }
}

/// Notes what the rail tells of a transfer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportCreditTransfer {
    /// Of which.
    pub end_to_end: String,
    /// What.
    pub outcome: TransferOutcome,
    /// Why, of all that is not paid.
    pub reason: Option<String>,
    /// The day on which it was so; today when absent.
    pub on: Option<NaiveDate>,
}

impl Command for ReportCreditTransfer {
    const OPERATION: &'static str = "reportCreditTransfer";
    type Made = CreditTransfer;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<CreditTransfer>(&END_TO_END, &self.end_to_end);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `INVALID_INPUT`, then as a return is: `ACCOUNT_NOT_OPEN` for the account that
    /// is closed by now.
    fn decide(&self, work: &mut Work) -> Decision<Arc<CreditTransfer>> {
        let transfer = called(work, &self.end_to_end)?;
        transfer.require(self.outcome.state())?;
        let why = match (self.outcome, &self.reason) {
            (TransferOutcome::Paid, None) => None,
            (TransferOutcome::Paid, Some(_)) => {
                return Err(Refused::invalid("reason", "is of what did not arrive alone").into());
            }
            (_, why) => Some(reason("reason", why.as_deref().unwrap_or_default())?),
        };
        let today = work.today();
        let on = self.on.unwrap_or(today);
        let earliest = transfer.settled_on.or(transfer.sent_on).unwrap_or(transfer.created_on);
        if on < earliest || on > today {
            let facts = Facts { earliest: Some(earliest), latest: Some(today), ..Facts::default() };
            let refused = Refused::invalid("date", format!("must lie between {earliest} and {today}"));
            return Err(Refused { facts: Box::new(facts), ..refused }.into());
        }
        let back = match self.outcome {
            TransferOutcome::Paid => None,
            TransferOutcome::Rejected | TransferOutcome::Returned => {
                let entry = entry_of(work, &transfer)?;
                let back = back("Returned transfer", why.as_deref());
                Some(work.bring_back(&entry, &back).of_field("endToEndId")?.id)
            }
        };
        end(work, &transfer, self.outcome.state(), Some(on), why, back)
    }

    fn weight(&self) -> usize {
        10
    }
}

fn back(title: &str, why: Option<&str>) -> Reversal {
    let facts = EntryFacts { reason: why.map(str::to_owned), ..EntryFacts::default() };
    Reversal { amount: None, value_date: None, description: title.to_owned(), facts }
}

fn entry_of(work: &mut Work, transfer: &CreditTransfer) -> Decision<Arc<Entry>> {
    let id: EntryId = transfer.entry.parse().map_err(|_| Stop::damaged("a credit transfer of no entry"))?;
    work.entry(id)?.ok_or_else(|| Stop::damaged("a credit transfer's entry is not there"))
}

/// Turns a transfer to a state, and tells of it.
pub(super) fn end(
    work: &mut Work,
    transfer: &CreditTransfer,
    state: CreditTransferState,
    on: Option<NaiveDate>,
    why: Option<String>,
    back: Option<EntryId>,
) -> Decision<Arc<CreditTransfer>> {
    let on = on.unwrap_or(work.today());
    let transfer = work.change::<CreditTransfer, Refused>(transfer.id, |transfer| {
        transfer.turn(state, on)?;
        transfer.reason = why;
        transfer.back = back;
        Ok(())
    })?;
    work.tell(events::of(&transfer));
    Ok(transfer)
}

/// A disbursement has come back by itself: if it was a credit transfer's, that is returned.
///
/// # Errors
/// That something is not loaded yet.
pub fn returned(work: &mut Work, disbursement: EntryId, back: EntryId, why: &str) -> Decision<()> {
    let Some(transfer) = work.find::<CreditTransfer>(&ENTRY, &disbursement.to_string())? else { return Ok(()) };
    if transfer.require(CreditTransferState::Returned).is_ok() {
        end(work, &transfer, CreditTransferState::Returned, None, Some(why.to_owned()), Some(back))?;
    }
    Ok(())
}
