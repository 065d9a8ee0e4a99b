//! Documents and their kinds in the API.

use std::sync::atomic::Ordering;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt as _;

use super::files::{self, Files};
use crate::access::Scope;
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::DocumentStatus;
use crate::api::fault::{Fault, FaultCode};
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::inputs::filter_text;
use crate::api::node::{self, Node};
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::scalars::{BigInt, Date, DateTime};
use crate::documents::links::Purpose;
use crate::documents::{self, Content, Subject, store};
use crate::ledger::audit;
use crate::primitives::{DocumentId, TenantId};

/// How long a link lasts when nothing else is asked for, in seconds.
pub const LINK_SECONDS: i32 = 300;

/// Bytes of documents in one answer. They are in its text, a third larger.
const MOST_INLINE: u64 = 5 * 1024 * 1024;

/// A document in the API.
#[derive(Clone, Debug)]
pub struct Document(documents::Document);

impl Document {
    /// Of a document that the token sees.
    #[must_use]
    pub fn new(document: documents::Document) -> Self {
        Self(document)
    }

    /// Whether it belongs to the thing with this id, or to the item of a history with this record.
    pub(super) fn is_of(&self, tenant: TenantId, id: &ID) -> bool {
        id.as_str() == self.0.subject.to_string()
            || id.as_str() == audit::id_of(tenant, self.0.history_sequence).to_string()
    }

    /// The content, while it is there.
    fn kept(&self) -> Option<&Content> {
        self.0.content.as_ref().filter(|_| self.0.status == DocumentStatus::Kept)
    }
}

impl Listed for Document {
    const LIST: &'static str = "Document";
}

/// A file that belongs to something: a contract to an account, a letter to a payment. Whoever sees that sees the document.
#[Object]
impl Document {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Where it is in its life.
    async fn status(&self) -> DocumentStatus {
        self.0.status
    }

    /// The file's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is, by its content; none before it was uploaded.
    async fn media_type(&self) -> Option<&str> {
        self.0.content.as_ref().map(|content| content.media_type.as_str())
    }

    /// In bytes; none before it was uploaded.
    async fn size(&self) -> Option<BigInt> {
        self.0.content.as_ref().map(|content| BigInt(content.size))
    }

    /// The SHA-256 of its content, in 64 hexadecimal digits; none before it was uploaded.
    async fn sha256(&self) -> Option<&str> {
        self.0.content.as_ref().map(|content| content.sha256.as_str())
    }

    /// What kind of document it is: a word of your own, such as CONTRACT, STATEMENT or LETTER.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The product of its subject, a receivable, that it is of, as the creditor calls it.
    async fn product_reference(&self) -> Option<&str> {
        self.0.product.as_deref()
    }

    /// The id of what it belongs to.
    async fn subject(&self) -> ID {
        ID(self.0.subject.to_string())
    }

    /// What it belongs to.
    async fn node(&self, ctx: &Context<'_>) -> Result<Option<Node>, Fault> {
        node::find(caller(ctx)?, &ID(self.0.subject.to_string())).await
    }

    /// The item of its subject's history that it belongs to, by the id of its audit record.
    async fn history_item(&self, ctx: &Context<'_>) -> Result<ID, Fault> {
        Ok(audit::id_of(caller(ctx)?.tenant(), self.0.history_sequence).into())
    }

    /// The client that added it; not told to a token that is bound to a customer.
    async fn added_by(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        Ok(caller(ctx)?.customer().is_none().then_some(self.0.client.as_str()))
    }

    /// The last day on which it may not be removed, by its kind's retention when it came.
    async fn retain_until(&self) -> Option<Date> {
        self.0.retain_until.map(Date)
    }

    /// Whether a legal hold is on it: it is not removed until the hold is lifted. One on all of its kind is not told here.
    async fn legal_hold(&self) -> bool {
        self.0.legal_hold
    }

    /// When it was added, or its upload link was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it was removed.
    async fn removed_at(&self) -> Option<DateTime> {
        self.0.removed_at.map(DateTime)
    }

    /// A signed link to its content that needs no token: a secret while it lasts. A path on this server where that does
    /// not know how clients reach it. None when there is no content. Scope: read.
    async fn download_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 300, desc = "For how many seconds: 1 to 3600.")] expires_in: i32,
    ) -> Result<Option<String>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        if self.kept().is_none() {
            return Ok(None);
        }
        let (url, _) = files(ctx)?.link(Purpose::Download, caller.tenant(), self.0.id, expires_in).await?;
        Ok(Some(url))
    }

    /// Its content in Base64. Of all documents of an answer together, 5 MiB at most: take `downloadUrl` for larger ones.
    /// None when there is no content. Scope: read.
    async fn base64(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(content) = self.kept() else { return Ok(None) };
        let size = u64::try_from(content.size).unwrap_or(u64::MAX);
        let before = caller.inline_bytes.fetch_add(size, Ordering::Relaxed);
        if before.saturating_add(size) > MOST_INLINE {
            let message = format!("more than {MOST_INLINE} bytes of documents in one answer: ask for downloadUrl");
            return Err(Fault::new(FaultCode::OverLimit, &message));
        }
        let files = files(ctx)?;
        let read = async {
            let stream = files.vault().read(caller.tenant(), content).await?;
            stream
                .try_fold(Vec::new(), async |mut all, piece| {
                    all.extend_from_slice(&piece);
                    Ok(all)
                })
                .await
        };
        let bytes = read.await.map_err(|error| files::not_read(&error))?;
        Ok(Some(STANDARD.encode(bytes)))
    }

    /// What happened to it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of(ctx, Subject::Document(self.0.id), filter, first, after).await
    }
}

/// What holds for documents of a kind.
#[derive(Clone, Debug, SimpleObject)]
pub struct DocumentKind {
    /// The kind's word.
    kind: String,
    /// For how many days its documents are kept, from the day on which they come; not at all when absent.
    retention_days: Option<i32>,
    /// Whether a legal hold is on all of them: none is removed.
    legal_hold: bool,
}

impl Listed for DocumentKind {
    const LIST: &'static str = "DocumentKind";
}

impl From<documents::DocumentKind> for DocumentKind {
    fn from(kind: documents::DocumentKind) -> Self {
        Self { kind: kind.code, retention_days: kind.retention_days, legal_hold: kind.legal_hold }
    }
}

/// Which documents to list.
#[derive(Debug, Default, InputObject)]
pub struct DocumentFilter {
    /// Only those of the thing with this id.
    subject: Option<ID>,
    /// Only of this kind.
    kind: Option<String>,
    /// Only in this state.
    status: Option<DocumentStatus>,
}

/// The store of documents, and the links to it.
///
/// # Errors
/// `INTERNAL` when the schema was made without.
pub fn files<'a>(ctx: &Context<'a>) -> Result<&'a Files, Fault> {
    ctx.data::<Files>().map_err(|error| Fault::internal(&error.message))
}

/// Whether the token sees what a document belongs to, or a history is of.
///
/// # Errors
/// The database's.
pub async fn sees(caller: &Caller, subject: Subject) -> Result<bool, Fault> {
    Ok(match subject {
        // Beside the others, which lead to it: a future that held itself would have no size.
        Subject::Document(id) => Box::pin(by_id(caller, id)).await?.is_some(),
        subject => sees_owner(caller, subject).await?,
    })
}

async fn sees_owner(caller: &Caller, subject: Subject) -> Result<bool, Fault> {
    use crate::api::{accounts, books, cards, collections, customers, instalments, parties};
    Ok(match subject {
        Subject::Account(id) => accounts::by_id(caller, id).await?.is_some(),
        Subject::Card(id) => cards::by_id(caller, id).await?.is_some(),
        Subject::Claim(id) => collections::claim_by_id(caller, id).await?.is_some(),
        Subject::Customer(id) => customers::by_id(caller, id).await?.is_some(),
        Subject::Entry(id) => books::by_id(caller, id).await?.is_some(),
        Subject::Hold(id) => books::hold_by_id(caller, id).await?.is_some(),
        Subject::InstalmentContract(id) => instalments::contracts::by_id(caller, id).await?.is_some(),
        Subject::Party(id) => parties::by_id(caller, id).await?.is_some(),
        Subject::Product(id) => accounts::product_by_id(caller, id).await?.is_some(),
        Subject::Receivable(id) => collections::receivable_by_id(caller, id).await?.is_some(),
        Subject::Document(_) => false,
    })
}

/// A document by its id, if the token sees what it belongs to.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: DocumentId) -> Result<Option<Document>, Fault> {
    let Some(document) = caller.loaders.row::<documents::Document>(id).await? else { return Ok(None) };
    Ok(sees_owner(caller, document.subject).await?.then_some(Document(document)))
}

/// What was printed of something, once it is.
///
/// # Errors
/// The database's.
pub(crate) async fn printed(caller: &Caller, id: Option<DocumentId>) -> Result<Option<Document>, Fault> {
    match id {
        Some(id) => by_id(caller, id).await,
        None => Ok(None),
    }
}

/// The documents that the token sees, in the order in which they were added. In a list of all, a token that is bound to a
/// customer gets those that are this customer's alone; by an entry it gets the entry's.
///
/// # Errors
/// `BAD_REQUEST` for the page and the filter, and the database's.
pub async fn list(caller: &Caller, filter: DocumentFilter, args: &PageArgs) -> Result<Connection<Document>, Fault> {
    let window = Window::<Ordinal<documents::Document>>::new(args)?;
    let subject = match filter.subject {
        None => None,
        Some(id) => match id.parse::<Subject>() {
            Ok(subject) if sees(caller, subject).await? => Some(subject),
            _ => return Ok(Connection::empty()),
        },
    };
    let filter = store::DocumentFilter {
        subject,
        kind: filter_text("kind", filter.kind)?,
        status: filter.status,
        only: caller.customer().filter(|_| subject.is_none()),
    };
    let rows = store::list(caller.db(), caller.tenant(), &filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Document))
}

/// The documents of something that the token sees, in the order in which they were added.
///
/// # Errors
/// As [`list`].
pub async fn of(
    ctx: &Context<'_>,
    subject: Subject,
    kind: Option<String>,
    args: &PageArgs,
) -> Result<Connection<Document>, Fault> {
    let filter = DocumentFilter { subject: Some(ID(subject.to_string())), kind, status: None };
    list(allowed(ctx, Scope::Read)?, filter, args).await
}

/// What holds for the kinds that something holds for.
///
/// # Errors
/// `FORBIDDEN` for tokens that are bound to a customer, `BAD_REQUEST` for the page, and the database's.
pub async fn kinds(caller: &Caller, args: &PageArgs) -> Result<Connection<DocumentKind>, Fault> {
    caller.require_unbound()?;
    let window = Window::<Ordinal<documents::DocumentKind>>::new(args)?;
    let rows = store::kinds(caller.db(), caller.tenant(), window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), DocumentKind::from))
}
