//! `document`, `documents`, `documentKinds`.

use async_graphql::{Context, ID, Object};

use super::{Document, DocumentFilter, DocumentKind};
use crate::access::Scope;
use crate::api::context::allowed;
use crate::api::documents;
use crate::api::fault::Fault;
use crate::api::pagination::{Connection, PageArgs};

/// Questions about documents. Scope: read.
#[derive(Debug, Default)]
pub struct DocumentQuery;

/// Questions about documents. Scope: read.
#[Object]
impl DocumentQuery {
    /// One document. Null for what does not exist or is not yours to see.
    async fn document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] id: ID,
        #[graphql(
            desc = "Only if it is of this: the account, customer, entry or whatever else it belongs to, or the item of \
                          a history. Null where it is of something else."
        )]
        of: Option<ID>,
    ) -> Result<Option<Document>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let found = match id.parse() {
            Ok(id) => documents::by_id(caller, id).await?,
            Err(_) => None,
        };
        Ok(found.filter(|found| of.as_ref().is_none_or(|of| found.is_of(caller.tenant(), of))))
    }

    /// The documents, in the order in which they were added.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<DocumentFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Document>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        documents::list(caller, filter.unwrap_or_default(), &PageArgs::forward(first, after)).await
    }

    /// What holds for kinds of documents, of those that something was set for. Not for a token that is bound to a
    /// customer.
    async fn document_kinds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<DocumentKind>, Fault> {
        documents::kinds(allowed(ctx, Scope::Read)?, &PageArgs::forward(first, after)).await
    }
}
