//! The business answer that is not a success.

use async_graphql::SimpleObject;

use crate::denial::{Denial, FieldProblem as Problem};
use crate::graphql::enums::RefusalCode;
use crate::graphql::scalars::Json;

/// A business refusal: nothing was changed. Not an error of the transport.
#[derive(Clone, Debug, SimpleObject)]
pub struct Refusal {
    /// Why, from a closed list that may grow.
    code: RefusalCode,
    /// For people.
    message: String,
    /// The fields of the input at fault; empty when it is nobody's field.
    fields: Vec<FieldProblem>,
    /// What may help to go on, such as the available amount.
    facts: Option<Json>,
}

/// A field of the input at fault.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldProblem {
    /// From the input object down; list items by their index.
    path: Vec<String>,
    /// For people.
    message: String,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        let field = |Problem { path, message }| FieldProblem { path, message };
        Self {
            code: denial.code,
            message: denial.message,
            fields: denial.fields.into_iter().map(field).collect(),
            facts: denial.facts.map(Json),
        }
    }
}

/// Declares a mutation's success type and its union with [`Refusal`].
macro_rules! outcomes {
    ($($(#[$doc:meta])* $result:ident = $success:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub struct $success {
            $($(#[$fdoc])* pub $field: $type,)*
            /// Whether this is the first result again: the idempotency key had been used for this request.
            pub replayed: bool,
        }

        $(#[$doc])*
        /// Or the refusal.
        // One is made per request and moved once: a box would cost more than the room it saves.
        #[allow(clippy::large_enum_variant)]
        #[derive(async_graphql::Union)]
        pub enum $result {
            /// It was done.
            Done($success),
            /// It was refused; nothing was changed.
            Refused($crate::graphql::mutation::refusal::Refusal),
        }
    )*};
}

pub(super) use outcomes;
