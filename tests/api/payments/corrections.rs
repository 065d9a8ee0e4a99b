//! What the tenant posts by hand: adjustments and charges.

use serde_json::json;

use super::{ENTRY, charge, disburse, lines};
use crate::accounts::components;
use crate::app::{euros, fresh_key};

on_both_databases! {
    async fn a_disbursement_comes_back_and_a_deduction_is_kept(app: TestApp) {
        let account = app.funded("100.00").await;
        let payout = json!({ "account": account.by(), "amount": euros("60.00"), "iban": crate::payments::IBAN,
            "externalReference": { "reference": "out-1", "date": "2026-04-15", "poster": "BANK" } });
        let paid = app.done("disburse", payout, "entry { id }").await["entry"]["id"].take();
        app.done("placeBlock", json!({ "on": { "account": account.by() }, "kind": "ALL", "reasonCode": "X" }), "replayed").await;
        let shown = "entry { kind description reason valueDate reverses { id } postings { ledgerAccount { code } amount { amount } } } returned { id reversedBy { kind } }";
        let back = json!({ "original": { "reference": "out-1", "date": "2026-04-15", "poster": "BANK" }, "reason": "AC04", "idempotencyKey": "back" });
        let done = app.done("returnDisbursement", back.clone(), shown).await;
        assert_eq!(done["entry"], json!({
            "kind": "DISBURSEMENT_RETURNED", "description": "Returned: Disbursement", "reason": "AC04", "valueDate": "2026-04-15",
            "reverses": { "id": paid }, "postings": [
                { "ledgerAccount": { "code": "SETTLEMENT_BANK" }, "amount": { "amount": "-60.00" } },
                { "ledgerAccount": { "code": "CUSTOMER_PRINCIPAL" }, "amount": { "amount": "60.00" } },
            ],
        }));
        assert_eq!(done["returned"], json!({ "id": paid, "reversedBy": { "kind": "DISBURSEMENT_RETURNED" } }));
        assert_eq!(app.done("returnDisbursement", back, "replayed").await["replayed"], true);
        assert_eq!(app.balance(&account).await, "100.00");
        app.refused("returnDisbursement", json!({ "disbursement": paid, "reason": "X" }), "ALREADY_REVERSED", "disbursement").await;
        app.refused("returnDisbursement", json!({ "disbursement": paid, "reason": " " }), "INVALID_INPUT", "reason").await;
        app.refused("returnDisbursement", json!({ "reason": "X" }), "INVALID_INPUT", "disbursement").await;
        app.refused("returnDisbursement", json!({ "disbursement": "ent_1", "reason": "X" }), "NOT_FOUND", "disbursement").await;
        // Blocks do not stop what the house keeps.
        let deduct = |amount: &str| json!({ "account": account.by(), "amount": euros(amount), "reason": "set off" });
        let shown = "entry { id kind reason postings { ledgerAccount { code } amount { amount } } } account { balance { amount } }";
        let done = app.done("postDeduction", deduct("30.00"), shown).await;
        assert_eq!((&done["entry"]["kind"], &done["entry"]["reason"], &done["account"]["balance"]["amount"]), (&json!("DEDUCTION"), &json!("set off"), &json!("70.00")));
        assert_eq!(done["entry"]["postings"][1], json!({ "ledgerAccount": { "code": "SETTLEMENT_INTERNAL" }, "amount": { "amount": "30.00" } }));
        app.refused("postDeduction", deduct("70.01"), "INSUFFICIENT_FUNDS", "amount").await;
        app.refused("postDeduction", deduct("0.00"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        let no_payout = json!({ "disbursement": done["entry"]["id"], "reason": "X" });
        app.refused("returnDisbursement", no_payout, "INVALID_STATE", "disbursement").await;
    }

    async fn a_charge_is_paid_from_the_funds_that_are_free(app: TestApp) {
        let card = app.account("credit-card").await;
        app.pay_in(&card, "10.00").await;
        let fee = json!({ "account": card.by(), "kind": "LATE_FEE", "amount": euros("4.00") });
        let done = app.done("postCharge", fee, ENTRY).await;
        assert_eq!(lines(&done["entry"]), json!([["CUSTOMER_PRINCIPAL", "-4.00"], ["FEE_INCOME", "4.00"]]));
        // What a hold keeps is not free, and what it gives back pays with the next entry.
        let hold = app.hold(&card, "5.00").await;
        charge(&app, &card, "LATE_FEE", "3.00").await;
        assert_eq!(components(&app, &card).await, ["5.00", "0.00", "-2.00"]);
        app.done("releaseHold", json!({ "hold": hold }), "replayed").await;
        assert_eq!(components(&app, &card).await, ["5.00", "0.00", "-2.00"]);
        charge(&app, &card, "INTEREST", "1.00").await;
        assert_eq!(components(&app, &card).await, ["2.00", "0.00", "0.00"]);
        // A fee that a bounced payment had repaid is owed again, and there is money for it.
        disburse(&app, &card, "2.00").await;
        charge(&app, &card, "LATE_FEE", "3.00").await;
        let payment = app.pay_in(&card, "3.00").await;
        app.pay_in(&card, "10.00").await;
        app.done("reverseEntry", json!({ "entry": payment, "reason": "bounced" }), "replayed").await;
        assert_eq!(components(&app, &card).await, ["7.00", "0.00", "0.00"]);
    }

    async fn an_adjustment_corrects_the_named_component_against_suspense(app: TestApp) {
        let account = app.account("receivable").await;
        for (component, amount, lines_of_it, expected) in [
            ("PRINCIPAL", "-10.00", json!([["CUSTOMER_PRINCIPAL", "-10.00"]]), ["-10.00", "0.00", "0.00"]),
            ("INTEREST", "-5.00", json!([["CUSTOMER_INTEREST", "-5.00"]]), ["-10.00", "-5.00", "0.00"]),
            ("FEE", "-2.50", json!([["CUSTOMER_FEE", "-2.50"]]), ["-10.00", "-5.00", "-2.50"]),
            ("INTEREST", "5.00", json!([["CUSTOMER_INTEREST", "5.00"]]), ["-10.00", "0.00", "-2.50"]),
            // More than is owed of a component is no credit of it, which nothing could ever be taken from: it repays
            // what else is owed, and the rest is funds.
            (
                "FEE",
                "3.00",
                json!([["CUSTOMER_PRINCIPAL", "0.50"], ["CUSTOMER_FEE", "2.50"]]),
                ["-9.50", "0.00", "0.00"],
            ),
            ("PRINCIPAL", "30.00", json!([["CUSTOMER_PRINCIPAL", "30.00"]]), ["20.50", "0.00", "0.00"]),
            ("INTEREST", "1.00", json!([["CUSTOMER_PRINCIPAL", "1.00"]]), ["21.50", "0.00", "0.00"]),
        ] {
            let input = json!({ "account": account.by(), "amount": euros(amount), "component": component, "reason": "miscounted", "metadata": { "ticket": 1 } });
            let entry = app.done("postAdjustment", input, ENTRY).await["entry"].take();
            let mirror =
                if let Some(positive) = amount.strip_prefix('-') { positive.to_owned() } else { format!("-{amount}") };
            let mut expected_lines = lines_of_it.as_array().expect("lines").clone();
            let place = if amount.starts_with('-') { expected_lines.len() } else { 0 };
            expected_lines.insert(place, json!(["SUSPENSE", mirror]));
            assert_eq!(lines(&entry), json!(expected_lines), "{component} {amount}");
            assert_eq!((&entry["kind"], &entry["description"]), (&json!("ADJUSTMENT"), &json!("Balance adjustment")));
            assert_eq!((&entry["reason"], &entry["metadata"]), (&json!("miscounted"), &json!({ "ticket": 1 })));
            assert_eq!(components(&app, &account).await, expected);
        }
    }

    async fn an_adjustment_is_on_principal_unless_said_otherwise(app: TestApp) {
        let account = app.account("current").await;
        let input = json!({ "account": account.by(), "amount": euros("1.00"), "reason": "found", "description": "Till", "valueDate": "2026-04-02" });
        let entry = app.done("postAdjustment", input, ENTRY).await["entry"].take();
        assert_eq!(lines(&entry), json!([["SUSPENSE", "-1.00"], ["CUSTOMER_PRINCIPAL", "1.00"]]));
        assert_eq!((&entry["description"], &entry["valueDate"]), (&json!("Till"), &json!("2026-04-02")));
    }

    async fn an_adjustment_needs_an_amount_and_a_reason(app: TestApp) {
        let account = app.funded("5.00").await;
        let before = app.picture().await;
        let input =
            |amount: &str, reason: &str| json!({ "account": account.by(), "amount": euros(amount), "reason": reason });
        app.refused("postAdjustment", input("0.00", "test"), "AMOUNT_OUT_OF_RANGE", "amount").await;
        app.refused("postAdjustment", input("1.00", ""), "INVALID_INPUT", "reason").await;
        app.refused("postAdjustment", input("1.00", "  "), "INVALID_INPUT", "reason").await;
        app.refused("postAdjustment", input("1.00", &"x".repeat(501)), "INVALID_INPUT", "reason").await;
        app.refused("postAdjustment", input("1.001", "test"), "INVALID_INPUT", "amount").await;
        let nobody = json!({ "account": { "number": "nobody" }, "amount": euros("1"), "reason": "test" });
        app.refused("postAdjustment", nobody, "NOT_FOUND", "account").await;
        assert_eq!(app.picture().await, before);
    }

    async fn every_kind_of_charge_is_owed_on_its_component_and_earned_on_its_income(app: TestApp) {
        let card = app.account("credit-card").await;
        for (kind, title, component, income) in [
            ("INTEREST", "Interest", "CUSTOMER_INTEREST", "INTEREST_INCOME"),
            ("ADMINISTRATION_FEE", "Administration fee", "CUSTOMER_FEE", "FEE_INCOME"),
            ("BILLING_FEE", "Billing fee", "CUSTOMER_FEE", "FEE_INCOME"),
            ("COLLECTION_FEE", "Collection fee", "CUSTOMER_FEE", "FEE_INCOME"),
            ("LATE_FEE", "Late fee", "CUSTOMER_FEE", "FEE_INCOME"),
            ("REMINDER_FEE", "Reminder fee", "CUSTOMER_FEE", "FEE_INCOME"),
        ] {
            let input = json!({ "account": card.by(), "kind": kind, "amount": euros("2.00") });
            let entry = app.done("postCharge", input, ENTRY).await["entry"].take();
            assert_eq!(lines(&entry), json!([[component, "-2.00"], [income, "2.00"]]), "{kind}");
            assert_eq!((&entry["kind"], &entry["description"]), (&json!(kind), &json!(title)));
        }
        assert_eq!(components(&app, &card).await, ["0.00", "-2.00", "-10.00"]);
        assert_eq!(app.amounts(&card).await, ["-12.00", "0.00", "3000.00"]);
        // Where nothing may be owed, it is taken from the funds.
        let current = app.funded("5.00").await;
        let input = json!({ "account": current.by(), "kind": "BILLING_FEE", "amount": euros("2.00"), "description": "Paper bill" });
        let entry = app.done("postCharge", input, ENTRY).await["entry"].take();
        assert_eq!(lines(&entry), json!([["CUSTOMER_PRINCIPAL", "-2.00"], ["FEE_INCOME", "2.00"]]));
        assert_eq!(entry["description"], "Paper bill");
        let too_much = json!({ "account": current.by(), "kind": "BILLING_FEE", "amount": euros("3.01") });
        app.refused("postCharge", too_much, "INSUFFICIENT_FUNDS", "amount").await;
    }

    async fn corrections_are_booked_once_per_key(app: TestApp) {
        let card = app.account("credit-card").await;
        for (name, mut input) in [
            ("postAdjustment", json!({ "account": card.by(), "amount": euros("-1.00"), "reason": "test" })),
            ("postCharge", json!({ "account": card.by(), "amount": euros("1.00"), "kind": "INTEREST" })),
        ] {
            input["idempotencyKey"] = json!(fresh_key());
            let first = app.done(name, input.clone(), ENTRY).await;
            let again = app.done(name, input.clone(), ENTRY).await;
            assert_eq!(
                (&first["replayed"], &again["replayed"], &first["entry"]),
                (&json!(false), &json!(true), &again["entry"])
            );
            input["amount"] = euros("2.00");
            app.refused(name, input, "IDEMPOTENCY_KEY_REUSED", "idempotencyKey").await;
        }
        assert_eq!(components(&app, &card).await, ["-1.00", "-1.00", "0.00"]);
    }
}
