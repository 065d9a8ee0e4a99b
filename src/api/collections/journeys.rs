//! Strategies and journeys in the API.

use async_graphql::{Context, InputObject, MergedObject, Object, OneofObject, SimpleObject};

use super::mutations::mutations;
use super::types::Claim;
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed};
use crate::api::enums::{ClaimResolutionReason, JourneyStatus, PromiseStatus, ScoreType};
use crate::api::fault::Fault;
use crate::api::input::amount;
use crate::api::inputs::name;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::journeys::{
    self as domain, Conditions, PauseJourney, ResumeJourney, SetCollectionStrategy, StartJourney, StepEffect,
    StopJourney, StrategyStep, StrategyVersion, store,
};
use crate::primitives::Amount;
use crate::refused::{Refused, said};
use crate::work::read;

// ------------------------------------------------------------------------------------------------- shown

/// A score that a claim has to have.
#[derive(Clone, Debug, SimpleObject)]
pub struct StepScore {
    /// Who thinks so.
    #[graphql(name = "type")]
    type_: ScoreType,
    /// What it says.
    text: String,
}

/// When a step does its effect. All that is said must hold.
#[derive(Clone, Debug, SimpleObject)]
pub struct StepConditions {
    /// What is owed, fees included, is at least this, in the claim's currency.
    minimum_amount: Option<Decimal>,
    /// It is at most this.
    maximum_amount: Option<Decimal>,
    /// So many days have passed since the original due date, at least.
    minimum_days_past_due: Option<i32>,
    /// So many at most.
    maximum_days_past_due: Option<i32>,
    /// The claim has this score.
    score: Option<StepScore>,
    /// It was bought with this.
    product_reference: Option<String>,
    /// The debtor's main postal address is in this country.
    country: Option<String>,
    /// This became of the promise to pay that was given last.
    promise: Option<PromiseStatus>,
}

/// A fee that a step adds.
#[derive(Clone, Debug, SimpleObject)]
pub struct StepFee {
    /// What for.
    name: String,
    /// How much, in the claim's currency.
    amount: Decimal,
}

/// What a step does: one of these.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct CollectionStepEffect {
    /// The code of the template of which a message is sent.
    message: Option<String>,
    /// The fee that is added.
    fee: Option<StepFee>,
    /// The name of the trigger that is told of in the log.
    trigger: Option<String>,
    /// What a person is to do; told of in the log.
    task: Option<String>,
    /// To whom the claim is handed over, which ends the journey.
    hand_over: Option<String>,
}

/// A step of a strategy.
#[derive(Clone, Debug, SimpleObject)]
pub struct CollectionStep {
    /// Unique in the strategy.
    name: String,
    /// Days that pass before it is come to.
    wait_days: i32,
    /// When it does its effect; always when absent.
    when: Option<StepConditions>,
    /// What it does; nothing when absent.
    effect: Option<CollectionStepEffect>,
    /// The step after it, by its name, or END; the following one when absent.
    next: Option<String>,
    /// The same where its conditions do not hold.
    otherwise: Option<String>,
}

impl From<&StrategyStep> for CollectionStep {
    fn from(step: &StrategyStep) -> Self {
        let when = step.when.as_ref().map(|when| StepConditions {
            minimum_amount: when.minimum_amount.map(|amount| Decimal(amount.0)),
            maximum_amount: when.maximum_amount.map(|amount| Decimal(amount.0)),
            minimum_days_past_due: when.minimum_days_past_due,
            maximum_days_past_due: when.maximum_days_past_due,
            score: when.score.clone().map(|(type_, text)| StepScore { type_, text }),
            product_reference: when.product_reference.clone(),
            country: when.country.clone(),
            promise: when.promise,
        });
        let none = CollectionStepEffect::default();
        let effect = step.effect.clone().map(|effect| match effect {
            StepEffect::Message(template) => CollectionStepEffect { message: Some(template), ..none },
            StepEffect::Fee { name, amount } => {
                CollectionStepEffect { fee: Some(StepFee { name, amount: Decimal(amount.0) }), ..none }
            }
            StepEffect::Trigger(trigger) => CollectionStepEffect { trigger: Some(trigger), ..none },
            StepEffect::Task(task) => CollectionStepEffect { task: Some(task), ..none },
            StepEffect::HandOver(to) => CollectionStepEffect { hand_over: Some(to), ..none },
        });
        Self {
            name: step.name.clone(),
            wait_days: step.wait_days.into(),
            when,
            effect,
            next: step.next.clone(),
            otherwise: step.otherwise.clone(),
        }
    }
}

/// How claims are pursued.
#[derive(Clone, Debug)]
pub struct CollectionStrategy(domain::CollectionStrategy);

impl Listed for CollectionStrategy {
    const LIST: &'static str = "CollectionStrategy";
}

/// How claims are pursued: steps, with versions. A claim stays on the version that its journey began with.
#[Object]
impl CollectionStrategy {
    /// Unique in the tenant.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The version that journeys begin with.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Whether active claims that are on no journey begin one by themselves, at the end of the business day.
    async fn automatic(&self) -> bool {
        self.0.automatic
    }

    /// Whether no journey begins any more.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    /// Its steps, in their order.
    async fn steps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which version; the present one when absent.")] version: Option<i32>,
    ) -> Result<Vec<CollectionStep>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let id = StrategyVersion::id_of(self.0.id, version.unwrap_or(self.0.version));
        let found = caller.loaders.row::<StrategyVersion>(id).await?;
        Ok(found.map(|version| version.steps.iter().map(CollectionStep::from).collect()).unwrap_or_default())
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// What came of a step of a journey.
#[derive(Clone, Debug, SimpleObject)]
pub struct JourneyStepDone {
    /// The step's name.
    step: String,
    /// On which business day.
    on: Date,
    /// Whether its conditions held.
    held: bool,
    /// The code that its effect was refused with, if it was: then the journey went on without.
    refused: Option<String>,
}

/// A claim on its way through a strategy.
#[derive(Clone, Debug)]
pub struct ClaimJourney {
    journey: domain::ClaimJourney,
    is_alive: bool,
}

/// A claim on its way through a strategy.
#[Object]
impl ClaimJourney {
    /// Through which strategy.
    async fn strategy(&self, ctx: &Context<'_>) -> Result<Option<CollectionStrategy>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        Ok(caller.loaders.row::<domain::CollectionStrategy>(self.journey.strategy).await?.map(CollectionStrategy))
    }

    /// In which version, for good.
    async fn version(&self) -> i32 {
        self.journey.version
    }

    /// How far it is. That of a claim that is not active any more is stopped.
    async fn status(&self) -> JourneyStatus {
        self.journey.seen_status(self.is_alive)
    }

    /// The name of the step that comes next; of one that has ended, the last it came to.
    async fn step(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let id = StrategyVersion::id_of(self.journey.strategy, self.journey.version);
        let found = caller.loaders.row::<StrategyVersion>(id).await?;
        let place = usize::try_from(self.journey.step).unwrap_or(usize::MAX);
        Ok(found.and_then(|version| version.steps.get(place).map(|step| step.name.clone())))
    }

    /// The business day of that step, while it runs.
    async fn next_on(&self) -> Option<Date> {
        self.journey.act_on.filter(|_| self.is_alive).map(Date)
    }

    /// Why it was stopped.
    async fn reason(&self) -> Option<ClaimResolutionReason> {
        self.journey.reason
    }

    /// The same, in the words of whoever stopped it.
    async fn description(&self) -> Option<&str> {
        self.journey.description.as_deref()
    }

    /// What was done, in order: the last 100 steps.
    async fn done(&self) -> Vec<JourneyStepDone> {
        let one = |done: &domain::StepDone| JourneyStepDone {
            step: done.step.clone(),
            on: Date(done.on),
            held: done.held,
            refused: done.refused.clone(),
        };
        self.journey.done.iter().map(one).collect()
    }

    /// The day on which it began.
    async fn started_on(&self) -> Date {
        Date(self.journey.started_on)
    }

    /// The day on which it came to an end.
    async fn ended_on(&self) -> Option<Date> {
        self.journey.ended_on.map(Date)
    }
}

/// The journey of a claim in its present life, if it has begun one; hidden from the customer's own token.
///
/// # Errors
/// The database's.
pub async fn of_claim(caller: &Caller, claim: &crate::collections::Claim) -> Result<Option<ClaimJourney>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    let id = domain::ClaimJourney::id_of(claim.id, claim.begun);
    let found = caller.loaders.row::<domain::ClaimJourney>(id).await?;
    let is_alive = claim.status == crate::collections::ClaimStatus::Active;
    Ok(found.map(|journey| ClaimJourney { journey, is_alive }))
}

/// Questions about strategies. Scope: read.
#[derive(Debug, Default)]
pub struct StrategyQuery;

/// Questions about strategies. Scope: read.
#[Object]
impl StrategyQuery {
    /// A strategy by its code. Null for what does not exist, and for a token that is bound to a customer.
    async fn collection_strategy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, by its code.")] code: String,
    ) -> Result<Option<CollectionStrategy>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(code) = name(&code).filter(|_| caller.customer().is_none()) else { return Ok(None) };
        let codes = [code.as_str()];
        let found = read::by_unique(caller.db(), caller.tenant(), &store::CODE, &codes).await?;
        Ok(found.into_iter().next().map(CollectionStrategy))
    }

    /// The strategies, in the order in which they were created; none for a token that is bound to a customer.
    async fn collection_strategies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<CollectionStrategy>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::CollectionStrategy>>::new(&PageArgs::forward(first, after))?;
        if caller.customer().is_some() {
            return Ok(Connection::empty());
        }
        let rows = store::strategies(caller.db(), caller.tenant(), window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), CollectionStrategy))
    }
}

// ------------------------------------------------------------------------------------------------- changed

/// A score that a claim has to have.
#[derive(Clone, Debug, InputObject)]
pub struct StepScoreInput {
    /// Who thinks so.
    #[graphql(name = "type")]
    type_: ScoreType,
    /// What it says, to the letter.
    text: String,
}

/// When a step does its effect. All that is said must hold.
#[derive(Clone, Debug, InputObject)]
pub struct StepConditionsInput {
    /// What is owed, fees included, is at least this, in the claim's currency.
    minimum_amount: Option<Decimal>,
    /// It is at most this.
    maximum_amount: Option<Decimal>,
    /// So many days have passed since the original due date, at least.
    minimum_days_past_due: Option<i32>,
    /// So many at most.
    maximum_days_past_due: Option<i32>,
    /// The claim has this score.
    score: Option<StepScoreInput>,
    /// It was bought with this.
    product_reference: Option<String>,
    /// The debtor's main postal address is in this country: its ISO 3166-1 code.
    country: Option<String>,
    /// This became of the promise to pay that was given last, in the claim's present life. While it is open, no step is done.
    promise: Option<PromiseStatus>,
}

/// A fee that a step adds.
#[derive(Clone, Debug, InputObject)]
pub struct StepFeeInput {
    /// What for.
    name: String,
    /// How much, in the claim's currency; one that has fewer digits refuses the step.
    amount: Decimal,
}

/// What a step does: one of these.
#[derive(Clone, Debug, OneofObject)]
pub enum CollectionStepEffectInput {
    /// Sends a message of the template of this code.
    Message(String),
    /// Adds a fee to the claim.
    Fee(StepFeeInput),
    /// Tells of a trigger of this name in the log, `JOURNEY_TRIGGERED`.
    Trigger(String),
    /// Tells in the log of something for a person to do, `COLLECTION_TASK`.
    Task(String),
    /// Hands the claim over, `CLAIM_HANDED_OVER`, and ends the journey.
    HandOver(String),
}

/// A step of a strategy.
#[derive(Clone, Debug, InputObject)]
pub struct CollectionStepInput {
    /// Unique in the strategy.
    name: String,
    /// Days that pass before it is come to, from the step before: 0 to 3653.
    #[graphql(default)]
    wait_days: u16,
    /// When it does its effect; always when absent.
    when: Option<StepConditionsInput>,
    /// What it does; nothing when absent.
    effect: Option<CollectionStepEffectInput>,
    /// The step after it, by its name, or END; the following one when absent.
    next: Option<String>,
    /// The same where its conditions do not hold.
    otherwise: Option<String>,
}

impl CollectionStepInput {
    fn told(self) -> StrategyStep {
        let when = self.when.map(|when| Conditions {
            minimum_amount: amount(when.minimum_amount),
            maximum_amount: amount(when.maximum_amount),
            minimum_days_past_due: when.minimum_days_past_due,
            maximum_days_past_due: when.maximum_days_past_due,
            score: when.score.map(|score| (score.type_, score.text)),
            product_reference: said(when.product_reference),
            country: said(when.country),
            promise: when.promise,
        });
        let effect = self.effect.map(|effect| match effect {
            CollectionStepEffectInput::Message(template) => StepEffect::Message(template),
            CollectionStepEffectInput::Fee(fee) => StepEffect::Fee { name: fee.name, amount: Amount(fee.amount.0) },
            CollectionStepEffectInput::Trigger(trigger) => StepEffect::Trigger(trigger),
            CollectionStepEffectInput::Task(task) => StepEffect::Task(task),
            CollectionStepEffectInput::HandOver(to) => StepEffect::HandOver(to),
        });
        StrategyStep {
            name: self.name,
            wait_days: self.wait_days,
            when,
            effect,
            next: said(self.next),
            otherwise: said(self.otherwise),
        }
    }
}

/// A strategy to create, or to give a new version.
#[derive(InputObject)]
pub struct SetCollectionStrategyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Unique in the tenant: up to 40 capital letters, digits and underscores.
    code: String,
    /// For people.
    name: String,
    /// Whether active claims that are on no journey begin one by themselves, at the end of the business day. Of several
    /// such strategies the oldest is taken.
    #[graphql(default)]
    automatic: bool,
    /// Whether no journey begins any more. Those that have begun go on.
    #[graphql(default)]
    retired: bool,
    /// The steps, in their order: 1 to 100. Steps that lead to one another in a circle without a day between them are
    /// refused (`STRATEGY_CIRCLE`).
    steps: Vec<CollectionStepInput>,
}

outcomes! {
    /// A strategy was set.
    SetCollectionStrategyResult = SetCollectionStrategySuccess {
        /// The strategy, as it is now.
        strategy: CollectionStrategy,
    }
}

/// Mutations of strategies.
#[derive(Default)]
pub struct StrategyMutation;

#[Object]
impl StrategyMutation {
    /// Creates a strategy, or gives it a new version. Scope: admin.
    async fn set_collection_strategy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to set.")] input: SetCollectionStrategyInput,
    ) -> Result<Option<SetCollectionStrategyResult>, Fault> {
        let call = Call::begin(ctx, "setCollectionStrategy", Scope::Admin, Reach::Tenant).await?;
        let command = SetCollectionStrategy {
            code: input.code,
            name: input.name,
            automatic: input.automatic,
            retired: input.retired,
            steps: input.steps.into_iter().map(CollectionStepInput::told).collect(),
        };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => SetCollectionStrategyResult::Refused(refusal),
            Reply::Done(done) => SetCollectionStrategyResult::Done(SetCollectionStrategySuccess {
                strategy: CollectionStrategy((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

/// A claim to begin a journey.
#[derive(InputObject)]
pub struct StartJourneyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
    /// Through which strategy, by its code.
    strategy: String,
}

impl StartJourneyInput {
    fn command(self) -> Result<StartJourney, Refused> {
        Ok(StartJourney { claim: self.claim_reference, strategy: self.strategy })
    }
}

/// A claim whose journey is to halt.
#[derive(InputObject)]
pub struct PauseJourneyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
}

impl PauseJourneyInput {
    fn command(self) -> Result<PauseJourney, Refused> {
        Ok(PauseJourney { claim: self.claim_reference })
    }
}

/// A claim whose journey is to go on.
#[derive(InputObject)]
pub struct ResumeJourneyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
}

impl ResumeJourneyInput {
    fn command(self) -> Result<ResumeJourney, Refused> {
        Ok(ResumeJourney { claim: self.claim_reference })
    }
}

/// A claim whose journey is to end for good.
#[derive(InputObject)]
pub struct StopJourneyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
    /// Why.
    reason: ClaimResolutionReason,
    /// The same, in your words.
    description: Option<String>,
}

impl StopJourneyInput {
    fn command(self) -> Result<StopJourney, Refused> {
        Ok(StopJourney { claim: self.claim_reference, reason: self.reason, description: said(self.description) })
    }
}

mutations! {
    #[doc = "Lets an active claim begin a journey; one a life, which begins anew when the claim is recreated. Scope: admin."]
    #[doc = "Lets many claims begin journeys. Scope: admin; large batches take the scope bulk."]
    #[doc = "A claim has begun a journey."]
    StartJourneys: start_journey = "startJourney", start_journey_batch = "startJourneyBatch", StartJourneyInput;
    StartJourneyResult = StartJourneySuccess { claim: Claim = "The claim, as it is now." };
    StartJourneyBatchInput; StartJourneyBatchItem, StartJourneyBatchSuccess, StartJourneyBatchResult;

    #[doc = "Halts the journey of an active claim: it remembers where it stands, and the days that were left. Scope: admin."]
    #[doc = "Halts the journeys of many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A journey is paused."]
    PauseJourneys: pause_journey = "pauseJourney", pause_journey_batch = "pauseJourneyBatch", PauseJourneyInput;
    PauseJourneyResult = PauseJourneySuccess { claim: Claim = "The claim, as it is now." };
    PauseJourneyBatchInput; PauseJourneyBatchItem, PauseJourneyBatchSuccess, PauseJourneyBatchResult;

    #[doc = "Lets a paused journey go on where it stood; one that is not paused is refused (`JOURNEY_NOT_PAUSED`). Scope: admin."]
    #[doc = "Lets many paused journeys go on. Scope: admin; large batches take the scope bulk."]
    #[doc = "A journey goes on."]
    ResumeJourneys: resume_journey = "resumeJourney", resume_journey_batch = "resumeJourneyBatch", ResumeJourneyInput;
    ResumeJourneyResult = ResumeJourneySuccess { claim: Claim = "The claim, as it is now." };
    ResumeJourneyBatchInput; ResumeJourneyBatchItem, ResumeJourneyBatchSuccess, ResumeJourneyBatchResult;

    #[doc = "Stops the journey of an active claim for good. The claim is not resolved by it. Scope: admin."]
    #[doc = "Stops the journeys of many claims for good. Scope: admin; large batches take the scope bulk."]
    #[doc = "A journey is stopped."]
    StopJourneys: stop_journey = "stopJourney", stop_journey_batch = "stopJourneyBatch", StopJourneyInput;
    StopJourneyResult = StopJourneySuccess { claim: Claim = "The claim, as it is now." };
    StopJourneyBatchInput; StopJourneyBatchItem, StopJourneyBatchSuccess, StopJourneyBatchResult;
}

/// Mutations of strategies and journeys.
#[derive(Default, MergedObject)]
pub struct JourneyMutation(StrategyMutation, StartJourneys, PauseJourneys, ResumeJourneys, StopJourneys);
