//! What inputs of receivables and claims share.

use async_graphql::InputObject;

use crate::api::customers::addresses::NewAddressInput;
use crate::api::customers::{ContactPointInput, IdentifierInput, ProfileInput};
use crate::api::enums::{CustomerType, ReceivableEntryKind, ScoreType};
use crate::api::input::metadata;
use crate::api::scalars::{Date, DateTime, Decimal, Json};
use crate::collections::claims::NewFee;
use crate::collections::score::{Score, ScoreValue};
use crate::collections::{NewDebtor, NewEntry, ReceivableProduct};
use crate::customers::CreateCustomer;
use crate::primitives::Amount;
use crate::refused::{Refused, said};

/// Somebody who owes. A customer who is there under the external reference is the debtor, and stays as it is; otherwise one is
/// created. A natural person has a first and a last name, a company a company name; a new debtor can be reached, by a
/// contact point or an address.
#[derive(InputObject)]
pub struct DebtorInput {
    /// What you call the customer; unique in the tenant.
    external_reference: Option<String>,
    /// A natural or a legal person.
    #[graphql(name = "type", default_with = "CustomerType::Person")]
    type_: CustomerType,
    /// Of a natural person; required there.
    first_name: Option<String>,
    /// Of a natural person.
    middle_name: Option<String>,
    /// Of a natural person; required there.
    last_name: Option<String>,
    /// Of a legal person; required there.
    company_name: Option<String>,
    /// Of a natural person; what an identifier tells it must agree with.
    birth_date: Option<Date>,
    /// BCP 47 tags such as `sv` or `pt-BR`, in the order in which they are preferred; at most 10.
    #[graphql(validator(max_items = 10))]
    languages: Option<Vec<String>>,
    /// Where it can be reached; at most 20.
    #[graphql(validator(max_items = 20))]
    contact_points: Option<Vec<ContactPointInput>>,
    /// The numbers by which states know it, one of each kind; at most 10. Each is one customer's.
    #[graphql(validator(max_items = 10))]
    identifiers: Option<Vec<IdentifierInput>>,
    /// A JSON object of your own: a title, for one.
    metadata: Option<Json>,
    /// Where it is reached: none, or a permanent MAIN_POSTAL_ADDRESS among them.
    addresses: Option<Vec<NewAddressInput>>,
}

impl DebtorInput {
    /// The domain's form.
    pub(super) fn told(self, field: &str) -> Result<NewDebtor, Refused> {
        Ok(NewDebtor(CreateCustomer {
            type_: self.type_,
            number: None,
            external_reference: self.external_reference,
            first_name: self.first_name,
            last_name: self.last_name,
            company_name: self.company_name,
            metadata: metadata(self.metadata).map_err(|refused| refused.under(field))?,
            profile: ProfileInput {
                middle_name: self.middle_name,
                birth_date: self.birth_date,
                languages: self.languages,
                contact_points: self.contact_points,
                identifiers: self.identifiers,
            }
            .told(),
            addresses: NewAddressInput::all(self.addresses),
        }))
    }
}

/// What is thought of a debtor: a text or an object. With neither it is said that there is no value.
#[derive(InputObject)]
pub struct ScoreInput {
    /// Who thinks so.
    #[graphql(name = "type")]
    type_: ScoreType,
    /// What, as a text; at most 200 characters.
    text: Option<String>,
    /// What, in several parts.
    object: Option<Json>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// Scores in the domain's form.
pub(super) fn scores(field: &str, told: Vec<ScoreInput>) -> Result<Vec<Score>, Refused> {
    let one = |(place, score): (usize, ScoreInput)| {
        let value = match (score.text, score.object) {
            (Some(_), Some(_)) => {
                let refused = Refused::invalid("object", "the score is a text, or an object, and not both");
                return Err(refused.at(field, place));
            }
            (Some(text), None) => ScoreValue::Text(text),
            (None, Some(object)) => ScoreValue::Object(object.0),
            (None, None) => ScoreValue::None,
        };
        let metadata = metadata(score.metadata).map_err(|refused| refused.at(field, place))?;
        Ok(Score { type_: score.type_, value, metadata })
    };
    told.into_iter().enumerate().map(one).collect()
}

/// A fee of a claim.
#[derive(InputObject)]
pub struct ClaimFeeInput {
    /// What for.
    name: String,
    /// How much of it is owed, in the claim's currency.
    amount: Decimal,
}

impl From<ClaimFeeInput> for NewFee {
    fn from(fee: ClaimFeeInput) -> Self {
        Self { name: fee.name, amount: Amount(fee.amount.0) }
    }
}

/// A product of a receivable.
#[derive(InputObject)]
pub struct ReceivableProductInput {
    /// What the creditor calls it; unique on the receivable.
    product_reference: String,
    /// What payments of it carry.
    payment_reference: Option<String>,
    /// What kind of thing it is.
    #[graphql(name = "type")]
    type_: Option<String>,
    /// Its name.
    name: Option<String>,
    /// The creditor's code of it.
    code: Option<String>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

impl ReceivableProductInput {
    /// The domain's form.
    pub(super) fn told(self) -> Result<ReceivableProduct, Refused> {
        Ok(ReceivableProduct {
            reference: self.product_reference,
            payment_reference: said(self.payment_reference),
            type_: said(self.type_),
            name: said(self.name),
            code: said(self.code),
            metadata: metadata(self.metadata)?,
        })
    }
}

/// An entry of a receivable.
#[derive(InputObject)]
pub struct ReceivableEntryInput {
    /// What the creditor calls it; unique on the receivable.
    ledger_entry_reference: String,
    /// What it is.
    kind: ReceivableEntryKind,
    /// How much, in the account's currency; below zero only of an adjustment.
    amount: Decimal,
    /// The reference of the entry on the account that it relates to: of a chargeback the payment, of others an invoice or a fee, of a payment also a correction of the account.
    /// Required of chargebacks and discounts; not of invoices and reporting entries. Without one, a fee, a payment or an
    /// adjustment is the account's.
    target: Option<String>,
    /// The type of a fee (`COLLECTION_FEE`), the reason of an adjustment (`INVALID`); required there, and of these alone.
    label: Option<String>,
    /// When an invoice is due, required there; to when an adjustment of one moves that.
    due_date: Option<Date>,
    /// Which of the account's debtors an invoice is of, by external reference; the first when absent.
    debtor_reference: Option<String>,
    /// What it is of, as the creditor calls it.
    product_reference: Option<String>,
    /// Of a payment what it carried, of an invoice what payments of it are to carry.
    payment_reference: Option<String>,
    /// Who brought a payment.
    provider: Option<String>,
    /// When it came about. The books value it on the day on which it is booked here.
    happened_at: Option<DateTime>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

impl ReceivableEntryInput {
    /// The domain's form.
    pub(super) fn told(self) -> Result<NewEntry, Refused> {
        Ok(NewEntry {
            reference: self.ledger_entry_reference,
            kind: self.kind,
            amount: Amount(self.amount.0),
            target: self.target,
            label: said(self.label),
            due_date: self.due_date.map(|date| date.0),
            debtor_reference: self.debtor_reference,
            product_reference: said(self.product_reference),
            payment_reference: said(self.payment_reference),
            provider: said(self.provider),
            happened_at: self.happened_at.map(|at| at.0),
            metadata: metadata(self.metadata)?,
        })
    }
}
