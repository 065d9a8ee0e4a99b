//! The products that a new tenant starts with: one or more per family, to be changed or added to as data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, PRODUCT_CREATED};
use super::model::{Family, Product, WorkingMode};
use crate::ledger::DebtRule;
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::primitives::{Currency, Minor};
use crate::work::{Command, Decision, Stop, Work};

struct Line(&'static str, &'static str, Family, Option<WorkingMode>, DebtRule, i64);

/// Code, alias, family, working mode, debt rule, default credit limit in whole units of the currency.
const CATALOGUE: &[Line] = &[
    Line("current", "Current account", Family::Deposit, None, DebtRule::None, 0),
    Line("current-overdraft", "Current account with overdraft", Family::Deposit, None, DebtRule::Limit, 500),
    Line("savings", "Savings account", Family::Deposit, None, DebtRule::None, 0),
    Line("investment", "Investment account", Family::Investment, None, DebtRule::None, 0),
    Line("leasing", "Leasing contract", Family::Leasing, None, DebtRule::Limit, 0),
    Line("revolving", "Revolving credit", Family::RevolvingCredit, None, DebtRule::Limit, 2_000),
    Line("virtual", "Virtual account", Family::Virtual, None, DebtRule::None, 0),
    Line("credit-card", "Credit card", Family::Card, Some(WorkingMode::PayLater), DebtRule::Limit, 3_000),
    Line("debit-card", "Debit card", Family::Card, Some(WorkingMode::PayNow), DebtRule::Limit, 1_000),
    Line("prepaid-card", "Prepaid card", Family::Card, Some(WorkingMode::PayBefore), DebtRule::None, 0),
    Line("invoice", "Invoice", Family::Invoice, None, DebtRule::Limit, 1_000),
    Line("loan", "Personal loan", Family::Loan, None, DebtRule::Limit, 0),
    Line("receivable", "Receivable", Family::Receivable, None, DebtRule::Unlimited, 0),
];

/// Puts the catalogue into a new tenant. Gives the last of the products.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstallCatalogue {
    /// Of all the products.
    pub currency: Currency,
}

impl Command for InstallCatalogue {
    const OPERATION: &'static str = "installCatalogue";
    type Made = Product;

    fn decide(&self, work: &mut Work) -> Decision<Arc<Product>> {
        let unit = 10_i64.pow(self.currency.exponent());
        let mut last = None;
        for Line(code, alias, family, working_mode, debt_rule, limit) in CATALOGUE {
            let product = Product {
                id: work.id(),
                ordinal: work.ordinal(),
                code: (*code).into(),
                alias: (*alias).into(),
                family: *family,
                working_mode: *working_mode,
                currency: self.currency,
                debt_rule: *debt_rule,
                repayment_order: RepaymentOrder::DEFAULT,
                item_order: ItemOrder::DEFAULT,
                recurring: None,
                default_credit_limit: Minor(limit * unit),
                maximum_credit_limit: None,
                maximum_balance: None,
                charity: None,
                prepaid: None,
                authorisation_days: None,
                reference: None,
                payee: None,
                retired: false,
                metadata: "{}".into(),
                created_at: work.now(),
            };
            let product = work.insert(product)?;
            work.tell(events::of_product(PRODUCT_CREATED, &product));
            last = Some(product);
        }
        last.ok_or_else(|| Stop::damaged("an empty catalogue"))
    }

    fn weight(&self) -> usize {
        3 * CATALOGUE.len()
    }
}
