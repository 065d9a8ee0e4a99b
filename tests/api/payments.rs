//! Money in and out: rails, repayment order, value dates, and the entries that come of it.

mod arrivals;
mod corrections;
mod counterparty;
mod floors;
mod receipts;
pub mod statements;

use serde_json::{Value, json};

use crate::accounts::components;
use crate::app::{Account, TestApp, euros, fresh_key, numbered};
use crate::products;

/// Everything that an entry says, but its id and sequence.
pub const ENTRY: &str =
    "entry { id kind description valueDate bookedAt externalReference externalDate externalPoster externalCode
    reference channel reason messageToReceiver counterparty { name account accountClass bank }
    metadata postings { amount { amount currency } message ledgerAccount { code } account { id } } } replayed";

/// An IBAN that is one.
pub const IBAN: &str = "SE3550000000054910000003";

/// Money to a bank account. Gives the entry's id.
pub async fn disburse(app: &TestApp, account: &Account, amount: &str) -> String {
    let done = app.done("disburse", payout(account, amount), "entry { id }").await;
    done["entry"]["id"].as_str().expect("an id").to_owned()
}

/// The input of a disbursement.
pub fn payout(account: &Account, amount: &str) -> Value {
    json!({ "account": account.by(), "amount": { "amount": amount, "currency": account.currency }, "iban": IBAN })
}

/// A charge. Gives the entry's id.
pub async fn charge(app: &TestApp, account: &Account, kind: &str, amount: &str) -> String {
    let input = json!({ "account": account.by(), "kind": kind, "amount": euros(amount) });
    let done = app.done("postCharge", input, "entry { id }").await;
    done["entry"]["id"].as_str().expect("an id").to_owned()
}

/// The lines of an entry: `[code, amount]` each.
pub fn lines(entry: &Value) -> Value {
    let postings = entry["postings"].as_array().expect("postings");
    let lines = postings.iter().map(|line| json!([line["ledgerAccount"]["code"], line["amount"]["amount"]]));
    lines.collect()
}

on_both_databases! {
    async fn metadata_is_the_callers_and_never_lost_or_taken_for_ours(app: TestApp) {
        let account = app.account("current").await;
        let paying = |metadata: Value| {
            json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH", "reference": "R", "metadata": metadata })
        };
        // No name is reserved: what Konto notes of an entry has fields of its own.
        for name in ["reference", "channel", "receiver", "messageToReceiver", "reason", "counterparty"] {
            let done = app.done("postPayment", paying(json!({ name: "mine" })), ENTRY).await["entry"].take();
            assert_eq!(done["metadata"], json!({ name: "mine" }));
            let noted = ["reference", "channel", "reason", "messageToReceiver", "counterparty"].map(|name| &done[name]);
            assert_eq!(json!(noted), json!(["R", "CASH", null, null, null]), "{name}");
        }
        let done = app.done("postPayment", paying(Value::Null), "entry { metadata }").await;
        assert_eq!(done["entry"]["metadata"], json!({}));
        let large = "mutation { postPayment(input: { idempotencyKey: \"k\", account: { number: \"x\" }, channel: CASH, \
             amount: { amount: \"1\", currency: \"EUR\" }, metadata: { n: 12345678901234567890123 } }) { __typename } }";
        app.fault(large, json!({}), "BAD_REQUEST").await;
    }

    async fn a_payment_comes_from_the_settlement_account_of_its_rail(app: TestApp) {
        let account = app.account("current").await;
        for (channel, role) in [
            ("BANK_TRANSFER", "SETTLEMENT_BANK"),
            ("DIRECT_DEBIT", "SETTLEMENT_DIRECT_DEBIT"),
            ("CARD", "SETTLEMENT_CARD"),
            ("PSP", "SETTLEMENT_PSP"),
            ("CASH", "SETTLEMENT_CASH"),
            ("INTERNAL", "SETTLEMENT_INTERNAL"),
        ] {
            let input = json!({ "account": account.by(), "amount": euros("1.50"), "channel": channel });
            let entry = app.done("postPayment", input, ENTRY).await["entry"].take();
            assert_eq!(lines(&entry), json!([[role, "-1.50"], ["CUSTOMER_PRINCIPAL", "1.50"]]), "{channel}");
            assert_eq!((&entry["channel"], &entry["metadata"]), (&json!(channel), &json!({})));
            assert_eq!((&entry["kind"], &entry["description"]), (&json!("PAYMENT"), &json!("Payment")));
        }
        assert_eq!(app.amounts(&account).await, ["9.00", "0.00", "9.00"]);
    }

    async fn a_payment_says_all_that_it_was_given(app: TestApp) {
        let account = app.account("current").await;
        let input = json!({
            "account": { "number": account.number }, "amount": euros("12.5"), "channel": "PSP", "valueDate": "2026-04-14",
            "reference": "RF18 5390 0754 7034", "description": "April",
            "externalReference": { "reference": "psp-1", "date": "2026-04-13", "poster": "importer", "code": "0042" },
            "metadata": { "order": 77, "nested": { "a": [true, null] } },
        });
        let entry = app.done("postPayment", input, ENTRY).await["entry"].take();
        let id = entry["id"].as_str().expect("an id").to_owned();
        assert!(id.starts_with("ent_"));
        assert_eq!(
            entry,
            json!({
                "id": id, "kind": "PAYMENT", "description": "April", "valueDate": "2026-04-14",
                "bookedAt": "2026-04-15T09:30:00.000000Z", "externalReference": "psp-1", "externalDate": "2026-04-13",
                "externalPoster": "importer", "externalCode": "0042",
                "reference": "RF18 5390 0754 7034", "channel": "PSP", "reason": null, "messageToReceiver": null,
                "counterparty": null, "metadata": { "order": 77, "nested": { "a": [true, null] } },
                "postings": [
                    { "amount": euros("-12.50"), "message": null, "ledgerAccount": { "code": "SETTLEMENT_PSP" }, "account": null },
                    { "amount": euros("12.50"), "message": null, "ledgerAccount": { "code": "CUSTOMER_PRINCIPAL" }, "account": { "id": account.id } },
                ],
            })
        );
        let metadata = json!({ "account": account.by(), "amount": euros("1"), "channel": "PSP", "metadata": [1] });
        app.mutate("postPayment", metadata, "replayed").await.fault("BAD_REQUEST");
    }

    async fn a_payment_repays_fees_then_interest_then_principal_and_the_rest_is_funds(app: TestApp) {
        let account = app.account("credit-card").await;
        disburse(&app, &account, "100.00").await;
        charge(&app, &account, "INTEREST", "10.00").await;
        charge(&app, &account, "LATE_FEE", "5.00").await;
        assert_eq!(app.amounts(&account).await, ["-115.00", "0.00", "2900.00"]);
        let pay = async |amount: &str| {
            let input = json!({ "account": account.by(), "amount": euros(amount), "channel": "BANK_TRANSFER" });
            lines(&app.done("postPayment", input, ENTRY).await["entry"])
        };
        assert_eq!(pay("4.00").await, json!([["SETTLEMENT_BANK", "-4.00"], ["CUSTOMER_FEE", "4.00"]]));
        assert_eq!(components(&app, &account).await, ["-100.00", "-10.00", "-1.00"]);
        assert_eq!(
            pay("3.00").await,
            json!([["SETTLEMENT_BANK", "-3.00"], ["CUSTOMER_INTEREST", "2.00"], ["CUSTOMER_FEE", "1.00"]])
        );
        assert_eq!(components(&app, &account).await, ["-100.00", "-8.00", "0.00"]);
        assert_eq!(
            pay("10.00").await,
            json!([["SETTLEMENT_BANK", "-10.00"], ["CUSTOMER_PRINCIPAL", "2.00"], ["CUSTOMER_INTEREST", "8.00"]])
        );
        assert_eq!(components(&app, &account).await, ["-98.00", "0.00", "0.00"]);
        assert_eq!(pay("150.00").await, json!([["SETTLEMENT_BANK", "-150.00"], ["CUSTOMER_PRINCIPAL", "150.00"]]));
        assert_eq!(components(&app, &account).await, ["52.00", "0.00", "0.00"]);
        assert_eq!(app.amounts(&account).await, ["52.00", "0.00", "3052.00"]);
    }

    async fn a_product_may_repay_in_any_order(app: TestApp) {
        for order in [
            ["FEE", "INTEREST", "PRINCIPAL"],
            ["FEE", "PRINCIPAL", "INTEREST"],
            ["INTEREST", "FEE", "PRINCIPAL"],
            ["INTEREST", "PRINCIPAL", "FEE"],
            ["PRINCIPAL", "FEE", "INTEREST"],
            ["PRINCIPAL", "INTEREST", "FEE"],
        ] {
            let product = products::create(&app, json!({ "repaymentOrder": order, "defaultCreditLimit": "100" })).await;
            let account = app.account(&product).await;
            disburse(&app, &account, "30.00").await;
            charge(&app, &account, "INTEREST", "20.00").await;
            charge(&app, &account, "REMINDER_FEE", "10.00").await;
            for paid in [15, 40, 60] {
                app.pay_in(
                    &account,
                    if paid == 15 {
                        "15.00"
                    } else if paid == 40 {
                        "25.00"
                    } else {
                        "20.00"
                    },
                )
                .await;
                assert_eq!(components(&app, &account).await, repaid(order, paid), "{order:?} {paid}");
            }
        }
    }

    async fn a_payment_may_count_from_an_earlier_day(app: TestApp) {
        let account = app.account("current").await;
        app.pay_in(&account, "100.00").await;
        let known_at_first = app.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        app.advance(std::time::Duration::from_secs(3_600));
        let back =
            json!({ "account": account.by(), "amount": euros("50.00"), "channel": "CASH", "valueDate": "2026-04-01" });
        app.done("postPayment", back, ENTRY).await;
        let ahead =
            json!({ "account": account.by(), "amount": euros("7.00"), "channel": "CASH", "valueDate": "2026-05-01" });
        app.done("postPayment", ahead, ENTRY).await;
        let query = "query($by: AccountBy!, $date: Date!, $known: DateTime) { account(by: $by) { balanceAsOf(date: $date, known: $known) { amount currency } } }";
        for (date, known, expected) in [
            ("2026-03-31", None, "0.00"),
            ("2026-04-01", None, "50.00"),
            ("2026-04-14", None, "50.00"),
            ("2026-04-15", None, "150.00"),
            ("2026-04-30", None, "150.00"),
            ("2026-05-01", None, "157.00"),
            ("2026-04-14", Some(&known_at_first), "0.00"),
            ("2026-04-15", Some(&known_at_first), "100.00"),
            ("2027-01-01", Some(&known_at_first), "100.00"),
        ] {
            let data = app.ok(query, json!({ "by": account.by(), "date": date, "known": known })).await;
            assert_eq!(data["account"]["balanceAsOf"], euros(expected), "{date} {known:?}");
        }
        // What counts later is in the balance, and not available yet.
        assert_eq!(app.amounts(&account).await, ["157.00", "0.00", "150.00"]);
    }

    async fn a_value_date_lies_in_the_open_books_and_not_absurdly_far(app: TestApp) {
        let account = app.account("current").await;
        let on =
            |date: &str| json!({ "account": account.by(), "amount": euros("1"), "channel": "CASH", "valueDate": date });
        for date in ["2016-04-06", "2027-04-17", "1900-01-01"] {
            let refusal = app.refused("postPayment", on(date), "VALUE_DATE_OUT_OF_RANGE", "valueDate").await;
            assert_eq!(refusal["facts"], json!({ "earliest": "2016-04-07", "latest": "2027-04-16" }), "{date}");
        }
        for date in ["2016-04-07", "2027-04-16"] {
            app.done("postPayment", on(date), ENTRY).await;
        }
        let close = |day: &str| json!({ "through": day });
        let refusal = app.refused("closePeriod", close("2026-04-15"), "VALUE_DATE_OUT_OF_RANGE", "through").await;
        let message = refusal["message"].as_str().expect("a message");
        assert!(message.starts_with("a period is closed once it is over: its last day must lie between"), "{message}");
        assert_eq!(refusal["facts"]["latest"], "2026-04-14");
        assert_eq!(app.done("closePeriod", close("2026-03-31"), "closedThrough").await["closedThrough"], "2026-03-31");
        let refusal = app.refused("postPayment", on("2026-03-31"), "VALUE_DATE_OUT_OF_RANGE", "valueDate").await;
        assert_eq!(refusal["facts"], json!({ "closedThrough": "2026-03-31" }));
        app.done("postPayment", on("2026-04-01"), ENTRY).await;
        // Forward only.
        for day in ["2026-03-31", "2026-02-28"] {
            app.refused("closePeriod", close(day), "VALUE_DATE_OUT_OF_RANGE", "through").await;
        }
    }

    async fn an_amount_is_positive_exact_and_in_the_accounts_currency(app: TestApp) {
        let account = app.funded("100.00").await;
        let before = app.picture().await;
        for (amount, code, field) in [
            (json!({ "amount": "0", "currency": "EUR" }), "AMOUNT_OUT_OF_RANGE", "amount"),
            (json!({ "amount": "-1.00", "currency": "EUR" }), "AMOUNT_OUT_OF_RANGE", "amount"),
            (json!({ "amount": "1000000000000000000", "currency": "EUR" }), "AMOUNT_OUT_OF_RANGE", "amount"),
            (json!({ "amount": "0.001", "currency": "EUR" }), "INVALID_INPUT", "amount"),
            (json!({ "amount": "1.00", "currency": "SEK" }), "CURRENCY_MISMATCH", "amount.currency"),
            (json!({ "amount": "0.5", "currency": "JPY" }), "INVALID_INPUT", "amount"),
        ] {
            let payment = json!({ "account": account.by(), "amount": amount, "channel": "CASH" });
            app.refused("postPayment", payment, code, field).await;
            let payout = json!({ "account": account.by(), "amount": amount, "iban": IBAN });
            app.refused("disburse", payout, code, field).await;
            let hold = json!({ "account": account.by(), "amount": amount });
            app.refused("placeHold", hold, code, field).await;
            let charge = json!({ "account": account.by(), "amount": amount, "kind": "INTEREST" });
            app.refused("postCharge", charge, code, field).await;
        }
        for amount in [json!(1), json!("1,00"), json!("1e2"), json!(""), json!("+1"), json!(null)] {
            let payment = json!({ "account": account.by(), "amount": { "amount": amount, "currency": "EUR" }, "channel": "CASH" });
            app.mutate("postPayment", payment, "replayed").await.fault("BAD_REQUEST");
        }
        assert_eq!(app.picture().await, before);
        // Zeros behind the last minor unit change nothing.
        let exact = json!({ "account": account.by(), "amount": euros("1.500000"), "channel": "CASH" });
        app.done("postPayment", exact, "replayed").await;
        assert_eq!(app.balance(&account).await, "101.50");
    }

    async fn bank_accounts_are_taken_as_they_are_pasted_and_kept_in_one_form(app: TestApp) {
        let account = app.funded("1000.00").await;
        let input = |bank_account: &Value| {
            let mut input = json!({ "account": account.by(), "amount": euros("1.00") });
            for (name, value) in bank_account.as_object().expect("an object") {
                input[name] = value.clone();
            }
            input
        };
        let pasted = ["se3550000000054910000003", "SE35 5000 0000 0549 1000 0003 ", "SE35-5000-0000-0549-1000-0003\n",
            "SE35\u{a0}5000\u{a0}0000\u{a0}0549\u{a0}1000\u{a0}0003", "\u{feff}SE35.5000.0000.0549.1000.0003\r\n"];
        for iban in pasted {
            let done = app.done("disburse", input(&json!({ "iban": iban })), "entry { counterparty { account accountClass } }").await;
            let kept = json!({ "account": IBAN, "accountClass": null });
            assert_eq!(done["entry"]["counterparty"], kept, "{iban:?}");
        }
        for (class, number, kept) in [
            ("BANKGIRO", "5050\u{2013}1055\n", "50501055"),
            ("PLUSGIRO", "28\u{a0}65\u{a0}43-4", "2865434"),
            ("BANK_ACCOUNT_SE", "8327-9, 123 456 789-0", "832791234567890"),
            ("FOREIGN", "gb29 nwbk 6016 1331 9268 19", "GB29NWBK60161331926819"),
        ] {
            let given = json!({ "bankAccountNumber": number, "bankAccountClass": class });
            let done = app.done("disburse", input(&given), "entry { counterparty { account accountClass } }").await;
            let receiver = json!({ "account": kept, "accountClass": class });
            assert_eq!(done["entry"]["counterparty"], receiver, "{number:?}");
        }
    }

    async fn a_disbursement_goes_to_a_bank_account_of_the_right_form(app: TestApp) {
        let account = app.funded("1000.00").await;
        let mut paid = 0;
        for (input, field) in [
            (json!({ "iban": "SE35 5000 0000 0549 1000 0003" }), ""),
            (json!({ "iban": "SE3550000000054910000004" }), "iban"),
            (json!({ "iban": "XX00" }), "iban"),
            (json!({ "iban": "" }), "iban"),
            (json!({}), "iban"),
            (json!({ "bankAccountNumber": "5050-1055" }), "bankAccountClass"),
            (json!({ "iban": IBAN, "bankAccountNumber": "5050-1055" }), "bankAccountNumber"),
            (json!({ "iban": IBAN, "bankAccountClass": "BANKGIRO" }), "bankAccountClass"),
            (json!({ "bankAccountNumber": "28 65 43-4", "bankAccountClass": "PLUSGIRO" }), ""),
            (json!({ "bankAccountNumber": "28 65 43-5", "bankAccountClass": "PLUSGIRO" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "5050-1055", "bankAccountClass": "BANKGIRO" }), ""),
            (json!({ "bankAccountNumber": "5050-1056", "bankAccountClass": "BANKGIRO" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "505010", "bankAccountClass": "BANKGIRO" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "3300 000620 5124", "bankAccountClass": "BANK_ACCOUNT_SE" }), ""),
            (json!({ "bankAccountNumber": "123456", "bankAccountClass": "BANK_ACCOUNT_SE" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "letters", "bankAccountClass": "BANK_ACCOUNT_SE" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "8601.11.17947", "bankAccountClass": "BANK_ACCOUNT_NO" }), ""),
            (
                json!({ "bankAccountNumber": "8601.11.17948", "bankAccountClass": "BANK_ACCOUNT_NO" }),
                "bankAccountNumber",
            ),
            (json!({ "bankAccountNumber": "86011117947", "bankAccountClass": "BANKGIRO_NO" }), ""),
            (json!({ "bankAccountNumber": "8601111794", "bankAccountClass": "BANKGIRO_NO" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "87654321", "bankAccountClass": "BANKGIRO_DK" }), ""),
            (json!({ "bankAccountNumber": "8765432", "bankAccountClass": "BANKGIRO_DK" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "123456-785", "bankAccountClass": "BANK_ACCOUNT_FI" }), ""),
            (json!({ "bankAccountNumber": "1234567", "bankAccountClass": "BANK_ACCOUNT_FI" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "73.61.60.221", "bankAccountClass": "BANK_ACCOUNT_NL" }), ""),
            (json!({ "bankAccountNumber": "736160222", "bankAccountClass": "BANK_ACCOUNT_NL" }), "bankAccountNumber"),
            (json!({ "bankAccountNumber": "GB29NWBK60161331926819", "bankAccountClass": "FOREIGN" }), ""),
            (json!({ "bankAccountNumber": "12/34", "bankAccountClass": "FOREIGN" }), "bankAccountNumber"),
        ] {
            let mut whole = json!({ "account": account.by(), "amount": euros("1.00") });
            for (name, value) in input.as_object().expect("an object") {
                whole[name] = value.clone();
            }
            if field.is_empty() {
                app.done("disburse", whole, "replayed").await;
                paid += 1;
            } else {
                app.refused("disburse", whole, "INVALID_INPUT", field).await;
            }
        }
        assert_eq!(app.balance(&account).await, format!("{}.00", 1_000 - paid));
        assert_eq!(paid, 10);
    }

    async fn a_disbursement_keeps_its_receiver_and_its_messages(app: TestApp) {
        let account = app.funded("50.00").await;
        let mut input = payout(&account, "20.00");
        input["messageToReceiver"] = json!("Thanks");
        input["ownMessage"] = json!("Rent");
        input["reference"] = json!("R-1");
        input["metadata"] = json!({ "batch": 4 });
        let entry = app.done("disburse", input, ENTRY).await["entry"].take();
        assert_eq!(lines(&entry), json!([["CUSTOMER_PRINCIPAL", "-20.00"], ["SETTLEMENT_BANK", "20.00"]]));
        assert_eq!(entry["postings"][0]["message"], "Rent");
        assert_eq!((&entry["kind"], &entry["description"]), (&json!("DISBURSEMENT"), &json!("Disbursement")));
        let receiver = json!({ "name": null, "account": IBAN, "accountClass": null, "bank": null });
        let noted = ["counterparty", "messageToReceiver", "reference", "channel", "metadata"].map(|name| &entry[name]);
        assert_eq!(json!(noted), json!([receiver, "Thanks", "R-1", null, { "batch": 4 }]));
        let domestic = json!({
            "account": account.by(), "amount": euros("1"), "bankAccountNumber": "5050-1055", "bankAccountClass": "BANKGIRO",
            "receiverName": "Landlord AB",
        });
        let entry = app.done("disburse", domestic, ENTRY).await["entry"].take();
        let receiver =
            json!({ "name": "Landlord AB", "account": "50501055", "accountClass": "BANKGIRO", "bank": null });
        assert_eq!((&entry["counterparty"], &entry["metadata"]), (&receiver, &json!({})));
    }

    async fn an_external_reference_is_taken_once(app: TestApp) {
        let account = app.funded("100.00").await;
        let named = |reference: Value| json!({ "account": account.by(), "amount": euros("1.00"), "channel": "CASH", "externalReference": reference });
        app.done("postPayment", named(json!({ "reference": "a" })), "replayed").await;
        let before = app.picture().await;
        app.refused("postPayment", named(json!({ "reference": "a" })), "DUPLICATE_REFERENCE", "externalReference")
            .await;
        app.refused(
            "postPayment",
            named(json!({ "reference": "a", "code": "1" })),
            "DUPLICATE_REFERENCE",
            "externalReference",
        )
        .await;
        let mut other = payout(&account, "1.00");
        other["externalReference"] = json!({ "reference": "a" });
        app.refused("disburse", other, "DUPLICATE_REFERENCE", "externalReference").await;
        for (reference, field) in [
            (json!({ "reference": "" }), "externalReference.reference"),
            (json!({ "reference": "b", "poster": " " }), "externalReference.poster"),
            (json!({ "reference": "b", "code": "x".repeat(65) }), "externalReference.code"),
        ] {
            app.refused("postPayment", named(reference), "INVALID_INPUT", field).await;
        }
        assert_eq!(app.picture().await, before);
        // Reference, date and poster make it one; all else may repeat.
        for reference in [
            json!({ "reference": "a", "date": "2026-04-15" }),
            json!({ "reference": "a", "poster": "x" }),
            json!({ "reference": "a", "date": "2026-04-15", "poster": "x" }),
        ] {
            app.done("postPayment", named(reference), "replayed").await;
        }
        // A refused entry leaves its name free.
        let mut refused = payout(&account, "1000.00");
        refused["externalReference"] = json!({ "reference": "free" });
        app.refused("disburse", refused, "INSUFFICIENT_FUNDS", "amount").await;
        app.done("postPayment", named(json!({ "reference": "free" })), "replayed").await;
        let query = "query($filter: EntryFilter) { entries(filter: $filter) { nodes { externalReference externalDate externalPoster } } }";
        let found = app.ok(query, json!({ "filter": { "externalReference": "a" } })).await;
        assert_eq!(found["entries"]["nodes"].as_array().expect("nodes").len(), 4);
    }

    async fn a_repeated_payment_is_booked_once(app: TestApp) {
        let account = app.account("current").await;
        let input = json!({ "idempotencyKey": fresh_key(), "account": account.by(), "amount": euros("5.00"), "channel": "CASH", "reference": numbered("r") });
        let first = app.done("postPayment", input.clone(), ENTRY).await;
        let before = app.picture().await;
        // Fields in another order are the same request.
        let reordered = serde_json::from_str(&input.to_string()).expect("JSON");
        let again = app.done("postPayment", reordered, ENTRY).await;
        assert_eq!(
            (&first["replayed"], &again["replayed"], &first["entry"]),
            (&json!(false), &json!(true), &again["entry"])
        );
        let mut other = input.clone();
        other["amount"] = euros("5.01");
        app.refused("postPayment", other, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        assert_eq!(app.picture().await, before);
        // A refusal is not remembered: the same request is decided anew.
        let mut refused = payout(&account, "8.00");
        refused["idempotencyKey"] = json!(fresh_key());
        app.refused("disburse", refused.clone(), "INSUFFICIENT_FUNDS", "amount").await;
        app.pay_in(&account, "3.00").await;
        assert_eq!(app.done("disburse", refused.clone(), "replayed").await["replayed"], false);
        assert_eq!(app.done("disburse", refused, "replayed").await["replayed"], true);
        assert_eq!(app.balance(&account).await, "0.00");
    }
}

/// What is left of debts of 30 (principal), 20 (interest) and 10 (fee) after a payment.
fn repaid(order: [&str; 3], mut paid: i64) -> Vec<String> {
    let mut owed = [("PRINCIPAL", 30), ("INTEREST", 20), ("FEE", 10)];
    for name in order {
        let debt = owed.iter_mut().find(|(component, _)| *component == name).expect("a component");
        let part = debt.1.min(paid);
        debt.1 -= part;
        paid -= part;
    }
    owed.iter().map(|(_, debt)| if *debt == 0 { "0.00".to_owned() } else { format!("-{debt}.00") }).collect()
}
