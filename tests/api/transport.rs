//! The transport, seen from outside.

use serde_json::json;

use crate::app::TestApp;

on_both_databases! {
    async fn money_moves(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        app.transfer(&from, &to, "30.00").await;
        assert_eq!(app.amounts(&from).await, ["70.00", "0.00", "70.00"]);
        println!("{:#}", app.picture().await);
        app.refused("transfer", json!({"from": from.by(), "to": to.by(), "amount": crate::app::euros("100.00")}), "INSUFFICIENT_FUNDS", "amount").await;
        app.client("read money").await.balance(&from).await;
        app.restart().await;
        app.balance(&from).await;
    }
}
