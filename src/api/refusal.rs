//! The business answer that is not a success.

use async_graphql::{ID, SimpleObject};

use crate::api::money::Money;
use crate::api::scalars::Date;
use crate::jobs::refusal::KeptRefusal;
use crate::ledger::BlockKind;
use crate::refused::{Facts, FieldProblem as Problem, RefusalCode, Refused};

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
    facts: Option<Box<RefusalFacts>>,
}

/// A field of the input at fault.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldProblem {
    /// From the input object down; list items by their index.
    path: Vec<String>,
    /// For people.
    message: String,
}

/// What a refusal tells of the matter: what it has, of what there may be.
#[derive(Clone, Debug, SimpleObject)]
pub struct RefusalFacts {
    /// The account that it is about.
    account: Option<ID>,
    /// What is available there.
    available: Option<Money>,
    /// The balance that is left.
    balance: Option<Money>,
    /// What is reserved by holds.
    reserved: Option<Money>,
    /// What is left to take.
    remaining: Option<Money>,
    /// The limit that it would pass.
    limit: Option<Money>,
    /// The most of them that there may be, such as the items of a batch.
    maximum_count: Option<i32>,
    /// The state that it is in: a value of `AccountStatus` for an account, of `HoldStatus` for a hold. A text, since what
    /// is refused may be anything that has a state, each with an enum of its own.
    status: Option<String>,
    /// What is blocked.
    block_kind: Option<BlockKind>,
    /// The block that stops it.
    block: Option<ID>,
    /// The last day of the block; none where it has no end.
    blocked_until: Option<Date>,
    /// The last closed day.
    closed_through: Option<Date>,
    /// The first day that is accepted.
    earliest: Option<Date>,
    /// The last day that is accepted.
    latest: Option<Date>,
    /// The entry that has reversed it.
    reversed_by: Option<ID>,
    /// What waits for a second person.
    approval: Option<ID>,
    /// The customer that it is about: the one that another was merged into.
    customer: Option<ID>,
    /// The application that is not decided yet.
    application: Option<ID>,
}

impl Refusal {
    /// Of one that was kept; a code that no domain gives any more is a defect.
    #[must_use]
    pub fn kept(kept: &KeptRefusal) -> Option<Self> {
        let mut refused = Refused::new(RefusalCode::from_word(&kept.code)?, kept.message.clone());
        let fields = kept.fields.iter().cloned();
        refused.fields = fields.map(|(path, message)| Problem { path, message }).collect();
        refused.facts.approval = kept.approval;
        Some(refused.into())
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let field = |Problem { path, message }| FieldProblem { path, message };
        let facts = *refused.facts;
        let has_facts = facts != Facts::default();
        let facts = RefusalFacts {
            account: facts.account.map(Into::into),
            available: facts.available.map(Into::into),
            balance: facts.balance.map(Into::into),
            reserved: facts.reserved.map(Into::into),
            remaining: facts.remaining.map(Into::into),
            limit: facts.limit.map(Into::into),
            maximum_count: facts.maximum_count,
            status: facts.status.map(Into::into),
            block_kind: facts.block_kind.and_then(BlockKind::from_word),
            block: facts.block.map(Into::into),
            blocked_until: facts.blocked_until.map(Date),
            closed_through: facts.closed_through.map(Date),
            earliest: facts.earliest.map(Date),
            latest: facts.latest.map(Date),
            reversed_by: facts.reversed_by.map(Into::into),
            approval: facts.approval.map(Into::into),
            customer: facts.customer.map(Into::into),
            application: facts.application.map(Into::into),
        };
        Self {
            code: refused.code,
            message: refused.message,
            fields: refused.fields.into_iter().map(field).collect(),
            facts: has_facts.then(|| Box::new(facts)),
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
            /// What every mutation tells of what it did.
            #[graphql(flatten)]
            pub receipt: $crate::api::outputs::Receipt,
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
            Refused($crate::api::refusal::Refusal),
        }
    )*};
}

pub(crate) use outcomes;
