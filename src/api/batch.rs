//! Batches of any command: items in, an answer per item out, keyed by the caller's own key.

use std::collections::HashSet;
use std::sync::Arc;

use crate::api::call::{Call, Reply};
use crate::api::fault::Fault;
use crate::api::input::BatchMode;
use crate::api::jobs::Job;
use crate::api::refusal::Refusal;
use crate::ledger::refusal::LIMIT_EXCEEDED;
use crate::refused::{Facts, Refused};
use crate::work::{Command, Done};

/// Items in one batch.
const LARGEST: usize = 10_000;
/// The same, in the background.
const LARGEST_JOB: usize = 100_000;

/// What became of the items of a batch, in their order.
pub(crate) type Answers<T> = Vec<Result<Done<Arc<T>>, Refused>>;

/// What is wrong with a batch as a whole: too many items, or a key twice.
fn checked<I>(items: &[(String, I)], largest: usize) -> Result<(), Refused> {
    if items.is_empty() {
        return Err(Refused::invalid("items", "is empty: a batch has at least one item"));
    }
    if items.len() > largest {
        let facts = Box::new(Facts { maximum_count: Some(count(largest)), ..Facts::default() });
        let refused = Refused::of_field(LIMIT_EXCEEDED, "items", format!("a batch has at most {largest} items"));
        return Err(Refused { facts, ..refused });
    }
    let mut seen = HashSet::with_capacity(items.len());
    match items.iter().position(|(key, _)| !seen.insert(key.as_str())) {
        Some(index) => {
            let refused = Refused::invalid("idempotencyKey", "another item of the batch has the same key");
            Err(refused.at("items", index))
        }
        None => Ok(()),
    }
}

/// Queues the commands that the items mean.
pub(crate) async fn queue<C: Command, I>(
    call: &Call<'_>,
    items: Vec<(String, I)>,
    mode: BatchMode,
    command: impl Fn(I) -> Result<C, Refused>,
) -> Result<Result<Job, Refusal>, Fault> {
    // What is done as a whole is one decision, in the background as well.
    let largest = if mode == BatchMode::AllOrNothing { LARGEST } else { LARGEST_JOB };
    if let Err(refused) = checked(&items, largest) {
        return Ok(Err(call.refuse(refused).await?));
    }
    let commands = items.into_iter().map(|(key, item)| (key, command(item))).collect();
    Ok(match call.queue(commands, mode).await? {
        Reply::Done(done) => Ok(Job::new((*done.value).clone())),
        Reply::Refused(refusal) => Err(refusal),
    })
}

/// Runs the commands that the items mean; `None` if the batch is refused as a whole: too many items, or a key twice.
pub(crate) async fn run<C: Command, I>(
    call: &Call<'_>,
    items: Vec<(String, I)>,
    mode: BatchMode,
    command: impl Fn(I) -> Result<C, Refused>,
) -> Result<Result<Answers<C::Made>, Refusal>, Fault> {
    if let Err(refused) = checked(&items, LARGEST) {
        return Ok(Err(call.refuse(refused).await?));
    }
    let commands = items.into_iter().map(|(key, item)| (key, command(item))).collect();
    let answers = call.run_all(commands, mode.into()).await?;
    let at = |(index, answer): (usize, Result<_, Refused>)| answer.map_err(|refused| refused.at("items", index));
    Ok(Ok(answers.into_iter().enumerate().map(at).collect()))
}

/// At most [`LARGEST`], so it fits.
pub(crate) fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Declares a batch of a mutation: its input, what became of one item, and its result.
macro_rules! batches {
    ($(
        #[doc = $doc:literal]
        $input:ident of $item:ident;
        $became:ident, $success:ident, $result:ident of $one:ident;
    )*) => {$(
        #[doc = $doc]
        #[derive(async_graphql::InputObject)]
        pub struct $input {
            /// 1 to 10,000, each with an idempotency key of its own. Decided in this order. With `async` up to 100,000,
            /// unless all or nothing.
            items: Vec<$item>,
            /// How they hang together.
            #[graphql(default_with = "crate::api::input::BatchMode::EachAlone")]
            mode: $crate::api::input::BatchMode,
            /// Whether it is worked off in the background: the answer is a job at once, and no items. The same batch again
            /// is the same job.
            #[graphql(name = "async", default)]
            in_background: bool,
        }

        /// What became of one item.
        #[derive(async_graphql::SimpleObject)]
        pub struct $became {
            /// The item's place in the input, from 0.
            index: i32,
            /// The item's key.
            idempotency_key: String,
            /// What became of it.
            result: $one,
        }

        /// A batch was worked off. What an item did is in its own result.
        #[derive(async_graphql::SimpleObject)]
        pub struct $success {
            /// One per item, in the order of the input; none where `job` is.
            items: Vec<$became>,
            /// How many were done, now or under their key before.
            succeeded: i32,
            /// How many were refused.
            refused: i32,
            /// What works it off, where that was asked for in the background.
            job: Option<Box<$crate::api::jobs::Job>>,
        }

        /// A batch was worked off, or refused as a whole: too many items, or a key twice.
        #[derive(async_graphql::Union)]
        pub enum $result {
            /// It was worked off.
            Done($success),
            /// It was refused; nothing was changed.
            Refused($crate::api::refusal::Refusal),
        }

        impl $input {
            /// Runs it: `command` is what an item means, `show` what is shown of one that was done.
            async fn run<C: $crate::work::Command>(
                call: &$crate::api::call::Call<'_>,
                input: Self,
                command: impl Fn($item) -> Result<C, $crate::refused::Refused>,
                show: impl Fn($crate::work::Done<std::sync::Arc<C::Made>>) -> $one,
            ) -> Result<Option<$result>, $crate::api::fault::Fault> {
                let keys: Vec<String> = input.items.iter().map(|item| item.idempotency_key.clone()).collect();
                let items: Vec<_> = keys.iter().cloned().zip(input.items).collect();
                if input.in_background {
                    return Ok(Some(match $crate::api::batch::queue(call, items, input.mode, command).await? {
                        Ok(job) => {
                            let job = Some(Box::new(job));
                            $result::Done($success { items: Vec::new(), succeeded: 0, refused: 0, job })
                        }
                        Err(refusal) => $result::Refused(refusal),
                    }));
                }
                let answers = match $crate::api::batch::run(call, items, input.mode, command).await? {
                    Ok(answers) => answers,
                    Err(refusal) => return Ok(Some($result::Refused(refusal))),
                };
                let succeeded = answers.iter().filter(|answer| answer.is_ok()).count();
                let refused = answers.len() - succeeded;
                let mut items = Vec::with_capacity(answers.len());
                for (index, (answer, idempotency_key)) in answers.into_iter().zip(keys).enumerate() {
                    let result = match answer {
                        Ok(done) => show(done),
                        Err(refused) => $one::Refused(refused.into()),
                    };
                    let index = $crate::api::batch::count(index);
                    items.push($became { index, idempotency_key, result });
                }
                let (succeeded, refused) = ($crate::api::batch::count(succeeded), $crate::api::batch::count(refused));
                Ok(Some($result::Done($success { items, succeeded, refused, job: None })))
            }
        }
    )*};
}

pub(crate) use batches;
