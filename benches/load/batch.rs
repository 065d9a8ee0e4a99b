//! Ten thousand accounts opened in one mutation, owners included, when the schema has one for it.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::options::Engine;
use crate::place::{Group, Place};
use crate::scenario::OPEN_BATCH;
use crate::seed::customer_number;

/// The mutation.
const MUTATION: &str = "openAccountBatch";
const DOCUMENT: &str = "mutation Open($input: OpenAccountBatchInput!) { openAccountBatch(input: $input) { __typename \
    ... on OpenAccountBatchSuccess { succeeded refused items { result { __typename \
    ... on OpenAccountSuccess { account { id } } ... on Refusal { code } } } } ... on Refusal { code message } } }";
/// Accounts in the batch that is measured.
pub const ACCOUNTS: u64 = 10_000;
/// Accounts in the batch before it.
const FIRST: u64 = 10;
/// How often.
const TIMES: u64 = 3;

/// What the batch took, the slowest of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenBatch {
    pub micros: u64,
    pub peak_kb: Option<u64>,
}

impl Bench {
    /// On PostgreSQL, on this checkout's build.
    pub async fn open_batch(&mut self) -> anyhow::Result<()> {
        let build = self.now()?;
        let mut place = self.place(Engine::Postgres, &build, Group::OpenBatch).await?;
        println!("PostgreSQL, {OPEN_BATCH}:");
        match new_owners(&place).await? {
            None => self.report.remarks.push(format!("{OPEN_BATCH} is left out: the schema has no `{MUTATION}`")),
            Some(new_owners) => {
                if !new_owners {
                    let remark = "has existing owners: an item of it cannot create its own";
                    self.report.remarks.push(format!("{OPEN_BATCH} {remark}"));
                }
                match self.open_batches(&mut place, new_owners).await {
                    Ok(slowest) => self.report.open_batch = Some(slowest),
                    Err(error) => self.problems.push(format!("  PostgreSQL {OPEN_BATCH}: {error:#}")),
                }
            }
        }
        self.finish(vec![place]).await
    }

    async fn open_batches(&self, place: &mut Place, new_owners: bool) -> anyhow::Result<OpenBatch> {
        send(place, &input(FIRST, place.accounts, new_owners)).await?;
        let mut slowest = OpenBatch::default();
        for _ in 0..TIMES {
            let input = input(ACCOUNTS, place.accounts, new_owners);
            self.postgres()?.checkpoint().await?;
            for server in &mut place.servers {
                server.begin()?;
            }
            let took = send(place, &input).await?;
            let peak_kb = place.server()?.peak_kb();
            let micros = u64::try_from(took.as_micros())?;
            println!("  {ACCOUNTS} accounts in {} ms", micros / 1_000);
            slowest = OpenBatch { micros: slowest.micros.max(micros), peak_kb: slowest.peak_kb.max(peak_kb) };
        }
        Ok(slowest)
    }
}

/// Whether items may bring their owner along; none when there is no such mutation.
async fn new_owners(place: &Place) -> anyhow::Result<Option<bool>> {
    let document = "{ mutation: __type(name: \"Mutation\") { fields { name } } \
        owner: __type(name: \"AccountOwnerInput\") { inputFields { name } } }";
    let schema = place.server()?.ask(document, json!({})).await?;
    let there = names(&schema["mutation"]["fields"]).contains(&MUTATION);
    Ok(there.then(|| names(&schema["owner"]["inputFields"]).contains(&"create")))
}

fn names(fields: &Value) -> Vec<&str> {
    fields.as_array().into_iter().flatten().filter_map(|field| field["name"].as_str()).collect()
}

/// So many accounts, each with a key of its own.
fn input(items: u64, customers: u64, new_owners: bool) -> Value {
    let run = rand::random::<u32>();
    let item = |item: u64| {
        let owner = match new_owners {
            true => json!({ "create": {
                "type": "PERSON", "firstName": "Maria", "lastName": format!("Sjöberg {item}")
            } }),
            false => json!({ "number": customer_number(item % customers) }),
        };
        let key = format!("open-{run:08x}-{item:05}");
        json!({ "idempotencyKey": key, "product": { "code": "current" }, "owner": owner })
    };
    json!({ "items": (0..items).map(item).collect::<Vec<Value>>(), "mode": "EACH_ALONE" })
}

/// How long the answer took; each account must have been opened.
async fn send(place: &Place, input: &Value) -> anyhow::Result<Duration> {
    let begin = Instant::now();
    let answer = place.server()?.ask(DOCUMENT, json!({ "input": input })).await?;
    let took = begin.elapsed();
    let batch = &answer[MUTATION];
    let wanted = input["items"].as_array().map_or(0, Vec::len);
    if batch["succeeded"] != wanted || batch["refused"] != 0 {
        let mut said = batch.to_string();
        said.truncate(said.floor_char_boundary(500));
        bail!("{wanted} were to be opened: {said}");
    }
    Ok(took)
}
