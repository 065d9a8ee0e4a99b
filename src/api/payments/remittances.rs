//! `remitToParty`.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::BankAccountClass;
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput, named};
use crate::api::parties::PartyBy;
use crate::api::payments::movements::details;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::payments::{BankAccountInput, RemitToParty};
use crate::refused::{Refused, said};

/// What is held for a party and is to be paid out to it.
#[derive(InputObject)]
pub struct RemitToPartyInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which party.
    party: PartyBy,
    /// How much of what is held for it, the commission included.
    amount: MoneyInput,
    /// What of that you keep for collecting it, in the same currency; nothing when absent.
    commission: Option<MoneyInput>,
    /// The receiving bank account, international.
    iban: Option<String>,
    /// The receiving bank account, domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// What the receiver is told.
    message_to_receiver: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

outcomes! {
    /// A remittance was booked.
    RemitToPartyResult = RemitToPartySuccess {
        /// The entry.
        entry: Entry,
    }
}

/// Mutations of what is held for parties.
#[derive(Default)]
pub struct RemittanceMutation;

#[Object]
impl RemittanceMutation {
    /// Pays out to a party what was collected for it, less your commission. Scope: money.
    async fn remit_to_party(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to remit.")] input: RemitToPartyInput,
    ) -> Result<Option<RemitToPartyResult>, Fault> {
        let call = Call::begin(ctx, "remitToParty", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => RemitToPartyResult::Refused(refusal),
            Reply::Done(done) => RemitToPartyResult::Done(RemitToPartySuccess {
                entry: Entry::new(done.value),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl RemitToPartyInput {
    fn command(self) -> Result<RemitToParty, Refused> {
        let bank_account =
            BankAccountInput { iban: self.iban, number: self.bank_account_number, class: self.bank_account_class };
        Ok(RemitToParty {
            party: named("party", "party", self.party.to_domain())?,
            amount: self.amount.into(),
            commission: self.commission.map(Into::into),
            bank_account: bank_account.checked()?,
            message_to_receiver: said(self.message_to_receiver),
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
