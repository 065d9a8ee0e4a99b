//! The Netherlands: BSN, KvK, RSIN.

use super::checks::Digits;
use super::{IdentifierProblem, Read};

/// By the law on the citizen service number. It has the elevens test; the first zero may be left out.
pub(super) fn bsn(text: &str) -> Result<Read, IdentifierProblem> {
    nine(text)
}

/// Of legal persons and partnerships: from the same series as the BSN, with the same test.
pub(super) fn rsin(text: &str) -> Result<Read, IdentifierProblem> {
    nine(text)
}

fn nine(text: &str) -> Result<Read, IdentifierProblem> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
    let digits = Digits::read(&if text.len() == 8 { format!("0{text}") } else { text }, &[], 9)?;
    if digits.number(0, 9) == 0 {
        return Err(IdentifierProblem::Part);
    }
    // The last digit counts against the others: minus one is ten, modulo eleven.
    digits.check_mod_11(&[9, 8, 7, 6, 5, 4, 3, 2, 10])?;
    Ok(Read::dateless(&digits))
}

/// Of the trade register of the chamber of commerce. It has no check digit.
pub(super) fn kvk(text: &str) -> Result<Read, IdentifierProblem> {
    let digits = Digits::read(text, &[' ', '.'], 8)?;
    if digits.number(0, 8) == 0 {
        return Err(IdentifierProblem::Part);
    }
    Ok(Read::dateless(&digits))
}
