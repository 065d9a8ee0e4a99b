//! `clearCard`, `purchaseByCard`, `refundCard`.

use async_graphql::{Context, ID, InputObject, Object, OneofObject};

use super::point_of_sale::PointOfSaleInput;
use super::{Card, CardBy};
use crate::access::Scope;
use crate::api::books::{Entry, Hold};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};
use crate::api::outputs::AccountOf;
use crate::api::refusal::outcomes;
use crate::api::scalars::Date;
use crate::cards::clearing::{ClearCard, Cleared, Message, PurchaseByCard, RefundCard, Refunded};
use crate::ledger;
use crate::refused::{Refused, said};

/// What a scheme has cleared.
#[derive(Clone, Debug, OneofObject)]
pub enum ClearedBy {
    /// What was authorised: the hold's id. One that has ended is cleared as well.
    Authorisation(ID),
    /// What was not authorised, or not here.
    Card(CardBy),
}

/// What a merchant gives back.
#[derive(Clone, Debug, OneofObject)]
pub enum RefundedBy {
    /// A purchase that was booked: the entry's id.
    Purchase(ID),
    /// Something else that was bought with a card.
    Card(CardBy),
}

/// What a scheme has cleared.
#[derive(InputObject)]
pub struct ClearCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What.
    of: ClearedBy,
    /// How much, as it is billed: in the account's currency. May be more or less than is reserved.
    amount: MoneyInput,
    /// That nothing more of the authorisation is to come: the rest of it is given back.
    #[graphql(default)]
    last: bool,
    /// Where and how. What it leaves out is as the authorisation said it.
    point_of_sale: Option<PointOfSaleInput>,
    /// What the network calls the message; unique among those that book something.
    network_reference: Option<String>,
    /// The day on which the card was used: up to a day after the business date, and 400 days before; that of the
    /// authorisation when absent.
    transaction_date: Option<Date>,
    /// For people; as the authorisation has it, or the merchant's name, when absent.
    description: Option<String>,
}

/// A purchase that a scheme asks for and clears in one message.
#[derive(InputObject)]
pub struct PurchaseByCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// With which card.
    card: CardBy,
    /// How much, as it is billed: in the account's currency.
    amount: MoneyInput,
    /// Where and how.
    point_of_sale: Option<PointOfSaleInput>,
    /// What the network calls the message; unique among those that book something.
    network_reference: Option<String>,
    /// The day on which the card was used: up to a day after the business date, and 400 days before.
    transaction_date: Option<Date>,
    /// For people; the merchant's name when absent.
    description: Option<String>,
}

/// What a merchant gives back.
#[derive(InputObject)]
pub struct RefundCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of what.
    of: RefundedBy,
    /// How much, as it is billed: in the account's currency.
    amount: MoneyInput,
    /// Where and how.
    point_of_sale: Option<PointOfSaleInput>,
    /// What the network calls the message; unique among those that book something.
    network_reference: Option<String>,
    /// The day on which the merchant gave it back: up to a day after the business date, and 400 days before.
    transaction_date: Option<Date>,
    /// For people; the merchant's name when absent.
    description: Option<String>,
}

outcomes! {
    /// A clearing was booked.
    ClearCardResult = ClearCardSuccess {
        /// The purchase.
        entry: Entry,
        /// The authorisation that it has taken, as it is now; null where it was booked without.
        hold: Option<Hold>,
        /// The card.
        card: Card,
        /// The card's account, as it is now. Where it is closed, the entry stands on `CARD_UNPLACED` in its place.
        account: AccountOf,
    }

    /// A purchase was booked.
    PurchaseByCardResult = PurchaseByCardSuccess {
        /// The purchase.
        entry: Entry,
        /// The card.
        card: Card,
        /// The card's account, as it is now.
        account: AccountOf,
    }

    /// A refund was booked.
    RefundCardResult = RefundCardSuccess {
        /// The refund.
        entry: Entry,
        /// The card.
        card: Card,
        /// The card's account, as it is now. Where it is closed, the entry stands on `CARD_UNPLACED` in its place.
        account: AccountOf,
    }
}

/// Mutations of what schemes clear.
#[derive(Default)]
pub struct ClearingMutation;

#[Object]
impl ClearingMutation {
    /// Books what a card scheme has cleared: of an authorisation (in parts, or more than it reserves) or without one. It is
    /// booked whatever has become of the card, its limits and its account. Scope: money.
    async fn clear_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was cleared.")] input: ClearCardInput,
    ) -> Result<Option<ClearCardResult>, Fault> {
        let call = Call::begin(ctx, "clearCard", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => ClearCardResult::Refused(refusal),
            Reply::Done(done) => {
                let hold = match done.value.hold {
                    None => None,
                    Some(hold) => caller(ctx)?.loaders.row::<ledger::Hold>(hold).await?.map(Hold::new),
                };
                let (card, account) = card_of(ctx, &done.value).await?;
                let entry = Entry::new(done.value);
                ClearCardResult::Done(ClearCardSuccess { entry, hold, card, account, receipt: done.receipt.into() })
            }
        }))
    }

    /// Books a purchase that is asked for and cleared in one message, as an authorisation would be given. Scope: money.
    async fn purchase_by_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is bought.")] input: PurchaseByCardInput,
    ) -> Result<Option<PurchaseByCardResult>, Fault> {
        let call = Call::begin(ctx, "purchaseByCard", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => PurchaseByCardResult::Refused(refusal),
            Reply::Done(done) => {
                let (card, account) = card_of(ctx, &done.value).await?;
                let entry = Entry::new(done.value);
                PurchaseByCardResult::Done(PurchaseByCardSuccess { entry, card, account, receipt: done.receipt.into() })
            }
        }))
    }

    /// Books what a merchant gives back, whatever has become of the card and its account. What was bought still counts
    /// against the card's limits. Scope: money.
    async fn refund_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is given back.")] input: RefundCardInput,
    ) -> Result<Option<RefundCardResult>, Fault> {
        let call = Call::begin(ctx, "refundCard", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => RefundCardResult::Refused(refusal),
            Reply::Done(done) => {
                let (card, account) = card_of(ctx, &done.value).await?;
                let entry = Entry::new(done.value);
                RefundCardResult::Done(RefundCardSuccess { entry, card, account, receipt: done.receipt.into() })
            }
        }))
    }
}

/// The card that an entry was booked for, and its account.
async fn card_of(ctx: &Context<'_>, entry: &ledger::Entry) -> Result<(Card, AccountOf), Fault> {
    let card = entry.noted().point_of_sale.and_then(|at| at.card);
    let card = card.ok_or_else(|| Fault::internal(&"an entry of no card"))?;
    let card = caller(ctx)?.loaders.row::<crate::cards::Card>(card).await?;
    let card = card.ok_or_else(|| Fault::internal(&"an entry whose card is gone"))?;
    let account = AccountOf(card.account);
    Ok((Card::new(card), account))
}

fn message(
    amount: MoneyInput,
    at: Option<PointOfSaleInput>,
    network_reference: Option<String>,
    transaction_date: Option<Date>,
    description: Option<String>,
) -> Message {
    Message {
        amount: amount.into(),
        at: PointOfSaleInput::to_domain(at),
        network_reference: said(network_reference),
        transaction_date: transaction_date.map(|date| date.0),
        description: said(description),
    }
}

fn card(by: &CardBy) -> Result<crate::cards::CardBy, Refused> {
    named("of.card", "card", by.to_domain())
}

impl ClearCardInput {
    fn command(self) -> Result<ClearCard, Refused> {
        Ok(ClearCard {
            of: match &self.of {
                ClearedBy::Authorisation(id) => {
                    Cleared::Authorisation(named("of.authorisation", "authorisation", id.parse().ok())?)
                }
                ClearedBy::Card(by) => Cleared::Card(card(by)?),
            },
            last: self.last,
            message: message(
                self.amount,
                self.point_of_sale,
                self.network_reference,
                self.transaction_date,
                self.description,
            ),
        })
    }
}

impl PurchaseByCardInput {
    fn command(self) -> Result<PurchaseByCard, Refused> {
        Ok(PurchaseByCard {
            card: named("card", "card", self.card.to_domain())?,
            message: message(
                self.amount,
                self.point_of_sale,
                self.network_reference,
                self.transaction_date,
                self.description,
            ),
        })
    }
}

impl RefundCardInput {
    fn command(self) -> Result<RefundCard, Refused> {
        Ok(RefundCard {
            of: match &self.of {
                RefundedBy::Purchase(id) => Refunded::Purchase(named("of.purchase", "card purchase", id.parse().ok())?),
                RefundedBy::Card(by) => Refunded::Card(card(by)?),
            },
            message: message(
                self.amount,
                self.point_of_sale,
                self.network_reference,
                self.transaction_date,
                self.description,
            ),
        })
    }
}
