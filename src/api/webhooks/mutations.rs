//! What is done to webhooks and deliveries.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject};

use super::types::{Webhook, WebhookDelivery};
use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::caller;
use crate::api::enums::{EventType, TransactionKind};
use crate::api::fault::Fault;
use crate::api::input::{named, set};
use crate::api::pagination::{EventSequence, Key as _};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Cursor, DateTime, Decimal};
use crate::engine::Engine;
use crate::events::store as log;
use crate::events::webhooks::{
    CreateWebhook, DeleteWebhook, DisableWebhook, EnableWebhook, Filter, ReplayWebhook, RetryDelivery,
    RotateWebhookSecret, SendTestWebhook, UpdateWebhook, address, store,
};
use crate::primitives::{TenantId, WebhookId};
use crate::refused::Refused;

/// How long the former secret is used as well, when nothing is said: a day.
const OVERLAP: i32 = 24 * 3_600;

/// What a webhook is sent. All conditions must hold; one that is absent holds for everything.
#[derive(Debug, InputObject)]
pub struct WebhookFilterInput {
    /// Events of these types; of all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    types: Option<Vec<EventType>>,
    /// Events that are about one of these accounts or were posted to one; about all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    accounts: Option<Vec<ID>>,
    /// Events that are about one of these products, or touch an account of one; about all when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    products: Option<Vec<ID>>,
    /// Entries of these kinds, and nothing else; everything when absent. 1 to 100.
    #[graphql(validator(max_items = 100))]
    kinds: Option<Vec<TransactionKind>>,
    /// Entries with a line of at least this much, whatever its sign and currency, and nothing else; everything when
    /// absent.
    minimum_amount: Option<Decimal>,
}

/// A webhook to create.
#[derive(InputObject)]
pub struct CreateWebhookInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Where to: an `https` address that is not of a private network.
    url: String,
    /// For people.
    description: Option<String>,
    /// What; everything when absent.
    filter: Option<WebhookFilterInput>,
}

/// What to change on a webhook. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateWebhookInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which webhook.
    webhook: ID,
    /// Where to; cannot be emptied.
    url: MaybeUndefined<String>,
    /// For people; null empties it.
    description: MaybeUndefined<String>,
    /// What, in the place of the former one; null makes it everything.
    filter: MaybeUndefined<WebhookFilterInput>,
}

macro_rules! of_one {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Makes the request safe to repeat.
            idempotency_key: String,
            /// Which webhook.
            webhook: ID,
        }
    )*};
}

of_one! {
    /// A webhook to let go on.
    EnableWebhookInput;
    /// A webhook to stop.
    DisableWebhookInput;
    /// A webhook to take away.
    DeleteWebhookInput;
    /// A webhook to try.
    SendTestWebhookInput;
}

/// A webhook to give a new secret.
#[derive(InputObject)]
pub struct RotateWebhookSecretInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which webhook.
    webhook: ID,
    /// How long messages are signed with the former secret as well, so that receivers can change over: a day when absent,
    /// at most a week, 0 when the former one is in wrong hands.
    overlap_seconds: Option<i32>,
}

/// A place in the log.
#[derive(OneofObject)]
pub enum ReplayFrom {
    /// Behind this event.
    Cursor(Cursor),
    /// From this moment on.
    Time(DateTime),
}

/// A webhook to take back.
#[derive(InputObject)]
pub struct ReplayWebhookInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which webhook.
    webhook: ID,
    /// From where everything is sent again. What it has not reached yet is not skipped.
    from: ReplayFrom,
}

/// A delivery to try again.
#[derive(InputObject)]
pub struct RetryDeliveryInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which delivery: a dead letter, or one that waits.
    delivery: ID,
}

outcomes! {
    /// A webhook was created.
    CreateWebhookResult = CreateWebhookSuccess {
        /// The webhook.
        webhook: Webhook,
        /// What its messages are signed with. Shown here and never again, not even when the request is repeated: keep it,
        /// or ask for a new one (`rotateWebhookSecret`), as whoever had to wait for a second person has to.
        secret: Option<String>,
    }

    /// A webhook was changed.
    UpdateWebhookResult = UpdateWebhookSuccess {
        /// The webhook, as it is now.
        webhook: Webhook,
    }

    /// A webhook goes on.
    EnableWebhookResult = EnableWebhookSuccess {
        /// The webhook, as it is now.
        webhook: Webhook,
    }

    /// A webhook was stopped.
    DisableWebhookResult = DisableWebhookSuccess {
        /// The webhook, as it is now.
        webhook: Webhook,
    }

    /// A webhook has a new secret.
    RotateWebhookSecretResult = RotateWebhookSecretSuccess {
        /// The webhook, as it is now.
        webhook: Webhook,
        /// What its messages are signed with from now on. Shown here and never again, not even when the request is
        /// repeated.
        secret: Option<String>,
    }

    /// A webhook is gone.
    DeleteWebhookResult = DeleteWebhookSuccess {
        /// The webhook, as it was last.
        webhook: Webhook,
    }

    /// A webhook was taken back.
    ReplayWebhookResult = ReplayWebhookSuccess {
        /// The webhook, as it is now.
        webhook: Webhook,
    }

    /// A test is on its way.
    SendTestWebhookResult = SendTestWebhookSuccess {
        /// The delivery: ask for it until it is over. None when the request is repeated after it was forgotten.
        delivery: Option<WebhookDelivery>,
    }

    /// A delivery is tried again.
    RetryDeliveryResult = RetryDeliverySuccess {
        /// The delivery, as it is now. None when the request is repeated after it was forgotten.
        delivery: Option<WebhookDelivery>,
    }
}

/// Mutations of webhooks.
#[derive(Default)]
pub struct WebhookMutation;

/// Begins a mutation that all of these are alike in: the tenant's, and of those who run it.
macro_rules! run {
    ($ctx:expr, $operation:literal, $key:expr, $command:expr, $result:ident, |$done:ident| $success:expr) => {{
        let call = Call::begin($ctx, $operation, Scope::Admin, Reach::Tenant).await?;
        let command = $command;
        Ok(Some(match call.run(&$key, command(&call)).await? {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done($done) => {
                call.engine.outbound.look();
                $result::Done($success)
            }
        }))
    }};
}

#[Object]
impl WebhookMutation {
    /// Creates a webhook: from now on, events are sent to it. Scope: admin.
    async fn create_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateWebhookInput,
    ) -> Result<Option<CreateWebhookResult>, Fault> {
        let key = input.idempotency_key.clone();
        run!(ctx, "createWebhook", key, |call: &Call<'_>| input.command(call.engine), CreateWebhookResult, |done| {
            CreateWebhookSuccess {
                secret: (!done.receipt.replayed).then(|| done.value.secret.clone()),
                webhook: Webhook::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }
        })
    }

    /// Changes a webhook. Scope: admin.
    async fn update_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateWebhookInput,
    ) -> Result<Option<UpdateWebhookResult>, Fault> {
        let key = input.idempotency_key.clone();
        run!(ctx, "updateWebhook", key, |call: &Call<'_>| input.command(call.engine), UpdateWebhookResult, |done| {
            UpdateWebhookSuccess { webhook: Webhook::new((*done.value).clone()), receipt: done.receipt.into() }
        })
    }

    /// Lets a webhook go on from where it stopped. Scope: admin.
    async fn enable_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: EnableWebhookInput,
    ) -> Result<Option<EnableWebhookResult>, Fault> {
        let command = |_: &Call<'_>| Ok(EnableWebhook { webhook: webhook(&input.webhook)? });
        run!(ctx, "enableWebhook", input.idempotency_key, command, EnableWebhookResult, |done| {
            EnableWebhookSuccess { webhook: Webhook::new((*done.value).clone()), receipt: done.receipt.into() }
        })
    }

    /// Stops a webhook. Its place in the log is kept, and what waits. Scope: admin.
    async fn disable_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DisableWebhookInput,
    ) -> Result<Option<DisableWebhookResult>, Fault> {
        let command = |_: &Call<'_>| Ok(DisableWebhook { webhook: webhook(&input.webhook)? });
        run!(ctx, "disableWebhook", input.idempotency_key, command, DisableWebhookResult, |done| {
            DisableWebhookSuccess { webhook: Webhook::new((*done.value).clone()), receipt: done.receipt.into() }
        })
    }

    /// Gives a webhook a new secret. Scope: admin.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RotateWebhookSecretInput,
    ) -> Result<Option<RotateWebhookSecretResult>, Fault> {
        let command = |_: &Call<'_>| {
            let overlap = u32::try_from(input.overlap_seconds.unwrap_or(OVERLAP));
            let overlap_seconds = overlap.map_err(|_| Refused::invalid("overlapSeconds", "must not be negative"))?;
            Ok(RotateWebhookSecret { webhook: webhook(&input.webhook)?, overlap_seconds })
        };
        run!(ctx, "rotateWebhookSecret", input.idempotency_key, command, RotateWebhookSecretResult, |done| {
            RotateWebhookSecretSuccess {
                secret: (!done.receipt.replayed).then(|| done.value.secret.clone()),
                webhook: Webhook::new((*done.value).clone()),
                receipt: done.receipt.into(),
            }
        })
    }

    /// Takes a webhook away, with its deliveries. Scope: admin.
    async fn delete_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteWebhookInput,
    ) -> Result<Option<DeleteWebhookResult>, Fault> {
        let command = |_: &Call<'_>| Ok(DeleteWebhook { webhook: webhook(&input.webhook)? });
        run!(ctx, "deleteWebhook", input.idempotency_key, command, DeleteWebhookResult, |done| {
            DeleteWebhookSuccess { webhook: Webhook::new((*done.value).clone()), receipt: done.receipt.into() }
        })
    }

    /// Takes a webhook back to an earlier place in the log: everything since is sent again, with the same ids. Scope:
    /// admin.
    async fn replay_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and from where.")] input: ReplayWebhookInput,
    ) -> Result<Option<ReplayWebhookResult>, Fault> {
        let asking = caller(ctx)?;
        let after = place(&asking.engine, asking.tenant(), &input.from).await?;
        let command = |_: &Call<'_>| Ok(ReplayWebhook { webhook: webhook(&input.webhook)?, after: after? });
        run!(ctx, "replayWebhook", input.idempotency_key, command, ReplayWebhookResult, |done| {
            ReplayWebhookSuccess { webhook: Webhook::new((*done.value).clone()), receipt: done.receipt.into() }
        })
    }

    /// Sends a webhook something that is no event, once, to see whether it arrives. Scope: admin.
    async fn send_test_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: SendTestWebhookInput,
    ) -> Result<Option<SendTestWebhookResult>, Fault> {
        let tenant = caller(ctx)?.tenant();
        let command = |_: &Call<'_>| Ok(SendTestWebhook { webhook: webhook(&input.webhook)? });
        run!(ctx, "sendTestWebhook", input.idempotency_key, command, SendTestWebhookResult, |done| {
            SendTestWebhookSuccess {
                delivery: done.value.delivery.clone().map(|delivery| WebhookDelivery::new(tenant, delivery)),
                receipt: done.receipt.into(),
            }
        })
    }

    /// Tries a delivery again at once, and as often as a new one: a dead letter, or one that waits. Scope: admin.
    async fn retry_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RetryDeliveryInput,
    ) -> Result<Option<RetryDeliveryResult>, Fault> {
        let tenant = caller(ctx)?.tenant();
        let command =
            |_: &Call<'_>| Ok(RetryDelivery { delivery: named("delivery", "delivery", input.delivery.parse().ok())? });
        run!(ctx, "retryDelivery", input.idempotency_key, command, RetryDeliveryResult, |done| {
            RetryDeliverySuccess {
                delivery: done.value.delivery.clone().map(|delivery| WebhookDelivery::new(tenant, delivery)),
                receipt: done.receipt.into(),
            }
        })
    }
}

fn webhook(id: &ID) -> Result<WebhookId, Refused> {
    named("webhook", "webhook", id.parse().ok())
}

/// An address that this server may call, as far as it shows.
fn checked(engine: &Engine, url: String) -> Result<String, Refused> {
    let refuse = |problem: address::AddressProblem| Refused::invalid("url", problem.to_string());
    let parsed = address::parse(&url).map_err(refuse)?;
    if !engine.outbound.allows_private() {
        address::check(&parsed).map_err(refuse)?;
    }
    Ok(url)
}

/// A list of a filter. An empty one would let nothing through.
fn listed<T>(field: &str, list: Option<Vec<T>>) -> Result<Vec<T>, Refused> {
    match list {
        Some(items) if items.is_empty() => Err(Refused::invalid(
            &format!("filter.{field}"),
            "is empty, which nothing matches: leave it out to get all",
        )),
        list => Ok(list.unwrap_or_default()),
    }
}

impl WebhookFilterInput {
    fn domain(self) -> Result<Filter, Refused> {
        let types = listed("types", self.types)?;
        let accounts = listed("accounts", self.accounts)?;
        let account = |id: &ID| named("filter.accounts", "account", id.parse().ok());
        let products = listed("products", self.products)?;
        let product = |id: &ID| named("filter.products", "product", id.parse().ok());
        Ok(Filter {
            types: types.into_iter().map(|type_| type_.word().to_owned()).collect(),
            accounts: accounts.iter().map(account).collect::<Result<_, _>>()?,
            products: products.iter().map(product).collect::<Result<_, _>>()?,
            kinds: listed("kinds", self.kinds)?,
            minimum_amount: self.minimum_amount.map(|amount| amount.0),
        })
    }
}

impl CreateWebhookInput {
    fn command(self, engine: &Engine) -> Result<CreateWebhook, Refused> {
        Ok(CreateWebhook {
            url: checked(engine, self.url)?,
            description: self.description.unwrap_or_default(),
            filter: self.filter.map(WebhookFilterInput::domain).transpose()?.unwrap_or_default(),
        })
    }
}

impl UpdateWebhookInput {
    fn command(self, engine: &Engine) -> Result<UpdateWebhook, Refused> {
        let webhook = webhook(&self.webhook)?;
        Ok(UpdateWebhook {
            webhook,
            url: set("url", self.url)?.map(|url| checked(engine, url)).transpose()?,
            description: match self.description {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(String::new()),
                MaybeUndefined::Value(text) => Some(text),
            },
            filter: match self.filter {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(Filter::default()),
                MaybeUndefined::Value(filter) => Some(filter.domain()?),
            },
        })
    }
}

/// The last event that is not sent again. A place that the log has not reached is refused: it would be waited for.
async fn place(engine: &Engine, tenant: TenantId, from: &ReplayFrom) -> Result<Result<i64, Refused>, Fault> {
    let db = engine.db.reader();
    match from {
        ReplayFrom::Time(at) => Ok(Ok(store::place_before(db, tenant, at.0).await?)),
        ReplayFrom::Cursor(cursor) => {
            let refuse = |message: &str| Ok(Err(Refused::invalid("from.cursor", message)));
            match EventSequence::of_cursor(cursor) {
                None => refuse("is not a cursor of the event log"),
                Some(EventSequence(place)) if place > log::last_sequence(db, tenant).await? => {
                    refuse("lies beyond the end of the log")
                }
                Some(EventSequence(place)) => Ok(Ok(place)),
            }
        }
    }
}
