//! `transfer`, `postPayment`, `disburse`, `postAdjustment`, `postCharge`, `reverseEntry`.

use async_graphql::{Context, ID, InputObject, Object};

use super::call::{Call, Reach, Reply};
use super::outputs;
use super::refusal::{Refusal, outcomes};
use crate::access::Scope;
use crate::accounts::graphql::Account;
use crate::denial::{Answer, Done};
use crate::graphql::enums::{BankAccountClass, ChargeKind, Component, PaymentChannel};
use crate::graphql::fault::Fault;
use crate::graphql::input::{ExternalReferenceInput, MoneyInput, named};
use crate::graphql::inputs::AccountBy;
use crate::graphql::scalars::{Date, Json};
use crate::ledger::graphql::Entry;
use crate::payments::corrections;
use crate::payments::moves::{self, Details, Disbursement, Ends, Payment, Transfer};
use crate::payments::{BankAccountInput, corrections::Adjustment};
use crate::primitives::EntryId;

/// A transfer between two accounts of the tenant.
#[derive(InputObject)]
pub struct TransferInput {
    /// Makes the request safe to repeat.
    pub idempotency_key: String,
    /// The sender.
    pub from: AccountBy,
    /// The receiver.
    pub to: AccountBy,
    /// How much; both accounts are kept in this currency.
    pub amount: MoneyInput,
    /// When it counts; the business date when absent.
    pub value_date: Option<Date>,
    /// A payment reference; not unique.
    pub reference: Option<String>,
    /// What the sender is told.
    pub message_to_sender: Option<String>,
    /// What the receiver is told.
    pub message_to_receiver: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    pub external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    pub metadata: Option<Json>,
}

/// Money that came in on a rail.
#[derive(InputObject)]
pub struct PostPaymentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// How much.
    amount: MoneyInput,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// The rail.
    channel: PaymentChannel,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// Money to pay out to a bank account.
#[derive(InputObject)]
pub struct DisburseInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// How much.
    amount: MoneyInput,
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
    /// What stands in the account's own transactions.
    own_message: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// A correction of an account's balance, against the tenant's suspense account.
#[derive(InputObject)]
pub struct PostAdjustmentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// Signed: positive is in the customer's favour.
    amount: MoneyInput,
    /// Which component.
    #[graphql(default_with = "Component::Principal")]
    component: Component,
    /// Why.
    reason: String,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// Interest or a fee to charge.
#[derive(InputObject)]
pub struct PostChargeInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account.
    account: AccountBy,
    /// For what.
    kind: ChargeKind,
    /// How much; positive.
    amount: MoneyInput,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// An entry to reverse.
#[derive(InputObject)]
pub struct ReverseEntryInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which entry.
    entry: ID,
    /// Why.
    reason: String,
    /// For people.
    description: Option<String>,
}

/// A transfer was booked.
pub struct TransferSuccess {
    done: Done<EntryId>,
    ends: Ends,
}

impl TransferSuccess {
    pub(super) fn new(done: Done<EntryId>, ends: Ends) -> Self {
        Self { done, ends }
    }
}

/// A transfer was booked.
#[Object]
impl TransferSuccess {
    /// The entry.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Entry, Fault> {
        outputs::entry(ctx, self.done.value).await
    }

    /// The sender, as it is now.
    async fn from(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.ends.from).await
    }

    /// The receiver, as it is now.
    async fn to(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.ends.to).await
    }

    /// Whether this is the first result again: the idempotency key had been used for this request.
    async fn replayed(&self) -> bool {
        self.done.replayed
    }
}

/// A transfer was booked, or refused.
#[derive(async_graphql::Union)]
pub enum TransferResult {
    /// It was done.
    Done(TransferSuccess),
    /// It was refused; nothing was changed.
    Refused(Refusal),
}

outcomes! {
    /// A payment was booked.
    PostPaymentResult = PostPaymentSuccess {
        /// The entry.
        entry: Entry,
        /// The account, as it is now.
        account: Account,
    }

    /// A disbursement was booked.
    DisburseResult = DisburseSuccess {
        /// The entry.
        entry: Entry,
        /// The account, as it is now.
        account: Account,
    }

    /// A balance adjustment was booked.
    PostAdjustmentResult = PostAdjustmentSuccess {
        /// The entry.
        entry: Entry,
        /// The account, as it is now.
        account: Account,
    }

    /// A charge was booked.
    PostChargeResult = PostChargeSuccess {
        /// The entry.
        entry: Entry,
        /// The account, as it is now.
        account: Account,
    }

    /// An entry was reversed.
    ReverseEntryResult = ReverseEntrySuccess {
        /// The new entry.
        entry: Entry,
        /// The entry that it mirrors.
        reversed: Entry,
    }
}

/// The result of a mutation that books one entry on one account.
macro_rules! booked {
    ($call:expr, $ctx:expr, $answer:expr, $result:ident, $success:ident) => {
        Ok(Some(match $call.reply($answer).await? {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                let (entry, account) = outputs::booked($ctx, done.value).await?;
                $result::Done($success { entry, account, replayed: done.replayed })
            }
        }))
    };
}

/// Mutations that move money.
#[derive(Default)]
pub struct MovementMutation;

#[Object]
impl MovementMutation {
    /// Moves money between two accounts of the tenant. Scope: money.
    async fn transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to move.")] input: TransferInput,
    ) -> Result<Option<TransferResult>, Fault> {
        let call = Call::begin(ctx, "transfer", Scope::Money, Reach::Own).await?;
        let answer = transfer(&call, ctx, input).await;
        let (answer, ends) = match answer {
            Ok((done, ends)) => (Ok(done), Some(ends)),
            Err(failure) => (Err(failure), None),
        };
        Ok(Some(match (call.reply(answer).await?, ends) {
            (Reply::Done(done), Some(ends)) => TransferResult::Done(TransferSuccess { done, ends }),
            (Reply::Refused(refusal), _) => TransferResult::Refused(refusal),
            (Reply::Done(_), None) => return Ok(None),
        }))
    }

    /// Books money that came in on a rail. On an account that owes, it repays in the order of its product:
    /// fees, interest, principal unless said otherwise. Scope: money.
    async fn post_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came in.")] input: PostPaymentInput,
    ) -> Result<Option<PostPaymentResult>, Fault> {
        let call = Call::begin(ctx, "postPayment", Scope::Money, Reach::Tenant).await?;
        let answer = post_payment(&call, ctx, input).await;
        booked!(call, ctx, answer, PostPaymentResult, PostPaymentSuccess)
    }

    /// Pays money out to a bank account. Scope: money.
    async fn disburse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pay out.")] input: DisburseInput,
    ) -> Result<Option<DisburseResult>, Fault> {
        let call = Call::begin(ctx, "disburse", Scope::Money, Reach::Own).await?;
        let answer = disburse(&call, ctx, input).await;
        booked!(call, ctx, answer, DisburseResult, DisburseSuccess)
    }

    /// Corrects one component of an account's balance. Scope: admin.
    async fn post_adjustment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to correct.")] input: PostAdjustmentInput,
    ) -> Result<Option<PostAdjustmentResult>, Fault> {
        let call = Call::begin(ctx, "postAdjustment", Scope::Admin, Reach::Tenant).await?;
        let answer = post_adjustment(&call, ctx, input).await;
        booked!(call, ctx, answer, PostAdjustmentResult, PostAdjustmentSuccess)
    }

    /// Charges interest or a fee. Owed apart from principal where the account may owe, taken from its funds
    /// where it may not. Scope: admin.
    async fn post_charge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to charge.")] input: PostChargeInput,
    ) -> Result<Option<PostChargeResult>, Fault> {
        let call = Call::begin(ctx, "postCharge", Scope::Admin, Reach::Tenant).await?;
        let answer = post_charge(&call, ctx, input).await;
        booked!(call, ctx, answer, PostChargeResult, PostChargeSuccess)
    }

    /// Books the mirror of an entry, in full and once only. Scope: admin.
    async fn reverse_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to reverse.")] input: ReverseEntryInput,
    ) -> Result<Option<ReverseEntryResult>, Fault> {
        let call = Call::begin(ctx, "reverseEntry", Scope::Admin, Reach::Tenant).await?;
        let answer = reverse_entry(&call, ctx, input).await;
        Ok(Some(match call.reply(answer).await? {
            Reply::Refused(refusal) => ReverseEntryResult::Refused(refusal),
            Reply::Done(done) => {
                let (entry, reversed) = outputs::reversal(ctx, done.value).await?;
                ReverseEntryResult::Done(ReverseEntrySuccess { entry, reversed, replayed: done.replayed })
            }
        }))
    }
}

/// The domain's transfer of an input.
pub(super) fn to_transfer(input: TransferInput) -> Result<Transfer, crate::denial::Denial> {
    let details = details(input.value_date, input.reference, None, input.external_reference, input.metadata);
    Ok(Transfer {
        from: named("from", "account", input.from.to_domain())?,
        to: named("to", "account", input.to.to_domain())?,
        amount: input.amount.into(),
        message_to_sender: input.message_to_sender,
        message_to_receiver: input.message_to_receiver,
        details,
    })
}

fn details(
    value_date: Option<Date>,
    reference: Option<String>,
    description: Option<String>,
    external: Option<ExternalReferenceInput>,
    metadata: Option<Json>,
) -> Details {
    Details {
        value_date: value_date.map(|date| date.0),
        reference,
        description,
        external: external.map(Into::into),
        metadata: metadata.map(|json| json.0).unwrap_or_default(),
    }
}

async fn transfer(
    call: &Call<'_>,
    ctx: &Context<'_>,
    input: TransferInput,
) -> Result<(Done<EntryId>, Ends), crate::denial::Failure> {
    let key = call.key(ctx, &input.idempotency_key)?;
    moves::transfer(call.engine, &call.origin, key, to_transfer(input)?).await
}

async fn post_payment(call: &Call<'_>, ctx: &Context<'_>, input: PostPaymentInput) -> Answer<EntryId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let account = named("account", "account", input.account.to_domain())?;
    let details =
        details(input.value_date, input.reference, input.description, input.external_reference, input.metadata);
    let payment = Payment { account, amount: input.amount.into(), channel: input.channel, details };
    moves::post_payment(call.engine, &call.origin, key, payment).await
}

async fn disburse(call: &Call<'_>, ctx: &Context<'_>, input: DisburseInput) -> Answer<EntryId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let disbursement = Disbursement {
        account: named("account", "account", input.account.to_domain())?,
        amount: input.amount.into(),
        bank_account: BankAccountInput {
            iban: input.iban,
            number: input.bank_account_number,
            class: input.bank_account_class,
        },
        message_to_receiver: input.message_to_receiver,
        own_message: input.own_message,
        details: details(input.value_date, input.reference, None, input.external_reference, input.metadata),
    };
    moves::disburse(call.engine, &call.origin, key, disbursement).await
}

async fn post_adjustment(call: &Call<'_>, ctx: &Context<'_>, input: PostAdjustmentInput) -> Answer<EntryId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let adjustment = Adjustment {
        account: named("account", "account", input.account.to_domain())?,
        amount: input.amount.into(),
        component: input.component,
        reason: input.reason,
        details: details(input.value_date, None, input.description, input.external_reference, input.metadata),
    };
    corrections::post_adjustment(call.engine, &call.origin, key, adjustment).await
}

async fn post_charge(call: &Call<'_>, ctx: &Context<'_>, input: PostChargeInput) -> Answer<EntryId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let charge = corrections::Charge {
        account: named("account", "account", input.account.to_domain())?,
        kind: input.kind,
        amount: input.amount.into(),
        details: details(input.value_date, None, input.description, input.external_reference, input.metadata),
    };
    corrections::post_charge(call.engine, &call.origin, key, charge).await
}

async fn reverse_entry(call: &Call<'_>, ctx: &Context<'_>, input: ReverseEntryInput) -> Answer<EntryId> {
    let key = call.key(ctx, &input.idempotency_key)?;
    let entry = input.entry.parse().ok();
    corrections::reverse(call.engine, &call.origin, key, entry, input.reason, input.description).await
}
