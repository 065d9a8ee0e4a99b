//! The domains' commands in few words.

use super::*;
use crate::accounts::commands::NewOwner;
use crate::accounts::products::CreateProduct;
use crate::accounts::store::ProductBy;
use crate::accounts::{AccountBy, Family, OpenAccount};
use crate::customers::{CreateCustomer, CustomerBy, CustomerType};
use crate::ledger::position::ItemOrder;
use crate::parties::CreateParty;
use crate::payments::{ChargeKind, Details, EntryBy, PostCharge, PostPayment, ReverseEntry, Transfer};
use crate::primitives::{Amount, Money};

pub(crate) fn money(amount: &str) -> Money {
    Money { amount: amount.parse().expect("a decimal"), currency: sek() }
}

pub(crate) fn product(code: &str, debt_rule: DebtRule) -> CreateProduct {
    let limit = |amount: &str| (debt_rule == DebtRule::Limit).then(|| Amount(amount.parse().expect("a decimal")));
    CreateProduct {
        code: code.into(),
        alias: code.into(),
        family: Family::Deposit,
        working_mode: None,
        currency: sek(),
        debt_rule,
        repayment_order: RepaymentOrder::DEFAULT,
        item_order: ItemOrder::DEFAULT,
        recurring: None,
        default_credit_limit: limit("100"),
        maximum_credit_limit: limit("500"),
        maximum_balance: None,
        charity: None,
        prepaid: None,
        authorisation_days: None,
        reference: None,
        payee: None,
        metadata: "{}".into(),
    }
}

pub(crate) fn customer(number: Option<&str>) -> CreateCustomer {
    CreateCustomer {
        type_: CustomerType::Person,
        number: number.map(str::to_owned),
        external_reference: None,
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        company_name: None,
        metadata: "{}".into(),
        profile: Default::default(),
        addresses: Vec::new(),
    }
}

pub(crate) fn party(number: Option<&str>) -> CreateParty {
    CreateParty {
        number: number.map(str::to_owned),
        external_reference: None,
        name: "A creditor".into(),
        metadata: "{}".into(),
    }
}

pub(crate) fn opening(product: &str, owner: &str, number: Option<&str>) -> OpenAccount {
    OpenAccount {
        product: ProductBy::Code(product.into()),
        owner: NewOwner::Existing(CustomerBy::Number(owner.into())),
        creditor: None,
        number: number.map(str::to_owned),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    }
}

pub(crate) fn named(number: &str) -> AccountBy {
    AccountBy::Number(number.into())
}

pub(crate) fn paying(account: &str, amount: &str) -> PostPayment {
    PostPayment {
        account: named(account),
        amount: money(amount),
        channel: crate::ledger::PaymentChannel::BankTransfer,
        counterparty: None,
        overpayment: None,
        details: Details::default(),
    }
}

pub(crate) fn moving(from: &str, to: &str, amount: &str) -> Transfer {
    Transfer {
        from: named(from),
        to: named(to),
        amount: money(amount),
        message_to_sender: None,
        message_to_receiver: Some("thanks".into()),
        details: Details::default(),
    }
}

pub(crate) fn charging(account: &str, kind: ChargeKind, amount: &str) -> PostCharge {
    PostCharge { account: named(account), kind, amount: money(amount), details: Details::default() }
}

pub(crate) fn taking_back(entry: &Entry, amount: Option<&str>) -> ReverseEntry {
    ReverseEntry {
        entry: EntryBy::Id(entry.id),
        amount: amount.map(money),
        value_date: None,
        reason: "a mistake".into(),
        description: None,
        fee: None,
    }
}
