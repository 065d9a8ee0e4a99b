//! `loadAccount` and `unloadAccount`: money onto prepaid accounts and off them.

use async_graphql::{Context, InputObject, Object};

use crate::access::Scope;
use crate::api::accounts::Account;
use crate::api::books::{self, Entry};
use crate::api::call::{Call, Reach, Reply};
use crate::api::cards::point_of_sale::PointOfSaleInput;
use crate::api::context::caller;
use crate::api::enums::PaymentChannel;
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput, named};
use crate::api::inputs::AccountBy;
use crate::api::outputs;
use crate::api::payments::movements::details;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Json};
use crate::ledger;
use crate::payments::loads::fee_of;
use crate::payments::{Details, LoadAccount, Prepaid, UnloadAccount};
use crate::refused::Refused;

/// Money to put on a prepaid account.
#[derive(InputObject)]
pub struct LoadAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// How much. A fee is taken from the account besides.
    amount: MoneyInput,
    /// The rail that it came on; none when absent.
    #[graphql(default_with = "PaymentChannel::Internal")]
    channel: PaymentChannel,
    /// Where it was done, where that was at a terminal.
    point_of_sale: Option<PointOfSaleInput>,
    /// When it was ordered, where that is another day.
    transaction_date: Option<Date>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// Money to take off a prepaid account.
#[derive(InputObject)]
pub struct UnloadAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// How much. A fee is taken from the account besides.
    amount: MoneyInput,
    /// The rail that it goes by; none when absent.
    #[graphql(default_with = "PaymentChannel::Internal")]
    channel: PaymentChannel,
    /// Where it was done, where that was at a terminal.
    point_of_sale: Option<PointOfSaleInput>,
    /// When it was ordered, where that is another day.
    transaction_date: Option<Date>,
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
    /// A prepaid account was loaded.
    LoadAccountResult = LoadAccountSuccess {
        /// The entry.
        entry: Entry,
        /// What was charged for it, in an entry of its own; null where nothing was.
        fee: Option<Entry>,
        /// The account, as it is now.
        account: Account,
    }

    /// A prepaid account was unloaded.
    UnloadAccountResult = UnloadAccountSuccess {
        /// The entry.
        entry: Entry,
        /// What was charged for it, in an entry of its own; null where nothing was.
        fee: Option<Entry>,
        /// The account, as it is now.
        account: Account,
    }
}

/// Mutations of prepaid accounts.
#[derive(Default)]
pub struct LoadMutation;

#[Object]
impl LoadMutation {
    /// Puts money on a prepaid account, within what its product allows; the fee that the product charges is an entry of its
    /// own, in the same decision. Scope: money.
    async fn load_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to load.")] input: LoadAccountInput,
    ) -> Result<Option<LoadAccountResult>, Fault> {
        let call = Call::begin(ctx, "loadAccount", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => LoadAccountResult::Refused(refusal),
            Reply::Done(done) => {
                let (fee, account) = booked(ctx, &done.value).await?;
                let entry = Entry::new(done.value);
                LoadAccountResult::Done(LoadAccountSuccess { entry, fee, account, receipt: done.receipt.into() })
            }
        }))
    }

    /// Takes money off a prepaid account, within what its product allows; the fee that the product charges is an entry of
    /// its own, in the same decision. Scope: money.
    async fn unload_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to unload.")] input: UnloadAccountInput,
    ) -> Result<Option<UnloadAccountResult>, Fault> {
        let call = Call::begin(ctx, "unloadAccount", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => UnloadAccountResult::Refused(refusal),
            Reply::Done(done) => {
                let (fee, account) = booked(ctx, &done.value).await?;
                let entry = Entry::new(done.value);
                UnloadAccountResult::Done(UnloadAccountSuccess { entry, fee, account, receipt: done.receipt.into() })
            }
        }))
    }
}

/// The fee of what was booked, and the account.
async fn booked(ctx: &Context<'_>, entry: &ledger::Entry) -> Result<(Option<Entry>, Account), Fault> {
    let fee = books::by_id(caller(ctx)?, fee_of(entry.id)).await?;
    Ok((fee, outputs::account_of(ctx, entry).await?))
}

impl LoadAccountInput {
    fn command(self) -> Result<LoadAccount, Refused> {
        let details = details(None, self.reference, self.description, self.external_reference, self.metadata)?;
        Ok(LoadAccount(Prepaid {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            channel: self.channel,
            at: self.point_of_sale.map(|at| PointOfSaleInput::to_domain(Some(at))),
            details: Details { transaction_date: self.transaction_date.map(|date| date.0), ..details },
        }))
    }
}

impl UnloadAccountInput {
    fn command(self) -> Result<UnloadAccount, Refused> {
        let details = details(None, self.reference, self.description, self.external_reference, self.metadata)?;
        Ok(UnloadAccount(Prepaid {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            channel: self.channel,
            at: self.point_of_sale.map(|at| PointOfSaleInput::to_domain(Some(at))),
            details: Details { transaction_date: self.transaction_date.map(|date| date.0), ..details },
        }))
    }
}
