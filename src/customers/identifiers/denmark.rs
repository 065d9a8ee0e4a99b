//! Denmark: CPR and CVR.

use super::checks::{self, Digits};
use super::{IdentifierProblem, Read};

/// Of the civil registration system. Its check digit has not been kept since 2007, so it is not asked for.
pub(super) fn cpr(text: &str) -> Result<Read, IdentifierProblem> {
    let digits = Digits::read(text, &[' ', '-'], 10)?;
    let short = digits.number(4, 2);
    let year = short
        + match digits.at(6) {
            0..=3 => 1900,
            4 | 9 if short >= 37 => 1900,
            5..=8 if short >= 58 => 1800,
            _ => 2000,
        };
    let birth_date = checks::date(year, digits.number(2, 2), digits.number(0, 2))?;
    Ok(Read { number: digits.text(), birth_date: Some(birth_date) })
}

/// Of the central business register; with `DK` before it, the number of VAT.
pub(super) fn cvr(text: &str) -> Result<Read, IdentifierProblem> {
    let digits = Digits::read(text.strip_prefix("DK").unwrap_or(text), &[' ', '-', '.'], 8)?;
    if digits.at(0) == 0 {
        return Err(IdentifierProblem::Part);
    }
    digits.check_mod_11(&[2, 7, 6, 5, 4, 3, 2, 1])?;
    Ok(Read::dateless(&digits))
}
