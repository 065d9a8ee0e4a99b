//! Inputs of the API as commands; what no command can be made of is refused as the API refuses it.

use chrono::{DateTime, NaiveDate, Utc};
use konto::accounts::close::{ClosingKind, ClosingTransaction};
use konto::accounts::{
    AccountBy, CloseAccount, CreateProduct, NewOwner, OpenAccount, ProductBy, RequestAccountClosure, UpdateAccount,
    UpdateProduct,
};
use konto::customers::{CreateCustomer, CustomerBy, UpdateCustomer};
use konto::ledger::ExternalReference;
use konto::ledger::facts::Counterparty;
use konto::ledger::position::RepaymentOrder;
use konto::parties::{CreateParty, PartyBy, UpdateParty};
use konto::payments::{
    BankAccount, BankAccountInput, CaptureHold, ClosePeriod, Details, Disburse, EntryBy, PlaceHold, PostAdjustment,
    PostCharge, PostPayment, ReleaseHold, RemitToParty, ReverseEntry, Transfer,
};
use konto::primitives::{Amount, Money};
use konto::refused::{Refused, noted, reason, said};
use konto::work::Change;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn text(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}

fn needed(input: &Value, name: &str) -> String {
    text(input, name).expect("a text")
}

/// A word of a closed list, or anything else that reads itself from a text.
fn word<T: DeserializeOwned>(input: &Value, name: &str) -> Option<T> {
    let word = input.get(name).filter(|word| !word.is_null())?;
    Some(serde_json::from_value(word.clone()).expect("a word of the list"))
}

fn amount(input: &Value, name: &str) -> Option<Amount> {
    input[name].as_str().map(|decimal| Amount(decimal.parse().expect("a decimal")))
}

fn money(input: &Value) -> Option<Money> {
    let currency = input["amount"]["currency"].as_str()?.parse().expect("a currency");
    let Amount(amount) = amount(&input["amount"], "amount").expect("an amount");
    Some(Money { amount, currency })
}

fn day(input: &Value, name: &str) -> Option<NaiveDate> {
    input[name].as_str().map(|day| day.parse().expect("a day"))
}

fn metadata(input: &Value) -> String {
    if input["metadata"].is_object() { input["metadata"].to_string() } else { "{}".into() }
}

fn change<T>(input: &Value, name: &str, read: impl Fn(&Value) -> T) -> Change<T> {
    match input.get(name) {
        None => Change::Keep,
        Some(Value::Null) => Change::Clear,
        Some(value) => Change::Set(read(value)),
    }
}

fn text_change(input: &Value, name: &str) -> Change<String> {
    change(input, name, |value| value.as_str().expect("a text").to_owned())
}

fn metadata_change(input: &Value) -> Change<String> {
    change(input, "metadata", Value::to_string)
}

/// A field that may be left alone or set, and that nothing can empty.
fn set(input: &Value, name: &str) -> Result<Option<Value>, Refused> {
    match input.get(name) {
        Some(Value::Null) => Err(Refused::invalid(name, "can be left out, and not emptied")),
        value => Ok(value.cloned()),
    }
}

/// The one name that an input gives: which, and its text.
fn named(input: &Value) -> Option<(&str, String)> {
    let (kind, name) = input.as_object()?.iter().find(|(_, name)| !name.is_null())?;
    let name = name.as_str().filter(|name| !name.contains('\0'))?;
    Some((kind, name.to_owned()))
}

macro_rules! named {
    ($($function:ident, $by:ident, $what:literal: $($kind:literal => $variant:ident,)*;)*) => {$(
        fn $function(field: &str, input: &Value) -> Result<$by, Refused> {
            let found = named(input).and_then(|(kind, name)| match kind {
                "id" => name.parse().ok().map($by::Id),
                $($kind => Some($by::$variant(name)),)*
                other => panic!("nothing is named by {other}"),
            });
            found.ok_or_else(|| Refused::not_found(field, $what))
        }
    )*};
}

named! {
    account, AccountBy, "account": "number" => Number, "externalReference" => ExternalReference,;
    customer, CustomerBy, "customer": "number" => Number, "externalReference" => ExternalReference,;
    party, PartyBy, "party": "number" => Number, "externalReference" => ExternalReference,;
    product, ProductBy, "product": "code" => Code,;
}

fn optional<T>(
    input: &Value,
    field: &str,
    read: impl Fn(&str, &Value) -> Result<T, Refused>,
) -> Result<Option<T>, Refused> {
    if input[field].is_null() { Ok(None) } else { read(field, &input[field]).map(Some) }
}

fn id<T: std::str::FromStr>(field: &str, input: &Value) -> Result<T, Refused> {
    let id = input[field].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| Refused::not_found(field, field))
}

pub fn create_customer(input: &Value) -> Result<CreateCustomer, Refused> {
    Ok(CreateCustomer {
        type_: word(input, "type").expect("a type"),
        number: text(input, "number"),
        external_reference: text(input, "externalReference"),
        first_name: text(input, "firstName"),
        last_name: text(input, "lastName"),
        company_name: text(input, "companyName"),
        metadata: metadata(input),
        profile: Default::default(),
        addresses: Vec::new(),
    })
}

pub fn update_customer(input: &Value) -> Result<UpdateCustomer, Refused> {
    Ok(UpdateCustomer {
        customer: customer("customer", &input["customer"])?,
        number: set(input, "number")?.map(|number| number.as_str().expect("a text").to_owned()),
        external_reference: text_change(input, "externalReference"),
        first_name: text_change(input, "firstName"),
        last_name: text_change(input, "lastName"),
        company_name: text_change(input, "companyName"),
        metadata: metadata_change(input),
        profile: Default::default(),
    })
}

pub fn create_party(input: &Value) -> Result<CreateParty, Refused> {
    Ok(CreateParty {
        number: text(input, "number"),
        external_reference: text(input, "externalReference"),
        name: needed(input, "name"),
        metadata: metadata(input),
    })
}

pub fn update_party(input: &Value) -> Result<UpdateParty, Refused> {
    Ok(UpdateParty {
        party: party("party", &input["party"])?,
        external_reference: text_change(input, "externalReference"),
        name: set(input, "name")?.map(|name| name.as_str().expect("a text").to_owned()),
        metadata: metadata_change(input),
    })
}

pub fn create_product(input: &Value) -> Result<CreateProduct, Refused> {
    let order = match input["repaymentOrder"].as_array() {
        None => RepaymentOrder::DEFAULT,
        Some(words) => {
            let words: Vec<&str> = words.iter().map(|word| word.as_str().expect("a word")).collect();
            RepaymentOrder::from_text(&words.join(","))
                .ok_or_else(|| Refused::invalid("repaymentOrder", "must name every component once"))?
        }
    };
    Ok(CreateProduct {
        code: needed(input, "code"),
        alias: needed(input, "alias"),
        family: word(input, "family").expect("a family"),
        working_mode: word(input, "workingMode"),
        currency: word(input, "currency").expect("a currency"),
        debt_rule: word(input, "debtRule").expect("a rule"),
        repayment_order: order,
        item_order: konto::ledger::position::ItemOrder::DEFAULT,
        recurring: None,
        default_credit_limit: amount(input, "defaultCreditLimit"),
        maximum_credit_limit: amount(input, "maximumCreditLimit"),
        maximum_balance: amount(input, "maximumBalance"),
        charity: None,
        prepaid: None,
        authorisation_days: None,
        reference: None,
        payee: None,
        metadata: metadata(input),
    })
}

pub fn update_product(input: &Value) -> Result<UpdateProduct, Refused> {
    let decimal = |value: &Value| Amount(value.as_str().expect("a decimal").parse().expect("a decimal"));
    Ok(UpdateProduct {
        product: product("product", &input["product"])?,
        alias: set(input, "alias")?.map(|alias| alias.as_str().expect("a text").to_owned()),
        default_credit_limit: set(input, "defaultCreditLimit")?.map(|limit| decimal(&limit)),
        maximum_credit_limit: change(input, "maximumCreditLimit", decimal),
        maximum_balance: change(input, "maximumBalance", decimal),
        charity: Change::Keep,
        prepaid: Change::Keep,
        authorisation_days: Change::Keep,
        reference: Change::Keep,
        payee: Change::Keep,
        recurring: Change::Keep,
        retired: set(input, "retired")?.map(|retired| retired.as_bool().expect("a boolean")),
        metadata: metadata_change(input),
    })
}

pub fn open_account(input: &Value) -> Result<OpenAccount, Refused> {
    let product = product("product", &input["product"])?;
    let owner = match &input["owner"]["create"] {
        Value::Null => NewOwner::Existing(customer("owner", &input["owner"])?),
        new => NewOwner::Created(Box::new(create_customer(new)?)),
    };
    Ok(OpenAccount {
        product,
        owner,
        creditor: optional(input, "creditor", party)?,
        number: text(input, "number"),
        external_reference: text(input, "externalReference"),
        credit_limit: amount(input, "creditLimit"),
        migrated_balance: None,
        metadata: metadata(input),
    })
}

pub fn update_account(input: &Value) -> Result<UpdateAccount, Refused> {
    Ok(UpdateAccount {
        account: account("account", &input["account"])?.into(),
        external_reference: text_change(input, "externalReference"),
        creditor: match input.get("creditor") {
            None => Change::Keep,
            Some(Value::Null) => Change::Clear,
            Some(by) => Change::Set(party("creditor", by)?),
        },
        credit_limit: set(input, "creditLimit")?.and_then(|_| amount(input, "creditLimit")),
        charity_donation: None,
        metadata: metadata_change(input),
    })
}

pub fn request_account_closure(input: &Value) -> Result<RequestAccountClosure, Refused> {
    Ok(RequestAccountClosure { account: account("account", &input["account"])?.into() })
}

pub fn close_account(input: &Value) -> Result<CloseAccount, Refused> {
    let account = account("account", &input["account"])?;
    let transactions = input["transactions"].as_array().into_iter().flatten().enumerate();
    let transactions = transactions.map(|(index, it)| closing(it).map_err(|refused| refused.at("transactions", index)));
    Ok(CloseAccount {
        account: account.into(),
        closure_code: Some(needed(input, "closureCode")),
        transactions: transactions.collect::<Result<_, _>>()?,
    })
}

fn closing(input: &Value) -> Result<ClosingTransaction, Refused> {
    let mut description = noted("description", input["description"].as_str())?;
    let target = &input["target"];
    let kind = if !target["transferTo"].is_null() {
        ClosingKind::Transfer(account("target.transferTo", &target["transferTo"])?)
    } else if !target["payout"].is_null() {
        let receiver = bank_account(&target["payout"]).map_err(|refused| refused.under("target.payout"))?;
        ClosingKind::Payout(receiver.to_counterparty())
    } else {
        let why = target["writeOff"]["reason"].as_str().expect("a reason");
        let why = reason("target.writeOff.reason", why)?;
        description = description.or_else(|| Some(why.clone()));
        ClosingKind::WriteOff(why)
    };
    Ok(ClosingTransaction { kind, amount: money(input), description })
}

fn bank_account(input: &Value) -> Result<BankAccount, Refused> {
    let (iban, number) = (text(input, "iban"), text(input, "bankAccountNumber"));
    BankAccountInput { iban, number, class: word(input, "bankAccountClass") }.checked()
}

pub fn close_period(input: &Value) -> Result<ClosePeriod, Refused> {
    Ok(ClosePeriod { through: day(input, "through").expect("a day") })
}

pub fn place_hold(input: &Value) -> Result<PlaceHold, Refused> {
    let end = input["expiresAt"].as_str().map(|end| end.parse::<DateTime<Utc>>().expect("a moment"));
    Ok(PlaceHold {
        account: account("account", &input["account"])?,
        amount: money(input).expect("an amount"),
        expires_at: end.map(|end| end.timestamp_micros()),
        description: said(text(input, "description")),
        reference: said(text(input, "reference")),
    })
}

pub fn capture_hold(input: &Value) -> Result<CaptureHold, Refused> {
    Ok(CaptureHold { hold: id("hold", input)?, amount: money(input), to: optional(input, "to", account)? })
}

pub fn release_hold(input: &Value) -> Result<ReleaseHold, Refused> {
    Ok(ReleaseHold { hold: id("hold", input)? })
}

pub fn reverse_entry(input: &Value) -> Result<ReverseEntry, Refused> {
    Ok(ReverseEntry {
        entry: EntryBy::Id(id("entry", input)?),
        amount: money(input),
        value_date: day(input, "valueDate"),
        reason: needed(input, "reason"),
        description: said(text(input, "description")),
        fee: None,
    })
}

fn details(input: &Value) -> Details {
    let external = input["externalReference"].as_object().map(|_| &input["externalReference"]);
    Details {
        value_date: day(input, "valueDate"),
        transaction_date: day(input, "transactionDate"),
        reference: said(text(input, "reference")),
        description: said(text(input, "description")),
        external: external.map(|external| ExternalReference {
            reference: needed(external, "reference"),
            date: day(external, "date"),
            poster: text(external, "poster"),
            code: text(external, "code"),
        }),
        metadata: metadata(input),
    }
}

pub fn transfer(input: &Value) -> Result<Transfer, Refused> {
    Ok(Transfer {
        from: account("from", &input["from"])?,
        to: account("to", &input["to"])?,
        amount: money(input).expect("an amount"),
        message_to_sender: said(text(input, "messageToSender")),
        message_to_receiver: said(text(input, "messageToReceiver")),
        details: details(input),
    })
}

pub fn post_payment(input: &Value) -> Result<PostPayment, Refused> {
    // As the API hands it over: without blanks around it, and not at all where it says nothing.
    let said = |name: &str| {
        text(&input["counterparty"], name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let payer = ["name", "account", "bank"].into_iter().any(|name| said(name).is_some());
    Ok(PostPayment {
        account: account("account", &input["account"])?,
        amount: money(input).expect("an amount"),
        channel: word(input, "channel").expect("a channel"),
        counterparty: payer.then(|| Counterparty {
            name: said("name"),
            account: said("account"),
            account_class: None,
            bank: said("bank"),
        }),
        overpayment: None,
        details: details(input),
    })
}

pub fn disburse(input: &Value) -> Result<Disburse, Refused> {
    Ok(Disburse {
        account: account("account", &input["account"])?,
        amount: money(input).expect("an amount"),
        bank_account: bank_account(input)?,
        receiver_name: said(text(input, "receiverName")),
        message_to_receiver: said(text(input, "messageToReceiver")),
        own_message: said(text(input, "ownMessage")),
        details: details(input),
    })
}

pub fn remit_to_party(input: &Value) -> Result<RemitToParty, Refused> {
    Ok(RemitToParty {
        party: party("party", &input["party"])?,
        amount: money(input).expect("an amount"),
        commission: money(&serde_json::json!({ "amount": input["commission"] })),
        bank_account: bank_account(input)?,
        message_to_receiver: said(text(input, "messageToReceiver")),
        details: details(input),
    })
}

pub fn post_adjustment(input: &Value) -> Result<PostAdjustment, Refused> {
    Ok(PostAdjustment {
        account: account("account", &input["account"])?,
        amount: money(input).expect("an amount"),
        component: word(input, "component").unwrap_or(konto::ledger::Component::Principal),
        reason: needed(input, "reason"),
        details: details(input),
    })
}

pub fn post_charge(input: &Value) -> Result<PostCharge, Refused> {
    Ok(PostCharge {
        account: account("account", &input["account"])?,
        kind: word(input, "kind").expect("a kind"),
        amount: money(input).expect("an amount"),
        details: details(input),
    })
}
