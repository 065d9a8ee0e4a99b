//! Card rows.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use serde::{Deserialize, Serialize};

use super::blocks;
use super::limits::CardLimits;
use super::model::{Card, CardStatus};
use super::number::MaskedNumber;
use super::visible;
use crate::accounts::Account;
use crate::database::{Kind, Listed, listed};
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::known;
use crate::primitives::{AccountId, CardId, CustomerId, TenantId};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Stop, Wants, Work, read};
use entity::card::{Entity, Model};

/// A token: taken by the first card of a chain that is called so.
pub static TOKEN: Index = Index { table: Table::Card, column: "token_taken", field: "token", what: "the token" };

/// The main cards of an account that are in force: one at most.
pub static MAIN: &Set<Card> = &SETS[0];

/// The cards of a holder. Loaded only where two records are merged, or one is erased.
pub static HELD: &Set<Card> = &SETS[1];

static SETS: [Set<Card>; 2] = [
    Set {
        name: "main",
        owner: "account_id",
        condition: "found.is_main AND found.status = 'ACTIVE'",
        owner_of: |card| (card.is_main && card.status == CardStatus::Active).then_some(card.account.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 2,
    },
    Set {
        name: "held",
        owner: "holder_id",
        condition: "TRUE",
        owner_of: |card| Some(card.holder.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

impl Row for Card {
    type Id = CardId;
    type Entity = Entity;

    const TABLE: Table = Table::Card;
    const WHAT: &'static str = "card";

    fn id(&self) -> CardId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            holder_id: self.holder.0,
            token: self.token.clone(),
            token_taken: self.takes_token.then(|| self.token.clone()),
            is_main: self.is_main,
            status: self.status.word().into(),
            masked_number: self.number.clone().map(Into::into),
            expires_on: self.expires_on,
            embossed_name: self.embossed_name.clone(),
            limits: self.limits.to_text(),
            blocks: blocks::to_text(&self.blocks),
            chain_id: self.chain.0,
            newest_id: self.newest.map(|id| id.0),
            replaces_id: self.replaces.map(|id| id.0),
            replaced_by_id: self.replaced_by.map(|id| id.0),
            ended_on: self.ended_on,
            metadata: self.metadata.clone(),
            created_at_us: self.created_at,
        }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        let number = row.masked_number.as_deref();
        let number = number.map(|number| known(MaskedNumber::of(number).ok(), "number of a card"));
        Ok(Self {
            id: CardId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            holder: CustomerId(row.holder_id),
            token: row.token,
            takes_token: row.token_taken.is_some(),
            is_main: row.is_main,
            status: known(CardStatus::from_word(&row.status), "status of a card")?,
            number: number.transpose()?,
            expires_on: row.expires_on,
            embossed_name: row.embossed_name,
            limits: known(CardLimits::from_text(&row.limits), "limits of a card")?,
            blocks: known(blocks::from_text(row.blocks.as_deref()), "blocks of a card")?,
            chain: CardId(row.chain_id),
            newest: row.newest_id.map(CardId),
            replaces: row.replaces_id.map(CardId),
            replaced_by: row.replaced_by_id.map(CardId),
            ended_on: row.ended_on,
            metadata: row.metadata,
            created_at: row.created_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.takes_token.then_some((&TOKEN, self.token.as_str())).into_iter().collect()
    }

    fn sets() -> &'static [Set<Self>] {
        &SETS
    }

    fn changes(column: &str) -> bool {
        !matches!(
            column,
            "ordinal"
                | "account_id"
                | "token"
                | "token_taken"
                | "is_main"
                | "chain_id"
                | "replaces_id"
                | "created_at_us"
        )
    }
}

impl Owned for Card {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        if work.origin().customer.is_none_or(|own| own == self.holder) {
            return Ok(true);
        }
        let account = work.get::<Account>(self.account)?;
        Ok(account.is_some_and(|account| visible(work.origin(), self, &account)))
    }
}

/// How a card is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardBy {
    /// By Konto's id: that very card.
    Id(CardId),
    /// By its token: the newest card of the token's chain.
    Token(String),
}

impl CardBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<Card>(*id),
            Self::Token(token) => wants.unique::<Card>(&TOKEN, token),
        }
    }

    /// The card that an input field names, if the origin sees it.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<Card>> {
        let found = match self {
            Self::Id(id) => work.get::<Card>(*id)?,
            Self::Token(token) => match work.find::<Card>(&TOKEN, token)? {
                Some(card) => Some(newest(work, card)?),
                None => None,
            },
        };
        match found {
            Some(card) if card.is_visible(work)? => Ok(card),
            _ => Err(Refused::not_found(field, "card").into()),
        }
    }
}

/// The newest card of a card's chain.
///
/// # Errors
/// That something is not loaded yet.
pub fn newest(work: &mut Work, card: Arc<Card>) -> Decision<Arc<Card>> {
    if card.replaced_by.is_none() {
        return Ok(card);
    }
    let first = match card.chain == card.id {
        true => Some(card),
        false => work.get::<Card>(card.chain)?,
    };
    let newest = match first.and_then(|first| first.newest) {
        Some(newest) => work.get::<Card>(newest)?,
        None => None,
    };
    newest.ok_or_else(|| Stop::damaged("a chain of cards without its newest"))
}

/// Which cards to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CardFilter {
    /// Only in this status.
    pub status: Option<CardStatus>,
    /// Only the main card, or only the others.
    pub is_main: Option<bool>,
}

/// Whose cards to list.
#[derive(Clone, Copy, Debug)]
pub enum CardsOf {
    /// All of the tenant.
    All,
    /// Those that a customer sees: as their holder, or as their account's owner.
    SeenBy(CustomerId),
    /// A holder's.
    Holder(CustomerId),
    /// A chain's, by its first card.
    Chain(CardId),
}

/// A card, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn find(db: &impl ConnectionTrait, tenant: TenantId, by: &CardBy) -> Result<Option<Card>, LedgerFault> {
    let token = match by {
        CardBy::Id(id) => return read::by_id(db, tenant, *id).await,
        CardBy::Token(token) => token,
    };
    let Some(card): Option<Card> = read::by_unique(db, tenant, &TOKEN, &[token]).await?.pop() else {
        return Ok(None);
    };
    if card.replaced_by.is_none() {
        return Ok(Some(card));
    }
    let first = match card.chain == card.id {
        true => Some(card),
        false => read::by_id::<Card>(db, tenant, card.chain).await?,
    };
    match first.and_then(|first| first.newest) {
        Some(newest) => read::by_id(db, tenant, newest).await,
        None => Err(LedgerFault::Inconsistent("newest of a chain of cards")),
    }
}

/// Cards, in the order in which they were added.
///
/// # Errors
/// [`LedgerFault`].
pub async fn list(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    of: CardsOf,
    filter: &CardFilter,
    page: Page<i64>,
) -> Result<Vec<Card>, LedgerFault> {
    let mut query = read::select::<Card>(tenant);
    match of {
        CardsOf::Holder(holder) => query.and("holder_id = ", holder.0.into()),
        CardsOf::All => {}
        CardsOf::SeenBy(customer) => {
            let customer = query.bind(customer.0.into());
            let own = format!("SELECT id FROM account WHERE tenant_id = $1 AND customer_id = ${customer}");
            query.and_raw(&format!("(holder_id = ${customer} OR account_id IN ({own}))"));
        }
        CardsOf::Chain(first) => {
            let first = query.bind(first.0.into());
            query.and_raw(&format!("(id = ${first} OR (chain_id = ${first} AND replaces_id IS NOT NULL))"));
        }
    }
    narrow(&mut query, filter);
    read::page(db, query, false, page).await
}

fn narrow(query: &mut Query, filter: &CardFilter) {
    if let Some(status) = filter.status {
        query.and("status = ", status.word().into());
    }
    if let Some(is_main) = filter.is_main {
        query.and("is_main = ", is_main.into());
    }
}

/// A page of an account's cards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CardsOnAccount {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub filter: CardFilter,
    /// Beyond this place.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: u64,
}

/// Pages of accounts' cards, in the order in which they were added: those that differ in their accounts only in one
/// statement.
///
/// # Errors
/// [`LedgerFault`].
pub async fn on_accounts(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    pages: &[CardsOnAccount],
) -> Result<Vec<(CardsOnAccount, Vec<Card>)>, LedgerFault> {
    let mut alike: HashMap<(&CardFilter, Option<i64>, u64), Vec<&CardsOnAccount>> = HashMap::new();
    for page in pages {
        alike.entry((&page.filter, page.after, page.limit)).or_default().push(page);
    }
    let mut read = Vec::with_capacity(pages.len());
    for ((filter, after, limit), of) in alike {
        let accounts = of.iter().map(|page| page.account.0.into()).collect();
        let mut found = on_each(db, tenant, accounts, filter, after, limit).await?;
        read.extend(of.into_iter().map(|page| (page.clone(), found.remove(&page.account).unwrap_or_default())));
    }
    Ok(read)
}

async fn on_each(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: Vec<Value>,
    filter: &CardFilter,
    after: Option<i64>,
    limit: u64,
) -> Result<HashMap<AccountId, Vec<Card>>, LedgerFault> {
    let mut query;
    if db.get_database_backend() == DbBackend::Postgres {
        query = Query::new("SELECT * FROM card WHERE tenant_id = ", tenant);
        let list = query.bind(Kind::Uuid.array(accounts));
        query.and_raw("account_id = a.id");
        narrow(&mut query, filter);
        query.page("ordinal", false, after.map(Value::from), None, false, limit);
        query.around(&format!("SELECT t.* FROM UNNEST(${list}::uuid[]) AS a (id) CROSS JOIN LATERAL ("), ") AS t");
    } else {
        let place = "ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY ordinal) AS place";
        query = Query::new(&format!("SELECT *, {place} FROM card WHERE tenant_id = "), tenant);
        let (Listed { .. }, list) = listed(DbBackend::Sqlite, ("card", "card"), "account_id", 2, Kind::Uuid, accounts);
        let list = query.bind(list);
        query.and_raw(&format!("account_id IN (SELECT unhex(value) FROM json_each(${list}))"));
        narrow(&mut query, filter);
        if let Some(after) = after {
            query.and("ordinal > ", after.into());
        }
        query.around("SELECT * FROM (", &format!(") AS t WHERE place <= {limit}"));
    }
    let mut found: HashMap<AccountId, Vec<Card>> = HashMap::new();
    for row in query.all(db).await? {
        let card = Card::of_result(&row)?;
        found.entry(card.account).or_default().push(card);
    }
    for cards in found.values_mut() {
        cards.sort_unstable_by_key(|card| card.ordinal);
    }
    Ok(found)
}

/// The main cards in force of accounts, in one statement.
///
/// # Errors
/// [`LedgerFault`].
pub async fn main_of(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    accounts: &[AccountId],
) -> Result<Vec<Card>, LedgerFault> {
    let backend = db.get_database_backend();
    let accounts = accounts.iter().map(|account| account.0.into()).collect();
    let (Listed { from, condition }, list) = listed(backend, ("card", "found"), "account_id", 2, Kind::Uuid, accounts);
    let sql = format!("SELECT found.* FROM {from} WHERE {condition} AND {}", SETS[0].condition);
    let statement = Statement::from_sql_and_values(backend, sql, [tenant.0.into(), list]);
    db.query_all_raw(statement).await?.iter().map(Card::of_result).collect()
}
