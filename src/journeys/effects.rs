//! What steps do.

use serde_json::json;

use super::events::{self, CLAIM_HANDED_OVER, COLLECTION_TASK, JOURNEY_TRIGGERED};
use super::model::ClaimJourney;
use super::steps::StepEffect;
use crate::collections::claims::{ClaimChange, NewFee, StatusRule, UpdateClaim};
use crate::collections::{AddReceivableEntry, Claim, EntryKind, NewEntry, Receivable};
use crate::ledger::amounts::to_minor;
use crate::messages;
use crate::primitives::{Amount, Money};
use crate::work::{Change, Command as _, Decision, Stop, Work};

/// Does a step's effect on a claim.
///
/// # Errors
/// As what it does is refused.
pub fn act(work: &mut Work, claim: &Claim, journey: &ClaimJourney, step: &str, effect: &StepEffect) -> Decision<()> {
    match effect {
        StepEffect::Message(template) => {
            messages::send(work, claim, template, None, Some(format!("journey: {step}")))?;
        }
        StepEffect::Fee { name, amount } => fee(work, claim, journey, name, *amount)?,
        StepEffect::Trigger(trigger) => {
            work.tell(events::of_journey(JOURNEY_TRIGGERED, claim, journey, json!({ "trigger": trigger })));
        }
        StepEffect::Task(title) => {
            work.tell(events::of_journey(COLLECTION_TASK, claim, journey, json!({ "task": title })));
        }
        StepEffect::HandOver(to) => {
            work.tell(events::of_journey(CLAIM_HANDED_OVER, claim, journey, json!({ "to": to })));
        }
    }
    Ok(())
}

/// Adds a fee: to a managed claim by an entry of its receivable, to another one by itself. Named where its fees are.
fn fee(work: &mut Work, claim: &Claim, journey: &ClaimJourney, name: &str, amount: Amount) -> Decision<()> {
    let minor = to_minor("amount", Money { amount: amount.0, currency: claim.currency })?;
    if claim.managed {
        let receivable = work.get::<Receivable>(claim.receivable)?;
        let receivable = receivable.ok_or_else(|| Stop::damaged("a claim without its receivable"))?;
        let prefix = format!("{}/", receivable.reference);
        let entry = NewEntry {
            reference: format!("fee-{}-{}", journey.id.0.simple(), journey.done.len()),
            kind: EntryKind::Fee,
            amount,
            target: claim.reference.strip_prefix(&prefix).map(ToOwned::to_owned),
            label: Some(name.to_owned()),
            due_date: None,
            debtor_reference: None,
            product_reference: None,
            payment_reference: None,
            provider: None,
            happened_at: None,
            metadata: "{}".into(),
        };
        AddReceivableEntry { account: receivable.reference.clone(), entry }.decide(work)?;
        return Ok(());
    }
    let in_words = |minor: crate::primitives::Minor| Amount(minor.in_currency(claim.currency).amount);
    let is_named = claim.fees.0 == 0 || !claim.named_fees.is_empty();
    let (mut fees, mut total_fees) = (Change::Keep, None);
    if is_named {
        let mut named: Vec<NewFee> = claim
            .named_fees
            .iter()
            .map(|fee| NewFee { name: fee.name.clone(), amount: in_words(fee.amount) })
            .collect();
        named.push(NewFee { name: name.to_owned(), amount });
        fees = Change::Set(named);
    } else {
        total_fees = Some(in_words(crate::primitives::Minor(claim.fees.0.saturating_add(minor.0))));
    }
    let change = ClaimChange {
        amount: None,
        currency: None,
        fees,
        total_fees,
        original_due_date: None,
        current_due_date: None,
        limitation_date: Change::Keep,
        product_reference: Change::Keep,
        payment_reference: Change::Keep,
        portfolio_reference: Change::Keep,
        creditor_reference: None,
        scores: Change::Keep,
        metadata: Change::Keep,
    };
    let reference = claim.reference.clone();
    UpdateClaim { reference, change, debtor: None, reason: None, rule: StatusRule::Keep }.decide(work)?;
    Ok(())
}
