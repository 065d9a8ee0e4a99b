//! A webhook and its deliveries, as they are shown.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::context::{Caller, allowed};
use crate::api::enums::{DeliveryState, DisabledReason, EventType, TransactionKind, WebhookState};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::filter_list;
use crate::api::pagination::{Connection, EventSequence, Key as _, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{BigInt, Cursor, DateTime, Decimal};
use crate::events::history::HistoryOf;
use crate::events::message;
use crate::events::webhooks::{self as domain, store};
use crate::primitives::{TenantId, WebhookDeliveryId, WebhookId};

/// A webhook in the API.
#[derive(Clone, Debug)]
pub struct Webhook(domain::Webhook);

impl Webhook {
    /// Of a webhook that the token sees.
    #[must_use]
    pub fn new(webhook: domain::Webhook) -> Self {
        Self(webhook)
    }
}

impl Listed for Webhook {
    const LIST: &'static str = "Webhook";
}

/// What a webhook is sent. All conditions hold; one that is empty or null holds for everything.
#[derive(Clone, Debug, SimpleObject)]
pub struct WebhookFilter {
    /// Events of these types; of all when empty.
    types: Vec<EventType>,
    /// Events that are about one of these accounts or were posted to one; about all when empty.
    accounts: Vec<ID>,
    /// Events that are about one of these products, or touch an account of one; about all when empty.
    products: Vec<ID>,
    /// Entries of these kinds, and nothing else; everything when empty.
    kinds: Vec<TransactionKind>,
    /// Entries with a line of at least this much, and nothing else; everything when null.
    minimum_amount: Option<Decimal>,
}

/// Where events are sent to, signed as Standard Webhooks has it.
#[Object]
impl Webhook {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Where to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// For people.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What.
    async fn filter(&self) -> WebhookFilter {
        let filter = &self.0.filter;
        WebhookFilter {
            types: filter.types.iter().filter_map(|word| EventType::from_word(word)).collect(),
            accounts: filter.accounts.iter().map(ID::from).collect(),
            products: filter.products.iter().map(ID::from).collect(),
            kinds: filter.kinds.clone(),
            minimum_amount: filter.minimum_amount.map(Decimal),
        }
    }

    /// The version of what is sent.
    async fn payload_version(&self) -> i32 {
        self.0.version
    }

    /// Whether it is at work.
    async fn state(&self) -> WebhookState {
        self.0.state
    }

    /// Why it is disabled.
    async fn disabled_reason(&self) -> Option<DisabledReason> {
        self.0.disabled_reason
    }

    /// The last event that is dealt with: it was delivered, did not pass the filter, or is among the deliveries that wait.
    async fn cursor(&self) -> Cursor {
        EventSequence(self.0.cursor).cursor()
    }

    /// Since when nothing was delivered though something was tried.
    async fn failing_since(&self) -> Option<DateTime> {
        self.0.failing_since.map(DateTime)
    }

    /// Until when messages are signed with the former secret as well.
    async fn former_secret_until(&self) -> Option<DateTime> {
        self.0.previous.as_ref().map(|(_, until)| DateTime(*until))
    }

    /// When it was created.
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
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }

    /// What was sent to it or waits, newest first: the last 1,000 that arrived, and all others for 30 days. Scope: admin.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<WebhookDeliveryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<WebhookDelivery>, Fault> {
        let caller = allowed(ctx, Scope::Admin)?;
        let window = Window::<Ordinal<domain::Delivery>>::new(&PageArgs::forward(first, after))?;
        let filter = filter.unwrap_or_default();
        let types = filter_list("types", filter.types)?.unwrap_or_default();
        let filter = store::DeliveryFilter {
            states: filter_list("states", filter.states)?.unwrap_or_default(),
            types: types.into_iter().map(|type_| type_.word().to_owned()).collect(),
        };
        let page = window.page(Ordinal::place);
        let rows = store::deliveries(caller.db(), caller.tenant(), self.0.id, &filter, page).await?;
        let tenant = caller.tenant();
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), |row| WebhookDelivery::new(tenant, row)))
    }
}

/// Which deliveries to list. All conditions must hold.
#[derive(Debug, Default, InputObject)]
pub struct WebhookDeliveryFilter {
    /// Only those that stand like this; all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    states: Option<Vec<DeliveryState>>,
    /// Only events of these types; of all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    types: Option<Vec<EventType>>,
}

/// A delivery in the API.
#[derive(Clone, Debug)]
pub struct WebhookDelivery(TenantId, domain::Delivery);

impl WebhookDelivery {
    /// Of a delivery that the token sees.
    #[must_use]
    pub fn new(tenant: TenantId, delivery: domain::Delivery) -> Self {
        Self(tenant, delivery)
    }
}

impl Listed for WebhookDelivery {
    const LIST: &'static str = "WebhookDelivery";
}

/// An event on its way to a webhook, or what became of it.
#[Object]
impl WebhookDelivery {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.1.id.into()
    }

    /// What the receiver is told as `webhook-id`: the event's id, the same each time it is sent.
    async fn message_id(&self) -> String {
        match self.1.is_test() {
            true => self.1.id.to_string(),
            false => message::id_of(self.0, self.1.sequence).to_string(),
        }
    }

    /// The event's number in the log; none of a test, which is no event.
    async fn sequence(&self) -> Option<BigInt> {
        (!self.1.is_test()).then_some(BigInt(self.1.sequence))
    }

    /// The event's type; none of a test.
    #[graphql(name = "type")]
    async fn type_(&self) -> Option<EventType> {
        EventType::from_word(&self.1.event_type)
    }

    /// The id of what the event is about.
    async fn subject(&self) -> ID {
        ID(self.1.subject.clone())
    }

    /// How it stands.
    async fn state(&self) -> DeliveryState {
        self.1.state
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.1.attempts
    }

    /// When it is tried again; none when it is over, or its turn has not come.
    async fn next_attempt_at(&self) -> Option<DateTime> {
        self.1.next_attempt.map(DateTime)
    }

    /// When it was tried last.
    async fn last_attempt_at(&self) -> Option<DateTime> {
        self.1.last_attempt.map(DateTime)
    }

    /// What the receiver answered last, in HTTP; none when it did not.
    async fn last_status(&self) -> Option<i32> {
        self.1.last_status
    }

    /// Why it failed last. Nothing of what the receiver wrote.
    async fn last_error(&self) -> Option<&str> {
        self.1.last_error.as_deref()
    }

    /// How long the last attempt took, in milliseconds.
    async fn last_milliseconds(&self) -> Option<i32> {
        self.1.last_millis
    }

    /// When it was first taken up.
    async fn created_at(&self) -> DateTime {
        DateTime(self.1.created_at)
    }
}

/// Whether the token sees webhooks at all.
fn sees(caller: &Caller) -> bool {
    caller.customer().is_none() && caller.principal.may(Scope::Admin)
}

/// A webhook by its id, if the token sees it: that takes the scope `admin`.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: WebhookId) -> Result<Option<Webhook>, Fault> {
    if !sees(caller) {
        return Ok(None);
    }
    let found = caller.loaders.row::<domain::Webhook>(id).await?;
    Ok(found.filter(|found| found.state != WebhookState::Deleted).map(Webhook))
}

/// A delivery by its id, if the token sees it and its webhook is there.
///
/// # Errors
/// The database's.
pub async fn delivery_by_id(caller: &Caller, id: WebhookDeliveryId) -> Result<Option<WebhookDelivery>, Fault> {
    if !sees(caller) {
        return Ok(None);
    }
    let Some(found) = caller.loaders.row::<domain::Delivery>(id).await? else { return Ok(None) };
    let is_there = by_id(caller, found.webhook).await?.is_some();
    Ok(is_there.then(|| WebhookDelivery::new(caller.tenant(), found)))
}

/// The webhooks, in the order in which they were created.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(caller: &Caller, args: &PageArgs) -> Result<Connection<Webhook>, Fault> {
    let window = Window::<Ordinal<domain::Webhook>>::new(args)?;
    if !sees(caller) {
        return Ok(Connection::empty());
    }
    let rows = store::list(caller.db(), caller.tenant(), window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Webhook))
}
