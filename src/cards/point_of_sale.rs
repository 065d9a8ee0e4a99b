//! What a scheme's message says of the use of a card, before it is kept: checked, and never a card's number.

use crate::ledger::amounts::positive;
use crate::ledger::{Merchant, PointOfSale};
use crate::primitives::text;
use crate::refused::{Refused, check_reference, noted};

/// Digits of the acquirer's reference data.
const ACQUIRER_REFERENCE: usize = 23;

/// Checks what a message says; its fields stand below `pointOfSale` in the input.
///
/// # Errors
/// `INVALID_INPUT` or `AMOUNT_OUT_OF_RANGE` for the field.
pub fn checked(at: &PointOfSale) -> Result<PointOfSale, Refused> {
    check(at).map_err(|refused| refused.under("pointOfSale"))
}

fn check(at: &PointOfSale) -> Result<PointOfSale, Refused> {
    if let Some(merchant) = &at.merchant {
        check_merchant(merchant).map_err(|refused| refused.under("merchant"))?;
    }
    for (field, value) in [("acquirer", &at.acquirer), ("terminal", &at.terminal)] {
        check_reference(field, value.as_deref())?;
    }
    let texts = [
        ("terminalType", &at.terminal_type),
        ("environment", &at.environment),
        ("remoteIndicator", &at.remote_indicator),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            text::required(value, 64).map_err(|problem| Refused::invalid(field, problem.to_string()))?;
        }
    }
    if at.acquirer_reference.as_deref().is_some_and(|it| !(it.len() == ACQUIRER_REFERENCE && is_digits(it))) {
        return Err(Refused::invalid("acquirerReference", "is 23 digits"));
    }
    for (field, value, most) in
        [("approvalCode", &at.approval_code, 6), ("retrievalReference", &at.retrieval_reference, 12)]
    {
        let is_code = |it: &str| (1..=most).contains(&it.len()) && it.bytes().all(|sign| sign.is_ascii_alphanumeric());
        if value.as_deref().is_some_and(|it| !is_code(it)) {
            return Err(Refused::invalid(field, format!("is 1 to {most} letters and digits")));
        }
    }
    for (field, amount) in [("originalAmount", at.original), ("reconciliationAmount", at.reconciled)] {
        if let Some(amount) = amount {
            positive(field, amount)?;
        }
    }
    if let Some(rate) = &at.rate {
        let rate: Option<rust_decimal::Decimal> = rate.parse().ok();
        if !rate.is_some_and(|rate| rate > rust_decimal::Decimal::ZERO && rate.scale() <= 12) {
            return Err(Refused::invalid("rate", "is positive, and has at most 12 decimals"));
        }
        if at.original.is_none() {
            return Err(Refused::invalid("rate", "is that of an original amount"));
        }
    }
    Ok(at.clone())
}

fn check_merchant(merchant: &Merchant) -> Result<(), Refused> {
    check_reference("id", merchant.id.as_deref())?;
    noted("name", merchant.name.as_deref())?;
    if merchant.category_code.as_deref().is_some_and(|code| !(code.len() == 4 && is_digits(code))) {
        return Err(Refused::invalid("categoryCode", "is four digits"));
    }
    noted("city", merchant.city.as_deref())?;
    let is_country = |code: &str| code.len() == 2 && code.bytes().all(|sign| sign.is_ascii_uppercase());
    if merchant.country.as_deref().is_some_and(|code| !is_country(code)) {
        return Err(Refused::invalid("country", "is two capital letters"));
    }
    Ok(())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|sign| sign.is_ascii_digit())
}

/// What a person reads of it, where the message has no words of its own.
pub(super) fn title(at: &PointOfSale, otherwise: &str) -> String {
    at.merchant.as_ref().and_then(|merchant| merchant.name.clone()).unwrap_or_else(|| otherwise.to_owned())
}
