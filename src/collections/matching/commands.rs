//! What matches payments, and what waits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::model::{MatchStrategy, Opening, PaymentMatch, drawn, in_turn, tracking};
use super::store::TRACKING;
use crate::collections::claims::Claim;
use crate::collections::claims::content::same_currency;
use crate::collections::entries::commands::{NewEntry, tell};
use crate::collections::entries::store::OPEN;
use crate::collections::entries::{EntryKind, ReceivableEntry};
use crate::collections::events;
use crate::collections::receivables::Receivable;
use crate::collections::receivables::store::REFERENCE;
use crate::dues::apportion::{Item, Rule, apportion};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::primitives::{AccountId, Amount, ClaimId, Minor, Money, ReceivableEntryId};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};
use crate::work::{Command, Decision, Wants, Work};

/// Types of fees that are listed, at most.
const MOST_FEES: usize = 50;
/// What one payment is spread over, at most.
const MOST_PARTS: usize = 1_000;

/// Where money goes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MatchTerms {
    /// In which order.
    pub strategy: MatchStrategy,
    /// Only what is of this product, as the creditor calls it.
    pub product_reference: Option<String>,
    /// Types of fees, for the strategy that has them listed; the others take no notice.
    pub fee_order: Vec<String>,
}

/// What is open on a receivable, in its turn.
struct Turn {
    entries: Vec<Arc<ReceivableEntry>>,
    ids: Vec<ReceivableEntryId>,
}

impl MatchTerms {
    fn check(&self) -> Result<(), Refused> {
        let at = |refused: Refused| refused.under("context");
        check_reference("productReference", self.product_reference.as_deref()).map_err(at)?;
        if self.fee_order.len() > MOST_FEES {
            let facts = Box::new(Facts { maximum_count: i32::try_from(MOST_FEES).ok(), ..Facts::default() });
            let refused = Refused::of_field(LIMIT_EXCEEDED, "feeOrder", format!("at most {MOST_FEES} types of fees"));
            return Err(at(Refused { facts, ..refused }));
        }
        for type_ in &self.fee_order {
            check_reference("feeOrder", Some(type_)).map_err(at)?;
        }
        if self.strategy == MatchStrategy::CustomOrderedFees && self.fee_order.is_empty() {
            return Err(at(Refused::invalid(
                "feeOrder",
                "is required of CUSTOM_ORDERED_FEES: say which fees come first",
            )));
        }
        Ok(())
    }

    /// Who is served, in which order: `all` is what is open or waits on the receivable.
    fn turn(&self, work: &mut Work, all: &[Arc<ReceivableEntry>]) -> Decision<Turn> {
        let mut entries: Vec<Arc<ReceivableEntry>> = all.iter().filter(|entry| entry.owes()).cloned().collect();
        let claims: Vec<ClaimId> = entries.iter().filter_map(|entry| entry.claim).collect();
        let claims: Vec<Arc<Claim>> = work.get_all::<Claim>(&claims)?.into_iter().flatten().collect();
        let claim_of = |entry: &ReceivableEntry| claims.iter().find(|claim| Some(claim.id) == entry.claim);
        if let Some(product) = &self.product_reference {
            entries.retain(|entry| {
                let of_claim = claim_of(entry).and_then(|claim| claim.product_reference.as_ref());
                entry.product_reference.as_ref().or(of_claim) == Some(product)
            });
        }
        let opening = |entry: &Arc<ReceivableEntry>| Opening {
            entry: entry.id,
            booked: entry.ordinal,
            claim: claim_of(entry).map(|claim| claim.ordinal),
            fee: (entry.kind == EntryKind::Fee).then(|| entry.label.clone().unwrap_or_default()),
        };
        let open: Vec<Opening> = entries.iter().map(opening).collect();
        let mut ids = in_turn(self.strategy, &open, &self.fee_order);
        ids.truncate(MOST_PARTS);
        Ok(Turn { entries, ids })
    }
}

impl Turn {
    fn entry(&self, id: ReceivableEntryId) -> Option<&Arc<ReceivableEntry>> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// Who gets how much of an amount, by the one apportioner.
    fn parts(&self, work: &Work, amount: Minor) -> (Vec<(ReceivableEntryId, Minor)>, Minor) {
        let item = |entry: &Arc<ReceivableEntry>| Item {
            id: entry.id,
            due_on: entry.due_date.unwrap_or_else(|| work.today()),
            part_of: entry.ordinal,
            component: entry.component(),
            booked: entry.ordinal,
            open: entry.open,
        };
        let items: Vec<Item<ReceivableEntryId>> = self.entries.iter().map(item).collect();
        let apportioned = apportion(&items, amount, &Rule::Named(self.ids.clone()));
        (apportioned.parts, apportioned.rest)
    }
}

/// The receivable that an input names, and its account in the books.
fn located(work: &mut Work, reference: &str) -> Decision<(Arc<Receivable>, AccountId)> {
    let found = work.find::<Receivable>(&REFERENCE, reference)?;
    let receivable = found.ok_or_else(|| Refused::not_found("accountReference", "account"))?;
    let account = receivable.account.ok_or_else(|| {
        let message = "the account has no debtor: say first who owes on it";
        Refused::of_field(INVALID_STATE, "accountReference", message)
    })?;
    Ok((receivable, account))
}

/// Entries as they are booked, and the claims that they change, as these were before.
#[derive(Default)]
struct Booked {
    entries: Vec<ReceivableEntryId>,
    claims: Vec<Arc<Claim>>,
}

impl Booked {
    fn put(
        &mut self,
        work: &mut Work,
        receivable: &Receivable,
        entry: &NewEntry,
        source: Option<&ReceivableEntry>,
    ) -> Decision<()> {
        let (entry, before) = entry.put(work, receivable, source)?;
        self.entries.push(entry.id);
        if let Some(before) = before
            && !self.claims.iter().any(|known| known.id == before.id)
        {
            self.claims.push(before);
        }
        Ok(())
    }

    fn tell(&self, work: &mut Work) -> Decision<()> {
        for before in &self.claims {
            tell(work, before, json!({ "kind": EntryKind::Payment.word() }))?;
        }
        Ok(())
    }
}

/// A payment of a part, under a reference that is made.
fn payment(work: &mut Work, receivable: &Receivable, target: Option<&ReceivableEntry>, amount: Minor) -> NewEntry {
    let id = work.id::<ReceivableEntryId>();
    NewEntry {
        reference: format!("M{}", id.0.simple()),
        kind: EntryKind::Payment,
        amount: Amount(amount.in_currency(receivable.currency).amount),
        target: target.map(|target| target.reference.clone()),
        label: None,
        due_date: None,
        debtor_reference: None,
        product_reference: target.and_then(|target| target.product_reference.clone()),
        payment_reference: None,
        provider: None,
        happened_at: None,
        metadata: "{}".into(),
    }
}

/// Spreads one payment over what is open on a receivable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MatchPayment {
    /// On which receivable.
    pub account: String,
    /// All of it, in the receivable's currency.
    pub amount: Money,
    /// Where it goes.
    pub terms: MatchTerms,
    /// Who brought it.
    pub provider: Option<String>,
    /// What the provider calls it: a payment of a provider is told of once.
    pub tracking_id: Option<String>,
    /// What it carried.
    pub payment_reference: Option<String>,
    /// A JSON object, as text: of the entries that are booked.
    pub metadata: String,
}

impl Command for MatchPayment {
    const OPERATION: &'static str = "matchPayment";
    type Made = PaymentMatch;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.account);
    }

    /// Refused as: `NOT_FOUND` for the account, `INVALID_STATE` for one without a debtor, `INVALID_INPUT` and
    /// `AMOUNT_OUT_OF_RANGE` for the amount, `CURRENCY_MISMATCH`, `INVALID_INPUT` for references and the context,
    /// `LIMIT_EXCEEDED` for its fees, `DUPLICATE_REFERENCE` for a tracking id that the provider has used, then the books', in
    /// this order. More than is open is no refusal: the rest waits.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PaymentMatch>> {
        let (receivable, account) = located(work, &self.account)?;
        let amount = positive("amount", self.amount)?;
        same_currency("amount.currency", Some(self.amount.currency), receivable.currency)?;
        for (field, value) in [
            ("providerName", &self.provider),
            ("trackingId", &self.tracking_id),
            ("paymentReference", &self.payment_reference),
        ] {
            check_reference(field, value.as_deref())?;
        }
        self.terms.check()?;
        let tracking = self.tracking_id.as_deref().map(|id| tracking(self.provider.as_deref(), id));
        if let Some(tracking) = &tracking
            && work.find::<PaymentMatch>(&TRACKING, tracking)?.is_some()
        {
            return Err(Refused::duplicate(TRACKING.field, TRACKING.what).into());
        }
        let all = work.all::<ReceivableEntry, Receivable>(OPEN, receivable.id)?;
        let turn = self.terms.turn(work, &all)?;
        let (parts, rest) = turn.parts(work, amount);
        let mut booked = Booked::default();
        let parts = parts.into_iter().map(|(id, part)| (turn.entry(id).cloned(), part));
        for (target, part) in parts.chain((rest.0 > 0).then_some((None, rest))) {
            let entry = NewEntry {
                payment_reference: self.payment_reference.clone(),
                provider: self.provider.clone(),
                metadata: self.metadata.clone(),
                ..payment(work, &receivable, target.as_deref(), part)
            };
            booked.put(work, &receivable, &entry, None)?;
        }
        booked.tell(work)?;
        let made = PaymentMatch {
            id: work.id(),
            ordinal: work.ordinal(),
            receivable: receivable.id,
            account,
            currency: receivable.currency,
            amount,
            matched: Minor(amount.0 - rest.0),
            strategy: self.terms.strategy,
            provider: self.provider.clone(),
            tracking_id: self.tracking_id.clone(),
            tracking,
            payment_reference: self.payment_reference.clone(),
            entries: booked.entries,
            metadata: self.metadata.clone(),
            created_at: work.now(),
        };
        let made = work.insert(made)?;
        work.tell(events::of_match(&receivable, &made));
        Ok(made)
    }

    fn weight(&self) -> usize {
        32
    }
}

/// Spreads what waits on a receivable over what is open there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MatchUnallocated {
    /// On which receivable.
    pub account: String,
    /// Where it goes.
    pub terms: MatchTerms,
}

impl Command for MatchUnallocated {
    const OPERATION: &'static str = "matchUnallocated";
    type Made = PaymentMatch;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Receivable>(&REFERENCE, &self.account);
    }

    /// Refused as: `NOT_FOUND` for the account, `INVALID_STATE` for one without a debtor, `INVALID_INPUT` and `LIMIT_EXCEEDED`
    /// for the context, `INVALID_STATE` where nothing waits, or nothing is open that it could go to, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PaymentMatch>> {
        let (receivable, account) = located(work, &self.account)?;
        self.terms.check()?;
        let all = work.all::<ReceivableEntry, Receivable>(OPEN, receivable.id)?;
        let waiting: Vec<&Arc<ReceivableEntry>> = all.iter().filter(|entry| !entry.owes()).collect();
        let sources: Vec<(usize, Minor)> = waiting.iter().map(|entry| entry.open).enumerate().collect();
        let amount = Minor(sources.iter().map(|(_, waits)| waits.0).sum());
        let nothing = |message: &str| Refused::of_field(INVALID_STATE, "accountReference", message);
        if amount.0 == 0 {
            return Err(nothing("nothing waits on the account").into());
        }
        let turn = self.terms.turn(work, &all)?;
        let (parts, rest) = turn.parts(work, amount);
        if parts.is_empty() {
            return Err(nothing("nothing is open that it could go to").into());
        }
        let mut booked = Booked::default();
        for (place, target, part) in drawn(&sources, &parts) {
            // As the source is after what was drawn from it already.
            let source = work.get::<ReceivableEntry>(waiting[place].id)?.unwrap_or_else(|| waiting[place].clone());
            let target = turn.entry(target).cloned();
            let mut entry = NewEntry {
                payment_reference: source.payment_reference.clone(),
                provider: source.provider.clone(),
                metadata: source.metadata.clone(),
                ..payment(work, &receivable, target.as_deref(), part)
            };
            // What was never money stays a correction.
            if source.kind != EntryKind::Payment {
                entry.kind = EntryKind::Adjustment;
                entry.amount = Amount(-entry.amount.0);
                entry.label.clone_from(&source.label);
                (entry.payment_reference, entry.provider) = (None, None);
            }
            booked.put(work, &receivable, &entry, Some(&source))?;
        }
        booked.tell(work)?;
        let made = PaymentMatch {
            id: work.id(),
            ordinal: work.ordinal(),
            receivable: receivable.id,
            account,
            currency: receivable.currency,
            amount,
            matched: Minor(amount.0 - rest.0),
            strategy: self.terms.strategy,
            provider: None,
            tracking_id: None,
            tracking: None,
            payment_reference: None,
            entries: booked.entries,
            metadata: "{}".into(),
            created_at: work.now(),
        };
        let made = work.insert(made)?;
        work.tell(events::of_match(&receivable, &made));
        Ok(made)
    }

    fn weight(&self) -> usize {
        32
    }
}
