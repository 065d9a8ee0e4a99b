//! The code that banking apps read: EPC069-12 (version 002), for credit transfers in euro.

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;
use rust_decimal::Decimal;

use super::sheet::Payment;
use crate::primitives::references::{self, ReferenceRule};

/// The dark and light squares of a code, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// Squares on a side.
    pub side: usize,
    /// Which are dark; `side` times `side`.
    pub dark: Vec<bool>,
}

/// What the code says; none where it cannot be said: another currency, no IBAN, an amount out of range, or a name or
/// reference that is too long.
#[must_use]
pub fn payload(payment: &Payment) -> Option<String> {
    let iban: String = payment.iban.as_deref()?.chars().filter(|c| !c.is_whitespace()).collect();
    iban.parse::<iban::Iban>().ok()?;
    let amount = payment.amount.amount;
    let in_range = amount >= Decimal::new(1, 2) && amount <= Decimal::new(99_999_999_999, 2);
    if payment.amount.currency.code() != "EUR" || !in_range || amount.normalize().scale() > 2 {
        return None;
    }
    let mut amount = amount.normalize();
    amount.rescale(2);
    let one_line = |text: &str| !text.contains(['\n', '\r']);
    let name_fits = (1..=70).contains(&payment.name.chars().count()) && one_line(&payment.name);
    // A reference of ISO 11649 has a line of its own; any other text is the remittance information.
    let plain = references::plain(&payment.reference).filter(|plain| ReferenceRule::Rf.accepts(plain));
    let reference_fits = payment.reference.chars().count() <= 140 && one_line(&payment.reference);
    if !name_fits || !reference_fits {
        return None;
    }
    let bic = payment.bic.as_deref().unwrap_or_default();
    let (reference, text) = plain.as_deref().map_or(("", payment.reference.as_str()), |plain| (plain, ""));
    let payload =
        ["BCD", "002", "1", "SCT", bic, &payment.name, &iban, &format!("EUR{amount}"), "", reference, text].join("\n");
    let payload = payload.trim_end_matches('\n').to_owned();
    (payload.len() <= 331).then_some(payload)
}

/// The code, with the error correction that the rules ask for (M).
#[must_use]
pub fn code(payment: &Payment) -> Option<Code> {
    let code = QRBuilder::new(payload(payment)?).ecl(ECL::M).build().ok()?;
    let dark = (0..code.size).flat_map(|row| code[row].iter().map(|module| module.value()).collect::<Vec<_>>());
    Some(Code { side: code.size, dark: dark.collect() })
}
