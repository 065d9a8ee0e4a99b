//! Made-up people, companies and merchants, and the dice that choose among them. Any likeness is chance.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::ledger::facts::Counterparty;
use crate::payments::{BankAccount, BankAccountClass};

/// Chance that is the same for the same seed.
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Whether something happens that happens `per_mille` times in a thousand.
    pub(super) fn chance(&mut self, per_mille: u32) -> bool {
        self.0.random_range(0..1_000) < per_mille
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// A place in a list of this length; zero for an empty one.
    pub(super) fn index(&mut self, length: usize) -> usize {
        self.0.random_range(0..length.max(1))
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// A price as shops make them, in cents.
    pub(super) fn price(&mut self, low: i64, high: i64) -> i64 {
        self.between(low, high) * 100 + *self.pick(&[0, 50, 90, 95, 99, 20, 75])
    }

    /// Somebody of that name, with an account at another bank.
    pub(super) fn outside(&mut self, name: impl Into<String>) -> Outside {
        Outside { name: name.into(), account: BankAccount::Iban(self.iban()), bank: self.pick::<&str>(BANK) }
    }

    /// A company that is no customer.
    pub(super) fn company(&mut self) -> Outside {
        let name = format!("{} {}", self.pick(COMPANY), self.pick(FORM));
        self.outside(name)
    }

    /// An international bank account number of Finland, Sweden or Germany, with right check digits.
    pub(super) fn iban(&mut self) -> String {
        let (country, digits) = *self.pick(&[("FI", 14), ("SE", 20), ("DE", 18)]);
        let number: String =
            (0..digits).map(|_| char::from(b'0' + u8::try_from(self.index(10)).unwrap_or(0))).collect();
        format!("{country}{:02}{number}", 98 - remainder(&format!("{number}{country}00")))
    }
}

/// Somebody with a bank account elsewhere.
#[derive(Clone)]
pub(super) struct Outside {
    pub(super) name: String,
    pub(super) account: BankAccount,
    bank: &'static str,
}

impl Outside {
    /// A company that everybody pays by its bankgiro.
    pub(super) fn of_bankgiro((name, number): (&str, &str)) -> Self {
        let account = BankAccount::Domestic(BankAccountClass::Bankgiro, number.into());
        Self { name: name.into(), account, bank: "Bankgirot" }
    }

    /// As a bank's file tells of it.
    pub(super) fn counterparty(&self) -> Counterparty {
        Counterparty { name: Some(self.name.clone()), bank: Some(self.bank.into()), ..self.account.to_counterparty() }
    }
}

/// ISO 7064: letters count from 10, the remainder by 97.
fn remainder(text: &str) -> u32 {
    text.bytes().fold(0, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        letter => (sum * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}

pub(super) const FIRST: &[&str] = &[
    "Anna", "Mikael", "Elin", "Oskar", "Maja", "Lars", "Ingrid", "Johan", "Astrid", "Erik", "Freja", "Magnus", "Saga",
    "Henrik", "Linnea", "Nils", "Sofia", "Anders", "Karin", "Emil", "Aino", "Juhani", "Helmi", "Eero", "Sanna",
    "Ville", "Kirsten", "Mads", "Signe", "Rasmus", "Solveig", "Haakon", "Ragnhild", "Sigurd", "Camille", "Lukas",
    "Greta", "Matteo", "Lucia", "Pieter", "Hanna", "Tomasz", "Zofia", "Andris", "Maarja", "Jonas", "Ieva", "Clara",
    "Felix", "Nora",
];

pub(super) const LAST: &[&str] = &[
    "Lindqvist",
    "Virtanen",
    "Andersson",
    "Johansson",
    "Berg",
    "Nilsson",
    "Hansen",
    "Larsen",
    "Olsen",
    "Kristiansen",
    "Korhonen",
    "Nieminen",
    "Laine",
    "Heikkinen",
    "Sørensen",
    "Jørgensen",
    "Mortensen",
    "Rasmussen",
    "Dahl",
    "Haugen",
    "Lund",
    "Holm",
    "Ekström",
    "Sandberg",
    "Forsberg",
    "Åkesson",
    "Bergström",
    "Söderberg",
    "Müller",
    "Schneider",
    "Vogel",
    "Dubois",
    "Moreau",
    "Rossi",
    "Conti",
    "de Vries",
    "Jansen",
    "Kowalska",
    "Nowak",
    "Ozols",
    "Tamm",
    "Kask",
    "Petrauskas",
    "García",
    "Costa",
    "Novák",
    "Horvat",
    "Fischer",
    "Lefèvre",
    "Bakker",
];

pub(super) const COMPANY: &[&str] = &[
    "Fjällräven & Söner Bygg",
    "Havsvik Marina",
    "Nordlys Elektro",
    "Birka Snickeri",
    "Sisu Logistics",
    "Kallio Coffee",
    "Tuuli Energy",
    "Aurora Design",
    "Ekbacken Trädgård",
    "Vasa Cycles",
    "Bryggen Bakeri",
    "Østfold Transport",
    "Lysekil Fisk",
    "Smålands Trä",
    "Helsing Dental",
    "Kvarnen Café",
    "Polaris Robotics",
    "Mälardalen Consulting",
    "Saimaa Textiles",
    "Gullfoss Travel",
    "Tallinn Webworks",
    "Rīga Ceramics",
    "Baltic Freight",
    "Klaipėda Yachts",
    "Hamburg Werkzeuge",
    "Rhein Optik",
    "Atelier Moreau",
    "Delft Blueprint",
    "Lisboa Azulejos",
    "Kraków Books",
];

pub(super) const FORM: &[&str] = &["AB", "Oy", "AS", "ApS", "GmbH", "OÜ"];

pub(super) const CITY: &[(&str, &str)] = &[
    ("Stockholm", "SE"),
    ("Göteborg", "SE"),
    ("Malmö", "SE"),
    ("Umeå", "SE"),
    ("Helsinki", "FI"),
    ("Tampere", "FI"),
    ("Turku", "FI"),
    ("Oslo", "NO"),
    ("Bergen", "NO"),
    ("Aarhus", "DK"),
    ("København", "DK"),
    ("Tallinn", "EE"),
    ("Rīga", "LV"),
    ("Vilnius", "LT"),
    ("Hamburg", "DE"),
    ("Berlin", "DE"),
    ("Amsterdam", "NL"),
    ("Lyon", "FR"),
];

pub(super) const GROCER: &[&str] =
    &["Torget Matmarknad", "Kvarters Livs", "Kauppa Kulma", "Grønt & Godt", "Bondens Bod", "Hav & Hage", "Frisk Markt"];

/// A shop, and what people spend there in whole euros.
pub(super) const SHOP: &[(&str, i64, i64)] = &[
    ("Tåg & Tur", 12, 95),
    ("Bensin Nord", 35, 85),
    ("Bokhörnan", 9, 45),
    ("Espresso Atlas", 3, 11),
    ("Restaurang Sjöboden", 24, 110),
    ("Pizzeria Vesuvio", 11, 38),
    ("Apoteket Svanen", 6, 42),
    ("Vera Möbler", 80, 480),
    ("Elektronikhuset", 45, 390),
    ("Sporthallen", 25, 160),
    ("Biograf Saga", 12, 34),
    ("Klädkammaren", 28, 190),
    ("Hotell Skärgård", 95, 320),
    ("Blomsterboden", 14, 48),
    ("Ljud & Bild Streaming", 9, 16),
    ("Parkering City", 2, 18),
];

/// A company, and its bankgiro.
pub(super) const UTILITY: &[(&str, &str)] = &[
    ("Fjordkraft Energi", "5010202"),
    ("Mobilnät Norden", "57304123"),
    ("Stadens Vatten", "6118459"),
    ("Fiberbolaget", "90344714"),
    ("Trygg Hem Försäkring", "7206634"),
];

pub(super) const BANK: &[&str] =
    &["Havsbanken", "Norra Sparbanken", "Kallio Pankki", "Fjordbank", "Hanse Kontor", "Atelier Bank"];

/// Whom the debtors owe: the tenant collects for them.
pub(super) const CREDITOR: &[&str] =
    &["Fjordkraft Energi", "Elektronikhuset", "Mobilnät Norden", "Klädkammaren", "Tandvård Norr"];

pub(super) const CAR: &[&str] = &["Nordvik E3 electric", "Saga Kombi 1.6", "Vinter Cargo van", "Fjell SUV hybrid"];

pub(super) const FRIENDLY: &[&str] = &[
    "Dinner on Friday",
    "Concert tickets",
    "Thanks for the lift",
    "Birthday gift",
    "Your half of the cabin",
    "Lunch",
    "Football fees",
];

/// Streets that every one of these towns may have.
pub(super) const STREET: &[&str] = &["Storgatan", "Kirkegata", "Hafenstraße", "Rantatie", "Nygade", "Pikk"];

#[cfg(test)]
mod tests {
    use iban::IbanLike as _;

    use super::*;
    use crate::payments::BankAccountInput;

    #[test]
    fn bankgiros_are_valid() {
        for (name, number) in UTILITY {
            let class = Some(BankAccountClass::Bankgiro);
            let checked = BankAccountInput { iban: None, number: Some((*number).into()), class }.checked();
            assert_eq!(checked.ok(), Some(Outside::of_bankgiro((name, number)).account), "{name}");
        }
    }

    #[test]
    fn bank_account_numbers_are_valid() {
        let mut dice = Dice::new(1);
        for _ in 0..50 {
            let number = dice.iban();
            let parsed: iban::Iban = number.parse().unwrap_or_else(|_| panic!("{number}"));
            assert_eq!(parsed.electronic_str(), number);
        }
    }
}
