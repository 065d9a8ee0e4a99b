//! The fixed words, and how amounts and dates are written in each language. Amounts stay decimals.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::sheet::PrintLanguage;
use crate::primitives::Money;

/// The words that are printed without anybody having written them.
#[derive(Debug)]
pub struct Words {
    /// As a tag of the language: `en`.
    pub tag: &'static str,
    /// In front of the page's number.
    pub page: &'static str,
    /// Between the page's number and how many there are.
    pub of: &'static str,
    /// Above how it is paid.
    pub payment: &'static str,
    /// Who is paid.
    pub payee: &'static str,
    /// How much.
    pub amount: &'static str,
    /// What to quote.
    pub reference: &'static str,
    /// Until when.
    pub due: &'static str,
    /// Beside the code.
    pub scan: &'static str,
    /// What the code is, for who cannot see it.
    pub code: &'static str,
    /// The logo, for who cannot see it.
    pub logo: &'static str,
}

static ENGLISH: Words = Words {
    tag: "en",
    page: "Page",
    of: "of",
    payment: "Payment",
    payee: "Payee",
    amount: "Amount",
    reference: "Reference",
    due: "Due date",
    scan: "Scan to pay",
    code: "QR code with the payment's details for banking apps",
    logo: "Logo of",
};

static GERMAN: Words = Words {
    tag: "de",
    page: "Seite",
    of: "von",
    payment: "Zahlung",
    payee: "Empfänger",
    amount: "Betrag",
    reference: "Verwendungszweck",
    due: "Fällig am",
    scan: "Zum Zahlen scannen",
    code: "QR-Code mit den Angaben zur Zahlung für Banking-Apps",
    logo: "Logo von",
};

static SWEDISH: Words = Words {
    tag: "sv",
    page: "Sida",
    of: "av",
    payment: "Betalning",
    payee: "Mottagare",
    amount: "Belopp",
    reference: "Referens",
    due: "Förfallodag",
    scan: "Skanna för att betala",
    code: "QR-kod med betalningens uppgifter för bankappar",
    logo: "Logotyp för",
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The words of a language.
#[must_use]
pub fn of(language: PrintLanguage) -> &'static Words {
    match language {
        PrintLanguage::En => &ENGLISH,
        PrintLanguage::De => &GERMAN,
        PrintLanguage::Sv => &SWEDISH,
    }
}

/// A number with as many decimals as it has: grouped in threes, its minus a minus and no hyphen. Spaces in it do not
/// break a line.
#[must_use]
pub fn number(language: PrintLanguage, number: Decimal) -> String {
    let (group, point) = match language {
        PrintLanguage::En => (',', '.'),
        PrintLanguage::De => ('.', ','),
        PrintLanguage::Sv => ('\u{a0}', ','),
    };
    let plain = number.abs().to_string();
    let (whole, decimals) = plain.split_once('.').map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut written = String::new();
    if number.is_sign_negative() && !number.is_zero() {
        written.push('\u{2212}');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            written.push(group);
        }
        written.push(digit);
    }
    if let Some(decimals) = decimals {
        written.push(point);
        written.push_str(decimals);
    }
    written
}

/// An amount with all decimals of its currency and the currency's code. One that has more keeps them: nothing is rounded.
#[must_use]
pub fn money(language: PrintLanguage, money: Money) -> String {
    let mut amount = money.amount.normalize();
    if amount.scale() < money.currency.exponent() {
        amount.rescale(money.currency.exponent());
    }
    let number = number(language, amount);
    match language {
        PrintLanguage::En => format!("{}\u{a0}{number}", money.currency),
        PrintLanguage::De | PrintLanguage::Sv => format!("{number}\u{a0}{}", money.currency),
    }
}

/// A day.
#[must_use]
pub fn date(language: PrintLanguage, date: NaiveDate) -> String {
    match language {
        PrintLanguage::En => {
            let month = usize::try_from(date.month0()).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
            format!("{} {month} {}", date.day(), date.year())
        }
        PrintLanguage::De => date.format("%d.%m.%Y").to_string(),
        PrintLanguage::Sv => date.format("%Y-%m-%d").to_string(),
    }
}
