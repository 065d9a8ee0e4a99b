//! `authoriseCard`, `increaseAuthorisation`, `reverseAuthorisation`.

use async_graphql::{Context, ID, InputObject, Object};

use super::CardBy;
use super::point_of_sale::PointOfSaleInput;
use crate::access::Scope;
use crate::api::books::Hold;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::outputs::{self, AccountOf};
use crate::api::refusal::outcomes;
use crate::api::scalars::DateTime;
use crate::cards::authorisations::{AuthoriseCard, IncreaseAuthorisation, ReverseAuthorisation};
use crate::refused::{Refused, said};

/// An authorisation that a scheme asks for.
#[derive(InputObject)]
pub struct AuthoriseCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// With which card.
    card: CardBy,
    /// How much, as it is billed: in the account's currency.
    amount: MoneyInput,
    /// Where and how.
    point_of_sale: Option<PointOfSaleInput>,
    /// What the network calls the authorisation; unique in the tenant. The same one again for the same card and amount is
    /// the same authorisation, under whatever key.
    network_reference: Option<String>,
    /// When it lapses by itself: in 90 days at most; when absent, after as many days as the
    /// account's product says, seven as a rule.
    expires_at: Option<DateTime>,
    /// For people; the merchant's name when absent.
    description: Option<String>,
}

/// More for an authorisation.
#[derive(InputObject)]
pub struct IncreaseAuthorisationInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which: the hold's id.
    authorisation: ID,
    /// By how much.
    amount: MoneyInput,
}

/// An authorisation to give back.
#[derive(InputObject)]
pub struct ReverseAuthorisationInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which: the hold's id.
    authorisation: ID,
    /// A part; all that is left when absent.
    amount: Option<MoneyInput>,
}

outcomes! {
    /// An authorisation was given.
    AuthoriseCardResult = AuthoriseCardSuccess {
        /// The authorisation.
        hold: Hold,
        /// The card's account, as it is now.
        account: AccountOf,
    }

    /// An authorisation was increased.
    IncreaseAuthorisationResult = IncreaseAuthorisationSuccess {
        /// The authorisation, as it is now.
        hold: Hold,
        /// The card's account, as it is now.
        account: AccountOf,
    }

    /// An authorisation was given back.
    ReverseAuthorisationResult = ReverseAuthorisationSuccess {
        /// The authorisation, as it is now.
        hold: Hold,
        /// The card's account, as it is now.
        account: AccountOf,
    }
}

/// Mutations of authorisations.
#[derive(Default)]
pub struct AuthorisationMutation;

#[Object]
impl AuthorisationMutation {
    /// Reserves an amount for a card, if it is in force and within its limits, and the account has the funds. Scope: money.
    async fn authorise_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for.")] input: AuthoriseCardInput,
    ) -> Result<Option<AuthoriseCardResult>, Fault> {
        let call = Call::begin(ctx, "authoriseCard", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => AuthoriseCardResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(&done.value);
                AuthoriseCardResult::Done(AuthoriseCardSuccess { hold, account, receipt: done.receipt.into() })
            }
        }))
    }

    /// Reserves more for an authorisation, under the same conditions. Scope: money.
    async fn increase_authorisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: IncreaseAuthorisationInput,
    ) -> Result<Option<IncreaseAuthorisationResult>, Fault> {
        let call = Call::begin(ctx, "increaseAuthorisation", Scope::Money, Reach::Tenant).await?;
        let command = named("authorisation", "authorisation", input.authorisation.parse().ok())
            .map(|authorisation| IncreaseAuthorisation { authorisation, amount: input.amount.into() });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => IncreaseAuthorisationResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(&done.value);
                IncreaseAuthorisationResult::Done(IncreaseAuthorisationSuccess {
                    hold,
                    account,
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Gives back an authorisation, or a part of it. What is given back no longer counts against the card's limits, on the
    /// days on which it did. Scope: money.
    async fn reverse_authorisation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to give back.")] input: ReverseAuthorisationInput,
    ) -> Result<Option<ReverseAuthorisationResult>, Fault> {
        let call = Call::begin(ctx, "reverseAuthorisation", Scope::Money, Reach::Tenant).await?;
        let command = named("authorisation", "authorisation", input.authorisation.parse().ok())
            .map(|authorisation| ReverseAuthorisation { authorisation, amount: input.amount.map(Into::into) });
        Ok(Some(match call.run(&input.idempotency_key, command).await? {
            Reply::Refused(refusal) => ReverseAuthorisationResult::Refused(refusal),
            Reply::Done(done) => {
                let (hold, account) = outputs::hold(&done.value);
                ReverseAuthorisationResult::Done(ReverseAuthorisationSuccess {
                    hold,
                    account,
                    receipt: done.receipt.into(),
                })
            }
        }))
    }
}

impl AuthoriseCardInput {
    fn command(self) -> Result<AuthoriseCard, Refused> {
        Ok(AuthoriseCard {
            card: named("card", "card", self.card.to_domain())?,
            amount: self.amount.into(),
            at: PointOfSaleInput::to_domain(self.point_of_sale),
            network_reference: said(self.network_reference),
            expires_at: self.expires_at.map(|end| end.0),
            description: said(self.description),
        })
    }
}
