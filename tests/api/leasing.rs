//! Leases, respites and terminations: plans of instalments, what is deferred, and credits on their way to their end.

use serde_json::{Value, json};

use crate::accounts::{components, show};
use crate::app::{Account, TestApp, euros};

const PLAN: &str = "plan { id reference principalOwed principal { amount } interest { amount } fee { amount } vat { amount }
    total { amount } instalments(first: 100) { nodes { id number state dueDate billingDate principal { amount } interest { amount }
    fee { amount } vat { amount } open { amount } residual service } } }";
const INSTALMENT: &str =
    "instalment { id number state dueDate billingDate letterAt reminderAt total { amount } open { amount } service
    billedOn entries { kind } plan { id total { amount } } }";
const STANDS: &str =
    "termination { id status nextStatusCheck minAmountBackToNormal { amount } paid { amount } creditAccount { id }
    preTerminatedOn terminatedOn backToNormalOn account { id } }";

fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

async fn advance(app: &TestApp, to: &str) {
    app.done("advanceClock", json!({ "to": format!("{to}T10:00:00Z") }), "replayed").await;
}

/// An instalment of 100.00, with interest, a fee and tax.
fn instalment(due: &str) -> Value {
    json!({ "dueDate": due, "principal": "100.00", "interest": "8.00", "fee": "2.00", "vat": "27.00" })
}

fn listed(account: &Account, days: &[&str]) -> Value {
    json!({ "account": account.by(), "reference": "L-1", "instalments": days.iter().map(|day| instalment(day)).collect::<Vec<_>>() })
}

async fn plan(app: &TestApp, account: &Account, days: &[&str]) -> Value {
    app.done("createLeasePlan", listed(account, days), PLAN).await["plan"].take()
}

/// The instalments of the account's newest plan: state, due date and what is open.
async fn states(app: &TestApp, account: &Account) -> Vec<String> {
    let shown = "... on LeasingAccount { leasePlans(first: 1) { nodes { instalments { nodes { state dueDate open { amount } } } } } }";
    let found = show(app, account, shown).await["leasePlans"]["nodes"][0]["instalments"]["nodes"].take();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let state =
        |one: &Value| format!("{} {} {}", text(&one["state"]), text(&one["dueDate"]), text(&one["open"]["amount"]));
    found.as_array().expect("instalments").iter().map(state).collect()
}

async fn dues(app: &TestApp, account: &Account) -> Vec<String> {
    let found = show(app, account, "dues(first: 50) { nodes { component source dueOn status open { amount } } }").await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let nodes = found["dues"]["nodes"].as_array().expect("dues").clone();
    let open = nodes.iter().filter(|due| due["status"] != "CANCELLED" && due["status"] != "SETTLED");
    let mut shown: Vec<String> = open
        .map(|due| {
            let amount = text(&due["open"]["amount"]);
            format!("{} {} {} {amount}", text(&due["source"]), text(&due["component"]), text(&due["dueOn"]))
        })
        .collect();
    shown.sort();
    shown
}

/// The net of an internal ledger account, in its favour.
async fn held(app: &TestApp, code: &str) -> i64 {
    let found = app.ok("{ trialBalance { lines { code debit { amount } credit { amount } } } }", json!({})).await;
    let lines = found["trialBalance"]["lines"].as_array().expect("lines").clone();
    let cents =
        |value: &Value| value["amount"].as_str().map_or(0, |text| text.replace('.', "").parse::<i64>().expect("cents"));
    lines.iter().filter(|line| line["code"] == code).map(|line| cents(&line["credit"]) - cents(&line["debit"])).sum()
}

on_both_databases! {
    async fn instalments_are_billed_paid_and_overdue(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = app.account("leasing").await;
        let input = json!({ "account": account.by(), "reference": "L-1", "terms": { "amount": "12000.00", "residual": "3000.00",
            "annualRatePct": "0", "count": 9, "firstDueDate": "2026-05-04", "fee": "2.50", "vatPct": "25", "service": "MAINTENANCE" } });
        let made = app.done("createLeasePlan", input, PLAN).await["plan"].take();
        let nodes = made["instalments"]["nodes"].as_array().expect("instalments").clone();
        assert_eq!((nodes.len(), &made["principal"]["amount"], &made["fee"]["amount"], &made["vat"]["amount"], &made["total"]["amount"]),
            (10, &json!("12000.00"), &json!("22.50"), &json!("3000.00"), &json!("15022.50")));
        assert_eq!((&nodes[9]["residual"], &nodes[9]["principal"]["amount"], &nodes[9]["dueDate"]), (&json!(true), &json!("3000.00"), &json!("2027-01-04")));
        assert!(nodes.iter().all(|one| one["state"] == "PLANNED"));
        assert_eq!(components(&app, &account).await, ["0.00", "0.00", "0.00"]);
        // What was paid before pays a part of the first.
        app.pay_in(&account, "52.50").await;
        advance(&app, "2026-05-04").await;
        assert_eq!(states(&app, &account).await[..2], ["PARTLY_PAID 2026-05-04 1200.00", "PLANNED 2026-06-04 0.00"]);
        assert_eq!((held(&app, "LEASED_ASSETS").await, held(&app, "VAT_PAYABLE").await, held(&app, "FEE_INCOME").await), (100_000, 25_000, 250));
        advance(&app, "2026-05-05").await;
        assert_eq!(states(&app, &account).await[0], "OVERDUE 2026-05-04 1200.00");
        app.pay_in(&account, "1200.00").await;
        assert_eq!(states(&app, &account).await[0], "PAID 2026-05-04 0.00");
        assert_eq!(components(&app, &account).await, ["0.00", "0.00", "0.00"]);
        let id = made["id"].clone();
        let query = "query($id: ID!) { leasePlan(id: $id) { reference account { id } history { nodes { operation } } instalments(first: 1) { nodes { billedOn
            entries { kind } } } } node(id: $id) { ... on LeasePlan { total { amount } } } }";
        let found = app.ok(query, json!({ "id": id })).await;
        let first = &found["leasePlan"]["instalments"]["nodes"][0];
        assert_eq!((&first["billedOn"], &first["entries"]), (&json!("2026-05-04"), &json!([{ "kind": "LEASE_INSTALMENT" }, { "kind": "LEASE_INSTALMENT" }])));
        assert_eq!((&found["leasePlan"]["account"]["id"], &found["node"]["total"]["amount"]), (&json!(account.id), &json!("15022.50")));
        let told = show(&app, &account, "history(first: 50) { nodes { events { type } } }").await.to_string();
        assert!(told.contains("LEASE_PLAN_CREATED") && told.contains("LEASE_INSTALMENT_BILLED"), "{told}");
    }

    async fn instalments_are_added_and_altered(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = app.account("leasing").await;
        // The account's owner and family say which account; it has no plan yet.
        let lookup = json!({ "customer": { "id": account.owner }, "family": "LEASING" });
        let input = json!({ "lookup": lookup, "instalment": with(instalment("2026-05-15"), "billingDate", json!("2026-05-01")) });
        let added = app.done("addLeaseInstalment", input, INSTALMENT).await["instalment"].take();
        assert_eq!((&added["number"], &added["state"], &added["billingDate"], &added["total"]["amount"]), (&json!(1), &json!("PLANNED"), &json!("2026-05-01"), &json!("137.00")));
        let input = json!({ "account": account.by(), "plan": added["plan"]["id"], "instalment": instalment("2026-06-15") });
        let second = app.done("addLeaseInstalment", input, INSTALMENT).await["instalment"].take();
        assert_eq!((&second["number"], &second["plan"]["total"]["amount"]), (&json!(2), &json!("274.00")));

        // Found by its due date, planned: nothing is booked.
        let input = json!({ "lookup": lookup, "currentDueDate": "2026-06-15", "principal": "50.00", "interest": "0", "dueDate": "2026-07-15",
            "letterAt": "2026-07-01T08:00:00Z", "reminderAt": "2026-07-20T08:00:00Z", "service": "INSURANCE" });
        let altered = app.done("alterLeaseInstalment", input, INSTALMENT).await["instalment"].take();
        assert_eq!((&altered["id"], &altered["state"], &altered["total"]["amount"], &altered["plan"]["total"]["amount"], &altered["dueDate"], &altered["service"]),
            (&second["id"], &json!("PLANNED"), &json!("79.00"), &json!("216.00"), &json!("2026-07-15"), &json!("INSURANCE")));
        assert_eq!((&altered["letterAt"], &altered["billingDate"]), (&json!("2026-07-01T08:00:00.000000Z"), &json!("2026-07-15")));

        // Billed: it is billed anew, and asked for by the new day.
        advance(&app, "2026-05-02").await;
        assert_eq!(components(&app, &account).await, ["-100.00", "-8.00", "-29.00"]);
        let id = added["id"].clone();
        let moved = app.done("alterLeaseInstalment", json!({ "instalment": id, "dueDate": "2026-05-20" }), INSTALMENT).await["instalment"].take();
        assert_eq!((&moved["state"], &moved["dueDate"], &moved["open"]["amount"]), (&json!("BILLED"), &json!("2026-05-20"), &json!("137.00")));
        let anew = json!({ "instalment": id, "number": 1, "principal": "110.00", "vat": "29.50" });
        let anew = app.done("alterLeaseInstalment", anew, INSTALMENT).await["instalment"].take();
        assert_eq!((&anew["state"], &anew["open"]["amount"], &anew["plan"]["total"]["amount"]), (&json!("BILLED"), &json!("149.50"), &json!("228.50")));
        assert_eq!(components(&app, &account).await, ["-110.00", "-8.00", "-31.50"]);
        assert_eq!(dues(&app, &account).await, ["LEASE FEE 2026-05-20 31.50", "LEASE INTEREST 2026-05-20 8.00", "LEASE PRINCIPAL 2026-05-20 110.00"]);

        // Paid in part: it is altered no more. What is left over pays the next one now, if that is asked for.
        app.pay_in(&account, "20.00").await;
        let refusal = app.refused("alterLeaseInstalment", json!({ "instalment": id, "fee": "1.00" }), "INSTALMENT_PAID", "instalment").await;
        assert_eq!(refusal["facts"]["status"], "PARTLY_PAID");
        app.pay_in(&account, "150.00").await;
        app.refused("alterLeaseInstalment", json!({ "instalment": id, "fee": "1.00" }), "INSTALMENT_PAID", "instalment").await;
        let input = json!({ "account": account.by(), "number": 2, "fee": "3.00" });
        let waits = app.done("alterLeaseInstalment", input.clone(), INSTALMENT).await["instalment"].take();
        assert_eq!(waits["state"], "PLANNED");
        let settled = app.done("alterLeaseInstalment", with(input, "triggerSettlement", json!(true)), INSTALMENT).await["instalment"].take();
        assert_eq!((&settled["state"], &settled["total"]["amount"], &settled["open"]["amount"]), (&json!("PARTLY_PAID"), &json!("80.00"), &json!("59.50")));
    }

    async fn what_is_owed_before_is_no_more_than_is_owed(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = app.account("leasing").await;
        let before = |amount: &str| json!({ "account": account.by(), "principalOwed": "OWED_BEFORE",
            "instalments": [{ "dueDate": "2026-06-04", "principal": amount }, { "dueDate": "2026-07-06", "principal": "100.00" }] });
        app.refused("createLeasePlan", before("100.00"), "AMOUNT_OUT_OF_RANGE", "instalments.0.principal").await;
        // Owed by an instalment that was paid out with its billing, and is asked for: the rest is free to be planned.
        plan(&app, &account, &["2026-05-04"]).await;
        advance(&app, "2026-05-05").await;
        app.refused("createLeasePlan", before("100.00"), "AMOUNT_OUT_OF_RANGE", "instalments.0.principal").await;
        assert!(show(&app, &account, "... on LeasingAccount { leasePlans(first: 5) { nodes { id } } }").await["leasePlans"]["nodes"].as_array().is_some_and(|plans| plans.len() == 1));
    }

    async fn what_a_lease_is_not_given_is_refused_by_name(app: TestApp) {
        let (account, credit) = (app.account("leasing").await, app.account("revolving").await);
        let made = plan(&app, &account, &["2026-05-15", "2026-05-15"]).await;
        let other = app.account("leasing").await;
        let theirs = plan(&app, &other, &["2026-05-15"]).await;
        let id = made["instalments"]["nodes"][0]["id"].clone();
        let before = app.picture().await;
        let listed = listed(&account, &["2026-05-15"]);
        let terms = |more: (&str, Value)| {
            let terms = json!({ "amount": "1000.00", "annualRatePct": "5", "count": 12, "firstDueDate": "2026-05-15" });
            json!({ "account": account.by(), "terms": with(terms, more.0, more.1) })
        };
        for (input, code, path) in [
            (with(listed.clone(), "account", credit.by()), "NOT_A_LEASE", "account"),
            (with(listed.clone(), "account", json!({ "number": "no" })), "NOT_FOUND", "account"),
            (with(listed.clone(), "instalments", json!([])), "INVALID_INPUT", "instalments"),
            (with(listed.clone(), "instalments", json!([instalment("2026-04-14")])), "INVALID_INPUT", "instalments.0.dueDate"),
            (with(listed.clone(), "instalments", json!([{ "dueDate": "2026-05-15" }])), "AMOUNT_OUT_OF_RANGE", "instalments.0.principal"),
            (with(listed.clone(), "instalments", json!([with(instalment("2026-05-15"), "vat", json!("-1"))])), "AMOUNT_OUT_OF_RANGE", "instalments.0.vat"),
            (with(listed.clone(), "instalments", json!([with(instalment("2026-05-15"), "fee", json!("0.001"))])), "INVALID_INPUT", "instalments.0.fee"),
            (with(listed.clone(), "reference", json!(" x")), "INVALID_INPUT", "reference"),
            (with(listed.clone(), "terms", terms(("count", json!(12)))["terms"].clone()), "INVALID_INPUT", "terms"),
            (terms(("residual", json!("1000.00"))), "AMOUNT_OUT_OF_RANGE", "terms.residual"),
            (terms(("count", json!(0))), "INVALID_INPUT", "terms.count"),
            (terms(("vatPct", json!("101"))), "INVALID_INPUT", "terms.vatPct"),
            (terms(("firstDueDate", json!("2026-04-14"))), "INVALID_INPUT", "terms.firstDueDate"),
        ] {
            app.refused("createLeasePlan", input, code, path).await;
        }
        let add = json!({ "plan": theirs["id"], "instalment": instalment("2026-05-15") });
        app.refused("addLeaseInstalment", with(add, "account", account.by()), "LOOKUP_MISMATCH", "plan").await;
        for (input, code, path) in [
            (json!({ "account": account.by() }), "INVALID_INPUT", "instalment"),
            (json!({ "account": account.by(), "currentDueDate": "2026-05-15" }), "AMBIGUOUS_LOOKUP", "instalment"),
            (json!({ "account": account.by(), "number": 9 }), "NOT_FOUND", "instalment"),
            (json!({ "instalment": id, "account": other.by() }), "LOOKUP_MISMATCH", "instalment"),
            (json!({ "instalment": id, "number": 2 }), "LOOKUP_MISMATCH", "number"),
            (json!({ "instalment": id, "dueDate": "2026-04-01" }), "INVALID_INPUT", "dueDate"),
            (json!({ "instalment": id, "billingDate": "2026-05-16" }), "INVALID_INPUT", "billingDate"),
            (json!({ "instalment": id, "principal": null }), "INVALID_INPUT", "principal"),
            (json!({ "instalment": id, "principal": "-1" }), "AMOUNT_OUT_OF_RANGE", "principal"),
        ] {
            app.refused("alterLeaseInstalment", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_respite_moves_what_is_to_come_and_no_more(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let account = app.account("leasing").await;
        let mut input = listed(&account, &["2026-05-04", "2026-06-04", "2026-07-04"]);
        input["instalments"][1]["billingDate"] = json!("2026-05-04");
        app.done("createLeasePlan", input, "replayed").await;
        advance(&app, "2026-05-06").await;
        let shown = "respite { id days duesMoved instalmentsMoved grantedOn client account { id } }";
        let done = app.done("grantRespite", json!({ "account": account.by(), "days": 30 }), shown).await["respite"].take();
        assert_eq!((&done["days"], &done["duesMoved"], &done["instalmentsMoved"], &done["grantedOn"]), (&json!(30), &json!(3), &json!(1), &json!("2026-05-06")));
        assert_eq!(states(&app, &account).await, ["OVERDUE 2026-05-04 137.00", "BILLED 2026-07-04 137.00", "PLANNED 2026-08-03 0.00"]);
        let found = show(&app, &account, "respites { nodes { id days } } history(first: 3) { nodes { operation events { type } } }").await;
        assert_eq!(found["respites"]["nodes"], json!([{ "id": done["id"], "days": 30 }]));
        assert!(found["history"].to_string().contains("CREDIT_RESPITE_GRANTED"));

        // Of a revolving credit, found by its owner: the bill and its dues, on a day of business.
        let plan = json!({ "product": { "code": "revolving" }, "closureDay": 30, "paymentDays": 13, "minimumSharePct": "10" });
        app.done("setBillingPlan", plan, "replayed").await;
        let credit = app.account("revolving").await;
        let spent = json!({ "account": credit.by(), "amount": euros("600.00"), "iban": "SE3550000000054910000003" });
        app.done("disburse", spent, "replayed").await;
        advance(&app, "2026-06-01").await;
        assert_eq!(dues(&app, &credit).await, ["BILL PRINCIPAL 2026-06-12 60.00"]);
        let input = json!({ "lookup": { "customer": { "id": credit.owner }, "family": "REVOLVING_CREDIT" }, "days": 10 });
        app.done("grantRespite", input, "replayed").await;
        assert_eq!(dues(&app, &credit).await, ["BILL PRINCIPAL 2026-06-22 60.00"]);
        assert_eq!(show(&app, &credit, "openBill { dueOn }").await["openBill"]["dueOn"], "2026-06-22");

        let current = app.account("current").await;
        let before = app.picture().await;
        for (input, code, path) in [
            (json!({ "account": account.by(), "days": 0 }), "INVALID_INPUT", "days"),
            (json!({ "account": account.by(), "days": 367 }), "INVALID_INPUT", "days"),
            (json!({ "account": account.by(), "days": -1 }), "INVALID_INPUT", "days"),
            (json!({ "account": current.by(), "days": 1 }), "NOT_A_CREDIT", "account"),
            (json!({ "account": { "number": "no" }, "days": 1 }), "NOT_FOUND", "account"),
            (json!({ "account": account.by(), "lookup": { "family": "REVOLVING_CREDIT" }, "days": 1 }), "LOOKUP_MISMATCH", "lookup.family"),
        ] {
            app.refused("grantRespite", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
    }

    async fn a_pre_termination_leads_back_or_to_the_end(app: TestApp) {
        let app = app.with_sandbox("box").await;
        let (account, other) = (app.account("leasing").await, app.account("current").await);
        plan(&app, &account, &["2026-04-15", "2026-06-15", "2026-07-15"]).await;
        assert_eq!(states(&app, &account).await[0], "BILLED 2026-04-15 137.00");
        let before = json!({ "account": account.by(), "status": "PRE_TERMINATED", "nextStatusCheck": "2026-04-20",
            "minAmountBackToNormal": euros("100.00"), "creditAccount": other.by() });
        let set = app.done("setTermination", before.clone(), STANDS).await["termination"].take();
        assert_eq!((&set["status"], &set["nextStatusCheck"], &set["preTerminatedOn"], &set["creditAccount"]["id"]),
            (&json!("PRE_TERMINATED"), &json!("2026-04-20"), &json!("2026-04-15"), &json!(other.id)));
        app.refused("setTermination", before.clone(), "ALREADY_PRE_TERMINATED", "account").await;
        // Less than enough, and a part of it comes back; then enough.
        let payment = app.pay_in(&account, "60.00").await;
        app.done("reverseEntry", json!({ "entry": payment, "reason": "X" }), "replayed").await;
        app.pay_in(&account, "60.00").await;
        let stands = show(&app, &account, STANDS).await["termination"].take();
        assert_eq!((&stands["status"], &stands["paid"]["amount"]), (&json!("PRE_TERMINATED"), &json!("60.00")));
        app.pay_in(&account, "40.00").await;
        let stands = show(&app, &account, STANDS).await["termination"].take();
        assert_eq!((&stands["status"], &stands["backToNormalOn"], &stands["nextStatusCheck"]), (&json!("NORMAL"), &json!("2026-04-15"), &Value::Null));
        app.refused("setTermination", json!({ "account": account.by(), "status": "NORMAL" }), "INVALID_STATE", "account").await;

        // Again, and nothing comes by the end of the day of the check.
        app.done("setTermination", before, "replayed").await;
        advance(&app, "2026-04-21").await;
        let stands = show(&app, &account, STANDS).await["termination"].take();
        assert_eq!((&stands["status"], &stands["terminatedOn"]), (&json!("TERMINATED"), &json!("2026-04-20")));
        assert_eq!(states(&app, &account).await, ["OVERDUE 2026-04-15 37.00", "CANCELLED 2026-06-15 0.00", "CANCELLED 2026-07-15 0.00"]);
        assert_eq!(dues(&app, &account).await, ["LEASE PRINCIPAL 2026-04-15 37.00", "TERMINATION PRINCIPAL 2026-04-20 200.00"]);
        assert_eq!((components(&app, &account).await[0].as_str(), held(&app, "LEASED_ASSETS").await), ("-237.00", 30_000));
        let shown = show(&app, &account, "blocks { nodes { kind reasonCode } } ... on LeasingAccount { leasePlans { nodes { total { amount } } } }").await;
        assert_eq!(shown["blocks"]["nodes"], json!([{ "kind": "DEBITS", "reasonCode": "CREDIT_TERMINATED" }]));
        assert_eq!(shown["leasePlans"]["nodes"], json!([{ "total": { "amount": "137.00" } }]));
        for (operation, input) in [
            ("setTermination", json!({ "account": account.by(), "status": "NORMAL" })),
            ("grantRespite", json!({ "account": account.by(), "days": 1 })),
            ("createLeasePlan", listed(&account, &["2026-06-15"])),
            ("alterLeaseInstalment", json!({ "account": account.by(), "number": 1, "fee": "1.00" })),
        ] {
            app.refused(operation, input, "CREDIT_TERMINATED", "account").await;
        }
        let found = app.ok("query($id: ID!) { node(id: $id) { ... on Termination { status account { id } } } }", json!({ "id": stands["id"] })).await;
        assert_eq!(found["node"], json!({ "status": "TERMINATED", "account": { "id": account.id } }));
        // What is paid is paid, and the account can be closed.
        app.pay_in(&account, "237.00").await;
        app.done("closeAccount", json!({ "account": account.by() }), "replayed").await;
        app.refused("setTermination", json!({ "account": account.by(), "status": "TERMINATED" }), "ACCOUNT_NOT_OPEN", "account").await;
    }

    async fn a_terminated_revolving_credit_is_due_as_a_whole(app: TestApp) {
        let credit = app.account("revolving").await;
        let spent = json!({ "account": credit.by(), "amount": euros("600.00"), "iban": "SE3550000000054910000003" });
        app.done("disburse", spent.clone(), "replayed").await;
        let due = json!({ "account": credit.by(), "component": "PRINCIPAL", "amount": euros("60.00"), "dueOn": "2026-05-15" });
        app.done("addDue", due, "replayed").await;
        let current = app.account("current").await;
        let of = |more: Value| {
            let mut input = json!({ "lookup": { "customer": { "id": credit.owner }, "family": "REVOLVING_CREDIT" }, "status": "TERMINATED" });
            for (field, value) in more.as_object().expect("fields") {
                input[field] = value.clone();
            }
            input
        };
        let before = app.picture().await;
        for (input, code, path) in [
            (of(json!({ "account": current.by(), "lookup": null })), "NOT_A_CREDIT", "account"),
            (of(json!({ "nextStatusCheck": "2026-05-01" })), "INVALID_INPUT", "nextStatusCheck"),
            (of(json!({ "minAmountBackToNormal": euros("1.00") })), "INVALID_INPUT", "minAmountBackToNormal"),
            (of(json!({ "status": "PRE_TERMINATED", "nextStatusCheck": "2026-04-14" })), "INVALID_INPUT", "nextStatusCheck"),
            (of(json!({ "status": "PRE_TERMINATED", "minAmountBackToNormal": euros("0") })), "AMOUNT_OUT_OF_RANGE", "minAmountBackToNormal"),
            (of(json!({ "status": "PRE_TERMINATED", "minAmountBackToNormal": { "amount": "1.00", "currency": "SEK" } })), "CURRENCY_MISMATCH", "minAmountBackToNormal.currency"),
            (of(json!({ "creditAccount": { "number": "no" } })), "NOT_FOUND", "creditAccount"),
            (of(json!({ "creditAccount": credit.by() })), "INVALID_INPUT", "creditAccount"),
            (of(json!({ "lookup": { "customer": { "id": credit.owner }, "family": "LEASING" } })), "NOT_FOUND", "lookup"),
        ] {
            app.refused("setTermination", input, code, path).await;
        }
        assert_eq!(app.picture().await, before);
        let done = app.done("setTermination", with(of(json!({})), "idempotencyKey", json!("one")), STANDS).await;
        assert_eq!((&done["termination"]["status"], &done["termination"]["terminatedOn"]), (&json!("TERMINATED"), &json!("2026-04-15")));
        let again = app.done("setTermination", with(of(json!({})), "idempotencyKey", json!("one")), "replayed").await;
        assert_eq!(again["replayed"], true);
        assert_eq!(dues(&app, &credit).await, ["MANUAL PRINCIPAL 2026-04-15 60.00", "TERMINATION PRINCIPAL 2026-04-15 540.00"]);
        app.refused("disburse", spent, "ACCOUNT_BLOCKED", "account").await;
        app.pay_in(&credit, "600.00").await;
        assert_eq!(dues(&app, &credit).await, Vec::<String>::new());
    }
}
