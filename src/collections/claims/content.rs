//! What is told of a claim: as a whole, and to change some of it.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::model::{Claim, ClaimStatus, Fee, MOST_FEES};
use super::store::REFERENCE;
use crate::collections::receivables::model::merged;
use crate::collections::receivables::store::REFERENCE as ACCOUNT_REFERENCE;
use crate::collections::receivables::{NewDebtor, NewReceivable, Receivable, debtors};
use crate::collections::score::Score;
use crate::customers::Customer;
use crate::ledger::amounts::to_minor;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH, LIMIT_EXCEEDED, Refusal};
use crate::primitives::{AccountId, Amount, Currency, Minor, Money};
use crate::refused::{Facts, Refused, check_reference};
use crate::work::{Change, Decision, Stop, Wants, Work};

/// A fee, as it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewFee {
    /// What for.
    pub name: String,
    /// How much of it is owed.
    pub amount: Amount,
}

/// A claim as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimContent {
    /// What is owed, without the fees.
    pub amount: Amount,
    /// The fees one by one: they override their sum.
    pub fees: Option<Vec<NewFee>>,
    /// The fees together; none when neither is told.
    pub total_fees: Option<Amount>,
    /// When it first fell due.
    pub original_due_date: NaiveDate,
    /// When it is due by now.
    pub current_due_date: NaiveDate,
    /// The last day on which it can be enforced.
    pub limitation_date: Option<NaiveDate>,
    /// What it was bought with.
    pub product_reference: Option<String>,
    /// What payments of it carry.
    pub payment_reference: Option<String>,
    /// What it is grouped by.
    pub portfolio_reference: Option<String>,
    /// Whom it is owed to.
    pub creditor_reference: Option<String>,
    /// What is thought of it.
    pub scores: Vec<Score>,
    /// A JSON object, as text.
    pub metadata: String,
}

/// An amount of a claim: zero or positive.
pub(in crate::collections) fn amount(field: &str, amount: Amount, currency: Currency) -> Result<Minor, Refused> {
    let minor = to_minor(field, Money { amount: amount.0, currency })?;
    if minor.0 < 0 {
        return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, field, "must not be negative"));
    }
    Ok(minor)
}

/// Fees one by one, and what they come to.
pub(super) fn fees(told: &[NewFee], currency: Currency) -> Result<(Vec<Fee>, Minor), Refused> {
    if told.len() > MOST_FEES {
        let refused = Refused::of_field(LIMIT_EXCEEDED, "fees", format!("a claim has at most {MOST_FEES} fees"));
        let facts = Box::new(Facts { maximum_count: i32::try_from(MOST_FEES).ok(), ..Facts::default() });
        return Err(Refused { facts, ..refused });
    }
    let (mut fees, mut sum) = (Vec::with_capacity(told.len()), Minor::ZERO);
    for (place, fee) in told.iter().enumerate() {
        let amount = amount("amount", fee.amount, currency).map_err(|refused| refused.at("fees", place))?;
        sum = sum.plus(amount).ok_or_else(|| too_large("fees", currency))?;
        fees.push(Fee { name: fee.name.clone(), amount });
    }
    Ok((fees, sum))
}

/// An amount that the books cannot say.
pub(super) fn too_large(field: &str, currency: Currency) -> Refused {
    let refusal = Refusal::too_large(currency);
    Refused { facts: refusal.facts(), ..Refused::of_field(refusal.code(), field, refusal.to_string()) }
}

/// That what was said is in the currency that it has to be in.
pub(in crate::collections) fn same_currency(field: &str, told: Option<Currency>, own: Currency) -> Result<(), Refused> {
    match told {
        Some(told) if told != own => {
            Err(Refused::of_field(CURRENCY_MISMATCH, field, format!("the account is kept in {own}")))
        }
        _ => Ok(()),
    }
}

impl ClaimContent {
    /// Puts all of it on a claim, whatever that had.
    ///
    /// # Errors
    /// `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `LIMIT_EXCEEDED`.
    pub fn put(&self, claim: &mut Claim) -> Result<(), Refused> {
        let currency = claim.currency;
        claim.amount = amount("amount", self.amount, currency)?;
        (claim.named_fees, claim.fees) = match (&self.fees, self.total_fees) {
            (Some(told), _) => fees(told, currency)?,
            (None, Some(total)) => (Vec::new(), amount("totalFees", total, currency)?),
            (None, None) => (Vec::new(), Minor::ZERO),
        };
        claim.original_due_date = self.original_due_date;
        claim.current_due_date = self.current_due_date;
        claim.limitation_date = self.limitation_date;
        claim.product_reference.clone_from(&self.product_reference);
        claim.payment_reference.clone_from(&self.payment_reference);
        claim.portfolio_reference.clone_from(&self.portfolio_reference);
        claim.creditor_reference.clone_from(&self.creditor_reference);
        claim.scores.clone_from(&self.scores);
        claim.metadata.clone_from(&self.metadata);
        *claim = claim.clone().checked()?;
        Ok(())
    }
}

/// Some of a claim. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimChange {
    /// What is owed, without the fees.
    pub amount: Option<Amount>,
    /// In which currency that is said: the claim's.
    pub currency: Option<Currency>,
    /// The fees one by one; emptied, there are none.
    pub fees: Change<Vec<NewFee>>,
    /// The fees together, no longer told apart.
    pub total_fees: Option<Amount>,
    /// When it first fell due.
    pub original_due_date: Option<NaiveDate>,
    /// When it is due by now.
    pub current_due_date: Option<NaiveDate>,
    /// The last day on which it can be enforced.
    pub limitation_date: Change<NaiveDate>,
    /// What it was bought with.
    pub product_reference: Change<String>,
    /// What payments of it carry.
    pub payment_reference: Change<String>,
    /// What it is grouped by.
    pub portfolio_reference: Change<String>,
    /// Whom it is owed to.
    pub creditor_reference: Option<String>,
    /// What is thought of it, all of it.
    pub scores: Change<Vec<Score>>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl ClaimChange {
    /// Puts what is said on a claim.
    ///
    /// # Errors
    /// `CURRENCY_MISMATCH`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `LIMIT_EXCEEDED`.
    pub fn put(&self, claim: &mut Claim) -> Result<(), Refused> {
        let currency = claim.currency;
        same_currency("currency", self.currency, currency)?;
        if let Some(told) = self.amount {
            claim.amount = amount("amount", told, currency)?;
        }
        match (&self.fees, self.total_fees) {
            (Change::Set(told), _) => (claim.named_fees, claim.fees) = fees(told, currency)?,
            (_, Some(total)) => {
                (claim.named_fees, claim.fees) = (Vec::new(), amount("totalFees", total, currency)?);
            }
            (Change::Clear, None) => (claim.named_fees, claim.fees) = (Vec::new(), Minor::ZERO),
            (Change::Keep, None) => {}
        }
        claim.original_due_date = self.original_due_date.unwrap_or(claim.original_due_date);
        claim.current_due_date = self.current_due_date.unwrap_or(claim.current_due_date);
        self.limitation_date.apply(&mut claim.limitation_date);
        self.product_reference.apply(&mut claim.product_reference);
        self.payment_reference.apply(&mut claim.payment_reference);
        self.portfolio_reference.apply(&mut claim.portfolio_reference);
        if let Some(creditor) = &self.creditor_reference {
            claim.creditor_reference = Some(creditor.clone());
        }
        self.scores.apply_or(&mut claim.scores, Vec::new());
        self.metadata.apply_or(&mut claim.metadata, "{}".into());
        *claim = claim.clone().checked()?;
        Ok(())
    }
}

/// A claim to begin: what it is called, on what, who owes it, and what.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opening {
    /// What the creditor calls it.
    pub reference: String,
    /// On which receivable; one of the claim's own, under its reference, when absent.
    pub account: Option<String>,
    /// Who owes it; whoever owes on the receivable when absent.
    pub debtor: Option<NewDebtor>,
    /// In which currency; the receivable's when absent.
    pub currency: Option<Currency>,
    /// The rest.
    pub content: ClaimContent,
}

/// Where a claim hangs.
pub(super) struct Place {
    pub receivable: Arc<Receivable>,
    pub account: AccountId,
    pub debtor: Arc<Customer>,
}

impl Opening {
    pub(super) fn hint(&self, wants: &mut Wants) {
        wants.unique::<Claim>(&REFERENCE, &self.reference);
        wants.unique::<Receivable>(&ACCOUNT_REFERENCE, self.account.as_ref().unwrap_or(&self.reference));
        if let Some(debtor) = &self.debtor {
            debtor.hint(wants);
        }
    }

    pub(super) fn rows(&self) -> usize {
        20 + self.debtor.as_ref().map_or(0, NewDebtor::rows)
    }

    /// The claim of this reference, if there is one.
    pub(super) fn found(&self, work: &mut Work) -> Decision<Option<Arc<Claim>>> {
        check_reference("claimReference", Some(&self.reference))?;
        work.find::<Claim>(&REFERENCE, &self.reference)
    }

    /// Where it is to hang: on the receivable that it names, on `present` otherwise, or on one of its own.
    pub(super) fn place(&self, work: &mut Work, present: Option<Arc<Receivable>>) -> Decision<Place> {
        let named = match &self.account {
            Some(reference) => {
                let found = work.find::<Receivable>(&ACCOUNT_REFERENCE, reference)?;
                Some(found.ok_or_else(|| Refused::not_found("accountReference", "account"))?)
            }
            None => present,
        };
        let receivable = match named {
            Some(receivable) => receivable,
            None => self.own_receivable(work)?,
        };
        same_currency("currency", self.currency, receivable.currency)?;
        let debtor = match &self.debtor {
            Some(debtor) => debtor.locate(work, "primaryDebtor")?,
            None => debtors::first(work, &receivable)?.ok_or_else(|| {
                Refused::invalid("primaryDebtor", "the account has no debtor: say who owes the claim")
            })?,
        };
        let receivable = match &self.content.creditor_reference {
            Some(reference) => {
                let party = debtors::creditor(work, reference, "creditorReference")?;
                debtors::owe_to(work, &receivable, party, "creditorReference")?
            }
            None => receivable,
        };
        let receivable = debtors::attach(work, &receivable, &debtor, "primaryDebtor")?;
        let account = receivable.account.ok_or_else(|| Stop::damaged("a receivable with a debtor and no account"))?;
        Ok(Place { receivable, account, debtor })
    }

    fn own_receivable(&self, work: &mut Work) -> Decision<Arc<Receivable>> {
        if self.debtor.is_none() {
            return Err(Refused::invalid("primaryDebtor", "without an account a claim says who owes it").into());
        }
        let currency = self.currency;
        let currency =
            currency.ok_or_else(|| Refused::invalid("currency", "without an account a claim says its currency"))?;
        let new = NewReceivable {
            reference: self.reference.clone(),
            currency,
            creditor_reference: None,
            payment_reference: None,
            portfolio_reference: self.content.portfolio_reference.clone(),
            scores: Vec::new(),
            products: Vec::new(),
            metadata: "{}".into(),
        };
        new.make(work)
    }

    /// The claim as it begins.
    pub(super) fn claim(&self, work: &mut Work, place: &Place) -> Decision<Claim> {
        let mut claim = Claim {
            id: work.id(),
            ordinal: work.ordinal(),
            reference: self.reference.clone(),
            receivable: place.receivable.id,
            account: place.account,
            debtor: place.debtor.id,
            managed: false,
            status: ClaimStatus::Active,
            resolution: None,
            currency: place.receivable.currency,
            amount: Minor::ZERO,
            fees: Minor::ZERO,
            named_fees: Vec::new(),
            original_due_date: self.content.original_due_date,
            current_due_date: self.content.current_due_date,
            limitation_date: None,
            product_reference: None,
            payment_reference: None,
            portfolio_reference: None,
            creditor_reference: None,
            scores: Vec::new(),
            metadata: String::new(),
            begun: 1,
            created_at: work.now(),
            changed_at: work.now(),
            ended_at: None,
        };
        self.content.put(&mut claim)?;
        claim.metadata = merged(&place.receivable.metadata, &claim.metadata);
        Ok(claim)
    }
}
