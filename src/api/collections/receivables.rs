//! `createReceivable`, `createReceivableBatch`.

use async_graphql::{Context, InputObject, Object};

use super::inputs::{DebtorInput, ReceivableEntryInput, ReceivableProductInput, ScoreInput, scores};
use super::types::Receivable;
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::metadata;
use crate::api::refusal::outcomes;
use crate::api::scalars::{CurrencyCode, Json};
use crate::collections::receivables::{CreateReceivable, NewReceivable};
use crate::refused::Refused;

/// A receivable to create.
#[derive(InputObject)]
pub struct CreateReceivableInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What the creditor calls it; unique in the tenant.
    account_reference: String,
    /// Of all that is owed on it.
    currency: CurrencyCode,
    /// Whom its debt is owed to: the external reference of a party, which is created where there is none. You, when absent.
    creditor_reference: Option<String>,
    /// What payments to it carry, as the creditor has told debtors.
    payment_reference: Option<String>,
    /// What it is grouped by in reports.
    portfolio_reference: Option<String>,
    /// What is thought of its debtor: one of each type at most.
    #[graphql(default)]
    scores: Vec<ScoreInput>,
    /// Who owes on it; at most 100. The first owns its account in the books for good. Nothing is owed on it before there is one.
    #[graphql(default)]
    debtors: Vec<DebtorInput>,
    /// What was bought by those who owe on it; at most 100.
    #[graphql(default)]
    products: Vec<ReceivableProductInput>,
    /// What is booked on it to begin with, in this order. Invoices open managed claims.
    #[graphql(default)]
    ledger_entries: Vec<ReceivableEntryInput>,
    /// A JSON object of your own; claims that are created on it have it as well.
    metadata: Option<Json>,
}

outcomes! {
    /// A receivable was created.
    CreateReceivableResult = CreateReceivableSuccess {
        /// The receivable.
        receivable: Receivable,
    }
}

batches! {
    /// Receivables to create.
    CreateReceivableBatchInput of CreateReceivableInput;
    CreateReceivableBatchItem, CreateReceivableBatchSuccess, CreateReceivableBatchResult of CreateReceivableResult;
}

/// Mutations of receivables.
#[derive(Default)]
pub struct ReceivableMutation;

#[Object]
impl ReceivableMutation {
    /// Creates a receivable: a creditor's account of a debtor. Scope: admin.
    async fn create_receivable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateReceivableInput,
    ) -> Result<Option<CreateReceivableResult>, Fault> {
        let call = Call::begin(ctx, "createReceivable", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => CreateReceivableResult::Refused(refusal),
            Reply::Done(done) => CreateReceivableResult::Done(CreateReceivableSuccess {
                receivable: Receivable((*done.value).clone()),
                receipt: done.receipt.into(),
            }),
        }))
    }

    /// Creates many receivables. Scope: admin; large batches take the scope bulk.
    async fn create_receivable_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to create.")] input: CreateReceivableBatchInput,
    ) -> Result<Option<CreateReceivableBatchResult>, Fault> {
        let call = Call::begin(ctx, "createReceivableBatch", Scope::Admin, Reach::Tenant).await?;
        CreateReceivableBatchInput::run(&call, input, CreateReceivableInput::command, |done| {
            let receivable = Receivable((*done.value).clone());
            CreateReceivableResult::Done(CreateReceivableSuccess { receivable, receipt: done.receipt.into() })
        })
        .await
    }
}

impl CreateReceivableInput {
    fn command(self) -> Result<CreateReceivable, Refused> {
        let debtors = self.debtors.into_iter().enumerate();
        Ok(CreateReceivable {
            receivable: NewReceivable {
                reference: self.account_reference,
                currency: self.currency.0,
                creditor_reference: self.creditor_reference,
                payment_reference: self.payment_reference,
                portfolio_reference: self.portfolio_reference,
                scores: scores("scores", self.scores)?,
                products: self.products.into_iter().map(ReceivableProductInput::told).collect::<Result<_, _>>()?,
                metadata: metadata(self.metadata)?,
            },
            entries: self.ledger_entries.into_iter().map(ReceivableEntryInput::told).collect::<Result<_, _>>()?,
            debtors: debtors
                .map(|(place, debtor)| debtor.told(&format!("debtors.{place}")))
                .collect::<Result<_, _>>()?,
        })
    }
}
