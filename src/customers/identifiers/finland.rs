//! Finland: henkilötunnus and Y-tunnus.

use super::checks::{self, Digits};
use super::{IdentifierProblem, Read};

/// By the government decree on the population information system (128/2010, amended by 690/2022 with new separators).
/// The separator is a part of the number: it tells the century.
pub(super) fn henkilotunnus(text: &str) -> Result<Read, IdentifierProblem> {
    const CHECKS: &[u8] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let text = text.to_ascii_uppercase();
    let parts: Vec<char> = text.chars().collect();
    let [birth @ .., separator, a, b, c, check] = parts.as_slice() else {
        return Err(IdentifierProblem::Length);
    };
    let birth = Digits::read(&birth.iter().collect::<String>(), &[], 6)?;
    let individual = Digits::read(&[a, b, c].into_iter().collect::<String>(), &[], 3)?;
    let century = match separator {
        '+' => 1800,
        '-' | 'Y' | 'X' | 'W' | 'V' | 'U' => 1900,
        'A' | 'B' | 'C' | 'D' | 'E' | 'F' => 2000,
        _ => return Err(IdentifierProblem::Form),
    };
    let birth_date = checks::date(century + birth.number(4, 2), birth.number(2, 2), birth.number(0, 2))?;
    // From 900 on they are temporary ones of hospitals, and of tests.
    if !(2..900).contains(&individual.number(0, 3)) {
        return Err(IdentifierProblem::Part);
    }
    let place = (birth.number(0, 6) * 1000 + individual.number(0, 3)) % 31;
    let expected = usize::try_from(place).ok().and_then(|place| CHECKS.get(place));
    checks::checked(expected.is_some_and(|expected| char::from(*expected) == *check))?;
    Ok(Read { number: text, birth_date: Some(birth_date) })
}

/// Of the business information system; with `FI` before it and no hyphen, the number of VAT.
pub(super) fn y_tunnus(text: &str) -> Result<Read, IdentifierProblem> {
    let text: String = text.strip_prefix("FI").unwrap_or(text).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    // Older ones lack the zero in front.
    let text = if text.len() == 7 { format!("0{text}") } else { text };
    let digits = Digits::read(&text, &[], 8)?;
    digits.check_mod_11(&[7, 9, 10, 5, 8, 4, 2, 1])?;
    if digits.number(0, 8) == 0 {
        return Err(IdentifierProblem::Part);
    }
    Ok(Read::dateless(&digits))
}
