//! Germany: IdNr, Handelsregisternummer, USt-IdNr.

use super::checks::Digits;
use super::{IdentifierProblem, Read};
use crate::primitives::text::folded;

/// By the tax code (section 139b). It says nothing of the person.
pub(super) fn idnr(text: &str) -> Result<Read, IdentifierProblem> {
    const SHOWN: usize = 10;
    let digits = Digits::read(text, &[' ', '-', '.', '/'], 11)?;
    // Numbers that begin with a zero are for tests.
    if digits.at(0) == 0 {
        return Err(IdentifierProblem::Part);
    }
    // Of the first ten digits one occurs twice or three times, but not thrice in a row, and no other more than once.
    let repeated: Vec<usize> = digits.counts(SHOWN).into_iter().filter(|count| *count > 1).collect();
    if !matches!(repeated.as_slice(), [2 | 3]) || digits.has_three_in_a_row(SHOWN) {
        return Err(IdentifierProblem::Part);
    }
    digits.check_mod_11_10()?;
    Ok(Read::dateless(&digits))
}

/// By the VAT act (section 27a): `DE` and nine digits.
pub(super) fn ust_idnr(text: &str) -> Result<Read, IdentifierProblem> {
    let text = text.to_ascii_uppercase();
    let digits = Digits::read(text.strip_prefix("DE").unwrap_or(&text), &[' ', '-', '.'], 9)?;
    if digits.at(0) == 0 {
        return Err(IdentifierProblem::Part);
    }
    digits.check_mod_11_10()?;
    Ok(Read { number: format!("DE{}", digits.text()), birth_date: None })
}

/// The registers: of sole traders and partnerships, of corporations, of professional partnerships, of cooperatives, of
/// associations, and of civil-law partnerships.
const REGISTERS: &[&str] = &["HRA", "HRB", "PR", "GnR", "VR", "GsR"];

/// The courts that keep registers, a line each, with other names of theirs behind it. Registers have moved between
/// courts; numbers still name the old ones.
const COURTS: &str = include_str!("courts.txt");

/// A court, a register, a number of at most six digits, and letters where a register was taken over from another court:
/// `Aachen HRB 12345 B`, or the court behind.
pub(super) fn handelsregisternummer(text: &str) -> Result<Read, IdentifierProblem> {
    let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    // The last word that is a register: no court is called like one.
    let at = words.iter().rposition(|word| register_of(word).is_some()).ok_or(IdentifierProblem::Form)?;
    let (before, from) = words.split_at(at);
    let [register, rest @ ..] = from else { return Err(IdentifierProblem::Form) };
    let register = register_of(register).ok_or(IdentifierProblem::Form)?;
    let [number, rest @ ..] = rest else { return Err(IdentifierProblem::Length) };
    // Letters may be written close to the number: `12345B`.
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    let (digits, close) = number.split_at(digits);
    if digits.is_empty() {
        return Err(IdentifierProblem::Form);
    }
    if digits.len() > 6 {
        return Err(IdentifierProblem::Length);
    }
    if digits.starts_with('0') {
        return Err(IdentifierProblem::Part);
    }
    let (letters, behind) = match rest {
        _ if !close.is_empty() => (close, rest),
        [letters, behind @ ..] if is_suffix(letters) && court(&rest.join(" ")).is_none() => (*letters, behind),
        _ => ("", rest),
    };
    if !letters.is_empty() && !is_suffix(letters) {
        return Err(IdentifierProblem::Form);
    }
    let named = match (before, behind) {
        (court, []) | ([], court) => court.join(" "),
        _ => return Err(IdentifierProblem::Form),
    };
    let court = court(&named).ok_or(IdentifierProblem::Court)?;
    let letters = if letters.is_empty() { String::new() } else { format!(" {}", letters.to_uppercase()) };
    Ok(Read { number: format!("{court} {register} {digits}{letters}"), birth_date: None })
}

fn register_of(word: &str) -> Option<&'static str> {
    REGISTERS.iter().copied().find(|register| register.eq_ignore_ascii_case(word))
}

/// One to three letters.
fn is_suffix(word: &str) -> bool {
    (1..=3).contains(&word.chars().count()) && word.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, 'ö' | 'Ö'))
}

/// The court of a name, whatever its case, spaces and points.
fn court(name: &str) -> Option<&'static str> {
    let name = plain(name.strip_prefix("Amtsgericht ").or_else(|| name.strip_prefix("AG ")).unwrap_or(name));
    COURTS.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut names = line.split('|');
        let court = names.next()?;
        std::iter::once(court).chain(names).any(|other| plain(other) == name).then_some(court)
    })
}

fn plain(name: &str) -> String {
    folded(name).chars().filter(|c| c.is_alphanumeric()).collect()
}
