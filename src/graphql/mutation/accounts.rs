//! `openAccount`, `updateAccount`, `requestAccountClosure`, `closeAccount`, `closePeriod`.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, OneofObject};

use super::call::{Call, Reach, Reply};
use super::outputs;
use super::refusal::outcomes;
use crate::access::Scope;
use crate::accounts::close::{self, ClosingKind, ClosingTransaction};
use crate::accounts::graphql::Account;
use crate::accounts::{self, AccountChange, NewAccount};
use crate::denial::{Answer, Denial, Done};
use crate::graphql::enums::BankAccountClass;
use crate::graphql::fault::Fault;
use crate::graphql::input::{MoneyInput, change, metadata, named};
use crate::graphql::inputs::{AccountBy, CustomerBy, ProductBy};
use crate::graphql::scalars::{Date, Decimal, Json};
use crate::ledger::order::{Action, Order};
use crate::payments::BankAccountInput;
use crate::primitives::text;

/// An account to open.
#[derive(InputObject)]
pub struct OpenAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What it is an instance of.
    product: ProductBy,
    /// Whose it is.
    owner: CustomerBy,
    /// Unique in the tenant; made when absent.
    number: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
    /// In the product's currency; the product's default when absent.
    credit_limit: Option<Decimal>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// What to change on an account. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// Your own reference; null empties it.
    external_reference: MaybeUndefined<String>,
    /// Downwards only: raising it takes an application.
    credit_limit: Option<Decimal>,
    /// A JSON object of your own; replaces the former one.
    metadata: Option<Json>,
}

/// An account whose owner wants it closed.
#[derive(InputObject)]
pub struct RequestAccountClosureInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
}

/// An account to close.
#[derive(InputObject)]
pub struct CloseAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// Why, as a code of your own.
    closure_code: String,
    /// What brings the account to zero, in this order. After the last one nothing may be left.
    #[graphql(default)]
    transactions: Vec<ClosingTransactionInput>,
}

/// One closing transaction.
#[derive(InputObject)]
pub struct ClosingTransactionInput {
    /// Where the rest goes, or what becomes of it.
    target: ClosingTargetInput,
    /// A part; the whole rest when absent.
    amount: Option<MoneyInput>,
    /// For people.
    description: Option<String>,
}

/// Where a closing transaction moves the rest.
#[derive(OneofObject)]
pub enum ClosingTargetInput {
    /// To another account.
    TransferTo(AccountBy),
    /// To a bank account.
    Payout(PayoutInput),
    /// A debt is given up, or a small remainder taken over.
    WriteOff(WriteOffInput),
}

/// A bank account: an IBAN, or a domestic number with its class.
#[derive(InputObject)]
pub struct PayoutInput {
    /// International.
    iban: Option<String>,
    /// Domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
}

/// A write-off.
#[derive(InputObject)]
pub struct WriteOffInput {
    /// Why.
    reason: String,
}

/// A period to close.
#[derive(InputObject)]
pub struct ClosePeriodInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The last day of it: nothing can be posted with a value date up to here any more. Forward only.
    through: Date,
}

outcomes! {
    /// An account was opened.
    OpenAccountResult = OpenAccountSuccess {
        /// The account.
        account: Account,
    }

    /// An account was changed.
    UpdateAccountResult = UpdateAccountSuccess {
        /// The account, as it is now.
        account: Account,
    }

    /// A closure was asked for: the account is PENDING_CLOSE, or CLOSED when nothing held it back.
    RequestAccountClosureResult = RequestAccountClosureSuccess {
        /// The account, as it is now.
        account: Account,
    }

    /// An account was closed.
    CloseAccountResult = CloseAccountSuccess {
        /// The account, as it is now.
        account: Account,
    }

    /// A period was closed.
    ClosePeriodResult = ClosePeriodSuccess {
        /// The last closed day.
        closed_through: Date,
    }
}

/// Mutations of accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Opens an account of any family. Scope: admin.
    async fn open_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to open.")] input: OpenAccountInput,
    ) -> Result<Option<OpenAccountResult>, Fault> {
        let call = Call::begin(ctx, "openAccount", Scope::Admin, Reach::Tenant).await?;
        let answer = open(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => OpenAccountResult::Refused(refusal),
            Reply::Done(done) => OpenAccountResult::Done(OpenAccountSuccess {
                account: outputs::account(done.value),
                replayed: done.replayed,
            }),
        }))
    }

    /// Changes an account's external reference and metadata, and lowers its credit limit. Scope: admin.
    async fn update_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateAccountInput,
    ) -> Result<Option<UpdateAccountResult>, Fault> {
        let call = Call::begin(ctx, "updateAccount", Scope::Admin, Reach::Own).await?;
        let answer = update(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => UpdateAccountResult::Refused(refusal),
            Reply::Done(done) => UpdateAccountResult::Done(UpdateAccountSuccess {
                account: outputs::account(done.value),
                replayed: done.replayed,
            }),
        }))
    }

    /// Asks for an account to be closed: it gives no new credit from now on, and closes by itself as soon as
    /// its balance is zero and no hold is open. Scope: admin.
    async fn request_account_closure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: RequestAccountClosureInput,
    ) -> Result<Option<RequestAccountClosureResult>, Fault> {
        let call = Call::begin(ctx, "requestAccountClosure", Scope::Admin, Reach::Own).await?;
        let answer = request_closure(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => RequestAccountClosureResult::Refused(refusal),
            Reply::Done(done) => RequestAccountClosureResult::Done(RequestAccountClosureSuccess {
                account: outputs::account(done.value),
                replayed: done.replayed,
            }),
        }))
    }

    /// Closes an account, with the transactions that bring it to zero, as one unit. Scope: admin.
    async fn close_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to close, and how.")] input: CloseAccountInput,
    ) -> Result<Option<CloseAccountResult>, Fault> {
        let call = Call::begin(ctx, "closeAccount", Scope::Admin, Reach::Tenant).await?;
        let answer = close_account(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => CloseAccountResult::Refused(refusal),
            Reply::Done(done) => CloseAccountResult::Done(CloseAccountSuccess {
                account: outputs::account(done.value),
                replayed: done.replayed,
            }),
        }))
    }

    /// Closes the books through a day. Scope: admin.
    async fn close_period(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Through which day.")] input: ClosePeriodInput,
    ) -> Result<Option<ClosePeriodResult>, Fault> {
        let call = Call::begin(ctx, "closePeriod", Scope::Admin, Reach::Tenant).await?;
        let closed_through = input.through;
        let answer = close_period(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => ClosePeriodResult::Refused(refusal),
            Reply::Done(done) => {
                ClosePeriodResult::Done(ClosePeriodSuccess { closed_through, replayed: done.replayed })
            }
        }))
    }
}

async fn open(call: &Call<'_>, ctx: &Context<'_>, input: OpenAccountInput) -> Answer<accounts::Account> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let new = NewAccount {
        product: named("product", "product", input.product.to_domain())?,
        owner: named("owner", "customer", input.owner.to_domain())?,
        number: input.number,
        external_reference: input.external_reference,
        credit_limit: input.credit_limit.map(|limit| limit.0),
        metadata: metadata(input.metadata)?,
    };
    Box::pin(accounts::open(call.engine, &call.origin, key, new)).await
}

async fn update(call: &Call<'_>, ctx: &Context<'_>, input: UpdateAccountInput) -> Answer<accounts::Account> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let by = named("account", "account", input.account.to_domain())?;
    let change = AccountChange {
        external_reference: change(input.external_reference),
        metadata: input.metadata.map(|json| metadata(Some(json))).transpose()?,
        credit_limit: input.credit_limit.map(|limit| limit.0),
    };
    Box::pin(accounts::update(call.engine, &call.origin, key, by, change)).await
}

async fn request_closure(
    call: &Call<'_>,
    ctx: &Context<'_>,
    input: RequestAccountClosureInput,
) -> Answer<accounts::Account> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let by = named("account", "account", input.account.to_domain())?;
    Box::pin(accounts::request_closure(call.engine, &call.origin, key, &by)).await
}

async fn close_account(call: &Call<'_>, ctx: &Context<'_>, input: CloseAccountInput) -> Answer<accounts::Account> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let by = named("account", "account", input.account.to_domain())?;
    let mut transactions = Vec::with_capacity(input.transactions.len());
    for (index, transaction) in input.transactions.into_iter().enumerate() {
        transactions.push(closing(transaction).map_err(|denial| denial.at("transactions", index))?);
    }
    Box::pin(close::close(call.engine, &call.origin, key, &by, input.closure_code, transactions)).await
}

fn closing(input: ClosingTransactionInput) -> Result<ClosingTransaction, Denial> {
    let (kind, reason) = match input.target {
        ClosingTargetInput::TransferTo(by) => {
            (ClosingKind::Transfer(named("target.transferTo", "account", by.to_domain())?), None)
        }
        ClosingTargetInput::Payout(payout) => {
            let input = BankAccountInput {
                iban: payout.iban,
                number: payout.bank_account_number,
                class: payout.bank_account_class,
            };
            let bank_account = input.checked().map_err(|denial| denial.under("target.payout"))?;
            (ClosingKind::Payout(serde_json::json!({ "receiver": bank_account.to_json() })), None)
        }
        ClosingTargetInput::WriteOff(write_off) => (ClosingKind::WriteOff, Some(write_off.reason)),
    };
    let description = crate::payments::noted("description", input.description)?;
    let reason = reason.map(|reason| {
        text::required(&reason, 500)
            .map_err(|problem| Denial::invalid("target.writeOff.reason", problem.to_string()))?;
        Ok::<_, Denial>(reason)
    });
    let reason = reason.transpose()?;
    Ok(ClosingTransaction { kind, amount: input.amount.map(Into::into), description: description.or(reason) })
}

async fn close_period(call: &Call<'_>, ctx: &Context<'_>, input: ClosePeriodInput) -> Answer<()> {
    let mut order = Order::new(&call.origin, "closePeriod", Action::ClosePeriod(input.through.0));
    order.idempotency = Some(call.key(ctx, &input.idempotency_key)?);
    let applied = call.engine.submit(order).await?.map_err(|refusal| {
        let denial = Denial::of_refusal(&refusal, &[]);
        match denial.code {
            crate::ledger::refusal::RefusalCode::ValueDateOutOfRange => {
                Denial { fields: vec![crate::denial::FieldProblem::new("through", denial.message.clone())], ..denial }
            }
            _ => denial,
        }
    })?;
    Ok(Done { value: (), replayed: applied.replayed })
}
