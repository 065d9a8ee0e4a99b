//! Promises to pay in the API.

use async_graphql::{Context, ID, InputObject, MergedObject, Object};

use super::mutations::mutations;
use super::types::{Claim, claim_by_id};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{allowed, caller};
use crate::api::enums::PromiseStatus;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, named};

use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime};
use crate::collections::promises::store;
use crate::collections::{self as domain, CancelPromise, CreatePromise};
use crate::refused::{Refused, said};

/// A promise to pay some of a claim by a day.
#[derive(Clone, Debug)]
pub struct PromiseToPay(domain::PromiseToPay);

impl Listed for PromiseToPay {
    const LIST: &'static str = "PromiseToPay";
}

/// A promise to pay some of a claim by a day. Several of a claim are instalments: what is paid goes to the one that is due first.
#[Object]
impl PromiseToPay {
    /// Opaque, and unique: what it is cancelled by.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Of which claim.
    async fn claim(&self, ctx: &Context<'_>) -> Result<Option<Claim>, Fault> {
        claim_by_id(caller(ctx)?, self.0.claim).await
    }

    /// How much is promised.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What of it was paid since, by its day.
    async fn paid(&self) -> Money {
        Money::of(self.0.paid, self.0.currency)
    }

    /// By which business day, that day included.
    async fn due_date(&self) -> Date {
        Date(self.0.due_date)
    }

    /// What became of it: judged at the end of each business day.
    async fn status(&self) -> PromiseStatus {
        self.0.status
    }

    /// Why it was cancelled, as a word: of whoever did, `REPLACED` by a later promise on the claim's page, or `CLAIM_ENDED`.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Whether the debtor said so on the claim's page.
    async fn by_debtor(&self) -> bool {
        self.0.by_debtor
    }

    /// The business day at the end of which it was judged last; none while it is open.
    async fn judged_on(&self) -> Option<Date> {
        self.0.judged_on.map(Date)
    }

    /// When it was given.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// What is promised about a claim.
pub struct Promises(pub(super) domain::Claim);

/// What is promised about a claim.
#[Object]
impl Promises {
    /// The promises to pay it, in its present life, in the order in which they were given; none for the customer's own token.
    /// Scope: read.
    async fn promises(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PromiseToPay>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::PromiseToPay>>::new(&PageArgs::forward(first, after))?;
        if caller.customer().is_some() {
            return Ok(Connection::empty());
        }
        let of = (self.0.id, self.0.begun);
        let rows = store::list(caller.db(), caller.tenant(), of, window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), PromiseToPay))
    }
}

/// A promise to take.
#[derive(InputObject)]
pub struct CreatePromiseToPayInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which active claim.
    claim_reference: String,
    /// How much, in the claim's currency: with what else is promised no more than is owed.
    amount: MoneyInput,
    /// By which business day, that day included: from today on, within a year.
    due_date: Date,
}

impl CreatePromiseToPayInput {
    fn command(self) -> Result<CreatePromise, Refused> {
        Ok(CreatePromise { claim: self.claim_reference, amount: self.amount.into(), due_date: self.due_date.0 })
    }
}

/// A promise to take back.
#[derive(InputObject)]
pub struct CancelPromiseToPayInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which.
    promise: ID,
    /// Why, as a word of your own.
    reason: Option<String>,
}

impl CancelPromiseToPayInput {
    fn command(self) -> Result<CancelPromise, Refused> {
        let promise = named("promise", "promise to pay", self.promise.parse().ok())?;
        Ok(CancelPromise { promise, reason: said(self.reason) })
    }
}

mutations! {
    #[doc = "Takes a promise to pay some of an active claim by a day. While it is open, the claim's journey does nothing. Scope: admin."]
    #[doc = "Takes many promises. Scope: admin; large batches take the scope bulk."]
    #[doc = "A promise is taken."]
    CreatePromises: create_promise_to_pay = "createPromiseToPay", create_promise_to_pay_batch = "createPromiseToPayBatch", CreatePromiseToPayInput;
    CreatePromiseToPayResult = CreatePromiseToPaySuccess { promise: PromiseToPay = "As it is now." };
    CreatePromiseToPayBatchInput; CreatePromiseToPayBatchItem, CreatePromiseToPayBatchSuccess, CreatePromiseToPayBatchResult;

    #[doc = "Takes an open promise back. Scope: admin."]
    #[doc = "Takes many open promises back. Scope: admin; large batches take the scope bulk."]
    #[doc = "A promise holds no longer."]
    CancelPromises: cancel_promise_to_pay = "cancelPromiseToPay", cancel_promise_to_pay_batch = "cancelPromiseToPayBatch", CancelPromiseToPayInput;
    CancelPromiseToPayResult = CancelPromiseToPaySuccess { promise: PromiseToPay = "As it is now." };
    CancelPromiseToPayBatchInput; CancelPromiseToPayBatchItem, CancelPromiseToPayBatchSuccess, CancelPromiseToPayBatchResult;
}

/// Mutations of promises.
#[derive(Default, MergedObject)]
pub struct PromiseMutation(CreatePromises, CancelPromises);
