//! What changes receivables, one by one and in batches.

use async_graphql::{Context, InputObject, MaybeUndefined, MergedObject, Object};

use super::inputs::{DebtorInput, ReceivableEntryInput, ReceivableProductInput, ScoreInput, scores};
use super::mutations::mutations;
use super::types::{Receivable, ReceivableEntry};
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::customers::{ContactPointInput, IdentifierInput, ProfileChangeInput};
use crate::api::fault::Fault;
use crate::api::input::{change, metadata, metadata_change};
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Decimal, Json};
use crate::collections::{
    AddReceivableDebtor, AddReceivableEntry, AddReceivableProduct, SetReceivableAmounts, SetReceivableScore,
    TargetAmount, UpdateReceivable, UpdateReceivableDebtor, UpdateReceivableProduct,
};
use crate::customers::{CustomerBy, UpdateCustomer};
use crate::primitives::Amount;
use crate::refused::Refused;

/// What to change on a receivable. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateReceivableInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which receivable.
    account_reference: String,
    /// What payments to it carry; null for nothing.
    payment_reference: MaybeUndefined<String>,
    /// What it is grouped by in reports; null for nothing.
    portfolio_reference: MaybeUndefined<String>,
    /// A JSON object of your own, put over the one that is kept: keys that are not named stay. Null empties it.
    metadata: MaybeUndefined<Json>,
}

impl UpdateReceivableInput {
    fn command(self) -> Result<UpdateReceivable, Refused> {
        Ok(UpdateReceivable {
            reference: self.account_reference,
            payment_reference: change(self.payment_reference),
            portfolio_reference: change(self.portfolio_reference),
            metadata: metadata_change(self.metadata)?,
        })
    }
}

/// Somebody who is to owe on a receivable.
#[derive(InputObject)]
pub struct AddReceivableDebtorInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which receivable.
    account_reference: String,
    /// Who.
    debtor: DebtorInput,
}

impl AddReceivableDebtorInput {
    fn command(self) -> Result<AddReceivableDebtor, Refused> {
        Ok(AddReceivableDebtor { reference: self.account_reference, debtor: self.debtor.told("debtor")? })
    }
}

/// What to change on a debtor of a receivable: on the customer, wherever else that owes. Absent fields stay as they are, null
/// empties them.
#[derive(InputObject)]
pub struct UpdateReceivableDebtorInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which receivable.
    account_reference: String,
    /// The debtor's external reference.
    debtor_reference: String,
    /// Of a natural person.
    first_name: MaybeUndefined<String>,
    /// Of a natural person.
    middle_name: MaybeUndefined<String>,
    /// Of a natural person.
    last_name: MaybeUndefined<String>,
    /// Of a legal person.
    company_name: MaybeUndefined<String>,
    /// Of a natural person; what an identifier tells it must agree with.
    birth_date: MaybeUndefined<Date>,
    /// All of its languages: they take the place of the former ones.
    languages: MaybeUndefined<Vec<String>>,
    /// All of its contact points: they take the place of the former ones.
    contact_points: MaybeUndefined<Vec<ContactPointInput>>,
    /// All of its identifiers: what it has and is not among them goes.
    identifiers: MaybeUndefined<Vec<IdentifierInput>>,
    /// A JSON object of your own; replaces the former one.
    metadata: MaybeUndefined<Json>,
}

impl UpdateReceivableDebtorInput {
    fn command(self) -> Result<UpdateReceivableDebtor, Refused> {
        Ok(UpdateReceivableDebtor {
            reference: self.account_reference,
            debtor: self.debtor_reference.clone(),
            change: UpdateCustomer {
                customer: CustomerBy::ExternalReference(self.debtor_reference),
                number: None,
                external_reference: crate::work::Change::Keep,
                first_name: change(self.first_name),
                last_name: change(self.last_name),
                company_name: change(self.company_name),
                metadata: metadata_change(self.metadata)?,
                profile: ProfileChangeInput {
                    middle_name: self.middle_name,
                    birth_date: self.birth_date,
                    languages: self.languages,
                    contact_points: self.contact_points,
                    identifiers: self.identifiers,
                }
                .told(),
            },
        })
    }
}

/// A product to add to a receivable.
#[derive(InputObject)]
pub struct AddReceivableProductInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// To which receivable.
    account_reference: String,
    /// The product.
    #[graphql(flatten)]
    product: ReceivableProductInput,
}

impl AddReceivableProductInput {
    fn command(self) -> Result<AddReceivableProduct, Refused> {
        Ok(AddReceivableProduct { reference: self.account_reference, product: self.product.told()? })
    }
}

/// What to change on a product of a receivable. Absent fields stay as they are, null empties them.
#[derive(InputObject)]
pub struct UpdateReceivableProductInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which receivable.
    account_reference: String,
    /// Which product.
    product_reference: String,
    /// What payments of it carry.
    payment_reference: MaybeUndefined<String>,
    /// What kind of thing it is.
    #[graphql(name = "type")]
    type_: MaybeUndefined<String>,
    /// Its name.
    name: MaybeUndefined<String>,
    /// The creditor's code of it.
    code: MaybeUndefined<String>,
    /// A JSON object of your own; replaces the former one.
    metadata: MaybeUndefined<Json>,
}

impl UpdateReceivableProductInput {
    fn command(self) -> Result<UpdateReceivableProduct, Refused> {
        Ok(UpdateReceivableProduct {
            reference: self.account_reference,
            product: self.product_reference,
            payment_reference: change(self.payment_reference),
            type_: change(self.type_),
            name: change(self.name),
            code: change(self.code),
            metadata: metadata_change(self.metadata)?,
        })
    }
}

/// What is thought of a receivable's debtor from now on.
#[derive(InputObject)]
pub struct SetReceivableScoreInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which receivable.
    account_reference: String,
    /// What: in the place of the former score of its type, which is kept among the past ones.
    #[graphql(flatten)]
    score: ScoreInput,
}

impl SetReceivableScoreInput {
    fn command(self) -> Result<SetReceivableScore, Refused> {
        let mut scores = scores("scores", vec![self.score]).map_err(|mut refused| {
            for field in &mut refused.fields {
                field.path.drain(..2);
            }
            refused
        })?;
        Ok(SetReceivableScore { reference: self.account_reference, score: scores.remove(0) })
    }
}

/// An entry to book on a receivable.
#[derive(InputObject)]
pub struct AddReceivableEntryInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// On which receivable.
    account_reference: String,
    /// The entry.
    #[graphql(flatten)]
    entry: ReceivableEntryInput,
}

impl AddReceivableEntryInput {
    fn command(self) -> Result<AddReceivableEntry, Refused> {
        Ok(AddReceivableEntry { account: self.account_reference, entry: self.entry.told()? })
    }
}

/// Where an invoice or a fee of a receivable is to end up.
#[derive(InputObject)]
pub struct TargetAmountInput {
    /// The reference of the invoice or the fee.
    ledger_entry_reference: String,
    /// What is to be open of it, in the account's currency.
    amount: Decimal,
    /// `PAYMENT` books payments, `CHARGEBACK` takes payments of it back, the last one first; anything else is the reason of an
    /// adjustment.
    reason: String,
    /// A JSON object of your own, kept with what is booked.
    metadata: Json,
}

/// Where invoices and fees of a receivable are to end up.
#[derive(InputObject)]
pub struct SetReceivableAmountsInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Of which receivable.
    account_reference: String,
    /// At most 100, in this order: of several of one entry the last decides, and the others are the way there.
    ledger_entries: Vec<TargetAmountInput>,
}

impl SetReceivableAmountsInput {
    fn command(self) -> Result<SetReceivableAmounts, Refused> {
        let target = |(place, target): (usize, TargetAmountInput)| {
            let kept = metadata(Some(target.metadata)).map_err(|refused| refused.at("ledgerEntries", place))?;
            Ok(TargetAmount {
                reference: target.ledger_entry_reference,
                amount: Amount(target.amount.0),
                reason: target.reason,
                metadata: kept,
            })
        };
        let targets = self.ledger_entries.into_iter().enumerate().map(target).collect::<Result<_, Refused>>()?;
        Ok(SetReceivableAmounts { account: self.account_reference, targets })
    }
}

mutations! {
    #[doc = "Changes what is kept with a receivable; metadata are merged. Scope: admin."]
    #[doc = "Changes many receivables. Scope: admin; large batches take the scope bulk."]
    #[doc = "A receivable was changed."]
    UpdateReceivables: update_receivable = "updateReceivable", update_receivable_batch = "updateReceivableBatch", UpdateReceivableInput;
    UpdateReceivableResult = UpdateReceivableSuccess { receivable: Receivable = "As it is now." };
    UpdateReceivableBatchInput; UpdateReceivableBatchItem, UpdateReceivableBatchSuccess, UpdateReceivableBatchResult;

    #[doc = "Has somebody owe on a receivable, by reference, created when new. Scope: admin."]
    #[doc = "Has many owe on receivables. Scope: admin; large batches take the scope bulk."]
    #[doc = "Somebody owes on a receivable."]
    AddReceivableDebtors: add_receivable_debtor = "addReceivableDebtor", add_receivable_debtor_batch = "addReceivableDebtorBatch", AddReceivableDebtorInput;
    AddReceivableDebtorResult = AddReceivableDebtorSuccess { receivable: Receivable = "As it is now." };
    AddReceivableDebtorBatchInput; AddReceivableDebtorBatchItem, AddReceivableDebtorBatchSuccess, AddReceivableDebtorBatchResult;

    #[doc = "Changes what is known of a debtor of a receivable. Scope: admin."]
    #[doc = "Changes what is known of many debtors. Scope: admin; large batches take the scope bulk."]
    #[doc = "A debtor was changed."]
    UpdateReceivableDebtors: update_receivable_debtor = "updateReceivableDebtor", update_receivable_debtor_batch = "updateReceivableDebtorBatch", UpdateReceivableDebtorInput;
    UpdateReceivableDebtorResult = UpdateReceivableDebtorSuccess { receivable: Receivable = "As it is now." };
    UpdateReceivableDebtorBatchInput; UpdateReceivableDebtorBatchItem, UpdateReceivableDebtorBatchSuccess, UpdateReceivableDebtorBatchResult;

    #[doc = "Adds a product to a receivable. Scope: admin."]
    #[doc = "Adds products to many receivables. Scope: admin; large batches take the scope bulk."]
    #[doc = "A product was added."]
    AddReceivableProducts: add_receivable_product = "addReceivableProduct", add_receivable_product_batch = "addReceivableProductBatch", AddReceivableProductInput;
    AddReceivableProductResult = AddReceivableProductSuccess { receivable: Receivable = "As it is now." };
    AddReceivableProductBatchInput; AddReceivableProductBatchItem, AddReceivableProductBatchSuccess, AddReceivableProductBatchResult;

    #[doc = "Changes a product of a receivable; one that it has not is refused. Scope: admin."]
    #[doc = "Changes products of many receivables. Scope: admin; large batches take the scope bulk."]
    #[doc = "A product was changed."]
    UpdateReceivableProducts: update_receivable_product = "updateReceivableProduct", update_receivable_product_batch = "updateReceivableProductBatch", UpdateReceivableProductInput;
    UpdateReceivableProductResult = UpdateReceivableProductSuccess { receivable: Receivable = "As it is now." };
    UpdateReceivableProductBatchInput; UpdateReceivableProductBatchItem, UpdateReceivableProductBatchSuccess, UpdateReceivableProductBatchResult;

    #[doc = "Says what is thought of a receivable's debtor from now on. Scope: admin."]
    #[doc = "Says what is thought of many debtors. Scope: admin; large batches take the scope bulk."]
    #[doc = "Something else is thought of a debtor."]
    SetReceivableScores: set_receivable_score = "setReceivableScore", set_receivable_score_batch = "setReceivableScoreBatch", SetReceivableScoreInput;
    SetReceivableScoreResult = SetReceivableScoreSuccess { receivable: Receivable = "As it is now." };
    SetReceivableScoreBatchInput; SetReceivableScoreBatchItem, SetReceivableScoreBatchSuccess, SetReceivableScoreBatchResult;

    #[doc = "Books an entry on a receivable, and makes or changes the managed claim that it is about. Scope: admin."]
    #[doc = "Books many entries on receivables, in the order in which they are given. Scope: admin; large batches take the scope bulk."]
    #[doc = "An entry was booked."]
    AddReceivableEntries: add_receivable_entry = "addReceivableEntry", add_receivable_entry_batch = "addReceivableEntryBatch", AddReceivableEntryInput;
    AddReceivableEntryResult = AddReceivableEntrySuccess { ledger_entry: ReceivableEntry = "As it is now." };
    AddReceivableEntryBatchInput; AddReceivableEntryBatchItem, AddReceivableEntryBatchSuccess, AddReceivableEntryBatchResult;

    #[doc = "Brings invoices and fees of a receivable to target amounts; what does so is booked. Each claim is told of once. Scope: admin."]
    #[doc = "Brings invoices and fees of many receivables to target amounts. Scope: admin; large batches take the scope bulk."]
    #[doc = "Invoices and fees are where they are to be."]
    SetReceivablesAmounts: set_receivable_amounts = "setReceivableAmounts", set_receivable_amounts_batch = "setReceivableAmountsBatch", SetReceivableAmountsInput;
    SetReceivableAmountsResult = SetReceivableAmountsSuccess { receivable: Receivable = "As it is now." };
    SetReceivableAmountsBatchInput; SetReceivableAmountsBatchItem, SetReceivableAmountsBatchSuccess, SetReceivableAmountsBatchResult;
}

/// Mutations of receivables that are there.
#[derive(Default, MergedObject)]
pub struct ReceivableChanges(
    UpdateReceivables,
    AddReceivableDebtors,
    UpdateReceivableDebtors,
    AddReceivableProducts,
    UpdateReceivableProducts,
    SetReceivableScores,
    AddReceivableEntries,
    SetReceivablesAmounts,
);
