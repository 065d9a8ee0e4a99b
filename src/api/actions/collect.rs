//! How a script's commands are made: by the mutations themselves.
//!
//! What a script asks for is executed as the mutation of that name, with the scopes that the run's token had, up to the
//! point at which the command would be run; there it is taken instead. So scopes, whose business a thing is, inputs and
//! what is refused about them are the mutation's own, and cannot differ from it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_graphql::{Request, Response, Variables};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::access::{Principal, Scope};
use crate::actions::refusals::ACTION_COMMAND_NOT_ALLOWED;
use crate::actions::{Asker, Commands, Wanted};
use crate::api::limits::{self, Documents, Limits, RequestId, Types};
use crate::api::{Decorate, KontoSchema};
use crate::ledger::LedgerFault;
use crate::refused::Refused;

/// What a mutation would have done. In the data of a request it says: do nothing, tell.
#[derive(Default)]
pub(crate) struct Collector(Mutex<Option<Result<Wanted, Refused>>>);

impl Collector {
    /// Takes a command, or what was refused before there was one.
    pub(crate) fn put(&self, wanted: Result<Wanted, Refused>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(wanted);
    }

    fn take(&self) -> Option<Result<Wanted, Refused>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The mutations, as scripts reach them.
pub(crate) struct Mutations {
    schema: KontoSchema,
    decorate: Decorate,
    /// Made when the first script asks for something.
    documents: OnceLock<Result<Documents, limits::UnreadableSchema>>,
}

impl Mutations {
    pub fn new(schema: KontoSchema, decorate: Decorate) -> Self {
        Self { schema, decorate, documents: OnceLock::new() }
    }

    async fn execute(
        &self,
        asker: &Asker,
        operation: &str,
        mut input: Value,
        key: String,
    ) -> Result<Result<Wanted, Refused>, Arc<LedgerFault>> {
        let Value::Object(fields) = &mut input else {
            return Ok(Err(Refused::invalid("input", "must be an object")));
        };
        if fields.insert("idempotencyKey".to_owned(), key.into()).is_some() {
            let message = "is derived from that of the run: leave it out";
            return Ok(Err(Refused::invalid("idempotencyKey", message)));
        }
        let documents = self.documents.get_or_init(|| Types::of_sdl(&self.schema.sdl()).map(Documents::new));
        let documents = documents.as_ref().map_err(|_| fault("the schema cannot be read"))?;
        let request = Request::new(document_of(operation)).variables(Variables::from_json(json!({ "input": input })));
        let request = match limits::prepare(request, &Limits::default(), documents) {
            Ok(prepared) => prepared.request,
            Err(refusal) => return Ok(Err(Refused::invalid("input", refusal.to_string()))),
        };
        let principal = Principal {
            tenant: asker.origin.tenant,
            client: asker.origin.client.clone(),
            customer: asker.origin.customer,
            scopes: Arc::new(asker.scopes.iter().filter_map(|word| Scope::from_word(word)).collect()),
            // It was good when the run was asked for.
            expires_at: i64::MAX,
        };
        let (id, collector) = (RequestId(asker.origin.request_id.clone()), Arc::new(Collector::default()));
        let request = request.data(principal.clone()).data(id.clone()).data(collector.clone());
        let response = self.schema.execute((self.decorate)(request, &principal, &id)).await;
        match collector.take() {
            Some(wanted) => Ok(wanted),
            None => said(&response),
        }
    }
}

impl Commands for Mutations {
    fn make<'a>(
        &'a self,
        asker: &'a Asker,
        operation: &'a str,
        input: Value,
        key: String,
    ) -> BoxFuture<'a, Result<Result<Wanted, Refused>, Arc<LedgerFault>>> {
        Box::pin(self.execute(asker, operation, input, key))
    }
}

/// A mutation as every one can be written.
fn document_of(operation: &str) -> String {
    let (first, rest) = operation.split_at(operation.chars().next().map_or(0, char::len_utf8));
    let input = format!("{}{rest}Input", first.to_ascii_uppercase());
    format!("mutation($input: {input}!) {{ {operation}(input: $input) {{ __typename }} }}")
}

/// What a mutation answered that came to no command.
fn said(response: &Response) -> Result<Result<Wanted, Refused>, Arc<LedgerFault>> {
    let error = response.errors.first();
    let code = error.and_then(|error| error.extensions.as_ref()).and_then(|extensions| extensions.get("code"));
    let code = code.cloned().and_then(|code| code.into_json().ok());
    let message = error.map(|error| error.message.clone()).unwrap_or_default();
    match code.as_ref().and_then(Value::as_str) {
        Some("FORBIDDEN") => Ok(Err(Refused::new(ACTION_COMMAND_NOT_ALLOWED, message))),
        // An input that is none, as far as nobody has looked at it before.
        Some("BAD_REQUEST" | "OVER_LIMIT") | None => Ok(Err(Refused::invalid("input", message))),
        Some(_) => Err(fault("a mutation could not be asked what it would do")),
    }
}

fn fault(what: &'static str) -> Arc<LedgerFault> {
    Arc::new(LedgerFault::Inconsistent(what))
}
