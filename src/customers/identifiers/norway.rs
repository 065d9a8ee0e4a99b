//! Norway: fødselsnummer, D-nummer, organisasjonsnummer, all with check digits modulo 11.

use super::checks::{self, Digits};
use super::{IdentifierKind, IdentifierProblem, Read};

/// What is added to the day of birth in a D-nummer.
const D_NUMMER: u32 = 40;

/// By the regulation on the population register (2017-07-14-1201, chapter 2).
pub(super) fn fodselsnummer(text: &str) -> Result<Read, IdentifierProblem> {
    person(text, IdentifierKind::NoFodselsnummer)
}

/// For persons without residence there.
pub(super) fn d_nummer(text: &str) -> Result<Read, IdentifierProblem> {
    person(text, IdentifierKind::NoDNummer)
}

fn person(text: &str, kind: IdentifierKind) -> Result<Read, IdentifierProblem> {
    let digits = Digits::read(text, &[' ', '-'], 11)?;
    let (day, month, short) = (digits.number(0, 2), digits.number(2, 2), digits.number(4, 2));
    // Auxiliary numbers of hospitals and of test populations have a greater month or day: they are no dates.
    let d_nummer = day > D_NUMMER;
    let year = short
        + match digits.number(6, 3) {
            0..500 => 1900,
            500..750 if short >= 54 => 1800,
            500..1000 if short < 40 => 2000,
            900..1000 => 1900,
            _ => return Err(IdentifierProblem::Part),
        };
    let birth_date = checks::date(year, month, if d_nummer { day - D_NUMMER } else { day })?;
    digits.check_mod_11(&[3, 7, 6, 1, 8, 9, 4, 5, 2, 1])?;
    digits.check_mod_11(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1])?;
    let found = if d_nummer { IdentifierKind::NoDNummer } else { IdentifierKind::NoFodselsnummer };
    if found != kind {
        return Err(IdentifierProblem::OtherKind(found));
    }
    Ok(Read { number: digits.text(), birth_date: Some(birth_date) })
}

/// Of the register of legal entities. `NO` before it and `MVA` behind are those of VAT.
pub(super) fn organisasjonsnummer(text: &str) -> Result<Read, IdentifierProblem> {
    let text = text.strip_prefix("NO").unwrap_or(text);
    let digits = Digits::read(text.strip_suffix("MVA").unwrap_or(text), &[' '], 9)?;
    if digits.at(0) == 0 {
        return Err(IdentifierProblem::Part);
    }
    digits.check_mod_11(&[3, 2, 7, 6, 5, 4, 3, 2, 1])?;
    Ok(Read::dateless(&digits))
}
