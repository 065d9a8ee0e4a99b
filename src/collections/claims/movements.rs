//! What lowers and raises what is owed on a claim.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::commands::{keep, located};
use super::content::{same_currency, too_large};
use super::model::{Claim, Originator, StatusRule};
use super::postings::Booking;
use super::store::REFERENCE;
use crate::collections::events::{CLAIM_CREDITED, CLAIM_DEBITED};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::primitives::clock::{self, Micros};
use crate::primitives::{Minor, Money};
use crate::refused::{Facts, Refused, described};
use crate::work::{Command, Decision, Wants, Work};

/// How much less or more is owed, and at whose word.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Movement {
    /// On which claim.
    pub reference: String,
    /// How much, in the claim's currency.
    pub amount: Money,
    /// Who says so.
    pub originator: Originator,
    /// Since when, where that is not now.
    pub at: Option<Micros>,
    /// For people.
    pub description: Option<String>,
}

impl Movement {
    /// The claim, by how much, and how it shows in the books.
    fn read(&self, work: &mut Work, title: &str) -> Decision<(Arc<Claim>, Minor, Booking)> {
        let found = located(work, &self.reference)?;
        found.require_present()?;
        found.require_unmanaged()?;
        let amount = positive("amount", self.amount)?;
        same_currency("amount.currency", Some(self.amount.currency), found.currency)?;
        if self.at.is_some_and(|at| at > work.now()) {
            return Err(Refused::invalid("date", "must not lie ahead").into());
        }
        let booking = Booking {
            description: described("description", self.description.as_deref(), title)?,
            decided_on: self.at.map(|at| clock::from_micros(at).date_naive()).filter(|day| *day != work.today()),
            reason: Some(self.originator.word().into()),
        };
        Ok((found, amount, booking))
    }

    fn told(&self) -> serde_json::Value {
        json!({ "by": self.amount.amount.normalize().to_string(), "originator": self.originator.word() })
    }
}

/// Lowers what is owed on a claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreditClaim(pub Movement);

impl Command for CreditClaim {
    const OPERATION: &'static str = "creditClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.0.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` where it is deleted, `CLAIM_MANAGED`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`,
    /// `CURRENCY_MISMATCH`, `AMOUNT_OUT_OF_RANGE` for more than is owed without the fees (`facts.remaining`), then the books'.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let (found, amount, booking) = self.0.read(work, "Claim credited")?;
        if amount > found.amount {
            let remaining = found.amount.in_currency(found.currency);
            let message = format!("no more than {remaining} is owed without the fees");
            let facts = Box::new(Facts { remaining: Some(remaining), ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", message) }.into());
        }
        let mut after = (*found).clone();
        after.amount = Minor(found.amount.0 - amount.0);
        keep(work, &found, after, (StatusRule::ResolveAtZero, None), (CLAIM_CREDITED, self.0.told()), booking)
    }

    fn weight(&self) -> usize {
        10
    }
}

/// Raises what is owed on a claim.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DebitClaim {
    /// On which, by how much.
    pub movement: Movement,
    /// How its state follows: one that is resolved stays so unless it is recomputed.
    pub rule: StatusRule,
}

impl Command for DebitClaim {
    const OPERATION: &'static str = "debitClaim";
    type Made = Claim;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.movement.reference);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` where it is deleted, `CLAIM_MANAGED`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`,
    /// `CURRENCY_MISMATCH`, then the books'.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Claim>> {
        let (found, amount, booking) = self.movement.read(work, "Claim debited")?;
        let mut after = (*found).clone();
        after.amount = found.amount.plus(amount).ok_or_else(|| too_large("amount", found.currency))?;
        keep(work, &found, after, (self.rule, None), (CLAIM_DEBITED, self.movement.told()), booking)
    }

    fn weight(&self) -> usize {
        10
    }
}
