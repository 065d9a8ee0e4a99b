//! A customer: a person or a company. Owner, cardholder and debtor are roles that follow from links.

use chrono::NaiveDate;

use super::erasure::Erasure;
use super::profile::{ContactPoint, MIDDLE_NAME};
use super::refusals::{CUSTOMER_ERASED, CUSTOMER_MERGED};
use crate::ledger::Restrictions;
use crate::primitives::clock::Micros;
use crate::primitives::{CustomerId, text};
use crate::refused::{Facts, Refused, check_reference};

crate::words! {
    /// What a customer is.
    CustomerType {
        /// A natural person: has a last name.
        Person = "PERSON",
        /// A legal person: has a company name.
        Company = "COMPANY",
    }
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Unique in the tenant.
    pub number: String,
    /// The tenant's own reference; unique.
    pub external_reference: Option<String>,
    /// Person or company.
    pub type_: CustomerType,
    /// Of a person.
    pub first_name: Option<String>,
    /// Of a person.
    pub middle_name: Option<String>,
    /// Of a person; required there.
    pub last_name: Option<String>,
    /// Of a company; required there.
    pub company_name: Option<String>,
    /// Of a person.
    pub birth_date: Option<NaiveDate>,
    /// BCP 47 tags, in the order in which they are preferred.
    pub languages: Vec<String>,
    /// Where it can be reached.
    pub contact_points: Vec<ContactPoint>,
    /// A JSON object, as text.
    pub metadata: String,
    /// The record of the same person that it was merged into.
    pub merged_into: Option<CustomerId>,
    /// When what was personal of it was erased.
    pub erased_at: Option<Micros>,
    /// What was erased then, and what is kept.
    pub erasure: Option<Erasure>,
    /// The blocks on it, for the accounts that it opens; those that it has carry them in the books.
    pub restrictions: Restrictions,
    /// When it was created.
    pub created_at: Micros,
}

impl Customer {
    /// The name for people.
    #[must_use]
    pub fn name(&self) -> String {
        match self.type_ {
            CustomerType::Company => self.company_name.clone().unwrap_or_default(),
            CustomerType::Person => {
                let names = [self.first_name.as_deref(), self.middle_name.as_deref(), self.last_name.as_deref()];
                names.into_iter().flatten().collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// Checks that it is one thing, whole: a person has a last name and no company name, a company has a
    /// company name and no others.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(self) -> Result<Self, Refused> {
        let (person, company) = (self.type_ == CustomerType::Person, self.type_ == CustomerType::Company);
        let fields = [
            ("firstName", &self.first_name, person, false, 200),
            ("middleName", &self.middle_name, person, false, MIDDLE_NAME),
            ("lastName", &self.last_name, person, person, 200),
            ("companyName", &self.company_name, company, company, 200),
        ];
        for (name, value, allowed, required, longest) in fields {
            match value {
                None if required => return Err(Refused::invalid(name, format!("a {} needs a {name}", self.kind()))),
                Some(_) if !allowed => return Err(Refused::invalid(name, format!("a {} has no {name}", self.kind()))),
                Some(value) => {
                    text::required(value, longest).map_err(|problem| Refused::invalid(name, problem.to_string()))?
                }
                None => {}
            }
        }
        check_reference("number", Some(&self.number))?;
        check_reference("externalReference", self.external_reference.as_deref())?;
        Ok(self)
    }

    /// Checks that it is somebody to do something with.
    ///
    /// # Errors
    /// `CUSTOMER_MERGED` and `CUSTOMER_ERASED` for the field that names it.
    pub fn require_present(&self, field: &str) -> Result<(), Refused> {
        if self.erased_at.is_some() {
            return Err(Refused::of_field(CUSTOMER_ERASED, field, "what was personal of the customer was erased"));
        }
        if let Some(into) = self.merged_into {
            let message = format!("the customer was merged into {into}");
            let facts = Box::new(Facts { customer: Some(into), ..Facts::default() });
            return Err(Refused { facts, ..Refused::of_field(CUSTOMER_MERGED, field, message) });
        }
        Ok(())
    }

    fn kind(&self) -> &'static str {
        match self.type_ {
            CustomerType::Person => "person",
            CustomerType::Company => "company",
        }
    }
}
