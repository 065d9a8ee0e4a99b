//! Products as data.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::events::{self, PRODUCT_CREATED, PRODUCT_UPDATED};
use super::model::{Family, Payee, Product, WorkingMode};
use super::prepaid::NewPrepaidTerms;
use super::recurring::RecurringTerms;
use super::store::{CODE, ProductBy};
use crate::ledger::DebtRule;
use crate::ledger::amounts::optional;
use crate::ledger::charity::CharityRule;
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::primitives::references::{ReferenceRule, ReferenceScheme};
use crate::primitives::{Amount, Currency};
use crate::refused::Refused;
use crate::work::{Change, Command, Decision, Wants, Work};

/// Creates a product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateProduct {
    /// Unique in the tenant.
    pub code: String,
    /// What customers call it.
    pub alias: String,
    /// Its family.
    pub family: Family,
    /// Of cards.
    pub working_mode: Option<WorkingMode>,
    /// Of all its accounts.
    pub currency: Currency,
    /// How far below zero its accounts may go.
    pub debt_rule: DebtRule,
    /// What a credit repays first.
    pub repayment_order: RepaymentOrder,
    /// In which order what comes is spread over open items.
    pub item_order: ItemOrder,
    /// The limit of an account that is opened without one.
    pub default_credit_limit: Option<Amount>,
    /// The largest limit that an account may be opened with.
    pub maximum_credit_limit: Option<Amount>,
    /// The most funds that an account may hold.
    pub maximum_balance: Option<Amount>,
    /// What accounts give to charity that switch it on.
    pub charity: Option<CharityTerms>,
    /// What is charged and allowed for loads and unloads, of a prepaid product.
    #[serde(default)]
    pub prepaid: Option<NewPrepaidTerms>,
    /// After how many days an authorisation of a card lapses; a week when absent.
    #[serde(default)]
    pub authorisation_days: Option<i32>,
    /// How accounts get the reference that payments to them carry.
    pub reference: Option<ReferenceTerms>,
    /// To whom such payments are made.
    pub payee: Option<Payee>,
    /// When something is drawn for accounts again and again.
    #[serde(default)]
    pub recurring: Option<RecurringTerms>,
    /// A JSON object, as text.
    pub metadata: String,
}

impl Command for CreateProduct {
    const OPERATION: &'static str = "createProduct";
    type Made = Product;

    fn looks_at(&self, wants: &mut Wants) {
        wants.unique::<Product>(&CODE, &self.code);
    }

    /// Refused as: `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `DUPLICATE_REFERENCE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Product>> {
        let currency = self.currency;
        let minor = |field: &str, amount: Option<Amount>| optional(field, decimal(amount), currency);
        let product = Product {
            id: work.id(),
            ordinal: work.ordinal(),
            code: self.code.clone(),
            alias: self.alias.clone(),
            family: self.family,
            working_mode: self.working_mode,
            currency,
            debt_rule: self.debt_rule,
            repayment_order: self.repayment_order,
            item_order: self.item_order,
            default_credit_limit: minor("defaultCreditLimit", self.default_credit_limit)?.unwrap_or_default(),
            maximum_credit_limit: minor("maximumCreditLimit", self.maximum_credit_limit)?,
            maximum_balance: minor("maximumBalance", self.maximum_balance)?,
            charity: self.charity.map(CharityTerms::rule).transpose()?,
            prepaid: self.prepaid.map(|terms| terms.checked(currency)).transpose()?,
            authorisation_days: self.authorisation_days,
            reference: self.reference.map(ReferenceTerms::scheme).transpose()?,
            payee: self.payee.clone().map(Payee::checked).transpose()?,
            recurring: self.recurring.map(|terms| terms.checked("recurringPayments")).transpose()?,
            retired: false,
            metadata: self.metadata.clone(),
            created_at: work.now(),
        }
        .checked()?;
        let product = work.insert(product)?;
        know_rule(work, &product);
        work.tell(events::of_product(PRODUCT_CREATED, &product));
        Ok(product)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Changes a product. Accounts that are open keep what they were opened with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpdateProduct {
    /// Which.
    pub product: ProductBy,
    /// What customers call it.
    pub alias: Option<String>,
    /// The limit of an account that is opened without one.
    pub default_credit_limit: Option<Amount>,
    /// The largest limit that an account may be opened with; emptied, there is none.
    pub maximum_credit_limit: Change<Amount>,
    /// The most funds that an account may hold; emptied, there is no bound.
    pub maximum_balance: Change<Amount>,
    /// What accounts give to charity that switch it on; emptied, nothing.
    pub charity: Change<CharityTerms>,
    /// What is charged and allowed for loads and unloads from now on; emptied, nothing is charged and all is allowed.
    #[serde(default)]
    pub prepaid: Change<NewPrepaidTerms>,
    /// After how many days an authorisation that comes from now on lapses; emptied, after a week.
    #[serde(default)]
    pub authorisation_days: Change<i32>,
    /// How accounts that are opened get the reference that payments to them carry; emptied, they get none.
    pub reference: Change<ReferenceTerms>,
    /// To whom payments are made; emptied, to nobody.
    pub payee: Change<Payee>,
    /// When something is drawn for accounts again and again; emptied, as is usual.
    #[serde(default)]
    pub recurring: Change<RecurringTerms>,
    /// Whether new accounts can no longer be opened.
    pub retired: Option<bool>,
    /// A JSON object, as text; emptied, it is the empty object.
    pub metadata: Change<String>,
}

impl Command for UpdateProduct {
    const OPERATION: &'static str = "updateProduct";
    type Made = Product;

    fn looks_at(&self, wants: &mut Wants) {
        self.product.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Product>> {
        let found = self.product.locate(work, "product")?;
        let currency = found.currency;
        let product = work.change::<Product, Refused>(found.id, |product| {
            if let Some(alias) = &self.alias {
                product.alias.clone_from(alias);
            }
            if let Some(limit) = optional("defaultCreditLimit", decimal(self.default_credit_limit), currency)? {
                product.default_credit_limit = limit;
            }
            let limits = [
                ("maximumCreditLimit", &self.maximum_credit_limit, &mut product.maximum_credit_limit),
                ("maximumBalance", &self.maximum_balance, &mut product.maximum_balance),
            ];
            for (field, change, limit) in limits {
                match change {
                    Change::Keep => {}
                    Change::Clear => *limit = None,
                    Change::Set(amount) => *limit = optional(field, Some(amount.0), currency)?,
                }
            }
            match self.charity {
                Change::Keep => {}
                Change::Clear => product.charity = None,
                Change::Set(terms) => product.charity = Some(terms.rule()?),
            }
            match &self.prepaid {
                Change::Keep => {}
                Change::Clear => product.prepaid = None,
                Change::Set(terms) => product.prepaid = Some(terms.checked(currency)?),
            }
            self.authorisation_days.apply(&mut product.authorisation_days);
            match self.reference {
                Change::Keep => {}
                Change::Clear => product.reference = None,
                Change::Set(terms) => product.reference = Some(terms.scheme()?),
            }
            match &self.payee {
                Change::Keep => {}
                Change::Clear => product.payee = None,
                Change::Set(payee) => product.payee = Some(payee.clone().checked()?),
            }
            match self.recurring {
                Change::Keep => {}
                Change::Clear => product.recurring = None,
                Change::Set(terms) => product.recurring = Some(terms.checked("recurringPayments")?),
            }
            product.retired = self.retired.unwrap_or(product.retired);
            self.metadata.apply_or(&mut product.metadata, "{}".into());
            *product = product.clone().checked()?;
            Ok(())
        })?;
        know_rule(work, &product);
        work.tell(events::of_product(PRODUCT_UPDATED, &product));
        Ok(product)
    }

    fn weight(&self) -> usize {
        3
    }
}

crate::words! {
    /// How much accounts give to charity.
    CharityKind {
        /// What is missing to the next whole unit of the currency; nothing of a whole amount.
        RoundUp = "ROUND_UP",
        /// A share of the amount, in percent, rounded to the nearest minor unit, a half upwards.
        Share = "SHARE",
    }
}

/// A charity rule as an input gives it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CharityTerms {
    /// How much.
    pub kind: CharityKind,
    /// Of a share: above 0, at most 100, with at most four decimals.
    pub percent: Option<Amount>,
}

impl CharityTerms {
    fn rule(self) -> Result<CharityRule, Refused> {
        let problem =
            "a share takes a percentage above 0, at most 100, with at most four decimals; rounding up takes none";
        let rule = match (self.kind, self.percent) {
            (CharityKind::RoundUp, None) => Some(CharityRule::RoundUp),
            (CharityKind::Share, Some(percent)) => CharityRule::share(percent.0),
            _ => None,
        };
        rule.ok_or_else(|| Refused::invalid("charity.percent", problem))
    }
}

/// A rule of payment references as an input gives it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ReferenceTerms {
    /// The rule.
    pub rule: ReferenceRule,
    /// Of the references; the rule's usual one when absent.
    pub length: Option<u8>,
}

impl ReferenceTerms {
    fn scheme(self) -> Result<ReferenceScheme, Refused> {
        ReferenceScheme::new(self.rule, self.length).ok_or_else(|| {
            let (lengths, _) = self.rule.lengths();
            let message = match (*lengths.start(), *lengths.end()) {
                (_, 0) => "payments by this rule have no reference: leave the length out".to_owned(),
                (only, most) if only == most => format!("references of this rule have {only} digits"),
                (least, most) => format!("references of this rule have {least} to {most} digits"),
            };
            Refused::invalid("paymentReference.length", message)
        })
    }
}

/// Puts a product's rule to those that incoming references are held against.
fn know_rule(work: &mut Work, product: &Product) {
    let Some(rule) = product.reference.map(|scheme| scheme.rule) else { return };
    let mut settings = (*work.settings()).clone();
    // A slip of type 73 has no reference that could be misread.
    if rule != ReferenceRule::FikDk73 && settings.reference_rules.insert(rule) {
        work.change_head(|head| head.settings = Arc::new(settings));
    }
}

fn decimal(amount: Option<Amount>) -> Option<Decimal> {
    amount.map(|amount| amount.0)
}
