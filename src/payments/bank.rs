//! Bank accounts outside: an IBAN, or a domestic number and its class. Checked, never looked up.

use iban::IbanLike as _;
use serde_json::{Value as Json, json};

use crate::denial::Denial;

crate::words! {
    /// What a domestic bank account number is.
    BankAccountClass {
        /// Swedish plusgiro: 2 to 8 digits, the last a Luhn check digit.
        Plusgiro = "PLUSGIRO",
        /// Swedish bankgiro: 7 or 8 digits, the last a Luhn check digit.
        Bankgiro = "BANKGIRO",
        /// Swedish bank account: clearing number and account, 7 to 15 digits.
        BankAccountSe = "BANK_ACCOUNT_SE",
        /// Norwegian bank account: 11 digits, the last a modulus-11 check digit.
        BankAccountNo = "BANK_ACCOUNT_NO",
        /// Norwegian bankgiro: the same form as a bank account.
        BankgiroNo = "BANKGIRO_NO",
        /// Danish bankgiro (FI creditor number): 8 digits.
        BankgiroDk = "BANKGIRO_DK",
        /// Finnish bank account in the old national form: 8 to 14 digits.
        BankAccountFi = "BANK_ACCOUNT_FI",
        /// Dutch bank account in the old national form: 9 or 10 digits under the eleven test, or 3 to 7
        /// digits of the former giro.
        BankAccountNl = "BANK_ACCOUNT_NL",
        /// Another country's: 4 to 34 letters and digits, taken as they are.
        Foreign = "FOREIGN",
    }
}

/// A bank account as an input gives it.
#[derive(Clone, Debug, Default)]
pub struct BankAccountInput {
    /// International.
    pub iban: Option<String>,
    /// Domestic.
    pub number: Option<String>,
    /// Of the domestic number.
    pub class: Option<BankAccountClass>,
}

/// A bank account whose form is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankAccount {
    /// In electronic form, without spaces.
    Iban(String),
    /// Without separators.
    Domestic(BankAccountClass, String),
}

impl BankAccount {
    /// How it is kept in an entry's metadata.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Iban(iban) => json!({ "iban": iban }),
            Self::Domestic(class, number) => json!({ "bankAccountNumber": number, "bankAccountClass": class.word() }),
        }
    }
}

impl BankAccountInput {
    /// Checks it: exactly one of the two forms, and that form right.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `iban`, `bankAccountNumber` or `bankAccountClass`.
    pub fn checked(&self) -> Result<BankAccount, Denial> {
        match (&self.iban, &self.number) {
            (Some(_), Some(_)) => {
                Err(Denial::invalid("bankAccountNumber", "give an IBAN or a domestic number, not both"))
            }
            (None, None) => {
                Err(Denial::invalid("iban", "give an IBAN, or a bankAccountNumber with its bankAccountClass"))
            }
            (Some(iban), None) => {
                if self.class.is_some() {
                    return Err(Denial::invalid("bankAccountClass", "goes with a bankAccountNumber, not with an IBAN"));
                }
                let iban: iban::Iban = iban.parse().map_err(|_| Denial::invalid("iban", "not a valid IBAN"))?;
                Ok(BankAccount::Iban(iban.electronic_str().to_owned()))
            }
            (None, Some(number)) => {
                let class =
                    self.class.ok_or_else(|| Denial::invalid("bankAccountClass", "required with bankAccountNumber"))?;
                let number: String = number.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
                if !class.accepts(&number) {
                    return Err(Denial::invalid("bankAccountNumber", format!("not a valid {} number", class.word())));
                }
                Ok(BankAccount::Domestic(class, number))
            }
        }
    }
}

impl BankAccountClass {
    fn accepts(self, number: &str) -> bool {
        if self == Self::Foreign {
            return (4..=34).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
        }
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        match self {
            Self::Plusgiro => (2..=8).contains(&number.len()) && luhn::valid(number),
            Self::Bankgiro => (7..=8).contains(&number.len()) && luhn::valid(number),
            Self::BankAccountSe => (7..=15).contains(&number.len()),
            Self::BankAccountNo | Self::BankgiroNo => number.len() == 11 && modulus_11(number),
            Self::BankgiroDk => number.len() == 8,
            Self::BankAccountFi => (8..=14).contains(&number.len()),
            Self::BankAccountNl => {
                (3..=7).contains(&number.len()) || ((9..=10).contains(&number.len()) && eleven_test(number))
            }
            Self::Foreign => true,
        }
    }
}

fn digits_from_the_end(number: &str) -> impl Iterator<Item = u32> + '_ {
    number.bytes().rev().map(|b| u32::from(b - b'0'))
}

/// Norwegian account numbers: weights 2 to 7 from the right, over and over, the check digit itself counting
/// once; the sum is a multiple of eleven.
fn modulus_11(number: &str) -> bool {
    let weights = std::iter::once(1).chain((2..=7).cycle());
    digits_from_the_end(number).zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
}

/// Dutch account numbers: weights 1 to 10 from the right; the sum is a multiple of eleven.
fn eleven_test(number: &str) -> bool {
    digits_from_the_end(number).zip(1..).map(|(digit, weight)| digit * weight).sum::<u32>() % 11 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_bank_account_is_checked() {
        let iban = |iban: &str| BankAccountInput { iban: Some(iban.into()), ..BankAccountInput::default() };
        let domestic = |class, number: &str| BankAccountInput { number: Some(number.into()), class, iban: None };
        for (input, field) in [
            (iban("SE35 5000 0000 0549 1000 0003"), None),
            (iban("SE35 5000 0000 0549 1000 0004"), Some("iban")),
            (iban("XX00"), Some("iban")),
            (domestic(Some(BankAccountClass::Bankgiro), "5050-1055"), None),
            (domestic(Some(BankAccountClass::Bankgiro), "5050-1056"), Some("bankAccountNumber")),
            (domestic(Some(BankAccountClass::Plusgiro), "28 65 43-4"), None),
            (domestic(Some(BankAccountClass::BankAccountNo), "8601.11.17947"), None),
            (domestic(Some(BankAccountClass::BankAccountNo), "8601.11.17948"), Some("bankAccountNumber")),
            (domestic(Some(BankAccountClass::BankAccountNl), "736160221"), None),
            (domestic(Some(BankAccountClass::BankAccountNl), "736160222"), Some("bankAccountNumber")),
            (domestic(Some(BankAccountClass::BankAccountSe), "letters"), Some("bankAccountNumber")),
            (domestic(Some(BankAccountClass::Foreign), "GB29NWBK60161331926819"), None),
            (domestic(None, "12345678"), Some("bankAccountClass")),
            (BankAccountInput::default(), Some("iban")),
            (
                BankAccountInput { class: Some(BankAccountClass::Foreign), ..iban("SE3550000000054910000003") },
                Some("bankAccountClass"),
            ),
            (
                BankAccountInput { number: Some("1".into()), ..iban("SE3550000000054910000003") },
                Some("bankAccountNumber"),
            ),
        ] {
            let problem = input.checked().err().map(|denial| denial.fields[0].path.join("."));
            assert_eq!(problem.as_deref(), field, "{input:?}");
        }
    }
}
