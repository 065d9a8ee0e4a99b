//! What changes customers.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::addresses::{self, NewAddress};
use super::events::{self, CUSTOMER_CREATED, CUSTOMER_UPDATED};
use super::identifiers::Identifier;
use super::identity;
use super::model::{Customer, CustomerType};
use super::profile::{Profile, ProfileChange, check_birth_date, checked_contact_points, checked_languages};
use super::store::{CustomerBy, EXTERNAL_REFERENCE, NUMBER};
use crate::ledger::Restrictions;
use crate::primitives::CustomerId;
use crate::refused::Refused;
use crate::work::numbers::{insert_numbered, made_number};
use crate::work::{Change, Command, Decision, Wants, Work};

/// Creates a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateCustomer {
    /// Person or company.
    pub type_: CustomerType,
    /// Made when absent.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Option<String>,
    /// Of a person.
    pub first_name: Option<String>,
    /// Of a person.
    pub last_name: Option<String>,
    /// Of a company.
    pub company_name: Option<String>,
    /// A JSON object, as text.
    pub metadata: String,
    /// What is known beside that.
    #[serde(default)]
    pub profile: Profile,
    /// Where it is reached: none, or the main postal address among them.
    pub addresses: Vec<NewAddress>,
}

impl CreateCustomer {
    /// What it looks up, for commands that create one as a part of theirs.
    pub fn hints(&self, wants: &mut Wants) {
        if let Some(number) = &self.number {
            wants.unique::<Customer>(&NUMBER, number);
        }
        if let Some(reference) = &self.external_reference {
            wants.unique::<Customer>(&EXTERNAL_REFERENCE, reference);
        }
        for address in &self.addresses {
            address.hints(wants);
        }
    }

    /// Rows that it writes, at most.
    #[must_use]
    pub fn rows(&self) -> usize {
        3 + 3 * self.addresses.len()
    }
}

impl Command for CreateCustomer {
    const OPERATION: &'static str = "createCustomer";
    type Made = Customer;

    fn looks_at(&self, wants: &mut Wants) {
        self.hints(wants);
    }

    /// Refused as: `INVALID_INPUT`, `INVALID_IDENTIFIER`, `DATA_KEYS_MISSING`, `INVALID_INPUT` for a birth date that an
    /// identifier does not tell, `DUPLICATE_REFERENCE`, then as its addresses are,
    /// in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let id = work.id::<CustomerId>();
        let customer = Customer {
            id,
            ordinal: work.ordinal(),
            number: self.number.clone().unwrap_or_else(|| made_number('C', id.0, 0)),
            external_reference: self.external_reference.clone(),
            type_: self.type_,
            first_name: self.first_name.clone(),
            middle_name: self.profile.middle_name.clone(),
            last_name: self.last_name.clone(),
            company_name: self.company_name.clone(),
            birth_date: self.profile.birth_date,
            languages: self.profile.languages.clone(),
            contact_points: self.profile.contact_points.clone(),
            metadata: self.metadata.clone(),
            merged_into: None,
            erased_at: None,
            erasure: None,
            restrictions: Restrictions::default(),
            created_at: work.now(),
        };
        let customer = whole(customer, work.today())?;
        let identifiers = identity::read(&self.profile.identifiers, self.type_, work.today())?;
        identity::check_birth_date(customer.birth_date, &identifiers)?;
        let customer = match &self.number {
            Some(_) => work.insert(customer)?,
            None => insert_numbered(work, |work, attempt| {
                work.insert(Customer { number: made_number('C', id.0, attempt), ..customer.clone() })
            })?,
        };
        identity::set(work, customer.id, &identifiers)?;
        work.tell(events::of(CUSTOMER_CREATED, &customer));
        addresses::add_all(work, customer.id, &self.addresses)?;
        Ok(customer)
    }

    fn weight(&self) -> usize {
        self.rows() + self.profile.identifiers.len()
    }
}

/// A customer with everything in the form in which it is kept.
///
/// # Errors
/// `INVALID_INPUT`, naming the first field at fault.
fn whole(customer: Customer, today: NaiveDate) -> Result<Customer, Refused> {
    let mut customer = customer.checked()?;
    check_birth_date(customer.type_, customer.birth_date, today)?;
    customer.languages = checked_languages(&customer.languages)?;
    customer.contact_points = checked_contact_points(&customer.contact_points)?;
    Ok(customer)
}

/// Changes a customer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateCustomer {
    /// Which.
    pub customer: CustomerBy,
    /// The number.
    pub number: Option<String>,
    /// The tenant's own reference.
    pub external_reference: Change<String>,
    /// Of a person.
    pub first_name: Change<String>,
    /// Of a person.
    pub last_name: Change<String>,
    /// Of a company.
    pub company_name: Change<String>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
    /// What is known beside that.
    #[serde(default)]
    pub profile: ProfileChange,
}

impl Command for UpdateCustomer {
    const OPERATION: &'static str = "updateCustomer";
    type Made = Customer;

    fn looks_at(&self, wants: &mut Wants) {
        self.customer.hint(wants);
        if let Some(number) = &self.number {
            wants.unique::<Customer>(&NUMBER, number);
        }
        if let Change::Set(reference) = &self.external_reference {
            wants.unique::<Customer>(&EXTERNAL_REFERENCE, reference);
        }
    }

    /// Refused as: `NOT_FOUND`, `CUSTOMER_ERASED`, `CUSTOMER_MERGED`, `INVALID_INPUT`, `INVALID_IDENTIFIER`,
    /// `DATA_KEYS_MISSING`, `INVALID_INPUT` for a birth date that an identifier does not tell, `DUPLICATE_REFERENCE`, in
    /// this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let found = self.customer.locate(work, "customer")?;
        let today = work.today();
        let customer = work.change::<Customer, Refused>(found.id, |customer| {
            if let Some(number) = &self.number {
                customer.number.clone_from(number);
            }
            self.external_reference.apply(&mut customer.external_reference);
            self.first_name.apply(&mut customer.first_name);
            self.last_name.apply(&mut customer.last_name);
            self.company_name.apply(&mut customer.company_name);
            self.metadata.apply_or(&mut customer.metadata, "{}".into());
            let profile = &self.profile;
            profile.middle_name.apply(&mut customer.middle_name);
            profile.birth_date.apply(&mut customer.birth_date);
            profile.languages.apply_or(&mut customer.languages, Vec::new());
            profile.contact_points.apply_or(&mut customer.contact_points, Vec::new());
            *customer = whole(customer.clone(), today)?;
            Ok(())
        })?;
        self.identify(work, &customer)?;
        work.tell(events::of(CUSTOMER_UPDATED, &customer));
        Ok(customer)
    }

    fn weight(&self) -> usize {
        match &self.profile.identifiers {
            Change::Keep => 3,
            _ => 3 + 2 * identity::MOST_IDENTIFIERS,
        }
    }
}

impl UpdateCustomer {
    /// Sets the identifiers, and holds the birth date against them: against those that it has where they stay.
    fn identify(&self, work: &mut Work, customer: &Customer) -> Decision<()> {
        let today = work.today();
        let told = match &self.profile.identifiers {
            Change::Set(told) => Some(told.as_slice()),
            Change::Clear => Some(&[][..]),
            Change::Keep => None,
        };
        if let Some(told) = told {
            let identifiers = identity::read(told, customer.type_, today)?;
            identity::check_birth_date(customer.birth_date, &identifiers)?;
            return identity::set(work, customer.id, &identifiers);
        }
        if let Change::Set(date) = self.profile.birth_date {
            let has = identity::of(work, customer.id)?;
            let read = has.iter().filter_map(|one| Identifier::parse(one.kind, &one.number.0, today).ok());
            identity::check_birth_date(Some(date), &read.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}
