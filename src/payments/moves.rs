//! Payments in, disbursements out, transfers, one or ten thousand at a time.

use chrono::NaiveDate;
use serde_json::Value as Json;

use super::bank::BankAccountInput;
use super::{again, book, booked_before, described, entry_of, noted, positive};
use crate::accounts::{AccountBy, directory};
use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::order::{Action, Idempotency, Order, Submission};
use crate::ledger::{Draft, ExternalReference, InternalRole, LedgerFault, TransactionKind};
use crate::primitives::{AccountId, EntryId, Money, Origin};

crate::words! {
    /// The rail that money came in on.
    PaymentChannel {
        /// A credit transfer from a bank.
        BankTransfer = "BANK_TRANSFER",
        /// A collected direct debit.
        DirectDebit = "DIRECT_DEBIT",
        /// A card.
        Card = "CARD",
        /// A payment service provider.
        Psp = "PSP",
        /// Cash.
        Cash = "CASH",
        /// No rail: a movement inside the house.
        Internal = "INTERNAL",
    }
}

impl PaymentChannel {
    /// Where the other side of the payment stands.
    #[must_use]
    pub fn settlement(self) -> InternalRole {
        match self {
            Self::BankTransfer => InternalRole::SettlementBank,
            Self::DirectDebit => InternalRole::SettlementDirectDebit,
            Self::Card => InternalRole::SettlementCard,
            Self::Psp => InternalRole::SettlementPsp,
            Self::Cash => InternalRole::SettlementCash,
            Self::Internal => InternalRole::SettlementInternal,
        }
    }
}

/// What every movement may carry besides its sides and amount.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// When it counts; the business date when absent.
    pub value_date: Option<NaiveDate>,
    /// A payment reference, for people and matching; not unique.
    pub reference: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// The caller's own name for the entry; unique.
    pub external: Option<ExternalReference>,
    /// A JSON object of the caller's; may not use the names of what Konto itself notes there.
    pub metadata: Json,
}

/// What Konto itself notes in an entry's metadata. A caller's value under one of these names would be lost, or
/// would pass for Konto's.
const RESERVED: [&str; 5] = ["reference", "channel", "receiver", "messageToReceiver", "reason"];

impl Details {
    /// Puts the details on a draft.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field.
    pub fn on(self, draft: Draft, title: &str) -> Result<Draft, Denial> {
        self.noting(draft, title, [])
    }

    /// The same, with what Konto itself notes.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field.
    pub fn noting<const N: usize>(
        self,
        mut draft: Draft,
        title: &str,
        notes: [(&str, Option<Json>); N],
    ) -> Result<Draft, Denial> {
        let mut metadata = match self.metadata {
            Json::Object(metadata) => metadata,
            Json::Null => serde_json::Map::new(),
            _ => return Err(Denial::invalid("metadata", "must be a JSON object")),
        };
        if let Some(name) = RESERVED.iter().find(|name| metadata.contains_key(**name)) {
            return Err(Denial::invalid("metadata", format!("the name \"{name}\" is Konto's own here: use another")));
        }
        metadata.extend(notes.into_iter().filter_map(|(name, note)| Some((name.to_owned(), note?))));
        if let Some(reference) = noted("reference", self.reference)? {
            metadata.insert("reference".into(), reference.into());
        }
        if let Some(external) = &self.external {
            let parts = [
                ("reference", Some(&external.reference)),
                ("poster", external.poster.as_ref()),
                ("code", external.code.as_ref()),
            ];
            for (name, value) in parts {
                crate::customers::model::check_reference(&format!("externalReference.{name}"), value)?;
            }
        }
        draft.description = described("description", self.description, title)?;
        draft.value_date = self.value_date;
        draft.external = self.external;
        draft.metadata = Json::Object(metadata).to_string();
        Ok(draft)
    }
}

/// Money that came in on a rail.
#[derive(Clone, Debug)]
pub struct Payment {
    /// For which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// The rail.
    pub channel: PaymentChannel,
    /// The rest.
    pub details: Details,
}

/// Money to pay out.
#[derive(Clone, Debug)]
pub struct Disbursement {
    /// From which account.
    pub account: AccountBy,
    /// How much.
    pub amount: Money,
    /// To where.
    pub bank_account: BankAccountInput,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// What stands in the account's own transactions.
    pub own_message: Option<String>,
    /// The rest.
    pub details: Details,
}

/// Books money that came in on a rail.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
pub async fn post_payment(engine: &Engine, origin: &Origin, key: Idempotency, payment: Payment) -> Answer<EntryId> {
    let Payment { account, amount, channel, details } = payment;
    let account = match directory::require(engine, origin, "account", &account).await {
        Ok(account) => account,
        Err(failure) => return again(engine, origin, &key, failure).await,
    };
    let minor = positive("amount", amount)?;
    let draft = Draft::new(TransactionKind::Payment, amount.currency, String::new());
    let draft = draft.moving(Side::Internal(channel.settlement()), Side::account(account), minor);
    let draft = details.noting(draft, "Payment", [("channel", Some(channel.word().into()))])?;
    post(engine, origin, key, "postPayment", draft, &[(account, "account")]).await
}

/// Pays money out to a bank account.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
pub async fn disburse(engine: &Engine, origin: &Origin, key: Idempotency, payout: Disbursement) -> Answer<EntryId> {
    let Disbursement { account, amount, bank_account, message_to_receiver, own_message, details } = payout;
    let account = match directory::require(engine, origin, "account", &account).await {
        Ok(account) => account,
        Err(failure) => return again(engine, origin, &key, failure).await,
    };
    let minor = positive("amount", amount)?;
    let bank_account = bank_account.checked()?;
    let own = noted("ownMessage", own_message)?;
    let draft = Draft::new(TransactionKind::Disbursement, amount.currency, String::new());
    let from = Side::Account(account, Spread::Flow, own);
    let draft = draft.moving(from, Side::Internal(InternalRole::SettlementBank), minor);
    let message = noted("messageToReceiver", message_to_receiver)?.map(Json::from);
    let notes = [("receiver", Some(bank_account.to_json())), ("messageToReceiver", message)];
    let draft = details.noting(draft, "Disbursement", notes)?;
    post(engine, origin, key, "disburse", draft, &[(account, "account")]).await
}

async fn post(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    operation: &'static str,
    draft: Draft,
    names: &[(AccountId, &str)],
) -> Answer<EntryId> {
    let mut order = Order::new(origin, operation, Action::Post(draft));
    order.idempotency = Some(key);
    book(engine, order, names).await
}

/// A transfer between two accounts of the tenant.
#[derive(Clone, Debug)]
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

/// The two ends of a transfer that was booked.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The sender.
    pub from: AccountId,
    /// The receiver.
    pub to: AccountId,
}

/// Moves money between two accounts. A customer's token reaches only that customer's accounts, at both ends.
///
/// # Errors
/// `NOT_FOUND` (from, then to), `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
pub async fn transfer(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    transfer: Transfer,
) -> Result<(Done<EntryId>, Ends), Failure> {
    let found = directory::find(engine, origin, &[&transfer.from, &transfer.to]).await?;
    let (order, ends) = match order(origin, "transfer", key.clone(), transfer, &found) {
        Ok(order) => order,
        Err(denial) => return transferred_before(engine, origin, &key, denial).await,
    };
    let done = book(engine, order, &[(ends.from, "from"), (ends.to, "to")]).await?;
    Ok((done, ends))
}

/// The first result of a transfer whose accounts go by other names by now; the denial itself if there is none.
async fn transferred_before(
    engine: &Engine,
    origin: &Origin,
    key: &Idempotency,
    denial: Denial,
) -> Result<(Done<EntryId>, Ends), Failure> {
    let entry = booked_before(engine, origin, key, denial.into()).await?;
    let end = |is_end: fn(i64) -> bool| {
        let line = entry.postings.iter().find(|line| line.account.is_some() && is_end(line.amount.0));
        line.and_then(|line| line.account).ok_or(LedgerFault::Inconsistent("a transfer without two ends"))
    };
    let ends = Ends { from: end(|amount| amount < 0)?, to: end(|amount| amount > 0)? };
    Ok((Done { value: entry.id, replayed: true }, ends))
}

fn order(
    origin: &Origin,
    operation: &'static str,
    key: Idempotency,
    transfer: Transfer,
    accounts: &[Option<AccountId>],
) -> Result<(Order, Ends), Denial> {
    let end =
        |index: usize, field| accounts.get(index).copied().flatten().ok_or_else(|| Denial::not_found(field, "account"));
    let ends = Ends { from: end(0, "from")?, to: end(1, "to")? };
    let minor = positive("amount", transfer.amount)?;
    let from = Side::Account(ends.from, Spread::Flow, noted("messageToSender", transfer.message_to_sender)?);
    let to = Side::Account(ends.to, Spread::Flow, noted("messageToReceiver", transfer.message_to_receiver)?);
    let draft = Draft::new(TransactionKind::Transfer, transfer.amount.currency, String::new()).moving(from, to, minor);
    let draft = transfer.details.on(draft, "Transfer")?;
    let mut order = Order::new(origin, operation, Action::Post(draft));
    order.idempotency = Some(key);
    Ok((order, ends))
}

/// What became of one item of a batch.
pub type ItemAnswer = Result<(Done<EntryId>, Ends), Denial>;

/// Many transfers in one go, each succeeding or failing by itself; with `all_or_nothing`, one refusal takes
/// the others with it. Items are decided in order. Each has its own key.
///
/// # Errors
/// A fault only: refusals are in the items.
pub async fn transfer_batch(
    engine: &Engine,
    origin: &Origin,
    items: Vec<(Idempotency, Transfer)>,
    all_or_nothing: bool,
) -> Result<Vec<ItemAnswer>, Failure> {
    let names: Vec<&AccountBy> = items.iter().flat_map(|(_, item)| [&item.from, &item.to]).collect();
    let found = directory::find(engine, origin, &names).await?;
    let mut orders = Vec::with_capacity(items.len());
    // What is known before the books are asked; the ends of the others.
    let mut waiting: Vec<Result<Ends, ItemAnswer>> = Vec::with_capacity(items.len());
    for ((key, item), found) in items.into_iter().zip(found.chunks(2)) {
        waiting.push(match order(origin, "transferBatch", key.clone(), item, found) {
            Ok((order, ends)) => {
                orders.push(order);
                Ok(ends)
            }
            Err(denial) => match transferred_before(engine, origin, &key, denial).await {
                Ok(first) => Err(Ok(first)),
                Err(Failure::Denied(denial)) => Err(Err(*denial)),
                Err(fault) => return Err(fault),
            },
        });
    }
    if all_or_nothing && waiting.iter().any(|item| matches!(item, Err(Err(_)))) {
        let taken = waiting.into_iter().map(|item| match item {
            Err(Err(denial)) => Err(denial),
            _ => Err(taken_along()),
        });
        return Ok(taken.collect());
    }
    let submission = Submission { orders, atomic: all_or_nothing };
    let mut outcomes = match submission.orders.is_empty() {
        true => Vec::new(),
        false => engine.committer.submit(origin.tenant, submission).await?,
    }
    .into_iter();
    let mut answers = Vec::with_capacity(waiting.len());
    for item in waiting {
        answers.push(match item {
            Err(known) => known,
            Ok(ends) => {
                let names = [(ends.from, "from"), (ends.to, "to")];
                let outcome = outcomes.next().ok_or(LedgerFault::Inconsistent("no answer"))?;
                match outcome {
                    Err(refusal) => Err(Denial::of_refusal(&refusal, &names)),
                    Ok(applied) => Ok((entry_of(&applied)?, ends)),
                }
            }
        });
    }
    if all_or_nothing && answers.iter().any(Result::is_err) {
        // The books have said so to their own; what was done before goes with the others all the same.
        for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
            *answer = Err(taken_along());
        }
    }
    Ok(answers)
}

/// An item that nothing was wrong with, of an all-or-nothing batch that was refused before the books saw it.
#[must_use]
pub fn taken_along() -> Denial {
    Denial { audited: false, ..Denial::of_refusal(&crate::ledger::Refusal::BatchRefused, &[]) }
}
