//! How many commands a tenant decides in a second, in memory: on 10,000 accounts, in batches of 256. Nothing is loaded
//! and nothing is written; what is measured is the rules, the undo log, the keys and the records.
//!
//! `cargo bench --bench decide`

use std::time::Instant;

use konto::accounts::commands::NewOwner;
use konto::accounts::products::CreateProduct;
use konto::accounts::store::ProductBy;
use konto::accounts::{AccountBy, Family, OpenAccount};
use konto::customers::{CreateCustomer, CustomerBy, CustomerType};
use konto::ledger::position::{ItemOrder, RepaymentOrder};
use konto::ledger::{DebtRule, PaymentChannel};
use konto::payments::{Details, PostPayment, Transfer};
use konto::primitives::{Clock, Money, Origin, TenantId};
use konto::work::memory::Memory;
use konto::work::{Command, Idempotency, Mode};

const ACCOUNTS: usize = 10_000;
const BATCHES: usize = 400;
const BATCH: usize = 256;
const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(1));

fn main() {
    let mut memory = Memory::new(TENANT, Clock::system());
    let product = CreateProduct {
        code: "plain".into(),
        alias: "plain".into(),
        family: Family::Deposit,
        working_mode: None,
        currency: euros("0").currency,
        debt_rule: DebtRule::None,
        repayment_order: RepaymentOrder::DEFAULT,
        item_order: ItemOrder::DEFAULT,
        recurring: None,
        default_credit_limit: None,
        maximum_credit_limit: None,
        maximum_balance: None,
        charity: None,
        prepaid: None,
        authorisation_days: None,
        reference: None,
        payee: None,
        metadata: "{}".into(),
    };
    memory.run(&Origin::system(TENANT), None, &product).expect("a product");
    measured("createCustomer", &mut memory, (0..ACCOUNTS).map(customer));
    measured("openAccount", &mut memory, (0..ACCOUNTS).map(opening));
    let by = |n: usize| AccountBy::Number(format!("A{}", n % ACCOUNTS));
    let pay = |n| PostPayment {
        account: by(n),
        amount: euros("100"),
        channel: PaymentChannel::BankTransfer,
        counterparty: None,
        overpayment: None,
        details: Details::default(),
    };
    measured("postPayment", &mut memory, (0..BATCHES * BATCH).map(pay));
    let transfer = |n| Transfer {
        from: by(n),
        to: by(n * 7 + 1),
        amount: euros("1"),
        message_to_receiver: None,
        message_to_sender: None,
        details: Details::default(),
    };
    measured("transfer", &mut memory, (0..BATCHES * BATCH).map(transfer));
}

/// Runs commands in batches, each under a key of its own, and says how fast; all of them must be done.
fn measured<C: Command>(what: &str, memory: &mut Memory, commands: impl Iterator<Item = C>) {
    let commands: Vec<C> = commands.collect();
    let count = commands.len();
    let mut items = commands.into_iter().enumerate().map(|(n, command)| {
        let key = Idempotency::of(format!("{what}-{n}"), &command);
        (Some(key), command)
    });
    let start = Instant::now();
    loop {
        let batch: Vec<_> = items.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        for answer in memory.run_all(&Origin::system(TENANT), batch, Mode::EachAlone) {
            answer.unwrap_or_else(|refused| panic!("{what}: {refused:?}"));
        }
    }
    let micros = start.elapsed().as_micros().max(1);
    let (each, rate) = (micros * 1_000 / count as u128, count as u128 * 1_000_000 / micros);
    println!("{what:<16} {rate:>9} a second, {each:>6} ns each");
}

fn euros(amount: &str) -> Money {
    Money { amount: amount.parse().expect("a decimal"), currency: "EUR".parse().expect("a currency") }
}

fn customer(n: usize) -> CreateCustomer {
    CreateCustomer {
        type_: CustomerType::Person,
        number: Some(format!("C{n}")),
        external_reference: None,
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        company_name: None,
        metadata: "{}".into(),
        profile: Default::default(),
        addresses: Vec::new(),
    }
}

fn opening(n: usize) -> OpenAccount {
    OpenAccount {
        product: ProductBy::Code("plain".into()),
        owner: NewOwner::Existing(CustomerBy::Number(format!("C{n}"))),
        creditor: None,
        number: Some(format!("A{n}")),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    }
}
