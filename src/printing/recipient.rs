//! Whom something is printed for: the name, the lines of the address, the language.

use chrono::NaiveDate;

use super::sheet::PrintLanguage;
use crate::customers::Customer;
use crate::customers::addresses::book::in_force;
use crate::customers::addresses::content::{Content, PostalAddress};
use crate::customers::addresses::model::MAIN_POSTAL_ADDRESS;
use crate::customers::addresses::store::AddressBook;

/// Whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The name.
    pub name: String,
    /// What stands in the window: the name, and where the main postal address is in force its lines.
    pub lines: Vec<String>,
}

/// A customer as a recipient, on a day.
#[must_use]
pub fn of(customer: &Customer, book: Option<&AddressBook>, day: NaiveDate) -> Recipient {
    let name = customer.name();
    let address = book.and_then(|book| in_force(&book.addresses, MAIN_POSTAL_ADDRESS, day));
    let mut lines = vec![name.clone()];
    if let Some(Content::Postal(postal)) = address.and_then(|address| address.content.as_ref()) {
        lines.extend(postal_lines(postal));
    }
    lines.retain(|line| !line.trim().is_empty());
    Recipient { name, lines }
}

/// The lines as they were given; the parts, where there are any, as most of the continent writes them: street and number,
/// box, postal code and town, region, country.
fn postal_lines(postal: &PostalAddress) -> Vec<String> {
    let beside = |one: &Option<String>, other: &Option<String>| {
        [one, other].into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let mut lines: Vec<String> = postal.lines.iter().flatten().cloned().collect();
    lines.push(beside(&postal.street_name, &postal.building_number));
    lines.extend(postal.box_number.clone());
    lines.push(beside(&postal.post_code, &postal.town_name));
    lines.extend(postal.country_subdivision.clone());
    lines.push(postal.country.clone());
    lines
}

/// The first of a customer's languages that is printed in; English where there is none.
#[must_use]
pub fn language(customer: &Customer) -> PrintLanguage {
    let known = |tag: &String| match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "en" => Some(PrintLanguage::En),
        "de" => Some(PrintLanguage::De),
        "sv" => Some(PrintLanguage::Sv),
        _ => None,
    };
    customer.languages.iter().find_map(known).unwrap_or(PrintLanguage::En)
}
