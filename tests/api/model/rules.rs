//! The rules of customers, products, accounts and periods, and what all mutations share: keys and texts.
//!
//! Written after docs/architecture.md, the descriptions in schema.graphql and the order of refusals that each
//! use case promises.

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use super::books::{
    Account, Customer, Made, Model, Product, Refusal, Says, Verdict, minor, money, no, owned, shown, text,
};

/// A mutation that is being decided.
pub struct Call<'a> {
    pub input: &'a Value,
    /// The key was used before, with another request.
    pub reused: bool,
}

impl Call<'_> {
    /// To be asked where the key's turn comes in the order of refusals.
    pub fn fresh(&self) -> Result<(), Refusal> {
        if self.reused { Err(no("IDEMPOTENCY_KEY_REUSED", "idempotencyKey")) } else { Ok(()) }
    }
}

impl Model {
    /// Decides a mutation other than `transferBatch`.
    pub fn decide(&mut self, client: usize, name: &str, input: &Value) -> Verdict {
        let mark = self.mark();
        let verdict = self.keyed(client, name, input);
        match &verdict {
            Ok(_) => self.settle(),
            Err(_) => self.go_back(mark),
        }
        verdict
    }

    /// What a key did before, or what the mutation does now.
    pub fn keyed(&mut self, client: usize, operation: &str, input: &Value) -> Verdict {
        let key = text(input, "idempotencyKey").unwrap_or_default();
        required("idempotencyKey", key, 200)?;
        let key = (client, key.to_owned());
        let reused = match self.keys.get(&key) {
            None => false,
            Some((before, request, made)) if before == operation && request == input => {
                return Ok((made.clone(), true));
            }
            Some(_) => true,
        };
        let call = Call { input, reused };
        let made = match operation {
            "createCustomer" => self.create_customer(&call),
            "updateCustomer" => self.update_customer(&call),
            "createProduct" => self.create_product(&call),
            "updateProduct" => self.update_product(&call),
            "openAccount" => self.open_account(&call),
            "updateAccount" => self.update_account(&call),
            "requestAccountClosure" => self.request_closure(&call),
            "closeAccount" => self.close_account(&call),
            "closePeriod" => self.close_period(&call),
            "placeHold" => self.place_hold(&call),
            "captureHold" => self.capture_hold(&call),
            "releaseHold" => self.release_hold(&call),
            "reverseEntry" => self.reverse_entry(&call),
            // An item of a batch is a transfer.
            "transfer" | "transferBatch" => self.transfer(&call),
            "postPayment" => self.post_payment(&call),
            "disburse" => self.disburse(&call),
            "postAdjustment" => self.post_adjustment(&call),
            "postCharge" => self.post_charge(&call),
            other => panic!("the model has no {other}"),
        }?;
        self.remember(key, operation, input, &made);
        Ok((made, false))
    }

    fn create_customer(&mut self, call: &Call) -> Result<Made, Refusal> {
        call.fresh()?;
        let input = call.input;
        let customer = Customer {
            id: String::new(),
            number: owned(input, "number").unwrap_or_default(),
            is_company: text(input, "type") == Some("COMPANY"),
            external: owned(input, "externalReference"),
            names: ["firstName", "lastName", "companyName"].map(|name| owned(input, name)),
            metadata: metadata(input),
        };
        check_customer(&customer, text(input, "number"))?;
        self.unique_customer(usize::MAX, &customer)?;
        self.customers.push(customer);
        let place = self.customers.len() - 1;
        self.log_customer("customer.created", place);
        Ok(Made::Customer(place))
    }

    fn update_customer(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        if malformed(&input["customer"], "cus_") {
            return Err(no("NOT_FOUND", "customer"));
        }
        call.fresh()?;
        let place = self.customer_by(&input["customer"]).ok_or_else(|| no("NOT_FOUND", "customer"))?;
        let mut customer = self.customers[place].clone();
        customer.number = owned(input, "number").unwrap_or(customer.number);
        for (slot, name) in customer.names.iter_mut().zip(["firstName", "lastName", "companyName"]) {
            change(slot, input, name);
        }
        change(&mut customer.external, input, "externalReference");
        if input["metadata"].is_object() {
            customer.metadata = input["metadata"].clone();
        }
        check_customer(&customer, Some(&customer.number))?;
        self.unique_customer(place, &customer)?;
        self.customers[place] = customer;
        self.log_customer("customer.updated", place);
        Ok(Made::Customer(place))
    }

    fn unique_customer(&self, place: usize, customer: &Customer) -> Result<(), Refusal> {
        let others = || self.customers.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, other)| other);
        if !customer.number.is_empty() && others().any(|other| other.number == customer.number) {
            return Err(no("DUPLICATE_REFERENCE", "number"));
        }
        if customer.external.is_some() && others().any(|other| other.external == customer.external) {
            return Err(no("DUPLICATE_REFERENCE", "externalReference"));
        }
        Ok(())
    }

    fn log_customer(&mut self, type_: &'static str, place: usize) {
        // Its number may be the server's to make: it is put in when the event is compared.
        self.log(type_, None, Says::Fields(json!({})));
        self.events.last_mut().expect("an event").customer = Some(place);
    }

    fn create_product(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        let order = match input["repaymentOrder"].as_array() {
            None => [2, 1, 0],
            Some(words) => repayment_order(words).ok_or_else(|| no("INVALID_INPUT", "repaymentOrder"))?,
        };
        call.fresh()?;
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
        self.log("product.created", None, Says::Product(place, code));
        Ok(Made::Product(place))
    }

    fn update_product(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        if malformed(&input["product"], "prd_") {
            return Err(no("NOT_FOUND", "product"));
        }
        call.fresh()?;
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
        if input["metadata"].is_object() {
            product.metadata = input["metadata"].clone();
        }
        check_product(&product)?;
        let code = product.code.clone();
        self.products[place] = product;
        self.log("product.updated", None, Says::Product(place, code));
        Ok(Made::Product(place))
    }

    fn open_account(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        for (field, prefix) in [("product", "prd_"), ("owner", "cus_")] {
            if malformed(&input[field], prefix) {
                return Err(no("NOT_FOUND", field));
            }
        }
        call.fresh()?;
        let place = self.product_by(&input["product"]).ok_or_else(|| no("NOT_FOUND", "product"))?;
        let owner = self.customer_by(&input["owner"]).ok_or_else(|| no("NOT_FOUND", "owner"))?;
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
            last: None,
        };
        self.unique_account(usize::MAX, &account)?;
        let fields = json!({ "creditLimit": shown(limit, &account.currency), "currency": account.currency });
        self.accounts.push(account);
        let place = self.accounts.len() - 1;
        self.log_account("account.opened", place, fields);
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

    fn update_account(&mut self, call: &Call) -> Result<Made, Refusal> {
        let input = call.input;
        if malformed(&input["account"], "acc_") {
            return Err(no("NOT_FOUND", "account"));
        }
        call.fresh()?;
        let place = self.account_by(&input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        let mut account = self.accounts[place].clone();
        change(&mut account.external, input, "externalReference");
        if input["metadata"].is_object() {
            account.metadata = input["metadata"].clone();
        }
        reference("externalReference", account.external.as_deref())?;
        let limit =
            text(input, "creditLimit").map(|limit| minor("creditLimit", limit, &account.currency)).transpose()?;
        self.unique_account(place, &account)?;
        if let Some(limit) = limit {
            if account.status != "OPEN" {
                return Err(no("ACCOUNT_NOT_OPEN", "account").with(json!({ "status": account.status })));
            }
            if limit < 0 {
                return Err(no("AMOUNT_OUT_OF_RANGE", "creditLimit"));
            }
            if limit > account.limit {
                let facts = json!({ "creditLimit": money(account.limit, &account.currency) });
                return Err(no("CREDIT_LIMIT_INCREASE_NOT_ALLOWED", "creditLimit").with(facts));
            }
            account.limit = limit;
            let fields = json!({ "creditLimit": shown(limit, &account.currency) });
            self.log_account("account.credit_limit_lowered", place, fields);
        }
        let fields = json!({ "number": account.number });
        *self.touch(place) = account;
        self.log_account("account.updated", place, fields);
        Ok(Made::Account(place))
    }

    fn request_closure(&mut self, call: &Call) -> Result<Made, Refusal> {
        let place = self.account_by(&call.input["account"]).ok_or_else(|| no("NOT_FOUND", "account"))?;
        call.fresh()?;
        let status = self.accounts[place].status;
        if status != "OPEN" {
            return Err(no("INVALID_STATE", "account").with(json!({ "status": status })));
        }
        self.touch(place).status = "PENDING_CLOSE";
        self.log_account("account.closure_requested", place, json!({}));
        self.close_the_empty(&[place]);
        Ok(Made::Account(place))
    }

    fn close_period(&mut self, call: &Call) -> Result<Made, Refusal> {
        call.fresh()?;
        let through = date(call.input, "through").expect("a day");
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
        self.log("period.closed", None, Says::Fields(json!({ "through": through.to_string() })));
        Ok(Made::Period(through.to_string()))
    }
}

/// Whether a name cannot name anything: an id that is none, or a text that nothing can be called.
pub fn malformed(by: &Value, prefix: &str) -> bool {
    let hex = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names = by.as_object().into_iter().flat_map(|names| names.values().filter_map(Value::as_str));
    text(by, "id").is_some_and(|id| !id.strip_prefix(prefix).is_some_and(hex))
        || names.into_iter().any(|it| it.contains('\0'))
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
fn change(slot: &mut Option<String>, input: &Value, name: &str) {
    if input.get(name).is_some() {
        *slot = owned(input, name);
    }
}

fn repayment_order(words: &[Value]) -> Option<[usize; 3]> {
    let places: Option<Vec<usize>> =
        words.iter().map(|word| super::books::COMPONENTS.iter().position(|name| word == name)).collect();
    let places: [usize; 3] = places?.try_into().ok()?;
    (0..3).all(|component| places.contains(&component)).then_some(places)
}

fn check_customer(customer: &Customer, number: Option<&str>) -> Result<(), Refusal> {
    let company = customer.is_company;
    let rules = [("firstName", !company, false), ("lastName", !company, !company), ("companyName", company, company)];
    for ((field, allowed, needed), name) in rules.into_iter().zip(&customer.names) {
        match name {
            None if needed => return Err(no("INVALID_INPUT", field)),
            Some(_) if !allowed => return Err(no("INVALID_INPUT", field)),
            Some(name) => required(field, name, 200)?,
            None => {}
        }
    }
    reference("number", number)?;
    reference("externalReference", customer.external.as_deref())
}

fn check_product(product: &Product) -> Result<(), Refusal> {
    reference("code", Some(&product.code))?;
    required("alias", &product.alias, 200)?;
    let prepaid = product.mode.as_deref() == Some("PAY_BEFORE");
    for (wrong, field) in [
        ((product.family == "CARD") != product.mode.is_some(), "workingMode"),
        ((prepaid || product.family == "VIRTUAL") && product.rule != "NONE", "debtRule"),
        (product.maximum_limit.is_some_and(|maximum| maximum < 0), "maximumCreditLimit"),
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
        Some(maximum) if limit > maximum => Err(no("LIMIT_EXCEEDED", field)),
        _ => Ok(()),
    }
}
