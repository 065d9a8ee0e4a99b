//! Sweden: personnummer, samordningsnummer, organisationsnummer. All have ten digits, the last of which is by Luhn.
//!
//! The crates for them are not used: `personnummer` 3 refuses every coordination number, and `organisationsnummer` 1
//! builds on it.

use chrono::{Datelike, NaiveDate};

use super::checks::{self, Digits};
use super::{IdentifierKind, IdentifierProblem, Read};

/// What is added to the day of birth in a coordination number.
const COORDINATION: u32 = 60;

/// By the population register's law (1991:481, section 18).
pub(super) fn personnummer(text: &str, today: NaiveDate) -> Result<Read, IdentifierProblem> {
    person(text, today, IdentifierKind::SePersonnummer)
}

/// By the law on coordination numbers (2022:1697).
pub(super) fn samordningsnummer(text: &str, today: NaiveDate) -> Result<Read, IdentifierProblem> {
    person(text, today, IdentifierKind::SeSamordningsnummer)
}

fn person(text: &str, today: NaiveDate, kind: IdentifierKind) -> Result<Read, IdentifierProblem> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let cut = text.len().checked_sub(4).ok_or(IdentifierProblem::Length)?;
    let (birth, serial) = text.split_at_checked(cut).ok_or(IdentifierProblem::Form)?;
    // Whoever has turned a hundred, or does so in the year, has a plus instead of the hyphen.
    let over_a_hundred = birth.ends_with('+');
    let birth = birth.strip_suffix(['-', '+']).unwrap_or(birth);
    let long = birth.len() == 8;
    let digits = Digits::read(&format!("{birth}{serial}"), &[], if long { 12 } else { 10 })?;
    let from = if long { 2 } else { 0 };
    let (month, day) = (digits.number(from + 2, 2), digits.number(from + 4, 2));
    let year = match u32::try_from(today.year()) {
        _ if long => digits.number(0, 4),
        Ok(this) => {
            let short = digits.number(0, 2);
            let latest = this - (this + 100 - short) % 100;
            if over_a_hundred { latest.saturating_sub(100) } else { latest }
        }
        Err(_) => return Err(IdentifierProblem::Date),
    };
    let coordination = day > COORDINATION;
    let birth_date = checks::date(year, month, if coordination { day - COORDINATION } else { day })?;
    // Nobody was alive when the numbers came who was born earlier.
    if year < 1800 {
        return Err(IdentifierProblem::Date);
    }
    if digits.number(from + 6, 3) == 0 {
        return Err(IdentifierProblem::Part);
    }
    let number = digits.text();
    let (century, ten) = number.split_at(from);
    checks::checked(luhn::valid(ten))?;
    let found = if coordination { IdentifierKind::SeSamordningsnummer } else { IdentifierKind::SePersonnummer };
    if found != kind {
        return Err(IdentifierProblem::OtherKind(found));
    }
    let century = if long { century.to_owned() } else { format!("{:02}", year / 100) };
    Ok(Read { number: century + ten, birth_date: Some(birth_date) })
}

/// By the law on identification numbers of legal persons (1974:174). The `16` before it is that of the tax authority.
pub(super) fn organisationsnummer(text: &str) -> Result<Read, IdentifierProblem> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let ten = if text.len() == 12 { text.strip_prefix("16").unwrap_or(&text) } else { &text };
    let digits = Digits::read(ten, &[], 10)?;
    // The third digit is 2 at least, so that it is no birth date; the first is the group of its legal form.
    if digits.at(2) < 2 || digits.at(0) == 0 {
        return Err(IdentifierProblem::Part);
    }
    checks::checked(luhn::valid(ten))?;
    Ok(Read::dateless(&digits))
}
