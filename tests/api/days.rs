//! The business day: settings, dates that roll, days that are run, and the clock of a sandbox.

use std::time::Duration;

use serde_json::{Value, json};

use crate::accounts::show;
use crate::app::{TestApp, euros, eventually};

const DAY: Duration = Duration::from_secs(86_400);

async fn tenant(app: &TestApp, selection: &str) -> Value {
    app.ok(&format!("{{ viewer {{ tenant {{ {selection} }} }} }}"), json!({})).await["viewer"]["tenant"].take()
}

fn to(app: &TestApp, moment: &str) {
    app.clock().set(moment.parse().expect("a moment"));
}

async fn date_at(app: &TestApp, moment: &str) -> String {
    to(app, moment);
    tenant(app, "businessDate").await["businessDate"].as_str().expect("a date").to_owned()
}

async fn update(app: &TestApp, input: Value) -> Value {
    let selection = "tenant { name baseCurrency timeZone dayEnd cutOff businessDate businessDateEndsAt \
                     calendar { holidays weekend closingDays } channels { channel cutOff roll } }";
    app.done("updateTenant", input, selection).await["tenant"].take()
}

/// The business days that have ended, the last first: their dates and states.
async fn days(app: &TestApp) -> Vec<(String, String)> {
    let data = app.ok("{ businessDays(first: 100) { nodes { date state } } }", json!({})).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let nodes = data["businessDays"]["nodes"].as_array().expect("days").clone();
    nodes.iter().map(|day| (text(&day["date"]), text(&day["state"]))).collect()
}

async fn all_done(app: &TestApp, count: usize) {
    eventually("the days are done", async || {
        let days = days(app).await;
        days.len() == count && days.iter().all(|(_, state)| state == "DONE")
    })
    .await;
}

on_both_databases! {
    async fn a_tenant_says_where_its_days_begin_and_end(app: TestApp) {
        let told = tenant(&app, "timeZone dayEnd cutOff calendar { holidays weekend } channels { channel } \
                                 businessDateEndsAt now sandbox baseCurrency").await;
        assert_eq!(told, json!({
            "timeZone": "UTC", "dayEnd": "MIDNIGHT", "cutOff": null,
            "calendar": { "holidays": "EVERY_DAY", "weekend": [] }, "channels": [],
            "businessDateEndsAt": "2026-04-16T00:00:00.000000Z", "now": told["now"], "sandbox": false,
            "baseCurrency": "EUR",
        }));
        let input = json!({
            "name": "Sveabank", "baseCurrency": "SEK", "timeZone": "Europe/Stockholm",
            "dayEnd": "CUT_OFF", "cutOff": "17:30",
            "calendar": { "holidays": "SE", "closingDays": ["2026-04-20"] },
            "channels": [{ "channel": "BANK_TRANSFER", "cutOff": "15:00", "roll": "FOLLOWING" }],
        });
        assert_eq!(update(&app, input).await, json!({
            "name": "Sveabank", "baseCurrency": "SEK", "timeZone": "Europe/Stockholm",
            "dayEnd": "CUT_OFF", "cutOff": "17:30:00",
            "businessDate": "2026-04-15", "businessDateEndsAt": "2026-04-15T15:30:00.000000Z",
            "calendar": { "holidays": "SE", "weekend": ["SATURDAY", "SUNDAY"], "closingDays": ["2026-04-20"] },
            "channels": [{ "channel": "BANK_TRANSFER", "cutOff": "15:00:00", "roll": "FOLLOWING" }],
        }));
        // A Wednesday; the cut-off; a Friday evening, over a weekend and a closing day; the first of May.
        for (moment, date) in [
            ("2026-04-15T15:29:59Z", "2026-04-15"),
            ("2026-04-15T15:30:00Z", "2026-04-16"),
            ("2026-04-17T15:30:00Z", "2026-04-21"),
            ("2026-04-30T15:30:00Z", "2026-05-04"),
        ] {
            assert_eq!(date_at(&app, moment).await, date, "{moment}");
        }
        app.restart().await;
        assert_eq!(tenant(&app, "timeZone businessDate").await,
            json!({ "timeZone": "Europe/Stockholm", "businessDate": "2026-05-04" }));
    }

    async fn settings_that_make_no_sense_are_refused_and_change_nothing(app: TestApp) {
        let every = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
        let long: Vec<String> = (1..=31).map(|day| format!("2026-07-{day:02}")).chain(
            (1..=9).map(|day| format!("2026-08-{day:02}"))).collect();
        for (input, path) in [
            (json!({ "timeZone": "Europe/Atlantis" }), "timeZone"),
            (json!({ "name": " " }), "name"),
            (json!({ "calendar": { "holidays": "SE", "weekend": every } }), "calendar.weekend"),
            (json!({ "calendar": { "holidays": "SE", "closingDays": long } }), "calendar.closingDays"),
            (json!({ "calendar": { "holidays": "SE", "closingDays": ["2199-01-01"] } }), "calendar.closingDays"),
            (json!({ "dayEnd": "CUT_OFF" }), "cutOff"),
            (json!({ "cutOff": "17:30" }), "cutOff"),
            (json!({ "dayEnd": "MIDNIGHT", "cutOff": "17:30" }), "cutOff"),
            (json!({ "channels": [{ "channel": "CARD" }, { "channel": "CARD" }] }), "channels.1.channel"),
        ] {
            app.refused("updateTenant", input, "INVALID_INPUT", path).await;
        }
        let late = json!({ "dayEnd": "CUT_OFF", "cutOff": "25:30" });
        let fault = app.mutate("updateTenant", late, "replayed").await.fault("BAD_REQUEST");
        assert!(fault["message"].as_str().is_some_and(|text| text.contains("cutOff is of type \"LocalTime\": not a time of day")), "{fault}");
        assert_eq!(tenant(&app, "timeZone dayEnd").await, json!({ "timeZone": "UTC", "dayEnd": "MIDNIGHT" }));
        let owner = app.customer().await;
let shown = app.bound_to(&owner).ok("{ businessDays { nodes { id } } }", json!({})).await;
        assert_eq!(shown["businessDays"]["nodes"], json!([]));
    }

    async fn the_date_never_goes_back_whatever_the_settings_become(app: TestApp) {
        update(&app, json!({ "timeZone": "Pacific/Kiritimati" })).await;
        assert_eq!(date_at(&app, "2026-04-15T10:00:00Z").await, "2026-04-16");
        app.funded("1.00").await;
        update(&app, json!({ "timeZone": "Pacific/Pago_Pago" })).await;
        let account = app.funded("1.00").await;
        let shown = show(&app, &account, "transactions(first: 1) { nodes { entry { businessDate } } }").await;
        assert_eq!(shown["transactions"]["nodes"][0]["entry"]["businessDate"], "2026-04-16");
        assert_eq!(date_at(&app, "2026-04-17T10:59:59Z").await, "2026-04-16");
        assert_eq!(date_at(&app, "2026-04-17T11:00:00Z").await, "2026-04-17");
    }

    async fn what_comes_after_the_cut_off_of_a_rail_counts_on_the_next_business_day(app: TestApp) {
        update(&app, json!({
            "timeZone": "Europe/Stockholm", "calendar": { "holidays": "SE" },
            "channels": [{ "channel": "BANK_TRANSFER", "cutOff": "15:00", "roll": "MODIFIED_FOLLOWING" }],
        })).await;
        let account = app.account("current").await;
        let paid = async |moment: &str, date: Option<&str>, channel: &str| {
            to(&app, moment);
            let mut input = json!({ "account": account.by(), "amount": euros("1.00"), "channel": channel });
            if let Some(date) = date {
                input["valueDate"] = date.into();
            }
            app.done("postPayment", input, "entry { valueDate businessDate }").await["entry"].take()
        };
        for (moment, asked, channel, valued) in [
            // A Wednesday, before and after the cut-off; another rail has none.
            ("2026-04-15T12:59:59Z", None, "BANK_TRANSFER", "2026-04-15"),
            ("2026-04-15T13:00:00Z", None, "BANK_TRANSFER", "2026-04-16"),
            ("2026-04-15T13:00:00Z", None, "DIRECT_DEBIT", "2026-04-15"),
            ("2026-04-15T13:00:00Z", Some("2026-04-15"), "BANK_TRANSFER", "2026-04-15"),
            // A Friday evening; a Saturday that was asked for; the last day of a month, which is a Sunday.
            ("2026-04-17T14:00:00Z", None, "BANK_TRANSFER", "2026-04-20"),
            ("2026-04-17T14:00:00Z", Some("2026-04-25"), "BANK_TRANSFER", "2026-04-27"),
            ("2026-04-17T14:00:00Z", Some("2026-05-31"), "BANK_TRANSFER", "2026-05-29"),
            ("2026-04-17T14:00:00Z", Some("2026-04-25"), "DIRECT_DEBIT", "2026-04-25"),
        ] {
            assert_eq!(paid(moment, asked, channel).await["valueDate"], valued, "{moment} {asked:?} {channel}");
        }
    }

    async fn days_that_have_ended_are_run_by_themselves_and_once(app: TestApp) {
        app.funded("10.00").await;
        assert_eq!(tenant(&app, "businessDateDone").await["businessDateDone"], "2026-04-14");
        assert_eq!(days(&app).await, []);
        app.advance(DAY * 3);
        all_done(&app, 3).await;
        let dates: Vec<String> = days(&app).await.into_iter().map(|(date, _)| date).collect();
        assert_eq!(dates, ["2026-04-17", "2026-04-16", "2026-04-15"]);
        assert_eq!(tenant(&app, "businessDateDone").await["businessDateDone"], "2026-04-17");
        app.restart().await;
        app.advance(DAY);
        all_done(&app, 4).await;
        let query = "{ businessDays(first: 1) { nodes { id date nextDate state endedAt startedAt doneAt \
                       steps { name done refused failure complete } } } }";
        let day = app.ok(query, json!({})).await["businessDays"]["nodes"][0].take();
        assert_eq!(day["steps"][0]["complete"], true);
        let again = app.ok("query($id: ID!) { node(id: $id) { ... on BusinessDay { date } } }", json!({ "id": day["id"] }));
        assert_eq!(again.await["node"]["date"], "2026-04-18");
    }

    async fn an_account_that_waits_for_its_last_money_closes_with_the_day_on_which_it_comes(app: TestApp) {
        let account = app.account("revolving").await;
        crate::payments::disburse(&app, &account, "10.00").await;
        let input = json!({ "account": account.by(), "amount": euros("10.00"), "channel": "BANK_TRANSFER",
                            "valueDate": "2026-04-17" });
        app.done("postPayment", input, "replayed").await;
        app.done("requestAccountClosure", json!({ "account": account.by() }), "account { status }").await;
        assert_eq!(show(&app, &account, "status").await["status"], "PENDING_CLOSE");
        app.advance(DAY);
        all_done(&app, 1).await;
        assert_eq!(show(&app, &account, "status").await["status"], "PENDING_CLOSE");
        app.advance(DAY);
        all_done(&app, 2).await;
        let shown = show(&app, &account, "status closedOn").await;
        assert_eq!(shown, json!({ "status": "CLOSED", "closedOn": "2026-04-17" }));
    }

    async fn a_period_is_closed_when_the_work_of_its_days_is_done(app: TestApp) {
        app.funded("10.00").await;
        assert_eq!(tenant(&app, "businessDateDone").await["businessDateDone"], "2026-04-14");
        app.advance(DAY * 2);
        app.done("closePeriod", json!({ "through": "2026-04-16" }), "closedThrough").await;
        assert_eq!(days(&app).await.len(), 2);
    }

    async fn a_day_ends_by_hand_where_the_tenant_wants_that(app: TestApp) {
        update(&app, json!({ "dayEnd": "BY_HAND", "calendar": { "holidays": "SE" } })).await;
        assert_eq!(date_at(&app, "2026-04-19T10:00:00Z").await, "2026-04-15");
        app.refused("runBusinessDay", json!({ "endDay": "2026-04-16" }), "INVALID_STATE", "endDay").await;
        let selection = "tenant { businessDate businessDateDone businessDateEndsAt } day { date state } replayed";
        let input = json!({ "endDay": "2026-04-15", "idempotencyKey": "end-15" });
        let first = app.done("runBusinessDay", input.clone(), selection).await;
        assert_eq!(first["tenant"], json!({
            "businessDate": "2026-04-16", "businessDateDone": "2026-04-15", "businessDateEndsAt": null,
        }));
        assert_eq!(first["day"], json!({ "date": "2026-04-15", "state": "DONE" }));
        let again = app.done("runBusinessDay", input, selection).await;
        assert_eq!((&again["replayed"], &again["tenant"]["businessDate"]), (&json!(true), &json!("2026-04-16")));
        // Friday to Monday.
        for (day, next) in [("2026-04-16", "2026-04-17"), ("2026-04-17", "2026-04-20")] {
            let done = app.done("runBusinessDay", json!({ "endDay": day }), selection).await;
            assert_eq!(done["tenant"]["businessDate"], next);
        }
        assert_eq!(tenant(&app, "businessDateDone").await["businessDateDone"], "2026-04-19");
        update(&app, json!({ "dayEnd": "MIDNIGHT" })).await;
        app.refused("runBusinessDay", json!({ "endDay": "2026-04-20" }), "INVALID_STATE", "endDay").await;
        app.done("runBusinessDay", json!({}), "day { date }").await;
    }

    async fn a_sandbox_plays_its_bank(app: TestApp) {
        let app = app.with_sandbox("rails").await;
        update(&app, json!({ "calendar": { "holidays": "WEEKDAYS" } })).await;
        let account = app.funded("100.00").await;
        let out = |reference: &str| json!({ "account": account.by(), "amount": euros("10.00"), "reference": reference,
                                            "iban": "SE3550000000054910000003" });
        for reference in ["SIM-BOUNCE", "SIM-BOUNCE-5", "invoice 4711"] {
            app.done("disburse", out(reference), "replayed").await;
        }
        let late = json!({ "account": account.by(), "amount": euros("1.00"), "channel": "BANK_TRANSFER",
                           "reference": "SIM-LATE-3" });
        let late = app.done("postPayment", late, "entry { valueDate }").await;
        assert_eq!(late["entry"]["valueDate"], "2026-04-20");
        let balance = async |to: &str| {
            app.done("advanceClock", json!({ "to": to }), "arrived").await;
            let shown = show(&app, &account, "balance { amount } available { amount }").await;
            let text = |name: &str| shown[name]["amount"].as_str().expect("an amount").to_owned();
            [text("balance"), text("available")]
        };
        assert_eq!(balance("2026-04-16T23:00:00Z").await, ["71.00", "70.00"]);
        assert_eq!(balance("2026-04-17T01:00:00Z").await, ["81.00", "80.00"], "two business days later");
        assert_eq!(balance("2026-04-21T23:00:00Z").await, ["81.00", "81.00"]);
        assert_eq!(balance("2026-04-22T01:00:00Z").await, ["91.00", "91.00"], "five, over a weekend");
        assert_eq!(balance("2026-06-01T01:00:00Z").await, ["91.00", "91.00"], "once");
        let query = "transactions(filter: { from: \"2026-04-01\" }, first: 1) { nodes { kind entry { reason reverses { reference } valueDate } } }";
        let last = show(&app, &account, query).await["transactions"]["nodes"][0].take();
        assert_eq!(last["kind"], "DISBURSEMENT_RETURNED");
        assert_eq!(last["entry"]["valueDate"], "2026-04-22");
        assert_eq!(last["entry"]["reverses"]["reference"], "SIM-BOUNCE-5");
    }

    async fn a_sandbox_is_told_by_amounts_and_plays_the_same_year_from_the_same_seed(app: TestApp) {
        let bank = app.with_sandbox("amounts").await;
        let account = bank.funded("30000.00").await;
        let out = |amount: &str| json!({ "account": account.by(), "amount": euros(amount), "iban": "SE3550000000054910000003" });
        for amount in ["9999.01", "9999.00", "9999.31"] {
            bank.done("disburse", out(amount), "replayed").await;
        }
        let late = json!({ "account": account.by(), "amount": euros("9998.03"), "channel": "BANK_TRANSFER" });
        assert_eq!(bank.done("postPayment", late, "entry { valueDate }").await["entry"]["valueDate"], "2026-04-18");
        let say = |amount: &str| json!({ "account": account.by(), "amount": euros(amount), "channel": "CASH", "reference": "SIM-LATE-31" });
        assert_eq!(bank.done("postPayment", say("9998.03"), "entry { valueDate }").await["entry"]["valueDate"], "2026-04-15");
        bank.done("advanceClock", json!({ "to": "2026-05-15T00:00:00Z" }), "arrived").await;
        let returned = "{ entries(filter: { kinds: [DISBURSEMENT_RETURNED] }, first: 100) { nodes { id valueDate reverses { kind } } } }";
        let mut found = bank.ok(returned, json!({})).await["entries"]["nodes"].take();
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        let entry = found[0]["id"].take();
        assert_eq!(found[0], json!({ "id": null, "valueDate": "2026-04-16", "reverses": { "kind": "DISBURSEMENT" } }));
        bank.refused("reverseEntry", json!({ "entry": entry, "reason": "once more" }), "INVALID_STATE", "entry").await;
        // The same requests of two tenants with one seed; another seed, another year.
        let mut years = Vec::new();
        for (code, seed) in [("seed-one", 7), ("seed-two", 7), ("seed-three", 8)] {
            let bank = app.with_sandbox(code).await;
            let told = bank.done("updateTenant", json!({ "sandboxSeed": seed }), "tenant { sandboxSeed }").await;
            assert_eq!(told["tenant"]["sandboxSeed"], seed);
            let account = bank.funded("30000.00").await;
            for number in 1..=150 {
                let out = json!({ "account": account.by(), "amount": euros(&format!("{number}.00")), "iban": "SE3550000000054910000003" });
                bank.done("disburse", out, "replayed").await;
            }
            bank.done("advanceClock", json!({ "to": "2026-05-01T00:00:00Z" }), "arrived").await;
            let query = "{ entries(filter: { kinds: [DISBURSEMENT_RETURNED] }, first: 100) { nodes { valueDate reverses { postings { amount { amount } } } } } }";
            let mut played = bank.ok(query, json!({})).await["entries"]["nodes"].as_array().expect("entries").iter().map(Value::to_string).collect::<Vec<_>>();
            played.sort();
            years.push(played);
        }
        assert!(!years[0].is_empty() && years[0] == years[1] && years[0] != years[2], "{years:?}");
        bank.done("updateTenant", json!({ "sandboxSeed": null }), "tenant { sandboxSeed }").await;
        bank.refused("updateTenant", json!({ "sandboxSeed": -1 }), "INVALID_INPUT", "sandboxSeed").await;
        app.refused("updateTenant", json!({ "sandboxSeed": 1 }), "NOT_A_SANDBOX", "sandboxSeed").await;
    }

    async fn the_currency_of_a_house_stays_once_something_is_booked(app: TestApp) {
        app.done("updateTenant", json!({ "baseCurrency": "SEK" }), "tenant { baseCurrency }").await;
        app.done("updateTenant", json!({ "baseCurrency": "EUR" }), "tenant { baseCurrency }").await;
        app.funded("1.00").await;
        app.refused("updateTenant", json!({ "baseCurrency": "SEK" }), "INVALID_STATE", "baseCurrency").await;
        app.done("updateTenant", json!({ "baseCurrency": "EUR", "name": "N" }), "replayed").await;
        let told = app.ok("{ tenant { baseCurrency name channels { channel } } }", json!({})).await["tenant"].take();
        assert_eq!(told, json!({ "baseCurrency": "EUR", "name": "N", "channels": [] }));
    }

    async fn a_remittance_comes_back_and_is_held_for_the_party_again(app: TestApp) {
        let app = app.with_sandbox("creditors").await;
        app.done("createParty", json!({ "name": "Creditor", "number": "P1" }), "replayed").await;
        let owner = app.customer().await;
        let claim = app.open(json!({ "product": { "code": "receivable" }, "owner": { "id": owner },
                                     "creditor": { "number": "P1" } })).await;
        let held = async || {
            let query = "{ party(by: { number: \"P1\" }) { ledgerAccounts { role balance { amount } } } }";
            let rows = app.ok(query, json!({})).await["party"]["ledgerAccounts"].take();
            let rows = rows.as_array().expect("rows").clone();
            let money = rows.iter().find(|row| row["role"] == "CLIENT_MONEY");
            money.map_or("0.00".to_owned(), |row| row["balance"]["amount"].as_str().expect("an amount").to_owned())
        };
        let claimed = json!({ "account": claim.by(), "amount": euros("-50.00"), "reason": "an invoice" });
        app.done("postAdjustment", claimed, "replayed").await;
        app.pay_in(&claim, "50.00").await;
        let before = held().await;
        let out = json!({ "party": { "number": "P1" }, "amount": euros("20.00"), "reference": "SIM-BOUNCE",
                          "iban": "SE3550000000054910000003" });
        app.done("remitToParty", out, "replayed").await;
        assert_ne!(held().await, before);
        app.done("advanceClock", json!({ "to": "2026-04-18T00:00:00Z" }), "arrived").await;
        assert_eq!(held().await, before);
    }

    async fn a_bank_that_is_none_of_a_sandbox_plays_nothing(app: TestApp) {
        let account = app.funded("100.00").await;
        let out = json!({ "account": account.by(), "amount": euros("10.00"), "reference": "SIM-BOUNCE",
                          "iban": "SE3550000000054910000003" });
        app.done("disburse", out, "replayed").await;
        app.advance(DAY * 5);
        all_done(&app, 5).await;
        assert_eq!(app.balance(&account).await, "90.00");
    }

    async fn a_sandbox_begins_anew_and_keeps_its_former_life_apart(app: TestApp) {
        let before = app.with_sandbox("again").await;
        let account = before.funded("100.00").await;
        update(&before, json!({ "timeZone": "Europe/Stockholm", "name": "Again AB" })).await;
        before.done("advanceClock", json!({ "to": "2026-05-01T00:00:00Z" }), "arrived").await;
        let input = json!({ "idempotencyKey": "anew" });
        let reset = before.done("resetSandbox", input.clone(), "sandbox { id code } replayed").await;
        assert_eq!(reset["sandbox"]["code"], "again");
        let again = before.done("resetSandbox", input, "sandbox { id code } replayed").await;
        assert_eq!((&again["sandbox"], &again["replayed"]), (&reset["sandbox"], &json!(true)));
        let after = app.with_sandbox("again").await;
        let told = tenant(&after, "id name timeZone businessDate").await;
        assert_eq!(told, json!({ "id": reset["sandbox"]["id"], "name": "Again AB", "timeZone": "Europe/Stockholm",
                                 "businessDate": "2026-04-15" }));
        let counted = after.ok("{ accounts { nodes { id } } products { nodes { id } } }", json!({})).await;
        assert_eq!(counted["accounts"]["nodes"], json!([]));
        assert_eq!(counted["products"]["nodes"].as_array().map(Vec::len), Some(13));
        assert_eq!(before.balance(&account).await, "100.00", "a token of before sees what there was");
        after.funded("1.00").await;
        app.refused("resetSandbox", json!({}), "NOT_A_SANDBOX", "").await;
    }

    async fn only_a_sandbox_moves_its_clock(app: TestApp) {
        let refusal = app.refused("advanceClock", json!({ "to": "2026-05-01T00:00:00Z" }), "NOT_A_SANDBOX", "").await;
        assert_eq!(refusal["fields"], json!([]));
    }

    async fn a_sandbox_moves_through_its_days(app: TestApp) {
        let app = app.with_sandbox("playground").await;
        let account = app.funded("100.00").await;
        let hold = app.done("placeHold", json!({ "account": account.by(), "amount": euros("5.00"),
            "expiresAt": "2026-04-20T12:00:00Z" }), "hold { id }").await["hold"]["id"].take();
        let input = json!({ "account": account.by(), "amount": euros("7.00"), "channel": "BANK_TRANSFER",
                            "valueDate": "2026-05-01" });
        app.done("postPayment", input, "replayed").await;
        let selection = "tenant { now businessDate businessDateDone } arrived replayed";
        let input = json!({ "to": "2026-05-01T08:00:00Z", "idempotencyKey": "may" });
        let moved = app.done("advanceClock", input.clone(), selection).await;
        assert_eq!((&moved["arrived"], &moved["tenant"]["businessDate"], &moved["tenant"]["businessDateDone"]),
            (&json!(true), &json!("2026-05-01"), &json!("2026-04-30")));
        assert_eq!(moved["tenant"]["now"], "2026-05-01T08:00:00.000000Z");
        assert_eq!(days(&app).await.len(), 16);
        let shown = show(&app, &account, "balance { amount } available { amount }").await;
        assert_eq!(shown, json!({ "balance": { "amount": "107.00" }, "available": { "amount": "107.00" } }));
        // The hold lapsed in its time, not at the end of the journey.
        let query = "query($id: ID!) { node(id: $id) { ... on Hold { status closedAt } } }";
        let lapsed = app.ok(query, json!({ "id": hold })).await["node"].take();
        assert_eq!(lapsed["status"], "EXPIRED");
        assert!(lapsed["closedAt"].as_str().expect("a moment").starts_with("2026-04-2"), "{lapsed}");
        // Time goes on from there; the same key again is the same answer; and never back.
        app.advance(Duration::from_secs(60));
        assert_eq!(tenant(&app, "now").await["now"], "2026-05-01T08:01:00.000000Z");
        let early = app.refused("advanceClock", json!({ "to": "2026-04-30T00:00:00Z" }), "INVALID_INPUT", "to").await;
        assert!(early["message"].as_str().is_some_and(|text| text.contains("2026-05-01T08:01:00.000000Z")), "{early}");
        app.refused("advanceClock", json!({ "to": "2226-04-30T00:00:00Z" }), "INVALID_INPUT", "to").await;
        let done = app.done("postPayment", json!({ "account": account.by(), "amount": euros("1.00"),
            "channel": "BANK_TRANSFER" }), "entry { bookedAt businessDate }").await["entry"].take();
        assert_eq!(done["businessDate"], "2026-05-01");
        app.restart().await;
        assert_eq!(tenant(&app, "businessDate").await["businessDate"], "2026-05-01");
    }
}
