//! The rules of products, accounts and periods, and what all mutations share: keys and texts.
//!
//! Written after docs/architecture.md, the descriptions in schema.graphql and the order of refusals that each
//! command promises.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::books::{
    Account, Made, Model, Product, Record, Refusal, Says, Verdict, minor, money, no, owned, shown, text,
};
use super::request::{canonical, check_form};

impl Model {
    /// Decides a mutation other than a batch.
    pub fn decide(&mut self, client: usize, name: &'static str, input: &Value) -> Verdict {
        let mark = self.mark();
        let verdict = self.keyed(client, name, input);
        match &verdict {
            Ok(_) => self.settle(),
            Err(_) => self.go_back(mark),
        }
        self.record(client, name, &verdict);
        verdict
    }

    /// Leaves a record of how a mutation ended.
    pub fn record(&mut self, client: usize, operation: &'static str, verdict: &Verdict) {
        let (outcome, code, target) = match verdict {
            Ok((made, replayed)) => (if *replayed { "REPLAYED" } else { "DONE" }, None, Some(made.clone())),
            Err(refusal) => ("REFUSED", Some(refusal.code), None),
        };
        self.records.push(Record { client, operation, at: self.now, outcome, code, target });
    }

    /// What a key did before, or what the mutation does now. What no command can be made of is refused first; then a
    /// key that was used has the last word.
    pub fn keyed(&mut self, client: usize, operation: &str, input: &Value) -> Verdict {
        check_form(operation, input)?;
        let key = text(input, "idempotencyKey").unwrap_or_default();
        required("idempotencyKey", key, 200)?;
        let (key, request) = ((client, key.to_owned()), canonical(operation, input));
        match self.keys.get(&key) {
            None => {}
            Some((before, made)) if *before == request => return Ok((made.clone(), true)),
            Some(_) => return Err(no("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")),
        }
        let made = match operation {
            "createCustomer" => self.create_customer(input),
            "updateCustomer" => self.update_customer(input),
            "createParty" => self.create_party(input),
            "updateParty" => self.update_party(input),
            "createProduct" => self.create_product(input),
            "updateProduct" => self.update_product(input),
            "openAccount" => self.open_account(input),
            "updateAccount" => self.update_account(input),
            "requestAccountClosure" => self.request_closure(input),
            "closeAccount" => self.close_account(input),
            "closePeriod" => self.close_period(input),
            "placeHold" => self.place_hold(input),
            "captureHold" => self.capture_hold(input),
            "releaseHold" => self.release_hold(input),
            "reverseEntry" => self.reverse_entry(input),
            "transfer" => self.transfer(input),
            "postPayment" => self.post_payment(input),
            "disburse" => self.disburse(input),
            "postAdjustment" => self.post_adjustment(input),
            "postCharge" => self.post_charge(input),
            other => panic!("the model has no {other}"),
        }?;
        self.remember(key, request, &made);
        Ok((made, false))
    }

    fn create_product(&mut self, input: &Value) -> Result<Made, Refusal> {
        let order = match input["repaymentOrder"].as_array() {
            None => [2, 1, 0],
            Some(words) => repayment_order(words).expect("every component once"),
        };
        let currency = owned(input, "currency").expect("a currency");
        let amount = |field: &str| text(input, field).map(|decimal| minor(field, decimal, &currency)).transpose();
        let product = Product {
            id: String::new(),
            code: owned(input, "code").expect("a code"),
            alias: owned(input, "alias").expect("an alias"),
            family: owned(input, "family").expect("a family"),
            mode: owned(input, "workingMode"),
            rule: owned(input, "debtRule").expect("a rule"),
            order,
            default_limit: amount("defaultCreditLimit")?.unwrap_or(0),
            maximum_limit: amount("maximumCreditLimit")?,
            maximum_balance: amount("maximumBalance")?,
            retired: false,
            metadata: metadata(input),
            currency,
        };
        check_product(&product)?;
        if self.products.iter().any(|other| other.code == product.code) {
            return Err(no("DUPLICATE_REFERENCE", "code"));
        }
        let code = product.code.clone();
        self.products.push(product);
        let place = self.products.len() - 1;
        self.log("PRODUCT_CREATED", None, Says::Product(place, code));
        Ok(Made::Product(place))
    }

    fn update_product(&mut self, input: &Value) -> Result<Made, Refusal> {
        let place = self.product_by(&input["product"]).ok_or_else(|| no("NOT_FOUND", "product"))?;
        let mut product = self.products[place].clone();
        product.alias = owned(input, "alias").unwrap_or(product.alias);
        let amount =
            |field: &str| text(input, field).map(|decimal| minor(field, decimal, &product.currency)).transpose();
        if let Some(limit) = amount("defaultCreditLimit")? {
            product.default_limit = limit;
        }
        for (slot, field) in
            [(&mut product.maximum_limit, "maximumCreditLimit"), (&mut product.maximum_balance, "maximumBalance")]
        {
            if input.get(field).is_some() {
                *slot = amount(field)?;
            }
        }
        product.retired = input["retired"].as_bool().unwrap_or(product.retired);
        change_metadata(&mut product.metadata, input);
        check_product(&product)?;
        let code = product.code.clone();
        self.products[place] = product;
        self.log("PRODUCT_UPDATED", None, Says::Product(place, code));
        Ok(Made::Product(place))
    }

    fn open_account(&mut self, input: &Value) -> Result<Made, Refusal> {
        let place = self.product_by(&input["product"]).ok_or_else(|| no("NOT_FOUND", "product"))?;
        let owner = match &input["owner"]["create"] {
            Value::Null => self.customer_by(&input["owner"]).ok_or_else(|| no("NOT_FOUND", "owner"))?,
            new => self.new_customer(new).map_err(|refusal| refusal.under("owner.create"))?,
        };
        let creditor = match &input["creditor"] {
            Value::Null => None,
            by => Some(self.party_by(by).ok_or_else(|| no("NOT_FOUND", "creditor"))?),
        };
        let product = &self.products[place];
        if product.retired {
            return Err(no("INVALID_STATE", "product"));
        }
        reference("number", text(input, "number"))?;
        reference("externalReference", text(input, "externalReference"))?;
        let limit = match text(input, "creditLimit") {
            None => product.default_limit,
            Some(limit) => minor("creditLimit", limit, &product.currency)?,
        };
        check_limit(product, "creditLimit", limit)?;
        let account = Account {
            id: String::new(),
            number: owned(input, "number").unwrap_or_default(),
            external: owned(input, "externalReference"),
            product: place,
            owner,
            creditor,
            currency: product.currency.clone(),
            opened_on: self.today(),
            closed_on: None,
            closure_code: None,
            metadata: metadata(input),
            status: "OPEN",
            rule: product.rule.clone(),
            order: product.order,
            limit,
            maximum: product.maximum_balance,
            parts: [0; 3],
            arriving: Default::default(),
            last: None,
        };
        self.unique_account(usize::MAX, &account)?;
        let fields = json!({ "creditLimit": shown(limit, &account.currency), "currency": account.currency });
        self.accounts.push(account);
        let place = self.accounts.len() - 1;
        self.log_account("ACCOUNT_OPENED", place, fields);
        Ok(Made::Account(place))
    }

    fn unique_account(&self, place: usize, account: &Account) -> Result<(), Refusal> {
        let others = || self.accounts.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
        if !account.number.is_empty() && others().any(|other| other.number == account.number) {
            return Err(no("DUPLICATE_REFERENCE", "number"));
        }
        if account.external.is_some() && others().any(|other| other.external == account.external) {
            return Err(no("DUPLICATE_REFERENCE", "externalReference"));
        }
        Ok(())
    }

    fn update_account(&mut self, input: &Value) -> Result<Made, Refusal> {
        let place = self.account_by(&input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        let mut account = self.accounts[place].clone();
        match input.get("creditor") {
            None => {}
            Some(Value::Null) => account.creditor = None,
            Some(by) => account.creditor = Some(self.party_by(by).ok_or_else(|| no("NOT_FOUND", "creditor"))?),
        }
        let limit =
            text(input, "creditLimit").map(|limit| minor("creditLimit", limit, &account.currency)).transpose()?;
        change(&mut account.external, input, "externalReference");
        change_metadata(&mut account.metadata, input);
        reference("externalReference", account.external.as_deref())?;
        self.unique_account(place, &account)?;
        if let Some(limit) = limit {
            if account.status != "OPEN" {
                return Err(
                    no("ACCOUNT_NOT_OPEN", "account").with(json!({ "account": account.id, "status": account.status }))
                );
            }
            if limit < 0 {
                return Err(no("AMOUNT_OUT_OF_RANGE", "creditLimit"));
            }
            if limit > account.limit {
                let facts = json!({ "account": account.id, "limit": money(account.limit, &account.currency) });
                return Err(no("CREDIT_LIMIT_INCREASE_NOT_ALLOWED", "creditLimit").with(facts));
            }
            account.limit = limit;
            let fields = json!({ "creditLimit": shown(limit, &account.currency) });
            self.log_account("ACCOUNT_CREDIT_LIMIT_LOWERED", place, fields);
        }
        let fields = json!({ "number": account.number });
        *self.touch(place) = account;
        self.log_account("ACCOUNT_UPDATED", place, fields);
        Ok(Made::Account(place))
    }

    fn request_closure(&mut self, input: &Value) -> Result<Made, Refusal> {
        let place = self.account_by(&input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        let it = &self.accounts[place];
        if it.status != "OPEN" {
            return Err(no("INVALID_STATE", "account").with(json!({ "account": it.id, "status": it.status })));
        }
        self.touch(place).status = "PENDING_CLOSE";
        self.log_account("ACCOUNT_CLOSURE_REQUESTED", place, json!({}));
        self.close_the_empty(&[place]);
        Ok(Made::Account(place))
    }

    fn close_period(&mut self, input: &Value) -> Result<Made, Refusal> {
        let through = date(input, "through").expect("a day");
        if let Some(closed) = self.closed_through.filter(|closed| through <= *closed) {
            let facts = json!({ "closedThrough": closed.to_string() });
            return Err(no("VALUE_DATE_OUT_OF_RANGE", "through").with(facts));
        }
        if through >= self.today() {
            let latest = self.today() - Days::new(1);
            let furthest = latest - Days::new(3_660);
            let earliest = self.closed_through.map_or(furthest, |closed| furthest.max(closed + Days::new(1)));
            let facts = json!({ "earliest": earliest.to_string(), "latest": latest.to_string() });
            return Err(no("VALUE_DATE_OUT_OF_RANGE", "through").with(facts));
        }
        self.closed_through = Some(through);
        self.log("PERIOD_CLOSED", None, Says::Fields(json!({ "through": through.to_string() })));
        Ok(Made::Period(through.to_string()))
    }
}

/// A text that must say something.
pub fn required(field: &str, text: &str, longest: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() { Err(no("INVALID_INPUT", field)) } else { noted(field, Some(text), longest).map(|_| ()) }
}

/// A text that may be absent; blank counts as absent.
pub fn noted(field: &str, text: Option<&str>, longest: usize) -> Result<Option<String>, Refusal> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    if text.chars().count() > longest { Err(no("INVALID_INPUT", field)) } else { Ok(Some(text.to_owned())) }
}

/// A number or reference: 1 to 64 characters, no space at the ends.
pub fn reference(field: &str, value: Option<&str>) -> Result<(), Refusal> {
    let Some(value) = value else { return Ok(()) };
    required(field, value, 64)?;
    if value.trim() == value { Ok(()) } else { Err(no("INVALID_INPUT", field)) }
}

pub fn date(input: &Value, name: &str) -> Option<NaiveDate> {
    text(input, name).map(|day| day.parse().expect("a day"))
}

pub fn metadata(input: &Value) -> Value {
    if input["metadata"].is_object() { input["metadata"].clone() } else { json!({}) }
}

/// Absent leaves it as it is, null empties it.
pub fn change(slot: &mut Option<String>, input: &Value, name: &str) {
    if input.get(name).is_some() {
        *slot = owned(input, name);
    }
}

/// The same, of metadata, which are never nothing.
pub fn change_metadata(slot: &mut Value, input: &Value) {
    if let Some(given) = input.get("metadata") {
        *slot = if given.is_null() { json!({}) } else { given.clone() };
    }
}

pub fn repayment_order(words: &[Value]) -> Option<[usize; 3]> {
    let places: Option<Vec<usize>> =
        words.iter().map(|word| super::books::COMPONENTS.iter().position(|name| word == name)).collect();
    let places: [usize; 3] = places?.try_into().ok()?;
    (0..3).all(|component| places.contains(&component)).then_some(places)
}

fn check_product(product: &Product) -> Result<(), Refusal> {
    reference("code", Some(&product.code))?;
    required("alias", &product.alias, 200)?;
    let prepaid = product.mode.as_deref() == Some("PAY_BEFORE");
    for (wrong, field) in [
        ((product.family == "CARD") != product.mode.is_some(), "workingMode"),
        ((prepaid || product.family == "VIRTUAL") && product.rule != "NONE", "debtRule"),
        (product.maximum_limit.is_some_and(|maximum| maximum < 0), "maximumCreditLimit"),
        (product.maximum_limit.is_some_and(|maximum| maximum > 0) && product.rule != "LIMIT", "maximumCreditLimit"),
        (product.maximum_balance.is_some_and(|maximum| maximum <= 0), "maximumBalance"),
    ] {
        if wrong {
            return Err(no("INVALID_INPUT", field));
        }
    }
    check_limit(product, "defaultCreditLimit", product.default_limit)
}

fn check_limit(product: &Product, field: &str, limit: i128) -> Result<(), Refusal> {
    if limit < 0 || (limit > 0 && product.rule != "LIMIT") {
        return Err(no("INVALID_INPUT", field));
    }
    match product.maximum_limit {
        Some(maximum) if limit > maximum => {
            Err(no("LIMIT_EXCEEDED", field).with(json!({ "limit": money(maximum, &product.currency) })))
        }
        _ => Ok(()),
    }
}
