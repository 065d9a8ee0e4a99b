//! What every mutation shares: who calls, under which key, and how a use case's answer becomes a result.

use std::fmt::Write as _;

use async_graphql::{Context, Value};

use super::refusal::Refusal;
use crate::access::Scope;
use crate::denial::{Answer, Denial, Done, Failure};
use crate::engine::Engine;
use crate::graphql::context::{Verdict, caller, engine, origin};
use crate::graphql::fault::Fault;
use crate::ledger::order::Idempotency;
use crate::primitives::{Origin, text};

/// A mutation under way.
pub(super) struct Call<'a> {
    pub(super) engine: &'a Engine,
    pub(super) origin: Origin,
    operation: &'static str,
    verdict: Option<&'a Verdict>,
}

/// Whose business a mutation is.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    /// A customer's own as well: a token that is bound to one does it with what is theirs.
    Own,
    /// The tenant's: a token that is bound to a customer may not, whatever its scopes. Money that came in, a
    /// merchant's reservation, a correction or a new credit is not for the customer to declare.
    Tenant,
}

/// What a use case gave, or the refusal to show.
pub(super) enum Reply<T> {
    /// It was done.
    Done(Done<T>),
    /// It was refused, and the audit trail has it.
    Refused(Refusal),
}

impl<'a> Call<'a> {
    /// Checks the scope, and for what is the tenant's to do that the token is not bound to a customer. A token
    /// that may not leaves an audit record.
    pub(super) async fn begin(
        ctx: &Context<'a>,
        operation: &'static str,
        scope: Scope,
        reach: Reach,
    ) -> Result<Self, Fault> {
        let call = Self { engine: engine(ctx)?, origin: origin(ctx)?, operation, verdict: ctx.data_opt() };
        let caller = caller(ctx)?;
        let allowed = caller.require(scope).and_then(|caller| match reach {
            Reach::Own => Ok(caller),
            Reach::Tenant => caller.require_unbound(),
        });
        if let Err(fault) = allowed {
            call.engine.audit_denial(&call.origin, operation).await?;
            return Err(fault);
        }
        Ok(call)
    }

    /// The caller's key, with the digest of the arguments as they were sent.
    pub(super) fn key(&self, ctx: &Context<'_>, key: &str) -> Result<Idempotency, Denial> {
        let mut input = String::with_capacity(512);
        for (name, value) in ctx.field().arguments().unwrap_or_default() {
            if !input.is_empty() {
                input.push(',');
            }
            input.push_str(&name);
            input.push(':');
            add_canonical(&value, &mut input);
        }
        self.item_key("idempotencyKey", key, &input)
    }

    /// The key of one item of a batch.
    pub(super) fn item_key(&self, field: &str, key: &str, input: &str) -> Result<Idempotency, Denial> {
        text::required(key, 200).map_err(|problem| Denial::invalid(field, problem.to_string()))?;
        Ok(Idempotency::new(key.to_owned(), self.operation, input))
    }

    /// A use case's answer: a denial becomes a refusal and leaves an audit record, a fault a GraphQL error.
    pub(super) async fn reply<T>(&self, answer: Answer<T>) -> Result<Reply<T>, Fault> {
        match answer {
            Ok(done) => Ok(Reply::Done(done)),
            Err(Failure::Denied(denial)) => self.refuse(*denial).await.map(Reply::Refused),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// A refusal to show, audited.
    pub(super) async fn refuse(&self, denial: Denial) -> Result<Refusal, Fault> {
        if !denial.audited {
            self.engine.audit_refusal(&self.origin, self.operation, denial.code).await?;
        }
        if let Some(verdict) = self.verdict {
            verdict.refuse();
        }
        Ok(denial.into())
    }
}

/// The text of an input value that is the same however the client ordered its fields.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::with_capacity(512);
    add_canonical(value, &mut text);
    text
}

fn add_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&str, &Value)> = fields.iter().map(|(name, value)| (name.as_str(), value)).collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (place, (name, value)) in fields.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(name);
                text.push(':');
                add_canonical(value, text);
            }
            text.push('}');
        }
        Value::List(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                add_canonical(item, text);
            }
            text.push(']');
        }
        // An enum value is written bare in a document and as a string in variables: the same to us.
        Value::Enum(name) => add_canonical(&Value::String(name.to_string()), text),
        // Writing to a string does not fail.
        other => _ = write!(text, "{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::value;

    #[test]
    fn the_order_of_fields_does_not_make_another_request() {
        let one = value!({ "a": 1, "b": { "x": "1", "y": [1, 2] } });
        let two = value!({ "b": { "y": [1, 2], "x": "1" }, "a": 1 });
        assert_eq!(canonical(&one), canonical(&two));
        assert_eq!(canonical(&one), r#"{a:1,b:{x:"1",y:[1,2]}}"#, "what is stored was made of it");
        assert_ne!(canonical(&one), canonical(&value!({ "a": 1, "b": { "x": "1", "y": [2, 1] } })));
        assert_ne!(canonical(&value!({ "a": "1" })), canonical(&value!({ "a": 1 })));
    }
}
