//! Whole numbers of cards in texts: they are never kept, so a text that holds one is not taken.
//!
//! What counts is 13 to 19 digits in the range of a card scheme, of a length that the scheme has, with a valid check digit
//! (Luhn, ISO/IEC 7812-1). The digits may be of any script, stand inside of words, and be parted in groups by blanks, dashes
//! and dots. What a house has besides that looks alike is told apart first: IBANs of the countries that
//! have them, and ids and digests in hexadecimal digits. Masked numbers have no whole number in them.
//!
//! Commas, colons, bars, brackets and the like part numbers of other kinds as well: amounts, times, telephones. So does
//! being an item of a list ([`is_in_list`]). What they part is a number of a card only where it is parted as people part
//! those (`4-4-4-4`, `4-6-5`, ..., or into equal pieces), all of it: four of five amounts in a row are none.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::Value;

use super::text::is_invisible;

const COMPATIBLE: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

/// Signs between two digits of one number, at most.
const BETWEEN: usize = 3;
/// The same where some of them part lists: `", "` and a line break with an indent are such.
const APART: usize = 8;
/// Digits of a number of a card, at least and at most.
const SHORTEST: usize = 13;
const LONGEST: usize = 19;

/// The zeros of the scripts that have digits of their own; nine follow each.
const ZEROS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50,
    0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950,
    0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11de0, 0x11f50, 0x16130, 0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0,
    0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];

/// A sign of a text, as far as numbers are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Digit(u8),
    /// What may part groups of digits.
    Between,
    /// What parts lists as well.
    Apart,
    /// What nobody sees.
    Nothing,
    /// What no number goes on through.
    Other,
}

/// Whether a text holds the whole number of a card.
#[must_use]
pub fn is_in(text: &str) -> bool {
    if is_decimal(text) {
        // Its point parts nothing of a number of a card.
        return is_among(&text.replace('.', "x"));
    }
    if text.is_ascii() {
        // Most texts have few digits.
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        return digits >= SHORTEST && is_among(text);
    }
    is_among(&COMPATIBLE.normalize(text))
}

/// Whether the items of a list, numbers or texts, hold one together.
#[must_use]
pub fn is_in_list<'a>(items: impl IntoIterator<Item = &'a str>) -> bool {
    let items: Vec<&str> = items.into_iter().collect();
    // An amount with a fraction is no group of digits.
    let groups: Vec<&str> = items.iter().map(|item| if is_decimal(item) { "x" } else { *item }).collect();
    items.len() > 1 && is_in(&groups.join("|"))
}

/// Whether a text is a number with a fraction, and nothing else.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = text.strip_prefix('-').unwrap_or(text).split_once('.');
    parts.is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// Whether JSON holds one: in a text, as a number, in the name of a field, or in the items of a list together.
#[must_use]
pub fn is_in_json(value: &Value) -> bool {
    match value {
        Value::String(text) => is_in(text),
        Value::Number(number) => is_in(&number.to_string()),
        Value::Array(items) => {
            let mut leaves = Vec::new();
            leaves_of(items, &mut leaves);
            items.iter().any(is_in_json) || is_in_list(leaves.iter().map(|leaf| &**leaf))
        }
        Value::Object(fields) => fields.iter().any(|(name, value)| is_in(name) || is_in_json(value)),
        Value::Null | Value::Bool(_) => false,
    }
}

/// What of a list, and of the lists in it, may have digits; anything else stands between them.
fn leaves_of<'a>(items: &'a [Value], leaves: &mut Vec<Cow<'a, str>>) {
    for item in items {
        match item {
            Value::String(text) => leaves.push(text.as_str().into()),
            Value::Number(number) => leaves.push(number.to_string().into()),
            Value::Array(items) => leaves_of(items, leaves),
            Value::Null | Value::Bool(_) | Value::Object(_) => leaves.push("x".into()),
        }
    }
}

fn is_among(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let mut signs: Vec<Sign> = chars.iter().map(|c| sign(*c)).collect();
    leave_out(&chars, &mut signs);
    let mut digits: Vec<(u8, bool)> = Vec::new();
    let mut run = Run::default();
    let mut between = String::new();
    let (mut apart, mut length) = (false, 0);
    for (c, sign) in chars.iter().zip(signs) {
        match sign {
            Sign::Digit(digit) => {
                if length > BETWEEN || apart {
                    if holds(&digits) {
                        return true;
                    }
                    digits.clear();
                }
                if length > APART {
                    if run.holds() {
                        return true;
                    }
                    run = Run::default();
                }
                digits.push((digit, length > 0 || digits.is_empty()));
                run.push(digit, &between);
                between.clear();
                (apart, length) = (false, 0);
            }
            Sign::Between | Sign::Apart => {
                apart |= sign == Sign::Apart;
                length += 1;
                if length <= APART {
                    between.push(*c);
                }
            }
            Sign::Nothing => {}
            Sign::Other => {
                if holds(&digits) || run.holds() {
                    return true;
                }
                digits.clear();
                run = Run::default();
                between.clear();
                (apart, length) = (false, 0);
            }
        }
    }
    holds(&digits) || run.holds()
}

/// Groups of digits one after the other, and what stands between them.
#[derive(Default)]
struct Run {
    groups: Vec<Vec<u8>>,
    /// One fewer.
    between: Vec<String>,
}

impl Run {
    fn push(&mut self, digit: u8, between: &str) {
        match self.groups.last_mut() {
            Some(group) if between.is_empty() => group.push(digit),
            Some(_) => {
                self.between.push(between.to_owned());
                self.groups.push(vec![digit]);
            }
            None => self.groups.push(vec![digit]),
        }
    }

    /// Whether all of it is one number, parted as people part them; or what is parted by one sign in the same way, and by
    /// others from the rest.
    fn holds(&self) -> bool {
        if is_parted_number(&self.groups, 4) {
            return true;
        }
        let mut begin = 0;
        while begin < self.between.len() {
            let same = self.between[begin..].iter().take_while(|between| **between == self.between[begin]).count();
            if is_parted_number(&self.groups[begin..=begin + same], 1) {
                return true;
            }
            begin += same;
        }
        false
    }
}

/// How numbers of cards are parted, besides into equal pieces of which the last may be shorter.
const PARTED: &[&[usize]] = &[
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 5, 6],
    &[4, 4, 5],
    &[4, 4, 6],
    &[4, 3, 3, 3],
    &[6, 6, 4],
    &[6, 10],
    &[6, 13],
    &[4, 12],
    &[12, 4],
    &[8, 4, 4],
    &[4, 4, 8],
    &[4, 8, 4],
];
/// Digits of equal pieces, at most. Two pieces of eight are telephones.
const LONGEST_PIECE: usize = 5;

/// Whether groups are one number, parted as people do, into equal pieces of so many digits at least: small ones parted now
/// by this and now by that are amounts with their cents.
fn is_parted_number(groups: &[Vec<u8>], shortest_piece: usize) -> bool {
    let lengths: Vec<usize> = groups.iter().map(Vec::len).collect();
    if lengths.len() < 2 || !(SHORTEST..=LONGEST).contains(&lengths.iter().sum()) {
        return false;
    }
    let (first, last) = (lengths[0], lengths[lengths.len() - 1]);
    let is_equal = (shortest_piece..=LONGEST_PIECE).contains(&first)
        && last <= first
        && lengths[1..lengths.len() - 1].iter().all(|one| *one == first);
    let digits: Vec<(u8, bool)> = groups.iter().flatten().map(|digit| (*digit, false)).collect();
    (is_equal || PARTED.contains(&lengths.as_slice())) && is_number(&digits)
}

/// Whether groups of digits, each with whether it begins one, hold a number: some that stand beside each other, whole.
fn holds(digits: &[(u8, bool)]) -> bool {
    let begins = (0..digits.len()).filter(|place| digits[*place].1);
    begins.into_iter().any(|begin| {
        (begin + SHORTEST..=(begin + LONGEST).min(digits.len())).any(|end| {
            let ends = digits.get(end).is_none_or(|next| next.1);
            ends && is_number(&digits[begin..end])
        })
    })
}

fn is_number(digits: &[(u8, bool)]) -> bool {
    let first = |count: usize| digits[..count].iter().fold(0_u32, |number, (digit, _)| number * 10 + u32::from(*digit));
    is_of_a_scheme(first(2), first(3), first(4), digits.len()) && has_check_digit(digits)
}

/// Whether a number that begins so, and has so many digits, is of a scheme.
fn is_of_a_scheme(two: u32, three: u32, four: u32, length: usize) -> bool {
    match two {
        // Visa.
        40..=49 => matches!(length, 13 | 16 | 19),
        // Mastercard; Mir.
        51..=55 => length == 16,
        22..=27 if (2221..=2720).contains(&four) => length == 16,
        22 if four <= 2204 => length >= 16,
        // American Express.
        34 | 37 => length == 15,
        // Diners Club.
        36 | 38 | 39 => length >= 14,
        30 if three <= 305 || four == 3095 => length >= 14,
        // JCB.
        35 if (3528..=3589).contains(&four) => length >= 16,
        // Maestro, Discover, UnionPay, RuPay and what else begins so; of Maestro's few that are shorter.
        50 | 56..=58 | 60..=69 | 81 | 82 => {
            length >= 16 || matches!(four, 5018 | 5020 | 5038 | 5893 | 6304 | 6390 | 6759 | 6761 | 6762 | 6763)
        }
        // UzCard, Humo, Troy.
        86 | 98 | 97 => length == 16 && matches!(four, 8600 | 9860 | 9792),
        _ => false,
    }
}

fn has_check_digit(digits: &[(u8, bool)]) -> bool {
    let sum: u32 = digits.iter().rev().enumerate().fold(0, |sum, (place, (digit, _))| {
        let weighted = u32::from(*digit) * if place % 2 == 1 { 2 } else { 1 };
        sum + weighted / 10 + weighted % 10
    });
    sum.is_multiple_of(10)
}

fn sign(c: char) -> Sign {
    match c {
        '0'..='9' => Sign::Digit(c as u8 - b'0'),
        '.' | '_' | '/' | '\u{b7}' | '\u{2022}' | '\u{2219}' | '\u{3002}' => Sign::Between,
        '-' | '\u{ad}' | '\u{58a}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}' => {
            Sign::Between
        }
        c if c.is_whitespace() => Sign::Between,
        // An amount begins with its currency, or is of a hundred.
        '$' | '%' => Sign::Other,
        '!'..='~' if c.is_ascii_punctuation() => Sign::Apart,
        c if is_invisible(c) => Sign::Nothing,
        // Marks that are set over or around a digit.
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => Sign::Nothing,
        c if c.is_ascii() => Sign::Other,
        // Signs of writing, arrows, of mathematics, lines, shapes, and pictures. Not those of currencies.
        '\u{a1}'
        | '\u{a6}'..='\u{a9}'
        | '\u{ab}'..='\u{b1}'
        | '\u{b4}'
        | '\u{b6}'
        | '\u{b8}'
        | '\u{bb}'
        | '\u{bf}'
        | '\u{d7}'
        | '\u{f7}'
        | '\u{2016}'..='\u{205e}'
        | '\u{2190}'..='\u{2bff}'
        | '\u{3001}'..='\u{301f}'
        | '\u{1f000}'..='\u{1faff}' => Sign::Apart,
        c => digit_of(c).map_or(Sign::Other, Sign::Digit),
    }
}

/// The value of a digit of another script.
fn digit_of(c: char) -> Option<u8> {
    let place = u32::from(c);
    let script = ZEROS.partition_point(|zero| *zero <= place).checked_sub(1)?;
    u8::try_from(place - ZEROS[script]).ok().filter(|digit| *digit <= 9)
}

/// Leaves out what holds no numbers of cards, whatever its digits are.
fn leave_out(chars: &[char], signs: &mut [Sign]) {
    let mut at = 0;
    while at < chars.len() {
        let is_word_start = chars[at].is_ascii_alphanumeric() && (at == 0 || !chars[at - 1].is_ascii_alphanumeric());
        let length = if is_word_start { id_at(&chars[at..]).or_else(|| iban_at(&chars[at..])) } else { None };
        match length {
            Some(length) => {
                signs[at..at + length].fill(Sign::Other);
                at += length;
            }
            None => at += 1,
        }
    }
}

/// How long an id or a digest is that begins here: a UUID, or 32 hexadecimal digits and more, with a letter among them.
fn id_at(chars: &[char]) -> Option<usize> {
    let is_hex = |c: &char| c.is_ascii_hexdigit();
    let ends = |length: usize| chars.get(length).is_none_or(|c| !c.is_ascii_alphanumeric());
    let is_told_apart = |chars: &[char]| chars.iter().any(char::is_ascii_alphabetic);
    let run = chars.iter().take_while(|c| is_hex(c)).count();
    if run >= 32 {
        return (ends(run) && is_told_apart(&chars[..run])).then_some(run);
    }
    let uuid = chars.get(..36)?;
    let is_uuid = uuid.iter().enumerate().all(|(place, c)| match place {
        8 | 13 | 18 | 23 => *c == '-',
        _ => is_hex(c),
    });
    (is_uuid && ends(36) && is_told_apart(uuid)).then_some(36)
}

/// How long an IBAN is that begins here, in either case, with or without blanks between its groups: of a country that has
/// them, of the form that it gives them, with a valid check. Two letters that happen to stand before a number are none.
fn iban_at(chars: &[char]) -> Option<usize> {
    let is_start = chars.len() >= 15
        && chars[..2].iter().all(char::is_ascii_alphabetic)
        && chars[2..4].iter().all(char::is_ascii_digit);
    if !is_start {
        return None;
    }
    let (mut number, mut at, mut found) = (String::new(), 0, None);
    while at < chars.len() && number.len() < 34 {
        let c = chars[at];
        let is_blank = c == ' '
            && !number.is_empty()
            && number.len().is_multiple_of(4)
            && chars.get(at + 1).is_some_and(char::is_ascii_alphanumeric);
        at += 1;
        if is_blank {
            continue;
        }
        if !c.is_ascii_alphanumeric() {
            break;
        }
        number.push(c.to_ascii_uppercase());
        let ends = chars.get(at).is_none_or(|c| !c.is_ascii_alphanumeric());
        if ends && number.len() >= 15 && number.parse::<iban::Iban>().is_ok() {
            found = Some(at);
        }
    }
    found
}

#[cfg(test)]
mod tests;
