//! An address: where a customer is reached, under a label, from a day on.

use std::ops::RangeInclusive;

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use super::content::Content;
use super::refusals::ADDRESS_ENDS_BEFORE_START;
use crate::primitives::clock::Micros;
use crate::primitives::{AddressId, CustomerId};
use crate::refused::{Refused, check_reference};

/// The label that every customer with addresses has one under.
pub const MAIN_POSTAL_ADDRESS: &str = "MAIN_POSTAL_ADDRESS";

/// Usages of one address.
const MOST_USAGES: usize = 100;

crate::words! {
    /// How a customer is reached at an address.
    AddressType {
        /// By letter.
        Postal = "POSTAL",
        /// By phone.
        Phone = "PHONE",
        /// By e-mail.
        EMail = "E_MAIL",
    }

    /// Whether an address is in use.
    AddressStatus {
        /// It is in force on its days.
        Active = "ACTIVE",
        /// It was taken out of use, and can be put back.
        Inactive = "INACTIVE",
        /// It is gone for good: a later temporary address has overlapped it, or it was erased.
        Removed = "REMOVED",
    }
}

impl AddressStatus {
    /// Whether one comes after the other.
    #[must_use]
    pub fn leads_to(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Active, Self::Inactive)
                | (Self::Inactive, Self::Active)
                | (Self::Active | Self::Inactive, Self::Removed)
        )
    }
}

/// What an address is used for: by which service, and for which of its things, or for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// What for, such as `STATEMENT_SENDING`.
    pub name: String,
    /// By which service, such as `ACCOUNT_SERVICE`.
    pub service: String,
    /// For one thing alone, such as a card contract.
    pub entity_reference: Option<String>,
}

impl Usage {
    /// Whether a removal that names this means the usage: without a thing it means all of them.
    #[must_use]
    pub fn is_meant_by(&self, named: &Self) -> bool {
        let is_thing = named.entity_reference.is_none() || named.entity_reference == self.entity_reference;
        self.name == named.name && self.service == named.service && is_thing
    }

    /// Checks its words.
    ///
    /// # Errors
    /// `INVALID_INPUT` for its field.
    pub fn check(&self) -> Result<(), Refused> {
        check_word("name", &self.name)?;
        check_word("service", &self.service)?;
        check_reference("entityReference", self.entity_reference.as_deref())
    }
}

/// An address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// Its place in lists.
    pub ordinal: i64,
    /// Whose it is.
    pub customer: CustomerId,
    /// The tenant's own reference; unique.
    pub external_reference: Option<String>,
    /// Its role. Addresses of a customer with one label are versions of one another.
    pub label: String,
    /// How the customer is reached there.
    pub type_: AddressType,
    /// What it says; nothing once it was erased.
    pub content: Option<Content>,
    /// What it is used for. No two addresses of a customer have the same.
    pub usages: Vec<Usage>,
    /// What it applies to alone, in the tenant's words.
    pub entity_reference: Option<String>,
    /// Whether it is in use.
    pub status: AddressStatus,
    /// Whether letters come back from it.
    pub invalid: bool,
    /// The first day that it is in force.
    pub starts_on: NaiveDate,
    /// The last one, of a temporary address.
    pub ends_on: Option<NaiveDate>,
    /// The first day that it was not in force any more, of one that is out of use.
    pub out_of_use_since: Option<NaiveDate>,
    /// When it was created.
    pub created_at: Micros,
}

/// The years that an address may start and end in: what is outside of them was meant otherwise.
const YEARS: RangeInclusive<i32> = 1900..=2200;

impl Address {
    /// Whether it has an end, and hides the permanent one until then.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.ends_on.is_some()
    }

    /// Whether its role is that of the main postal address.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.label == MAIN_POSTAL_ADDRESS
    }

    /// Whether it is, or was, to be used on a day: what is out of use since was, before.
    #[must_use]
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        let in_use = match self.status {
            AddressStatus::Active => true,
            AddressStatus::Inactive | AddressStatus::Removed => self.out_of_use_since.is_some_and(|since| day < since),
        };
        in_use && self.content.is_some() && self.starts_on <= day && self.ends_on.is_none_or(|end| day <= end)
    }

    /// Takes it out of use from a day on; one that was out of use before stays so since then.
    pub fn end_use(&mut self, status: AddressStatus, today: NaiveDate) {
        self.out_of_use_since = Some(self.out_of_use_since.unwrap_or(today));
        self.status = status;
    }

    /// Checks that it is whole: its words, what it says, and that it ends after it starts.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault, and `ADDRESS_ENDS_BEFORE_START`.
    pub fn checked(self) -> Result<Self, Refused> {
        check_word("label", &self.label)?;
        if let Some(content) = &self.content {
            content.check()?;
        }
        if self.is_main() && self.type_ != AddressType::Postal {
            return Err(Refused::invalid("content", "the main postal address is a postal address"));
        }
        check_reference("externalReference", self.external_reference.as_deref())?;
        check_reference("entityReference", self.entity_reference.as_deref())?;
        for (field, day) in [("startsOn", Some(self.starts_on)), ("endsOn", self.ends_on)] {
            if day.is_some_and(|day| !YEARS.contains(&day.year())) {
                let message = format!("must be a day of the years {} to {}", YEARS.start(), YEARS.end());
                return Err(Refused::invalid(field, message));
            }
        }
        if self.ends_on.is_some_and(|end| end < self.starts_on) {
            let message = "the address would end before it starts";
            return Err(Refused::of_field(ADDRESS_ENDS_BEFORE_START, "endsOn", message));
        }
        Ok(self)
    }
}

/// Checks usages of an input.
///
/// # Errors
/// `INVALID_INPUT`, naming the first field at fault.
pub fn check_usages(usages: &[Usage]) -> Result<(), Refused> {
    if usages.len() > MOST_USAGES {
        return Err(Refused::invalid("usages", format!("must be at most {MOST_USAGES}")));
    }
    for (index, usage) in usages.iter().enumerate() {
        usage.check().map_err(|refused| refused.at("usages", index))?;
    }
    Ok(())
}

/// A word of the tenant's own: 1 to 40 capital letters, digits and underscores.
fn check_word(field: &str, word: &str) -> Result<(), Refused> {
    let known = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
    if (1..=40).contains(&word.len()) && word.bytes().all(known) {
        return Ok(());
    }
    Err(Refused::invalid(field, "must be 1 to 40 capital letters, digits and underscores"))
}
