//! What creates, changes, resolves and deletes claims.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::content::{ClaimChange, Opening, Place};
use super::model::{Claim, ClaimStatus, ResolutionReason, StatusRule};
use super::postings::{Booking, book};
use super::store::REFERENCE;
use crate::collections::events::{
    self, CLAIM_CREATED, CLAIM_CREDITED, CLAIM_DELETED, CLAIM_REACTIVATED, CLAIM_RECREATED, CLAIM_RESOLVED,
    CLAIM_UPDATED,
};
use crate::collections::promises;
use crate::collections::receivables::{NewDebtor, Receivable, debtors};
use crate::ledger::event::EventType;
use crate::primitives::Minor;
use crate::refused::{Refused, check_reference};
use crate::work::{Change, Command, Decision, Stop, Wants, Work};

/// The claim that an input names.
///
/// # Errors
/// `NOT_FOUND`.
pub(in crate::collections) fn located(work: &mut Work, reference: &str) -> Decision<Arc<Claim>> {
    let found = work.find::<Claim>(&REFERENCE, reference)?;
    found.ok_or_else(|| Refused::not_found("claimReference", "claim").into())
}

/// Brings a claim into the state that the rule says, once what is owed on it is known.
fn settle(claim: &mut Claim, rule: StatusRule, why: Option<ResolutionReason>, work: &Work) -> Result<(), Refused> {
    let status = rule.status(claim.status, claim.owes());
    if status == claim.status { Ok(()) } else { claim.become_(status, why, work.now()) }
}

/// Writes a claim that was changed, books what is owed more or less, and tells of it: of the state apart.
pub(super) fn keep(
    work: &mut Work,
    before: &Claim,
    mut after: Claim,
    rule: (StatusRule, Option<ResolutionReason>),
    told: (EventType, Value),
    booking: Booking,
) -> Decision<Arc<Claim>> {
    settle(&mut after, rule.0, rule.1, work)?;
    // Of a claim that is changed by itself, a credit is how it is told that something was paid, or that it is paid off.
    if told.0 == CLAIM_CREDITED || rule.1 == Some(ResolutionReason::ClaimPaid) {
        let less = (before.amount.0 + before.fees.0) - (after.amount.0 + after.fees.0);
        let place = work.ordinal();
        promises::paid(work, before, Minor(less), place)?;
    }
    after.changed_at = work.now();
    book(work, Some(before), &after, booking, "claimReference")?;
    let claim = work.change::<Claim, Refused>(before.id, |row| {
        *row = after;
        Ok(())
    })?;
    work.tell(events::of_claim(told.0, &claim, told.1));
    tell_status(work, before.status, &claim);
    Ok(claim)
}

/// Tells of a state that a claim has come into.
pub(in crate::collections) fn tell_status(work: &mut Work, before: ClaimStatus, claim: &Claim) {
    let type_ = match (before, claim.status) {
        (ClaimStatus::Active | ClaimStatus::Deleted, ClaimStatus::Resolved) => CLAIM_RESOLVED,
        (ClaimStatus::Resolved, ClaimStatus::Active) => CLAIM_REACTIVATED,
        _ => return,
    };
    let why = claim.resolution.map(ResolutionReason::word);
    work.tell(events::of_claim(type_, claim, json!({ "reason": why })));
}

/// Creates a claim that is changed by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateClaim(pub Opening);

impl Command for CreateClaim {
    const OPERATION: &'static str = "createClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        self.0.hint(wants);
    }

    /// Refused as: `INVALID_INPUT` for the reference, `DUPLICATE_REFERENCE` for one that a claim has or had, `NOT_FOUND` for the
    /// account, `INVALID_INPUT` for what is missing without one, `CURRENCY_MISMATCH`, as debtors are, `INVALID_STATE` for
    /// another creditor, what is wrong with the rest, then the books', in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        if self.0.found(work)?.is_some() {
            return Err(Refused::duplicate(REFERENCE.field, REFERENCE.what).into());
        }
        create(work, &self.0)
    }

    fn weight(&self) -> usize {
        self.0.rows()
    }
}

fn create(work: &mut Work, opening: &Opening) -> Decision<Arc<Claim>> {
    let place = opening.place(work, None)?;
    let mut claim = opening.claim(work, &place)?;
    settle(&mut claim, StatusRule::ResolveAtZero, None, work)?;
    book(work, None, &claim, Booking::of("Claim taken in"), "accountReference")?;
    let claim = work.insert(claim)?;
    work.tell(events::of_claim(CLAIM_CREATED, &claim, Value::Null));
    tell_status(work, ClaimStatus::Active, &claim);
    Ok(claim)
}

/// Brings a deleted claim back with fresh data: its life begins anew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecreateClaim(pub Opening);

impl Command for RecreateClaim {
    const OPERATION: &'static str = "recreateClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        self.0.hint(wants);
    }

    /// Refused as: `INVALID_INPUT` and `NOT_FOUND` for the reference, `INVALID_STATE` unless it is deleted, then as a claim
    /// that is created.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let found = self.0.found(work)?.ok_or_else(|| Refused::not_found("claimReference", "claim"))?;
        if found.status != ClaimStatus::Deleted {
            return Err(found.is_in("claimReference").into());
        }
        let present = receivable(work, &found)?;
        let place = self.0.place(work, Some(present))?;
        let fresh = self.0.claim(work, &place)?;
        let mut claim = Claim {
            id: found.id,
            ordinal: found.ordinal,
            created_at: found.created_at,
            begun: found.begun + 1,
            ..fresh
        };
        settle(&mut claim, StatusRule::ResolveAtZero, None, work)?;
        book(work, Some(&found), &claim, Booking::of("Claim taken in anew"), "accountReference")?;
        let claim = work.change::<Claim, Refused>(found.id, |row| {
            *row = claim;
            Ok(())
        })?;
        work.tell(events::of_claim(CLAIM_RECREATED, &claim, json!({ "begun": claim.begun })));
        tell_status(work, ClaimStatus::Active, &claim);
        Ok(claim)
    }

    fn weight(&self) -> usize {
        self.0.rows()
    }
}

fn receivable(work: &mut Work, claim: &Claim) -> Decision<Arc<Receivable>> {
    work.get::<Receivable>(claim.receivable)?.ok_or_else(|| Stop::damaged("a claim without its receivable"))
}

/// Creates a claim, or puts all of its data in the place of what it has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImportClaim {
    /// The claim.
    pub opening: Opening,
    /// How its state follows, where it is there.
    pub rule: StatusRule,
}

impl Command for ImportClaim {
    const OPERATION: &'static str = "importClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        self.opening.hint(wants);
    }

    /// Refused as: `INVALID_INPUT` for the reference; of one that is there, `INVALID_STATE` where it is deleted, `CLAIM_MANAGED`,
    /// `INVALID_INPUT` for another account; then as a claim that is created.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let Some(found) = self.opening.found(work)? else { return create(work, &self.opening) };
        found.require_present()?;
        found.require_unmanaged()?;
        let present = receivable(work, &found)?;
        if self.opening.account.as_ref().is_some_and(|reference| *reference != present.reference) {
            return Err(Refused::invalid("accountReference", "the claim is on another account, and stays there").into());
        }
        let Place { receivable, debtor, .. } = self.opening.place(work, Some(present))?;
        let mut after = (*found).clone();
        self.opening.content.put(&mut after)?;
        after.metadata = crate::collections::receivables::model::merged(&receivable.metadata, &after.metadata);
        if self.opening.debtor.is_some() {
            after.debtor = debtor.id;
        }
        keep(work, &found, after, (self.rule, None), (CLAIM_UPDATED, Value::Null), Booking::of("Claim imported"))
    }

    fn weight(&self) -> usize {
        self.opening.rows()
    }
}

/// Changes some of a claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateClaim {
    /// Which.
    pub reference: String,
    /// What to change.
    pub change: ClaimChange,
    /// Who owes it, first of all.
    pub debtor: Option<NewDebtor>,
    /// Why it is changed; not kept with the claim. CLAIM_PAID brings it to zero.
    pub reason: Option<String>,
    /// How its state follows.
    pub rule: StatusRule,
}

impl Command for UpdateClaim {
    const OPERATION: &'static str = "updateClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.reference);
        if let Some(debtor) = &self.debtor {
            debtor.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` where it is deleted, `CLAIM_MANAGED`, `INVALID_INPUT` for the reason,
    /// `CURRENCY_MISMATCH`, what is wrong with the rest, as debtors are, `INVALID_STATE` for another creditor, then the books'.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let found = located(work, &self.reference)?;
        found.require_present()?;
        found.require_unmanaged()?;
        check_reference("reason", self.reason.as_deref())?;
        let mut after = (*found).clone();
        self.change.put(&mut after)?;
        let why = self.reason.as_deref().and_then(ResolutionReason::from_word);
        if why == Some(ResolutionReason::ClaimPaid) {
            self.pay_off(&mut after)?;
        }
        if let Some(debtor) = &self.debtor {
            let debtor = debtor.locate(work, "primaryDebtor")?;
            let receivable = receivable(work, &found)?;
            debtors::attach(work, &receivable, &debtor, "primaryDebtor")?;
            after.debtor = debtor.id;
        }
        if let Some(reference) = self.change.creditor_reference.as_ref() {
            let party = debtors::creditor(work, reference, "creditorReference")?;
            let receivable = receivable(work, &found)?;
            debtors::owe_to(work, &receivable, party, "creditorReference")?;
        }
        let mut booking = Booking::of("Claim changed");
        booking.reason.clone_from(&self.reason);
        keep(work, &found, after, (self.rule, why), (CLAIM_UPDATED, json!({ "reason": self.reason })), booking)
    }

    fn weight(&self) -> usize {
        14 + self.debtor.as_ref().map_or(0, NewDebtor::rows)
    }
}

impl UpdateClaim {
    /// What was paid comes to zero: what is not said of its amounts is so, and what is said must be.
    fn pay_off(&self, claim: &mut Claim) -> Result<(), Refused> {
        let says_fees = !matches!(self.change.fees, Change::Keep) || self.change.total_fees.is_some();
        for (field, said, amount) in
            [("amount", self.change.amount.is_some(), claim.amount), ("totalFees", says_fees, claim.fees)]
        {
            if said && amount != Minor::ZERO {
                return Err(Refused::invalid(
                    field,
                    "a claim that was paid has nothing left: leave it out, or say zero",
                ));
            }
        }
        (claim.amount, claim.fees) = (Minor::ZERO, Minor::ZERO);
        claim.named_fees.clear();
        Ok(())
    }
}

/// Closes an active claim for a reason. What is owed stays as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResolveClaim {
    /// Which.
    pub reference: String,
    /// Why.
    pub reason: ResolutionReason,
}

impl Command for ResolveClaim {
    const OPERATION: &'static str = "resolveClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` unless it is active.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let found = located(work, &self.reference)?;
        if found.status != ClaimStatus::Active {
            return Err(found.is_in("claimReference").into());
        }
        let now = work.now();
        let claim = work.change::<Claim, Refused>(found.id, |claim| {
            claim.changed_at = now;
            claim.become_(ClaimStatus::Resolved, Some(self.reason), now)
        })?;
        tell_status(work, found.status, &claim);
        Ok(claim)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Deletes a claim: what is owed goes off the books, and its reference stays reserved.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteClaim {
    /// Which.
    pub reference: String,
}

impl Command for DeleteClaim {
    const OPERATION: &'static str = "deleteClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` where it is deleted, `CLAIM_MANAGED`, then the books'.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let found = located(work, &self.reference)?;
        found.require_present()?;
        found.require_unmanaged()?;
        let mut after = (*found).clone();
        after.changed_at = work.now();
        after.become_(ClaimStatus::Deleted, None, work.now())?;
        book(work, Some(&found), &after, Booking::of("Claim deleted"), "claimReference")?;
        let claim = work.change::<Claim, Refused>(found.id, |row| {
            *row = after;
            Ok(())
        })?;
        work.tell(events::of_claim(CLAIM_DELETED, &claim, Value::Null));
        Ok(claim)
    }

    fn weight(&self) -> usize {
        8
    }
}
