//! What purchases on the accounts of a product go by.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::cost::{Credit, MOST_MONTHS};
use super::events;
use super::model::{PurchaseKind, PurchaseTerms, TermsContent, is_rate};
use super::refusals::NO_PURCHASE_TERMS;
use crate::accounts::{Product, ProductBy};
use crate::ledger::amounts::to_minor;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::primitives::{Minor, Money, ProductId, text};
use crate::refused::{INVALID_STATE, Refused};
use crate::work::{Command, Decision, Wants, Work};

/// Says what purchases on the accounts of a product are, all of it. Loans that run keep what they were lent by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetPurchaseTerms {
    /// Which product.
    pub product: ProductBy,
    /// What they are; stays as it is once it was set.
    pub kind: PurchaseKind,
    /// Of an invoice: the product of the loan that carries what is left of it.
    pub loan: Option<ProductBy>,
    /// Of a loan: over how many months it is repaid.
    pub months: Option<u32>,
    /// Of a loan: the yearly rate, in percent.
    pub rate_annual_pct: Option<Decimal>,
    /// Of a loan: what is charged with each month's invoice.
    pub invoice_fee: Option<Money>,
    /// The address of a customer's own page.
    pub page: Option<String>,
}

impl Command for SetPurchaseTerms {
    const OPERATION: &'static str = "setPurchaseTerms";
    type Made = PurchaseTerms;

    fn looks_at(&self, wants: &mut Wants) {
        self.product.hint(wants);
        if let Some(loan) = &self.loan {
            loan.hint(wants);
        }
    }

    /// Refused as: `NOT_FOUND` for the product and the loan's, `INVALID_INPUT` for a kind that is none of the product's
    /// family, `INVALID_STATE` for another kind than was set, then for the loan, the months, the rate, the fee and the page.
    fn decide(&self, work: &mut Work) -> Decision<Arc<PurchaseTerms>> {
        let product = self.product.locate(work, "product")?;
        let loan = self.loan.as_ref().map(|by| by.locate(work, "loanProduct")).transpose()?;
        if product.family != self.kind.family() {
            let message = format!("is none of the family {}", product.family.word());
            return Err(Refused::invalid("kind", message).into());
        }
        let id = PurchaseTerms::id_of(product.id);
        let before = work.get::<PurchaseTerms>(id)?;
        if before.as_ref().is_some_and(|before| before.kind != self.kind) {
            let message = "what is on the product's accounts stays what it is";
            return Err(Refused::of_field(INVALID_STATE, "kind", message).into());
        }
        let terms = TermsContent {
            loan: self.checked_loan(work, &product, loan.as_deref())?,
            credit: self.credit(&product)?,
            page: self.page()?,
        };
        let terms = if before.is_some() {
            work.change::<PurchaseTerms, Refused>(id, |row| {
                row.terms = terms;
                Ok(())
            })?
        } else {
            let row = PurchaseTerms { id, ordinal: work.ordinal(), kind: self.kind, terms, created_at: work.now() };
            work.insert(row)?
        };
        work.tell(events::of_terms(&terms));
        Ok(terms)
    }

    fn weight(&self) -> usize {
        3
    }
}

impl SetPurchaseTerms {
    fn checked_loan(&self, work: &mut Work, product: &Product, loan: Option<&Product>) -> Decision<Option<ProductId>> {
        let Some(loan) = loan else { return Ok(None) };
        if self.kind != PurchaseKind::Invoice {
            return Err(Refused::invalid("loanProduct", "only what is left of an INVOICE goes over to a loan").into());
        }
        let terms = work.get::<PurchaseTerms>(PurchaseTerms::id_of(loan.id))?;
        match terms {
            None => {
                let message = "the product says nothing of purchases";
                Err(Refused::of_field(NO_PURCHASE_TERMS, "loanProduct", message).into())
            }
            Some(terms) if !terms.kind.is_loan() => Err(Refused::invalid("loanProduct", "is no loan").into()),
            Some(_) if loan.currency != product.currency => {
                let message = format!("invoices are in {}", product.currency);
                Err(Refused::of_field(CURRENCY_MISMATCH, "loanProduct", message).into())
            }
            Some(_) => Ok(Some(loan.id)),
        }
    }

    fn credit(&self, product: &Product) -> Result<Option<Credit>, Refused> {
        let given = [
            ("months", self.months.is_some()),
            ("interestRatePct", self.rate_annual_pct.is_some()),
            ("invoiceFee", self.invoice_fee.is_some()),
        ];
        if !self.kind.is_loan() {
            return match given.iter().find(|(_, given)| *given) {
                Some((field, _)) => Err(Refused::invalid(field, "is a loan's")),
                None => Ok(None),
            };
        }
        let Some(months) = self.months.filter(|months| (1..=MOST_MONTHS).contains(months)) else {
            return Err(Refused::invalid("months", format!("a loan is repaid over 1 to {MOST_MONTHS} months")));
        };
        let Some(rate_annual_pct) = self.rate_annual_pct.filter(|rate| is_rate(*rate)) else {
            let message = "a loan has a rate from 0 to 100, with at most four decimals";
            return Err(Refused::invalid("interestRatePct", message));
        };
        let invoice_fee = match self.invoice_fee {
            None => Minor::ZERO,
            Some(fee) if fee.currency != product.currency => {
                let message = format!("accounts of the product are in {}", product.currency);
                return Err(Refused::of_field(CURRENCY_MISMATCH, "invoiceFee.currency", message));
            }
            Some(fee) => to_minor("invoiceFee", fee)?,
        };
        if invoice_fee < Minor::ZERO {
            return Err(Refused::of_field(AMOUNT_OUT_OF_RANGE, "invoiceFee", "must not be negative"));
        }
        Ok(Some(Credit { months, rate_annual_pct: rate_annual_pct.normalize(), invoice_fee: invoice_fee.0 }))
    }

    fn page(&self) -> Result<Option<String>, Refused> {
        let Some(page) = &self.page else { return Ok(None) };
        text::required(page, 500).map_err(|problem| Refused::invalid("personalPage", problem.to_string()))?;
        let is_fit = page.starts_with("https://") && page.contains("{account}") && page.contains("{signature}");
        if !is_fit || page.chars().any(char::is_whitespace) {
            let message = "is an https:// address with {account} and {signature} in it";
            return Err(Refused::invalid("personalPage", message));
        }
        Ok(Some(page.clone()))
    }
}
