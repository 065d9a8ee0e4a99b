//! What the rules of the countries have in common: digits, weights and dates.

use chrono::NaiveDate;

use super::IdentifierProblem;

/// No number is written with more characters.
const LONGEST: usize = 100;

/// A text with plain spaces and hyphens, and without blanks around it.
///
/// # Errors
/// `Length` for one that is far too long.
pub(super) fn plain(text: &str) -> Result<String, IdentifierProblem> {
    let plain = |c: char| match c {
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    };
    if text.chars().nth(LONGEST).is_some() {
        return Err(IdentifierProblem::Length);
    }
    Ok(text.trim().chars().map(plain).collect())
}

/// Decimal digits, each from 0 to 9.
pub(super) struct Digits(Vec<u8>);

impl Digits {
    /// The digits of a text, without separators.
    ///
    /// # Errors
    /// `Form` for anything else in it, `Length` for another number of digits.
    pub(super) fn read(text: &str, separators: &[char], length: usize) -> Result<Self, IdentifierProblem> {
        let digits = text.chars().filter(|c| !separators.contains(c)).map(|c| c.to_digit(10));
        let digits = digits.map(|digit| digit.and_then(|digit| u8::try_from(digit).ok()));
        let digits = digits.collect::<Option<Vec<u8>>>().ok_or(IdentifierProblem::Form)?;
        if digits.len() == length { Ok(Self(digits)) } else { Err(IdentifierProblem::Length) }
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|digit| char::from(b'0' + digit)).collect()
    }

    /// The digit at a place, from 0 on.
    pub(super) fn at(&self, place: usize) -> u32 {
        self.0.get(place).copied().map_or(0, u32::from)
    }

    /// The number that some of the digits make, from a place on.
    pub(super) fn number(&self, from: usize, count: usize) -> u32 {
        (from..from + count).fold(0, |number, place| number * 10 + self.at(place))
    }

    /// Each digit by its weight, summed.
    pub(super) fn weighed(&self, weights: &[u32]) -> u32 {
        weights.iter().enumerate().map(|(place, weight)| weight * self.at(place)).sum()
    }

    /// Refuses digits whose weighed sum is no multiple of 11.
    pub(super) fn check_mod_11(&self, weights: &[u32]) -> Result<(), IdentifierProblem> {
        checked(self.weighed(weights).is_multiple_of(11))
    }

    /// Refuses digits whose last is not the check digit of the others by ISO 7064, MOD 11,10.
    pub(super) fn check_mod_11_10(&self) -> Result<(), IdentifierProblem> {
        let (last, others) = self.0.split_last().ok_or(IdentifierProblem::Length)?;
        let product = others.iter().fold(10, |product, digit| {
            let sum = (product + u32::from(*digit)) % 10;
            (if sum == 0 { 10 } else { sum }) * 2 % 11
        });
        checked((product + u32::from(*last)) % 10 == 1)
    }

    /// How often each of some digits occurs in the first places.
    pub(super) fn counts(&self, places: usize) -> [usize; 10] {
        let mut counts = [0; 10];
        for digit in self.0.iter().take(places) {
            counts[usize::from(*digit)] += 1;
        }
        counts
    }

    /// Whether a digit stands three times in a row in the first places.
    pub(super) fn has_three_in_a_row(&self, places: usize) -> bool {
        self.0.windows(3).take(places.saturating_sub(2)).any(|three| three[0] == three[1] && three[1] == three[2])
    }
}

/// `CheckDigit` unless it is right.
pub(super) fn checked(right: bool) -> Result<(), IdentifierProblem> {
    if right { Ok(()) } else { Err(IdentifierProblem::CheckDigit) }
}

/// The date, or the problem that there is none.
pub(super) fn date(year: u32, month: u32, day: u32) -> Result<NaiveDate, IdentifierProblem> {
    let year = i32::try_from(year).map_err(|_| IdentifierProblem::Date)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(IdentifierProblem::Date)
}

/// An ASCII text with something between its parts.
pub(super) fn cut(text: &str, at: &[usize], by: &str) -> String {
    let starts = std::iter::once(0).chain(at.iter().copied());
    let ends = at.iter().copied().chain(std::iter::once(text.len()));
    let parts: Vec<&str> = starts.zip(ends).filter_map(|(start, end)| text.get(start..end)).collect();
    parts.join(by)
}
