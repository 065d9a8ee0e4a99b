//! The rules of customers and of parties.

use serde_json::Value;

use super::books::{Customer, Made, Model, Party, Refusal, Says, no, owned, text};
use super::rules::{change, change_metadata, metadata, reference, required};

impl Model {
    pub fn create_customer(&mut self, input: &Value) -> Result<Made, Refusal> {
        self.new_customer(input).map(Made::Customer)
    }

    /// A customer who is created, alone or with an account.
    pub fn new_customer(&mut self, input: &Value) -> Result<usize, Refusal> {
        let customer = Customer {
            id: String::new(),
            number: owned(input, "number").unwrap_or_default(),
            is_company: text(input, "type") == Some("COMPANY"),
            external: owned(input, "externalReference"),
            names: ["firstName", "lastName", "companyName"].map(|name| owned(input, name)),
            metadata: metadata(input),
        };
        check_customer(&customer, text(input, "number"))?;
        self.unique_customer(usize::MAX, &customer)?;
        self.customers.push(customer);
        let place = self.customers.len() - 1;
        self.log("CUSTOMER_CREATED", None, Says::Customer(place));
        Ok(place)
    }

    pub fn update_customer(&mut self, input: &Value) -> Result<Made, Refusal> {
        let place = self.customer_by(&input["customer"]).ok_or_else(|| no("NOT_FOUND", "customer"))?;
        let mut customer = self.customers[place].clone();
        customer.number = owned(input, "number").unwrap_or(customer.number);
        for (slot, name) in customer.names.iter_mut().zip(["firstName", "lastName", "companyName"]) {
            change(slot, input, name);
        }
        change(&mut customer.external, input, "externalReference");
        change_metadata(&mut customer.metadata, input);
        check_customer(&customer, Some(&customer.number))?;
        self.unique_customer(place, &customer)?;
        self.customers[place] = customer;
        self.log("CUSTOMER_UPDATED", None, Says::Customer(place));
        Ok(Made::Customer(place))
    }

    fn unique_customer(&self, place: usize, customer: &Customer) -> Result<(), Refusal> {
        let others = || self.customers.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
        if !customer.number.is_empty() && others().any(|other| other.number == customer.number) {
            return Err(no("DUPLICATE_REFERENCE", "number"));
        }
        if customer.external.is_some() && others().any(|other| other.external == customer.external) {
            return Err(no("DUPLICATE_REFERENCE", "externalReference"));
        }
        Ok(())
    }

    pub fn create_party(&mut self, input: &Value) -> Result<Made, Refusal> {
        let party = Party {
            id: String::new(),
            number: owned(input, "number").unwrap_or_default(),
            external: owned(input, "externalReference"),
            name: owned(input, "name").expect("a name"),
            metadata: metadata(input),
        };
        check_party(&party, text(input, "number"))?;
        self.unique_party(usize::MAX, &party)?;
        self.parties.push(party);
        let place = self.parties.len() - 1;
        self.log("PARTY_CREATED", None, Says::Party(place));
        Ok(Made::Party(place))
    }

    pub fn update_party(&mut self, input: &Value) -> Result<Made, Refusal> {
        let place = self.party_by(&input["party"]).ok_or_else(|| no("NOT_FOUND", "party"))?;
        let mut party = self.parties[place].clone();
        change(&mut party.external, input, "externalReference");
        party.name = owned(input, "name").unwrap_or(party.name);
        change_metadata(&mut party.metadata, input);
        check_party(&party, None)?;
        self.unique_party(place, &party)?;
        self.parties[place] = party;
        self.log("PARTY_UPDATED", None, Says::Party(place));
        Ok(Made::Party(place))
    }

    fn unique_party(&self, place: usize, party: &Party) -> Result<(), Refusal> {
        let others = || self.parties.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
        if !party.number.is_empty() && others().any(|other| other.number == party.number) {
            return Err(no("DUPLICATE_REFERENCE", "number"));
        }
        if party.external.is_some() && others().any(|other| other.external == party.external) {
            return Err(no("DUPLICATE_REFERENCE", "externalReference"));
        }
        Ok(())
    }
}

/// What kind of customer it is.
pub fn kind(is_company: bool) -> &'static str {
    if is_company { "COMPANY" } else { "PERSON" }
}

fn check_party(party: &Party, number: Option<&str>) -> Result<(), Refusal> {
    required("name", &party.name, 200)?;
    reference("number", number)?;
    reference("externalReference", party.external.as_deref())
}

fn check_customer(customer: &Customer, number: Option<&str>) -> Result<(), Refusal> {
    let company = customer.is_company;
    let rules = [("firstName", !company, false), ("lastName", !company, !company), ("companyName", company, company)];
    for ((field, allowed, needed), name) in rules.into_iter().zip(&customer.names) {
        match name {
            None if needed => return Err(no("INVALID_INPUT", field)),
            Some(_) if !allowed => return Err(no("INVALID_INPUT", field)),
            Some(name) => required(field, name, 200)?,
            None => {}
        }
    }
    reference("number", number)?;
    reference("externalReference", customer.external.as_deref())
}
