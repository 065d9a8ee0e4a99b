//! Payment references: numbers with a check digit by which an incoming payment finds the account that it is for.
//!
//! A product's rule ([`ReferenceScheme`]) makes each of its accounts a reference of a number that nobody else has; what
//! comes in is read in the form that people and bank files write it, held against the rule's own check, and looked up by
//! one form ([`key`]) in which leading zeros and separators do not count. Pure: which references exist is the accounts'
//! business.

mod digits;
#[cfg(test)]
mod tests;

use digits::{luhn, mod_97, weights_2_to_7, weights_7_3_1};

use super::text;

/// No reference of any rule is longer: RF and its two check digits with 21 characters behind them, or 25 digits.
const LONGEST: usize = 25;

crate::words! {
    /// How payment references are made and checked.
    ReferenceRule {
        /// ISO 11649: `RF`, two check digits, up to 21 letters and digits.
        Rf = "RF",
        /// Swedish OCR, level 1 (soft): made with a check digit, and taken as it comes: 2 to 25 digits.
        OcrSeSoft = "OCR_SE_SOFT",
        /// Swedish OCR, level 2: 2 to 25 digits, the last a Luhn check digit.
        OcrSe = "OCR_SE",
        /// Swedish OCR, level 3: the same, the last digit but one the last digit of the length.
        OcrSeWithLength = "OCR_SE_WITH_LENGTH",
        /// Swedish OCR, level 4: the same as level 2, of one fixed length.
        OcrSeFixed = "OCR_SE_FIXED",
        /// Norwegian KID: 2 to 25 digits, the last a Luhn check digit (modulus 10).
        KidNoMod10 = "KID_NO_MOD10",
        /// Norwegian KID: 2 to 25 digits, the last a modulus-11 check digit; a hyphen where it would be ten, which is read
        /// and never made.
        KidNoMod11 = "KID_NO_MOD11",
        /// Finnish reference number: 4 to 20 digits, the last a check digit of the weights 7, 3, 1.
        ReferenceFi = "REFERENCE_FI",
        /// The same as an international one: `RF`, two check digits, a Finnish reference number.
        ReferenceFiRf = "REFERENCE_FI_RF",
        /// Danish payment slip of card type 71: 15 digits, the last a Luhn check digit.
        FikDk71 = "FIK_DK_71",
        /// Danish payment slip of card type 73: the payer's name in the place of a reference.
        FikDk73 = "FIK_DK_73",
        /// Danish payment slip of card type 75: 16 digits, the last a Luhn check digit.
        FikDk75 = "FIK_DK_75",
    }
}

/// A rule, and how long its references are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReferenceScheme {
    /// The rule.
    pub rule: ReferenceRule,
    /// Digits of a reference, check digits included; of an international one, those behind `RF` and its check digits.
    pub length: u8,
}

impl ReferenceRule {
    /// The lengths that references can be made in, and the one they are made in when nobody says. Long enough that numbers
    /// made at random do not meet, short enough for a number of 64 bits.
    #[must_use]
    pub fn lengths(self) -> (std::ops::RangeInclusive<u8>, u8) {
        match self {
            Self::FikDk71 => (15..=15, 15),
            Self::FikDk73 => (0..=0, 0),
            Self::FikDk75 => (16..=16, 16),
            Self::OcrSeWithLength => (10..=19, 14),
            _ => (9..=18, 13),
        }
    }

    /// Digits at the end that are not of the number itself.
    fn check_digits(self) -> u8 {
        match self {
            Self::Rf | Self::FikDk73 => 0,
            Self::OcrSeWithLength => 2,
            _ => 1,
        }
    }

    /// Whether a reference keeps the rule. It is in one form ([`plain`]).
    #[must_use]
    pub fn accepts(self, reference: &str) -> bool {
        let is_number = reference.bytes().all(|b| b.is_ascii_digit());
        let of_length = |lengths: std::ops::RangeInclusive<usize>| lengths.contains(&reference.len());
        let checked = || luhn(&reference[..reference.len() - 1]) == reference.as_bytes()[reference.len() - 1] - b'0';
        match self {
            Self::Rf => is_rf(reference),
            Self::ReferenceFiRf => is_rf(reference) && Self::ReferenceFi.accepts(&reference[4..]),
            Self::KidNoMod11 => {
                let Some((body, check)) = reference.split_at_checked(reference.len().saturating_sub(1)) else {
                    return false;
                };
                of_length(2..=25)
                    && body.bytes().all(|b| b.is_ascii_digit())
                    && check == weights_2_to_7(body).map_or("-".to_owned(), |digit| digit.to_string())
            }
            _ if !is_number => false,
            Self::OcrSeSoft => of_length(2..=25),
            Self::OcrSe | Self::OcrSeFixed | Self::KidNoMod10 => of_length(2..=25) && checked(),
            Self::OcrSeWithLength => {
                let told = |length: usize| reference.as_bytes()[length - 2] - b'0';
                of_length(3..=25) && checked() && usize::from(told(reference.len())) == reference.len() % 10
            }
            Self::ReferenceFi => {
                of_length(4..=20) && {
                    let (body, check) = reference.split_at(reference.len() - 1);
                    check == weights_7_3_1(body).to_string()
                }
            }
            Self::FikDk71 => of_length(2..=15) && checked(),
            Self::FikDk75 => of_length(2..=16) && checked(),
            Self::FikDk73 => false,
        }
    }

    /// The code line of a Danish payment slip.
    #[must_use]
    pub fn code_line(self, reference: Option<&str>, creditor: &str) -> Option<String> {
        let reference = reference.unwrap_or_default();
        match self {
            Self::FikDk71 => Some(format!("+71<{reference:0>15}+{creditor}<")),
            Self::FikDk73 => Some(format!("+73<+{creditor}<")),
            Self::FikDk75 => Some(format!("+75<{reference:0>16}+{creditor}<")),
            _ => None,
        }
    }
}

impl ReferenceScheme {
    /// A rule with a length, if it can be made in it.
    #[must_use]
    pub fn new(rule: ReferenceRule, length: Option<u8>) -> Option<Self> {
        let (lengths, usual) = rule.lengths();
        let length = length.unwrap_or(usual);
        lengths.contains(&length).then_some(Self { rule, length })
    }

    /// The reference of a number; none of one that has no check digit, and where the rule has no references. The number is
    /// any: of it, what fills the length, without a zero in front.
    #[must_use]
    pub fn make(self, number: u128) -> Option<String> {
        let width = u32::from(self.length.checked_sub(self.rule.check_digits()).filter(|width| *width > 0)?);
        let least = 10_u128.pow(width - 1);
        let body = (least + number % (9 * least)).to_string();
        Some(match self.rule {
            ReferenceRule::FikDk73 => return None,
            ReferenceRule::Rf => rf(&body),
            ReferenceRule::ReferenceFi => format!("{body}{}", weights_7_3_1(&body)),
            ReferenceRule::ReferenceFiRf => rf(&format!("{body}{}", weights_7_3_1(&body))),
            ReferenceRule::KidNoMod11 => format!("{body}{}", weights_2_to_7(&body)?),
            ReferenceRule::OcrSeWithLength => {
                let told = format!("{body}{}", self.length % 10);
                format!("{told}{}", luhn(&told))
            }
            _ => format!("{body}{}", luhn(&body)),
        })
    }

    /// The stored form: `OCR_SE_FIXED:15`.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{}:{}", self.rule.word(), self.length)
    }

    /// Reads the stored form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (rule, length) = text.split_once(':')?;
        Self::new(ReferenceRule::from_word(rule)?, Some(length.parse().ok()?))
    }
}

/// The one form of what people write and paste: upper case, without white space and invisible characters. A hyphen is a
/// separator, but at the end of a number, where it is a Norwegian check digit. None where no reference can be.
#[must_use]
pub fn plain(written: &str) -> Option<String> {
    let mut plain = String::new();
    for c in written.chars().filter(|c| !c.is_whitespace() && !text::is_invisible(*c)) {
        match c {
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => plain.push('-'),
            c if c.is_ascii_alphanumeric() => plain.push(c.to_ascii_uppercase()),
            _ => return None,
        }
        if plain.len() > 4 * LONGEST {
            return None;
        }
    }
    let is_kid = plain.ends_with('-') && plain[..plain.len() - 1].bytes().all(|b| b.is_ascii_digit());
    let mut kept = plain.replace('-', "");
    if is_kid {
        kept.push('-');
    }
    (!kept.is_empty() && kept.len() <= LONGEST).then_some(kept)
}

/// What a reference is looked up by: of a number, without the zeros in front that bank files fill fields with.
#[must_use]
pub fn key(plain: &str) -> &str {
    if plain.bytes().all(|b| b.is_ascii_digit() || b == b'-') { plain.trim_start_matches('0') } else { plain }
}

/// Whether the check digits of an international reference are right.
fn is_rf(reference: &str) -> bool {
    let form = (5..=LONGEST).contains(&reference.len()) && reference.bytes().all(|b| b.is_ascii_alphanumeric());
    let numbered = || reference[2..4].bytes().all(|b| b.is_ascii_digit());
    form && reference.starts_with("RF") && numbered() && mod_97(&format!("{}{}", &reference[4..], &reference[..4])) == 1
}

/// The international reference of letters and digits.
fn rf(body: &str) -> String {
    format!("RF{:02}{body}", 98 - mod_97(&format!("{body}RF00")))
}
