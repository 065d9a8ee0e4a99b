//! What creates, changes, resolves and deletes claims, one by one and in batches.

use async_graphql::{Context, InputObject, MaybeUndefined, MergedObject, Object};

use super::inputs::{ClaimFeeInput, DebtorInput, ScoreInput, scores};
use super::mutations::mutations;
use super::types::Claim;
use crate::access::Scope;
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::enums::{ClaimOriginator, ClaimResolutionReason};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, change, metadata, metadata_change, set};
use crate::api::refusal::outcomes;
use crate::api::scalars::{CurrencyCode, Date, DateTime, Decimal, Json};
use crate::collections::claims::{
    ClaimChange, ClaimContent, CreateClaim, CreditClaim, DebitClaim, DeleteClaim, ImportClaim, Movement, NewFee,
    Opening, RecreateClaim, ResolveClaim, StatusRule, UpdateClaim,
};
use crate::primitives::Amount;
use crate::refused::{Refused, said};
use crate::work::Change;

/// A claim as a whole.
#[derive(InputObject)]
pub struct ClaimFields {
    /// What the creditor calls it; unique in the tenant, for good.
    claim_reference: String,
    /// On which receivable. Without it, one is created under the claim's reference, and the claim says who owes it and in
    /// which currency.
    account_reference: Option<String>,
    /// Who owes it; whoever came first to owe on the receivable when absent.
    primary_debtor: Option<DebtorInput>,
    /// What is owed, without the fees.
    amount: Decimal,
    /// Of all amounts; the receivable's when absent.
    currency: Option<CurrencyCode>,
    /// The fees one by one, which override `totalFees`; at most 100.
    fees: Option<Vec<ClaimFeeInput>>,
    /// The fees together; none when neither is given.
    total_fees: Option<Decimal>,
    /// When it first fell due: days past due are counted from here.
    original_due_date: Date,
    /// When it is due by now.
    current_due_date: Date,
    /// The last day on which it can be enforced.
    limitation_date: Option<Date>,
    /// What it was bought with, as the creditor calls it.
    product_reference: Option<String>,
    /// What payments of it carry, as the creditor has told the debtor.
    payment_reference: Option<String>,
    /// What it is grouped by in reports.
    portfolio_reference: Option<String>,
    /// Whom it is owed to: the external reference of a party, which is created where there is none. All that is owed on one
    /// receivable is owed to one.
    creditor_reference: Option<String>,
    /// What is thought of it: one of each type at most.
    #[graphql(default)]
    scores: Vec<ScoreInput>,
    /// A JSON object of your own, put over the receivable's.
    metadata: Option<Json>,
}

impl ClaimFields {
    fn opening(self) -> Result<Opening, Refused> {
        let fees = self.fees.map(|fees| fees.into_iter().map(NewFee::from).collect());
        Ok(Opening {
            reference: self.claim_reference,
            account: self.account_reference,
            debtor: self.primary_debtor.map(|debtor| debtor.told("primaryDebtor")).transpose()?,
            currency: self.currency.map(|currency| currency.0),
            content: ClaimContent {
                amount: Amount(self.amount.0),
                fees,
                total_fees: self.total_fees.map(|fees| Amount(fees.0)),
                original_due_date: self.original_due_date.0,
                current_due_date: self.current_due_date.0,
                limitation_date: self.limitation_date.map(|date| date.0),
                product_reference: self.product_reference,
                payment_reference: self.payment_reference,
                portfolio_reference: self.portfolio_reference,
                creditor_reference: self.creditor_reference,
                scores: scores("scores", self.scores)?,
                metadata: metadata(self.metadata)?,
            },
        })
    }
}

/// A claim to create.
#[derive(InputObject)]
pub struct CreateClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The claim.
    #[graphql(flatten)]
    claim: ClaimFields,
}

impl CreateClaimInput {
    fn command(self) -> Result<CreateClaim, Refused> {
        self.claim.opening().map(CreateClaim)
    }
}

/// A deleted claim to bring back, with fresh data.
#[derive(InputObject)]
pub struct RecreateClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The claim. Without an account reference it stays on its receivable.
    #[graphql(flatten)]
    claim: ClaimFields,
}

impl RecreateClaimInput {
    fn command(self) -> Result<RecreateClaim, Refused> {
        self.claim.opening().map(RecreateClaim)
    }
}

/// A claim to create, or to put in the place of what there is.
#[derive(InputObject)]
pub struct ImportClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The claim, all of it: what is left out, it has no longer.
    #[graphql(flatten)]
    claim: ClaimFields,
    /// Of one that is there: its status stays as it is, whatever the amounts.
    #[graphql(default)]
    keep_status: bool,
    /// Of one that is there: its status is taken from the amounts alone, so that a resolved claim may be active again.
    #[graphql(default)]
    recompute_status: bool,
}

impl ImportClaimInput {
    fn command(self) -> Result<ImportClaim, Refused> {
        let rule = StatusRule::of(self.keep_status, self.recompute_status)?;
        Ok(ImportClaim { opening: self.claim.opening()?, rule })
    }
}

/// What to change on a claim. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
    /// Who owes it, first of all; cannot be emptied.
    primary_debtor: MaybeUndefined<DebtorInput>,
    /// What is owed, without the fees; cannot be emptied.
    amount: MaybeUndefined<Decimal>,
    /// In which currency the amounts are: the claim's. Cannot be emptied.
    currency: MaybeUndefined<CurrencyCode>,
    /// The fees one by one, all of them; null for none. They override `totalFees`.
    fees: MaybeUndefined<Vec<ClaimFeeInput>>,
    /// The fees together, no longer told apart; cannot be emptied.
    total_fees: MaybeUndefined<Decimal>,
    /// When it first fell due; cannot be emptied.
    original_due_date: MaybeUndefined<Date>,
    /// When it is due by now; cannot be emptied.
    current_due_date: MaybeUndefined<Date>,
    /// The last day on which it can be enforced; null for none.
    limitation_date: MaybeUndefined<Date>,
    /// What it was bought with; null for nothing.
    product_reference: MaybeUndefined<String>,
    /// What payments of it carry; null for nothing.
    payment_reference: MaybeUndefined<String>,
    /// What it is grouped by in reports; null for nothing.
    portfolio_reference: MaybeUndefined<String>,
    /// Whom it is owed to; cannot be emptied.
    creditor_reference: MaybeUndefined<String>,
    /// What is thought of it, all of it; null for nothing.
    scores: MaybeUndefined<Vec<ScoreInput>>,
    /// A JSON object of your own; replaces the former one, null empties it.
    metadata: MaybeUndefined<Json>,
    /// Why it is changed; told in its history, and not kept with it. `CLAIM_PAID` brings amount and fees to zero, and so
    /// resolves it; another reason of resolution is why it is resolved where it comes to nothing.
    reason: Option<String>,
    /// Its status stays as it is, whatever the amounts.
    #[graphql(default)]
    keep_status: bool,
    /// Its status is taken from the amounts alone, so that a resolved claim may be active again.
    #[graphql(default)]
    recompute_status: bool,
}

impl UpdateClaimInput {
    fn command(self) -> Result<UpdateClaim, Refused> {
        let minor = |name: &str, amount| Ok::<_, Refused>(set::<Decimal>(name, amount)?.map(|amount| Amount(amount.0)));
        let date = |name: &str, date| Ok::<_, Refused>(set::<Date>(name, date)?.map(|date| date.0));
        let scores = match change(self.scores) {
            Change::Set(told) => Change::Set(scores("scores", told)?),
            Change::Clear => Change::Clear,
            Change::Keep => Change::Keep,
        };
        let debtor = set("primaryDebtor", self.primary_debtor)?;
        Ok(UpdateClaim {
            reference: self.claim_reference,
            change: ClaimChange {
                amount: minor("amount", self.amount)?,
                currency: set("currency", self.currency)?.map(|currency| currency.0),
                fees: change(self.fees.map_value(|fees| fees.into_iter().map(NewFee::from).collect())),
                total_fees: minor("totalFees", self.total_fees)?,
                original_due_date: date("originalDueDate", self.original_due_date)?,
                current_due_date: date("currentDueDate", self.current_due_date)?,
                limitation_date: change(self.limitation_date.map_value(|date| date.0)),
                product_reference: change(self.product_reference),
                payment_reference: change(self.payment_reference),
                portfolio_reference: change(self.portfolio_reference),
                creditor_reference: set("creditorReference", self.creditor_reference)?,
                scores,
                metadata: metadata_change(self.metadata)?,
            },
            debtor: debtor.map(|debtor| debtor.told("primaryDebtor")).transpose()?,
            reason: said(self.reason),
            rule: StatusRule::of(self.keep_status, self.recompute_status)?,
        })
    }
}

/// What is owed less on a claim, without money that came in here.
#[derive(InputObject)]
pub struct CreditClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
    /// How much: no more than is owed without the fees.
    amount: MoneyInput,
    /// Who says so.
    originator: ClaimOriginator,
    /// Since when, where that is not now; not ahead. The books value it today.
    date: Option<DateTime>,
    /// For people.
    description: Option<String>,
}

impl CreditClaimInput {
    fn command(self) -> Result<CreditClaim, Refused> {
        Ok(CreditClaim(Movement {
            reference: self.claim_reference,
            amount: self.amount.into(),
            originator: self.originator,
            at: self.date.map(|date| date.0),
            description: said(self.description),
        }))
    }
}

/// What is owed more on a claim.
#[derive(InputObject)]
pub struct DebitClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
    /// How much.
    amount: MoneyInput,
    /// Who says so.
    originator: ClaimOriginator,
    /// Since when, where that is not now; not ahead. The books value it today.
    date: Option<DateTime>,
    /// For people.
    description: Option<String>,
    /// Whether a resolved claim is active again; it stays resolved otherwise.
    #[graphql(default)]
    recompute_status: bool,
}

impl DebitClaimInput {
    fn command(self) -> Result<DebitClaim, Refused> {
        Ok(DebitClaim {
            movement: Movement {
                reference: self.claim_reference,
                amount: self.amount.into(),
                originator: self.originator,
                at: self.date.map(|date| date.0),
                description: said(self.description),
            },
            rule: StatusRule::of(false, self.recompute_status)?,
        })
    }
}

/// A claim to close.
#[derive(InputObject)]
pub struct ResolveClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
    /// Why.
    reason: ClaimResolutionReason,
}

impl ResolveClaimInput {
    fn command(self) -> Result<ResolveClaim, Refused> {
        Ok(ResolveClaim { reference: self.claim_reference, reason: self.reason })
    }
}

/// A claim to delete.
#[derive(InputObject)]
pub struct DeleteClaimInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which claim.
    claim_reference: String,
}

impl DeleteClaimInput {
    fn command(self) -> Result<DeleteClaim, Refused> {
        Ok(DeleteClaim { reference: self.claim_reference })
    }
}

mutations! {
    #[doc = "Creates a claim that is changed by itself. A reference that a claim has or had is refused. Scope: admin."]
    #[doc = "Creates many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A claim was created."]
    CreateClaims: create_claim = "createClaim", create_claim_batch = "createClaimBatch", CreateClaimInput;
    CreateClaimResult = CreateClaimSuccess { claim: Claim = "The claim, as it is now." };
    CreateClaimBatchInput; CreateClaimBatchItem, CreateClaimBatchSuccess, CreateClaimBatchResult;

    #[doc = "Brings a deleted claim back with fresh data: its life begins anew. Scope: admin."]
    #[doc = "Brings many deleted claims back. Scope: admin; large batches take the scope bulk."]
    #[doc = "A deleted claim is back."]
    RecreateClaims: recreate_claim = "recreateClaim", recreate_claim_batch = "recreateClaimBatch", RecreateClaimInput;
    RecreateClaimResult = RecreateClaimSuccess { claim: Claim = "The claim, as it is now." };
    RecreateClaimBatchInput; RecreateClaimBatchItem, RecreateClaimBatchSuccess, RecreateClaimBatchResult;

    #[doc = "Creates a claim, or puts all of its data in the place of what it has; a deleted one is refused. Scope: admin."]
    #[doc = "Imports many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A claim was created, or changed as a whole."]
    ImportClaims: import_claim = "importClaim", import_claim_batch = "importClaimBatch", ImportClaimInput;
    ImportClaimResult = ImportClaimSuccess { claim: Claim = "The claim, as it is now." };
    ImportClaimBatchInput; ImportClaimBatchItem, ImportClaimBatchSuccess, ImportClaimBatchResult;

    #[doc = "Changes some of a claim. Where nothing is owed on it any more, it is resolved. Scope: admin."]
    #[doc = "Changes some of many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A claim was changed."]
    UpdateClaims: update_claim = "updateClaim", update_claim_batch = "updateClaimBatch", UpdateClaimInput;
    UpdateClaimResult = UpdateClaimSuccess { claim: Claim = "The claim, as it is now." };
    UpdateClaimBatchInput; UpdateClaimBatchItem, UpdateClaimBatchSuccess, UpdateClaimBatchResult;

    #[doc = "Lowers what is owed on a claim; where nothing is left, it is resolved. Scope: admin."]
    #[doc = "Lowers what is owed on many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "Less is owed on a claim."]
    CreditClaims: credit_claim = "creditClaim", credit_claim_batch = "creditClaimBatch", CreditClaimInput;
    CreditClaimResult = CreditClaimSuccess { claim: Claim = "The claim, as it is now." };
    CreditClaimBatchInput; CreditClaimBatchItem, CreditClaimBatchSuccess, CreditClaimBatchResult;

    #[doc = "Raises what is owed on a claim. One that is resolved stays so, unless its status is recomputed. Scope: admin."]
    #[doc = "Raises what is owed on many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "More is owed on a claim."]
    DebitClaims: debit_claim = "debitClaim", debit_claim_batch = "debitClaimBatch", DebitClaimInput;
    DebitClaimResult = DebitClaimSuccess { claim: Claim = "The claim, as it is now." };
    DebitClaimBatchInput; DebitClaimBatchItem, DebitClaimBatchSuccess, DebitClaimBatchResult;

    #[doc = "Closes an active claim for a reason. What is owed on it stays as it is. Scope: admin."]
    #[doc = "Closes many active claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A claim is resolved."]
    ResolveClaims: resolve_claim = "resolveClaim", resolve_claim_batch = "resolveClaimBatch", ResolveClaimInput;
    ResolveClaimResult = ResolveClaimSuccess { claim: Claim = "The claim, as it is now." };
    ResolveClaimBatchInput; ResolveClaimBatchItem, ResolveClaimBatchSuccess, ResolveClaimBatchResult;

    #[doc = "Deletes a claim: what is owed on it goes off the books, and its reference stays reserved. Scope: admin."]
    #[doc = "Deletes many claims. Scope: admin; large batches take the scope bulk."]
    #[doc = "A claim is deleted."]
    DeleteClaims: delete_claim = "deleteClaim", delete_claim_batch = "deleteClaimBatch", DeleteClaimInput;
    DeleteClaimResult = DeleteClaimSuccess { claim: Claim = "The claim, as it is now." };
    DeleteClaimBatchInput; DeleteClaimBatchItem, DeleteClaimBatchSuccess, DeleteClaimBatchResult;
}

/// Mutations of claims.
#[derive(Default, MergedObject)]
pub struct ClaimMutation(
    CreateClaims,
    RecreateClaims,
    ImportClaims,
    UpdateClaims,
    CreditClaims,
    DebitClaims,
    ResolveClaims,
    DeleteClaims,
);
