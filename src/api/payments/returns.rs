//! `returnDisbursement` and `postDeduction`.

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput, named};
use crate::api::inputs::AccountBy;
use crate::api::outputs;
use crate::api::payments::movements::{PostDeductionResult, details};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::payments::{EntryBy, PostDeduction, ReturnDisbursement};
use crate::refused::{Refused, said};

/// A disbursement that came back.
#[derive(InputObject)]
pub struct ReturnDisbursementInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which disbursement, by its entry's id. Exactly one of this and `original`.
    disbursement: Option<ID>,
    /// Which disbursement, by your own name for it: reference, date and poster as it was posted under.
    original: Option<ExternalReferenceInput>,
    /// When it counts: not before the disbursement. The later of its day and the business date when absent.
    value_date: Option<Date>,
    /// Why it came back, as the bank tells it.
    reason: String,
    /// For people.
    description: Option<String>,
}

/// What you keep of an account's money.
#[derive(InputObject)]
pub struct PostDeductionInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// From which account.
    account: AccountBy,
    /// How much; positive.
    amount: MoneyInput,
    /// Why.
    reason: String,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

outcomes! {
    /// A disbursement came back.
    ReturnDisbursementResult = ReturnDisbursementSuccess {
        /// The new entry.
        entry: Entry,
        /// The disbursement.
        returned: Entry,
    }
}

/// Mutations of what comes back and of what is kept.
#[derive(Default)]
pub struct ReturnMutation;

#[Object]
impl ReturnMutation {
    /// Books that a disbursement came back, whole: the account has it again, whatever is blocked. Scope: money.
    async fn return_disbursement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came back.")] input: ReturnDisbursementInput,
    ) -> Result<Option<ReturnDisbursementResult>, Fault> {
        let call = Call::begin(ctx, "returnDisbursement", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => ReturnDisbursementResult::Refused(refusal),
            Reply::Done(done) => {
                let (entry, returned) = outputs::reversal(ctx, done.value).await?;
                ReturnDisbursementResult::Done(ReturnDisbursementSuccess {
                    entry,
                    returned,
                    receipt: done.receipt.into(),
                })
            }
        }))
    }

    /// Takes from an account what you keep of its money: from its funds or credit, against `SETTLEMENT_INTERNAL`. Scope:
    /// admin.
    async fn post_deduction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to take.")] input: PostDeductionInput,
    ) -> Result<Option<PostDeductionResult>, Fault> {
        let call = Call::begin(ctx, "postDeduction", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }
}

impl ReturnDisbursementInput {
    fn command(self) -> Result<ReturnDisbursement, Refused> {
        let disbursement = match (self.disbursement, self.original) {
            (Some(id), None) => EntryBy::Id(named("disbursement", "disbursement", id.parse().ok())?),
            (None, Some(external)) => EntryBy::External(external.into()),
            _ => return Err(Refused::invalid("disbursement", "exactly one of disbursement and original")),
        };
        Ok(ReturnDisbursement {
            disbursement,
            value_date: self.value_date.map(|date| date.0),
            reason: self.reason,
            description: said(self.description),
        })
    }
}

impl PostDeductionInput {
    fn command(self) -> Result<PostDeduction, Refused> {
        Ok(PostDeduction {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            reason: self.reason,
            details: details(
                self.value_date,
                self.reference,
                self.description,
                self.external_reference,
                self.metadata,
            )?,
        })
    }
}
