//! Payments in, disbursements out, transfers.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::bank::BankAccount;
use super::charity;
use super::simulator;
use crate::accounts::AccountBy;
use crate::ledger::amounts::positive;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::facts::Counterparty;
use crate::ledger::{Draft, Entry, ExternalReference, InternalRole, PaymentChannel, Refusal, TransactionKind};
use crate::primitives::{AccountId, Minor, Money};
use crate::refused::{Refused, check_reference, described, noted};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// What every movement may carry besides its sides and amount.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Details {
    /// When it counts; the business date when absent.
    pub value_date: Option<NaiveDate>,
    /// When it was authorised or ordered, where that is another day.
    pub transaction_date: Option<NaiveDate>,
    /// A payment reference, for people and matching; not unique.
    pub reference: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The caller's own name for the entry; unique.
    pub external: Option<ExternalReference>,
    /// A JSON object of the caller's, as text.
    pub metadata: String,
}

impl Default for Details {
    fn default() -> Self {
        Self {
            value_date: None,
            transaction_date: None,
            reference: None,
            description: None,
            external: None,
            metadata: "{}".into(),
        }
    }
}

impl Details {
    /// Puts the details on a draft.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field.
    pub fn on(&self, mut draft: Draft, title: &str) -> Result<Draft, Refused> {
        draft.facts.reference = noted("reference", self.reference.as_deref())?;
        if let Some(external) = &self.external {
            let parts = [
                ("reference", Some(external.reference.as_str())),
                ("poster", external.poster.as_deref()),
                ("code", external.code.as_deref()),
            ];
            for (name, value) in parts {
                check_reference(&format!("externalReference.{name}"), value)?;
            }
        }
        draft.description = described("description", self.description.as_deref(), title)?;
        draft.value_date = self.value_date;
        draft.transaction_date = self.transaction_date;
        draft.external.clone_from(&self.external);
        draft.metadata.clone_from(&self.metadata);
        Ok(draft)
    }

    /// What is looked up because of them.
    pub fn hint(&self, wants: &mut Wants) {
        if let Some(external) = &self.external {
            wants.external(external.key());
        }
    }
}

/// When a payment over a rail counts: as asked for, or by the rail's cut-off and roll rule.
fn counts_on(work: &Work, channel: PaymentChannel, asked: Option<NaiveDate>) -> Option<NaiveDate> {
    work.settings().value_date(channel, asked, work.now(), work.today())
}

/// Who stands on the other side of a payment, as an input tells it.
fn checked(counterparty: &Counterparty) -> Result<Counterparty, Refused> {
    let text = |field: &str, text: &Option<String>| noted(&format!("counterparty.{field}"), text.as_deref());
    Ok(Counterparty {
        name: text("name", &counterparty.name)?,
        account: text("account", &counterparty.account)?,
        account_class: counterparty.account_class.clone(),
        bank: text("bank", &counterparty.bank)?,
    })
}

/// Money that came in on a rail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostPayment {
    /// For which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// The rail.
    pub channel: PaymentChannel,
    /// Who paid, as the rail tells it.
    pub counterparty: Option<Counterparty>,
    /// Where goes what is left once everything that the account owes is paid; onto it when absent.
    pub overpayment: Option<AccountBy>,
    /// The rest.
    pub details: Details,
}

impl Command for PostPayment {
    const OPERATION: &'static str = "postPayment";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        if let Some(overpayment) = &self.overpayment {
            overpayment.hint(wants);
        }
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `SAME_ACCOUNT` for an overpayment to itself, then
    /// the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let account = self.account.locate_id(work, "account")?;
        let overpayment = self.overpayment.as_ref().map(|by| by.locate_id(work, "overpaymentAccount")).transpose()?;
        let amount = positive("amount", self.amount)?;
        if self.details.transaction_date.is_some_and(|date| date > work.today()) {
            return Err(Refused::invalid("transactionDate", "must not lie after the business date").into());
        }
        let mut draft = Draft::new(TransactionKind::Payment, self.amount.currency, String::new());
        let from = || Side::Internal(self.channel.settlement());
        let excess = match overpayment {
            Some(other) if other == account => {
                return Err::<_, Stop>(Refusal::SameAccount.into()).of_field("overpaymentAccount");
            }
            Some(_) => Minor((amount.0 - work.position(account)?.debt().0).max(0)),
            None => Minor::ZERO,
        };
        let parts = [(Some(account), Minor(amount.0 - excess.0)), (overpayment, excess)];
        for (to, part) in parts.into_iter().filter_map(|(to, part)| Some((to?, part))).filter(|(_, part)| part.0 > 0) {
            draft = draft.moving(from(), Side::account(to), part);
        }
        draft.facts.channel = Some(self.channel);
        draft.personal.counterparty = self.counterparty.as_ref().map(checked).transpose()?;
        let mut draft = self.details.on(draft, "Payment")?;
        draft.value_date = counts_on(work, self.channel, self.details.value_date);
        if let (None, Some(late)) =
            (self.details.value_date, simulator::late(work, self.details.reference.as_deref(), self.amount))
        {
            draft.value_date = Some(late);
        }
        let named = overpayment.map(|other| (other, "overpaymentAccount"));
        let named: Vec<_> = [Some((account, "account")), named].into_iter().flatten().collect();
        work.post(&draft).named(&named)
    }
}

/// Money to pay out to a bank account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Disburse {
    /// From which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// To where.
    pub bank_account: BankAccount,
    /// Who is paid.
    pub receiver_name: Option<String>,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// What stands in the account's own transactions.
    pub own_message: Option<String>,
    /// The rest.
    pub details: Details,
}

impl Command for Disburse {
    const OPERATION: &'static str = "disburse";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let pay_out = PayOut {
            account: self.account.locate_id(work, "account")?,
            amount: self.amount,
            bank_account: &self.bank_account,
            bic: None,
            receiver_name: self.receiver_name.as_deref(),
            message_to_receiver: self.message_to_receiver.as_deref(),
            message_field: "messageToReceiver",
            own_message: self.own_message.as_deref(),
            details: &self.details,
            title: "Disbursement",
            simulated_by: self.details.reference.as_deref(),
        };
        Ok(pay_out.book(work)?.0)
    }
}

/// Money that leaves an account for a bank account, whoever asks for it.
#[derive(Debug)]
pub(super) struct PayOut<'a> {
    /// From which account.
    pub account: AccountId,
    /// How much.
    pub amount: Money,
    /// To where.
    pub bank_account: &'a BankAccount,
    /// The receiver's bank.
    pub bic: Option<String>,
    /// Who is paid.
    pub receiver_name: Option<&'a str>,
    /// What the receiver is told.
    pub message_to_receiver: Option<&'a str>,
    /// The input's field that has it.
    pub message_field: &'static str,
    /// What stands in the account's own transactions.
    pub own_message: Option<&'a str>,
    /// The rest.
    pub details: &'a Details,
    /// What it is called where nobody says.
    pub title: &'static str,
    /// What tells a sandbox's rail what to do.
    pub simulated_by: Option<&'a str>,
}

impl PayOut<'_> {
    /// Books it. Gives the entry, and how much it was.
    ///
    /// # Errors
    /// `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
    pub(super) fn book(&self, work: &mut Work) -> Decision<(Arc<Entry>, Minor)> {
        let amount = positive("amount", self.amount)?;
        let own = noted("ownMessage", self.own_message)?;
        let mut draft = Draft::new(TransactionKind::Disbursement, self.amount.currency, String::new());
        let from = Side::Account(self.account, Spread::Flow, own);
        draft = draft.moving(from, Side::Internal(InternalRole::SettlementBank), amount);
        let name = noted("receiverName", self.receiver_name)?;
        let to = self.bank_account.to_counterparty();
        draft.personal.counterparty = Some(Counterparty { name, bank: self.bic.clone(), ..to });
        draft.personal.message_to_receiver = noted(self.message_field, self.message_to_receiver)?;
        let mut draft = self.details.on(draft, self.title)?;
        draft.value_date = counts_on(work, PaymentChannel::BankTransfer, self.details.value_date);
        let entry = work.post(&draft).named(&[(self.account, "account")])?;
        simulator::bounce(work, self.simulated_by, &entry)?;
        Ok((entry, amount))
    }
}

/// A transfer between two accounts of the tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transfer {
    /// The sender.
    pub from: AccountBy,
    /// The receiver.
    pub to: AccountBy,
    /// How much.
    pub amount: Money,
    /// What the sender is told.
    pub message_to_sender: Option<String>,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// The rest.
    pub details: Details,
}

impl Command for Transfer {
    const OPERATION: &'static str = "transfer";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.from.hint(wants);
        self.to.hint(wants);
        self.details.hint(wants);
    }

    /// A customer's token reaches only that customer's accounts, at both ends. Refused as: `NOT_FOUND` (from, then to),
    /// `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let from = self.from.locate_id(work, "from");
        let to = self.to.locate_id(work, "to");
        let (from, to) = (from?, to?);
        let amount = positive("amount", self.amount)?;
        let sender = Side::Account(from, Spread::Flow, noted("messageToSender", self.message_to_sender.as_deref())?);
        let receiver = noted("messageToReceiver", self.message_to_receiver.as_deref())?;
        let receiver = Side::Account(to, Spread::Flow, receiver);
        let draft = Draft::new(TransactionKind::Transfer, self.amount.currency, String::new());
        let draft = self.details.on(draft.moving(sender, receiver, amount), "Transfer")?;
        let entry = work.post(&draft).named(&[(from, "from"), (to, "to")])?;
        charity::give(work, &entry, from)?;
        Ok(entry)
    }
}
