//! `settleCardScheme`.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::SettlementDirection;
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput};
use crate::api::payments::movements::details;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::payments::SettleCardScheme;
use crate::refused::Refused;

/// What is settled with the card schemes.
#[derive(InputObject)]
pub struct SettleCardSchemeInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// How much: at most what stands on `SCHEME_SETTLEMENT` in this currency and is owed this way.
    amount: MoneyInput,
    /// Which way.
    #[graphql(default_with = "SettlementDirection::Paid")]
    direction: SettlementDirection,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// The scheme's reference of the settlement; not unique.
    reference: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

outcomes! {
    /// A settlement with the card schemes was booked.
    SettleCardSchemeResult = SettleCardSchemeSuccess {
        /// The entry.
        entry: Entry,
    }
}

/// Mutations of what is settled with the card schemes.
#[derive(Default)]
pub struct SchemeMutation;

#[Object]
impl SchemeMutation {
    /// Pays the card schemes what was cleared, or books what they have paid; never more than is owed. Scope: money.
    async fn settle_card_scheme(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to settle.")] input: SettleCardSchemeInput,
    ) -> Result<Option<SettleCardSchemeResult>, Fault> {
        let call = Call::begin(ctx, "settleCardScheme", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => SettleCardSchemeResult::Refused(refusal),
            Reply::Done(done) => SettleCardSchemeResult::Done(SettleCardSchemeSuccess {
                entry: Entry::new(done.value),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl SettleCardSchemeInput {
    fn command(self) -> Result<SettleCardScheme, Refused> {
        Ok(SettleCardScheme {
            amount: self.amount.into(),
            direction: self.direction,
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
