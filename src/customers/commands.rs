//! What changes customers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, CUSTOMER_CREATED, CUSTOMER_UPDATED};
use super::model::{Customer, CustomerType};
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
    }
}

impl Command for CreateCustomer {
    const OPERATION: &'static str = "createCustomer";
    type Made = Customer;

    fn looks_at(&self, wants: &mut Wants) {
        self.hints(wants);
    }

    /// Refused as: `INVALID_INPUT`, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let id = work.id::<CustomerId>();
        let customer = Customer {
            id,
            ordinal: work.ordinal(),
            number: self.number.clone().unwrap_or_else(|| made_number('C', id.0, 0)),
            external_reference: self.external_reference.clone(),
            type_: self.type_,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            company_name: self.company_name.clone(),
            metadata: self.metadata.clone(),
            restrictions: Restrictions::default(),
            created_at: work.now(),
        }
        .checked()?;
        let customer = match &self.number {
            Some(_) => work.insert(customer)?,
            None => insert_numbered(work, |work, attempt| {
                work.insert(Customer { number: made_number('C', id.0, attempt), ..customer.clone() })
            })?,
        };
        work.tell(events::of(CUSTOMER_CREATED, &customer));
        Ok(customer)
    }

    fn weight(&self) -> usize {
        3
    }
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

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `DUPLICATE_REFERENCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Customer>> {
        let found = self.customer.locate(work, "customer")?;
        let customer = work.change::<Customer, Refused>(found.id, |customer| {
            if let Some(number) = &self.number {
                customer.number.clone_from(number);
            }
            self.external_reference.apply(&mut customer.external_reference);
            self.first_name.apply(&mut customer.first_name);
            self.last_name.apply(&mut customer.last_name);
            self.company_name.apply(&mut customer.company_name);
            self.metadata.apply_or(&mut customer.metadata, "{}".into());
            *customer = customer.clone().checked()?;
            Ok(())
        })?;
        work.tell(events::of(CUSTOMER_UPDATED, &customer));
        Ok(customer)
    }

    fn weight(&self) -> usize {
        3
    }
}
