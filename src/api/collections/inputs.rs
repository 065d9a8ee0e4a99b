//! What inputs of receivables and claims share.

use async_graphql::InputObject;

use crate::api::customers::addresses::NewAddressInput;
use crate::api::customers::{ContactPointInput, IdentifierInput, ProfileInput};
use crate::api::enums::{CustomerType, ScoreType};
use crate::api::input::metadata;
use crate::api::scalars::{Date, Decimal, Json};
use crate::collections::NewDebtor;
use crate::collections::claims::NewFee;
use crate::collections::score::{Score, ScoreValue};
use crate::customers::CreateCustomer;
use crate::primitives::Amount;
use crate::refused::Refused;

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
