//! The numbers by which states know persons and companies: read, checked, written and masked.
//!
//! Pure. An [`Identifier`] exists only if its number is one that could have been given out: length, check digits and
//! date are right. Whether it was, a register knows. A number is never printed by accident: there is no `Display`,
//! `Debug` shows the masked form, and no problem repeats what was typed.

mod checks;
mod denmark;
mod finland;
mod germany;
mod netherlands;
mod norway;
mod sweden;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::NaiveDate;

use super::CustomerType;

crate::words! {
    /// The countries whose numbers are known.
    Country {
        /// Sweden.
        Sweden = "SE",
        /// Norway.
        Norway = "NO",
        /// Denmark.
        Denmark = "DK",
        /// Finland.
        Finland = "FI",
        /// Germany.
        Germany = "DE",
        /// The Netherlands.
        Netherlands = "NL",
    }

    /// What kind of number identifies a customer.
    IdentifierKind {
        /// Swedish personal identity number: `19811228-9874`.
        SePersonnummer = "SE_PERSONNUMMER",
        /// Swedish coordination number, for persons who are not registered there: the day of birth plus 60.
        SeSamordningsnummer = "SE_SAMORDNINGSNUMMER",
        /// Swedish organisation number: `556036-0793`.
        SeOrganisationsnummer = "SE_ORGANISATIONSNUMMER",
        /// Norwegian national identity number: `311299 56715`.
        NoFodselsnummer = "NO_FODSELSNUMMER",
        /// Norwegian number for persons who are not registered there: the day of birth plus 40.
        NoDNummer = "NO_D_NUMMER",
        /// Norwegian organisation number: `988 077 917`.
        NoOrganisasjonsnummer = "NO_ORGANISASJONSNUMMER",
        /// Danish personal identification number: `211062-5629`.
        DkCpr = "DK_CPR",
        /// Danish company registration number: `13585628`.
        DkCvr = "DK_CVR",
        /// Finnish personal identity code: `131052-308T`.
        FiHenkilotunnus = "FI_HENKILOTUNNUS",
        /// Finnish business identity code: `2077474-0`.
        FiYTunnus = "FI_Y_TUNNUS",
        /// German tax identification number of a person: `36 574 261 809`.
        DeIdnr = "DE_IDNR",
        /// Entry in a German register of companies, with its court: `Aachen HRB 12345`.
        DeHandelsregisternummer = "DE_HANDELSREGISTERNUMMER",
        /// German VAT identification number: `DE136695976`.
        DeUstIdnr = "DE_UST_IDNR",
        /// Dutch citizen service number: `1112.22.333`.
        NlBsn = "NL_BSN",
        /// Number in the Dutch trade register: `68750110`.
        NlKvk = "NL_KVK",
        /// Dutch number of legal persons and partnerships: `001234567`.
        NlRsin = "NL_RSIN",
    }
}

impl IdentifierKind {
    /// Whose number it is.
    #[must_use]
    pub fn country(self) -> Country {
        match self {
            Self::SePersonnummer | Self::SeSamordningsnummer | Self::SeOrganisationsnummer => Country::Sweden,
            Self::NoFodselsnummer | Self::NoDNummer | Self::NoOrganisasjonsnummer => Country::Norway,
            Self::DkCpr | Self::DkCvr => Country::Denmark,
            Self::FiHenkilotunnus | Self::FiYTunnus => Country::Finland,
            Self::DeIdnr | Self::DeHandelsregisternummer | Self::DeUstIdnr => Country::Germany,
            Self::NlBsn | Self::NlKvk | Self::NlRsin => Country::Netherlands,
        }
    }

    /// Whom it identifies: a person or a company.
    #[must_use]
    pub fn holder(self) -> CustomerType {
        match self {
            Self::SePersonnummer
            | Self::SeSamordningsnummer
            | Self::NoFodselsnummer
            | Self::NoDNummer
            | Self::DkCpr
            | Self::FiHenkilotunnus
            | Self::DeIdnr
            | Self::NlBsn => CustomerType::Person,
            Self::SeOrganisationsnummer
            | Self::NoOrganisasjonsnummer
            | Self::DkCvr
            | Self::FiYTunnus
            | Self::DeHandelsregisternummer
            | Self::DeUstIdnr
            | Self::NlKvk
            | Self::NlRsin => CustomerType::Company,
        }
    }

    /// How many of the last digits and letters the masked form hides. Of a person's number no more is shown than the
    /// birth date, or two digits where it has none.
    fn hidden(self, display: &str) -> usize {
        match self {
            Self::NoFodselsnummer | Self::NoDNummer => 5,
            Self::DeIdnr => 9,
            Self::NlBsn => 7,
            // All that follows the register's letters.
            Self::DeHandelsregisternummer => {
                let from = display.find(|c: char| c.is_ascii_digit()).unwrap_or_default();
                display.chars().skip(display[..from].chars().count()).filter(|c| c.is_alphanumeric()).count()
            }
            _ => 4,
        }
    }
}

/// Why a text is no such number. It does not say what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierProblem {
    /// Too few digits, or too many.
    #[error("has the wrong length")]
    Length,
    /// Something that is neither a digit nor a separator stands where it must not.
    #[error("is not written like such a number")]
    Form,
    /// A birth date that there is not, or that is yet to come.
    #[error("has no possible birth date in it")]
    Date,
    /// A part that is never given out.
    #[error("has a part that is never given out")]
    Part,
    /// The check digits are not those of the number.
    #[error("has wrong check digits: there is a mistake in it")]
    CheckDigit,
    /// It is a number of another kind.
    #[error("is a number of another kind: {}", .0.word())]
    OtherKind(IdentifierKind),
    /// There is no such court of register.
    #[error("names no German court that keeps a register")]
    Court,
}

/// A number that identifies a person or a company.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identifier {
    kind: IdentifierKind,
    number: String,
    birth_date: Option<NaiveDate>,
}

/// What a country's rules say of a number that is right.
struct Read {
    /// The one form in which it is kept and found.
    number: String,
    birth_date: Option<NaiveDate>,
}

impl Read {
    fn dateless(digits: &checks::Digits) -> Self {
        Self { number: digits.text(), birth_date: None }
    }
}

impl Identifier {
    /// Reads a number of a kind, as people write it: with separators or without. Today's date tells the century of a
    /// year of two digits, and who is not born yet.
    ///
    /// # Errors
    /// [`IdentifierProblem`].
    pub fn parse(kind: IdentifierKind, text: &str, today: NaiveDate) -> Result<Self, IdentifierProblem> {
        let text = checks::plain(text)?;
        let text = text.as_str();
        let Read { number, birth_date } = match kind {
            IdentifierKind::SePersonnummer => sweden::personnummer(text, today),
            IdentifierKind::SeSamordningsnummer => sweden::samordningsnummer(text, today),
            IdentifierKind::SeOrganisationsnummer => sweden::organisationsnummer(text),
            IdentifierKind::NoFodselsnummer => norway::fodselsnummer(text),
            IdentifierKind::NoDNummer => norway::d_nummer(text),
            IdentifierKind::NoOrganisasjonsnummer => norway::organisasjonsnummer(text),
            IdentifierKind::DkCpr => denmark::cpr(text),
            IdentifierKind::DkCvr => denmark::cvr(text),
            IdentifierKind::FiHenkilotunnus => finland::henkilotunnus(text),
            IdentifierKind::FiYTunnus => finland::y_tunnus(text),
            IdentifierKind::DeIdnr => germany::idnr(text),
            IdentifierKind::DeHandelsregisternummer => germany::handelsregisternummer(text),
            IdentifierKind::DeUstIdnr => germany::ust_idnr(text),
            IdentifierKind::NlBsn => netherlands::bsn(text),
            IdentifierKind::NlKvk => netherlands::kvk(text),
            IdentifierKind::NlRsin => netherlands::rsin(text),
        }?;
        if birth_date.is_some_and(|date| date > today) {
            return Err(IdentifierProblem::Date);
        }
        Ok(Self { kind, number, birth_date })
    }

    /// Reads a country's number of a person or a company, whichever of its kinds it is.
    ///
    /// # Errors
    /// The [`IdentifierProblem`] of the most common kind.
    pub fn of_country(
        country: Country,
        holder: CustomerType,
        text: &str,
        today: NaiveDate,
    ) -> Result<Self, IdentifierProblem> {
        let kinds = IdentifierKind::ALL.iter().copied();
        let kinds = kinds.filter(|kind| kind.country() == country && kind.holder() == holder);
        let mut read = kinds.map(|kind| Self::parse(kind, text, today));
        let first = read.next().unwrap_or(Err(IdentifierProblem::Form));
        first.or_else(|problem| read.find_map(Result::ok).ok_or(problem))
    }

    /// One that was read before, of the one form in which it is kept. What it tells is read anew where that is of use.
    #[must_use]
    pub fn stored(kind: IdentifierKind, number: &str) -> Self {
        Self { kind, number: number.to_owned(), birth_date: None }
    }

    /// What kind of number it is.
    #[must_use]
    pub fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// Whose number it is.
    #[must_use]
    pub fn country(&self) -> Country {
        self.kind.country()
    }

    /// The one form in which it is kept and found, however it was written. In clear: not for logs, events or errors.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The birth date that it carries.
    #[must_use]
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.birth_date
    }

    /// As the country writes it. In clear: not for logs, events or errors.
    #[must_use]
    pub fn display(&self) -> String {
        use IdentifierKind::*;
        let cut = |at: &[usize], by: &str| checks::cut(&self.number, at, by);
        match self.kind {
            SePersonnummer | SeSamordningsnummer => cut(&[8], "-"),
            SeOrganisationsnummer | DkCpr => cut(&[6], "-"),
            NoFodselsnummer | NoDNummer => cut(&[6], " "),
            NoOrganisasjonsnummer => cut(&[3, 6], " "),
            FiYTunnus => cut(&[7], "-"),
            DeIdnr => cut(&[2, 5, 8], " "),
            NlBsn => cut(&[4, 6], "."),
            DkCvr | FiHenkilotunnus | DeHandelsregisternummer | DeUstIdnr | NlKvk | NlRsin => self.number.clone(),
        }
    }

    /// As it is shown to those who need not know it: the last digits are stars.
    #[must_use]
    pub fn masked(&self) -> String {
        let display = self.display();
        let mut hidden = self.kind.hidden(&display);
        let mut masked: Vec<char> = display.chars().collect();
        for c in masked.iter_mut().rev().filter(|c| c.is_alphanumeric()) {
            if hidden == 0 {
                break;
            }
            hidden -= 1;
            *c = '*';
        }
        masked.into_iter().collect()
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.masked())
    }
}
