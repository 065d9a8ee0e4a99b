//! `transfer`, `transferBatch`, `postPayment`, `postPaymentBatch`, `disburse`, `postAdjustment`, `postCharge`,
//! `reverseEntry`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use crate::access::Scope;
use crate::api::accounts::Account;
use crate::api::batch::batches;
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{BankAccountClass, ChargeKind, Component, PaymentChannel};
use crate::api::fault::Fault;
use crate::api::input::{CounterpartyInput, ExternalReferenceInput, MoneyInput, metadata, named};
use crate::api::inputs::AccountBy;
use crate::api::outputs;
use crate::api::refusal::{Refusal, outcomes};
use crate::api::scalars::{Date, Json};
use crate::ledger;
use crate::payments::{
    BankAccountInput, Details, Disburse, EntryBy, PostAdjustment, PostCharge, PostPayment, ReverseEntry, Transfer,
};
use crate::primitives::AccountId;
use crate::refused::{Refused, said};
use crate::work::Done;

/// A transfer between two accounts of the tenant.
#[derive(InputObject)]
pub struct TransferInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The sender.
    from: AccountBy,
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
    /// When it counts; the business date when absent. What is valued later is `pending` until its day.
    value_date: Option<Date>,
    /// When it was ordered, where that is another day.
    transaction_date: Option<Date>,
    /// The rail.
    channel: PaymentChannel,
    /// Who paid, as the rail tells it.
    counterparty: Option<CounterpartyInput>,
    /// Where goes what is left once everything that the account owes is paid; onto the account itself when absent.
    overpayment_account: Option<AccountBy>,
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
    /// Who is paid.
    receiver_name: Option<String>,
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
    /// Which entry, by its id. Exactly one of this and `original`.
    entry: Option<ID>,
    /// Which entry, by your own name for it: reference, date and poster as it was posted under.
    original: Option<ExternalReferenceInput>,
    /// A part of what it moved; all that is left when absent.
    amount: Option<MoneyInput>,
    /// When it counts: not before the entry itself. The later of its day and the business date when absent.
    value_date: Option<Date>,
    /// Why.
    reason: String,
    /// For people.
    description: Option<String>,
    /// Of a load or unload, whether its fee goes back as well, with the last part of it; as the product says when absent.
    reverse_fee: Option<bool>,
}

/// A transfer was booked.
pub struct TransferSuccess(Done<Arc<ledger::Entry>>);

impl TransferSuccess {
    /// The account whose balance fell, or rose.
    async fn end(&self, ctx: &Context<'_>, is_end: impl Fn(i64) -> bool) -> Result<Account, Fault> {
        let lines = self.0.value.postings.iter();
        let mut ends = lines.filter_map(|line| Some((line.account?, line.total?.amount.0)));
        let end = ends.find(|(_, amount)| is_end(*amount)).map(|(account, _)| account);
        let end: AccountId = end.ok_or_else(|| Fault::internal(&"a transfer without two ends"))?;
        outputs::account_by_id(ctx, end).await
    }
}

/// A transfer was booked.
#[Object]
impl TransferSuccess {
    /// The entry.
    async fn entry(&self) -> Entry {
        Entry::new(self.0.value.clone())
    }

    /// The sender, as it is now.
    async fn from(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        self.end(ctx, |amount| amount < 0).await
    }

    /// The receiver, as it is now.
    async fn to(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        self.end(ctx, |amount| amount > 0).await
    }

    /// Whether this is the first result again: the idempotency key had been used for this request.
    async fn replayed(&self) -> bool {
        self.0.receipt.replayed
    }

    /// The id of the command that did it: that of its record in the audit trail, and `LedgerEvent.commandId` of every event
    /// that it told. A repetition names the first.
    async fn command_id(&self) -> Option<ID> {
        Some(self.0.receipt.command.into())
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

/// Declares what a mutation gives that books one entry on one account, and its union with [`Refusal`].
macro_rules! booked {
    ($($(#[$doc:meta])* $result:ident = $success:ident;)*) => {$(
        $(#[$doc])*
        pub struct $success(Done<Arc<ledger::Entry>>);

        $(#[$doc])*
        #[Object]
        impl $success {
            /// The entry.
            async fn entry(&self) -> Entry {
                Entry::new(self.0.value.clone())
            }

            /// The account, as it is now.
            async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
                outputs::account_of(ctx, &self.0.value).await
            }

            /// Whether this is the first result again: the idempotency key had been used for this request.
            async fn replayed(&self) -> bool {
                self.0.receipt.replayed
            }

            /// The id of the command that did it: that of its record in the audit trail, and `LedgerEvent.commandId` of every
            /// event that it told. A repetition names the first.
            async fn command_id(&self) -> Option<ID> {
                Some(self.0.receipt.command.into())
            }
        }

        $(#[$doc])*
        /// Or the refusal.
        #[derive(async_graphql::Union)]
        pub enum $result {
            /// It was done.
            Done($success),
            /// It was refused; nothing was changed.
            Refused(Refusal),
        }

        impl From<Reply<ledger::Entry>> for $result {
            fn from(reply: Reply<ledger::Entry>) -> Self {
                match reply {
                    Reply::Done(done) => Self::Done($success(done)),
                    Reply::Refused(refusal) => Self::Refused(refusal),
                }
            }
        }
    )*};
}

booked! {
    /// A payment was booked.
    PostPaymentResult = PostPaymentSuccess;
    /// A payment was registered.
    RegisterPaymentResult = RegisterPaymentSuccess;
    /// A credit balance was paid back.
    PostReimbursementResult = PostReimbursementSuccess;
    /// A disbursement was booked.
    DisburseResult = DisburseSuccess;
    /// A deduction was booked.
    PostDeductionResult = PostDeductionSuccess;
    /// A balance adjustment was booked.
    PostAdjustmentResult = PostAdjustmentSuccess;
    /// A charge was booked.
    PostChargeResult = PostChargeSuccess;
}

outcomes! {
    /// An entry was reversed.
    ReverseEntryResult = ReverseEntrySuccess {
        /// The new entry.
        entry: Entry,
        /// The entry that it mirrors.
        reversed: Entry,
        /// Of a load or unload, what gave its fee back in the same decision; null where nothing did.
        fee: Option<Entry>,
    }
}

batches! {
    /// Many transfers in one go.
    TransferBatchInput of TransferInput;
    TransferBatchItem, TransferBatchSuccess, TransferBatchResult of TransferResult;
    /// Many payments that came in: those of a bank's file, for instance.
    PostPaymentBatchInput of PostPaymentInput;
    PostPaymentBatchItem, PostPaymentBatchSuccess, PostPaymentBatchResult of PostPaymentResult;
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
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Done(done) => TransferResult::Done(TransferSuccess(done)),
            Reply::Refused(refusal) => TransferResult::Refused(refusal),
        }))
    }

    /// Moves money between many pairs of accounts. Scope: money; large batches take the scope bulk.
    async fn transfer_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to move.")] input: TransferBatchInput,
    ) -> Result<Option<TransferBatchResult>, Fault> {
        let call = Call::begin(ctx, "transferBatch", Scope::Money, Reach::Own).await?;
        let show = |done| TransferResult::Done(TransferSuccess(done));
        TransferBatchInput::run(&call, input, TransferInput::command, show).await
    }

    /// Books money that came in on a rail. On an account that owes, it repays in the order of its product:
    /// fees, interest, principal unless said otherwise. Scope: money.
    async fn post_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came in.")] input: PostPaymentInput,
    ) -> Result<Option<PostPaymentResult>, Fault> {
        let call = Call::begin(ctx, "postPayment", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }

    /// Books many payments that came in. Scope: money; large batches take the scope bulk.
    async fn post_payment_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What came in.")] input: PostPaymentBatchInput,
    ) -> Result<Option<PostPaymentBatchResult>, Fault> {
        let call = Call::begin(ctx, "postPaymentBatch", Scope::Money, Reach::Tenant).await?;
        let show = |done| PostPaymentResult::Done(PostPaymentSuccess(done));
        PostPaymentBatchInput::run(&call, input, PostPaymentInput::command, show).await
    }

    /// Pays money out to a bank account. Scope: money.
    async fn disburse(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pay out.")] input: DisburseInput,
    ) -> Result<Option<DisburseResult>, Fault> {
        let call = Call::begin(ctx, "disburse", Scope::Money, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }

    /// Corrects one component of an account's balance. Scope: admin.
    async fn post_adjustment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to correct.")] input: PostAdjustmentInput,
    ) -> Result<Option<PostAdjustmentResult>, Fault> {
        let call = Call::begin(ctx, "postAdjustment", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }

    /// Charges interest or a fee: taken from funds as far as they are free; what they do not cover is owed apart from
    /// principal where the account may owe, and refused where it may not. Scope: admin.
    async fn post_charge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to charge.")] input: PostChargeInput,
    ) -> Result<Option<PostChargeResult>, Fault> {
        let call = Call::begin(ctx, "postCharge", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(call.run(&key, input.command()).await?.into()))
    }

    /// Books the mirror of an entry, whole or in parts, up to what it booked. Scope: admin.
    async fn reverse_entry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to reverse.")] input: ReverseEntryInput,
    ) -> Result<Option<ReverseEntryResult>, Fault> {
        let call = Call::begin(ctx, "reverseEntry", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => ReverseEntryResult::Refused(refusal),
            Reply::Done(done) => {
                let fee = outputs::fee_given_back(ctx, &done.value).await?;
                let (entry, reversed) = outputs::reversal(ctx, done.value).await?;
                ReverseEntryResult::Done(ReverseEntrySuccess { entry, reversed, fee, receipt: done.receipt.into() })
            }
        }))
    }
}

/// What every movement may carry besides its sides and amount.
pub(in crate::api) fn details(
    value_date: Option<Date>,
    reference: Option<String>,
    description: Option<String>,
    external: Option<ExternalReferenceInput>,
    own: Option<Json>,
) -> Result<Details, Refused> {
    Ok(Details {
        value_date: value_date.map(|date| date.0),
        transaction_date: None,
        reference: said(reference),
        description: said(description),
        external: external.map(Into::into),
        metadata: metadata(own)?,
    })
}

impl TransferInput {
    fn command(self) -> Result<Transfer, Refused> {
        Ok(Transfer {
            from: named("from", "account", self.from.to_domain())?,
            to: named("to", "account", self.to.to_domain())?,
            amount: self.amount.into(),
            message_to_sender: said(self.message_to_sender),
            message_to_receiver: said(self.message_to_receiver),
            details: details(self.value_date, self.reference, None, self.external_reference, self.metadata)?,
        })
    }
}

impl PostPaymentInput {
    fn command(self) -> Result<PostPayment, Refused> {
        let details =
            details(self.value_date, self.reference, self.description, self.external_reference, self.metadata)?;
        Ok(PostPayment {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            channel: self.channel,
            counterparty: self.counterparty.and_then(CounterpartyInput::kept),
            overpayment: match self.overpayment_account {
                None => None,
                Some(by) => Some(named("overpaymentAccount", "account", by.to_domain())?),
            },
            details: Details { transaction_date: self.transaction_date.map(|date| date.0), ..details },
        })
    }
}

impl DisburseInput {
    fn command(self) -> Result<Disburse, Refused> {
        let bank_account =
            BankAccountInput { iban: self.iban, number: self.bank_account_number, class: self.bank_account_class };
        Ok(Disburse {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            bank_account: bank_account.checked()?,
            receiver_name: said(self.receiver_name),
            message_to_receiver: said(self.message_to_receiver),
            own_message: said(self.own_message),
            details: details(self.value_date, self.reference, None, self.external_reference, self.metadata)?,
        })
    }
}

impl PostAdjustmentInput {
    fn command(self) -> Result<PostAdjustment, Refused> {
        Ok(PostAdjustment {
            account: named("account", "account", self.account.to_domain())?,
            amount: self.amount.into(),
            component: self.component,
            reason: self.reason,
            details: details(self.value_date, None, self.description, self.external_reference, self.metadata)?,
        })
    }
}

impl PostChargeInput {
    fn command(self) -> Result<PostCharge, Refused> {
        Ok(PostCharge {
            account: named("account", "account", self.account.to_domain())?,
            kind: self.kind,
            amount: self.amount.into(),
            details: details(self.value_date, None, self.description, self.external_reference, self.metadata)?,
        })
    }
}

impl ReverseEntryInput {
    fn command(self) -> Result<ReverseEntry, Refused> {
        let entry = match (self.entry, self.original) {
            (Some(id), None) => EntryBy::Id(named("entry", "entry", id.parse().ok())?),
            (None, Some(external)) => EntryBy::External(external.into()),
            _ => return Err(Refused::invalid("entry", "exactly one of entry and original")),
        };
        Ok(ReverseEntry {
            entry,
            amount: self.amount.map(Into::into),
            value_date: self.value_date.map(|date| date.0),
            reason: self.reason,
            description: said(self.description),
            fee: self.reverse_fee,
        })
    }
}
