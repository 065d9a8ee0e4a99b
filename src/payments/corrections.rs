//! Corrections, charges and reversals: what is posted by the tenant, not by a rail.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::charity;
use super::loads;
use super::moves::Details;
use crate::accounts::{Account, AccountBy};
use crate::cards;
use crate::customers::visible;
use crate::ledger::amounts::{positive, to_minor};
use crate::ledger::entry::{Side, Spread};
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::ledger::rows::Reversed;
use crate::ledger::{
    Component, Draft, Entry, EntryFacts, ExternalReference, InternalRole, Position, Refusal, TransactionKind,
};
use crate::merchants;
use crate::primitives::{AccountId, EntryId, Money};
use crate::refused::{Refused, described, reason};
use crate::work::{Command, Decision, Named as _, Reversal, Stop, Wants, Work};

crate::words! {
    /// What an account is charged for.
    ChargeKind {
        /// Interest.
        Interest = "INTEREST",
        /// An administration fee.
        AdministrationFee = "ADMINISTRATION_FEE",
        /// A billing fee.
        BillingFee = "BILLING_FEE",
        /// A collection fee.
        CollectionFee = "COLLECTION_FEE",
        /// A fee for paying late.
        LateFee = "LATE_FEE",
        /// A fee for a reminder.
        ReminderFee = "REMINDER_FEE",
    }
}

impl ChargeKind {
    fn postings(self) -> (TransactionKind, Component, InternalRole, &'static str) {
        let fee = |kind, title| (kind, Component::Fee, InternalRole::FeeIncome, title);
        match self {
            Self::Interest => {
                (TransactionKind::Interest, Component::Interest, InternalRole::InterestIncome, "Interest")
            }
            Self::AdministrationFee => fee(TransactionKind::AdministrationFee, "Administration fee"),
            Self::BillingFee => fee(TransactionKind::BillingFee, "Billing fee"),
            Self::CollectionFee => fee(TransactionKind::CollectionFee, "Collection fee"),
            Self::LateFee => fee(TransactionKind::LateFee, "Late fee"),
            Self::ReminderFee => fee(TransactionKind::ReminderFee, "Reminder fee"),
        }
    }
}

/// Corrects one component of an account by a signed amount, against SUSPENSE; the principal of an account that belongs to a
/// party, against the party. The account's floor still holds for a debit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostAdjustment {
    /// Of which account.
    pub account: AccountBy,
    /// Signed: positive is in the customer's favour.
    pub amount: Money,
    /// Which component.
    pub component: Component,
    /// Why.
    pub reason: String,
    /// The rest.
    pub details: Details,
}

impl Command for PostAdjustment {
    const OPERATION: &'static str = "postAdjustment";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE` for zero, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let account = self.account.locate_id(work, "account")?;
        let amount = to_minor("amount", self.amount)?;
        if amount.0 == 0 {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", "must not be zero").into());
        }
        let why = reason("reason", &self.reason)?;
        if self.component == Component::Shortfall {
            return Err(Refused::invalid("component", "a shortfall comes about and is repaid by itself").into());
        }
        let own = Side::Account(account, Spread::On(self.component), None);
        // What is owed to a party is the party's to correct: where it arises, it is owed to it; where it is given up, it bears
        // it.
        let other = match work.position(account)?.party {
            Some(party) if self.component == Component::Principal => Side::Party(InternalRole::ClientMoney, party),
            _ => Side::Internal(InternalRole::Suspense),
        };
        let draft = Draft::new(TransactionKind::Adjustment, self.amount.currency, String::new());
        let mut draft = match amount.0 > 0 {
            true => draft.moving(other, own, amount),
            false => draft.moving(own, other, amount.negated()),
        };
        draft.facts.reason = Some(why);
        let draft = self.details.on(draft, "Balance adjustment")?;
        work.post(&draft).named(&[(account, "account")])
    }
}

/// Charges interest or a fee: taken from free funds, and what they do not cover is owed apart from principal, where the
/// account may owe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostCharge {
    /// Of which account.
    pub account: AccountBy,
    /// For what.
    pub kind: ChargeKind,
    /// How much.
    pub amount: Money,
    /// The rest.
    pub details: Details,
}

impl Command for PostCharge {
    const OPERATION: &'static str = "postCharge";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.details.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let account = self.account.locate_id(work, "account")?;
        let amount = positive("amount", self.amount)?;
        let (kind, component, income, title) = self.kind.postings();
        let own = Side::Account(account, Spread::Charge(component), None);
        let draft = Draft::new(kind, self.amount.currency, String::new());
        let draft = self.details.on(draft.moving(own, Side::Internal(income), amount), title)?;
        work.post(&draft).named(&[(account, "account")])
    }
}

/// How an entry is named.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum EntryBy {
    /// By Konto's id.
    Id(EntryId),
    /// By the caller's own name for it: reference, date and poster together.
    External(ExternalReference),
}

impl EntryBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => {
                wants.entry(*id);
                wants.row::<Reversed>(*id);
            }
            Self::External(external) => wants.external(external.key()),
        }
    }

    /// The entry, if there is one.
    pub(super) fn locate(&self, work: &mut Work) -> Decision<Option<Arc<Entry>>> {
        match self {
            Self::Id(id) => work.entry(*id),
            Self::External(external) => work.entry_called(external),
        }
    }

    /// The input's field.
    fn field(&self) -> &'static str {
        match self {
            Self::Id(_) => "entry",
            Self::External(_) => "original",
        }
    }
}

/// Books the mirror of an entry, whole or in parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReverseEntry {
    /// Which.
    pub entry: EntryBy,
    /// A part; all that is left when absent.
    pub amount: Option<Money>,
    /// When it counts: not before what it reverses.
    pub value_date: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// For people.
    pub description: Option<String>,
    /// Of a load or unload, whether its fee goes back as well; as the product says when absent.
    #[serde(default)]
    pub fee: Option<bool>,
}

impl Command for ReverseEntry {
    const OPERATION: &'static str = "reverseEntry";
    type Made = Entry;

    fn looks_at(&self, wants: &mut Wants) {
        self.entry.hint(wants);
        if let EntryBy::Id(entry) = self.entry {
            charity::hint(entry, wants);
            loads::hint(entry, wants);
        }
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for what is or was charged back or refunded, `INVALID_INPUT`, then the books':
    /// `INVALID_STATE` for a reversal, `ALREADY_REVERSED`,
    /// `INVALID_STATE` for a part of what can only be reversed as a whole, `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE`,
    /// `VALUE_DATE_OUT_OF_RANGE`, `ACCOUNT_NOT_OPEN`, `INSUFFICIENT_FUNDS` where an account that may not owe would go
    /// below zero.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Entry>> {
        let field = self.entry.field();
        let not_found = || Refused::not_found(field, "entry");
        let original = self.entry.locate(work)?.ok_or_else(not_found)?;
        if !sees_all(work, &original)? {
            return Err(not_found().into());
        }
        cards::chargebacks::allows_reversal(work, &original, "entry")?;
        let why = reason("reason", &self.reason)?;
        let title = format!("Reversal: {}", original.description);
        let title: String = title.chars().take(500).collect();
        let amount = match self.amount {
            None => None,
            Some(money) => Some((positive("amount", money)?, money.currency)),
        };
        let reversal = Reversal {
            amount,
            value_date: self.value_date,
            description: described("description", self.description.as_deref(), &title)?,
            facts: EntryFacts { reason: Some(why.clone()), ..EntryFacts::default() },
        };
        let part = amount.map(|(amount, _)| amount);
        let reversed = match loads::fee_to_reverse(work, &original, part, self.fee)? {
            Some(fee) => loads::reverse_both(work, &original, &reversal, &fee, &why),
            None => work.reverse(&original, &reversal),
        };
        match &reversed {
            // The entry is all that the input names of the books: what its accounts are refused for, it is at fault for.
            Err(Stop::Books(refusal)) if !is_own_field(refusal) => reversed.of_field(field),
            _ => reversed.named(&[]),
        }
        .and_then(|reversal| {
            cards::refunds::taken_back(work, &original, &reversal)?;
            loads::taken_back(work, &original, &reversal)?;
            merchants::reversed(work, original.id, &reversal)?;
            charity::take_back(work, &original, &why).map(|()| reversal)
        })
    }
}

/// Whether a refusal is about a field that the input has.
fn is_own_field(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::PeriodClosed { .. }
            | Refusal::ValueDateOutOfRange { .. }
            | Refusal::ReversalTooLarge { .. }
            | Refusal::OnlyAsAWhole
            | Refusal::CurrencyMismatch(_)
            | Refusal::OtherCurrency
    )
}

/// Whether the origin sees every account that an entry touches.
pub(super) fn sees_all(work: &mut Work, entry: &Entry) -> Decision<bool> {
    if work.origin().customer.is_none() {
        return Ok(true);
    }
    let mut touched: Vec<AccountId> = entry.postings.iter().filter_map(|line| line.account).collect();
    touched.sort_unstable();
    touched.dedup();
    let accounts = work.get_all::<Account>(&touched)?;
    work.get_all::<Position>(&touched)?;
    let own =
        |account: &Option<Arc<Account>>| account.as_ref().is_some_and(|account| visible(work.origin(), account.owner));
    Ok(!touched.is_empty() && accounts.iter().all(own))
}
