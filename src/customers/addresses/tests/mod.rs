//! The rules of addresses, over a tenant in memory: once with every row at hand, once decided from nothing.

mod book;
mod keep;
mod random;
mod rules;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate};

use super::*;
use crate::customers::{CreateCustomer, CustomerBy, CustomerType};
use crate::primitives::{Clock, CustomerId, Origin, TenantId};
use crate::refused::{RefusalCode, Refused};
use crate::work::memory::Memory;
use crate::work::{Change, Command};

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

/// Noon of the fifteenth of April 2026, where every test begins.
fn clock() -> Clock {
    Clock::manual(DateTime::parse_from_rfc3339("2026-04-15T12:00:00Z").expect("a moment").to_utc())
}

/// A day of 2026.
fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).expect("a day")
}

fn both(test: impl Fn(&mut Memory, &Clock)) {
    let (one, other) = (clock(), clock());
    test(&mut Memory::new(TENANT, one.clone()), &one);
    test(&mut Memory::from_nothing(TENANT, other.clone()), &other);
}

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn done<C: Command + Clone>(memory: &mut Memory, command: &C) -> Arc<C::Made> {
    run(memory, command).unwrap_or_else(|refused| panic!("{command:?}: {refused:?}"))
}

#[track_caller]
fn refused<C: Command + Clone>(memory: &mut Memory, command: &C, code: RefusalCode, field: &str) -> Refused {
    let refused = run(memory, command).expect_err("a refusal");
    let paths: Vec<String> = refused.fields.iter().map(|problem| problem.path.join(".")).collect();
    assert_eq!((refused.code, paths), (code, vec![field.to_owned()]), "{}", refused.message);
    refused
}

fn person() -> CreateCustomer {
    CreateCustomer {
        type_: CustomerType::Person,
        number: None,
        external_reference: None,
        first_name: None,
        last_name: Some("Lovelace".into()),
        company_name: None,
        metadata: "{}".into(),
        profile: Default::default(),
        addresses: Vec::new(),
    }
}

fn postal(town: &str) -> Content {
    Content::Postal(Box::new(PostalAddress {
        town_name: Some(town.into()),
        country: "SE".into(),
        ..PostalAddress::default()
    }))
}

/// A permanent postal address that starts today.
fn new(label: &str, town: &str) -> NewAddress {
    NewAddress {
        label: label.into(),
        content: postal(town),
        usages: Vec::new(),
        entity_reference: None,
        external_reference: None,
        starts_on: None,
        ends_on: None,
    }
}

fn main() -> NewAddress {
    new(MAIN_POSTAL_ADDRESS, "Stockholm")
}

/// The same for some days only.
fn between(address: NewAddress, from: NaiveDate, to: NaiveDate) -> NewAddress {
    NewAddress { starts_on: Some(from), ends_on: Some(to), ..address }
}

fn used_for(address: NewAddress, usages: &[Usage]) -> NewAddress {
    NewAddress { usages: usages.to_vec(), ..address }
}

fn usage(name: &str, thing: Option<&str>) -> Usage {
    Usage { name: name.into(), service: "ACCOUNT_SERVICE".into(), entity_reference: thing.map(str::to_owned) }
}

fn adding(customer: CustomerId, address: NewAddress) -> CreateAddress {
    CreateAddress { customer: CustomerBy::Id(customer), address }
}

/// A customer with a main postal address.
fn customer(memory: &mut Memory) -> CustomerId {
    done(memory, &CreateCustomer { addresses: vec![main()], ..person() }).id
}

fn named(address: &Address) -> Named {
    Named { customer: None, address: AddressBy::Id(address.id) }
}

/// An update that says the same again.
fn updating(address: &Address) -> UpdateAddress {
    UpdateAddress {
        address: named(address),
        content: address.content.clone().expect("what it says"),
        usages: Vec::new(),
        entity_reference: address.entity_reference.clone(),
        external_reference: Change::Keep,
        starts_on: None,
        ends_on: address.ends_on,
        invalid: None,
    }
}

/// All addresses of a customer, as they are now.
fn all(memory: &Memory, customer: CustomerId) -> Vec<Address> {
    let mut all: Vec<Address> = memory
        .rows::<Address>()
        .iter()
        .map(|address| (**address).clone())
        .filter(|it| it.customer == customer)
        .collect();
    all.sort_by_key(|address| address.ordinal);
    all
}

fn now(memory: &Memory, address: &Address) -> Address {
    all(memory, address.customer).into_iter().find(|found| found.id == address.id).expect("it is there")
}
