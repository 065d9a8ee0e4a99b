//! Parties in the API: whom money is owed to inside the tenant.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject};

use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::reports::{self, LedgerAccount};
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::{change, metadata, metadata_change, named, set};
use crate::api::inputs::{filter_text, name};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{DateTime, Json};
use crate::documents::Subject;
use crate::parties::{self, CreateParty, UpdateParty, store};
use crate::primitives::PartyId;
use crate::refused::Refused;

/// Names one party.
#[derive(Clone, Debug, OneofObject)]
pub enum PartyBy {
    /// By its id.
    Id(ID),
    /// By its number.
    Number(String),
    /// By your own reference.
    ExternalReference(String),
}

impl PartyBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<store::PartyBy> {
        Some(match self {
            Self::Id(id) => store::PartyBy::Id(id.parse().ok()?),
            Self::Number(number) => store::PartyBy::Number(name(number)?),
            Self::ExternalReference(reference) => store::PartyBy::ExternalReference(name(reference)?),
        })
    }
}

/// A party in the API.
#[derive(Clone, Debug)]
pub struct Party(parties::Party);

impl Party {
    /// Of a party that the token sees.
    #[must_use]
    pub fn new(party: parties::Party) -> Self {
        Self(party)
    }
}

impl Listed for Party {
    const LIST: &'static str = "Party";
}

/// Whom money is owed to inside the tenant: a creditor.
#[Object]
impl Party {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Unique in the tenant.
    async fn number(&self) -> &str {
        &self.0.number
    }

    /// Your own reference; unique in the tenant.
    async fn external_reference(&self) -> Option<&str> {
        self.0.external_reference.as_deref()
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What you keep with the party.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The accounts whose debt is owed to it, in the order in which they were opened. Scope: read.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Account>, Fault> {
        let args = PageArgs::forward(first, after);
        accounts::of_creditor(allowed(ctx, Scope::Read)?, self.0.id, &args).await
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Party(self.0.id), filter, first, after).await
    }

    /// Its own ledger accounts, by role and currency, as far as they were ever used: `CLIENT_MONEY` is what was collected
    /// for it and is still held, apart from your own money (below zero, what you have laid out); `CLIENT_CLAIMS` what its
    /// accounts still owe. Scope: read.
    async fn ledger_accounts(&self, ctx: &Context<'_>) -> Result<Vec<LedgerAccount>, Fault> {
        reports::ledger_accounts_of_party(allowed(ctx, Scope::Read)?, self.0.id).await
    }
}

/// Which parties to list.
#[derive(Debug, Default, InputObject)]
pub struct PartyFilter {
    /// Names that contain this text, whatever the case.
    name: Option<String>,
}

/// A party by its id, if the token sees it: one that is bound to a customer sees none.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: PartyId) -> Result<Option<Party>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<parties::Party>(id).await?.map(Party))
}

/// A party by any of its names, if the token sees it.
///
/// # Errors
/// The database's.
pub async fn find(caller: &Caller, by: &PartyBy) -> Result<Option<Party>, Fault> {
    match by.to_domain() {
        Some(by) if caller.customer().is_none() => Ok(store::find(caller.db(), caller.tenant(), &by).await?.map(Party)),
        _ => Ok(None),
    }
}

/// The parties, in the order in which they were created; none for a token that is bound to a customer.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(caller: &Caller, filter: Option<PartyFilter>, args: &PageArgs) -> Result<Connection<Party>, Fault> {
    let window = Window::<Ordinal<parties::Party>>::new(args)?;
    if caller.customer().is_some() {
        return Ok(Connection::empty());
    }
    let filter = store::PartyFilter { name: filter_text("name", filter.unwrap_or_default().name)? };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Party))
}

/// Questions about parties. Scope: read.
#[derive(Debug, Default)]
pub struct PartyQuery;

/// Questions about parties. Scope: read.
#[Object]
impl PartyQuery {
    /// One party. Null for what does not exist or is not yours to see.
    async fn party(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] by: PartyBy) -> Result<Option<Party>, Fault> {
        find(allowed(ctx, Scope::Read)?, &by).await
    }

    /// The parties that money is owed to, in the order in which they were created.
    async fn parties(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<PartyFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Party>, Fault> {
        list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }
}

/// A party to create.
#[derive(InputObject)]
pub struct CreatePartyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Unique in the tenant; made when absent.
    number: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
    /// What it is called.
    name: String,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// What to change on a party. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdatePartyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which party.
    party: PartyBy,
    /// Your own reference; null empties it.
    external_reference: MaybeUndefined<String>,
    /// What it is called; cannot be emptied.
    name: MaybeUndefined<String>,
    /// A JSON object of your own; replaces the former one, null empties it.
    metadata: MaybeUndefined<Json>,
}

outcomes! {
    /// A party was created.
    CreatePartyResult = CreatePartySuccess {
        /// The party.
        party: Party,
    }

    /// A party was changed.
    UpdatePartyResult = UpdatePartySuccess {
        /// The party, as it is now.
        party: Party,
    }
}

/// Mutations of parties.
#[derive(Default)]
pub struct PartyMutation;

#[Object]
impl PartyMutation {
    /// Creates a party that money can be owed to. Scope: admin.
    async fn create_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreatePartyInput,
    ) -> Result<Option<CreatePartyResult>, Fault> {
        let call = Call::begin(ctx, "createParty", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreatePartyResult::Refused(refusal),
            Reply::Done(done) => CreatePartyResult::Done(CreatePartySuccess {
                party: Party::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Changes a party. Scope: admin.
    async fn update_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdatePartyInput,
    ) -> Result<Option<UpdatePartyResult>, Fault> {
        let call = Call::begin(ctx, "updateParty", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UpdatePartyResult::Refused(refusal),
            Reply::Done(done) => UpdatePartyResult::Done(UpdatePartySuccess {
                party: Party::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl CreatePartyInput {
    fn command(self) -> Result<CreateParty, Refused> {
        Ok(CreateParty {
            number: self.number,
            external_reference: self.external_reference,
            name: self.name,
            metadata: metadata(self.metadata)?,
        })
    }
}

impl UpdatePartyInput {
    fn command(self) -> Result<UpdateParty, Refused> {
        Ok(UpdateParty {
            party: named("party", "party", self.party.to_domain())?,
            external_reference: change(self.external_reference),
            name: set("name", self.name)?,
            metadata: metadata_change(self.metadata)?,
        })
    }
}
