//! Payments that are spread over what is open on receivables.

use async_graphql::{Context, ID, InputObject, MergedObject, Object};

use super::mutations::mutations;
use super::types::{Receivable, ReceivableEntry, receivable_by_id};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{allowed, caller};
use crate::api::enums::MatchStrategy;
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, metadata};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{DateTime, Json};
use crate::collections::matching::store;
use crate::collections::{self as domain, MatchPayment, MatchTerms, MatchUnallocated};
use crate::primitives::ReceivableId;
use crate::refused::{Refused, said};

/// A payment that was spread over what is open on a receivable, or what waited there and was spread later.
#[derive(Clone, Debug)]
pub struct PaymentMatch(domain::PaymentMatch);

impl Listed for PaymentMatch {
    const LIST: &'static str = "PaymentMatch";
}

/// A payment that was spread over what is open on a receivable, or what waited there and was spread later.
#[Object]
impl PaymentMatch {
    /// On which receivable.
    async fn receivable(&self, ctx: &Context<'_>) -> Result<Option<Receivable>, Fault> {
        receivable_by_id(caller(ctx)?, self.0.receivable).await
    }

    /// All of it.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What of it went to what was open.
    async fn matched(&self) -> Money {
        Money::of(self.0.matched, self.0.currency)
    }

    /// What was left, and waited on the account.
    async fn unallocated(&self) -> Money {
        let left = self.0.amount.0 - self.0.matched.0;
        Money::of(crate::primitives::Minor(left), self.0.currency)
    }

    /// In which order what was open was served.
    async fn match_strategy(&self) -> MatchStrategy {
        self.0.strategy
    }

    /// Who brought it; nobody brings what had waited.
    async fn provider_name(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// What the provider calls it.
    async fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// What it carried.
    async fn payment_reference(&self) -> Option<&str> {
        self.0.payment_reference.as_deref()
    }

    /// What was booked, in the order in which it was served: a payment for each part, and one without a target for what waits.
    async fn ledger_entries(&self, ctx: &Context<'_>) -> Result<Vec<ReceivableEntry>, Fault> {
        let caller = caller(ctx)?;
        let mut entries = Vec::with_capacity(self.0.entries.len());
        for entry in &self.0.entries {
            entries.extend(caller.loaders.row::<domain::ReceivableEntry>(*entry).await?.map(ReceivableEntry));
        }
        Ok(entries)
    }

    /// What you keep with it, and with its entries.
    async fn metadata(&self) -> Json {
        Json::stored(&self.0.metadata)
    }

    /// When it was matched.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Opaque, and unique: what the log calls it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }
}

/// What was matched on a receivable.
pub struct Matches(pub(super) ReceivableId);

/// What was matched on a receivable.
#[Object]
impl Matches {
    /// The payments that were matched with what is open on it, the newest first. Scope: read.
    async fn payment_matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<PaymentMatch>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let window = Window::<Ordinal<domain::PaymentMatch>>::new(&PageArgs::forward(first, after))?;
        let rows = store::list(caller.db(), caller.tenant(), self.0, window.page(Ordinal::place)).await?;
        Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), PaymentMatch))
    }
}

/// What a payment is about.
#[derive(Debug, Default, InputObject)]
pub struct MatchContextInput {
    /// Only what is of this product, as the creditor calls it; what is more than that waits on the account.
    product_reference: Option<String>,
    /// For CUSTOM_ORDERED_FEES, and required there: the types of fees that come first, in this order; at most 50. The other
    /// strategies take no notice of it.
    #[graphql(default)]
    fee_order: Vec<String>,
}

impl MatchContextInput {
    fn told(context: Option<Self>, strategy: MatchStrategy) -> MatchTerms {
        let context = context.unwrap_or_default();
        MatchTerms { strategy, product_reference: said(context.product_reference), fee_order: context.fee_order }
    }
}

/// A payment to spread over what is open on a receivable.
#[derive(InputObject)]
pub struct MatchPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which receivable.
    account_reference: String,
    /// All of it, in the receivable's currency. What is more than is open waits on the account.
    amount: MoneyInput,
    /// In which order what is open is served.
    match_strategy: MatchStrategy,
    /// Who brought it.
    provider_name: Option<String>,
    /// What the provider calls it: the same of the same provider once more is refused (`DUPLICATE_REFERENCE`).
    tracking_id: Option<String>,
    /// What it carried.
    payment_reference: Option<String>,
    /// A JSON object of your own, kept with each entry that is booked.
    metadata: Option<Json>,
    /// What it is about.
    context: Option<MatchContextInput>,
}

impl MatchPaymentInput {
    fn command(self) -> Result<MatchPayment, Refused> {
        Ok(MatchPayment {
            account: self.account_reference,
            amount: self.amount.into(),
            terms: MatchContextInput::told(self.context, self.match_strategy),
            provider: said(self.provider_name),
            tracking_id: said(self.tracking_id),
            payment_reference: said(self.payment_reference),
            metadata: metadata(self.metadata)?,
        })
    }
}

/// A receivable on which something waits.
#[derive(InputObject)]
pub struct MatchUnallocatedInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which receivable.
    account_reference: String,
    /// In which order what is open is served.
    match_strategy: MatchStrategy,
    /// What it is about.
    context: Option<MatchContextInput>,
}

impl MatchUnallocatedInput {
    fn command(self) -> Result<MatchUnallocated, Refused> {
        Ok(MatchUnallocated {
            account: self.account_reference,
            terms: MatchContextInput::told(self.context, self.match_strategy),
        })
    }
}

mutations! {
    #[doc = "Spreads a payment over what is open on a receivable: a payment entry for each part, and each claim is told of once. Scope: admin."]
    #[doc = "Spreads many payments, in the order in which they are given. Scope: admin; large batches take the scope bulk."]
    #[doc = "A payment is spread over what was open."]
    MatchPayments: match_payment = "matchPayment", match_payment_batch = "matchPaymentBatch", MatchPaymentInput;
    MatchPaymentResult = MatchPaymentSuccess { payment_match: PaymentMatch = "What became of it." };
    MatchPaymentBatchInput; MatchPaymentBatchItem, MatchPaymentBatchSuccess, MatchPaymentBatchResult;

    #[doc = "Spreads what waits on a receivable, the first that came first, over what is open there: no money moves by it. Scope: admin."]
    #[doc = "Does so on many receivables. Scope: admin; large batches take the scope bulk."]
    #[doc = "What waited is spread over what was open."]
    MatchUnallocateds: match_unallocated = "matchUnallocated", match_unallocated_batch = "matchUnallocatedBatch", MatchUnallocatedInput;
    MatchUnallocatedResult = MatchUnallocatedSuccess { payment_match: PaymentMatch = "What became of it." };
    MatchUnallocatedBatchInput; MatchUnallocatedBatchItem, MatchUnallocatedBatchSuccess, MatchUnallocatedBatchResult;
}

/// Mutations that match payments.
#[derive(Default, MergedObject)]
pub struct MatchMutation(MatchPayments, MatchUnallocateds);
