//! A claim, its states, and the rule that ties them to what is owed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::collections::refusals::CLAIM_MANAGED;
use crate::collections::score::{self, Score};
use crate::ledger::chart::Component;
use crate::ledger::position::Split;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, ClaimId, Currency, CustomerId, Minor, ReceivableId, text};
use crate::refused::{Facts, INVALID_STATE, Refused, check_reference};

/// Fees of a claim that are told apart, at most.
pub const MOST_FEES: usize = 100;

crate::words! {
    /// Where a claim is in its life.
    ClaimStatus {
        /// It is to be collected.
        Active = "ACTIVE",
        /// It is closed, for a reason.
        Resolved = "RESOLVED",
        /// It is gone, and its reference is reserved: it can be recreated.
        Deleted = "DELETED",
    }

    /// Why a claim is closed.
    ResolutionReason {
        /// It was sold.
        ClaimSold = "CLAIM_SOLD",
        /// It was paid.
        ClaimPaid = "CLAIM_PAID",
        /// It came of fraud.
        Fraudulent = "FRAUDULENT",
        /// It is no longer pursued.
        ClaimDiscarded = "CLAIM_DISCARDED",
        /// The debtor was released from it.
        ClaimDischarged = "CLAIM_DISCHARGED",
        /// It was never due.
        ClaimInvalidated = "CLAIM_INVALIDATED",
    }

    /// Who lowers or raises what is owed.
    Originator {
        /// The agency that collects.
        Dca = "DCA",
        /// The creditor.
        Client = "CLIENT",
    }
}

impl ClaimStatus {
    /// What it may become.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Active => &[Self::Resolved, Self::Deleted],
            Self::Resolved => &[Self::Active, Self::Deleted],
            Self::Deleted => &[Self::Active, Self::Resolved],
        }
    }
}

/// How a claim's state follows what is owed on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatusRule {
    /// Where nothing is owed any more, it is resolved; one that is resolved stays so.
    #[default]
    ResolveAtZero,
    /// It stays as it is.
    Keep,
    /// Where nothing is owed, it is resolved; where something is, it is active.
    Recompute,
}

impl StatusRule {
    /// Of the two options of an input.
    ///
    /// # Errors
    /// `INVALID_INPUT` for both.
    pub fn of(keep: bool, recompute: bool) -> Result<Self, Refused> {
        match (keep, recompute) {
            (false, false) => Ok(Self::ResolveAtZero),
            (true, false) => Ok(Self::Keep),
            (false, true) => Ok(Self::Recompute),
            (true, true) => Err(Refused::invalid("recomputeStatus", "the status is kept, or recomputed, and not both")),
        }
    }

    /// The state of a claim that is not deleted, once it is known whether anything is owed on it.
    #[must_use]
    pub fn status(self, before: ClaimStatus, owes: bool) -> ClaimStatus {
        match (self, before, owes) {
            (Self::Keep, before, _) => before,
            (_, _, false) => ClaimStatus::Resolved,
            (Self::Recompute, _, true) => ClaimStatus::Active,
            (Self::ResolveAtZero, before, true) => before,
        }
    }
}

/// A fee that is told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// What for.
    pub name: String,
    /// How much of it is owed: zero or positive.
    pub amount: Minor,
}

/// What a debtor owes, one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id.
    pub id: ClaimId,
    /// Its place in lists.
    pub ordinal: i64,
    /// What the creditor calls it; unique in the tenant, for good.
    pub reference: String,
    /// On which receivable.
    pub receivable: ReceivableId,
    /// The account in the books on which it is owed.
    pub account: AccountId,
    /// Who owes it, first of all.
    pub debtor: CustomerId,
    /// Whether it comes from the entries of its receivable, and is changed by these.
    pub managed: bool,
    /// Where it is in its life.
    pub status: ClaimStatus,
    /// Why it is resolved; of resolved ones, and of all of them.
    pub resolution: Option<ResolutionReason>,
    /// Of all its amounts.
    pub currency: Currency,
    /// What is owed, without the fees: zero or positive.
    pub amount: Minor,
    /// The fees that are owed, all of them: zero or positive.
    pub fees: Minor,
    /// The fees one by one, where they are told apart: they sum to all of them.
    pub named_fees: Vec<Fee>,
    /// When it first fell due: days past due are counted from here.
    pub original_due_date: NaiveDate,
    /// When it is due by now.
    pub current_due_date: NaiveDate,
    /// The last day on which it can be enforced.
    pub limitation_date: Option<NaiveDate>,
    /// What it was bought with, as the creditor calls it.
    pub product_reference: Option<String>,
    /// What payments of it carry, as the creditor has told the debtor.
    pub payment_reference: Option<String>,
    /// What it is grouped by in reports.
    pub portfolio_reference: Option<String>,
    /// Whom it is owed to, as the tenant calls the party.
    pub creditor_reference: Option<String>,
    /// What is thought of it.
    pub scores: Vec<Score>,
    /// A JSON object, as text.
    pub metadata: String,
    /// How often it has begun: once, and once more each time it was recreated.
    pub begun: i32,
    /// When it was created.
    pub created_at: Micros,
    /// When it was changed last.
    pub changed_at: Micros,
    /// When it was resolved or deleted, of those that are.
    pub ended_at: Option<Micros>,
}

impl Claim {
    /// What it comes to, by component; nothing once it is deleted.
    #[must_use]
    pub fn owed(&self) -> Split {
        let mut owed = [Minor::ZERO; Component::COUNT];
        if self.status != ClaimStatus::Deleted {
            owed[Component::Principal.index()] = self.amount;
            owed[Component::Fee.index()] = self.fees;
        }
        owed
    }

    /// Whether anything is owed on it.
    #[must_use]
    pub fn owes(&self) -> bool {
        self.amount.0 != 0 || self.fees.0 != 0
    }

    /// Days since it first fell due; below zero before that.
    #[must_use]
    pub fn days_past_due(&self, today: NaiveDate) -> i64 {
        (today - self.original_due_date).num_days()
    }

    /// Brings it into a state.
    ///
    /// # Errors
    /// `INVALID_STATE` where it may not become so.
    pub fn become_(&mut self, status: ClaimStatus, why: Option<ResolutionReason>, now: Micros) -> Result<(), Refused> {
        if !self.status.next().contains(&status) {
            return Err(self.is_in("claimReference"));
        }
        self.status = status;
        self.resolution = (status == ClaimStatus::Resolved).then(|| why.unwrap_or(ResolutionReason::ClaimPaid));
        self.ended_at = (status != ClaimStatus::Active).then_some(now);
        Ok(())
    }

    /// That its state does not allow it.
    #[must_use]
    pub fn is_in(&self, field: &str) -> Refused {
        let refused = Refused::of_field(INVALID_STATE, field, format!("the claim is {}", self.status.word()));
        let facts = Box::new(Facts { status: Some(self.status.word()), ..Facts::default() });
        Refused { facts, ..refused }
    }

    /// That it is not deleted.
    ///
    /// # Errors
    /// `INVALID_STATE`.
    pub fn require_present(&self) -> Result<(), Refused> {
        if self.status == ClaimStatus::Deleted { Err(self.is_in("claimReference")) } else { Ok(()) }
    }

    /// That it is changed by itself, and not by the entries of its receivable.
    ///
    /// # Errors
    /// `CLAIM_MANAGED`.
    pub fn require_unmanaged(&self) -> Result<(), Refused> {
        if !self.managed {
            return Ok(());
        }
        let message = "the claim comes from the entries of its account: change it by these";
        Err(Refused::of_field(CLAIM_MANAGED, "claimReference", message))
    }

    /// Checks that it is whole. Amounts are checked where they are read.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        for (field, value) in [
            ("productReference", &self.product_reference),
            ("paymentReference", &self.payment_reference),
            ("portfolioReference", &self.portfolio_reference),
            ("creditorReference", &self.creditor_reference),
        ] {
            check_reference(field, value.as_deref())?;
        }
        for (place, fee) in self.named_fees.iter().enumerate() {
            let checked = text::required(&fee.name, 100);
            checked.map_err(|problem| Refused::invalid("name", problem.to_string()).at("fees", place))?;
        }
        score::check("scores", &self.scores)?;
        Ok(self)
    }
}
