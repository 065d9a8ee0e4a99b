//! Templates, settings and messages as they are shown.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::access::Scope;
use crate::api::collections::{self, Claim};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{self, Customer};
use crate::api::documents::{self, Document};
use crate::api::enums::{MessageKind, MessageStatus, SmtpSecurity};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::pagination::{Connection, Listed, NumberedPage, Ordinal, PageArgs, PageNumber, Window};
use crate::api::scalars::{DateTime, LocalTime};
use crate::events::history::HistoryOf;
use crate::messages::store::{self, MessageFilter};
use crate::messages::{self as domain};
use crate::primitives::MessageId;

/// What messages are made of, in one language.
#[derive(Clone, Debug, SimpleObject)]
pub struct MessageTemplate {
    /// What it is called by; the same in each language.
    code: String,
    /// The tag of its language, in small letters.
    language: String,
    /// By which way its messages go.
    kind: MessageKind,
    /// What people call it.
    name: String,
    /// Counts its changes, from 1.
    version: i32,
    /// The subject, with places for values; none of an SMS.
    subject: Option<String>,
    /// The text, with places for values.
    body: String,
    /// When it was created.
    created_at: DateTime,
    /// When it was changed last.
    changed_at: DateTime,
}

impl Listed for MessageTemplate {
    const LIST: &'static str = "MessageTemplate";
}

impl From<domain::MessageTemplate> for MessageTemplate {
    fn from(template: domain::MessageTemplate) -> Self {
        Self {
            code: template.code,
            language: template.language,
            kind: template.kind,
            name: template.name,
            version: template.version,
            subject: template.subject,
            body: template.body,
            created_at: DateTime(template.created_at),
            changed_at: DateTime(template.changed_at),
        }
    }
}

/// How e-mails are sent.
#[derive(Clone, Debug, SimpleObject)]
pub struct EmailChannel {
    /// The sender's address.
    address: String,
    /// The sender's name.
    name: String,
    /// The mail server.
    host: String,
    /// Its port.
    port: i32,
    /// How the connection is secured.
    security: SmtpSecurity,
    /// Who logs in, if anybody has to. The password is never shown.
    user: Option<String>,
}

/// How SMS are sent: JSON by POST (`message`, `to`, `from`, `text`), signed as webhooks are.
#[derive(Clone, Debug, SimpleObject)]
pub struct SmsChannel {
    /// Where the gateway is.
    url: String,
    /// What the telephone shows as the sender.
    sender: String,
}

/// The hours in which e-mails and SMS are sent, in the tenant's time zone.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactHours {
    /// When they begin.
    from: LocalTime,
    /// When they are over.
    to: LocalTime,
}

/// How often a debtor may be written to.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactFrequency {
    /// So often, of all claims together.
    most: i32,
    /// Within so many days, today's included.
    days: i32,
}

/// How messages are sent, and when.
#[derive(Clone, Debug, SimpleObject)]
pub struct MessageSettings {
    /// How e-mails are sent; none are when absent.
    email: Option<EmailChannel>,
    /// How SMS are sent; none are when absent.
    sms: Option<SmsChannel>,
    /// When e-mails and SMS are sent; at any time when absent.
    contact_hours: Option<ContactHours>,
    /// How often a debtor may be written to; without a bound when absent.
    contact_frequency: Option<ContactFrequency>,
    /// When they were set last.
    changed_at: DateTime,
}

impl From<&domain::MessageSettings> for MessageSettings {
    fn from(settings: &domain::MessageSettings) -> Self {
        let terms = &settings.terms;
        Self {
            email: terms.email.as_ref().map(|email| EmailChannel {
                address: email.address.clone(),
                name: email.name.clone(),
                host: email.host.clone(),
                port: email.port.into(),
                security: email.security,
                user: email.user.clone(),
            }),
            sms: terms.sms.as_ref().map(|sms| SmsChannel { url: sms.url.clone(), sender: sms.sender.clone() }),
            contact_hours: terms.hours.map(|(from, to)| ContactHours { from: LocalTime(from), to: LocalTime(to) }),
            contact_frequency: terms
                .frequency
                .map(|rule| ContactFrequency { most: rule.most.into(), days: rule.days.into() }),
            changed_at: DateTime(settings.changed_at),
        }
    }
}

/// What a message would be.
#[derive(Clone, Debug, SimpleObject)]
pub struct MessagePreview {
    /// By which way it would go.
    pub(super) kind: MessageKind,
    /// In which language it would be.
    pub(super) language: String,
    /// Of which version of the template.
    pub(super) version: i32,
    /// The subject, filled in.
    pub(super) subject: Option<String>,
    /// The text, filled in.
    pub(super) body: Option<String>,
    /// Why it cannot be filled in for this claim; for people.
    pub(super) problem: Option<String>,
}

/// A message in the API.
#[derive(Clone, Debug)]
pub struct Message(pub(super) domain::Message);

impl Listed for Message {
    const LIST: &'static str = "Message";
}

/// A message to a debtor about a claim. A token that is bound to a customer sees those to that customer.
#[Object]
impl Message {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// About which claim.
    async fn claim(&self, ctx: &Context<'_>) -> Result<Option<Claim>, Fault> {
        collections::claim_by_id(caller(ctx)?, self.0.claim).await
    }

    /// To whom.
    async fn debtor(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        customers::by_id(caller(ctx)?, self.0.customer).await
    }

    /// By which way it goes.
    async fn kind(&self) -> MessageKind {
        self.0.kind
    }

    /// The code of the template that it was made of.
    async fn template_code(&self) -> &str {
        &self.0.template
    }

    /// What the template was called.
    async fn template_name(&self) -> &str {
        &self.0.name
    }

    /// The version of the template.
    async fn template_version(&self) -> i32 {
        self.0.version
    }

    /// The tag of its language.
    async fn language(&self) -> &str {
        &self.0.language
    }

    /// Where it goes: an e-mail address, a telephone number, the lines of a postal address; empty once the customer was
    /// erased.
    async fn recipient(&self) -> &str {
        &self.0.recipient
    }

    /// Its subject, filled in.
    async fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Its text, filled in; empty once the customer was erased.
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// How far it is.
    async fn status(&self) -> MessageStatus {
        self.0.status
    }

    /// Why it was not sent, or not yet; for people. Not told to a token that is bound to a customer.
    async fn failure(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        Ok(self.0.failure.as_deref().filter(|_| caller(ctx).is_ok_and(|caller| caller.customer().is_none())))
    }

    /// When it is tried next, while it is pending.
    async fn next_try_at(&self) -> Option<DateTime> {
        self.0.next_try.map(DateTime)
    }

    /// What had it sent, where that was no person: a step of a journey.
    async fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The message as it was sent, in its raw form (`.eml`), an SMS and a letter as well: fetched by `downloadUrl`. None
    /// before it was sent for the first time.
    async fn document(&self, ctx: &Context<'_>) -> Result<Option<Document>, Fault> {
        match self.0.document {
            Some(document) => documents::by_id(caller(ctx)?, document).await,
            None => Ok(None),
        }
    }

    /// When it was decided.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was handed over.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at.map(DateTime)
    }

    /// What happened to it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// A message by its id, if the token sees to whom it was written.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: MessageId) -> Result<Option<Message>, Fault> {
    let found = caller.loaders.row::<domain::Message>(id).await?;
    Ok(found.filter(|message| caller.sees(message.customer)).map(Message))
}

/// The messages about a claim that the token sees, in the order in which they were decided.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn communications(
    ctx: &Context<'_>,
    filter: MessageFilter,
    args: &PageArgs,
) -> Result<Connection<Message>, Fault> {
    let caller = allowed(ctx, Scope::Read)?;
    let window = Window::<Ordinal<domain::Message>>::new(args)?;
    let filter = MessageFilter { customer: caller.customer(), ..filter };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Message))
}

/// A page of the same by its number.
///
/// # Errors
/// The database's.
pub async fn numbered_communications(
    ctx: &Context<'_>,
    filter: MessageFilter,
    page: PageNumber,
) -> Result<NumberedPage<Message>, Fault> {
    let caller = allowed(ctx, Scope::Read)?;
    let filter = MessageFilter { customer: caller.customer(), ..filter };
    let (rows, all) = store::numbered(caller.db(), caller.tenant(), &filter, page.limit(), page.offset()).await?;
    caller.loaders.keep(&rows).await;
    Ok(page.of(rows.into_iter().map(Message).collect(), all))
}
