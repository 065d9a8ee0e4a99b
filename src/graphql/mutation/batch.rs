//! `transferBatch`.

use async_graphql::{Context, InputObject, Object, SimpleObject, Union, Value};

use super::call::{Call, Reach, Reply, canonical};
use super::movements::{TransferInput, TransferResult, TransferSuccess, to_transfer};
use super::refusal::Refusal;
use crate::access::Scope;
use crate::denial::{Denial, Done, Failure};
use crate::graphql::fault::Fault;
use crate::ledger::order::Idempotency;
use crate::ledger::refusal::RefusalCode;
use crate::payments::moves::{self, ItemAnswer, Transfer};

/// Items in one batch.
const LARGEST: usize = 10_000;

/// Many transfers in one go.
#[derive(InputObject)]
pub struct TransferBatchInput {
    /// 1 to 10,000, each with an idempotency key of its own. Decided in this order.
    items: Vec<TransferInput>,
    /// Whether one refusal takes all the others with it. Otherwise each succeeds or fails by itself.
    #[graphql(default = false)]
    all_or_nothing: bool,
}

/// What became of one item.
#[derive(SimpleObject)]
pub struct TransferBatchItem {
    /// The item's place in the input, from 0.
    index: i32,
    /// The item's key.
    idempotency_key: String,
    /// What became of it.
    result: TransferResult,
}

/// A batch was worked off. Whether an item moved money is in its own result.
#[derive(SimpleObject)]
pub struct TransferBatchSuccess {
    /// One per item, in the order of the input.
    items: Vec<TransferBatchItem>,
    /// How many moved money, now or under their key before.
    succeeded: i32,
    /// How many were refused.
    refused: i32,
}

/// A batch was worked off, or refused as a whole: too many items, or a key twice.
#[derive(Union)]
pub enum TransferBatchResult {
    /// It was worked off.
    Done(TransferBatchSuccess),
    /// It was refused; nothing was changed.
    Refused(Refusal),
}

/// Bulk mutations.
#[derive(Default)]
pub struct BatchMutation;

#[Object]
impl BatchMutation {
    /// Moves money between many pairs of accounts. Scope: money; large batches take the scope bulk.
    async fn transfer_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to move.")] input: TransferBatchInput,
    ) -> Result<Option<TransferBatchResult>, Fault> {
        let call = Call::begin(ctx, "transferBatch", Scope::Money, Reach::Own).await?;
        let keys: Vec<String> = input.items.iter().map(|item| item.idempotency_key.clone()).collect();
        let answer = match run(&call, ctx, input).await {
            Ok(items) => Ok(Done { value: items, replayed: false }),
            Err(failure) => Err(failure),
        };
        let items = match call.reply(answer).await? {
            Reply::Refused(refusal) => return Ok(Some(TransferBatchResult::Refused(refusal))),
            Reply::Done(done) => done.value,
        };
        let unaudited = items.iter().filter_map(|item| item.as_ref().err()).filter(|denial| !denial.audited);
        let unaudited: Vec<RefusalCode> = unaudited.map(|denial| denial.code).collect();
        let audited = call.engine.audit_refusals(&call.origin, "transferBatch", &unaudited).await;
        audited.map_err(|fault| Fault::from(fault).half_way())?;
        let succeeded = items.iter().filter(|item| item.is_ok()).count();
        let refused = items.len() - succeeded;
        let mut results = Vec::with_capacity(items.len());
        for (index, (item, idempotency_key)) in items.into_iter().zip(keys).enumerate() {
            let result = match item {
                Ok((done, ends)) => TransferResult::Done(TransferSuccess::new(done, ends)),
                Err(denial) => TransferResult::Refused(denial.at("items", index).into()),
            };
            results.push(TransferBatchItem { index: count(index), idempotency_key, result });
        }
        Ok(Some(TransferBatchResult::Done(TransferBatchSuccess {
            items: results,
            succeeded: count(succeeded),
            refused: count(refused),
        })))
    }
}

/// At most [`LARGEST`], so it fits.
fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

async fn run(call: &Call<'_>, ctx: &Context<'_>, input: TransferBatchInput) -> Result<Vec<ItemAnswer>, Failure> {
    if input.items.is_empty() || input.items.len() > LARGEST {
        let denial = Denial::of_field(RefusalCode::LimitExceeded, "items", format!("a batch has 1 to {LARGEST} items"));
        return Err(denial.into());
    }
    let mut seen = std::collections::HashSet::with_capacity(input.items.len());
    if let Some(index) = input.items.iter().position(|item| !seen.insert(item.idempotency_key.clone())) {
        let denial = Denial::invalid("idempotencyKey", "another item of the batch has the same key");
        return Err(denial.at("items", index).into());
    }
    let texts = texts(ctx);
    let mut items: Vec<(usize, (Idempotency, Transfer))> = Vec::with_capacity(input.items.len());
    let mut answers: Vec<Option<ItemAnswer>> = Vec::with_capacity(input.items.len());
    for (index, item) in input.items.into_iter().enumerate() {
        let text = texts.get(index).map_or("", String::as_str);
        let key = call.item_key("idempotencyKey", &item.idempotency_key, text);
        match key.and_then(|key| Ok((key, to_transfer(item)?))) {
            Ok(item) => {
                items.push((index, item));
                answers.push(None);
            }
            Err(denial) => answers.push(Some(Err(denial))),
        }
    }
    if input.all_or_nothing && answers.iter().any(Option::is_some) {
        let taken_along = || Err(moves::taken_along());
        return Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(taken_along)).collect());
    }
    let (places, transfers): (Vec<usize>, Vec<_>) = items.into_iter().unzip();
    let done = moves::transfer_batch(call.engine, &call.origin, transfers, input.all_or_nothing).await?;
    for (place, answer) in places.into_iter().zip(done) {
        answers[place] = Some(answer);
    }
    Ok(answers.into_iter().flatten().collect())
}

/// The items as they were sent, in their canonical form: what their keys stand for.
fn texts(ctx: &Context<'_>) -> Vec<String> {
    let arguments = ctx.field().arguments().unwrap_or_default();
    let input = arguments.into_iter().find(|(name, _)| name == "input").map(|(_, value)| value);
    match input {
        Some(Value::Object(mut fields)) => match fields.swap_remove("items") {
            Some(Value::List(items)) => items.iter().map(canonical).collect(),
            Some(item) => vec![canonical(&item)],
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}
