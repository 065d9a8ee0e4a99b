//! The API: schema root, context, scalars, pagination, faults.
//!
//! What belongs to one domain is in that domain's `graphql.rs`; what all of them share is here. Resolvers are
//! thin: they check the scope, read through a store or a loader, and show only what the token may see.

pub mod books;
pub mod context;
pub mod enums;
pub mod families;
pub mod fault;
pub mod input;
pub mod inputs;
pub mod limits;
pub mod loaders;
pub mod money;
pub mod mutation;
pub mod node;
pub mod pagination;
pub mod period;
pub mod progress;
pub mod query;
pub mod scalars;
pub mod subscription;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder, ValidationMode};

use crate::access::Principal;
use crate::engine::Engine;
use context::Caller;
use limits::RequestId;
use mutation::Mutation;
use query::Query;
use subscription::Subscription;

/// The whole API.
pub type KontoSchema = Schema<Query, Mutation, Subscription>;

/// The library's own guard, which counts like ours: see [`limits::Limits::levels`].
const LEVELS: usize = 32;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation::default(), Subscription).limit_recursive_depth(LEVELS)
}

/// The schema over a running Konto: one for every request, and one for requests like those that were valid before.
#[must_use]
pub fn executors(engine: &Engine) -> crate::http::Executors<KontoSchema> {
    let builder = || builder().data(engine.clone());
    let trusting = builder().validation_mode(ValidationMode::Fast).finish();
    crate::http::Executors { careful: builder().finish(), trusting }
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
pub fn decorate(engine: Engine) -> crate::http::Decorate {
    let hubs = Arc::new(loaders::Hubs::new(&engine));
    Arc::new(move |request: async_graphql::Request, principal: &Principal, request_id: &RequestId| {
        request.data(Caller::new(&engine, &hubs, principal, request_id))
    })
}
