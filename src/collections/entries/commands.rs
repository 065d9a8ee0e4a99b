//! What books entries on receivables, and moves managed claims.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{EntryKind, ReceivableEntry, name};
use super::store::NAME;
use crate::collections::claims::commands::tell_status;
use crate::collections::claims::{Claim, ClaimStatus, StatusRule};
use crate::collections::events::{self, CLAIM_CREATED, CLAIM_UPDATED};
use crate::collections::promises;
use crate::collections::receivables::model::{link, merged};
use crate::collections::receivables::store::{LINK, REFERENCE};
use crate::collections::receivables::{Receivable, ReceivableDebtor, debtors};
use crate::customers::Customer;
use crate::customers::store::EXTERNAL_REFERENCE;
use crate::ledger::amounts::to_minor;
use crate::ledger::chart::Component;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::position::Split;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::ledger::{Draft, InternalRole, Position, TransactionKind};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Amount, EntryId, Minor, Money};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// An entry, as it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewEntry {
    /// What the creditor calls it.
    pub reference: String,
    /// What it is.
    pub kind: EntryKind,
    /// How much, in the account's currency; below zero only for a correction downwards.
    pub amount: Amount,
    /// The reference of the entry that it relates to.
    pub target: Option<String>,
    /// The type of a fee, the reason of a correction.
    pub label: Option<String>,
    /// When an invoice is due; to when a correction moves that.
    pub due_date: Option<NaiveDate>,
    /// Which of the account's debtors an invoice is of.
    pub debtor_reference: Option<String>,
    /// What it is of.
    pub product_reference: Option<String>,
    /// What a payment carries.
    pub payment_reference: Option<String>,
    /// Who brought a payment.
    pub provider: Option<String>,
    /// When it came about.
    pub happened_at: Option<Micros>,
    /// A JSON object, as text.
    pub metadata: String,
}

/// Books an entry on a receivable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddReceivableEntry {
    /// On which.
    pub account: String,
    /// The entry.
    pub entry: NewEntry,
}

impl Command for AddReceivableEntry {
    const OPERATION: &'static str = "addReceivableEntry";
    type Made = ReceivableEntry;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.account);
    }

    /// Refused as: `NOT_FOUND` for the account, then as [`NewEntry::book`].
    fn decide(&self, work: &mut Work) -> Decision<Arc<ReceivableEntry>> {
        let found = work.find::<Receivable>(&REFERENCE, &self.account)?;
        let receivable = found.ok_or_else(|| Refused::not_found("accountReference", "account"))?;
        self.entry.book(work, &receivable)
    }

    fn weight(&self) -> usize {
        16
    }
}

/// What an entry does, once it is known what it relates to.
struct Effect {
    /// What the account owes less, by component; below zero, more.
    parts: Split,
    /// Whether that is money, and not a word.
    is_money: bool,
    /// What the entry itself has open or waiting afterwards.
    open: Minor,
    /// What the target has open or waiting more afterwards, and what of it is undone.
    target: Minor,
    undone: Minor,
    /// What the target of the target has open more afterwards: of a payment that bounced.
    settled: Minor,
}

impl NewEntry {
    /// Books it.
    ///
    /// # Errors
    /// `INVALID_INPUT` for what is missing, not of its kind or malformed, `INVALID_STATE` for an account without a debtor,
    /// `DUPLICATE_REFERENCE`, `NOT_FOUND` and `INVALID_INPUT` for the target, `NOT_FOUND` for the debtor, `AMOUNT_OUT_OF_RANGE`
    /// for more than is open or was paid (`facts.remaining`), then the books', in this order.
    pub fn book(&self, work: &mut Work, receivable: &Receivable) -> Decision<Arc<ReceivableEntry>> {
        let (entry, before) = self.put(work, receivable, None)?;
        if let Some(before) = before {
            tell(work, &before, json!({ "entry": entry.reference, "kind": entry.kind.word() }))?;
        }
        Ok(entry)
    }

    /// The same, without telling of the claim that it changes: that is given as it was before. With a source it is no
    /// money, and no word: what had waited there is used, which moves it between the components of the account at most.
    ///
    /// # Errors
    /// The same.
    pub(in crate::collections) fn put(
        &self,
        work: &mut Work,
        receivable: &Receivable,
        source: Option<&ReceivableEntry>,
    ) -> Decision<(Arc<ReceivableEntry>, Option<Arc<Claim>>)> {
        let amount = self.checked(receivable)?;
        let account = receivable.account.ok_or_else(|| {
            let message = "the account has no debtor: say first who owes on it";
            Refused::of_field(INVALID_STATE, "accountReference", message)
        })?;
        let key = name(receivable.id, &self.reference);
        if work.find::<ReceivableEntry>(&NAME, &key)?.is_some() {
            return Err(Refused::duplicate(NAME.field, NAME.what).into());
        }
        let target = self.target(work, receivable)?;
        let entry = ReceivableEntry {
            id: work.id(),
            ordinal: work.ordinal(),
            receivable: receivable.id,
            account,
            reference: self.reference.clone(),
            name: key,
            kind: self.kind,
            currency: receivable.currency,
            amount,
            open: Minor::ZERO,
            undone: Minor::ZERO,
            target: target.as_ref().map(|target| target.id),
            claim: target.as_ref().and_then(|target| target.claim),
            entry: None,
            label: self.label.clone(),
            due_date: self.due_date,
            product_reference: self.product_reference.clone(),
            payment_reference: self.payment_reference.clone(),
            provider: self.provider.clone(),
            happened_at: self.happened_at,
            metadata: self.metadata.clone(),
            source: source.map(|source| source.id),
            created_at: work.now(),
        }
        .checked()?;
        let beyond = match &target {
            Some(target) if self.kind == EntryKind::Chargeback => match target.target {
                Some(id) => work.get::<ReceivableEntry>(id)?,
                None => None,
            },
            _ => None,
        };
        let mut effect = effect(&entry, target.as_deref(), beyond.as_deref())?;
        if let Some(source) = source {
            effect.is_money = false;
            effect.parts[Component::Principal.index()].0 -= amount.0.abs();
            let goes_on = if source.kind == EntryKind::Payment { amount } else { Minor::ZERO };
            moved(work, source, Minor(-amount.0.abs()), goes_on)?;
        }
        let booked = book(work, &entry, &effect)?;
        let claim = match self.kind {
            EntryKind::Invoice => Some(self.open_claim(work, receivable, account, amount)?.id),
            _ => entry.claim,
        };
        let entry = work.insert(ReceivableEntry { open: effect.open, entry: booked, claim, ..entry })?;
        if let Some(target) = &target {
            moved(work, target, effect.target, effect.undone)?;
        }
        if let Some(beyond) = &beyond {
            moved(work, beyond, effect.settled, Minor::ZERO)?;
        }
        work.tell(events::of_entry(receivable, &entry));
        let before = match self.kind {
            EntryKind::Invoice | EntryKind::Reporting => None,
            _ => self.refresh(work, &entry, target.as_deref(), beyond.as_deref(), &effect)?,
        };
        Ok((entry, before))
    }

    /// What can be said of it without looking anything up.
    fn checked(&self, receivable: &Receivable) -> Result<Minor, Refused> {
        use EntryKind::{Adjustment, Chargeback, Discount, Fee, Invoice, Payment, Reporting};
        let kind = self.kind;
        check_reference("ledgerEntryReference", Some(&self.reference))?;
        let amount = to_minor("amount", Money { amount: self.amount.0, currency: receivable.currency })?;
        if amount.0 < 0 && kind != Adjustment {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", "only an adjustment goes below zero"));
        }
        let required = [
            ("dueDate", kind == Invoice, self.due_date.is_some()),
            ("target", matches!(kind, Chargeback | Discount), self.target.is_some()),
            ("label", matches!(kind, Fee | Adjustment), self.label.is_some()),
        ];
        for (field, needed, given) in required {
            if needed && !given {
                return Err(Refused::invalid(field, format!("is required of an entry of the kind {}", kind.word())));
            }
        }
        let refused = [
            ("target", matches!(kind, Invoice | Reporting), self.target.is_some()),
            ("dueDate", !matches!(kind, Invoice | Adjustment), self.due_date.is_some()),
            ("label", !matches!(kind, Fee | Adjustment), self.label.is_some()),
            ("debtorReference", kind != Invoice, self.debtor_reference.is_some()),
            ("paymentReference", !matches!(kind, Invoice | Payment), self.payment_reference.is_some()),
            ("provider", kind != Payment, self.provider.is_some()),
        ];
        for (field, forbidden, given) in refused {
            if forbidden && given {
                return Err(Refused::invalid(field, format!("is not of an entry of the kind {}", kind.word())));
            }
        }
        if kind == Adjustment && self.target.is_none() && self.due_date.is_some() {
            return Err(Refused::invalid("dueDate", "is an invoice's: say which by the target"));
        }
        Ok(amount)
    }

    /// The entry that it relates to: of a chargeback a payment, of a payment also a correction upwards of the account, of all
    /// others an invoice or a fee.
    fn target(&self, work: &mut Work, receivable: &Receivable) -> Decision<Option<Arc<ReceivableEntry>>> {
        let Some(reference) = &self.target else { return Ok(None) };
        let found = work.find::<ReceivableEntry>(&NAME, &name(receivable.id, reference))?;
        let found = found.ok_or_else(|| Refused::not_found("target", "entry on the account"))?;
        let (fits, what) = match self.kind {
            EntryKind::Chargeback => (found.kind == EntryKind::Payment, "a payment"),
            EntryKind::Payment => {
                let is_correction = found.kind == EntryKind::Adjustment && found.target.is_none() && found.amount.0 > 0;
                let fits = is_correction || matches!(found.kind, EntryKind::Invoice | EntryKind::Fee);
                (fits, "an invoice, a fee or a correction upwards of the account")
            }
            _ => (matches!(found.kind, EntryKind::Invoice | EntryKind::Fee), "an invoice or a fee"),
        };
        if !fits {
            let message = format!("an entry of the kind {} relates to {what}", self.kind.word());
            return Err(Refused::invalid("target", message).into());
        }
        if self.due_date.is_some() && found.kind != EntryKind::Invoice {
            return Err(Refused::invalid("dueDate", "is an invoice's").into());
        }
        Ok(Some(found))
    }

    /// Who an invoice is of: one of the account's debtors.
    fn debtor(&self, work: &mut Work, receivable: &Receivable) -> Decision<Arc<Customer>> {
        let found = match &self.debtor_reference {
            None => debtors::first(work, receivable)?,
            Some(reference) => match work.find::<Customer>(&EXTERNAL_REFERENCE, reference)? {
                Some(customer) => {
                    let owes = work.find::<ReceivableDebtor>(&LINK, &link(receivable.id, customer.id))?;
                    owes.map(|_| customer)
                }
                None => None,
            },
        };
        found.ok_or_else(|| Refused::not_found("debtorReference", "debtor of the account").into())
    }

    /// The claim that an invoice is.
    fn open_claim(
        &self,
        work: &mut Work,
        receivable: &Receivable,
        account: AccountId,
        amount: Minor,
    ) -> Decision<Arc<Claim>> {
        let debtor = self.debtor(work, receivable)?;
        let due = self.due_date.ok_or_else(|| Stop::damaged("an invoice without a day on which it is due"))?;
        let now = work.now();
        let mut claim = Claim {
            id: work.id(),
            ordinal: work.ordinal(),
            reference: format!("{}/{}", receivable.reference, self.reference),
            receivable: receivable.id,
            account,
            debtor: debtor.id,
            managed: true,
            status: ClaimStatus::Active,
            resolution: None,
            currency: receivable.currency,
            amount,
            fees: Minor::ZERO,
            named_fees: Vec::new(),
            original_due_date: due,
            current_due_date: due,
            limitation_date: None,
            product_reference: self.product_reference.clone(),
            payment_reference: self.payment_reference.clone().or_else(|| receivable.payment_reference.clone()),
            portfolio_reference: receivable.portfolio_reference.clone(),
            creditor_reference: None,
            scores: Vec::new(),
            metadata: merged(&receivable.metadata, &self.metadata),
            begun: 1,
            created_at: now,
            changed_at: now,
            ended_at: None,
        };
        if !claim.owes() {
            claim.become_(ClaimStatus::Resolved, None, now)?;
        }
        let claim = work.insert(claim).map_err(|stop| match stop {
            Stop::Refused(refused) if refused.is_taken("claimReference") => {
                Refused::duplicate(NAME.field, "the claim reference that it would have").into()
            }
            stop => stop,
        })?;
        work.tell(events::of_claim(CLAIM_CREATED, &claim, serde_json::Value::Null));
        tell_status(work, ClaimStatus::Active, &claim);
        Ok(claim)
    }

    /// Brings the claim to what its entries have open by now; gives it as it was.
    fn refresh(
        &self,
        work: &mut Work,
        entry: &ReceivableEntry,
        target: Option<&ReceivableEntry>,
        beyond: Option<&ReceivableEntry>,
        effect: &Effect,
    ) -> Decision<Option<Arc<Claim>>> {
        let Some(id) = entry.claim else { return Ok(None) };
        let before = work.get::<Claim>(id)?.ok_or_else(|| Stop::damaged("an entry without its claim"))?;
        // What moves is what the entry opens itself (a fee), what its target has open, or what the payment had settled.
        let moves = match entry.kind {
            EntryKind::Fee => Some((Component::Fee, effect.open)),
            EntryKind::Chargeback => beyond.map(|settled| (settled.component(), effect.settled)),
            _ => target.map(|target| (target.component(), effect.target)),
        };
        let now = work.now();
        match (entry.kind, moves, target) {
            (EntryKind::Payment, Some((_, part)), _) => promises::paid(work, &before, part.negated(), entry.ordinal)?,
            (EntryKind::Chargeback, Some((_, part)), Some(payment)) => {
                promises::taken_back(work, &before, part, payment.ordinal)?;
            }
            _ => {}
        }
        work.change::<Claim, Refused>(id, |claim| {
            match moves {
                Some((Component::Fee, part)) => claim.fees = Minor(claim.fees.0 + part.0),
                Some((_, part)) => claim.amount = Minor(claim.amount.0 + part.0),
                None => {}
            }
            if let Some(due) = self.due_date {
                claim.current_due_date = due;
            }
            // What came to nothing by its entries comes back by them; what was resolved by hand stays so.
            let by_hand = before.status == ClaimStatus::Resolved && before.owes();
            let rule = if by_hand { StatusRule::ResolveAtZero } else { StatusRule::Recompute };
            let status = rule.status(claim.status, claim.owes());
            if status != claim.status {
                claim.become_(status, None, now)?;
            }
            claim.changed_at = now;
            Ok(())
        })?;
        Ok(Some(before))
    }
}

/// Tells of a claim that entries have changed since it was so.
pub(in crate::collections) fn tell(work: &mut Work, before: &Claim, more: serde_json::Value) -> Decision<()> {
    let claim = work.get::<Claim>(before.id)?.ok_or_else(|| Stop::damaged("a claim that is gone"))?;
    work.tell(events::of_claim(CLAIM_UPDATED, &claim, more));
    tell_status(work, before.status, &claim);
    Ok(())
}

/// More than there is of it.
fn too_much(remaining: Minor, entry: &ReceivableEntry) -> Refused {
    let remaining = remaining.in_currency(entry.currency);
    let message = format!("no more than {remaining} is left of what it relates to");
    let facts = Box::new(Facts { remaining: Some(remaining), ..Facts::default() });
    Refused { facts, ..Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", message) }
}

/// What an entry does. Pure. `beyond` is what the payment that is charged back was for.
fn effect(
    entry: &ReceivableEntry,
    target: Option<&ReceivableEntry>,
    beyond: Option<&ReceivableEntry>,
) -> Result<Effect, Refused> {
    let amount = entry.amount;
    let mut parts: Split = [Minor::ZERO; Component::COUNT];
    let (mut open, mut of_target, mut undone, mut settled) = (Minor::ZERO, Minor::ZERO, Minor::ZERO, Minor::ZERO);
    let principal = Component::Principal.index();
    let is_money = matches!(entry.kind, EntryKind::Payment | EntryKind::Chargeback);
    match (entry.kind, target) {
        (EntryKind::Reporting, _) => {}
        (EntryKind::Invoice | EntryKind::Fee, _) => {
            open = amount;
            parts[entry.component().index()] = amount.negated();
        }
        (EntryKind::Payment, Some(target)) => {
            let used = Minor(amount.0.min(target.open.0));
            open = Minor(amount.0 - used.0);
            of_target = used.negated();
            parts[target.component().index()].0 += used.0;
            parts[principal].0 += open.0;
        }
        (EntryKind::Adjustment | EntryKind::Discount, Some(target)) => {
            let change = if entry.kind == EntryKind::Discount { amount.negated() } else { amount };
            if target.open.0 + change.0 < 0 {
                return Err(too_much(target.open, entry));
            }
            of_target = change;
            parts[target.component().index()] = change.negated();
        }
        (EntryKind::Chargeback, Some(payment)) => {
            let left = Minor(payment.amount.0 - payment.undone.0);
            if amount > left {
                return Err(too_much(left, entry));
            }
            undone = amount;
            // What it had settled is taken back first, and then what still waits.
            let used = Minor(left.0 - payment.open.0);
            let back = Minor(amount.0.min(used.0));
            settled = back;
            of_target = Minor(back.0 - amount.0);
            let component = beyond.map_or(Component::Principal, ReceivableEntry::component);
            parts[component.index()].0 -= back.0;
            parts[principal].0 += of_target.0;
        }
        (EntryKind::Payment | EntryKind::Adjustment, None) => {
            open = Minor(amount.0.abs());
            parts[principal] = if entry.kind == EntryKind::Payment { amount } else { amount.negated() };
        }
        (EntryKind::Discount | EntryKind::Chargeback, None) => {
            return Err(Refused::invalid("target", "is required of an entry of this kind"));
        }
    }
    Ok(Effect { parts, is_money, open, target: of_target, undone, settled })
}

/// What it does in the books; nothing where it moves nothing.
fn book(work: &mut Work, entry: &ReceivableEntry, effect: &Effect) -> Decision<Option<EntryId>> {
    if effect.parts.iter().all(|part| *part == Minor::ZERO) {
        return Ok(None);
    }
    let amount = Minor(effect.parts.iter().map(|part| part.0).sum());
    if entry.source.is_some() {
        // Money of an account pays its own fees in the books as soon as it is there: then nothing is left to move.
        let (position, today) = (work.position(entry.account)?, work.today());
        let split = position.spread(amount, Spread::Carried(effect.parts), today, today)?;
        if split.iter().all(|part| *part == Minor::ZERO) {
            return Ok(None);
        }
    }
    let mut draft = if effect.is_money {
        let kind =
            if entry.kind == EntryKind::Payment { TransactionKind::Payment } else { TransactionKind::Chargeback };
        let (account, rail) = (
            Side::Account(entry.account, Spread::Carried(effect.parts), None),
            Side::Internal(InternalRole::SettlementPsp),
        );
        let draft = Draft::new(kind, entry.currency, title(entry).into());
        match amount.0 > 0 {
            true => draft.moving(rail, account, amount),
            false => draft.moving(account, rail, amount.negated()),
        }
    } else {
        // What waited and is used moves within the account: it was owed to nobody else since it came.
        let party = work.get::<Position>(entry.account)?.and_then(|position| position.party);
        let party = party.filter(|_| entry.source.is_none());
        Draft::owing(entry.account, effect.parts, party, entry.currency, title(entry).into())
    };
    (draft.of_items, draft.passes_blocks) = (true, true);
    draft.facts.reference = Some(entry.payment_reference.clone().unwrap_or_else(|| entry.reference.clone()));
    draft.facts.reason.clone_from(&entry.label);
    let booked = work.post(&draft).named(&[(entry.account, "accountReference")])?;
    Ok(Some(booked.id))
}

fn title(entry: &ReceivableEntry) -> &'static str {
    match entry.kind {
        EntryKind::Invoice => "Invoice",
        EntryKind::Fee => "Fee",
        EntryKind::Payment => "Payment",
        EntryKind::Adjustment => "Adjustment",
        EntryKind::Chargeback => "Chargeback",
        EntryKind::Discount => "Discount",
        EntryKind::Reporting => "Reporting",
    }
}

/// What an earlier entry has open, or waiting, after a later one.
fn moved(work: &mut Work, entry: &ReceivableEntry, open: Minor, undone: Minor) -> Decision<()> {
    if open == Minor::ZERO && undone == Minor::ZERO {
        return Ok(());
    }
    work.change::<ReceivableEntry, Refused>(entry.id, |row| {
        row.open = Minor(row.open.0 + open.0);
        row.undone = Minor(row.undone.0 + undone.0);
        Ok(())
    })?;
    Ok(())
}
