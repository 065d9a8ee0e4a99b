//! Cards, as they are seen.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::NaiveDate;

use crate::access::Scope;
use crate::accounts::{self, Account as AccountRow};
use crate::api::accounts::Account;
use crate::api::cards::inputs::CardBy;
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{self, Customer};
use crate::api::enums::{CardAction, CardBlockStatus, CardChannel, CardStatus};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{Date, DateTime, Json};
use crate::cards::limits::{ChannelLimit, Countries, Spending};
use crate::cards::model::Around;
use crate::cards::number::Expiry;
use crate::cards::store::{self, CardsOf};
use crate::cards::{self, CardLimits as Limits, blocks};
use crate::documents::Subject;
use crate::ledger::audit;
use crate::primitives::{AccountId, CardId, Currency, CustomerId, Minor};
use crate::work;

/// A card in the API.
#[derive(Clone, Debug)]
pub struct Card(cards::Card);

impl Card {
    /// Of a card that the token sees.
    #[must_use]
    pub fn new(card: cards::Card) -> Self {
        Self(card)
    }

    async fn account_row(&self, ctx: &Context<'_>) -> Result<AccountRow, Fault> {
        account_of(caller(ctx)?, self.0.account).await
    }
}

/// The account of a card, whoever owns it.
async fn account_of(caller: &Caller, account: AccountId) -> Result<AccountRow, Fault> {
    let found = caller.loaders.row::<AccountRow>(account).await?;
    found.ok_or_else(|| Fault::internal(&"a card without its account"))
}

impl Listed for Card {
    const LIST: &'static str = "Card";
}

/// What an account is used with. Of its number only the first and the last digits are known.
#[Object]
impl Card {
    /// Opaque, and unique across the API: of this very card, whatever becomes of it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What those who process cards call it. A replacement may have the token of the card that it replaces; a token names
    /// the newest card that came of it, and is never given to another.
    async fn token(&self) -> &str {
        &self.0.token
    }

    /// Where it is in its life.
    async fn status(&self) -> CardStatus {
        self.0.status
    }

    /// Whether it is its account's main card.
    async fn main(&self) -> bool {
        self.0.is_main
    }

    /// Its account; none for a holder who is not the account's owner.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        crate::api::accounts::by_id(caller(ctx)?, self.0.account).await
    }

    /// Whose it is; none for an account's owner whose token does not see the holder.
    async fn holder(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.holder).await
    }

    /// What is shown of its number, with an asterisk for each digit that is hidden.
    async fn masked_number(&self) -> Option<&str> {
        self.0.number.as_ref().map(|number| number.as_str())
    }

    /// Its last month: it can be used until that is over.
    async fn expiry(&self) -> Option<CardExpiry> {
        self.0.expires_on.map(|last| {
            let Expiry { year, month } = Expiry::of(last);
            CardExpiry { year, month: i32::try_from(month).unwrap_or(i32::MAX) }
        })
    }

    /// What is printed on it.
    async fn embossed_name(&self) -> Option<&str> {
        self.0.embossed_name.as_deref()
    }

    /// What it may be used for, besides what its account allows.
    async fn limits(&self, ctx: &Context<'_>) -> Result<CardLimits, Fault> {
        Ok(CardLimits::of(&self.0.limits, self.account_row(ctx).await?.currency))
    }

    /// What stops its use, and the last of what did, newest first. A token that is bound to a customer sees until when,
    /// and not why or by whom. Scope: read.
    async fn blocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are in force today, or only the others.")] in_force: Option<bool>,
    ) -> Result<Vec<CardBlock>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let today = caller.engine.present(caller.tenant()).await?.today;
        let blocks = self.0.blocks.iter().rev().map(|block| CardBlock::of(block, today, caller.customer().is_none()));
        let wanted = |block: &CardBlock| in_force.is_none_or(|it| it == (block.status == CardBlockStatus::InForce));
        Ok(blocks.filter(wanted).collect())
    }

    /// The card in whose place it came.
    async fn replaces(&self, ctx: &Context<'_>) -> Result<Option<Card>, Fault> {
        other(caller(ctx)?, self.0.replaces).await
    }

    /// The card that came in its place.
    async fn replaced_by(&self, ctx: &Context<'_>) -> Result<Option<Card>, Fault> {
        other(caller(ctx)?, self.0.replaced_by).await
    }

    /// All cards of its chain of replacements, from the first to the newest; itself among them. Scope: read.
    async fn chain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Card>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        listed(caller, CardsOf::Chain(self.0.chain), None, &PageArgs::forward(first, after)).await
    }

    /// The business date on which it was deleted, or replaced.
    async fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }

    /// What can be done with it now, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<CardActionOffer>, Fault> {
        let caller = caller(ctx)?;
        let around = around(caller, &self.account_row(ctx).await?).await?;
        let show = |(action, reason): (CardAction, Option<String>)| CardActionOffer::new(action, reason);
        Ok(self.0.actions(&around).into_iter().map(show).collect())
    }

    /// What you keep with the card.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// The audit record of the command that added it, for `node`.
    async fn record(&self, ctx: &Context<'_>) -> Result<ID, Fault> {
        Ok(audit::id_of(caller(ctx)?.tenant(), work::command_of(self.0.ordinal)).into())
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Card(self.0.id), filter, first, after).await
    }
}

/// Something that stops a card from being used.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardBlock {
    /// What names it, for `unblockCard`.
    block: ID,
    /// Where it is in its life, today.
    status: CardBlockStatus,
    /// Why, as a code of yours; hidden from a customer's own token.
    reason_code: Option<String>,
    /// Why, for people; hidden from a customer's own token.
    reason: Option<String>,
    /// Its first day.
    from: Date,
    /// Its last day; without one it is in force until it is lifted.
    until: Option<Date>,
    /// The client that placed it; hidden from a customer's own token.
    placed_by: Option<String>,
    /// When it was placed.
    placed_at: DateTime,
    /// The client that lifted it; hidden from a customer's own token.
    lifted_by: Option<String>,
    /// When it was lifted.
    lifted_at: Option<DateTime>,
    /// Why it was lifted; hidden from a customer's own token.
    lift_reason: Option<String>,
}

impl CardBlock {
    fn of(block: &blocks::CardBlock, today: NaiveDate, tells_why: bool) -> Self {
        let told = |text: &str| tells_why.then(|| text.to_owned());
        let lifted = block.lifted.as_ref();
        Self {
            block: block.id.into(),
            status: block.stands(today),
            reason_code: told(&block.reason_code),
            reason: block.reason.as_deref().and_then(told),
            from: Date(block.from),
            until: block.until.map(Date),
            placed_by: told(&block.placed_by),
            placed_at: DateTime(block.placed_at),
            lifted_by: lifted.and_then(|lifted| told(&lifted.by)),
            lifted_at: lifted.map(|lifted| DateTime(lifted.at)),
            lift_reason: lifted.and_then(|lifted| told(&lifted.reason)),
        }
    }
}

/// A card's last month.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct CardExpiry {
    /// Four digits.
    year: i32,
    /// 1 to 12.
    month: i32,
}

/// Something that can be done with a card, or with the cards of an account.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardActionOffer {
    /// Which.
    action: CardAction,
    /// Whether it is possible now. Scopes of the token are apart.
    allowed: bool,
    /// Why it is not.
    reason: Option<String>,
}

impl CardActionOffer {
    /// An action, and what stands in its way.
    #[must_use]
    pub fn new(action: CardAction, reason: Option<String>) -> Self {
        Self { action, allowed: reason.is_none(), reason }
    }
}

/// What a card may be used for. What is absent is not limited.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardLimits {
    /// The most of one purchase.
    per_purchase: Option<Money>,
    /// The most on a business day.
    per_day: Option<Money>,
    /// The most in a calendar month.
    per_month: Option<Money>,
    /// What holds for single ways of using it, besides.
    channels: Vec<CardChannelLimit>,
    /// The countries in which alone it may be used, by their codes in ISO 3166-1; empty where it may be used in others.
    countries_only: Vec<String>,
    /// The countries in which it may not be used; empty where there are none.
    countries_blocked: Vec<String>,
}

/// What holds for one way of using a card.
#[derive(Clone, Debug, SimpleObject)]
pub struct CardChannelLimit {
    /// Which way.
    channel: CardChannel,
    /// Whether it may not be used so at all.
    blocked: bool,
    /// The most of one purchase.
    per_purchase: Option<Money>,
    /// The most on a business day.
    per_day: Option<Money>,
    /// The most in a calendar month.
    per_month: Option<Money>,
}

impl CardLimits {
    fn of(limits: &Limits, currency: Currency) -> Self {
        let money = |amount: Option<Minor>| amount.map(|amount| Money::of(amount, currency));
        let channel = |(channel, limit): (&CardChannel, &ChannelLimit)| {
            let Spending { per_purchase, per_day, per_month } = limit.spending;
            CardChannelLimit {
                channel: *channel,
                blocked: limit.blocked,
                per_purchase: money(per_purchase),
                per_day: money(per_day),
                per_month: money(per_month),
            }
        };
        let (countries_only, countries_blocked) = match &limits.countries {
            None => (Vec::new(), Vec::new()),
            Some(Countries::Only(codes)) => (codes.iter().cloned().collect(), Vec::new()),
            Some(Countries::AllBut(codes)) => (Vec::new(), codes.iter().cloned().collect()),
        };
        Self {
            per_purchase: money(limits.spending.per_purchase),
            per_day: money(limits.spending.per_day),
            per_month: money(limits.spending.per_month),
            channels: limits.channels.iter().map(channel).collect(),
            countries_only,
            countries_blocked,
        }
    }
}

/// Which cards to list. All conditions must hold.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CardFilter {
    /// Only in this status; in any when absent.
    status: Option<CardStatus>,
    /// Only main cards, or only the others.
    main: Option<bool>,
}

impl From<CardFilter> for store::CardFilter {
    fn from(filter: CardFilter) -> Self {
        Self { status: filter.status, is_main: filter.main }
    }
}

/// What decides what can be done with the cards of an account.
///
/// # Errors
/// The database's.
pub(super) async fn around(caller: &Caller, account: &accounts::Account) -> Result<Around, Fault> {
    let standing = caller.loaders.position(account.id).await?;
    let standing = standing.ok_or_else(|| Fault::internal(&"an account is not in the books"))?;
    Ok(Around {
        family: account.family,
        status: standing.position.status,
        main: caller.loaders.main_card(account.id).await?.map(|card| card.id),
        today: standing.today,
        restore_days: caller.loaders.settings().await?.card_restore_days,
    })
}

/// Whether the token sees a card: its holder does, and its account's owner.
async fn sees(caller: &Caller, card: &cards::Card) -> Result<bool, Fault> {
    if caller.sees(card.holder) {
        return Ok(true);
    }
    Ok(caller.sees(account_of(caller, card.account).await?.owner))
}

async fn seen(caller: &Caller, card: Option<cards::Card>) -> Result<Option<Card>, Fault> {
    match card {
        Some(card) if sees(caller, &card).await? => Ok(Some(Card(card))),
        _ => Ok(None),
    }
}

async fn other(caller: &Caller, card: Option<CardId>) -> Result<Option<Card>, Fault> {
    match card {
        Some(card) => by_id(caller, card).await,
        None => Ok(None),
    }
}

/// A card by its id, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: CardId) -> Result<Option<Card>, Fault> {
    seen(caller, caller.loaders.row::<cards::Card>(id).await?).await
}

/// A card by any of its names, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, by: &CardBy) -> Result<Option<Card>, Fault> {
    match by.to_domain() {
        None => Ok(None),
        Some(cards::CardBy::Id(id)) => by_id(caller, id).await,
        Some(by) => seen(caller, store::find(caller.db(), caller.tenant(), &by).await?).await,
    }
}

/// The cards of a holder that the token sees.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn of_holder(
    caller: &Caller,
    holder: CustomerId,
    filter: Option<CardFilter>,
    args: &PageArgs,
) -> Result<Connection<Card>, Fault> {
    listed(caller, CardsOf::Holder(holder), filter, args).await
}

/// All cards that the token sees.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(caller: &Caller, filter: Option<CardFilter>, args: &PageArgs) -> Result<Connection<Card>, Fault> {
    listed(caller, caller.customer().map_or(CardsOf::All, CardsOf::SeenBy), filter, args).await
}

async fn listed(
    caller: &Caller,
    of: CardsOf,
    filter: Option<CardFilter>,
    args: &PageArgs,
) -> Result<Connection<Card>, Fault> {
    let window = Window::<Ordinal<cards::Card>>::new(args)?;
    let filter = filter.unwrap_or_default().into();
    let rows = store::list(caller.db(), caller.tenant(), of, &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Card))
}
