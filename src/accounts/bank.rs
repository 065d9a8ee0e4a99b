//! Bank accounts outside: an IBAN, or a domestic number and its class. Taken as people write and paste them, kept in one
//! form, checked, never looked up.

use iban::IbanLike as _;

use crate::ledger::facts::Counterparty;
use crate::primitives::text;
use crate::refused::Refused;

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
        /// Another country's: 4 to 34 letters and digits, of any form.
        Foreign = "FOREIGN",
    }
}

/// A bank account as an input gives it: in any case, and with the separators that people write.
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum BankAccount {
    /// In electronic form: upper case, without separators.
    Iban(String),
    /// Upper case, without separators.
    Domestic(BankAccountClass, String),
}

impl BankAccount {
    /// As the facts of an entry have it.
    #[must_use]
    pub fn to_counterparty(&self) -> Counterparty {
        let (account, class) = match self {
            Self::Iban(iban) => (iban, None),
            Self::Domestic(class, number) => (number, Some(class.word().to_owned())),
        };
        Counterparty { account: Some(account.clone()), account_class: class, ..Counterparty::default() }
    }
}

impl BankAccountInput {
    /// Checks it: exactly one of the two forms, and that form right.
    ///
    /// # Errors
    /// `INVALID_INPUT` for `iban`, `bankAccountNumber` or `bankAccountClass`.
    pub fn checked(&self) -> Result<BankAccount, Refused> {
        match (&self.iban, &self.number) {
            (Some(_), Some(_)) => {
                Err(Refused::invalid("bankAccountNumber", "give an IBAN or a domestic number, not both"))
            }
            (None, None) => {
                Err(Refused::invalid("iban", "give an IBAN, or a bankAccountNumber with its bankAccountClass"))
            }
            (Some(iban), None) => {
                if self.class.is_some() {
                    return Err(Refused::invalid(
                        "bankAccountClass",
                        "goes with a bankAccountNumber, not with an IBAN",
                    ));
                }
                let iban: iban::Iban =
                    compact(iban).parse().map_err(|_| Refused::invalid("iban", "not a valid IBAN"))?;
                Ok(BankAccount::Iban(iban.electronic_str().to_owned()))
            }
            (None, Some(number)) => {
                let class = self
                    .class
                    .ok_or_else(|| Refused::invalid("bankAccountClass", "required with bankAccountNumber"))?;
                let number = compact(number);
                if !class.accepts(&number) {
                    return Err(Refused::invalid("bankAccountNumber", format!("not a valid {} number", class.word())));
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

/// An account as a rail tells it: an IBAN in its one form, and whatever else as it is.
#[must_use]
pub fn as_told(account: &str) -> String {
    match compact(account).parse::<iban::Iban>() {
        Ok(iban) => iban.electronic_str().to_owned(),
        Err(_) => account.to_owned(),
    }
}

/// The one form of what people write and paste: upper case, without white space (also of the kinds that do not break,
/// and of a line's end), without the invisible characters that come along from documents, and without dashes, dots and
/// commas. What is left and is no letter or digit is for the checks to refuse.
fn compact(written: &str) -> String {
    let is_separator = |c: char| {
        text::is_invisible(c) || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '.' | ',' | '\u{b7}')
    };
    written.chars().filter(|c| !is_separator(*c)).map(|c| c.to_ascii_uppercase()).collect()
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

    fn iban(iban: &str) -> BankAccountInput {
        BankAccountInput { iban: Some(iban.into()), ..BankAccountInput::default() }
    }

    fn domestic(class: Option<BankAccountClass>, number: &str) -> BankAccountInput {
        BankAccountInput { number: Some(number.into()), class, iban: None }
    }

    #[test]
    fn however_it_is_written_it_is_kept_in_one_form() {
        for written in [
            "SE3550000000054910000003",
            "se3550000000054910000003",
            "sE35 5000 0000 0549 1000 0003",
            "SE35-5000-0000-0549-1000-0003",
            "SE35.5000.0000.0549.1000.0003",
            "SE35\u{a0}5000\u{202f}0000\u{2009}0549\u{a0}1000\u{a0}0003",
            "SE35\u{2011}5000\u{2013}0000\u{2212}0549 1000 0003",
            "  SE3550000000054910000003 ",
            "SE3550000000054910000003\r\n",
            "\tSE35 5000 0000\n0549 1000 0003",
            "\u{feff}SE355000\u{ad}0000054910\u{200b}000003\u{200e}",
            "S E355000000005491 0000003",
        ] {
            let expected = BankAccount::Iban("SE3550000000054910000003".into());
            assert_eq!(iban(written).checked().expect(written), expected, "{written:?}");
        }
        for (class, written, kept) in [
            (BankAccountClass::Bankgiro, "5050-1055", "50501055"),
            (BankAccountClass::Bankgiro, " 5050\u{2013}1055\n", "50501055"),
            (BankAccountClass::Plusgiro, "28\u{a0}65\u{a0}43-4", "2865434"),
            (BankAccountClass::BankAccountSe, "8327-9, 123 456 789-0", "832791234567890"),
            (BankAccountClass::BankAccountNo, "8601.11.17947", "86011117947"),
            (BankAccountClass::BankAccountNo, "8601 11 17947\u{200b}", "86011117947"),
            (BankAccountClass::Foreign, "gb29 nwbk 6016 1331 9268 19", "GB29NWBK60161331926819"),
        ] {
            let expected = BankAccount::Domestic(class, kept.into());
            assert_eq!(domestic(Some(class), written).checked().expect(written), expected, "{written:?}");
        }
    }

    #[test]
    fn the_form_of_a_bank_account_is_checked() {
        for (input, field) in [
            (iban("SE35 5000 0000 0549 1000 0003"), None),
            (iban("SE35 5000 0000 0549 1000 0004"), Some("iban")),
            (iban("XX00"), Some("iban")),
            (iban(" "), Some("iban")),
            (iban("SE35 5000 0000 0549 1000 000\u{0}3"), Some("iban")),
            (iban("SE35/5000/0000/0549/1000/0003"), Some("iban")),
            (iban("SE35_50000000054910000003"), Some("iban")),
            (iban("ſE3550000000054910000003"), Some("iban")),
            (iban("SE355000000005491000000３"), Some("iban")),
            (iban("SE3550000000054910000003 SE3550000000054910000003"), Some("iban")),
            (domestic(Some(BankAccountClass::Bankgiro), "\u{a0}"), Some("bankAccountNumber")),
            (domestic(Some(BankAccountClass::Bankgiro), "5050/1055"), Some("bankAccountNumber")),
            (domestic(Some(BankAccountClass::Foreign), "12\u{0}34"), Some("bankAccountNumber")),
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
