//! Credit transfers in the API.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::movements::details;
use crate::access::Scope;
use crate::api::accounts::{self, Account};
use crate::api::books::{self, Entry};
use crate::api::call::{Call, Reach, Reply, Right};
use crate::api::context::{Caller, allowed, caller};
use crate::api::enums::{BankAccountClass, CreditTransferAction, CreditTransferState, TransferOutcome};
use crate::api::fault::Fault;
use crate::api::history::{self, HistoryFilter, HistoryItem};
use crate::api::input::{ExternalReferenceInput, MoneyInput, named};
use crate::api::inputs::{AccountBy, filter_list, name};
use crate::api::money::Money;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime, Json};
use crate::events::history::HistoryOf;
use crate::ledger::facts::Personal;
use crate::payments::BankAccountInput;
use crate::payments::credit_transfers::{
    CancelCreditTransfer, CreateCreditTransfer, ReportCreditTransfer, model, store,
};
use crate::primitives::{CreditTransferId, EntryId};
use crate::refused::{Refused, said};

/// A credit transfer in the API.
#[derive(Clone, Debug)]
pub struct CreditTransfer(model::CreditTransfer);

impl Listed for CreditTransfer {
    const LIST: &'static str = "CreditTransfer";
}

impl CreditTransfer {
    /// What its entry has of who is paid; nothing once that is erased.
    async fn personal(&self, ctx: &Context<'_>) -> Result<Personal, Fault> {
        let Ok(entry) = self.0.entry.parse::<EntryId>() else { return Ok(Personal::default()) };
        let found = caller(ctx)?.loaders.entry(entry).await?;
        Ok(found.map(|entry| entry.personal()).unwrap_or_default())
    }
}

/// Something that can be done with a credit transfer.
#[derive(Clone, Debug, SimpleObject)]
pub struct CreditTransferPossible {
    /// Which.
    action: CreditTransferAction,
    /// Whether it can be done now, with this token.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

/// Where a credit transfer goes: an IBAN, or a domestic number with its class.
#[derive(Clone, Debug, SimpleObject)]
pub struct CreditTransferBeneficiary {
    /// Who is paid.
    name: Option<String>,
    /// International.
    iban: Option<String>,
    /// Domestic.
    bank_account_number: Option<String>,
    /// Of the domestic number.
    bank_account_class: Option<BankAccountClass>,
    /// The bank.
    bic: Option<String>,
    /// Whether it is a transfer by an IBAN, as SEPA's are.
    sepa: bool,
}

/// Money on its way from an account to a bank account.
#[Object]
impl CreditTransfer {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What the rail knows it by. Made here; unique in the tenant.
    async fn end_to_end_id(&self) -> &str {
        &self.0.end_to_end
    }

    /// Where it is in its life.
    async fn state(&self) -> CreditTransferState {
        self.0.state
    }

    /// What can be done with it now, by the token that asks, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<CreditTransferPossible>, Fault> {
        let caller = caller(ctx)?;
        let possible = |action: &CreditTransferAction| {
            let reach = if *action == CreditTransferAction::Cancel { Reach::Own } else { Reach::Tenant };
            let obstacle = || self.0.require(action.leads_to()).err().map(|refused| refused.message);
            let reason = Right(Scope::Money, reach).missing(caller).or_else(obstacle);
            CreditTransferPossible { action: *action, allowed: reason.is_none(), reason }
        };
        Ok(CreditTransferAction::ALL.iter().map(possible).collect())
    }

    /// How much is sent.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// From which account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        accounts::by_id(caller(ctx)?, self.0.account).await
    }

    /// Where it goes; null once that is erased.
    async fn beneficiary(&self, ctx: &Context<'_>) -> Result<Option<CreditTransferBeneficiary>, Fault> {
        let Some(to) = self.personal(ctx).await?.counterparty else { return Ok(None) };
        let class = to.account_class.as_deref().and_then(BankAccountClass::from_word);
        let (iban, bank_account_number) = if class.is_some() { (None, to.account) } else { (to.account, None) };
        let sepa = iban.is_some();
        let (name, bic) = (to.name, to.bank);
        Ok(Some(CreditTransferBeneficiary { name, iban, bank_account_number, bank_account_class: class, bic, sepa }))
    }

    /// What the receiver is told; null once that is erased.
    async fn remittance_info(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        Ok(self.personal(ctx).await?.message_to_receiver)
    }

    /// What debited the account.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.entry.parse() {
            Ok(entry) => books::by_id(caller(ctx)?, entry).await,
            Err(_) => Ok(None),
        }
    }

    /// What gave it the money again.
    async fn back(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        match self.0.back {
            None => Ok(None),
            Some(entry) => books::by_id(caller(ctx)?, entry).await,
        }
    }

    /// The day on which it is to be sent, as long as it is not.
    async fn send_on(&self) -> Date {
        Date(self.0.send_on)
    }

    /// The day on which it was sent.
    async fn sent_on(&self) -> Option<Date> {
        self.0.sent_on.map(Date)
    }

    /// The day on which it reached its receiver's bank.
    async fn settled_on(&self) -> Option<Date> {
        self.0.settled_on.map(Date)
    }

    /// The day on which it was cancelled, rejected or came back.
    async fn ended_on(&self) -> Option<Date> {
        self.0.ended_on.map(Date)
    }

    /// Why.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The business date on which it was made.
    async fn created_on(&self) -> Date {
        Date(self.0.created_on)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
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

/// A credit transfer by its id, if the token sees its account.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: CreditTransferId) -> Result<Option<CreditTransfer>, Fault> {
    let Some(transfer) = caller.loaders.row::<model::CreditTransfer>(id).await? else { return Ok(None) };
    Ok(accounts::by_id(caller, transfer.account).await?.map(|_| CreditTransfer(transfer)))
}

/// Credit transfers, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(
    caller: &Caller,
    filter: &store::CreditTransferFilter,
    args: &PageArgs,
) -> Result<Connection<CreditTransfer>, Fault> {
    let window = Window::<Ordinal<model::CreditTransfer>>::new(args)?;
    let rows = store::list(caller.db(), caller.tenant(), filter, window.page(Ordinal::place)).await?;
    caller.loaders.keep(&rows).await;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), CreditTransfer))
}

/// Which credit transfers to list.
#[derive(Debug, Default, InputObject)]
pub struct CreditTransferFilter {
    /// Only in these states; in all when absent.
    #[graphql(validator(max_items = 10))]
    states: Option<Vec<CreditTransferState>>,
}

impl CreditTransferFilter {
    /// The states that it asks for.
    ///
    /// # Errors
    /// `BAD_REQUEST` for an empty list.
    pub(crate) fn states(filter: Option<Self>) -> Result<Vec<CreditTransferState>, Fault> {
        Ok(filter_list("states", filter.unwrap_or_default().states)?.unwrap_or_default())
    }
}

/// Questions about credit transfers. Scope: read.
#[derive(Debug, Default)]
pub struct CreditTransferQuery;

/// Questions about credit transfers. Scope: read.
#[Object]
impl CreditTransferQuery {
    /// A credit transfer by what the rail knows it by.
    async fn credit_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the rail knows it by.")] end_to_end_id: String,
    ) -> Result<Option<CreditTransfer>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let Some(end_to_end) = name(&end_to_end_id) else { return Ok(None) };
        let found = store::by_end_to_end(caller.db(), caller.tenant(), &end_to_end).await?;
        let Some(transfer) = found else { return Ok(None) };
        Ok(accounts::by_id(caller, transfer.account).await?.map(|_| CreditTransfer(transfer)))
    }

    /// The credit transfers of the tenant, newest first; for a token that is bound to a customer, those of its accounts.
    async fn credit_transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CreditTransferFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<CreditTransfer>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let states = CreditTransferFilter::states(filter)?;
        let accounts = books::seen_accounts(caller, None).await?;
        list(caller, &store::CreditTransferFilter { accounts, states }, &PageArgs::forward(first, after)).await
    }
}

/// Money to send to a bank account.
#[derive(InputObject)]
pub struct CreateCreditTransferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// From which account: from its funds, or its credit.
    account: AccountBy,
    /// How much, in the account's currency.
    amount: MoneyInput,
    /// The receiving bank account, international. The bank account of the account's mandate when neither this nor a domestic
    /// number is given.
    iban: Option<String>,
    /// The receiving bank account, domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
    /// The receiver's bank.
    bic: Option<String>,
    /// Who is paid.
    receiver_name: Option<String>,
    /// What the receiver is told, up to 140 characters.
    remittance_info: Option<String>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// A credit transfer to cancel.
#[derive(InputObject)]
pub struct CancelCreditTransferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which: what the rail would know it by.
    end_to_end_id: String,
    /// Why, for people.
    reason: Option<String>,
}

/// What the rail tells of a credit transfer.
#[derive(InputObject)]
pub struct ReportCreditTransferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which: what the rail knows it by.
    end_to_end_id: String,
    /// What.
    outcome: TransferOutcome,
    /// Why, of all that is not `PAID`.
    reason: Option<String>,
    /// The day on which it was so; today when absent.
    date: Option<Date>,
}

outcomes! {
    /// A credit transfer was made, and the account debited.
    CreateCreditTransferResult = CreateCreditTransferSuccess {
        /// The transfer.
        credit_transfer: CreditTransfer,
    }

    /// A credit transfer was cancelled.
    CancelCreditTransferResult = CancelCreditTransferSuccess {
        /// The transfer, as it is now.
        credit_transfer: CreditTransfer,
    }

    /// It was noted what the rail tells.
    ReportCreditTransferResult = ReportCreditTransferSuccess {
        /// The transfer, as it is now.
        credit_transfer: CreditTransfer,
    }
}

/// The result of a mutation that gives a credit transfer.
macro_rules! of_transfer {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                let credit_transfer = CreditTransfer((*done.value).clone());
                $result::Done($success { credit_transfer, receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of credit transfers.
#[derive(Default)]
pub struct CreditTransferMutation;

#[Object]
impl CreditTransferMutation {
    /// Sends money from an account to a bank account: the account is debited at once, and the business day sends it. Until
    /// then it can be cancelled. Scope: money.
    async fn create_credit_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to send.")] input: CreateCreditTransferInput,
    ) -> Result<Option<CreateCreditTransferResult>, Fault> {
        let call = Call::begin(ctx, "createCreditTransfer", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        of_transfer!(call.run(&key, input.command()).await?, CreateCreditTransferResult, CreateCreditTransferSuccess)
    }

    /// Cancels a credit transfer that is not sent: the account has the money again. Scope: money.
    async fn cancel_credit_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transfer.")] input: CancelCreditTransferInput,
    ) -> Result<Option<CancelCreditTransferResult>, Fault> {
        let call = Call::begin(ctx, "cancelCreditTransfer", Scope::Money, Reach::Own).await?;
        let end_to_end = named("endToEndId", "credit transfer", name(&input.end_to_end_id));
        let reason = said(input.reason);
        let command = end_to_end.map(|end_to_end| CancelCreditTransfer { end_to_end, reason });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_transfer!(reply, CancelCreditTransferResult, CancelCreditTransferSuccess)
    }

    /// Notes what the rail tells of a credit transfer: paid, rejected or returned. What did not arrive is the account's
    /// again. Scope: money.
    async fn report_credit_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the rail tells.")] input: ReportCreditTransferInput,
    ) -> Result<Option<ReportCreditTransferResult>, Fault> {
        let call = Call::begin(ctx, "reportCreditTransfer", Scope::Money, Reach::Tenant).await?;
        let end_to_end = named("endToEndId", "credit transfer", name(&input.end_to_end_id));
        let (outcome, reason, on) = (input.outcome, said(input.reason), input.date.map(|day| day.0));
        let command = end_to_end.map(|end_to_end| ReportCreditTransfer { end_to_end, outcome, reason, on });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_transfer!(reply, ReportCreditTransferResult, ReportCreditTransferSuccess)
    }
}

impl CreateCreditTransferInput {
    fn command(self) -> Result<CreateCreditTransfer, Refused> {
        let account = named("account", "account", self.account.to_domain())?;
        let input = BankAccountInput {
            iban: said(self.iban),
            number: said(self.bank_account_number),
            class: self.bank_account_class,
        };
        let is_given = input.iban.is_some() || input.number.is_some() || input.class.is_some();
        Ok(CreateCreditTransfer {
            account,
            amount: self.amount.into(),
            bank_account: is_given.then(|| input.checked()).transpose()?,
            bic: said(self.bic),
            receiver_name: said(self.receiver_name),
            remittance_info: said(self.remittance_info),
            details: details(None, self.reference, self.description, self.external_reference, self.metadata)?,
        })
    }
}
