//! `MerchantContract`, `MerchantPayment`, `MerchantTransaction`.

use async_graphql::{Context, ID, Object};

use crate::access::Scope;
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{MerchantCycle, MerchantPaymentState, MerchantTransactionKind};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::parties::{self, Party};
use crate::api::scalars::{CurrencyCode, Date, DateTime, Decimal};
use crate::events::history::HistoryOf;
use crate::merchants::{self as domain, ContractFilter, PaymentFilter, TransactionFilter, store};
use crate::primitives::{MerchantContractId, MerchantPaymentId, PartyId};

/// A contract in the API.
#[derive(Clone, Debug)]
pub struct MerchantContract(pub(super) domain::MerchantContract);

impl Listed for MerchantContract {
    const LIST: &'static str = "MerchantContract";
}

/// A payment in the API.
#[derive(Clone, Debug)]
pub struct MerchantPayment(pub(super) domain::MerchantPayment);

impl Listed for MerchantPayment {
    const LIST: &'static str = "MerchantPayment";
}

/// A transaction in the API.
#[derive(Clone, Debug)]
pub struct MerchantTransaction(domain::MerchantTransaction);

impl Listed for MerchantTransaction {
    const LIST: &'static str = "MerchantTransaction";
}

async fn party(ctx: &Context<'_>, id: PartyId) -> Result<Party, Fault> {
    let found = parties::by_id(caller(ctx)?, id).await?;
    found.ok_or_else(|| Fault::internal(&"a merchant that is no party"))
}

/// That a party is paid what is bought from it with cards, less what is kept.
#[Object]
impl MerchantContract {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Who is paid.
    async fn party(&self, ctx: &Context<'_>) -> Result<Party, Fault> {
        party(ctx, self.0.party).await
    }

    /// What acquirers call the merchant.
    async fn merchant_id(&self) -> &str {
        &self.0.merchant
    }

    /// What people call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The currency of what is paid by it.
    async fn currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.currency)
    }

    /// What is kept of a purchase, in percent of it.
    async fn fee_pct(&self) -> Decimal {
        Decimal(self.0.fee_pct)
    }

    /// What is kept of a purchase besides.
    async fn fee_fixed(&self) -> Money {
        Money::of(self.0.fee_fixed, self.0.currency)
    }

    /// How often it is paid.
    async fn cycle(&self) -> MerchantCycle {
        self.0.cycle
    }

    /// The day at whose end it is paid next, by its cycle.
    async fn next_on(&self) -> Option<Date> {
        self.0.next_on.map(Date)
    }

    /// The number of the bank account that it is paid on: an IBAN in electronic form, or a domestic one.
    async fn bank_account(&self) -> String {
        self.0.bank_account.to_counterparty().account.unwrap_or_default()
    }

    /// What was cleared and is not paid yet; null where nothing was.
    async fn open_payment(&self, ctx: &Context<'_>) -> Result<Option<MerchantPayment>, Fault> {
        match self.0.open {
            None => Ok(None),
            Some(payment) => payment_by_id(caller(ctx)?, payment).await,
        }
    }

    /// The payments by it, newest first. Scope: read.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<MerchantPayment>, Fault> {
        let filter = PaymentFilter { contract: Some(self.0.id), ..PaymentFilter::default() };
        payments(allowed(ctx, Scope::Read)?, &filter, &PageArgs::forward(first, after)).await
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The business date on which it was ended.
    async fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// What a merchant is paid at once, or, while it is OPEN, is to be.
#[Object]
impl MerchantPayment {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// By which contract.
    async fn contract(&self, ctx: &Context<'_>) -> Result<MerchantContract, Fault> {
        let found = contract_by_id(caller(ctx)?, self.0.contract).await?;
        found.ok_or_else(|| Fault::internal(&"a payment to a merchant without its contract"))
    }

    /// To whom.
    async fn party(&self, ctx: &Context<'_>) -> Result<Party, Fault> {
        party(ctx, self.0.party).await
    }

    /// Where it is.
    async fn state(&self) -> MerchantPaymentState {
        self.0.state
    }

    /// The amounts of its transactions.
    async fn gross(&self) -> Money {
        Money::of(self.0.gross, self.0.currency)
    }

    /// What is kept of them.
    async fn fee(&self) -> Money {
        Money::of(self.0.fee, self.0.currency)
    }

    /// What is paid; below zero while more was given back than bought, and then it waits.
    async fn net(&self) -> Money {
        Money::of(self.0.net(), self.0.currency)
    }

    /// How many transactions it is made of.
    async fn transaction_count(&self) -> i32 {
        self.0.transactions
    }

    /// The business date of the first of them.
    async fn from(&self) -> Date {
        Date(self.0.from)
    }

    /// The business date of the last of them.
    async fn through(&self) -> Date {
        Date(self.0.through)
    }

    /// What it was paid with.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.entry {
            None => Ok(None),
            Some(entry) => books::by_id(caller(ctx)?, entry).await,
        }
    }

    /// The business date on which it was paid.
    async fn paid_on(&self) -> Option<Date> {
        self.0.paid_on.map(Date)
    }

    /// What it is made of, newest first. Scope: read.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<MerchantTransaction>, Fault> {
        let filter = TransactionFilter { payment: Some(self.0.id), ..TransactionFilter::default() };
        transactions(allowed(ctx, Scope::Read)?, &filter, &PageArgs::forward(first, after)).await
    }

    /// Every command that touched it, newest first. Scope: read.
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of it.")] filter: Option<HistoryFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<HistoryItem>, Fault> {
        history::of_traces(ctx, &HistoryOf::Thing(self.0.id.to_string()), filter, first, after).await
    }
}

/// What was bought from a merchant with a card, given back by it, or reversed.
#[Object]
impl MerchantTransaction {
    /// What it is.
    async fn kind(&self) -> MerchantTransactionKind {
        self.0.kind
    }

    /// How much: below zero where it was given back.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// What is kept of it: below zero where it goes back to the merchant.
    async fn fee(&self) -> Money {
        Money::of(self.0.fee, self.0.currency)
    }

    /// What the merchant has of it.
    async fn net(&self) -> Money {
        Money::of(crate::primitives::Minor(self.0.amount.0 - self.0.fee.0), self.0.currency)
    }

    /// The business date on which it was cleared.
    async fn booked_on(&self) -> Date {
        Date(self.0.booked_on)
    }

    /// The payment that it is a part of.
    async fn payment(&self, ctx: &Context<'_>) -> Result<MerchantPayment, Fault> {
        let found = payment_by_id(caller(ctx)?, self.0.payment).await?;
        found.ok_or_else(|| Fault::internal(&"a merchant's transaction without its payment"))
    }

    /// What it was booked with: its `pointOfSale` tells terminal, card and approval.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        books::by_id(caller(ctx)?, self.0.entry()).await
    }
}

/// A contract by its id, for a token that is not bound to a customer.
///
/// # Errors
/// The database's.
pub async fn contract_by_id(caller: &Caller, id: MerchantContractId) -> Result<Option<MerchantContract>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<domain::MerchantContract>(id).await?.map(MerchantContract))
}

/// A payment by its id, for a token that is not bound to a customer.
///
/// # Errors
/// The database's.
pub async fn payment_by_id(caller: &Caller, id: MerchantPaymentId) -> Result<Option<MerchantPayment>, Fault> {
    if caller.customer().is_some() {
        return Ok(None);
    }
    Ok(caller.loaders.row::<domain::MerchantPayment>(id).await?.map(MerchantPayment))
}

/// Contracts, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn contracts(
    caller: &Caller,
    filter: &ContractFilter,
    args: &PageArgs,
) -> Result<Connection<MerchantContract>, Fault> {
    let window = Window::<Ordinal<domain::MerchantContract>>::new(args)?;
    let rows = store::contracts(caller.db(), caller.tenant(), filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), MerchantContract))
}

/// Payments, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn payments(
    caller: &Caller,
    filter: &PaymentFilter,
    args: &PageArgs,
) -> Result<Connection<MerchantPayment>, Fault> {
    let window = Window::<Ordinal<domain::MerchantPayment>>::new(args)?;
    let rows = store::payments(caller.db(), caller.tenant(), filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), MerchantPayment))
}

/// Transactions, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn transactions(
    caller: &Caller,
    filter: &TransactionFilter,
    args: &PageArgs,
) -> Result<Connection<MerchantTransaction>, Fault> {
    let window = Window::<Ordinal<domain::MerchantTransaction>>::new(args)?;
    let rows = store::transactions(caller.db(), caller.tenant(), filter, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), MerchantTransaction))
}
