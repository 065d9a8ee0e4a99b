//! How mandates are named and described in inputs.

use async_graphql::{ID, InputObject, OneofObject};

use crate::accounts::bank::BankAccountInput;
use crate::api::enums::BankAccountClass;
use crate::api::inputs::{AccountBy, name};
use crate::mandates::{MandateScheme, Payer, store};
use crate::refused::{Refused, said};

/// Names one mandate.
#[derive(Clone, Debug, OneofObject)]
pub enum MandateBy {
    /// By its id.
    Id(ID),
    /// By its account and its reference together.
    OfAccount(MandateOfAccount),
}

/// A mandate of an account.
#[derive(Clone, Debug, InputObject)]
pub struct MandateOfAccount {
    /// Which account.
    account: AccountBy,
    /// The mandate's reference.
    reference: String,
}

impl MandateBy {
    /// The domain's form; a malformed id or name names nothing.
    #[must_use]
    pub fn to_domain(&self) -> Option<store::MandateBy> {
        Some(match self {
            Self::Id(id) => store::MandateBy::Id(id.parse().ok()?),
            Self::OfAccount(pair) => store::MandateBy::Pair(pair.account.to_domain()?, name(&pair.reference)?),
        })
    }
}

/// What a mandate debits.
#[derive(Clone, Debug, OneofObject)]
pub enum MandatePayerInput {
    /// A bank account: of a bank's scheme always, in full.
    BankAccount(MandateBankAccountInput),
    /// A card, as a provider shows it.
    Card(MandateCardInput),
}

/// A bank account that a mandate debits.
#[derive(Clone, Debug, InputObject)]
pub struct MandateBankAccountInput {
    /// Whose it is.
    holder_name: Option<String>,
    /// Where it is. A provider's mandate names it.
    bank_name: Option<String>,
    /// International.
    iban: Option<String>,
    /// Domestic; of a provider's mandate without a class, as the provider shows it.
    bank_account_number: Option<String>,
    /// Of the domestic number.
    bank_account_class: Option<BankAccountClass>,
}

/// A card that a mandate debits.
#[derive(Clone, Debug, InputObject)]
pub struct MandateCardInput {
    /// Who has issued it.
    card_issuer: String,
    /// The last 2 to 4 digits of its number. A whole one is never kept.
    last_digits: String,
    /// Whose it is.
    holder_name: Option<String>,
    /// The month until which it is valid, 1 to 12.
    #[graphql(validator(minimum = 0))]
    expiry_month: Option<i32>,
    /// The year of that.
    expiry_year: Option<i32>,
    /// Its bank.
    bank_name: Option<String>,
}

impl MandatePayerInput {
    /// The domain's form.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field.
    pub fn into_domain(self, scheme: Option<MandateScheme>) -> Result<Payer, Refused> {
        match self {
            Self::Card(card) => Ok(Payer::Card {
                issuer: card.card_issuer,
                last_digits: card.last_digits,
                holder: said(card.holder_name),
                expiry_month: card.expiry_month.map(i32::unsigned_abs),
                expiry_year: card.expiry_year,
                bank: said(card.bank_name),
            }),
            Self::BankAccount(account) => {
                let (iban, number) = (said(account.iban), said(account.bank_account_number));
                let is_shown = iban.is_none() && number.is_some() && account.bank_account_class.is_none();
                let may_be_shown = scheme.is_none_or(MandateScheme::is_of_provider);
                let bank = said(account.bank_name);
                if scheme.is_some_and(MandateScheme::is_of_provider) && bank.is_none() {
                    return Err(Refused::invalid("payer.bankAccount.bankName", "a provider's mandate names the bank"));
                }
                let holder = said(account.holder_name);
                if is_shown && may_be_shown {
                    return Ok(Payer::Bank { holder, bank, account: None, shown: number });
                }
                let input = BankAccountInput { iban, number, class: account.bank_account_class };
                let account = input.checked().map_err(|refused| refused.under("payer.bankAccount"))?;
                Ok(Payer::Bank { holder, bank, account: Some(account), shown: None })
            }
        }
    }
}
