//! Many at once on one account: no more is taken than is there, and nothing is done twice.

use std::future::Future;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::state;
use crate::app::{Answer, euros, fresh_key};
use crate::payments::{payout, statements::cents};
use crate::transfers::transfer;

/// The results of one mutation, sent many times at once: how many succeeded, and the codes of the others.
pub async fn race(name: &str, attempts: impl Iterator<Item = impl Future<Output = Answer>>) -> (usize, Vec<String>) {
    let results: Vec<Value> = join_all(attempts).await.into_iter().map(|answer| answer.data()[name].take()).collect();
    let codes: Vec<String> = results.iter().filter_map(|result| result["code"].as_str()).map(str::to_owned).collect();
    (results.len() - codes.len(), codes)
}

on_both_databases! {
    async fn twenty_captures_at_once_never_take_more_than_a_hold_has(app: TestApp) {
        let account = app.funded("500.00").await;
        let hold = app.hold(&account, "100.00").await;
        let input = json!({ "hold": hold, "amount": euros("7.00") });
        let (done, codes) =
            race("captureHold", (0..20).map(|_| app.mutate("captureHold", input.clone(), "replayed"))).await;
        assert_eq!((done, codes), (14, vec!["AMOUNT_OUT_OF_RANGE".to_owned(); 6]));
        assert_eq!(state(&app, &hold).await, json!(["OPEN", "98.00", "2.00"]));
        assert_eq!(app.amounts(&account).await, ["402.00", "2.00", "400.00"]);
        // All that is left, by twenty again.
        let input = json!({ "hold": hold });
        let (done, codes) =
            race("captureHold", (0..20).map(|_| app.mutate("captureHold", input.clone(), "replayed"))).await;
        assert_eq!((done, codes), (1, vec!["HOLD_NOT_OPEN".to_owned(); 19]));
        assert_eq!(app.amounts(&account).await, ["400.00", "0.00", "400.00"]);
    }

    async fn a_hold_is_captured_or_released_but_not_both(app: TestApp) {
        let account = app.funded("100.00").await;
        for _ in 0..5 {
            let hold = app.hold(&account, "10.00").await;
            let input = json!({ "hold": hold });
            let captures = race("captureHold", (0..5).map(|_| app.mutate("captureHold", input.clone(), "replayed")));
            let releases = race("releaseHold", (0..5).map(|_| app.mutate("releaseHold", input.clone(), "replayed")));
            let (captures, releases) = tokio::join!(captures, releases);
            assert_eq!(captures.0 + releases.0, 1, "{captures:?} {releases:?}");
            assert_eq!(state(&app, &hold).await[0], if captures.0 == 1 { "CAPTURED" } else { "RELEASED" });
        }
        let [balance, reserved, available] = app.amounts(&account).await;
        assert_eq!((reserved.as_str(), balance), ("0.00", available));
    }

    async fn as_many_spend_the_last_hundred_as_fit(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let input = transfer(&from, &to, "7.00");
        let attempts =
            (0..50).map(|n| if n % 2 == 0 { &app } else { &other }.mutate("transfer", input.clone(), "replayed"));
        let (done, codes) = race("transfer", attempts).await;
        assert_eq!((done, codes), (14, vec!["INSUFFICIENT_FUNDS".to_owned(); 36]));
        assert_eq!((app.balance(&from).await, app.balance(&to).await), ("2.00".to_owned(), "98.00".to_owned()));
    }

    async fn spending_holding_and_paying_out_share_what_is_there(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let hold = json!({ "account": from.by(), "amount": euros("3.00") });
        let transfers =
            race("transfer", (0..20).map(|_| app.mutate("transfer", transfer(&from, &to, "3.00"), "replayed")));
        let payouts = race("disburse", (0..20).map(|_| app.mutate("disburse", payout(&from, "3.00"), "replayed")));
        let holds = race("placeHold", (0..20).map(|_| app.mutate("placeHold", hold.clone(), "replayed")));
        let (transfers, payouts, holds) = tokio::join!(transfers, payouts, holds);
        assert_eq!(transfers.0 + payouts.0 + holds.0, 33);
        for code in [transfers.1, payouts.1, holds.1].concat() {
            assert_eq!(code, "INSUFFICIENT_FUNDS");
        }
        assert_eq!(app.amounts(&from).await[2], "1.00");
    }

    async fn transfers_against_each_other_do_not_lock_up(app: TestApp) {
        let mut accounts = Vec::new();
        for _ in 0..4 {
            accounts.push(app.funded("100.00").await);
        }
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let attempts = (0..60).map(|n| {
            let (from, to) = (&accounts[n % 4], &accounts[(n + 1 + n / 4 % 3) % 4]);
            if n % 2 == 0 { &app } else { &other }.mutate("transfer", transfer(from, to, "1.00"), "replayed")
        });
        assert_eq!(race("transfer", attempts).await, (60, vec![]));
        let mut sum = 0;
        for account in &accounts {
            sum += cents(&json!(app.balance(account).await));
        }
        assert_eq!(sum, 40_000);
    }

    async fn one_key_has_one_effect_however_many_send_it_at_once(app: TestApp) {
        let (from, to) = (app.funded("100.00").await, app.account("current").await);
        let other = app.second_server().await.unwrap_or_else(|| app.clone());
        let mut input = transfer(&from, &to, "7.00");
        input["idempotencyKey"] = json!(fresh_key());
        let attempts = (0..30)
            .map(|n| if n % 2 == 0 { &app } else { &other }.mutate("transfer", input.clone(), "entry { id } replayed"));
        let results: Vec<Value> =
            join_all(attempts).await.into_iter().map(|answer| answer.data()["transfer"].take()).collect();
        assert!(results.iter().all(|result| result["entry"]["id"] == results[0]["entry"]["id"]), "{results:?}");
        assert_eq!(results.iter().filter(|result| result["replayed"] == false).count(), 1);
        assert_eq!(app.balance(&from).await, "93.00");

        // The same for what is more than a posting.
        let open =
            json!({ "idempotencyKey": fresh_key(), "product": { "code": "current" }, "owner": { "id": from.owner } });
        let attempts = (0..10).map(|n| {
            if n % 2 == 0 { &app } else { &other }.mutate("openAccount", open.clone(), "account { id } replayed")
        });
        let results: Vec<Value> =
            join_all(attempts).await.into_iter().map(|answer| answer.data()["openAccount"].take()).collect();
        assert!(results.iter().all(|result| result["account"]["id"] == results[0]["account"]["id"]), "{results:?}");
        assert_eq!(results.iter().filter(|result| result["replayed"] == false).count(), 1);

        // Of two requests that fight for a key, one is the key's.
        let key = fresh_key();
        let attempts = (1..=10).map(|n| {
            let mut input = transfer(&from, &to, &format!("{n}.00"));
            input["idempotencyKey"] = json!(key);
            app.mutate("transfer", input, "replayed")
        });
        assert_eq!(race("transfer", attempts).await, (1, vec!["IDEMPOTENCY_KEY_REUSED".to_owned(); 9]));
    }
}
