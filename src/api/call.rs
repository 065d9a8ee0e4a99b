//! What every mutation shares: who calls, under which key, and how a command's answer becomes a result.

use std::sync::Arc;

use async_graphql::Context;

use super::actions::collect::Collector;
use super::refusal::Refusal;
use super::texts::{self, CardNumbers};
use crate::access::Scope;
use crate::actions::Wanted;
use crate::api::context::{Caller, Verdict, caller, engine, origin};
use crate::api::fault::{Fault, FaultCode};
use crate::api::input::BatchMode;
use crate::engine::Engine;
use crate::jobs::approvals::model::hex;
use crate::jobs::queue::{Job, NewItem, QueueJob};
use crate::jobs::refusal::KeptRefusal;
use crate::primitives::{Origin, text};
use crate::refused::Refused;
use crate::work::{Answer, AnyCommand as _, Audited, Command, Done, Failure, Idempotency, Mode};

/// A mutation under way.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) origin: Origin,
    operation: &'static str,
    scope: Scope,
    verdict: Option<&'a Verdict>,
    /// What of the input no command is made of.
    card_numbers: CardNumbers,
    /// Takes the command in the place of whoever would run it.
    collector: Option<&'a Arc<Collector>>,
}

/// Whose business a mutation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A customer's own as well: a token that is bound to one does it with what is theirs.
    Own,
    /// The tenant's: a token that is bound to a customer may not, whatever its scopes. Money that came in, a
    /// merchant's reservation, a correction or a new credit is not for the customer to declare.
    Tenant,
}

/// What a mutation asks of a token: the scope, and whose business it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Right(pub Scope, pub Reach);

impl Right {
    /// Why the one who asks has it not, for the actions that things offer.
    pub(crate) fn missing(self, caller: &Caller) -> Option<String> {
        let Self(scope, reach) = self;
        if !caller.principal.may(scope) {
            return Some(format!("the token lacks the scope {}", scope.word()));
        }
        (reach == Reach::Tenant && caller.customer().is_some())
            .then(|| "it takes a token that is not bound to a customer".to_owned())
    }
}

/// The end of a mutation that was only to tell what it would do: nobody is shown it.
fn collected() -> Fault {
    Fault::new(FaultCode::Internal, "nothing was done: it was asked what would be")
}

/// What came of an item of a batch.
pub(crate) type ItemAnswer<C> = Result<Done<Arc<<C as Command>::Made>>, Refused>;

/// What a command gave, or the refusal to show.
pub(crate) enum Reply<T> {
    /// It was done.
    Done(Done<Arc<T>>),
    /// It was refused, and the audit trail has it.
    Refused(Refusal),
}

impl<'a> Call<'a> {
    /// Checks the scope, and for what is the tenant's to do that the token is not bound to a customer. A token
    /// that may not leaves an audit record.
    pub(crate) async fn begin(
        ctx: &Context<'a>,
        operation: &'static str,
        scope: Scope,
        reach: Reach,
    ) -> Result<Self, Fault> {
        let (engine, origin) = (engine(ctx)?, origin(ctx)?);
        let (verdict, collector) = (ctx.data_opt(), ctx.data_opt());
        let card_numbers = texts::problems(ctx);
        let call = Self { engine, origin, operation, scope, verdict, card_numbers, collector };
        let caller = caller(ctx)?;
        let allowed = caller.require(scope).and_then(|caller| match reach {
            Reach::Own => Ok(caller),
            Reach::Tenant => caller.require_unbound(),
        });
        if let Err(fault) = allowed {
            if call.collector.is_none() {
                call.engine.audit_denial(&call.origin, operation).await?;
            }
            return Err(fault);
        }
        Ok(call)
    }

    /// Runs the command that an input means, under the input's key.
    pub(crate) async fn run<C: Command>(
        &self,
        key: &str,
        command: Result<C, Refused>,
    ) -> Result<Reply<C::Made>, Fault> {
        let command = self.card_numbers.refused().and(command);
        let keyed = command.and_then(|command| Ok((keyed(key, &command)?, command)));
        if let Some(collector) = self.collector {
            collector.put(keyed.map(|(key, command)| Wanted { key, command: Box::new(command) }));
            return Err(collected());
        }
        let answer = match keyed {
            // In a box: as a future it is several kilobytes, and the root's future is twice as large as the largest.
            Ok((key, command)) => Box::pin(self.engine.run(&self.origin, Some(key), command)).await,
            Err(refused) => Err(refused.into()),
        };
        self.reply(answer).await
    }

    /// What every command is refused for whose input has a card's whole number in it; for what makes none.
    pub(crate) fn holds_no_card_number(&self) -> Result<(), Refused> {
        self.card_numbers.refused()
    }

    /// The key that an input's command is remembered under.
    pub(crate) fn key<C: Command>(&self, key: &str, command: &C) -> Result<Idempotency, Refused> {
        self.card_numbers.refused()?;
        keyed(key, command)
    }

    /// A command's answer: a refusal is shown and leaves an audit record, a fault is a GraphQL error.
    pub(crate) async fn reply<T>(&self, answer: Answer<T>) -> Result<Reply<T>, Fault> {
        match answer {
            Ok(done) => Ok(Reply::Done(done)),
            Err(Failure::Refused(refused, audited)) => {
                if audited == Audited::NotYet {
                    self.engine.audit_refusal(&self.origin, self.operation, &[refused.code]).await?;
                }
                Ok(Reply::Refused(self.show(*refused)))
            }
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    /// A refusal of the whole request, audited.
    pub(crate) async fn refuse(&self, refused: Refused) -> Result<Refusal, Fault> {
        if let Some(collector) = self.collector {
            collector.put(Err(refused));
            return Err(collected());
        }
        self.engine.audit_refusal(&self.origin, self.operation, &[refused.code]).await?;
        Ok(self.show(refused))
    }

    /// A refusal to show: the request counts as refused.
    fn show(&self, refused: Refused) -> Refusal {
        if let Some(verdict) = self.verdict {
            verdict.refuse();
        }
        refused.into()
    }

    /// Queues the commands that the items of a batch mean, to be worked off in the background. The same batch again is the
    /// same job. What no command could be made of is refused with its turn, and all of an all-or-nothing batch at once.
    pub(crate) async fn queue<C: Command>(
        &self,
        items: Vec<(String, Result<C, Refused>)>,
        mode: BatchMode,
    ) -> Result<Reply<Job>, Fault> {
        if self.collector.is_some() {
            return Err(collected());
        }
        let (mut queued, mut unaudited) = (Vec::with_capacity(items.len()), Vec::new());
        for (place, (key, command)) in items.into_iter().enumerate() {
            let stored = self.card_numbers.refused_of_item(place).and(command).and_then(|command| {
                keyed(&key, &command)?;
                command.stored().ok_or_else(|| Refused::invalid("", "cannot be stored"))
            });
            match &stored {
                Err(refused) if mode == BatchMode::AllOrNothing => {
                    return Ok(Reply::Refused(self.refuse(refused.clone().at("items", place)).await?));
                }
                Err(refused) => unaudited.push(refused.code),
                Ok(_) => {}
            }
            queued.push(NewItem { key, command: stored.map_err(|refused| KeptRefusal::from(&refused)) });
        }
        let command = QueueJob {
            operation: C::OPERATION.to_owned(),
            scope: self.scope.word().to_owned(),
            mode: mode.word().to_owned(),
            items: queued,
        };
        let of_batch = Idempotency::of(String::new(), &command);
        let key = Idempotency { key: format!("job:{}", hex(&of_batch.request_hash)), ..of_batch };
        let reply = self.reply(Box::pin(self.engine.run(&self.origin, Some(key), command)).await).await?;
        if let Reply::Done(done) = &reply
            && !done.receipt.replayed
        {
            self.engine.jobs.wake();
            let audited = self.engine.audit_refusal(&self.origin, self.operation, &unaudited).await;
            audited.map_err(|fault| Fault::from(fault).half_way())?;
        }
        Ok(reply)
    }

    /// Refuses tokens without another scope, which only the matter tells.
    pub(crate) async fn require(&self, ctx: &Context<'_>, scope: Scope) -> Result<(), Fault> {
        if let Err(fault) = caller(ctx)?.require(scope) {
            if self.collector.is_none() {
                self.engine.audit_denial(&self.origin, self.operation).await?;
            }
            return Err(fault);
        }
        Ok(())
    }

    /// Runs the commands that the items of a batch mean, each under its own key; an answer per item. What no command
    /// could be made of is refused with the others, and in an all-or-nothing batch takes them with it.
    pub(crate) async fn run_all<C: Command>(
        &self,
        items: Vec<(String, Result<C, Refused>)>,
        mode: Mode,
    ) -> Result<Vec<ItemAnswer<C>>, Fault> {
        if self.collector.is_some() {
            return Err(collected());
        }
        let items = items.into_iter().enumerate().map(|(place, (key, command))| {
            self.card_numbers.refused_of_item(place)?;
            let command = command?;
            Ok((keyed(&key, &command)?, command))
        });
        let items: Vec<Result<(Idempotency, C), Refused>> = items.collect();
        let mut unaudited = Vec::new();
        let mut answers: Vec<Option<ItemAnswer<C>>> = Vec::with_capacity(items.len());
        let spoilt = mode == Mode::AllOrNothing && items.iter().any(Result::is_err);
        let mut commands = Vec::with_capacity(items.len());
        for item in items {
            let refused = match item {
                Ok((key, command)) if !spoilt => {
                    commands.push((Some(key), command));
                    answers.push(None);
                    continue;
                }
                Ok(_) => Refused::taken_along(),
                Err(refused) => refused,
            };
            unaudited.push(refused.code);
            answers.push(Some(Err(refused)));
        }
        let mut done = Box::pin(self.engine.run_all(&self.origin, commands, mode)).await.into_iter();
        for answer in answers.iter_mut().filter(|answer| answer.is_none()) {
            *answer = Some(match done.next() {
                Some(Ok(done)) => Ok(done),
                Some(Err(Failure::Refused(refused, _))) => Err(*refused),
                Some(Err(Failure::Fault(fault))) => return Err(Fault::from(fault).half_way()),
                None => return Err(Fault::internal(&"an item without an answer")),
            });
        }
        let audited = self.engine.audit_refusal(&self.origin, self.operation, &unaudited).await;
        audited.map_err(|fault| Fault::from(fault).half_way())?;
        Ok(answers.into_iter().flatten().collect())
    }
}

/// The caller's key, with the digest of the command that it stands for.
fn keyed<C: Command>(key: &str, command: &C) -> Result<Idempotency, Refused> {
    text::required(key, 200).map_err(|problem| Refused::invalid("idempotencyKey", problem.to_string()))?;
    Ok(Idempotency::of(key.to_owned(), command))
}
