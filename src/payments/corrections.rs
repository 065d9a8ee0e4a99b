//! Corrections, charges and reversals: what is posted by the tenant, not by a rail.

use std::collections::BTreeSet;

use super::moves::Details;
use super::{again, book, described, entry_of};
use crate::accounts::{self, AccountBy, directory};
use crate::denial::{Answer, Denial};
use crate::engine::Engine;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::order::{Action, Idempotency, Order};
use crate::ledger::refusal::RefusalCode;
use crate::ledger::{Component, Draft, InternalRole, TransactionKind, journal};
use crate::primitives::{AccountId, EntryId, Money, Origin};

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

/// A correction.
#[derive(Clone, Debug)]
pub struct Adjustment {
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

/// A charge.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Of which account.
    pub account: AccountBy,
    /// For what.
    pub kind: ChargeKind,
    /// How much.
    pub amount: Money,
    /// The rest.
    pub details: Details,
}

/// Corrects one component of an account by a signed amount, against SUSPENSE. The account's floor still
/// holds for a debit.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE` for zero, then the books' in their order.
pub async fn post_adjustment(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    adjustment: Adjustment,
) -> Answer<EntryId> {
    let Adjustment { account, amount, component, reason, details } = adjustment;
    let account = match directory::require(engine, origin, "account", &account).await {
        Ok(account) => account,
        Err(failure) => return again(engine, origin, &key, failure).await,
    };
    let minor = accounts::to_minor("amount", amount)?;
    if minor.0 == 0 {
        return Err(Denial::of_field(RefusalCode::AmountOutOfRange, "amount", "must not be zero").into());
    }
    let reason = described("reason", Some(reason), "")?;
    if reason.is_empty() {
        return Err(Denial::invalid("reason", "must not be empty").into());
    }
    let own = Side::Account(account, Spread::On(component), None);
    let suspense = Side::Internal(InternalRole::Suspense);
    let draft = Draft::new(TransactionKind::Adjustment, amount.currency, String::new());
    let draft = match minor.0 > 0 {
        true => draft.moving(suspense, own, minor),
        false => draft.moving(own, suspense, minor.negated()),
    };
    let draft = details.noting(draft, "Balance adjustment", [("reason", Some(reason.into()))])?;
    let mut order = Order::new(origin, "postAdjustment", Action::Post(draft));
    order.idempotency = Some(key);
    book(engine, order, &[(account, "account")]).await
}

/// Charges interest or a fee: owed apart from principal where the account may owe, taken from its funds where
/// it may not.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, then the books' in their order.
pub async fn post_charge(engine: &Engine, origin: &Origin, key: Idempotency, charge: Charge) -> Answer<EntryId> {
    let Charge { account, kind, amount, details } = charge;
    let account = match directory::require(engine, origin, "account", &account).await {
        Ok(account) => account,
        Err(failure) => return again(engine, origin, &key, failure).await,
    };
    let minor = super::positive("amount", amount)?;
    let (kind, component, income, title) = kind.postings();
    let own = Side::Account(account, Spread::Charge(component), None);
    let draft = Draft::new(kind, amount.currency, String::new()).moving(own, Side::Internal(income), minor);
    let mut order = Order::new(origin, "postCharge", Action::Post(details.on(draft, title)?));
    order.idempotency = Some(key);
    book(engine, order, &[(account, "account")]).await
}

/// Books the mirror of an entry, once.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_INPUT`, then the books': `ALREADY_REVERSED`, `INVALID_STATE` for a reversal,
/// `ACCOUNT_NOT_OPEN`, `INSUFFICIENT_FUNDS` where an account that may not owe would go below zero.
pub async fn reverse(
    engine: &Engine,
    origin: &Origin,
    key: Idempotency,
    entry: Option<EntryId>,
    reason: String,
    description: Option<String>,
) -> Answer<EntryId> {
    let ids: Vec<EntryId> = entry.into_iter().collect();
    let found = journal::entries_by_id(engine.db.reader(), origin.tenant, &ids).await?;
    let original = found.into_iter().next().ok_or_else(|| Denial::not_found("entry", "entry"))?;
    if let Some(customer) = origin.customer {
        let touched: BTreeSet<AccountId> = original.postings.iter().filter_map(|line| line.account).collect();
        let names: Vec<AccountBy> = touched.into_iter().map(AccountBy::Id).collect();
        let own = accounts::store::find_many(engine.db.reader(), origin.tenant, Some(customer), &names).await?;
        if own.len() < names.len() || names.is_empty() {
            return Err(Denial::not_found("entry", "entry").into());
        }
    }
    let reason = described("reason", Some(reason), "")?;
    if reason.is_empty() {
        return Err(Denial::invalid("reason", "must not be empty").into());
    }
    let title = format!("Reversal: {}", original.description);
    let description = described("description", description, &title.chars().take(500).collect::<String>())?;
    let metadata = serde_json::json!({ "reason": reason }).to_string();
    let mut order = Order::new(origin, "reverseEntry", Action::Reverse { original, description, metadata });
    order.idempotency = Some(key);
    let applied = engine.submit(order).await?.map_err(|refusal| of_entry(Denial::of_refusal(&refusal, &[])))?;
    entry_of(&applied)
}

/// The entry is all that the input names: whatever its accounts are refused for, it is the field at fault.
fn of_entry(mut denial: Denial) -> Denial {
    for field in denial.fields.iter_mut().filter(|field| field.path != ["idempotencyKey"]) {
        field.path = vec!["entry".into()];
    }
    denial
}
