//! What is left of a card's number when its middle is hidden, and its last month.

use std::fmt;

use chrono::{Datelike as _, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// A truncated number: at most the first eight digits and the last four, and asterisks for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaskedNumber(String);

/// Why a text is no truncated number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaskProblem {
    /// Something else than digits, asterisks and what parts groups.
    #[error("is digits at both ends and asterisks between them, such as 453210******4321")]
    Form,
    /// Not as long as numbers of cards are.
    #[error("stands for a number of 12 to 19 digits, an asterisk for each that is hidden")]
    Length,
    /// More is shown than may be.
    #[error("shows at most the first 6 digits, of numbers from 16 digits on the first 8, and the last 4")]
    Shown,
}

/// Digits that may be shown at the end.
const LAST: usize = 4;

impl MaskedNumber {
    /// Of a text. What parts groups is left out, and every sign for what is hidden becomes an asterisk.
    ///
    /// # Errors
    /// [`MaskProblem`].
    pub fn of(text: &str) -> Result<Self, MaskProblem> {
        let mut masked = String::with_capacity(text.len());
        for sign in text.chars() {
            match sign {
                '0'..='9' => masked.push(sign),
                '*' | 'x' | 'X' | '#' | '\u{2022}' => masked.push('*'),
                ' ' | '-' | '\u{a0}' => {}
                _ => return Err(MaskProblem::Form),
            }
            if masked.len() > 19 {
                return Err(MaskProblem::Length);
            }
        }
        let (Some(first), Some(last)) = (masked.find('*'), masked.rfind('*')) else { return Err(MaskProblem::Shown) };
        if masked[first..=last].contains(|sign| sign != '*') {
            return Err(MaskProblem::Form);
        }
        if masked.len() < 12 {
            return Err(MaskProblem::Length);
        }
        let most = if masked.len() >= 16 { 8 } else { 6 };
        if first > most || masked.len() - last - 1 > LAST {
            return Err(MaskProblem::Shown);
        }
        Ok(Self(masked))
    }

    /// Digits and asterisks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MaskedNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MaskedNumber {
    type Error = MaskProblem;

    fn try_from(text: String) -> Result<Self, MaskProblem> {
        Self::of(&text)
    }
}

impl From<MaskedNumber> for String {
    fn from(number: MaskedNumber) -> Self {
        number.0
    }
}

/// A card's last month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// Four digits.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Expiry {
    /// Its last day, on which the card can still be used; none where there is no such month.
    #[must_use]
    pub fn last_day(self) -> Option<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(self.year, self.month, 1).filter(|_| (1900..=9999).contains(&self.year))?;
        first.checked_add_months(Months::new(1))?.pred_opt()
    }

    /// The month of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self { year: day.year(), month: day.month() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_without_its_middle() {
        for (text, kept) in [
            ("453210******4321", Ok("453210******4321")),
            ("4532 10** **** 4321", Ok("453210******4321")),
            ("45321012-XXXX-4321", Ok("45321012****4321")),
            ("37828#######005", Ok("37828*******005")),
            ("************4321", Ok("************4321")),
            (
                "\u{2022}\u{2022}\u{2022}\u{2022} \u{2022}\u{2022}\u{2022}\u{2022} \u{2022}\u{2022}\u{2022}\u{2022} 4321",
                Ok("************4321"),
            ),
            ("4532101234564321", Err(MaskProblem::Shown)),
            ("453210123***4321", Err(MaskProblem::Shown)),
            ("3782822****0005", Err(MaskProblem::Shown)),
            ("453210*****54321", Err(MaskProblem::Shown)),
            ("453210**12**4321", Err(MaskProblem::Form)),
            ("4532*4321", Err(MaskProblem::Length)),
            ("45321012********4321", Err(MaskProblem::Length)),
            ("", Err(MaskProblem::Shown)),
            ("453210......4321", Err(MaskProblem::Form)),
            ("\u{664}532 10** **** 4321", Err(MaskProblem::Form)),
        ] {
            assert_eq!(
                MaskedNumber::of(text).as_ref().map(MaskedNumber::as_str),
                kept.as_ref().map(|kept| *kept),
                "{text}"
            );
        }
    }

    #[test]
    fn a_card_ends_with_its_month() {
        for (year, month, last) in [
            (2028, 2, Some("2028-02-29")),
            (2027, 12, Some("2027-12-31")),
            (2027, 13, None),
            (2027, 0, None),
            (27, 1, None),
            (10_000, 1, None),
        ] {
            let day = Expiry { year, month }.last_day();
            assert_eq!(day.map(|day| day.to_string()).as_deref(), last);
            assert!(day.is_none_or(|day| Expiry::of(day) == Expiry { year, month }));
        }
    }
}
