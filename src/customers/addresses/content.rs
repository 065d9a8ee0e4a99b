//! What an address says: the parts of a postal address, a phone number or an e-mail address.

use serde::{Deserialize, Serialize};

use super::countries::{is_country, wanted_form};
use super::model::AddressType;
use crate::primitives::text;
use crate::refused::Refused;

/// A line, a street or a town.
const LINE: usize = 100;
/// A number of a building or a box, a postal code.
const SHORT: usize = 20;
/// The longest e-mail address that can be delivered to (RFC 5321, 4.5.3.1.3, without the angle brackets).
const E_MAIL: usize = 254;
/// The part before the `@`.
const LOCAL_PART: usize = 64;

/// A postal address, in lines or in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostalAddress {
    /// Up to five lines, as they stand on the letter: none of them is skipped in print, whichever are given.
    pub lines: [Option<String>; 5],
    /// The street.
    pub street_name: Option<String>,
    /// Of the building in its street.
    pub building_number: Option<String>,
    /// A post box.
    pub box_number: Option<String>,
    /// In the country's form, where that is sure.
    pub post_code: Option<String>,
    /// The town.
    pub town_name: Option<String>,
    /// A state, province or region.
    pub country_subdivision: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// What an address says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Where letters go.
    Postal(Box<PostalAddress>),
    /// A phone number.
    Phone(String),
    /// An e-mail address.
    EMail(String),
}

impl Content {
    /// Which type of address it makes.
    #[must_use]
    pub fn type_(&self) -> AddressType {
        match self {
            Self::Postal(_) => AddressType::Postal,
            Self::Phone(_) => AddressType::Phone,
            Self::EMail(_) => AddressType::EMail,
        }
    }

    /// Checks that it can be one.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault, from `content` down.
    pub fn check(&self) -> Result<(), Refused> {
        match self {
            Self::Postal(postal) => postal.check(),
            Self::Phone(number) if is_phone(number) => Ok(()),
            Self::Phone(_) => Err(Refused::invalid(
                "content.phone",
                "must have 5 to 15 digits; a plus sign before them, and spaces, hyphens, brackets and dots among them",
            )),
            Self::EMail(address) if is_e_mail(address) => Ok(()),
            Self::EMail(_) => Err(Refused::invalid("content.email", "is no e-mail address")),
        }
    }
}

impl PostalAddress {
    fn check(&self) -> Result<(), Refused> {
        let [line1, line2, line3, line4, line5] = &self.lines;
        let texts = [
            ("line1", line1, LINE),
            ("line2", line2, LINE),
            ("line3", line3, LINE),
            ("line4", line4, LINE),
            ("line5", line5, LINE),
            ("streetName", &self.street_name, LINE),
            ("buildingNumber", &self.building_number, SHORT),
            ("boxNumber", &self.box_number, SHORT),
            ("postCode", &self.post_code, SHORT),
            ("townName", &self.town_name, LINE),
            ("countrySubdivision", &self.country_subdivision, LINE),
        ];
        let field = |name: &str| format!("content.postal.{name}");
        for (name, value, longest) in &texts {
            let Some(value) = value else { continue };
            text::required(value, *longest).map_err(|problem| Refused::invalid(&field(name), problem.to_string()))?;
            if value.contains(['\n', '\t']) {
                return Err(Refused::invalid(&field(name), "must be one line"));
            }
        }
        if !is_country(&self.country) {
            return Err(Refused::invalid(&field("country"), "is no country: ISO 3166-1 has two capital letters"));
        }
        if let Some(form) = self.post_code.as_deref().and_then(|code| wanted_form(&self.country, code)) {
            let message = format!("a postal code of {} has the form {form}", self.country);
            return Err(Refused::invalid(&field("postCode"), message));
        }
        if texts.iter().all(|(_, value, _)| value.is_none()) {
            return Err(Refused::invalid("content.postal", "must say more than the country"));
        }
        Ok(())
    }
}

fn is_phone(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let rest = number.strip_prefix('+').unwrap_or(number);
    let known = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '(' | ')' | '.' | '/');
    number.len() <= 32 && number.trim() == number && (5..=15).contains(&digits) && rest.chars().all(known)
}

/// One `@`, something before it, a domain with a dot after it, and nothing that nobody sees. Whether it exists, only a
/// message tells.
fn is_e_mail(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_control() && !text::is_invisible(c) && c != '@';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    (1..=LOCAL_PART).contains(&local.len())
        && address.len() <= E_MAIL
        && local.chars().all(plain)
        && domain.contains('.')
        && domain.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_has_digits_and_what_is_written_among_them() {
        for (number, good) in [
            ("+46 8 123 456", true),
            ("08-123456", true),
            ("(030) 1234/567", true),
            ("112", false),
            ("+1234567890123456", false),
            ("46+8123456", false),
            ("call me", false),
            ("+46 8 123 456 ext 7", false),
            (" 081234567", false),
            ("", false),
        ] {
            assert_eq!(is_phone(number), good, "{number}");
        }
    }

    #[test]
    fn an_e_mail_address_has_a_domain() {
        let long = format!("{}@example.com", "a".repeat(65));
        for (address, good) in [
            ("ada@example.com", true),
            ("ada.lovelace+bank@mail.example.co.uk", true),
            ("åsa@exempel.se", true),
            ("ada@räksmörgås.se", true),
            ("ada", false),
            ("ada@", false),
            ("@example.com", false),
            ("ada@example", false),
            ("ada@example..com", false),
            ("ada@-example.com", false),
            ("a@b@example.com", false),
            ("ada lovelace@example.com", false),
            ("ada\u{200b}@example.com", false),
            ("ada@example.com\n", false),
            (&long, false),
        ] {
            assert_eq!(is_e_mail(address), good, "{address:?}");
        }
    }
}
