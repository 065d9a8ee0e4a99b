//! Lists are in the order of commits: whoever pages on from the end of what there is misses nothing that comes later.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::app::{TestApp, euros, fresh_key};

/// Who create.
const WRITERS: usize = 12;
/// What each of them creates.
const EACH: usize = 30;

/// Pages on from where the list ended, until the writers are done and nothing is left. Gives what came, in its order.
async fn follow(app: TestApp, list: &'static str, done: Arc<AtomicBool>) -> Vec<String> {
    let query = format!(
        "query($after: String) {{ {list}(first: 50, after: $after) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
    );
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let was_done = done.load(Ordering::SeqCst);
        let page = app.ok(&query, json!({ "after": after })).await[list].take();
        let nodes = page["nodes"].as_array().expect("nodes");
        seen.extend(nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()));
        if !page["pageInfo"]["endCursor"].is_null() {
            after = page["pageInfo"]["endCursor"].clone();
        }
        if was_done && nodes.is_empty() {
            return seen;
        }
    }
}

on_both_databases! {
    async fn a_poller_misses_nothing_of_what_many_create_at_once(app: TestApp) {
        let servers = [app.clone(), app.second_server().await.unwrap_or_else(|| app.clone())];
        let done = Arc::new(AtomicBool::new(false));
        let lists = ["customers", "accounts", "parties"];
        let pollers: Vec<_> = lists
            .iter()
            .enumerate()
            .map(|(n, list)| tokio::spawn(follow(servers[n % 2].clone(), list, done.clone())))
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                let app = servers[n % 2].clone();
                tokio::spawn(async move {
                    let mut made = [const { BTreeSet::new() }; 3];
                    let text = |value: &Value| value.as_str().expect("an id").to_owned();
                    for _ in 0..EACH {
                        let owner = json!({ "create": { "type": "PERSON", "lastName": "X" } });
                        let open = json!({ "product": { "code": "current" }, "owner": owner });
                        let account = app.done("openAccount", open, "account { id owner { id } }").await["account"].take();
                        made[0].insert(text(&account["owner"]["id"]));
                        made[1].insert(text(&account["id"]));
                        made[0].insert(app.customer().await);
                        let party = app.done("createParty", json!({ "name": "X" }), "party { id }").await;
                        made[2].insert(text(&party["party"]["id"]));
                        // Others commit in between, in groups of all sizes.
                        let payment = json!({ "account": { "id": account["id"] }, "amount": euros("1.00"), "channel": "CASH", "idempotencyKey": fresh_key() });
                        app.done("postPayment", payment, "replayed").await;
                    }
                    made
                })
            })
            .collect();
        let mut made = [const { BTreeSet::new() }; 3];
        for writer in writers {
            for (all, own) in made.iter_mut().zip(writer.await.expect("a writer")) {
                all.extend(own);
            }
        }
        done.store(true, Ordering::SeqCst);
        assert_eq!(made.each_ref().map(BTreeSet::len), [2, 1, 1].map(|each| each * WRITERS * EACH));
        for ((list, made), poller) in lists.iter().zip(made).zip(pollers) {
            let seen = poller.await.expect("a poller");
            let distinct: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!(seen.len(), distinct.len(), "{list}: something came twice");
            let missed = made.difference(&distinct).count();
            assert_eq!((missed, distinct.len()), (0, made.len()), "{list}");
            // And whoever reads from the start later sees the same in the same order.
            let all = follow(app.clone(), list, Arc::new(AtomicBool::new(true))).await;
            assert!(all == seen, "{list}: another order than it came in");
        }
    }
}
