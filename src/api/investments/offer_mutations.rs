//! `createInvestmentOffer`, `cancelInvestmentOffer`, `allocateOffer`, `distributeInvestment`.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};

use super::offers::{self, InvestmentOffer, InvestmentOfferBy};
use super::positions::InvestmentDistribution;
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::inputs::AccountBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Decimal};
use crate::investments::{AllocateOffer, CancelOffer, CreateOffer, DistributeInvestment};
use crate::primitives::Amount;
use crate::refused::Refused;

/// An investment offer to create.
#[derive(InputObject)]
pub struct CreateInvestmentOfferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Unique in the tenant.
    code: String,
    /// What investors call it.
    name: String,
    /// The account of whom the money is for, and who repays it: in the currency of the amount.
    issuer: AccountBy,
    /// How much is sought.
    amount: MoneyInput,
    /// The lowest rate that is paid, in percent a year: 0 to 100, with at most six decimals.
    min_rate: Decimal,
    /// The highest rate that is paid, in percent a year: the same.
    max_rate: Decimal,
    /// For how long, in months: 1 to 600.
    term_months: u32,
    /// The last business date on which bids are taken.
    allocation_deadline: Date,
}

/// An investment offer to give up.
#[derive(InputObject)]
pub struct CancelInvestmentOfferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which offer.
    offer: InvestmentOfferBy,
    /// Why, for people. Its bids are rejected for it.
    reason: String,
}

/// An investment offer to allocate.
#[derive(InputObject)]
pub struct AllocateOfferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which offer.
    offer: InvestmentOfferBy,
}

/// What an issuer pays.
#[derive(InputObject)]
pub struct DistributeInvestmentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which offer.
    offer: InvestmentOfferBy,
    /// How much interest; none when absent. At most what is outstanding.
    interest: Option<MoneyInput>,
    /// How much is repaid; nothing when absent. At most what is outstanding.
    repayment: Option<MoneyInput>,
}

outcomes! {
    /// An investment offer was created.
    CreateInvestmentOfferResult = CreateInvestmentOfferSuccess {
        /// The offer.
        offer: InvestmentOffer,
    }

    /// An investment offer was cancelled.
    CancelInvestmentOfferResult = CancelInvestmentOfferSuccess {
        /// The offer, as it is now.
        offer: InvestmentOffer,
    }

    /// An investment offer was allocated.
    AllocateOfferResult = AllocateOfferSuccess {
        /// The offer, as it is now.
        offer: InvestmentOffer,
    }

    /// Interest, a repayment or both were distributed.
    DistributeInvestmentResult = DistributeInvestmentSuccess {
        /// What was distributed.
        distribution: InvestmentDistribution,
        /// The offer, as it is now.
        offer: InvestmentOffer,
    }
}

/// The result of a mutation that gives an offer.
macro_rules! of_offer {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => $result::Done($success {
                offer: InvestmentOffer(Arc::unwrap_or_clone(done.value)),
                receipt: done.receipt.into(),
            }),
        }))
    };
}

/// Mutations of investment offers.
#[derive(Default)]
pub struct InvestmentOfferMutation;

#[Object]
impl InvestmentOfferMutation {
    /// Creates an investment offer. Scope: admin.
    async fn create_investment_offer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateInvestmentOfferInput,
    ) -> Result<Option<CreateInvestmentOfferResult>, Fault> {
        let call = Call::begin(ctx, "createInvestmentOffer", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_offer!(call.run(&key, input.command()).await?, CreateInvestmentOfferResult, CreateInvestmentOfferSuccess)
    }

    /// Gives an investment offer up before it is allocated: its bids are rejected, and what they reserved is free. Scope:
    /// money.
    async fn cancel_investment_offer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to cancel.")] input: CancelInvestmentOfferInput,
    ) -> Result<Option<CancelInvestmentOfferResult>, Fault> {
        let call = Call::begin(ctx, "cancelInvestmentOffer", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        let command = named("offer", "investment offer", input.offer.to_domain())
            .map(|offer| CancelOffer { offer, reason: input.reason });
        of_offer!(call.run(&key, command).await?, CancelInvestmentOfferResult, CancelInvestmentOfferSuccess)
    }

    /// Takes the bids on an offer, up to what it seeks: those that ask for the lowest rate first, then those that were placed
    /// first; one that fills what is left exactly goes before a part of another at the same rate. All are paid the highest
    /// rate that was taken. The others are rejected. Scope: money.
    async fn allocate_offer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to allocate.")] input: AllocateOfferInput,
    ) -> Result<Option<AllocateOfferResult>, Fault> {
        let call = Call::begin(ctx, "allocateOffer", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        let command = named("offer", "investment offer", input.offer.to_domain()).map(|offer| AllocateOffer { offer });
        of_offer!(call.run(&key, command).await?, AllocateOfferResult, AllocateOfferSuccess)
    }

    /// Pays interest, a repayment or both from the issuer's account to the positions of an offer, in the proportion of what is
    /// outstanding of each: the shares sum to the whole, and single minor units that are left over go to the largest
    /// remainders. With the last repayment the offer is closed. Scope: money.
    async fn distribute_investment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pay.")] input: DistributeInvestmentInput,
    ) -> Result<Option<DistributeInvestmentResult>, Fault> {
        let call = Call::begin(ctx, "distributeInvestment", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => DistributeInvestmentResult::Refused(refusal),
            Reply::Done(done) => {
                let found = offers::by_id(caller(ctx)?, done.value.offer).await?;
                DistributeInvestmentResult::Done(DistributeInvestmentSuccess {
                    distribution: InvestmentDistribution(Arc::unwrap_or_clone(done.value)),
                    offer: found.ok_or_else(|| Fault::internal(&"a distribution without its offer"))?,
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}

impl CreateInvestmentOfferInput {
    fn command(self) -> Result<CreateOffer, Refused> {
        Ok(CreateOffer {
            issuer: named("issuer", "account", self.issuer.to_domain())?,
            code: self.code,
            name: self.name,
            sought: self.amount.into(),
            minimum_rate: Amount(self.min_rate.0),
            maximum_rate: Amount(self.max_rate.0),
            term_months: self.term_months,
            deadline: self.allocation_deadline.0,
        })
    }
}

impl DistributeInvestmentInput {
    fn command(self) -> Result<DistributeInvestment, Refused> {
        Ok(DistributeInvestment {
            offer: named("offer", "investment offer", self.offer.to_domain())?,
            interest: self.interest.map(Into::into),
            repayment: self.repayment.map(Into::into),
        })
    }
}
