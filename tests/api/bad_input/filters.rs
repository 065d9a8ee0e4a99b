//! Texts in filters that nothing could have.

use serde_json::{Value, json};

/// Every text in a filter of the schema: the list that it is for (of accounts where it begins with a dot), the filter, the field; and whether any text will do, or only one of some words.
const TEXTS: [(&str, &str, &str, bool); 21] = [
    ("accounts", "AccountFilter", "externalReference", true),
    ("accounts", "AccountFilter", "number", true),
    (".owner { addresses", "AddressFilter", "label", true),
    ("auditRecords", "AuditRecordFilter", "client", true),
    ("auditRecords", "AuditRecordFilter", "operation", true),
    ("auditRecords", "AuditRecordFilter", "requestId", true),
    ("claims", "ClaimFilter", "accountReference", true),
    ("claims", "ClaimFilter", "debtorReference", true),
    ("customers", "CustomerFilter", "name", true),
    ("customers", "CustomerFilter", "number", true),
    ("documents", "DocumentFilter", "kind", true),
    (".history", "HistoryFilter", "group", true),
    (".history", "HistoryFilter", "operations", true),
    ("entries", "EntryFilter", "externalReference", true),
    ("approvals", "ApprovalFilter", "operations", true),
    ("instalmentModels", "InstalmentModelFilter", "type", true),
    ("jobs", "JobFilter", "operations", true),
    ("parties", "PartyFilter", "name", true),
    ("receivables", "ReceivableFilter", "debtorReference", true),
    ("receivables", "ReceivableFilter", "portfolioReference", true),
    (".transactions", "TransactionFilter", "month", false),
];

#[test]
fn no_text_of_a_filter_is_forgotten() {
    let schema = include_str!("../../../schema.graphql");
    let mut found = Vec::new();
    for block in schema.split("\ninput ").skip(1) {
        let (name, rest) = block.split_once(' ').expect("a name");
        let fields = rest.split_once("\n}").expect("an end").0;
        if !name.ends_with("Filter") {
            continue;
        }
        for line in fields.lines() {
            if let Some((field, of)) = line.trim().split_once(": ")
                && of.trim_matches(['[', ']', '!']) == "String"
            {
                found.push((name, field));
            }
        }
    }
    found.sort_unstable();
    let mut tried = TEXTS.map(|(_, filter, field, _)| (filter, field)).to_vec();
    tried.sort_unstable();
    assert_eq!(found, tried);
}

on_both_databases! {
    async fn a_text_that_nothing_could_have_is_refused_by_name(app: TestApp) {
        app.funded("10.00").await;
        for (list, filter, field, free) in TEXTS {
            let asked = match list.strip_prefix('.') {
                Some(list) => {
                    let ends = "}".repeat(list.matches('{').count());
                    format!("accounts {{ nodes {{ {list}(filter: $filter) {{ pageInfo {{ hasNextPage }} }} {ends} }} }}")
                }
                None => format!("{list}(filter: $filter) {{ pageInfo {{ hasNextPage }} }}"),
            };
            let query = format!("query($filter: {filter}) {{ {asked} }}");
            let with = |text: &str| {
                json!({ "filter": { field: text } })
            };
            for text in ["x".repeat(50_000), "ß".repeat(501), "\u{0}".into(), "a\u{0}b".into(), "\u{7}".into(), "\r\n".into()] {
                let error = app.fault(&query, with(&text), "BAD_REQUEST").await;
                let message = error["message"].as_str().expect("a message");
                let shown: String = text.chars().take(10).collect();
                if free {
                    assert!(message.starts_with(&format!("filter.{field} must ")), "{filter} {shown:?}: {message}");
                }
            }
            if free {
                // Nothing has one of these; no engine minds to be asked.
                for text in ["x".repeat(500), "\u{fdfa}".repeat(500), "%_\\".repeat(166), "\u{10ffff}".into(), "\u{200b}x".into()] {
                    app.ok(&query, with(&text)).await;
                }
            }
        }
        for target in ["x".repeat(50_000), "\u{0}".into()] {
            let query = "query($target: ID) { auditRecords(filter: { target: $target }) { nodes { id } } }";
            let error = app.fault(query, json!({ "target": target }), "BAD_REQUEST").await;
            assert!(error["message"].as_str().is_some_and(|message| message.starts_with("filter.target must ")), "{error}");
        }
        let customers = "query($name: String) { customers(filter: { name: $name }) { nodes { name } } }";
        let long = json!({ "type": "PERSON", "firstName": "\u{fdfa}".repeat(200), "lastName": "%".repeat(200) });
        let name = app.done("createCustomer", long, "customer { name }").await["customer"]["name"].take();
        let found = app.ok(customers, json!({ "name": name })).await;
        assert_eq!(found["customers"]["nodes"], Value::Array(vec![json!({ "name": name })]), "the longest name is found whole");
    }
}
