//! Loads and unloads: money onto prepaid accounts and off them, within what their product allows, for what it charges.
//!
//! A load or unload is an entry between the account and the rail's settlement account; its fee is an entry of its own, from
//! the account's funds to FEE_INCOME, in the same decision: where the funds do not cover it, nothing is booked. The fee's id
//! is a digest of the id of what it was taken for, so that the one is found by the other without an index.
//!
//! What a product allows on a day and in a month is held against maintained sums ([`usage`]). What is reversed counts no
//! more, on the day on which it did.

#[cfg(test)]
mod tests;
pub mod usage;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Builder;

use super::moves::Details;
use crate::accounts::prepaid::FlowTerms;
use crate::accounts::refusals::ACCOUNT_NOT_PREPAID;
use crate::accounts::{Account, AccountBy, Product, WorkingMode};
use crate::cards::point_of_sale;
use crate::ledger::amounts::positive;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::ledger::rows::Reversed;
use crate::ledger::{
    Component, Draft, Entry, EntryFacts, InternalRole, PaymentChannel, PointOfSale, Refusal, TransactionKind,
};
use crate::primitives::{AccountId, EntryId, Minor, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Named as _, Reversal, Stop, Wants, Work};

crate::words! {
    /// Which way money moves between a prepaid account and a rail.
    Flow {
        /// Onto the account.
        Load = "LOAD",
        /// Off it.
        Unload = "UNLOAD",
    }
}

/// What is moved onto a prepaid account, or off it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepaid {
    /// Which account.
    pub account: AccountBy,
    /// How much; the fee comes on top of it.
    pub amount: Money,
    /// The rail.
    pub channel: PaymentChannel,
    /// Where it was done, where that was at a terminal.
    pub at: Option<PointOfSale>,
    /// The rest.
    pub details: Details,
}

/// Puts money on a prepaid account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoadAccount(pub Prepaid);

/// Takes money off a prepaid account.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnloadAccount(pub Prepaid);

impl Command for LoadAccount {
    const OPERATION: &'static str = "loadAccount";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.0.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `ACCOUNT_NOT_PREPAID`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`,
    /// `LIMIT_EXCEEDED` by what the product allows, then the books' in their order: `LIMIT_EXCEEDED` above the maximum
    /// balance, `INSUFFICIENT_FUNDS` for a fee that is more than what is there then.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        self.0.book(work, Flow::Load)
    }

    fn weight(&self) -> usize {
        14
    }
}

impl Command for UnloadAccount {
    const OPERATION: &'static str = "unloadAccount";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.0.hint(wants);
    }

    /// Refused as a load is; `INSUFFICIENT_FUNDS` where what is available does not cover the amount and the fee.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        self.0.book(work, Flow::Unload)
    }

    fn weight(&self) -> usize {
        14
    }
}

impl Flow {
    fn of(kind: TransactionKind) -> Option<Self> {
        match kind {
            TransactionKind::Load => Some(Self::Load),
            TransactionKind::Unload => Some(Self::Unload),
            _ => None,
        }
    }

    fn terms(self, product: &Product) -> FlowTerms {
        let terms = product.prepaid.unwrap_or_default();
        match self {
            Self::Load => terms.load,
            Self::Unload => terms.unload,
        }
    }
}

impl Prepaid {
    fn hint(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    fn book(&self, work: &mut Work, flow: Flow) -> Decision<Arc<Entry>> {
        let account = self.account.locate(work, "account")?;
        let product = product_of(work, &account)?;
        if product.working_mode != Some(WorkingMode::PayBefore) {
            let message = "only what is paid beforehand is loaded and unloaded";
            return Err(Refused::of_field(ACCOUNT_NOT_PREPAID, "account", message).into());
        }
        let amount = positive("amount", self.amount)?;
        if self.amount.currency != account.currency {
            return Decision::Err(Refusal::CurrencyMismatch(account.id).into()).named(&[]);
        }
        let at = self.at.as_ref().map(point_of_sale::checked).transpose()?;
        if self.details.transaction_date.is_some_and(|date| date > work.today()) {
            return Err(Refused::invalid("transactionDate", "must not lie after the business date").into());
        }
        let terms = flow.terms(&product);
        self.within(work, &account, flow, &terms, amount)?;
        let own = Side::account(account.id);
        let rail = Side::Internal(self.channel.settlement());
        let (kind, title, fee_title, (from, to)) = match flow {
            Flow::Load => (TransactionKind::Load, "Load", "Load fee", (rail, own)),
            Flow::Unload => (TransactionKind::Unload, "Unload", "Unload fee", (own, rail)),
        };
        let mut draft = Draft::new(kind, account.currency, String::new()).moving(from, to, amount);
        draft.facts.channel = Some(self.channel);
        let draft = self.details.on(draft, title)?;
        let draft = with_point_of_sale(draft, at, self.amount);
        let posted = work.post(&draft);
        let entry = match &posted {
            Err(Stop::Books(Refusal::MaximumBalanceExceeded { .. })) => posted.of_field("amount"),
            _ => posted.named(&[(account.id, "account")]),
        }?;
        usage::count(work, account.id, flow, entry.business_date, amount)?;
        self.charge(work, &entry, account.id, fee_title, terms.fee_of(amount))?;
        Ok(entry)
    }

    fn within(&self, work: &mut Work, account: &Account, flow: Flow, terms: &FlowTerms, amount: Minor) -> Decision<()> {
        let (day, month) = usage::moved(work, account.id, flow)?;
        let Some((words, limit, remaining)) = terms.hit(amount, day, month) else { return Ok(()) };
        let (limit, remaining) = (limit.in_currency(account.currency), remaining.in_currency(account.currency));
        let message = format!("the product allows {limit} {words}: {remaining} is left");
        let facts = Facts { limit: Some(limit), remaining: Some(remaining), ..Facts::default() };
        let refused = Refused::of_field(LIMIT_EXCEEDED, "amount", message);
        Err(Refused { facts: Box::new(facts), ..refused }.into())
    }

    /// Takes the fee for what was just booked.
    fn charge(&self, work: &mut Work, of: &Entry, account: AccountId, title: &str, fee: Minor) -> Decision<()> {
        if fee == Minor::ZERO {
            return Ok(());
        }
        let own = Side::Account(account, Spread::Charge(Component::Fee), None);
        let draft = Draft::new(TransactionKind::AdministrationFee, self.amount.currency, title.into());
        let mut draft = draft.moving(own, Side::Internal(InternalRole::FeeIncome), fee);
        draft.id = Some(fee_of(of.id));
        draft.value_date = Some(of.value_date);
        draft.facts.fee_of = Some(of.id);
        work.post(&draft).named(&[(account, "amount")]).map(|_| ())
    }
}

fn with_point_of_sale(mut draft: Draft, at: Option<PointOfSale>, amount: Money) -> Draft {
    draft.facts.point_of_sale = at.map(|at| Box::new(PointOfSale { billed: Some(amount), ..at }));
    draft
}

fn product_of(work: &mut Work, account: &Account) -> Decision<Arc<Product>> {
    work.get::<Product>(account.product)?.ok_or_else(|| Stop::damaged("an account without its product"))
}

/// The id of the fee that goes with a load or unload.
#[must_use]
pub fn fee_of(entry: EntryId) -> EntryId {
    let digest: [u8; 32] = Sha256::new().chain_update("fee").chain_update(entry.0.as_bytes()).finalize().into();
    EntryId(Builder::from_random_bytes(std::array::from_fn(|place| digest[place])).into_uuid())
}

/// What is looked up when an entry is reversed.
pub fn hint(entry: EntryId, wants: &mut Wants) {
    wants.entry(fee_of(entry));
    wants.row::<Reversed>(fee_of(entry));
}

/// The account that a load or unload is about, its way, and how much was moved.
fn told(entry: &Entry) -> Option<(AccountId, Flow, Minor)> {
    let flow = Flow::of(entry.kind)?;
    let (account, total) = entry.postings.iter().find_map(|line| Some((line.account?, line.total?)))?;
    Some((account, flow, Minor(total.amount.0.abs())))
}

/// The fee that goes back with a load or unload that is reversed now: with the last part of it, where that is asked for, or
/// where nothing is said and the product has it so. One that is back already stays so.
///
/// # Errors
/// `INVALID_INPUT` for `reverseFee` with another entry or with a part that is not the last, or that something is not loaded
/// yet.
pub fn fee_to_reverse(
    work: &mut Work,
    original: &Entry,
    amount: Option<Minor>,
    asked: Option<bool>,
) -> Decision<Option<Arc<Entry>>> {
    let Some((account, _, whole)) = told(original) else {
        return match asked {
            None => Ok(None),
            Some(_) => Err(Refused::invalid("reverseFee", "is of loads and unloads alone").into()),
        };
    };
    let account = work.get::<Account>(account)?.ok_or_else(|| Stop::damaged("a load of no account"))?;
    let by_product = product_of(work, &account)?.prepaid.is_some_and(|terms| terms.fees_go_back);
    if !asked.unwrap_or(by_product) {
        return Ok(None);
    }
    let gone: i64 = work.get::<Reversed>(original.id)?.iter().flat_map(|it| &it.lines).filter(|it| **it > 0).sum();
    if amount.is_some_and(|amount| amount.0 != whole.0 - gone) {
        return match asked {
            None => Ok(None),
            Some(_) => {
                let message = "a fee goes back with the last part of what it was taken for";
                Err(Refused::invalid("reverseFee", message).into())
            }
        };
    }
    let Some(fee) = work.entry(fee_of(original.id))? else { return Ok(None) };
    let is_back = work.get::<Reversed>(fee.id)?.is_some_and(|reversed| reversed.complete);
    Ok((!is_back).then_some(fee))
}

/// Reverses a load or unload together with its fee: the fee first, where its funds are needed to give the rest back.
///
/// # Errors
/// As [`Work::reverse`]'s.
pub fn reverse_both(
    work: &mut Work,
    original: &Entry,
    reversal: &Reversal,
    fee: &Entry,
    reason: &str,
) -> Decision<Arc<Entry>> {
    let fee_back = Reversal {
        amount: None,
        value_date: reversal.value_date,
        description: format!("Reversal: {}", fee.description),
        facts: EntryFacts { reason: Some(reason.to_owned()), ..EntryFacts::default() },
    };
    let fee_last = work.attempt(|work| {
        let reversed = work.reverse(original, reversal)?;
        work.reverse(fee, &fee_back).map(|_| reversed)
    })?;
    if let Ok(reversed) = fee_last {
        return Ok(reversed);
    }
    work.reverse(fee, &fee_back)?;
    work.reverse(original, reversal)
}

/// A load or unload was reversed, or a part of it: that much counts no more.
///
/// # Errors
/// That something is not loaded yet.
pub fn taken_back(work: &mut Work, original: &Entry, reversal: &Entry) -> Decision<()> {
    let Some((account, flow, _)) = told(original) else { return Ok(()) };
    let back = reversal.postings.iter().find_map(|line| line.total).map_or(0, |total| total.amount.0.abs());
    usage::count(work, account, flow, original.business_date, Minor(-back))
}
