//! Questions about messages.

use async_graphql::{Context, Object};

use super::types::{MessagePreview, MessageSettings, MessageTemplate};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::fault::Fault;
use crate::api::inputs::name;
use crate::api::pagination::{Connection, Ordinal, PageArgs, Window};
use crate::collections::claims::store as claims;
use crate::customers::Customer;
use crate::messages::model::{languages, values};
use crate::messages::{self as domain, store};
use crate::work::read;

/// Questions about messages. Scope: read.
#[derive(Debug, Default)]
pub struct MessageQuery;

/// Questions about messages. Scope: read.
#[Object]
impl MessageQuery {
    /// What messages are made of, in the order in which it was created; none for a token that is bound to a customer.
    async fn message_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<MessageTemplate>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::MessageTemplate>>::new(&PageArgs::forward(first, after))?;
        if caller.customer().is_some() {
            return Ok(Connection::empty());
        }
        let rows = store::templates(caller.db(), caller.tenant(), window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), MessageTemplate::from))
    }

    /// How messages are sent. Null before it was set, and for a token that is bound to a customer.
    async fn message_settings(&self, ctx: &Context<'_>) -> Result<Option<MessageSettings>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        if caller.customer().is_some() {
            return Ok(None);
        }
        let id = domain::MessageSettings::id_of(caller.tenant());
        let found = read::by_id::<domain::MessageSettings>(caller.db(), caller.tenant(), id).await?;
        Ok(found.as_ref().map(MessageSettings::from))
    }

    /// What a message about a claim would be, if it were sent now. Null for what does not exist, and for a token that is
    /// bound to a customer.
    async fn preview_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About which claim, by what the creditor calls it.")] claim_reference: String,
        #[graphql(desc = "The code of the template.")] template: String,
        #[graphql(desc = "In which language; the debtor's when absent.")] language: Option<String>,
    ) -> Result<Option<MessagePreview>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let (Some(claim), Some(code)) = (name(&claim_reference), name(&template)) else { return Ok(None) };
        let language = match language.as_deref().map(name) {
            Some(None) => return Ok(None),
            language => language.flatten(),
        };
        if caller.customer().is_some() {
            return Ok(None);
        }
        let Some(claim) = claims::find(caller.db(), caller.tenant(), &claim).await? else { return Ok(None) };
        let Some(debtor) = caller.loaders.row::<Customer>(claim.debtor).await? else { return Ok(None) };
        let languages = languages(language.as_deref(), &debtor);
        let found = store::template(caller.db(), caller.tenant(), &code, &languages).await?;
        let Some(template) = found else { return Ok(None) };
        let present = caller.engine.present(caller.tenant()).await?;
        let values = values(&claim, &debtor, &present.head.settings.name, present.today);
        let (subject, body, problem) = match template.filled(&values) {
            Ok((subject, body)) => (subject, Some(body), None),
            Err(refused) => (None, None, Some(refused.message)),
        };
        let (kind, language, version) = (template.kind, template.language, template.version);
        Ok(Some(MessagePreview { kind, language, version, subject, body, problem }))
    }
}
