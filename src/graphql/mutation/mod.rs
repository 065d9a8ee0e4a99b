//! The mutation root: verbs that take one `input` and answer with a success or a refusal.
//!
//! Root fields are nullable, so that a fault never hides what else an answer says; the resolvers are thin:
//! scope, input to domain, use case, answer to result. A use case that writes rows of its own is in a box: as a future it
//! is several kilobytes, and the root's future is twice as large as the largest of all, whichever is asked for.

pub mod accounts;
pub mod batch;
mod call;
pub mod customers;
pub mod holds;
pub mod movements;
mod outputs;
pub mod products;
pub mod refusal;

use async_graphql::MergedObject;

/// Everything that changes something. One per operation; bulk work takes list inputs.
#[derive(Default, MergedObject)]
pub struct Mutation(
    customers::CustomerMutation,
    products::ProductMutation,
    accounts::AccountMutation,
    movements::MovementMutation,
    batch::BatchMutation,
    holds::HoldMutation,
);
