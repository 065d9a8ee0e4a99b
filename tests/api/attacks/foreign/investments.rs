//! The places of investments.

use serde_json::{Value, json};

/// Of questions.
pub const READS: &[(&str, usize, &str)] = &[
    ("Query.investmentOffer.by.id", 38, "query($id: ID!) { investmentOffer(by: { id: $id }) { id code } }"),
    (
        "Query.investmentOffers.filter.issuer",
        2,
        "query($id: ID!) { investmentOffers(filter: { issuer: $id }) { nodes { id } } }",
    ),
    (
        "Query.investmentBids.filter.account",
        2,
        "query($id: ID!) { investmentBids(filter: { account: $id }) { nodes { id } } }",
    ),
    (
        "Query.investmentBids.filter.offer",
        38,
        "query($id: ID!) { investmentBids(filter: { offer: $id }) { nodes { id } } }",
    ),
    (
        "Query.investmentPositions.filter.account",
        2,
        "query($id: ID!) { investmentPositions(filter: { account: $id }) { nodes { rate } } }",
    ),
    (
        "Query.investmentPositions.filter.offer",
        38,
        "query($id: ID!) { investmentPositions(filter: { offer: $id }) { nodes { rate } } }",
    ),
];

/// Of mutations.
pub fn writes() -> Vec<(&'static str, usize, Value)> {
    let (id, euro) = (json!({ "id": "ID" }), json!({ "amount": "1.00", "currency": "EUR" }));
    let mine = json!({ "code": "mine" });
    let bid = |field: &str, value: Value| {
        let mut input = json!({ "offer": mine, "amount": euro });
        input["account"] = json!({ "externalReference": "ext-inv" });
        input[field] = value;
        input
    };
    vec![
        (
            "createInvestmentOffer.input.issuer.id",
            2,
            json!({ "code": "other", "name": "X", "issuer": id, "amount": euro, "minRate": "1", "maxRate": "2",
                "termMonths": 1, "allocationDeadline": "2026-12-31" }),
        ),
        ("cancelInvestmentOffer.input.offer.id", 38, json!({ "offer": id, "reason": "X" })),
        ("allocateOffer.input.offer.id", 38, json!({ "offer": id })),
        ("distributeInvestment.input.offer.id", 38, json!({ "offer": id, "interest": euro })),
        ("placeBid.input.account.id", 2, bid("account", id.clone())),
        ("placeBid.input.lookup.customer.id", 0, bid("lookup", json!({ "customer": id }))),
        ("placeBid.input.lookup.creditor.id", 9, bid("lookup", json!({ "creditor": id }))),
        ("placeBid.input.lookup.product.id", 1, bid("lookup", json!({ "product": id }))),
        ("placeBid.input.offer.id", 38, bid("offer", id.clone())),
        ("withdrawBid.input.bid", 39, json!({ "bid": "ID" })),
        ("rejectBid.input.bid", 39, json!({ "bid": "ID", "reason": "X" })),
    ]
}
