//! Direct debits: made by a mandate, sent by the business day, answered by the rail, and taken back.

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros};
use crate::mandates::{core, create};

const IBAN: &str = "SE3550000000054910000003";
const SHOWN: &str = "directDebit { endToEndId state sequence collectionDate sendOn sentOn settledOn availableOn endedOn reason attempt source
    payment { id } fee { id } takenBack { id } retriedBy { endToEndId state attempt source collectionDate } }";

/// The morning of a day, with all days before it done.
async fn morning(app: &TestApp, day: &str) {
    app.clock().set(format!("{day}T08:00:00Z").parse().expect("a moment"));
    app.done("runBusinessDay", json!({}), "replayed").await;
}

/// The same long after, whether or not the days are done.
fn long_after(app: &TestApp, day: &str) {
    app.clock().set(format!("{day}T08:00:00Z").parse().expect("a moment"));
}

/// An account that owes an amount, with a mandate M-1. Gives the mandate's id.
async fn owing(app: &TestApp, amount: &str) -> (Account, String) {
    let account = app.account("revolving").await;
    app.done("disburse", json!({ "account": account.by(), "amount": euros(amount), "iban": IBAN }), "replayed").await;
    let mandate = create(app, core(&account, "M-1")).await;
    (account, mandate)
}

fn collecting(account: &Account, amount: &str) -> Value {
    json!({ "account": account.by(), "amount": euros(amount) })
}

async fn collect(app: &TestApp, input: Value) -> String {
    let done = app.done("createDirectDebit", input, SHOWN).await;
    assert_eq!(done["directDebit"]["state"], "CREATED");
    done["directDebit"]["endToEndId"].as_str().expect("an id").to_owned()
}

async fn look(app: &TestApp, end_to_end: &str) -> Value {
    let query =
        format!("query($id: String!) {{ {} }}", SHOWN.replacen("directDebit", "directDebit(endToEndId: $id)", 1));
    app.ok(&query, json!({ "id": end_to_end })).await["directDebit"].take()
}

async fn state(app: &TestApp, end_to_end: &str) -> String {
    look(app, end_to_end).await["state"].as_str().expect("a state").to_owned()
}

fn told(end_to_end: &str, outcome: &str, reason: Option<&str>) -> Value {
    json!({ "endToEndId": end_to_end, "outcome": outcome, "reason": reason })
}

async fn report(app: &TestApp, end_to_end: &str, outcome: &str, reason: Option<&str>) -> Value {
    app.done("reportDirectDebit", told(end_to_end, outcome, reason), SHOWN).await["directDebit"].take()
}

async fn terms(app: &TestApp, available_after: i32, retries: i32) {
    let input = json!({ "leadDays": 1, "availableAfterDays": available_after, "retries": retries, "retryAfterDays": 3,
        "returnFees": [euros("5.00")] });
    let done = app
        .done(
            "setDirectDebitTerms",
            input,
            "terms { leadDays availableAfterDays retries retryAfterDays returnFees { amount currency } }",
        )
        .await;
    assert_eq!(done["terms"]["returnFees"], json!([euros("5.00")]));
}

async fn mandate_status(app: &TestApp, id: &str) -> Value {
    app.ok(
        "query($id: ID!) { node(id: $id) { ... on Mandate { status uses nextSequence lapsesOn } } }",
        json!({ "id": id }),
    )
    .await["node"]
        .take()
}

on_both_databases! {
    async fn a_debit_is_sent_paid_pending_available_and_taken_back_also_into_debt(app: TestApp) {
        terms(&app, 2, 0).await;
        let (account, mandate) = owing(&app, "100.00").await;
        let savings = app.account_of(&account.owner, "current").await;
        let mut input = collecting(&account, "150.00");
        input["overpaymentAccount"] = savings.by();
        input["remittanceInfo"] = json!("Card, statement of 20260415");
        let done = app.done("createDirectDebit", input, SHOWN).await["directDebit"].take();
        let id = done["endToEndId"].as_str().expect("an id").to_owned();
        assert_eq!(id.len(), 33);
        assert_eq!(done, json!({
            "endToEndId": id, "state": "CREATED", "sequence": "FRST", "collectionDate": "2026-04-17", "sendOn": "2026-04-16",
            "sentOn": null, "settledOn": null, "availableOn": null, "endedOn": null, "reason": null, "attempt": 1,
            "source": "ON_DEMAND", "payment": null, "fee": null, "takenBack": null, "retriedBy": null,
        }));
        morning(&app, "2026-04-16").await;
        let sent = look(&app, &id).await;
        assert_eq!((&sent["state"], &sent["sentOn"]), (&json!("SENT"), &json!("2026-04-16")));
        assert_eq!(mandate_status(&app, &mandate).await, json!({ "status": "ACTIVE", "uses": 1, "nextSequence": "RCUR", "lapsesOn": "2029-04-17" }));
        app.refused("cancelDirectDebit", json!({ "endToEndId": id }), "INVALID_STATE", "endToEndId").await;
        report(&app, &id, "ACCEPTED", None).await;
        morning(&app, "2026-04-17").await;
        let paid = report(&app, &id, "PAID", None).await;
        assert_eq!((&paid["settledOn"], &paid["availableOn"], &paid["payment"]), (&json!("2026-04-17"), &json!("2026-04-19"), &Value::Null));
        // Pending: neither the debt falls nor spending room rises.
        assert_eq!(app.amounts(&account).await, ["-100.00", "0.00", "1900.00"]);
        morning(&app, "2026-04-18").await;
        assert_eq!(app.balance(&account).await, "-100.00");
        morning(&app, "2026-04-19").await;
        let available = look(&app, &id).await;
        assert!(available["payment"]["id"].is_string());
        assert_eq!((app.balance(&account).await, app.balance(&savings).await), ("0.00".into(), "50.00".into()));
        // What went to the overpayment account is spent; the debit comes back all the same.
        app.done("disburse", json!({ "account": savings.by(), "amount": euros("50.00"), "iban": IBAN }), "replayed").await;
        morning(&app, "2026-04-20").await;
        let mut back = told(&id, "RETURNED", Some("AM04"));
        back["date"] = json!("2026-04-20");
        let back = app.done("reportDirectDebit", back, SHOWN).await["directDebit"].take();
        assert_eq!((&back["state"], &back["reason"], &back["endedOn"]), (&json!("RETURNED"), &json!("AM04"), &json!("2026-04-20")));
        assert!(back["fee"]["id"].is_string() && back["takenBack"]["id"].is_string());
        assert_eq!((app.balance(&account).await, app.balance(&savings).await), ("-105.00".into(), "-50.00".into()));
        let entry = "query($id: ID!) { entry(id: $id) { kind valueDate reverses { id } } }";
        let entry = app.ok(entry, json!({ "id": back["takenBack"]["id"] })).await["entry"].take();
        assert_eq!(entry, json!({ "kind": "REVERSAL", "valueDate": "2026-04-20", "reverses": available["payment"] }));
        // The rail's account is even again, and so is what was pending.
        let lines = app.ok("{ trialBalance { balanced } ledgerAccounts: trialBalance { lines { code debit { amount } credit { amount } } } }", json!({})).await;
        assert_eq!(lines["trialBalance"]["balanced"], true);
        app.refused("reportDirectDebit", told(&id, "RETURNED", Some("AM04")), "INVALID_STATE", "endToEndId").await;
        let actions = app.ok("query($id: String!) { directDebit(endToEndId: $id) { actions { action allowed reason } mandateReference history { nodes { operation } } } }", json!({ "id": id })).await;
        assert_eq!(actions["directDebit"]["actions"][0], json!({ "action": "CANCEL", "allowed": false, "reason": "the direct debit is RETURNED" }));
        assert_eq!(actions["directDebit"]["mandateReference"], "M-1");
        let listed = crate::accounts::show(&app, &account, "directDebits(filter: { states: [RETURNED] }) { nodes { endToEndId } }").await;
        assert_eq!(listed["directDebits"]["nodes"], json!([{ "endToEndId": id }]));
    }

    async fn what_comes_back_before_it_is_available_never_was_the_accounts(app: TestApp) {
        terms(&app, 5, 0).await;
        let (account, _) = owing(&app, "100.00").await;
        let id = collect(&app, collecting(&account, "60.00")).await;
        morning(&app, "2026-04-17").await;
        report(&app, &id, "PAID", None).await;
        let back = report(&app, &id, "RETURNED", Some("MS02")).await;
        assert_eq!((&back["payment"], &back["takenBack"]), (&Value::Null, &Value::Null));
        assert_eq!(app.balance(&account).await, "-105.00");
        morning(&app, "2026-04-30").await;
        assert_eq!(app.balance(&account).await, "-105.00");
    }

    async fn a_rejected_debit_is_tried_again_as_the_first_and_its_reason_decides(app: TestApp) {
        terms(&app, 0, 1).await;
        let (account, mandate) = owing(&app, "100.00").await;
        let first = collect(&app, collecting(&account, "60.00")).await;
        morning(&app, "2026-04-16").await;
        app.refused("reportDirectDebit", told(&first, "REJECTED", None), "INVALID_INPUT", "reason").await;
        app.refused("reportDirectDebit", told(&first, "REJECTED", Some("MD06")), "INVALID_INPUT", "reason").await;
        app.refused("reportDirectDebit", told(&first, "PAID", Some("AM04")), "INVALID_INPUT", "reason").await;
        let rejected = report(&app, &first, "REJECTED", Some("AM04")).await;
        assert_eq!(rejected["state"], "REJECTED");
        assert_eq!(app.balance(&account).await, "-105.00");
        let again = rejected["retriedBy"].clone();
        assert_eq!((&again["state"], &again["attempt"], &again["source"], &again["collectionDate"]),
            (&json!("CREATED"), &json!(2), &json!("RETRY"), &json!("2026-04-19")));
        let second = again["endToEndId"].as_str().expect("an id").to_owned();
        assert_eq!(look(&app, &second).await["sequence"], "FRST");
        morning(&app, "2026-04-19").await;
        // Twice is enough: the tenant tries once more and no further.
        assert_eq!(report(&app, &second, "REJECTED", Some("AM04")).await["retriedBy"], Value::Null);
        assert_eq!(mandate_status(&app, &mandate).await["nextSequence"], "FRST");
        // No mandate, says the bank: there is none any more.
        let third = collect(&app, collecting(&account, "10.00")).await;
        morning(&app, "2026-04-21").await;
        let back = report(&app, &third, "REJECTED", Some("MD01")).await;
        assert_eq!((&back["fee"], &back["retriedBy"]), (&Value::Null, &Value::Null));
        assert_eq!(mandate_status(&app, &mandate).await["status"], "REVOKED");
        app.refused("createDirectDebit", collecting(&account, "10.00"), "NO_MANDATE_IN_FORCE", "account").await;
    }

    async fn a_payer_has_eight_weeks_and_thirteen_months_where_nothing_was_allowed(app: TestApp) {
        let (account, mandate) = owing(&app, "300.00").await;
        let mut ids = Vec::new();
        for amount in ["10.00", "20.00", "30.00"] {
            ids.push(collect(&app, collecting(&account, amount)).await);
        }
        let sent = app.refused("reportDirectDebit", told(&ids[0], "RETURNED", Some("AM04")), "INVALID_STATE", "endToEndId").await;
        assert_eq!(sent["facts"]["status"], "CREATED");
        morning(&app, "2026-04-17").await;
        for id in &ids {
            report(&app, id, "PAID", None).await;
        }
        assert_eq!(app.balance(&account).await, "-240.00");
        app.refused("reportDirectDebit", told(&ids[0], "REFUNDED", Some("AM04")), "INVALID_INPUT", "reason").await;
        long_after(&app, "2026-06-12");
        report(&app, &ids[0], "REFUNDED", Some("MD06")).await;
        assert_eq!(app.balance(&account).await, "-250.00");
        long_after(&app, "2026-06-13");
        let late = app.refused("reportDirectDebit", told(&ids[1], "REFUNDED", Some("MD06")), "REFUND_TOO_LATE", "date").await;
        assert_eq!(late["facts"]["latest"], "2026-06-12");
        let mut before = told(&ids[1], "REFUNDED", Some("MD06"));
        before["date"] = json!("2026-04-16");
        app.refused("reportDirectDebit", before.clone(), "INVALID_INPUT", "date").await;
        // The creditor gives back by itself whenever it wants.
        report(&app, &ids[1], "REVERSED", Some("AM05")).await;
        assert_eq!((state(&app, &ids[1]).await.as_str(), mandate_status(&app, &mandate).await["status"].clone()), ("REFUNDED", json!("ACTIVE")));
        long_after(&app, "2027-05-17");
        report(&app, &ids[2], "REFUNDED", Some("MD01")).await;
        assert_eq!(app.balance(&account).await, "-300.00");
        assert_eq!(mandate_status(&app, &mandate).await["status"], "REVOKED");
    }

    async fn b2b_gives_no_refund_and_a_debit_needs_a_mandate_in_force_of_its_account(app: TestApp) {
        let account = app.account("revolving").await;
        app.refused("createDirectDebit", collecting(&account, "1.00"), "NO_MANDATE_IN_FORCE", "account").await;
        let mut input = core(&account, "B-1");
        input["scheme"] = json!("SEPA_B2B");
        let mandate = create(&app, input).await;
        let by = json!({ "mandate": { "id": mandate } });
        let mut input = collecting(&account, "10.00");
        input["mandate"] = by["mandate"].clone();
        let refusal = app.refused("createDirectDebit", input.clone(), "MANDATE_NOT_ACTIVE", "mandate").await;
        assert_eq!(refusal["facts"]["status"], "PENDING");
        app.done("activateMandate", by.clone(), "replayed").await;
        let other = app.account("revolving").await;
        for (field, value, code, path) in [
            ("account", other.by(), "INVALID_INPUT", "mandate"),
            ("account", json!({ "number": "none" }), "NOT_FOUND", "account"),
            ("mandate", json!({ "ofAccount": { "account": account.by(), "reference": "none" } }), "NOT_FOUND", "mandate"),
            ("overpaymentAccount", account.by(), "SAME_ACCOUNT", "overpaymentAccount"),
            ("amount", euros("0.00"), "AMOUNT_OUT_OF_RANGE", "amount"),
            ("amount", json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "amount.currency"),
            ("collectionDate", json!("2026-04-16"), "INVALID_INPUT", "collectionDate"),
            ("collectionDate", json!("2027-04-17"), "INVALID_INPUT", "collectionDate"),
            ("remittanceInfo", json!("x".repeat(141)), "INVALID_INPUT", "remittanceInfo"),
        ] {
            let mut input = input.clone();
            input[field] = value;
            app.refused("createDirectDebit", input, code, path).await;
        }
        let id = collect(&app, input).await;
        // The same key is the same debit: one end-to-end id, once.
        let mut twice = collecting(&account, "10.00");
        twice["idempotencyKey"] = json!("once");
        let one = app.done("createDirectDebit", twice.clone(), "replayed directDebit { endToEndId }").await;
        let two = app.done("createDirectDebit", twice, "replayed directDebit { endToEndId }").await;
        assert_eq!((&one["directDebit"], &two["replayed"]), (&two["directDebit"], &json!(true)));
        morning(&app, "2026-04-17").await;
        report(&app, &id, "PAID", None).await;
        app.refused("reportDirectDebit", told(&id, "REFUNDED", Some("MD06")), "NO_REFUND_RIGHT", "reason").await;
        report(&app, &id, "REFUNDED", Some("MD01")).await;
        app.refused("reportDirectDebit", told("nobody's", "PAID", None), "NOT_FOUND", "endToEndId").await;
        for (field, value) in [("leadDays", json!(31)), ("availableAfterDays", json!(31)), ("retries", json!(6)), ("retryAfterDays", json!(31))] {
            let mut input = json!({ "leadDays": 1, "availableAfterDays": 0 });
            input[field] = value;
            app.refused("setDirectDebitTerms", input, "INVALID_INPUT", field).await;
        }
        let twice = json!({ "leadDays": 1, "availableAfterDays": 0, "returnFees": [euros("1.00"), euros("2.00")] });
        app.refused("setDirectDebitTerms", twice, "INVALID_INPUT", "returnFees.1.currency").await;
    }

    async fn the_last_collection_ends_its_mandate_once_it_is_paid(app: TestApp) {
        let (account, mandate) = owing(&app, "100.00").await;
        let mut last = collecting(&account, "10.00");
        last["last"] = json!(true);
        let id = collect(&app, last).await;
        assert_eq!(look(&app, &id).await["sequence"], "FNAL");
        app.refused("createDirectDebit", collecting(&account, "1.00"), "NO_MANDATE_IN_FORCE", "account").await;
        // Cancelled, it was not the last one.
        app.done("cancelDirectDebit", json!({ "endToEndId": id, "reason": "a mistake" }), SHOWN).await;
        let once = collect(&app, collecting(&account, "10.00")).await;
        assert_eq!(look(&app, &once).await["sequence"], "FRST");
        let mut last = collecting(&account, "10.00");
        last["last"] = json!(true);
        let id = collect(&app, last).await;
        morning(&app, "2026-04-17").await;
        report(&app, &once, "PAID", None).await;
        report(&app, &id, "PAID", None).await;
        assert_eq!(mandate_status(&app, &mandate).await["status"], "EXPIRED");
        let mut one_off = core(&account, "M-2");
        one_off["oneOff"] = json!(true);
        create(&app, one_off).await;
        let id = collect(&app, collecting(&account, "10.00")).await;
        assert_eq!(look(&app, &id).await["sequence"], "OOFF");
        app.refused("createDirectDebit", collecting(&account, "1.00"), "NO_MANDATE_IN_FORCE", "account").await;
    }

    async fn a_suspended_mandate_has_its_debit_wait_and_a_revoked_one_stops_what_is_not_sent(app: TestApp) {
        let (account, mandate) = owing(&app, "100.00").await;
        let by = json!({ "mandate": { "id": mandate } });
        let waits = collect(&app, collecting(&account, "10.00")).await;
        app.done("suspendMandate", by.clone(), "replayed").await;
        morning(&app, "2026-04-18").await;
        assert_eq!(state(&app, &waits).await, "CREATED");
        app.done("activateMandate", by.clone(), "replayed").await;
        morning(&app, "2026-04-19").await;
        let sent = look(&app, &waits).await;
        assert_eq!((&sent["state"], &sent["collectionDate"]), (&json!("SENT"), &json!("2026-04-20")));
        let stopped = collect(&app, collecting(&account, "20.00")).await;
        app.done("revokeMandate", by, "replayed").await;
        morning(&app, "2026-04-22").await;
        assert_eq!(state(&app, &stopped).await, "CANCELLED");
        // What was on the way when it was revoked is paid, or not, as the bank answers.
        assert_eq!(report(&app, &waits, "PAID", None).await["state"], "PAID");
        assert_eq!(app.balance(&account).await, "-90.00");
    }

    async fn a_debit_that_is_cancelled_as_it_is_sent_is_one_of_the_two(app: TestApp) {
        let (account, _) = owing(&app, "100.00").await;
        for (round, day) in ["2026-04-16", "2026-04-18", "2026-04-20"].into_iter().enumerate() {
            let mut ids = Vec::new();
            for _ in 0..8 {
                ids.push(collect(&app, collecting(&account, "1.00")).await);
            }
            long_after(&app, day);
            let cancels = ids.iter().map(|id| {
                let (app, input) = (app.clone(), json!({ "endToEndId": id }));
                tokio::spawn(async move { app.mutate("cancelDirectDebit", input, "replayed").await.data() })
            });
            let cancels: Vec<_> = cancels.collect();
            morning(&app, day).await;
            let answers = futures_util::future::join_all(cancels).await;
            for (id, answer) in ids.iter().zip(answers) {
                let answer = answer.expect("no panic");
                let is_cancelled = answer["cancelDirectDebit"]["__typename"] == "CancelDirectDebitSuccess";
                let debit = look(&app, id).await;
                let expected = if is_cancelled { ("CANCELLED", true) } else { ("SENT", false) };
                assert_eq!((debit["state"].as_str().expect("a state"), debit["sentOn"].is_null()), expected, "{round} {id}");
            }
        }
    }

    async fn a_customer_sees_its_own_debits_alone(app: TestApp) {
        let (account, _) = owing(&app, "100.00").await;
        let stranger = app.account("current").await;
        let id = collect(&app, collecting(&account, "10.00")).await;
        for (who, sees) in [(&account, true), (&stranger, false)] {
            let bound = app.bound_to(&who.owner);
            assert_eq!(!look(&bound, &id).await.is_null(), sees);
            let listed = bound.ok("{ directDebits { nodes { endToEndId } } }", json!({})).await;
            assert_eq!(listed["directDebits"]["nodes"].as_array().map(Vec::len), Some(usize::from(sees)));
        }
    }

    async fn a_sandbox_plays_the_rail_of_direct_debits(app: TestApp) {
        let bank = app.with_sandbox("debits").await;
        let (account, _) = owing(&bank, "1000.00").await;
        let mut ids = Vec::new();
        for info in ["Paid", "SIM-REJECT", "SIM-RETURN-3", "SIM-REFUND", "SIM-SILENT"] {
            let mut input = collecting(&account, "10.00");
            input["remittanceInfo"] = json!(info);
            ids.push(collect(&bank, input).await);
        }
        let to = async |moment: &str| {
            let done = bank.done("advanceClock", json!({ "to": moment }), "arrived").await;
            assert_eq!(done["arrived"], true);
            let mut states = Vec::new();
            for id in &ids {
                states.push(state(&bank, id).await);
            }
            states
        };
        assert_eq!(to("2026-04-16T12:00:00Z").await, ["SENT", "SENT", "SENT", "SENT", "SENT"]);
        assert_eq!(to("2026-04-17T12:00:00Z").await, ["PAID", "REJECTED", "PAID", "PAID", "SENT"]);
        assert_eq!(bank.balance(&account).await, "-970.00");
        assert_eq!(to("2026-04-19T12:00:00Z").await, ["PAID", "REJECTED", "PAID", "REFUNDED", "SENT"]);
        assert_eq!(to("2026-04-20T12:00:00Z").await, ["PAID", "REJECTED", "RETURNED", "REFUNDED", "SENT"]);
        assert_eq!(bank.balance(&account).await, "-990.00");
    }
}
