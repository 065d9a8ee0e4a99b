//! What another system's numbers of actions stand for, in the API: `historyCodes`, `setHistoryCodes`.

use std::collections::BTreeSet;

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed};
use crate::api::fault::{Fault, FaultCode};
use crate::api::refusal::outcomes;
use crate::jobs::settings::SetHistoryCodes;
use crate::work::history_codes::{self as codes, Given};
use crate::work::present;

/// What another system's numbers of actions stand for here, as you have mapped them.
#[derive(Clone, Debug, SimpleObject)]
pub struct HistoryCodes {
    /// Of types of actions: `actionType` of a history's filter.
    types: Vec<HistoryCode>,
    /// Of groups of actions: `actionGroup` of a history's filter.
    groups: Vec<HistoryCode>,
}

/// What one number of another system's stands for.
#[derive(Clone, Debug, SimpleObject)]
pub struct HistoryCode {
    /// The number.
    code: i32,
    /// What you call it.
    name: String,
    /// The operations that it stands for, by their mutations' names.
    operations: Vec<String>,
}

impl From<&codes::HistoryCodes> for HistoryCodes {
    fn from(codes: &codes::HistoryCodes) -> Self {
        let code = |(code, of): (&i32, &codes::HistoryCode)| HistoryCode {
            code: *code,
            name: of.name.clone(),
            operations: of.operations.iter().cloned().collect(),
        };
        Self { types: codes.types.iter().map(code).collect(), groups: codes.groups.iter().map(code).collect() }
    }
}

/// What another system's numbers of actions are to stand for: all of them.
#[derive(InputObject)]
pub struct SetHistoryCodesInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of types of actions; none when absent.
    #[graphql(default, validator(max_items = 100))]
    types: Vec<HistoryCodeInput>,
    /// Of groups of actions; none when absent.
    #[graphql(default, validator(max_items = 100))]
    groups: Vec<HistoryCodeInput>,
}

/// What one number is to stand for.
#[derive(InputObject)]
pub struct HistoryCodeInput {
    /// The number: 0 to 999, each once.
    code: i32,
    /// What you call it.
    name: String,
    /// The operations that it stands for, by their mutations' names. 1 to 100.
    #[graphql(validator(max_items = 100))]
    operations: Vec<String>,
}

outcomes! {
    /// What numbers of actions stand for was changed.
    SetHistoryCodesResult = SetHistoryCodesSuccess {
        /// What they stand for now.
        history_codes: HistoryCodes,
    }
}

fn given(list: Vec<HistoryCodeInput>) -> Given {
    let of = |it: HistoryCodeInput| {
        (it.code, codes::HistoryCode { name: it.name, operations: it.operations.into_iter().collect() })
    };
    list.into_iter().map(of).collect()
}

/// Questions about another system's numbers. Scope: read.
#[derive(Debug, Default)]
pub struct HistoryCodesQuery;

/// Questions about another system's numbers. Scope: read.
#[Object]
impl HistoryCodesQuery {
    /// What another system's numbers of actions stand for here.
    async fn history_codes(&self, ctx: &Context<'_>) -> Result<HistoryCodes, Fault> {
        Ok((&of(allowed(ctx, Scope::Read)?).await?).into())
    }
}

/// Mutations of another system's numbers.
#[derive(Default)]
pub struct HistoryCodesMutation;

#[Object]
impl HistoryCodesMutation {
    /// Says what another system's numbers of actions stand for, in the place of what was said before. Scope: admin.
    async fn set_history_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What they stand for.")] input: SetHistoryCodesInput,
    ) -> Result<Option<SetHistoryCodesResult>, Fault> {
        let call = Call::begin(ctx, "setHistoryCodes", Scope::Admin, Reach::Tenant).await?;
        let command = SetHistoryCodes { types: given(input.types), groups: given(input.groups) };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => SetHistoryCodesResult::Refused(refusal),
            Reply::Done(done) => SetHistoryCodesResult::Done(SetHistoryCodesSuccess {
                history_codes: (&done.value.0.history_codes).into(),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

async fn of(caller: &Caller) -> Result<codes::HistoryCodes, Fault> {
    let present = present::of(caller.db(), caller.engine.clock(), caller.tenant()).await?;
    Ok(present.head.settings.history_codes.clone())
}

/// The operations that a filter asks for: those that it names, of those that its numbers stand for. Nothing where it asks
/// for all, and an empty list where it asks for what there is none of.
///
/// # Errors
/// `BAD_REQUEST` for a number that stands for nothing, and the database's.
pub async fn operations(
    caller: &Caller,
    named: Vec<String>,
    action_type: Option<i32>,
    action_group: Option<i32>,
) -> Result<Option<Vec<String>>, Fault> {
    let mut asked: Option<BTreeSet<String>> = (!named.is_empty()).then(|| named.into_iter().collect());
    if action_type.is_some() || action_group.is_some() {
        let codes = of(caller).await?;
        let both = [("actionType", action_type, &codes.types), ("actionGroup", action_group, &codes.groups)];
        for (field, number, list) in both {
            let Some(number) = number else { continue };
            let Some(code) = list.get(&number) else {
                let message = format!("filter.{field}: {number} stands for nothing; setHistoryCodes says what it does");
                return Err(Fault::new(FaultCode::BadRequest, &message));
            };
            asked = Some(match asked {
                None => code.operations.clone(),
                Some(asked) => asked.intersection(&code.operations).cloned().collect(),
            });
        }
    }
    Ok(asked.map(|asked| asked.into_iter().collect()))
}
