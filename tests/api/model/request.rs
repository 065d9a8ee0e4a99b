//! What can be said of a request without looking anything up: whether a command can be made of it, and which requests
//! are one and the same in another spelling.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::books::{Refusal, no, owned, text};
use super::money::bank_account;
use super::rules::{noted, repayment_order, required};

/// The inputs whose fields name something, and what ids of that begin with.
const NAMES: [(&str, &[(&str, &str)]); 18] = [
    ("updateCustomer", &[("customer", "cus_")]),
    ("updateParty", &[("party", "pty_")]),
    ("updateProduct", &[("product", "prd_")]),
    ("openAccount", &[("product", "prd_"), ("owner", "cus_"), ("creditor", "pty_")]),
    ("updateAccount", &[("account", "acc_"), ("creditor", "pty_")]),
    ("requestAccountClosure", &[("account", "acc_")]),
    ("closeAccount", &[("account", "acc_")]),
    ("placeHold", &[("account", "acc_")]),
    ("captureHold", &[("hold", "hld_"), ("to", "acc_")]),
    ("releaseHold", &[("hold", "hld_")]),
    ("reverseEntry", &[("entry", "ent_")]),
    ("transfer", &[("from", "acc_"), ("to", "acc_")]),
    ("postPayment", &[("account", "acc_")]),
    ("disburse", &[("account", "acc_")]),
    ("remitToParty", &[("party", "pty_")]),
    ("postAdjustment", &[("account", "acc_")]),
    ("postCharge", &[("account", "acc_")]),
    ("createProduct", &[]),
];

/// The fields that can be left out, and that nothing can empty.
const NEVER_EMPTY: [(&str, &[&str]); 4] = [
    ("updateAccount", &["creditLimit"]),
    ("updateCustomer", &["number"]),
    ("updateParty", &["name"]),
    ("updateProduct", &["alias", "defaultCreditLimit", "retired"]),
];

/// The fields that null empties: there, it is not the same as absent.
const EMPTIED: [(&str, &[&str]); 4] = [
    (
        "updateCustomer",
        &[
            "externalReference",
            "firstName",
            "lastName",
            "companyName",
            "metadata",
            "middleName",
            "birthDate",
            "languages",
            "contactPoints",
            "identifiers",
        ],
    ),
    ("updateParty", &["externalReference", "metadata"]),
    (
        "updateProduct",
        &[
            "maximumCreditLimit",
            "maximumBalance",
            "metadata",
            "charity",
            "payee",
            "paymentReference",
            "prepaid",
            "authorisationDays",
            "recurringPayments",
        ],
    ),
    ("updateAccount", &["externalReference", "creditor", "metadata"]),
];

fn of<T: Copy>(table: &[(&str, T)], operation: &str) -> Option<T> {
    table.iter().find(|(name, _)| *name == operation).map(|(_, it)| *it)
}

/// The fields of an input that null empties.
pub fn emptied(operation: &str) -> &'static [&'static str] {
    of(&EMPTIED, operation).unwrap_or_default()
}

/// What no command can be made of: it is refused before anything else is looked at.
pub fn check_form(operation: &str, input: &Value) -> Result<(), Refusal> {
    for (field, prefix) in of(&NAMES, operation).unwrap_or_default() {
        if malformed(&input[*field], prefix) {
            return Err(no("NOT_FOUND", field));
        }
    }
    for field in of(&NEVER_EMPTY, operation).unwrap_or_default() {
        if input.get(*field).is_some_and(Value::is_null) {
            return Err(no("INVALID_INPUT", field));
        }
    }
    match operation {
        "createProduct" => match input["repaymentOrder"].as_array() {
            Some(words) if repayment_order(words).is_none() => Err(no("INVALID_INPUT", "repaymentOrder")),
            _ => Ok(()),
        },
        "disburse" | "remitToParty" => bank_account(input).map(|_| ()),
        "closeAccount" => {
            for (index, transaction) in input["transactions"].as_array().into_iter().flatten().enumerate() {
                check_closing(transaction).map_err(|refusal| refusal.under(&format!("transactions.{index}")))?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn check_closing(transaction: &Value) -> Result<(), Refusal> {
    let target = &transaction["target"];
    noted("description", text(transaction, "description"), 500)?;
    if malformed(&target["transferTo"], "acc_") {
        return Err(no("NOT_FOUND", "target.transferTo"));
    }
    if !target["payout"].is_null() {
        bank_account(&target["payout"]).map_err(|refusal| refusal.under("target.payout"))?;
    }
    match target["writeOff"].is_null() {
        true => Ok(()),
        false => required("target.writeOff.reason", text(&target["writeOff"], "reason").unwrap_or_default(), 500),
    }
}

/// Whether a name cannot name anything: an id that is none, or a text that nothing can be called.
fn malformed(by: &Value, prefix: &str) -> bool {
    let hex = |id: &str| id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_id = |id: &str| id.strip_prefix(prefix).is_some_and(hex);
    if let Some(id) = by.as_str() {
        return !is_id(id);
    }
    let names = by.as_object().into_iter().flat_map(|names| names.values().filter_map(Value::as_str));
    text(by, "id").is_some_and(|id| !is_id(id)) || names.into_iter().any(|it| it.contains('\0'))
}

/// A request in the one form that all its spellings share: `10` and `10.00`, absent and null, a default and what it
/// stands for.
pub fn canonical(operation: &str, input: &Value) -> Value {
    let mut request = input.clone();
    let fields = request.as_object_mut().expect("an input");
    fields.remove("idempotencyKey");
    fields.insert("operation".into(), json!(operation));
    // A text that says nothing is none.
    for name in ["reference", "description", "messageToSender", "messageToReceiver", "ownMessage", "receiverName"] {
        if text(&request, name).is_some_and(|text| text.trim().is_empty()) {
            request[name] = Value::Null;
        }
    }
    plain(&mut request, emptied(operation));
    let fields = request.as_object_mut().expect("an input");
    match operation {
        "postAdjustment" => _ = fields.entry("component").or_insert(json!("PRINCIPAL")),
        "createProduct" => _ = fields.entry("repaymentOrder").or_insert(json!(["FEE", "INTEREST", "PRINCIPAL"])),
        "disburse" | "remitToParty" => canonical_bank_account(&mut request),
        "closeAccount" => {
            let transactions = fields.entry("transactions").or_insert(json!([]));
            transactions.as_array_mut().expect("transactions").iter_mut().for_each(canonical_closing);
        }
        _ => {}
    }
    // Where nothing is changed, no metadata are empty ones.
    for of in ["", "/owner/create"] {
        if let Some(Value::Object(made)) = request.pointer_mut(of)
            && !operation.starts_with("update")
        {
            made.entry("metadata").or_insert(json!({}));
        }
    }
    request
}

fn canonical_closing(transaction: &mut Value) {
    let reason = owned(&transaction["target"]["writeOff"], "reason");
    let said = owned(transaction, "description").filter(|text| !text.trim().is_empty());
    match said.or(reason) {
        Some(description) => transaction["description"] = json!(description),
        None => _ = transaction.as_object_mut().and_then(|fields| fields.remove("description")),
    }
    if let Some(payout) = transaction.pointer_mut("/target/payout") {
        canonical_bank_account(payout);
    }
}

fn canonical_bank_account(input: &mut Value) {
    let account = bank_account(input).expect("a form that was checked");
    let fields = input.as_object_mut().expect("an input");
    for name in ["iban", "bankAccountNumber", "bankAccountClass"] {
        fields.remove(name);
    }
    fields.insert("bankAccount".into(), account);
}

/// Without nulls but for those that empty something, amounts without trailing zeros, moments in one zone.
fn plain(value: &mut Value, kept: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !value.is_null() || kept.contains(&name.as_str()));
            for (name, value) in fields {
                match (name.as_str(), value.as_str()) {
                    ("metadata", _) => {}
                    (
                        "amount" | "creditLimit" | "defaultCreditLimit" | "maximumCreditLimit" | "maximumBalance",
                        Some(it),
                    ) => {
                        *value = json!(without_zeros(it));
                    }
                    ("expiresAt", Some(it)) => {
                        let at: DateTime<Utc> = it.parse().expect("a moment");
                        *value = json!(at.to_rfc3339_opts(SecondsFormat::Micros, true));
                    }
                    _ => plain(value, &[]),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| plain(item, &[])),
        _ => {}
    }
}

fn without_zeros(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    match fraction.is_empty() {
        true if whole == "0" => "0".into(),
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    }
}
