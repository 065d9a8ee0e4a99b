//! Who pays from where, and what of that was amended.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::accounts::bank::BankAccount;
use crate::primitives::text;
use crate::refused::{Refused, noted};

/// Amendments that are kept with a mandate, at most.
pub const MOST_AMENDMENTS: usize = 200;

/// What is debited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payer {
    /// A bank account.
    Bank {
        /// Whose it is.
        holder: Option<String>,
        /// Where it is.
        bank: Option<String>,
        /// Its number, checked: of every mandate of a bank's scheme.
        account: Option<BankAccount>,
        /// Its number as a provider shows it, which may be masked.
        shown: Option<String>,
    },
    /// A card, as a provider shows it.
    Card {
        /// Who has issued it.
        issuer: String,
        /// The last digits of its number.
        last_digits: String,
        /// Whose it is.
        holder: Option<String>,
        /// The month until which it is valid.
        expiry_month: Option<u32>,
        /// The year of that.
        expiry_year: Option<i32>,
        /// Its bank.
        bank: Option<String>,
    },
}

impl Payer {
    /// The number of a bank account that can be debited.
    #[must_use]
    pub fn bank_account(&self) -> Option<&BankAccount> {
        match self {
            Self::Bank { account, .. } => account.as_ref(),
            Self::Card { .. } => None,
        }
    }

    /// Checks its texts.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the field below `payer`.
    pub fn checked(self) -> Result<Self, Refused> {
        let text = |field: &str, text: Option<String>| noted(&format!("payer.{field}"), text.as_deref());
        match self {
            Self::Bank { holder, bank, account, shown } => {
                if account.is_none() && shown.is_none() {
                    return Err(Refused::invalid("payer.bankAccount", "say which: its number"));
                }
                if let Some(shown) = &shown {
                    text::required(shown, 64).map_err(|problem| {
                        Refused::invalid("payer.bankAccount.bankAccountNumber", problem.to_string())
                    })?;
                }
                let holder = text("bankAccount.holderName", holder)?;
                Ok(Self::Bank { holder, bank: text("bankAccount.bankName", bank)?, account, shown })
            }
            Self::Card { issuer, last_digits, holder, expiry_month, expiry_year, bank } => {
                text::required(&issuer, 64)
                    .map_err(|problem| Refused::invalid("payer.card.cardIssuer", problem.to_string()))?;
                // No more than a receipt shows: a whole number is never kept.
                if !(2..=4).contains(&last_digits.len()) || !last_digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(Refused::invalid("payer.card.lastDigits", "must be the last 2 to 4 digits"));
                }
                if expiry_month.is_some_and(|month| !(1..=12).contains(&month)) {
                    return Err(Refused::invalid("payer.card.expiryMonth", "must be 1 to 12"));
                }
                if expiry_year.is_some_and(|year| !(2000..=2100).contains(&year)) {
                    return Err(Refused::invalid("payer.card.expiryYear", "must be 2000 to 2100"));
                }
                let holder = text("card.holderName", holder)?;
                let bank = text("card.bankName", bank)?;
                Ok(Self::Card { issuer, last_digits, holder, expiry_month, expiry_year, bank })
            }
        }
    }
}

/// What a mandate said before it was amended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// The business date on which it was amended.
    pub on: NaiveDate,
    /// The reference that it had until then, where that has changed.
    pub reference: Option<String>,
    /// Who paid from where until then, where that has changed.
    pub payer: Option<Payer>,
    /// How many days before a collection it was announced until then, where that has changed.
    pub pre_notification_days: Option<u16>,
    /// Why, for people.
    pub reason: Option<String>,
}

/// What is kept sealed of a mandate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Who pays from where; nothing where a provider shows nothing, and once it is erased.
    pub payer: Option<Payer>,
    /// From where the customer has allowed it, which some providers ask for. Never shown.
    pub client_ip: Option<String>,
    /// What was amended, oldest first.
    pub amendments: Vec<Amendment>,
}
