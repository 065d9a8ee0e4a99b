//! The places of leases, respites and terminations.

use serde_json::{Value, json};

/// Of mutations.
pub fn writes() -> Vec<(&'static str, usize, Value)> {
    let id = json!({ "id": "ID" });
    let mine = json!({ "number": "A1" });
    let (due, days, status) = (json!({ "dueDate": "2027-01-01", "principal": "1" }), json!(1), json!("TERMINATED"));
    let with = |given: &[(&str, &Value)]| {
        let mut input = json!({});
        for (field, value) in given {
            input[*field] = (*value).clone();
        }
        input
    };
    let (listed, one) = (json!([due]), json!(1));
    let of = |field: &str| json!({ field: id });
    let mut places = Vec::new();
    for (operation, field, value) in [
        ("createLeasePlan", "instalments", &listed),
        ("addLeaseInstalment", "instalment", &due),
        ("alterLeaseInstalment", "number", &one),
        ("grantRespite", "days", &days),
        ("setTermination", "status", &status),
    ] {
        let (account, customer, creditor, product) = match operation {
            "createLeasePlan" => (
                "createLeasePlan.input.account.id",
                "createLeasePlan.input.lookup.customer.id",
                "createLeasePlan.input.lookup.creditor.id",
                "createLeasePlan.input.lookup.product.id",
            ),
            "addLeaseInstalment" => (
                "addLeaseInstalment.input.account.id",
                "addLeaseInstalment.input.lookup.customer.id",
                "addLeaseInstalment.input.lookup.creditor.id",
                "addLeaseInstalment.input.lookup.product.id",
            ),
            "alterLeaseInstalment" => (
                "alterLeaseInstalment.input.account.id",
                "alterLeaseInstalment.input.lookup.customer.id",
                "alterLeaseInstalment.input.lookup.creditor.id",
                "alterLeaseInstalment.input.lookup.product.id",
            ),
            "grantRespite" => (
                "grantRespite.input.account.id",
                "grantRespite.input.lookup.customer.id",
                "grantRespite.input.lookup.creditor.id",
                "grantRespite.input.lookup.product.id",
            ),
            _ => (
                "setTermination.input.account.id",
                "setTermination.input.lookup.customer.id",
                "setTermination.input.lookup.creditor.id",
                "setTermination.input.lookup.product.id",
            ),
        };
        places.push((account, 2, with(&[("account", &id), (field, value)])));
        places.push((customer, 0, with(&[("lookup", &of("customer")), (field, value)])));
        places.push((creditor, 9, with(&[("account", &mine), ("lookup", &of("creditor")), (field, value)])));
        places.push((product, 1, with(&[("account", &mine), ("lookup", &of("product")), (field, value)])));
    }
    places.extend([
        ("addLeaseInstalment.input.plan", 41, json!({ "plan": "ID", "instalment": due })),
        ("alterLeaseInstalment.input.plan", 41, json!({ "plan": "ID", "number": 1 })),
        ("alterLeaseInstalment.input.instalment", 42, json!({ "instalment": "ID" })),
        (
            "setTermination.input.creditAccount.id",
            2,
            json!({ "account": { "number": "L1" }, "status": "PRE_TERMINATED", "creditAccount": id }),
        ),
    ]);
    places
}
