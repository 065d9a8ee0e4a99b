//! `addCard`, `addCardBatch`, `blockCard`, `unblockCard`, `replaceCard`, `updateCard`, `deleteCard`, `restoreCard`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::Card;
use super::inputs::{CardBy, CardExpiryInput, CardLimitsInput, NewCardInput};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::{change, metadata_change, named, set};
use crate::api::inputs::AccountBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::cards::blocks::{BlockCard, UnblockCard};
use crate::cards::{self, AddCard, DeleteCard, ReplaceCard, RestoreCard, UpdateCard};
use crate::refused::{Refused, said};
use crate::work::Change;

/// A card to add.
#[derive(InputObject)]
pub struct AddCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// To which account.
    account: AccountBy,
    /// The card.
    card: NewCardInput,
}

/// A card to replace, and the one that comes in its place: on the same account, for the same holder, with the same part as
/// the main card or another.
#[derive(InputObject)]
pub struct ReplaceCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which card: in force or deleted, and not replaced before.
    card: CardBy,
    /// What the new one is called: a token of its chain, or one that nobody has. That of the replaced one when absent.
    token: Option<String>,
    /// The new number without its middle, with an asterisk for each digit that is hidden.
    masked_number: Option<String>,
    /// The new one's last month.
    expiry: Option<CardExpiryInput>,
    /// What is printed on it; as on the replaced one when absent.
    embossed_name: Option<String>,
    /// What it may be used for; as the replaced one when absent.
    limits: Option<CardLimitsInput>,
    /// A JSON object of your own; that of the replaced one when absent.
    metadata: Option<Json>,
}

/// What to change on a card that is in force. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which card.
    card: CardBy,
    /// Its number without its middle, where that was not known: a card keeps its number.
    masked_number: MaybeUndefined<String>,
    /// Its last month; cannot be emptied.
    expiry: MaybeUndefined<CardExpiryInput>,
    /// What is printed on it; null empties it.
    embossed_name: MaybeUndefined<String>,
    /// What it may be used for, as a whole; null for everything that its account allows.
    limits: MaybeUndefined<CardLimitsInput>,
    /// A JSON object of your own; replaces the former one, null empties it.
    metadata: MaybeUndefined<Json>,
}

/// A card to delete.
#[derive(InputObject)]
pub struct DeleteCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which card.
    card: CardBy,
}

/// A deleted card to restore.
#[derive(InputObject)]
pub struct RestoreCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which card.
    card: CardBy,
}

/// A card to block.
#[derive(InputObject)]
pub struct BlockCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which card.
    card: CardBy,
    /// Why, as a code of yours: an authorisation that is refused for it tells it.
    reason_code: String,
    /// Why, for people.
    reason: Option<String>,
    /// Its first day; the business date when absent.
    from: Option<Date>,
    /// Its last day; it is in force until it is lifted when absent.
    until: Option<Date>,
}

/// A card to take blocks off.
#[derive(InputObject)]
pub struct UnblockCardInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which card.
    card: CardBy,
    /// Which block; all that are in force or to come when absent.
    block: Option<ID>,
    /// Why, for people.
    reason: String,
}

batches! {
    /// Cards to add to accounts.
    AddCardBatchInput of AddCardInput;
    AddCardBatchItem, AddCardBatchSuccess, AddCardBatchResult of AddCardResult;
}

outcomes! {
    /// A card was blocked.
    BlockCardResult = BlockCardSuccess {
        /// The card, as it is now.
        card: Card,
    }

    /// Blocks were taken off a card.
    UnblockCardResult = UnblockCardSuccess {
        /// The card, as it is now.
        card: Card,
    }

    /// A card was added.
    AddCardResult = AddCardSuccess {
        /// The card.
        card: Card,
    }

    /// A card was replaced.
    ReplaceCardResult = ReplaceCardSuccess {
        /// The new card.
        card: Card,
    }

    /// A card was changed.
    UpdateCardResult = UpdateCardSuccess {
        /// The card, as it is now.
        card: Card,
    }

    /// A card was deleted.
    DeleteCardResult = DeleteCardSuccess {
        /// The card, as it is now.
        card: Card,
    }

    /// A deleted card was restored.
    RestoreCardResult = RestoreCardSuccess {
        /// The card, as it is now.
        card: Card,
    }
}

/// The result of a mutation that gives a card.
macro_rules! of_card {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                $result::Done($success { card: Card::new((*done.value).clone()), receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of cards.
#[derive(Default)]
pub struct CardMutation;

#[Object]
impl CardMutation {
    /// Adds a card to an account: a card account of any working mode, revolving credit or a current account. Scope: admin.
    async fn add_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: AddCardInput,
    ) -> Result<Option<AddCardResult>, Fault> {
        let call = Call::begin(ctx, "addCard", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_card!(call.run(&key, input.command()).await?, AddCardResult, AddCardSuccess)
    }

    /// Adds many cards. Scope: admin; large batches take the scope bulk.
    async fn add_card_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to add.")] input: AddCardBatchInput,
    ) -> Result<Option<AddCardBatchResult>, Fault> {
        let call = Call::begin(ctx, "addCardBatch", Scope::Admin, Reach::Tenant).await?;
        AddCardBatchInput::run(&call, input, AddCardInput::command, |done| {
            let card = Card::new((*done.value).clone());
            AddCardResult::Done(AddCardSuccess { card, receipt: done.receipt.into() })
        })
        .await
    }

    /// Blocks a card, now or from some day on: what asks for its use is refused then, what a scheme has cleared is
    /// booked. Scope: admin.
    async fn block_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to block.")] input: BlockCardInput,
    ) -> Result<Option<BlockCardResult>, Fault> {
        let call = Call::begin(ctx, "blockCard", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_card!(call.run(&key, input.command()).await?, BlockCardResult, BlockCardSuccess)
    }

    /// Takes a block off a card, or all. Scope: admin.
    async fn unblock_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to take off.")] input: UnblockCardInput,
    ) -> Result<Option<UnblockCardResult>, Fault> {
        let call = Call::begin(ctx, "unblockCard", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_card!(call.run(&key, input.command()).await?, UnblockCardResult, UnblockCardSuccess)
    }

    /// Puts a new card in the place of one that is there, which is out of force for good. Scope: admin.
    async fn replace_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to replace.")] input: ReplaceCardInput,
    ) -> Result<Option<ReplaceCardResult>, Fault> {
        let call = Call::begin(ctx, "replaceCard", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_card!(call.run(&key, input.command()).await?, ReplaceCardResult, ReplaceCardSuccess)
    }

    /// Changes what a card may be used for, and what is kept with it. Scope: admin.
    async fn update_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCardInput,
    ) -> Result<Option<UpdateCardResult>, Fault> {
        let call = Call::begin(ctx, "updateCard", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_card!(call.run(&key, input.command()).await?, UpdateCardResult, UpdateCardSuccess)
    }

    /// Puts a card out of force: it stays readable, and can be restored for as long as the tenant's settings say. Scope:
    /// admin.
    async fn delete_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which card.")] input: DeleteCardInput,
    ) -> Result<Option<DeleteCardResult>, Fault> {
        let call = Call::begin(ctx, "deleteCard", Scope::Admin, Reach::Own).await?;
        let command = card(&input.card).map(|card| DeleteCard { card });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_card!(reply, DeleteCardResult, DeleteCardSuccess)
    }

    /// Puts a deleted card into force again: within its time, not if it was replaced, and a main card only where no other
    /// is in force. Scope: admin.
    async fn restore_card(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which card.")] input: RestoreCardInput,
    ) -> Result<Option<RestoreCardResult>, Fault> {
        let call = Call::begin(ctx, "restoreCard", Scope::Admin, Reach::Tenant).await?;
        let command = card(&input.card).map(|card| RestoreCard { card });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_card!(reply, RestoreCardResult, RestoreCardSuccess)
    }
}

fn card(by: &CardBy) -> Result<cards::CardBy, Refused> {
    named("card", "card", by.to_domain())
}

impl AddCardInput {
    fn command(self) -> Result<AddCard, Refused> {
        Ok(AddCard {
            account: named("account", "account", self.account.to_domain())?,
            card: self.card.card().map_err(|refused| refused.under("card"))?,
        })
    }
}

impl BlockCardInput {
    fn command(self) -> Result<BlockCard, Refused> {
        Ok(BlockCard {
            card: card(&self.card)?,
            reason_code: self.reason_code,
            reason: said(self.reason),
            from: self.from.map(|date| date.0),
            until: self.until.map(|date| date.0),
        })
    }
}

impl UnblockCardInput {
    fn command(self) -> Result<UnblockCard, Refused> {
        let block = match self.block {
            None => None,
            Some(id) => Some(named("block", "block", id.parse().ok())?),
        };
        Ok(UnblockCard { card: card(&self.card)?, block, reason: self.reason })
    }
}

impl ReplaceCardInput {
    fn command(self) -> Result<ReplaceCard, Refused> {
        let metadata = match self.metadata {
            Some(json) => Some(crate::api::input::metadata(Some(json))?),
            None => None,
        };
        Ok(ReplaceCard {
            card: card(&self.card)?,
            token: self.token,
            number: self.masked_number,
            expiry: self.expiry.map(CardExpiryInput::expiry).transpose()?,
            embossed_name: said(self.embossed_name),
            limits: self.limits.map(CardLimitsInput::limits),
            metadata,
        })
    }
}

impl UpdateCardInput {
    fn command(self) -> Result<UpdateCard, Refused> {
        Ok(UpdateCard {
            card: card(&self.card)?,
            number: set("maskedNumber", self.masked_number)?,
            expiry: set("expiry", self.expiry)?.map(CardExpiryInput::expiry).transpose()?,
            embossed_name: change(self.embossed_name),
            limits: match change(self.limits) {
                Change::Keep => Change::Keep,
                Change::Clear => Change::Clear,
                Change::Set(limits) => Change::Set(limits.limits()),
            },
            metadata: metadata_change(self.metadata)?,
        })
    }
}
