//! The API: schema root, context, scalars, pagination, faults.
//!
//! All of GraphQL is in this one layer above the domains: a folder per domain with its types, queries and mutations,
//! and beside them what they share. Resolvers are
//! thin: they check the scope, read through a store or a loader, and show only what the token may see.

pub mod accounts;
pub mod actions;
pub mod applications;
pub mod approvals;
pub(crate) mod batch;
pub mod billing;
pub mod blocks;
pub mod books;
mod call;
pub mod cards;
pub mod collections;
pub mod context;
pub mod customers;
pub mod debits;
pub mod documents;
pub mod dues;
pub mod enums;
pub mod events;
pub mod fault;
pub mod history;
pub mod history_codes;
pub mod identification;
pub mod input;
pub mod inputs;
pub mod instalments;
pub mod insurance;
pub mod investments;
pub mod jobs;
pub mod leasing;
pub mod limits;
pub mod loaders;
pub mod mandates;
pub mod merchants;
pub mod messages;
pub mod mirrors;
pub mod money;
pub mod node;
mod outputs;
pub mod pagination;
pub mod parties;
pub mod payments;
pub mod period;
pub mod printing;
pub mod progress;
pub mod purchases;
pub mod query;
pub mod recurring;
pub mod refusal;
pub mod root;
pub mod roots;
pub mod scalars;
pub mod tenants;
#[cfg(test)]
mod tests;
mod texts;
pub mod webhooks;

use std::sync::Arc;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder, ValidationMode};

use crate::access::Principal;
use crate::engine::Engine;
use context::Caller;
use documents::Files;
use events::subscription::Subscription;
use limits::{RequestId, Types};
use root::Root;
use roots::{Mutation, Query};

/// The whole API.
pub type KontoSchema = Schema<Root<Query>, Root<Mutation>, Subscription>;

/// The library's own guard, which counts like ours: see [`limits::Limits::levels`].
const LEVELS: usize = 32;

fn builder() -> SchemaBuilder<Root<Query>, Root<Mutation>, Subscription> {
    let (query, mutation) = (Root(Query::default()), Root(Mutation::default()));
    Schema::build(query, mutation, Subscription).limit_recursive_depth(LEVELS)
}

/// A schema that can be executed, and what requests are validated against. It does not validate them again.
pub struct Executable<E> {
    /// Executes.
    pub schema: E,
    /// What is in it.
    pub types: Types,
}

/// Adds to a request what the schema's resolvers want to find in its data (data loaders, services). The
/// [`Principal`] and the [`RequestId`] are there already.
pub type Decorate = Arc<dyn Fn(async_graphql::Request, &Principal, &RequestId) -> async_graphql::Request + Send + Sync>;

/// The schema over a running Konto.
///
/// # Errors
/// When the schema's text cannot be read, which a test would have shown.
pub fn executable(engine: &Engine, files: Files) -> Result<Executable<KontoSchema>, limits::UnreadableSchema> {
    let schema = builder().data(engine.clone()).data(files).validation_mode(ValidationMode::Fast).finish();
    let types = Types::of_sdl(&schema.sdl())?;
    let mutations = actions::collect::Mutations::new(schema.clone(), decorate(engine.clone()));
    engine.actions.speak(Some(Arc::new(mutations)));
    Ok(Executable { schema, types })
}

/// The schema's text, the same on every run: what is checked in, and what makes every change visible.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident();
    builder().finish().sdl_with_options(options)
}

/// What puts each request's surroundings where the resolvers find them.
#[must_use]
pub fn decorate(engine: Engine) -> Decorate {
    let hubs = Arc::new(loaders::Hubs::new(&engine));
    Arc::new(move |request: async_graphql::Request, principal: &Principal, request_id: &RequestId| {
        request.data(Caller::new(&engine, &hubs, principal, request_id))
    })
}
