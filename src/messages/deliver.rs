//! Sends what is to be sent, in the background.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;

use super::mail::{self, Mail};
use super::model::{DOCUMENT_KIND, Message, MessageKind, MessageStatus};
use super::send::{NoteMessage, Outcome, TakeMessage};
use super::settings::{MessageSettings, Terms};
use super::store;
use crate::database::Database;
use crate::documents::commands::Label;
use crate::documents::vault::{Spool, SpoolError, VaultError};
use crate::documents::{AddDocument, Content, Subject, Vault};
use crate::events::outbound::Outbound;
use crate::events::webhooks::address::Guard;
use crate::events::webhooks::{Message as Post, Poster, sign};
use crate::ledger::LedgerFault;
use crate::primitives::{Clock, DocumentId, MessageId, Origin, TenantId};
use crate::work::{Command, Failure, Idempotency, Mode, Priority, Workers, read};

/// How often it is looked for what is to be sent.
const LOOK: Duration = Duration::from_millis(500);
/// Messages on their way at once.
const AT_ONCE: u64 = 16;
/// The largest message that is kept.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Why a message could not be gone on with: it is taken up again later.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Database(#[from] Arc<LedgerFault>),
    #[error("{0}")]
    Vault(#[from] VaultError),
    #[error("{0}")]
    Spool(#[from] SpoolError),
}

impl From<LedgerFault> for Trouble {
    fn from(fault: LedgerFault) -> Self {
        Self::Database(Arc::new(fault))
    }
}

/// Sends messages.
pub struct Messenger {
    db: Database,
    clock: Clock,
    workers: Workers,
    outbound: Outbound,
    vault: Vault,
    poster: OnceLock<Poster>,
}

impl Messenger {
    /// One that does nothing yet.
    #[must_use]
    pub fn new(db: Database, clock: Clock, workers: Workers, outbound: Outbound, vault: Vault) -> Self {
        Self { db, clock, workers, outbound, vault, poster: OnceLock::new() }
    }

    /// Sends what is to be sent, for as long as it is let.
    pub async fn run(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            match store::due(self.db.reader(), self.clock.micros(), AT_ONCE).await {
                Err(fault) => tracing::warn!(%fault, "messages could not be looked for; trying again"),
                Ok(due) => {
                    let sent = due.into_iter().map(|(tenant, message, attempts)| self.one(tenant, message, attempts));
                    for outcome in futures_util::future::join_all(sent).await {
                        if let Err(trouble) = outcome {
                            tracing::warn!(%trouble, "a message could not be gone on with; trying again");
                        }
                    }
                }
            }
        }
    }

    /// Takes a message up, makes it, keeps it, sends it and notes what became of it.
    async fn one(&self, tenant: TenantId, id: MessageId, attempts: i32) -> Result<(), Trouble> {
        let Some(message) = self.decided(tenant, None, TakeMessage { message: id, attempts }).await? else {
            // Somebody was faster.
            return Ok(());
        };
        if message.status != MessageStatus::Pending {
            return Ok(());
        }
        let settings = read::by_id::<MessageSettings>(self.db.reader(), tenant, MessageSettings::id_of(tenant)).await?;
        let terms = settings.as_ref().map(|settings| settings.terms.clone()).unwrap_or_default();
        let (document, outcome) = match mail::make(&message, &terms, message.created_at) {
            Err(why) => (None, Outcome::Failed(why)),
            Ok(made) => {
                // Kept first: what was sent is never missing.
                let document = match message.document {
                    Some(document) => Some(document),
                    None => self.keep(tenant, &message, &made).await?,
                };
                (document, self.sent(&message, &made, &terms, settings.as_ref()).await)
            }
        };
        self.decided(tenant, None, NoteMessage { message: id, attempts: message.attempts, document, outcome }).await?;
        Ok(())
    }

    /// Keeps a message as it is sent, as a document of the claim: once, however often it is tried.
    async fn keep(&self, tenant: TenantId, message: &Message, made: &Mail) -> Result<Option<DocumentId>, Trouble> {
        let mut spool = Spool::new(LARGEST)?;
        spool.take(&made.bytes).await?;
        let file = spool.finish().await?;
        self.vault.keep(tenant, message.id.0, &file).await?;
        let content = Content {
            media_type: "message/rfc822".into(),
            size: i64::try_from(file.size).unwrap_or(i64::MAX),
            sha256: file.sha256.clone(),
            place: message.id.0,
        };
        let label = Label {
            name: format!("{}.eml", message.id),
            kind: DOCUMENT_KIND.into(),
            subject: Subject::Claim(message.claim),
            history: None,
            product: None,
        };
        let command = AddDocument { label, content };
        let key = Idempotency::of(format!("message:{}", message.id), &command);
        Ok(self.decided(tenant, Some(key), command).await?.map(|document| document.id))
    }

    async fn sent(&self, message: &Message, made: &Mail, terms: &Terms, settings: Option<&MessageSettings>) -> Outcome {
        let guard = Guard { allow_private: self.outbound.allows_private() };
        match (message.kind, &terms.email, &terms.sms, settings) {
            // It is ready to be printed and posted.
            (MessageKind::Letter, ..) => Outcome::Sent,
            (MessageKind::Email, Some(email), _, Some(settings)) => {
                mail::hand_over(made, email, settings.secrets.password.as_ref(), guard).await
            }
            (MessageKind::Sms, _, Some(sms), Some(settings)) => {
                let poster = self.poster.get_or_init(|| Poster::new(guard.allow_private));
                let now = self.clock.micros();
                let (id, timestamp) = (message.id.to_string(), now.div_euclid(1_000_000));
                let body = json!({
                    "message": id,
                    "to": message.recipient,
                    "from": sms.sender,
                    "text": message.body,
                })
                .to_string();
                let secret = settings.secrets.signing.0.as_str();
                let signatures = sign::signatures(std::iter::once(secret), &id, timestamp, &body);
                let post = Post { url: sms.url.clone(), id, timestamp, signatures, body };
                let answer = poster.post(post, now).await;
                match (answer.status, answer.error) {
                    (_, None) => Outcome::Sent,
                    (Some(400..=407 | 409..=424 | 426..=428 | 430..=499), Some(why)) => {
                        Outcome::Failed(format!("the gateway {why}"))
                    }
                    (_, Some(why)) => Outcome::Later(format!("the gateway: {why}")),
                }
            }
            _ => Outcome::Failed("it is not set how such messages are sent".into()),
        }
    }

    /// What a command of the background made; none when it was refused.
    async fn decided<C: Command>(
        &self,
        tenant: TenantId,
        key: Option<Idempotency>,
        command: C,
    ) -> Result<Option<Arc<C::Made>>, Arc<LedgerFault>> {
        let (origin, items) = (Origin::system(tenant), vec![(key, command)]);
        let answers = self.workers.run_all(&origin, items, Mode::EachAlone, Priority::Background).await;
        match answers.into_iter().next() {
            Some(Ok(done)) => Ok(Some(done.value)),
            Some(Err(Failure::Refused(..))) => Ok(None),
            Some(Err(Failure::Fault(fault))) => Err(fault),
            None => Err(Arc::new(LedgerFault::Inconsistent("no answer"))),
        }
    }
}
