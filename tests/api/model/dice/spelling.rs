//! The same request in another spelling: it is the same to Konto.

use super::*;
use crate::model::request::emptied;
use crate::model::show::optional_fields;

impl Dice {
    pub(super) fn respelled(&mut self, mut step: Step) -> Step {
        match of_batch(step.operation) {
            None => self.respell(step.operation, &mut step.input),
            Some(item) => {
                for input in step.input["items"].as_array_mut().expect("items") {
                    self.respell(item, input);
                }
            }
        }
        step
    }

    fn respell(&mut self, operation: &str, input: &mut Value) {
        self.respell_amounts(input);
        let title = format!("{}{}Input", operation[..1].to_ascii_uppercase(), &operation[1..]);
        let fields = input.as_object_mut().expect("an input");
        for name in optional_fields(&title).into_iter().filter(|name| !emptied(operation).contains(&name.as_str())) {
            if fields.get(&name).is_some_and(Value::is_null) && !self.never_empty(operation, &name) {
                fields.remove(&name);
            } else if self.chance(300) && !self.never_empty(operation, &name) {
                fields.entry(name).or_insert(Value::Null);
            }
        }
        if operation == "postAdjustment" && fields.get("component") == Some(&json!("PRINCIPAL")) {
            fields.remove("component");
        }
        if operation == "closeAccount" && fields.get("transactions").is_none() {
            fields.insert("transactions".into(), json!([]));
        }
        if let Some(end) = text_of(fields, "expiresAt") {
            fields.insert("expiresAt".into(), json!(end.replace('Z', "+00:00")));
        }
        if text_of(fields, "iban").as_deref() == Some(IBAN) {
            fields.insert("iban".into(), json!("SE35 5000 0000 0549 1000 0003"));
        }
        if text_of(fields, "bankAccountNumber").as_deref() == Some("5050-1055") {
            fields.insert("bankAccountNumber".into(), json!("50501055"));
        }
    }

    /// Whether null would be refused, where absent is not.
    fn never_empty(&self, operation: &str, name: &str) -> bool {
        operation.starts_with("update")
            && matches!(name, "number" | "name" | "alias" | "defaultCreditLimit" | "retired" | "charityDonation")
    }

    fn respell_amounts(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut().filter(|(name, _)| *name != "metadata") {
                    let is_amount = name == "amount" || name.ends_with("Limit") || name == "maximumBalance";
                    match value.as_str() {
                        Some(it) if is_amount && it.contains('.') => *value = json!(format!("{it}00")),
                        Some(it) if is_amount => *value = json!(format!("{it}.0")),
                        _ => self.respell_amounts(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.respell_amounts(item)),
            _ => {}
        }
    }
}

fn text_of(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}
