//! The places of investments, mirrored accounts and merchants.

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
        "query($id: ID!) { investmentBids(filter: { account: $id }) { nodes { id } } account(by: { id: $id }) { id } }",
    ),
    (
        "Query.investmentBids.filter.offer",
        38,
        "query($id: ID!) { investmentBids(filter: { offer: $id }) { nodes { id } } }",
    ),
    (
        "Query.investmentPositions.filter.account",
        2,
        "query($id: ID!) { investmentPositions(filter: { account: $id }) { nodes { rate } } account(by: { id: $id }) { id } }",
    ),
    (
        "Query.investmentPositions.filter.offer",
        38,
        "query($id: ID!) { investmentPositions(filter: { offer: $id }) { nodes { rate } } investmentOffer(by: { id: $id }) { id } }",
    ),
    (
        "Query.merchantContracts.filter.party",
        9,
        "query($id: ID!) { merchantContracts(filter: { party: $id }) { nodes { id } } }",
    ),
    (
        "Query.merchantPayments.filter.party",
        9,
        "query($id: ID!) { merchantPayments(filter: { party: $id }) { nodes { id } } }",
    ),
    (
        "Query.merchantPayments.filter.contract",
        45,
        "query($id: ID!) { merchantPayments(filter: { contract: $id }) { nodes { id } } }",
    ),
    (
        "Query.merchantTransactions.filter.party",
        9,
        "query($id: ID!) { merchantTransactions(filter: { party: $id }) { nodes { kind } } }",
    ),
    (
        "Query.merchantTransactions.filter.contract",
        45,
        "query($id: ID!) { merchantTransactions(filter: { contract: $id }) { nodes { kind } } }",
    ),
    (
        "Query.merchantTransactions.filter.payment",
        46,
        "query($id: ID!) { merchantTransactions(filter: { payment: $id }) { nodes { kind } } }",
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
        (
            "createMerchantContract.input.party.id",
            9,
            json!({ "party": id, "merchantId": "M", "name": "X", "currency": "EUR", "feePct": "1", "iban": "SE3550000000054910000003" }),
        ),
        ("endMerchantContract.input.contract", 45, json!({ "contract": "ID" })),
        ("settleMerchant.input.contract", 45, json!({ "contract": "ID" })),
        ("setAccountSource.input.account.id", 2, json!({ "account": id, "url": "https://example.com/" })),
        ("removeAccountSource.input.account.id", 2, json!({ "account": id })),
        ("refreshAccount.input.account.id", 2, json!({ "account": id })),
        ("withdrawBid.input.bid", 39, json!({ "bid": "ID" })),
        ("rejectBid.input.bid", 39, json!({ "bid": "ID", "reason": "X" })),
    ]
}
