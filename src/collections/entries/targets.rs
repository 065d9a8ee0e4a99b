//! Target amounts: the caller says where an invoice or a fee is to end up, and what brings it there is booked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::commands::{NewEntry, tell};
use super::model::{EntryKind, ReceivableEntry, name};
use super::store::{NAME, PAYMENTS};
use crate::collections::claims::{Claim, content};
use crate::collections::receivables::Receivable;
use crate::collections::receivables::store::REFERENCE;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, LIMIT_EXCEEDED};
use crate::primitives::{Amount, Minor, ReceivableEntryId};
use crate::refused::{Facts, Refused, check_reference};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Target amounts that are said together, at most.
const MOST: usize = 100;
/// What brings money in.
const PAYMENT: &str = "PAYMENT";
/// What takes it back.
const CHARGEBACK: &str = "CHARGEBACK";

/// Where an invoice or a fee is to end up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetAmount {
    /// The entry's reference.
    pub reference: String,
    /// What is to be open of it.
    pub amount: Amount,
    /// PAYMENT, CHARGEBACK, or the reason of a correction.
    pub reason: String,
    /// A JSON object, as text: of what is booked.
    pub metadata: String,
}

/// Brings invoices and fees of a receivable to target amounts, one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetReceivableAmounts {
    /// Of which receivable.
    pub account: String,
    /// In this order: of several of one entry the last decides, and the others are the way there.
    pub targets: Vec<TargetAmount>,
}

impl Command for SetReceivableAmounts {
    const OPERATION: &'static str = "setReceivableAmounts";
    type Made = Receivable;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.account);
    }

    /// Refused as: `NOT_FOUND` for the account, `INVALID_INPUT` for none and `LIMIT_EXCEEDED` for more than 100; then target by
    /// target: `INVALID_INPUT`, `NOT_FOUND` and `INVALID_INPUT` for the entry, `AMOUNT_OUT_OF_RANGE` for a payment that would
    /// raise it, and for a chargeback that would lower it or of more than was paid (`facts.remaining`), then the books'.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        let found = work.find::<Receivable>(&REFERENCE, &self.account)?;
        let receivable = found.ok_or_else(|| Refused::not_found("accountReference", "account"))?;
        if self.targets.is_empty() {
            return Err(Refused::invalid("ledgerEntries", "is empty: say what is to end up where").into());
        }
        if self.targets.len() > MOST {
            let facts = Box::new(Facts { maximum_count: i32::try_from(MOST).ok(), ..Facts::default() });
            let refused = Refused::of_field(LIMIT_EXCEEDED, "ledgerEntries", format!("at most {MOST} at once"));
            return Err(Refused { facts, ..refused }.into());
        }
        let mut changed: Vec<Arc<Claim>> = Vec::new();
        for (place, target) in self.targets.iter().enumerate() {
            let befores = target.book(work, &receivable).map_err(|stop| match stop {
                Stop::Refused(refused) => refused.at("ledgerEntries", place).into(),
                stop => stop,
            })?;
            for before in befores {
                if !changed.iter().any(|known| known.id == before.id) {
                    changed.push(before);
                }
            }
        }
        for before in changed {
            tell(work, &before, json!({ "kind": "TARGET_AMOUNT" }))?;
        }
        Ok(receivable)
    }

    fn weight(&self) -> usize {
        4 + 16 * self.targets.len()
    }
}

impl TargetAmount {
    /// Books what brings the entry there: nothing where it is there already. Gives each claim as it was before.
    fn book(&self, work: &mut Work, receivable: &Receivable) -> Decision<Vec<Arc<Claim>>> {
        check_reference("reason", Some(&self.reason))?;
        let wanted = content::amount("amount", self.amount, receivable.currency)?;
        let found = work.find::<ReceivableEntry>(&NAME, &name(receivable.id, &self.reference))?;
        let entry = found.ok_or_else(|| Refused::not_found("ledgerEntryReference", "entry on the account"))?;
        if !matches!(entry.kind, EntryKind::Invoice | EntryKind::Fee) {
            return Err(Refused::invalid("ledgerEntryReference", "is not an invoice or a fee").into());
        }
        let change = Minor(wanted.0 - entry.open.0);
        let mut befores = Vec::new();
        if change == Minor::ZERO {
            return Ok(befores);
        }
        let steps = match self.reason.as_str() {
            PAYMENT if change.0 > 0 => return Err(wrong_way("a payment only lowers what is open")),
            PAYMENT => vec![(EntryKind::Payment, change.negated(), self.reference.clone())],
            CHARGEBACK if change.0 < 0 => return Err(wrong_way("a chargeback only raises what is open")),
            CHARGEBACK => take_back(work, &entry, change)?,
            _ => vec![(EntryKind::Adjustment, change, self.reference.clone())],
        };
        for (kind, amount, target) in steps {
            let id = work.id::<ReceivableEntryId>();
            let step = NewEntry {
                reference: format!("T{}", id.0.simple()),
                kind,
                amount: Amount(amount.in_currency(receivable.currency).amount),
                target: Some(target),
                label: (kind == EntryKind::Adjustment).then(|| self.reason.clone()),
                due_date: None,
                debtor_reference: None,
                product_reference: entry.product_reference.clone(),
                payment_reference: None,
                provider: None,
                happened_at: None,
                metadata: self.metadata.clone(),
            };
            let (_, before) = step.put(work, receivable, None)?;
            befores.extend(before);
        }
        Ok(befores)
    }
}

fn wrong_way(message: &str) -> Stop {
    Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", message).into()
}

/// What takes back so much of what was paid of an entry: of its payments, the last one first.
fn take_back(work: &mut Work, entry: &ReceivableEntry, amount: Minor) -> Decision<Vec<(EntryKind, Minor, String)>> {
    let payments = work.all::<ReceivableEntry, ReceivableEntry>(PAYMENTS, entry.id)?;
    let (mut rest, mut steps) = (amount, Vec::new());
    for payment in payments.iter().rev() {
        // What it had settled: what waits of it was for nothing.
        let settled = Minor(payment.amount.0 - payment.undone.0 - payment.open.0);
        let part = Minor(settled.0.min(rest.0));
        if part.0 > 0 {
            steps.push((EntryKind::Chargeback, part, payment.reference.clone()));
            rest = Minor(rest.0 - part.0);
        }
    }
    if rest.0 > 0 {
        let paid = Minor(amount.0 - rest.0).in_currency(entry.currency);
        let facts = Box::new(Facts { remaining: Some(paid), ..Facts::default() });
        let refused = Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", format!("no more than {paid} was paid of it"));
        return Err(Refused { facts, ..refused }.into());
    }
    Ok(steps)
}
