//! What an issuer pays back, and with what interest.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, INVESTMENT_OFFER_CLOSED};
use super::model::{InvestmentDistribution, InvestmentOffer, InvestmentOfferStatus, InvestmentPosition};
use super::offers::untie;
use super::store::{OUTSTANDING, OfferBy};
use crate::dues::apportion::pro_rata;
use crate::ledger::amounts::positive;
use crate::ledger::entry::Side;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::ledger::{Draft, Position, TransactionKind};
use crate::primitives::{AccountId, Minor, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Named as _, Wants, Work};

/// Pays interest, a repayment or both to the positions of an offer, in the proportion of what is outstanding of each before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DistributeInvestment {
    /// Of which offer.
    pub offer: OfferBy,
    /// How much interest; none when absent. At most what is outstanding.
    pub interest: Option<Money>,
    /// How much is repaid; nothing when absent. At most what is outstanding.
    pub repayment: Option<Money>,
}

impl Command for DistributeInvestment {
    const OPERATION: &'static str = "distributeInvestment";
    type Made = InvestmentDistribution;

    fn looks_at(&self, wants: &mut Wants) {
        self.offer.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `INVALID_INPUT` where nothing is paid, `CURRENCY_MISMATCH`,
    /// `AMOUNT_OUT_OF_RANGE` (interest, then repayment), then the books' for the issuer's account (`INSUFFICIENT_FUNDS`), in
    /// this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<InvestmentDistribution>> {
        let offer = self.offer.locate(work, "offer")?;
        offer.is_outstanding("offer")?;
        if self.interest.is_none() && self.repayment.is_none() {
            return Err(Refused::invalid("repayment", "interest, a repayment or both").into());
        }
        let interest = part("interest", self.interest, &offer)?;
        let repayment = part("repayment", self.repayment, &offer)?;
        let positions = work.all::<InvestmentPosition, InvestmentOffer>(&OUTSTANDING, offer.id)?;
        let weights: Vec<Minor> = positions.iter().map(|position| position.outstanding()).collect();
        let accounts: Vec<AccountId> =
            positions.iter().map(|position| position.account).chain([offer.issuer]).collect();
        work.get_all::<Position>(&accounts)?;
        let shares = pro_rata(&weights, interest).into_iter().zip(pro_rata(&weights, repayment));
        for (position, (interest, repayment)) in positions.iter().zip(shares) {
            pay(work, &offer, position, (TransactionKind::InvestmentInterest, interest))?;
            pay(work, &offer, position, (TransactionKind::InvestmentRepayment, repayment))?;
            let position = work.change::<InvestmentPosition, Refused>(position.id, |position| {
                position.interest.0 += interest.0;
                position.repaid.0 += repayment.0;
                Ok(())
            })?;
            if interest.0 + repayment.0 > 0 {
                work.tell(events::paid(&position, interest, repayment));
            }
            if position.outstanding() == Minor::ZERO {
                untie(work, position.account)?;
            }
        }
        let paid = InvestmentDistribution {
            id: work.id(),
            ordinal: work.ordinal(),
            offer: offer.id,
            currency: offer.currency,
            interest,
            repayment,
            paid_on: work.today(),
            paid_at: work.now(),
        };
        let paid = work.insert(paid)?;
        let today = work.today();
        let offer = work.change::<InvestmentOffer, Refused>(offer.id, |offer| {
            offer.interest.0 += interest.0;
            offer.repaid.0 += repayment.0;
            if offer.outstanding() == Minor::ZERO {
                offer.status = InvestmentOfferStatus::Closed;
                offer.closed_on = Some(today);
            }
            Ok(())
        })?;
        work.tell(events::distributed(&offer, &paid));
        if offer.status == InvestmentOfferStatus::Closed {
            work.tell(events::of_offer(INVESTMENT_OFFER_CLOSED, &offer));
            untie(work, offer.issuer)?;
        }
        Ok(paid)
    }

    fn amount(&self, paid: &InvestmentDistribution) -> Option<Money> {
        Some(Minor(paid.interest.0 + paid.repayment.0).in_currency(paid.currency))
    }

    fn weight(&self) -> usize {
        400
    }
}

/// A part of what is paid: nothing, or a positive amount of at most what is outstanding.
fn part(field: &str, given: Option<Money>, offer: &InvestmentOffer) -> Result<Minor, Refused> {
    let Some(money) = given else { return Ok(Minor::ZERO) };
    if money.currency != offer.currency {
        let message = format!("the offer is in {}", offer.currency);
        return Err(Refused::of_field(CURRENCY_MISMATCH, &format!("{field}.currency"), message));
    }
    let amount = positive(field, money)?;
    if amount > offer.outstanding() {
        let remaining = offer.outstanding().in_currency(offer.currency);
        let refused = Refused::of_field(AMOUNT_OUT_OF_RANGE, field, format!("{} is outstanding", remaining.amount));
        let facts = Box::new(Facts { remaining: Some(remaining), ..Facts::default() });
        return Err(Refused { facts, ..refused });
    }
    Ok(amount)
}

fn pay(
    work: &mut Work,
    offer: &InvestmentOffer,
    position: &InvestmentPosition,
    (kind, share): (TransactionKind, Minor),
) -> Decision<()> {
    if share == Minor::ZERO {
        return Ok(());
    }
    let mut draft = Draft::new(kind, offer.currency, offer.name.clone());
    draft.facts.reference = Some(offer.code.clone());
    let draft = draft.moving(Side::account(offer.issuer), Side::account(position.account), share);
    work.post(&draft).of_field("offer")?;
    Ok(())
}
