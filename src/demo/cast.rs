//! Who plays: households, companies and debtors, with the accounts that they open.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use super::names::{CAR, CITY, COMPANY, CREDITOR, Dice, FIRST, FORM, LAST, Outside, STREET};
use super::slot::Then;
use super::stage::Stage;
use super::{ACCOUNT_1, ACCOUNT_2, CUSTOMER_1, Problem};
use crate::accounts::{self, NewOwner, Product, ProductBy};
use crate::cards::{NewCard, OpenAccount};
use crate::customers::addresses::{Content, MAIN_POSTAL_ADDRESS, NewAddress, PostalAddress, Usage};
use crate::customers::identifiers::Country;
use crate::customers::profile::{ContactKind, ContactPoint};
use crate::customers::{CreateCustomer, CustomerBy, CustomerType, NewIdentifier, Profile};
use crate::parties::{CreateParty, PartyBy};
use crate::primitives::{Amount, Minor};
use crate::sealing::Secret;

pub(super) const PERSONS: usize = 195;
pub(super) const COMPANIES: usize = 40;
pub(super) const DEBTORS: usize = 25;

/// A Swedish amount is the euro amount times this, near enough for a demo.
pub(super) const SEK_PER_EUR: i64 = 11;

/// What a household is like. Amounts in cents of its currency.
pub(super) struct Household {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// Its number as a customer, once it has joined.
    pub(super) customer: String,
    /// Its account at its other bank.
    pub(super) elsewhere: Outside,
    /// Who pays it: an employer, or a company's best customer.
    pub(super) payer: Outside,
    pub(super) landlord: Outside,
    /// When it becomes a customer.
    pub(super) joins: NaiveDate,
    /// 1, or what a euro is in its currency.
    pub(super) scale: i64,
    pub(super) income: i64,
    pub(super) rent: i64,
    /// The day of the month on which its bills are paid: 2 to 27.
    pub(super) bill_day: u32,
    /// Forgets bills now and then.
    pub(super) careless: bool,
    pub(super) accounts: Accounts,
    wants: Wants,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Person,
    Company,
    Debtor,
}

/// The accounts of a household, by their place on the stage, once it has joined.
#[derive(Clone, Copy, Default)]
pub(super) struct Accounts {
    pub(super) current: Option<usize>,
    pub(super) savings: Option<usize>,
    pub(super) credit_card: Option<usize>,
    pub(super) debit_card: Option<usize>,
    pub(super) prepaid_card: Option<usize>,
    pub(super) revolving: Option<usize>,
    pub(super) loan: Option<Plan>,
    pub(super) leasing: Option<Plan>,
    pub(super) invoice: Option<usize>,
    pub(super) investment: Option<usize>,
    pub(super) virtual_: Option<usize>,
    pub(super) receivable: Option<usize>,
}

/// A debt that is paid back by a plan.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) actor: usize,
    pub(super) principal: i64,
    pub(super) instalment: i64,
    pub(super) months: i64,
    pub(super) what: &'static str,
    pub(super) by_direct_debit: bool,
}

#[derive(Default)]
struct Wants {
    overdraft: bool,
    savings: bool,
    credit_card: bool,
    debit_card: bool,
    prepaid_card: bool,
    revolving: bool,
    loan: bool,
    leasing: bool,
    invoice: bool,
    investment: bool,
    virtual_: bool,
}

/// Everybody, decided before the year begins.
pub(super) fn households(dice: &mut Dice, first_day: NaiveDate) -> Vec<Household> {
    let mut households = Vec::with_capacity(PERSONS + COMPANIES + DEBTORS);
    for number in 0..PERSONS {
        households.push(person(dice, first_day, number));
    }
    for number in 0..COMPANIES {
        households.push(company(dice, first_day, number));
    }
    for _ in 0..DEBTORS {
        let mut debtor = person(dice, first_day, usize::MAX);
        debtor.kind = Kind::Debtor;
        debtor.wants = Wants::default();
        (debtor.scale, debtor.careless) = (1, true);
        households.push(debtor);
    }
    households
}

/// Most are there from the start, the others come during the year.
fn joins(dice: &mut Dice, first_day: NaiveDate) -> NaiveDate {
    if dice.chance(780) { first_day } else { first_day + chrono::Duration::days(dice.between(1, 330)) }
}

fn person(dice: &mut Dice, first_day: NaiveDate, number: usize) -> Household {
    // The first two are the ones that the explorer's examples name.
    let name = match number {
        0 => "Anna Lindqvist".into(),
        1 => "Mikael Virtanen".into(),
        _ => format!("{} {}", dice.pick(FIRST), dice.pick(LAST)),
    };
    let star = number < 2;
    let scale = if !star && dice.chance(80) { SEK_PER_EUR } else { 1 };
    let euro = scale == 1;
    let income = if star { 520_000 } else { dice.between(190, 480) * 1_000 * scale };
    Household {
        kind: Kind::Person,
        elsewhere: dice.outside(name.as_str()),
        payer: dice.company(),
        landlord: dice.company(),
        customer: String::new(),
        name,
        joins: if star { first_day } else { joins(dice, first_day) },
        scale,
        income,
        rent: if dice.chance(700) { income * dice.between(22, 34) / 100 / 500 * 500 } else { 0 },
        bill_day: u32::try_from(dice.between(2, 27)).unwrap_or(10),
        careless: !star && dice.chance(90),
        accounts: Accounts::default(),
        wants: Wants {
            overdraft: !star && euro && dice.chance(230),
            savings: star || dice.chance(500),
            credit_card: star || (euro && dice.chance(330)),
            debit_card: star || (euro && dice.chance(260)),
            prepaid_card: star || (euro && dice.chance(100)),
            revolving: dice.chance(100),
            loan: star || (euro && dice.chance(130)),
            leasing: euro && dice.chance(50),
            invoice: euro && dice.chance(130),
            investment: star || (euro && dice.chance(120)),
            virtual_: false,
        },
    }
}

fn company(dice: &mut Dice, first_day: NaiveDate, number: usize) -> Household {
    let name = format!("{} {}", COMPANY[number % COMPANY.len()], FORM[(number + number / COMPANY.len()) % FORM.len()]);
    Household {
        kind: Kind::Company,
        elsewhere: dice.outside(name.as_str()),
        payer: dice.company(),
        landlord: dice.company(),
        customer: String::new(),
        name,
        joins: joins(dice, first_day),
        scale: 1,
        income: dice.between(600, 4_500) * 1_000,
        rent: dice.between(90, 400) * 1_000,
        bill_day: u32::try_from(dice.between(2, 27)).unwrap_or(10),
        careless: dice.chance(60),
        accounts: Accounts::default(),
        wants: Wants {
            overdraft: dice.chance(500),
            debit_card: dice.chance(300),
            loan: dice.chance(200),
            leasing: dice.chance(330),
            invoice: dice.chance(400),
            investment: dice.chance(100),
            virtual_: dice.chance(600),
            ..Wants::default()
        },
    }
}

/// Opens what joining households want.
pub(super) struct Opener {
    products: BTreeMap<String, Product>,
    customers: u64,
    accounts: u64,
}

impl Opener {
    pub(super) fn new(products: Vec<Product>) -> Self {
        let products = products.into_iter().map(|product| (product.code.clone(), product)).collect();
        Self { products, customers: 0, accounts: 0 }
    }

    /// Makes the household a customer with accounts.
    pub(super) fn join(
        &mut self,
        stage: &mut Stage,
        dice: &mut Dice,
        household: &mut Household,
    ) -> Result<(), Problem> {
        household.customer = self.customer(stage, dice, household);
        let owner = household.customer.clone();
        let wants = &household.wants;
        let sek = household.scale != 1;
        let mut accounts = Accounts::default();
        let mut open = |code: &str, limit: Option<i64>| self.open(stage, &owner, code, limit, None);
        if household.kind != Kind::Debtor || dice.chance(400) {
            let code = if sek {
                "current-sek"
            } else if wants.overdraft {
                "current-overdraft"
            } else {
                "current"
            };
            accounts.current = Some(open(code, None)?);
        }
        for (wanted, code, place) in [
            (wants.savings, if sek { "savings-sek" } else { "savings" }, &mut accounts.savings),
            (wants.credit_card, "credit-card", &mut accounts.credit_card),
            (wants.debit_card, "debit-card", &mut accounts.debit_card),
            (wants.prepaid_card, "prepaid-card", &mut accounts.prepaid_card),
            (wants.revolving, if sek { "revolving-sek" } else { "revolving" }, &mut accounts.revolving),
            (wants.invoice, "invoice", &mut accounts.invoice),
            (wants.investment, "investment", &mut accounts.investment),
            (wants.virtual_, "virtual", &mut accounts.virtual_),
        ] {
            if wanted {
                *place = Some(open(code, None)?);
            }
        }
        if wants.loan {
            let principal = (household.income * dice.between(2, 7)).min(household.income * 12) / 10_000 * 10_000;
            accounts.loan = Some(plan(dice, open("loan", Some(principal))?, principal, [24, 36, 48, 60], "Loan"));
        }
        if wants.leasing {
            let (principal, car) = (dice.between(19, 52) * 100_000, *dice.pick(CAR));
            accounts.leasing = Some(plan(dice, open("leasing", Some(principal))?, principal, [36, 36, 48, 60], car));
        }
        if household.kind == Kind::Debtor {
            let creditor = dice.index(CREDITOR.len());
            accounts.receivable = Some(self.open(stage, &owner, "receivable", None, Some(creditor))?);
        }
        household.accounts = accounts;
        Ok(())
    }

    /// Asks for the customer; gives its number.
    fn customer(&mut self, stage: &mut Stage, dice: &mut Dice, household: &Household) -> String {
        self.customers += 1;
        let (first, last) = household.name.split_once(' ').unwrap_or(("", &household.name));
        let person = household.kind != Kind::Company;
        let number = if household.name == "Anna Lindqvist" && self.customers == 1 {
            CUSTOMER_1.into()
        } else {
            format!("C{:08}", 10_000_000 + self.customers * 37)
        };
        let external_reference = dice.chance(500).then(|| format!("CRM-{:05}", 20_000 + self.customers));
        let (metadata, place) = address(dice);
        let command = CreateCustomer {
            type_: if person { CustomerType::Person } else { CustomerType::Company },
            number: Some(number.clone()),
            external_reference,
            first_name: person.then(|| first.into()),
            last_name: person.then(|| last.into()),
            company_name: (!person).then(|| household.name.clone()),
            metadata,
            addresses: vec![home(place, self.customers)],
            profile: if number == CUSTOMER_1 { known() } else { Profile::default() },
        };
        stage.ask("onboarding", command, Then::Nothing);
        number
    }

    fn open(
        &mut self,
        stage: &mut Stage,
        owner: &str,
        code: &str,
        limit: Option<i64>,
        creditor: Option<usize>,
    ) -> Result<usize, Problem> {
        self.accounts += 1;
        let product = self.products.get(code).ok_or_else(|| Problem::Missing(format!("the product '{code}'")))?;
        let number: String = match (self.accounts, code) {
            (1, _) => ACCOUNT_1.into(),
            (_, "current") if self.customers == 2 => ACCOUNT_2.into(),
            (count, _) => format!("4810{:08}", 10_000_000 + count * 7_919),
        };
        let account = accounts::OpenAccount {
            product: ProductBy::Code(code.into()),
            owner: NewOwner::Existing(CustomerBy::Number(owner.into())),
            creditor: creditor.map(|place| PartyBy::Number(creditor_number(place))),
            number: Some(number.clone()),
            external_reference: creditor.map(|_| claim_reference(owner)),
            credit_limit: limit.map(|limit| Amount(Minor(limit).in_currency(product.currency).amount)),
            migrated_balance: None,
            metadata: "{}".into(),
        };
        let has_card = code.starts_with("current") || matches!(code, "credit-card" | "debit-card" | "prepaid-card");
        let command = OpenAccount { account, card: has_card.then(|| main_card(&number, self.accounts)) };
        let limit = limit.unwrap_or(product.default_credit_limit.0);
        Ok(stage.open(number, product.currency, limit, command))
    }
}

/// What the card of an account is called.
pub(super) fn card_token(account: &str) -> String {
    format!("card-{account}")
}

/// The card that an account is opened with: whoever processes cards calls it by its account's number.
fn main_card(account: &str, count: u64) -> NewCard {
    NewCard {
        token: Some(card_token(account)),
        main: true,
        holder: None,
        number: Some(format!("481012******{:04}", count * 7_919 % 10_000)),
        expiry: None,
        embossed_name: None,
        limits: None,
        metadata: "{}".into(),
    }
}

/// What a debtor's claim is called by the one who is owed.
pub(super) fn claim_reference(customer: &str) -> String {
    format!("RCV-{customer}")
}

/// What is known of the first customer: a number that examples are written with, and where nobody answers.
fn known() -> Profile {
    let point = |kind, value: &str| ContactPoint { kind, value: value.into(), label: None, primary: true };
    Profile {
        birth_date: NaiveDate::from_ymd_opt(1981, 12, 28),
        languages: vec!["sv".into(), "en".into()],
        contact_points: vec![
            point(ContactKind::Email, "anna.lindqvist@example.com"),
            point(ContactKind::Mobile, "+46701740605"),
        ],
        identifiers: vec![NewIdentifier {
            country: Country::Sweden,
            kind: None,
            value: Secret("19811228-9874".into()),
        }],
        ..Profile::default()
    }
}

/// Where somebody lives, as the tenant's own metadata.
pub(super) fn address(dice: &mut Dice) -> (String, (&'static str, &'static str)) {
    let (city, country) = *dice.pick(CITY);
    (json!({ "city": city, "country": country }).to_string(), (city, country))
}

/// Where a customer's statements go.
fn home((city, country): (&str, &str), count: u64) -> NewAddress {
    let street = usize::try_from(count).unwrap_or_default() % STREET.len();
    let postal = PostalAddress {
        street_name: Some(STREET[street].into()),
        building_number: Some((count % 90 + 1).to_string()),
        town_name: Some(city.into()),
        country: country.into(),
        ..PostalAddress::default()
    };
    let statements =
        Usage { name: "STATEMENT_SENDING".into(), service: "ACCOUNT_SERVICE".into(), entity_reference: None };
    NewAddress {
        label: MAIN_POSTAL_ADDRESS.into(),
        content: Content::Postal(Box::new(postal)),
        usages: vec![statements],
        entity_reference: None,
        external_reference: None,
        starts_on: None,
        ends_on: None,
    }
}

/// Asks for the parties whom the debtors owe.
pub(super) fn create_creditors(stage: &mut Stage) {
    for (place, name) in CREDITOR.iter().enumerate() {
        let command = CreateParty {
            number: Some(creditor_number(place)),
            external_reference: Some(format!("CLIENT-{}", 700 + place)),
            name: (*name).into(),
            metadata: "{}".into(),
        };
        stage.ask("collections", command, Then::Nothing);
    }
}

fn creditor_number(place: usize) -> String {
    format!("CRED-{:02}", place + 1)
}

/// Equal parts of the principal and about what the interest is in the first half: good enough for a demo,
/// where the last instalment lies years ahead.
fn plan(dice: &mut Dice, actor: usize, principal: i64, terms: [i64; 4], what: &'static str) -> Plan {
    let months = *dice.pick(&terms);
    let instalment = (principal / months + principal * 4 / 1_000) / 100 * 100;
    Plan { actor, principal, instalment, months, what, by_direct_debit: dice.chance(350) }
}
