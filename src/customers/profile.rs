//! What is known of a customer beside names and references: birth date, languages, contact points, identifiers.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use super::identity::NewIdentifier;
use super::model::CustomerType;
use crate::primitives::text;
use crate::refused::Refused;
use crate::work::Change;

/// Characters of a middle name: with the others and what joins them, a whole name is less than what is searched for.
pub const MIDDLE_NAME: usize = 80;
/// Languages of a customer, at most.
pub const MOST_LANGUAGES: usize = 10;
/// Contact points of a customer, at most.
pub const MOST_CONTACT_POINTS: usize = 20;
/// Nobody who was born before this year is a customer.
const FIRST_YEAR: i32 = 1850;
/// The longest e-mail address that a mail server takes (RFC 5321).
const LONGEST_EMAIL: usize = 254;
/// The longest part of it before the `@`.
const LONGEST_LOCAL_PART: usize = 64;
/// The longest name between two dots of a host.
const LONGEST_LABEL: usize = 63;
/// The longest tag of a language (RFC 5646 asks for room for 35).
const LONGEST_TAG: usize = 35;

crate::words! {
    /// By what a customer can be reached.
    ContactKind {
        /// A telephone: an E.164 number.
        Phone = "PHONE",
        /// A telephone that takes messages: an E.164 number.
        Mobile = "MOBILE",
        /// An e-mail address.
        Email = "EMAIL",
    }
}

/// Where a customer can be reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPoint {
    /// By what.
    pub kind: ContactKind,
    /// `+46701234567`, or an address.
    pub value: String,
    /// What it is, in words of the tenant's own: `work`.
    pub label: Option<String>,
    /// Whether it is the first of its kind to be tried.
    pub primary: bool,
}

/// Without the number or the address.
impl std::fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind.word())
    }
}

/// What is known of a new customer beside names and references.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Of a person.
    pub middle_name: Option<String>,
    /// Of a person.
    pub birth_date: Option<NaiveDate>,
    /// In the order in which they are preferred.
    pub languages: Vec<String>,
    /// Where it can be reached.
    pub contact_points: Vec<ContactPoint>,
    /// The numbers by which states know it.
    pub identifiers: Vec<NewIdentifier>,
}

/// What changes of that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileChange {
    /// Of a person.
    pub middle_name: Change<String>,
    /// Of a person.
    pub birth_date: Change<NaiveDate>,
    /// All of them.
    pub languages: Change<Vec<String>>,
    /// All of them.
    pub contact_points: Change<Vec<ContactPoint>>,
    /// All of them.
    pub identifiers: Change<Vec<NewIdentifier>>,
}

/// Checks a birth date.
///
/// # Errors
/// `INVALID_INPUT` for a company's, one that is yet to come, and one of long ago.
pub fn check_birth_date(type_: CustomerType, date: Option<NaiveDate>, today: NaiveDate) -> Result<(), Refused> {
    match date {
        None => Ok(()),
        Some(_) if type_ == CustomerType::Company => Err(Refused::invalid("birthDate", "a company has no birthDate")),
        Some(date) if date > today => Err(Refused::invalid("birthDate", "is yet to come")),
        Some(date) if date.year() < FIRST_YEAR => Err(Refused::invalid("birthDate", format!("is before {FIRST_YEAR}"))),
        Some(_) => Ok(()),
    }
}

/// Languages in the one form in which they are kept.
///
/// # Errors
/// `INVALID_INPUT` for too many, for one that is told twice, and for one that is no BCP 47 tag.
pub fn checked_languages(languages: &[String]) -> Result<Vec<String>, Refused> {
    if languages.len() > MOST_LANGUAGES {
        return Err(Refused::invalid("languages", format!("must have at most {MOST_LANGUAGES}")));
    }
    let mut kept: Vec<String> = Vec::with_capacity(languages.len());
    for (place, tag) in languages.iter().enumerate() {
        let path = format!("languages.{place}");
        let tag = language(tag).ok_or_else(|| Refused::invalid(&path, "is no language tag such as sv or pt-BR"))?;
        if kept.contains(&tag) {
            return Err(Refused::invalid(&path, "is there twice"));
        }
        kept.push(tag);
    }
    Ok(kept)
}

/// A BCP 47 tag as RFC 5646 (2.1, 2.1.1) writes it: language, script, region, variants; no extensions.
#[must_use]
pub fn language(tag: &str) -> Option<String> {
    let alphabetic = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if tag.len() > LONGEST_TAG {
        return None;
    }
    let mut parts = tag.split('-').peekable();
    let first = parts.next().filter(|part| (2..=3).contains(&part.len()) && alphabetic(part))?;
    let mut kept = vec![first.to_ascii_lowercase()];
    if let Some(script) = parts.next_if(|part| part.len() == 4 && alphabetic(part)) {
        let (initial, rest) = script.split_at(1);
        kept.push(format!("{}{}", initial.to_ascii_uppercase(), rest.to_ascii_lowercase()));
    }
    let digits = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(region) = parts.next_if(|part| (part.len() == 2 && alphabetic(part)) || digits(part)) {
        kept.push(region.to_ascii_uppercase());
    }
    for variant in parts {
        let begins_with_digit = variant.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let is_one = (5..=8).contains(&variant.len()) || (variant.len() == 4 && begins_with_digit);
        if !is_one || !plain(variant) {
            return None;
        }
        kept.push(variant.to_ascii_lowercase());
    }
    Some(kept.join("-"))
}

/// Contact points in the one form in which they are kept. Of each kind the first is the primary one if none is said to be.
///
/// # Errors
/// `INVALID_INPUT` for too many, one that is told twice, two that are to be primary, and what is no number or address.
pub fn checked_contact_points(points: &[ContactPoint]) -> Result<Vec<ContactPoint>, Refused> {
    if points.len() > MOST_CONTACT_POINTS {
        return Err(Refused::invalid("contactPoints", format!("must have at most {MOST_CONTACT_POINTS}")));
    }
    let mut kept: Vec<ContactPoint> = Vec::with_capacity(points.len());
    for (place, point) in points.iter().enumerate() {
        let at = |refused: Refused| refused.at("contactPoints", place);
        let point = checked_contact_point(point).map_err(at)?;
        if kept.iter().any(|other| other.kind == point.kind && other.value == point.value) {
            return Err(at(Refused::invalid("value", "is there twice")));
        }
        if point.primary && kept.iter().any(|other| other.kind == point.kind && other.primary) {
            return Err(at(Refused::invalid("primary", "another of this kind is primary")));
        }
        kept.push(point);
    }
    for kind in ContactKind::ALL {
        if !kept.iter().any(|point| point.kind == *kind && point.primary)
            && let Some(first) = kept.iter_mut().find(|point| point.kind == *kind)
        {
            first.primary = true;
        }
    }
    Ok(kept)
}

fn checked_contact_point(point: &ContactPoint) -> Result<ContactPoint, Refused> {
    let value = match point.kind {
        ContactKind::Phone | ContactKind::Mobile => {
            phone(&point.value).ok_or("is no telephone number with its country, such as +46 70 123 45 67")
        }
        ContactKind::Email => email(&point.value).ok_or("is no e-mail address"),
    };
    let value = value.map_err(|problem| Refused::invalid("value", problem))?;
    let label = point.label.clone().filter(|label| !text::is_blank(label));
    if let Some(label) = &label {
        text::required(label, 64).map_err(|problem| Refused::invalid("label", problem.to_string()))?;
    }
    Ok(ContactPoint { kind: point.kind, value, label, primary: point.primary })
}

/// An E.164 number: a plus, and 7 to 15 digits, the first of which is no zero. Written with spaces, hyphens, dots and
/// brackets, it is kept without.
#[must_use]
pub fn phone(written: &str) -> Option<String> {
    let separator = |c: char| matches!(c, ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/');
    let number: String = written.trim().chars().take(64).filter(|c| !separator(*c)).collect();
    let digits = number.strip_prefix('+')?;
    let good = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (good && !digits.starts_with('0') && written.chars().count() <= 64).then_some(number)
}

/// An address as mail servers take it, its host in lower case: no quotes, no comments, no address without a domain.
#[must_use]
pub fn email(written: &str) -> Option<String> {
    let address = written.trim();
    if address.len() > LONGEST_EMAIL {
        return None;
    }
    let (local, host) = address.rsplit_once('@')?;
    let good_local = |c: char| !c.is_whitespace() && !c.is_control() && !"\"(),:;<>@[\\]".contains(c);
    if local.is_empty() || local.len() > LONGEST_LOCAL_PART || !local.chars().all(good_local) {
        return None;
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return None;
    }
    let label = |label: &str| {
        let ends = label.starts_with('-') || label.ends_with('-');
        let plain = label.chars().all(|c| c.is_alphanumeric() || c == '-');
        !label.is_empty() && label.len() <= LONGEST_LABEL && !ends && plain
    };
    let labels: Vec<&str> = host.split('.').collect();
    (labels.len() >= 2 && labels.into_iter().all(label)).then(|| format!("{local}@{}", host.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_one_form() {
        for (written, kept) in [
            ("sv", "sv"),
            ("EN-gb", "en-GB"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-CH-1996", "de-CH-1996"),
            ("sl-ROZAJ", "sl-rozaj"),
            ("fil", "fil"),
        ] {
            assert_eq!(language(written).as_deref(), Some(kept), "{written}");
        }
        for wrong in ["", "s", "swedish", "sv_SE", "sv-", "-sv", "sv-SE-x", "sv SE", "sv-SE-SE", "åö", &"a".repeat(40)]
        {
            assert_eq!(language(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn phones_have_their_country() {
        for (written, kept) in [
            ("+46 70-123 45 67", "+46701234567"),
            ("+1 (555) 010.9999", "+15550109999"),
            (" +4512345678 ", "+4512345678"),
        ] {
            assert_eq!(phone(written).as_deref(), Some(kept), "{written}");
        }
        let long = format!("+46{}701234567", " ".repeat(100));
        for wrong in
            ["", "070-123 45 67", "0046701234567", "+046701234567", "+46", "+4670123456789012", "+46a701234567", &long]
        {
            assert_eq!(phone(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn addresses_are_those_of_mail_servers() {
        for (written, kept) in [
            ("Ada.Lovelace@Example.COM", "Ada.Lovelace@example.com"),
            (" a+b@x.se ", "a+b@x.se"),
            ("åsa@öberg.se", "åsa@öberg.se"),
        ] {
            assert_eq!(email(written).as_deref(), Some(kept), "{written}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "",
            "ada",
            "@x.se",
            "ada@",
            "ada@x",
            "a b@x.se",
            "a@b@x.se",
            ".a@x.se",
            "a..b@x.se",
            "a@-x.se",
            "a@x..se",
            &long,
        ] {
            assert_eq!(email(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_first_of_a_kind_is_primary_unless_another_is() {
        let point = |kind, value: &str, primary| ContactPoint { kind, value: value.into(), label: None, primary };
        let kept = checked_contact_points(&[
            point(ContactKind::Email, "a@x.se", false),
            point(ContactKind::Email, "b@x.se", true),
            point(ContactKind::Phone, "+46 8 123 456 78", false),
        ])
        .expect("contact points");
        assert_eq!(kept.iter().map(|point| point.primary).collect::<Vec<_>>(), [false, true, true]);
        for (points, field) in [
            (vec![point(ContactKind::Email, "a@x.se", true), point(ContactKind::Email, "b@x.se", true)], "primary"),
            (vec![point(ContactKind::Email, "a@x.se", true), point(ContactKind::Email, "a@X.se", false)], "value"),
            (vec![point(ContactKind::Phone, "a@x.se", true)], "value"),
        ] {
            let refused = checked_contact_points(&points).expect_err("refused");
            assert_eq!(refused.fields[0].path.last().map(String::as_str), Some(field));
            assert!(!refused.message.contains("x.se"));
        }
        let many = vec![point(ContactKind::Email, "a@x.se", false); MOST_CONTACT_POINTS + 1];
        assert_eq!(checked_contact_points(&many).expect_err("refused").fields[0].path, ["contactPoints"]);
    }
}
