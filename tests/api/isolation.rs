//! What is not yours does not exist: not another tenant's things, and not another customer's for a token that is
//! bound to one.

mod customer;

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{Account, TestApp, euros, eventually, is_batch, items};

/// Everything that lists show.
pub const EVERYTHING: &str = "{
    viewer { client tenant { id code } customer { id } }
    customers(first: 10) { nodes { id number externalReference name metadata accounts { nodes { id number } }
        addresses { nodes { id externalReference postal { townName } } } } }
    accounts(first: 20) { edges { cursor node { id number externalReference owner { id number } product { id code } creditor { id number } metadata
        balance { amount } transactions { nodes { id description amount { amount } entry { id } account { id } } }
        holds { nodes { id description } } ... on VirtualAccount { refreshes(first: 1) { nodes { id } } } dues { nodes { id reference } } recurringPayment { id } debitConsent { id reference }
        respites(first: 2) { nodes { id } } termination { id } ... on LeasingAccount { leasePlans(first: 2) { nodes { id reference instalments(first: 2) { nodes { id } } } } } history { nodes { sequence operation actor events { type payload } } } } } }
    webhooks(first: 10) { edges { cursor node { id url description filter { accounts } deliveries(first: 10) { edges { cursor node { id subject } } } } } }
    jobs(first: 10) { edges { cursor node { id operation items { nodes { idempotencyKey refusal { message } } } } } }
    blocks(first: 10) { edges { cursor node { id reason account { id } customer { id } } } }
    receivables(first: 10) { edges { cursor node { id reference metadata debtors { id } claims { nodes { id reference metadata } } } } }
    claims(first: 10) { edges { cursor node { id reference metadata receivable { id } debtor { id } journey { version }
        communications(first: 5) { nodes { id body } } } } }
    messageTemplates(first: 10) { nodes { code name body } }
    collectionStrategies(first: 10) { nodes { code name steps { name } } }
    messageSettings { email { name } }
    limitApplications(first: 10) { edges { cursor node { id reason account { id } } } }
    paymentProviders(first: 10) { nodes { code name } }
    providerPayments(first: 10) { edges { cursor node { id account { id } providerCode additionalInput } } }
    insurancePackages(first: 10) { nodes { id code name products { id } } }
    insuranceContracts(first: 10) { edges { cursor node { id account { id } package { id } lastEvent { note } } } }
    merchantContracts(first: 10) { nodes { id name merchantId party { id } } }
    merchantPayments(first: 5) { nodes { id party { id } transactions(first: 1) { nodes { entry { id } } } } }
    investmentOffers(first: 10) { nodes { id code name issuer { id } } }
    investmentBids(first: 10) { edges { cursor node { id note message account { id } offer { id } } } }
    customActions(first: 10) { edges { cursor node { id code current { description script } } } }
    actionRuns(first: 10) { edges { cursor node { id input output account { id } } } }
    approvals(first: 10) { edges { cursor node { id operation account { id } } } }
    parties(first: 10) { edges { cursor node { id number name externalReference metadata accounts { nodes { id number } } } } }
    cards(first: 10) { edges { cursor node { id token metadata maskedNumber account { id } holder { id } } } }
    holds(first: 10) { edges { cursor node { id description account { id } pointOfSale { card { id } } } } }
    directDebits(first: 10) { edges { cursor node { id endToEndId remittanceInfo account { id } mandate { id } } } }
    creditTransfers(first: 10) { edges { cursor node { id endToEndId remittanceInfo account { id } entry { id } } } }
    mandates(first: 10) { edges { cursor node { id reference account { id } debtor { id } } } }
    instalmentContracts(first: 10) { edges { cursor node { id reference externalReference channel customer { id } payingAccount { id } model { id } } } }
    instalmentModels(first: 10) { edges { cursor node { id reference type } } }
    chargebacks(first: 10) { edges { cursor node { id reason account { id } card { id } purchase { id } } } }
    products(first: 50) { nodes { id code alias } }
    documents(first: 10) { edges { cursor node { id name kind subject } } }
    entries(first: 20) { edges { cursor node { id sequence description externalReference metadata
        postings { message amount { amount } ledgerAccount { id code account { id } } account { id number } } } } }
    events(first: 50) { edges { cursor node { sequence type payload entry { id } account { id number } customer { id number } } } }
}";

/// The ids of one tenant's things, one of each kind.
pub struct Things {
    pub app: TestApp,
    pub account: Account,
    pub second: Account,
    /// A customer, a product, two accounts, an entry, a hold, a ledger account, a transaction, an audit record, a party, a
    /// document, a webhook, a delivery to it, a job, an approval, a card, a purchase with it, a chargeback of that, an
    /// address, a block, an application, its account, a custom action, a
    /// run of it, a mandate, an insurance package, an insurance of it, a payment through a provider, a receivable, a claim
    /// on it, a due, a direct debit, a credit transfer, a model of instalments, a contract by it, recurring payments, a
    /// consent to them, a message, an investment offer, a bid on it, a merchant's contract, a
    /// payment by it, a refresh of a virtual account.
    pub ids: Vec<String>,
    entry: String,
    pub hold: String,
    product: String,
}

/// The input of a mutation that reaches for another tenant's things, whose ids go through the function.
type Attempt = fn(&Things, &dyn Fn(&str) -> String) -> Value;

/// A tenant with one of everything, under names that every tenant uses.
async fn furnished(app: TestApp, secret: &str) -> Things {
    let person = json!({ "type": "PERSON", "lastName": secret, "number": "C1", "externalReference": "ext-c",
        "contactPoints": [{ "kind": "EMAIL", "value": "c1@example.com" }] });
    let customer = app.done("createCustomer", person, "customer { id }").await["customer"]["id"].take();
    let product =
        json!({ "code": "mine", "alias": secret, "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
    let product = app.done("createProduct", product, "product { id }").await["product"]["id"].take();
    let open = |number: &str, reference: &str| {
        json!({
            "product": { "code": "mine" }, "owner": { "number": "C1" }, "number": number, "externalReference": reference,
            "metadata": { "note": secret },
        })
    };
    let party = json!({ "name": secret, "number": "P1", "externalReference": "ext-p", "metadata": { "note": secret } });
    let party = app.done("createParty", party, "party { id }").await["party"]["id"].take();
    let account = app.open(open("A1", "ext-a")).await;
    let mut owed = open("A2", "ext-b");
    owed["creditor"] = json!({ "number": "P1" });
    let second = app.open(owed).await;
    app.pay_in(&account, "100.00").await;
    let transfer = json!({
        "idempotencyKey": "the-key", "from": { "number": "A1" }, "to": { "number": "A2" }, "amount": euros("10.00"),
        "messageToReceiver": secret, "externalReference": { "reference": "ext-e" },
    });
    let done = app
        .done(
            "transfer",
            transfer,
            "entry { id postings { ledgerAccount { id } } } from { transactions(first: 1) { nodes { id } } }",
        )
        .await;
    let hold = app.hold(&account, "5.00").await;
    let link = json!({ "name": secret, "kind": "LETTER", "subject": account.id });
    let document = app.done("createUploadLink", link, "document { id }").await["document"]["id"].take();
    let (webhook, delivery) = webhook(&app, &account.id, secret).await;
    // Refused, so that it changes nothing that other tests count.
    let nobody = json!({ "items": [{ "idempotencyKey": "of-job", "type": "COMPANY" }], "async": true });
    let job = app.done("createCustomerBatch", nobody, "job { id }").await;
    app.done("setApprovalRules", json!({ "rules": [{ "operation": "createParty" }] }), "replayed").await;
    let waiting = app.refused("createParty", json!({ "name": "Other" }), "APPROVAL_REQUIRED", "").await;
    app.done("setApprovalRules", json!({ "rules": [] }), "replayed").await;
    let card = json!({ "account": account.by(), "card": { "main": true, "token": "T1", "embossedName": secret } });
    let card = app.done("addCard", card, "card { id }").await["card"]["id"].take();
    // What is bought is given back, so that the balances are those of before; without its purchase, which is disputed.
    let by_card = json!({ "card": { "id": card }, "amount": euros("1.00"), "description": secret });
    app.done("authoriseCard", by_card.clone(), "replayed").await;
    let merchant = json!({ "party": { "number": "P1" }, "merchantId": "mine", "name": secret, "currency": "EUR", "feePct": "1", "iban": "SE3550000000054910000003" });
    let merchant = app.done("createMerchantContract", merchant, "contract { id }").await["contract"]["id"].take();
    let mut bought = by_card;
    bought["pointOfSale"] = json!({ "merchant": { "id": "mine" } });
    let purchase = app.done("purchaseByCard", bought, "entry { id }").await["entry"]["id"].take();
    let open =
        app.ok("{ merchantPayments { nodes { id } } }", json!({})).await["merchantPayments"]["nodes"][0]["id"].take();
    let input = json!({ "of": { "card": { "id": card } }, "amount": euros("1.00"), "description": secret });
    app.done("refundCard", input, "replayed").await;
    let dispute = json!({ "purchase": purchase, "reason": secret });
    let chargeback = app.done("openChargeback", dispute, "chargeback { id }").await["chargeback"]["id"].take();
    let address = json!({
        "label": "MAIN_POSTAL_ADDRESS", "externalReference": "ext-adr",
        "content": { "postal": { "townName": secret, "country": "SE" } },
    });
    let input = json!({ "customer": { "number": "C1" }, "address": address });
    let address = app.done("createAddress", input, "address { id }").await["address"]["id"].take();
    let script =
        json!({ "code": "mine", "kind": "SCRIPT", "binding": "ACCOUNT", "description": secret, "script": "input.a" });
    let action = app.done("createCustomAction", script, "action { id }").await["action"]["id"].take();
    let run = json!({ "action": { "code": "mine" }, "account": { "number": "A1" }, "input": { "a": secret } });
    let run = app.done("runAction", run, "run { id }").await["run"]["id"].take();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    // Lifted again: it stops nothing that other tests do.
    let block = json!({ "on": { "account": second.by() }, "kind": "ALL", "reasonCode": "X", "reason": secret });
    let block = app.done("placeBlock", block, "block { id }").await["block"]["id"].take();
    app.done("liftBlock", json!({ "block": block, "reason": secret }), "replayed").await;
    let credit = app.open(json!({ "product": { "code": "revolving" }, "owner": { "number": "C1" } })).await;
    let application = json!({ "account": credit.by(), "creditLimit": "9000", "reason": secret });
    let application = app.done("applyForRaisedCreditLimit", application, "application { id }").await;
    let mandate = json!({ "account": account.by(), "scheme": "SEPA_CORE", "reference": "mdt-1", "signedOn": "2026-04-01",
        "payer": { "bankAccount": { "iban": "SE3550000000054910000003", "holderName": secret } } });
    let mandate = app.done("createMandate", mandate, "mandate { id }").await["mandate"]["id"].take();
    let package = json!({
        "code": "mine", "name": secret, "products": [{ "code": "mine" }], "premium": { "basis": "FIXED", "amount": euros("1.00"), "period": "YEAR" },
        "events": [{ "code": "ON", "name": secret, "action": "ACTIVATE", "status": "ACTIVE" }],
    });
    let package = app.done("createInsurancePackage", package, "package { id }").await["package"]["id"].take();
    // Of a later day: nothing is charged for it.
    let input = json!({ "account": second.by(), "package": { "code": "mine" }, "event": "ON", "from": "2027-01-01", "note": secret });
    let insurance = app.done("subscribeInsurance", input, "insurance { id }").await["insurance"]["id"].take();
    // Nobody answers there, and it is asked again later.
    let provider = json!({ "code": "mine", "name": secret, "kind": "HTTP", "url": "http://127.0.0.1:9/" });
    app.done("createPaymentProvider", provider, "replayed").await;
    let input = json!({ "account": { "number": "A1" }, "provider": "mine", "amount": euros("1.00"), "additionalInput": { "note": secret } });
    let paid = app.done("initiateProviderPayment", input, "payment { id }").await["payment"]["id"].take();
    // Of nothing, so that nothing is owed.
    let claim = json!({
        "claimReference": "CL1", "amount": "0", "currency": "EUR", "originalDueDate": "2026-04-01", "currentDueDate": "2026-04-01",
        "primaryDebtor": { "externalReference": "ext-c" }, "metadata": { "note": secret },
    });
    let claim = app.done("createClaim", claim, "claim { id receivable { id } }").await["claim"].take();
    // It waits for the night, and so is never sent.
    let settings = json!({ "email": { "address": "a@example.com", "name": secret, "host": "127.0.0.1", "port": 9 },
        "contactHours": { "from": "03:00:00", "to": "04:00:00" } });
    app.done("setMessageSettings", settings, "replayed").await;
    let template =
        json!({ "code": "MINE", "language": "en", "kind": "EMAIL", "name": secret, "subject": secret, "body": secret });
    app.done("setMessageTemplate", template, "replayed").await;
    let steps = json!([{ "name": secret, "waitDays": 99, "effect": { "task": secret } }]);
    app.done("setCollectionStrategy", json!({ "code": "MINE", "name": secret, "steps": steps }), "replayed").await;
    let message = json!({ "claimReference": "CL1", "template": "MINE" });
    let message = app.done("sendMessage", message, "sent { id }").await["sent"]["id"].take();
    let due = json!({ "account": credit.by(), "component": "FEE", "amount": euros("1.00"), "dueOn": "2026-05-01",
        "reference": secret });
    let due = app.done("addDue", due, "due { id }").await;
    // Cancelled again, so that the balances are those of before.
    let sent = json!({ "account": account.by(), "amount": euros("1.00"), "iban": "SE3550000000054910000003",
        "remittanceInfo": secret });
    let sent =
        app.done("createCreditTransfer", sent, "creditTransfer { id endToEndId }").await["creditTransfer"].take();
    app.done("cancelCreditTransfer", json!({ "endToEndId": sent["endToEndId"] }), "replayed").await;
    let debit = json!({ "account": account.by(), "amount": euros("1.00"), "remittanceInfo": secret });
    let debit = app.done("createDirectDebit", debit, "directDebit { id }").await["directDebit"]["id"].take();
    let model = json!({
        "reference": "M1", "type": secret, "currency": "EUR", "minimumAmount": "100", "maximumAmount": "1000",
        "accountProduct": { "code": "loan" }, "terms": [3, 6], "annualRate": "12",
    });
    let model = app.done("createInstalmentModel", model, "model { id }").await["model"]["id"].take();
    let contract = json!({
        "model": { "reference": "M1" }, "credit": euros("500.00"), "receivingAccount": account.by(),
        "payingAccount": account.by(), "customer": { "number": "C1" }, "channel": secret, "externalReference": "ext-i",
    });
    let contract = app.done("createInstalmentContract", contract, "contract { id }").await["contract"]["id"].take();
    let recurring = json!({ "account": credit.by(), "paymentMethod": "AUTOGIRO", "paymentScope": "TOTAL_DEBT" });
    let recurring = app.done("setUpRecurringPayment", recurring, "recurringPayment { id }").await;
    let consent = json!({ "account": credit.by(), "paymentMethod": "AUTOGIRO", "reference": secret });
    let consent = app.done("giveDebitConsent", consent, "consent { id }").await;
    let offer = json!({ "code": "mine", "name": secret, "issuer": account.by(), "amount": euros("1.00"), "minRate": "1", "maxRate": "2",
        "termMonths": 1, "allocationDeadline": "2026-12-31" });
    let offer = app.done("createInvestmentOffer", offer, "offer { id }").await["offer"]["id"].take();
    let investor =
        json!({ "product": { "code": "investment" }, "owner": { "number": "C1" }, "externalReference": "ext-inv" });
    let investor = app.open(investor).await;
    app.pay_in(&investor, "1.00").await;
    let bid = json!({ "account": investor.by(), "offer": { "code": "mine" }, "amount": euros("1.00"), "note": secret, "message": secret });
    let bid = app.done("placeBid", bid, "bid { id }").await["bid"]["id"].take();
    let lease = json!({ "product": { "code": "leasing" }, "owner": { "number": "C1" }, "number": "L1" });
    let lease = app.open(lease).await;
    let plan = json!({ "account": lease.by(), "reference": secret, "instalments": [{ "dueDate": "2027-05-15", "principal": "1.00" }] });
    let plan = app.done("createLeasePlan", plan, "plan { id instalments { nodes { id } } }").await["plan"].take();
    let respite = json!({ "account": lease.by(), "days": 1 });
    let respite = app.done("grantRespite", respite, "respite { id }").await["respite"]["id"].take();
    let termination = json!({ "account": credit.by(), "status": "PRE_TERMINATED" });
    let termination = app.done("setTermination", termination, "termination { id }").await["termination"]["id"].take();
    // Nobody answers there, and it is asked again later.
    let mirror = app.open(json!({ "product": { "code": "virtual" }, "owner": { "number": "C1" } })).await;
    let source = json!({ "account": mirror.by(), "url": "http://127.0.0.1:9/" });
    app.done("setAccountSource", source, "replayed").await;
    let refresh = app.done("refreshAccount", json!({ "account": mirror.by() }), "refresh { id }").await;
    let entry = text(&done["entry"]["id"]);
    let audit = app.ok("{ auditRecords(first: 1) { nodes { id } } }", json!({})).await;
    let ids = vec![
        text(&customer),
        text(&product),
        account.id.clone(),
        second.id.clone(),
        entry.clone(),
        hold.clone(),
        text(&done["entry"]["postings"][0]["ledgerAccount"]["id"]),
        text(&done["from"]["transactions"]["nodes"][0]["id"]),
        text(&audit["auditRecords"]["nodes"][0]["id"]),
        text(&party),
        text(&document),
        webhook,
        delivery,
        text(&job["job"]["id"]),
        text(&waiting["facts"]["approval"]),
        text(&card),
        text(&purchase),
        text(&chargeback),
        text(&address),
        text(&block),
        text(&application["application"]["id"]),
        credit.id,
        text(&action),
        text(&run),
        text(&mandate),
        text(&package),
        text(&insurance),
        text(&paid),
        text(&claim["receivable"]["id"]),
        text(&claim["id"]),
        text(&due["due"]["id"]),
        text(&debit),
        text(&sent["id"]),
        text(&model),
        text(&contract),
        text(&recurring["recurringPayment"]["id"]),
        text(&consent["consent"]["id"]),
        text(&message),
        text(&offer),
        text(&bid),
        lease.id,
        text(&plan["id"]),
        text(&plan["instalments"]["nodes"][0]["id"]),
        text(&respite),
        text(&termination),
        text(&merchant),
        text(&open),
        text(&refresh["refresh"]["id"]),
    ];
    Things { app, account, second, ids, entry, hold, product: text(&product) }
}

/// A webhook that is at rest, with a delivery that was given up.
async fn webhook(app: &TestApp, account: &str, secret: &str) -> (String, String) {
    let filter = json!({ "types": ["PERIOD_CLOSED"], "accounts": [account] });
    let input = json!({ "url": "http://127.0.0.1:9/", "description": secret, "filter": filter });
    let done = app.done("createWebhook", input, "webhook { id }").await;
    let id = done["webhook"]["id"].as_str().expect("an id").to_owned();
    let done = app.done("sendTestWebhook", json!({ "webhook": id }), "delivery { id }").await;
    let delivery = done["delivery"]["id"].as_str().expect("an id").to_owned();
    let query = "query($id: ID!) { node(id: $id) { ... on WebhookDelivery { state } } }";
    eventually("the delivery", || async { app.ok(query, json!({ "id": delivery })).await["node"]["state"] == "DEAD" })
        .await;
    app.done("disableWebhook", json!({ "webhook": id }), "webhook { id }").await;
    (id, delivery)
}

/// Two of them: the one that asks, and the one that it asks for.
pub async fn two_tenants(app: &TestApp) -> (Things, Things) {
    let mine = furnished(app.clone(), "my-own-secret").await;
    let theirs = furnished(app.with_tenant("rival").await, "their-dark-secret").await;
    (mine, theirs)
}

/// An id of the same kind that nobody has.
pub fn unknown(id: &str) -> String {
    let (prefix, hex) = id.split_once('_').expect("a prefix");
    let turn = |c: char| if c == '0' { '1' } else { '0' };
    let (start, end) = hex.split_at(hex.len() - 6);
    format!("{prefix}_{start}{}", end.chars().map(turn).collect::<String>())
}

on_both_databases! {
    async fn names_are_ones_own_and_lists_hold_nothing_of_others(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        for (own, other, secret) in [(&mine, &theirs, "their-dark-secret"), (&theirs, &mine, "my-own-secret")] {
            let all = own.app.ok(EVERYTHING, json!({})).await.to_string();
            for id in other.ids[..8].iter().chain(&other.ids[9..]) {
                assert!(!all.contains(id.as_str()), "{id}");
            }
            assert!(!all.contains(secret) && !all.contains(&other.app.tenant_id().to_string()));
            for id in own.ids[..6].iter().chain(&own.ids[9..]) {
                assert!(all.contains(id.as_str()), "{id}");
            }
            for (query, field, id) in [
                ("{ customer(by: { number: \"C1\" }) { id } }", "customer", &own.ids[0]),
                ("{ customer(by: { externalReference: \"ext-c\" }) { id } }", "customer", &own.ids[0]),
                ("{ card(by: { token: \"T1\" }) { id } }", "card", &own.ids[15]),
                ("{ product(by: { code: \"mine\" }) { id } }", "product", &own.product),
                ("{ address(by: { externalReference: \"ext-adr\" }) { id } }", "address", &own.ids[18]),
                ("{ party(by: { number: \"P1\" }) { id } }", "party", &own.ids[9]),
                ("{ party(by: { externalReference: \"ext-p\" }) { id } }", "party", &own.ids[9]),
                ("{ account(by: { number: \"A1\" }) { id } }", "account", &own.account.id),
                ("{ account(by: { externalReference: \"ext-b\" }) { id } }", "account", &own.second.id),
            ] {
                assert_eq!(own.app.ok(query, json!({})).await[field]["id"], json!(id), "{query}");
            }
            let found =
                own.app.ok("{ entries(filter: { externalReference: \"ext-e\" }) { nodes { id } } }", json!({})).await;
            assert_eq!(found["entries"]["nodes"], json!([{ "id": own.entry }]));
            let audit = own.app.ok("{ auditRecords(first: 100) { nodes { id target } } }", json!({})).await.to_string();
            assert!(!other.ids.iter().any(|id| audit.contains(id.as_str())));
        }
    }

    async fn foreign_ids_are_those_of_nothing(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        for id in &theirs.ids {
            let nothing = unknown(id);
            assert_eq!(
                theirs.app.ok("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await["node"]["id"],
                json!(id)
            );
            for query in [
                "query($id: ID!) { node(id: $id) { id } }",
                "query($id: ID!) { nodes(ids: [$id]) { id } }",
                "query($id: ID!) { customer(by: { id: $id }) { id } }",
                "query($id: ID!) { product(by: { id: $id }) { id } }",
                "query($id: ID!) { account(by: { id: $id }) { id } }",
                "query($id: ID!) { card(by: { id: $id }) { id } }",
                "query($id: ID!) { entry(id: $id) { id } }",
                "query($id: ID!) { accounts(filter: { owner: $id }) { nodes { id } } }",
                "query($id: ID!) { party(by: { id: $id }) { id } }",
                "query($id: ID!) { accounts(filter: { product: $id }) { nodes { id } } }",
                "query($id: ID!) { accounts(filter: { creditor: $id }) { nodes { id } } }",
                "query($id: ID!) { entries(filter: { accounts: [$id] }) { nodes { id } } }",
                "query($id: ID!) { events(filter: { account: $id }) { nodes { sequence } } }",
                "query($id: ID!) { auditRecords(filter: { target: $id }) { nodes { id } } }",
                "query($id: ID!) { document(id: $id) { id } }",
                "query($id: ID!) { address(by: { id: $id }) { id } }",
                "query($id: ID!) { documents(filter: { subject: $id }) { nodes { id } } }",
                "query($id: ID!) { history(of: $id) { nodes { record } } }",
            ] {
                let foreign = mine.app.graphql(query, json!({ "id": id })).await;
                let missing = mine.app.graphql(query, json!({ "id": nothing })).await;
                assert_eq!(foreign.anonymous(), missing.anonymous(), "{query} {id}");
                assert!(!foreign.data().to_string().contains("_0"), "{query} {id}");
            }
        }
    }

    async fn foreign_cursors_lead_nowhere_else(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        let all = theirs.app.ok(EVERYTHING, json!({})).await;
        for list in ["accounts", "entries", "events"] {
            for edge in all[list]["edges"].as_array().expect("edges") {
                let node = match list {
                    "events" => "sequence entry { id } account { id }",
                    _ => "id",
                };
                let query = format!("query($after: String) {{ {list}(after: $after) {{ nodes {{ {node} }} }} }}");
                let seen = mine.app.graphql(&query, json!({ "after": edge["cursor"] })).await.body.to_string();
                assert!(!theirs.ids.iter().any(|id| seen.contains(id.as_str())), "{list}: {seen}");
            }
        }
    }

    async fn mutations_take_foreign_ids_for_unknown_ones(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        let (before, rivals) = (app.picture().await, theirs.app.picture().await);
        let iban = "SE3550000000054910000003";
        let cases: Vec<(&str, Attempt)> = vec![
            ("updateCustomer", |them, id| json!({ "customer": { "id": id(&them.ids[0]) }, "firstName": "X" })),
            ("addAccountParticipant", |them, id| json!({ "account": { "id": id(&them.account.id) }, "customer": { "number": "C1" }, "role": "PAYER" })),
            ("addAccountParticipant", |them, id| json!({ "account": { "number": "A1" }, "customer": { "id": id(&them.ids[0]) }, "role": "PAYER" })),
            ("removeAccountParticipant", |them, id| json!({ "account": { "number": "A1" }, "customer": { "id": id(&them.ids[0]) }, "role": "PAYER" })),
            ("mergeCustomers", |them, id| json!({ "customer": { "id": id(&them.ids[0]) }, "into": { "number": "C1" } })),
            ("mergeCustomers", |them, id| json!({ "customer": { "number": "C1" }, "into": { "id": id(&them.ids[0]) } })),
            ("eraseCustomer", |them, id| json!({ "customer": { "id": id(&them.ids[0]) } })),
            ("createAddress", |them, id| {
                json!({ "customer": { "id": id(&them.ids[0]) }, "address": {
                    "label": "MAIN_POSTAL_ADDRESS", "content": { "postal": { "townName": "X", "country": "SE" } } } })
            }),
            ("invalidateAddress", |them, id| json!({ "address": { "id": id(&them.ids[18]) } })),
            ("updateProduct", |them, id| json!({ "product": { "id": id(&them.product) }, "alias": "X" })),
            ("openAccount", |them, id| json!({ "product": { "code": "mine" }, "owner": { "id": id(&them.ids[0]) } })),
            ("openAccount", |them, id| json!({ "product": { "id": id(&them.product) }, "owner": { "number": "C1" } })),
            ("updateParty", |them, id| json!({ "party": { "id": id(&them.ids[9]) }, "name": "X" })),
            ("openAccount", |them, id| {
                json!({ "product": { "code": "mine" }, "owner": { "number": "C1" }, "creditor": { "id": id(&them.ids[9]) } })
            }),
            ("openAccountBatch", |them, id| {
                json!({ "items": [{ "idempotencyKey": "item", "product": { "code": "mine" }, "owner": { "id": id(&them.ids[0]) } }] })
            }),
            ("postPaymentBatch", |them, id| {
                json!({ "items": [{ "idempotencyKey": "item", "account": { "id": id(&them.account.id) },
                "amount": euros("1.00"), "channel": "CASH" }] })
            }),
            ("updateAccount", |them, id| json!({ "account": { "id": id(&them.account.id) }, "creditLimit": "0" })),
            ("requestAccountClosure", |them, id| json!({ "account": { "id": id(&them.account.id) } })),
            ("closeAccount", |them, id| json!({ "account": { "id": id(&them.account.id) }, "closureCode": "X" })),
            ("closeAccount", |them, id| {
                json!({ "account": { "number": "A2" }, "closureCode": "X",
                "transactions": [{ "target": { "transferTo": { "id": id(&them.account.id) } } }] })
            }),
            (
                "transfer",
                |them, id| json!({ "from": { "id": id(&them.account.id) }, "to": { "number": "A1" }, "amount": euros("1.00") }),
            ),
            (
                "transfer",
                |them, id| json!({ "from": { "number": "A1" }, "to": { "id": id(&them.account.id) }, "amount": euros("1.00") }),
            ),
            (
                "transfer",
                |them, id| json!({ "from": { "number": "A1" }, "to": { "id": id(&them.account.id) }, "amount": euros("1000.00") }),
            ),
            ("transferBatch", |them, id| {
                json!({ "items": [{ "idempotencyKey": "item", "from": { "number": "A1" },
                "to": { "id": id(&them.account.id) }, "amount": euros("1.00") }] })
            }),
            (
                "postPayment",
                |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00"), "channel": "CASH" }),
            ),
            (
                "disburse",
                |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00"), "iban": "SE3550000000054910000003" }),
            ),
            (
                "postAdjustment",
                |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00"), "reason": "X" }),
            ),
            (
                "postCharge",
                |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00"), "kind": "LATE_FEE" }),
            ),
            (
                "registerPayment",
                |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00"), "paidOn": "2026-04-15",
                    "provider": "p", "transactionId": "1" }),
            ),
            ("postReimbursement", |them, id| json!({ "account": { "id": id(&them.account.id) }, "type": "FULL" })),
            ("postDeduction", |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00"), "reason": "X" })),
            ("returnDisbursement", |them, id| json!({ "disbursement": id(&them.entry), "reason": "X" })),
            ("loadAccount", |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00") })),
            ("unloadAccount", |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00") })),
            ("addCard", |them, id| json!({ "account": { "id": id(&them.account.id) }, "card": { "main": false } })),
            ("authoriseCard", |them, id| json!({ "card": { "id": id(&them.ids[15]) }, "amount": euros("1.00") })),
            ("resolveChargeback", |them, id| json!({ "chargeback": id(&them.ids[17]), "outcome": "WON" })),
            ("suspendMandate", |them, id| json!({ "mandate": { "id": id(&them.ids[24]) } })),
            ("revokeMandate", |them, id| json!({ "mandate": { "id": id(&them.ids[24]) } })),
            ("blockCard", |them, id| json!({ "card": { "id": id(&them.ids[15]) }, "reasonCode": "X" })),
            ("unblockCard", |them, id| json!({ "card": { "id": id(&them.ids[15]) }, "reason": "X" })),
            ("endInsurance", |them, id| json!({ "insurance": { "id": id(&them.ids[26]) }, "reason": "X" })),
            ("subscribeInsurance", |them, id| json!({ "account": { "number": "A1" }, "package": { "id": id(&them.ids[25]) } })),
            ("allocateOffer", |them, id| json!({ "offer": { "id": id(&them.ids[38]) } })),
            ("rejectBid", |them, id| json!({ "bid": id(&them.ids[39]), "reason": "X" })),
            ("settleMerchant", |them, id| json!({ "contract": id(&them.ids[45]) })),
            ("refreshAccount", |them, id| json!({ "account": { "id": id(&them.account.id) } })),
            ("deleteCard", |them, id| json!({ "card": { "id": id(&them.ids[15]) } })),
            ("reverseEntry", |them, id| json!({ "entry": id(&them.entry), "reason": "X" })),
            ("placeHold", |them, id| json!({ "account": { "id": id(&them.account.id) }, "amount": euros("1.00") })),
            ("captureHold", |them, id| json!({ "hold": id(&them.hold) })),
            ("releaseHold", |them, id| json!({ "hold": id(&them.hold) })),
            ("removeDocument", |them, id| json!({ "document": id(&them.ids[10]) })),
            ("printDocument", |them, id| json!({ "subject": id(&them.ids[34]), "kind": "PLAN" })),
            ("setPrintBrand", |them, id| json!({ "name": "X", "logo": id(&them.ids[10]) })),
            ("setDocumentLegalHold", |them, id| json!({ "document": id(&them.ids[10]), "legalHold": true })),
            ("createUploadLink", |them, id| json!({ "subject": id(&them.account.id), "name": "X", "kind": "X" })),
        ];
        for (name, input) in cases {
            let selection = if is_batch(name) { items("") } else { "replayed".to_owned() };
            let foreign = mine.app.mutate(name, input(&theirs, &str::to_owned), &selection).await;
            let missing = mine.app.mutate(name, input(&theirs, &unknown), &selection).await;
            assert_eq!(foreign.anonymous(), missing.anonymous(), "{name}");
            assert!(foreign.body.to_string().contains("\"NOT_FOUND\""), "{name}: {}", foreign.body);
        }
        let capture = json!({ "hold": mine.hold, "to": theirs.account.by() });
        mine.app.refused("captureHold", capture, "NOT_FOUND", "to").await;
        assert_eq!((app.picture().await, theirs.app.picture().await), (before, rivals));
        mine.app
            .done(
                "disburse",
                json!({ "account": { "number": "A1" }, "amount": euros("1.00"), "iban": iban }),
                "replayed",
            )
            .await;
        assert_eq!(theirs.app.balance(&theirs.account).await, "90.00");
    }

    async fn keys_and_references_are_counted_per_tenant(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        // The same client name and key, another body: no conflict, for it is another tenant's key.
        for (things, amount) in [(&mine, "1.00"), (&theirs, "2.00")] {
            let input = json!({ "idempotencyKey": "shared", "account": things.account.by(), "amount": euros(amount), "channel": "CASH" });
            let done = things.app.done("postPayment", input, "entry { id } replayed").await;
            assert_eq!(done["replayed"], false);
        }
        let input = json!({ "idempotencyKey": "shared", "account": mine.account.by(), "amount": euros("1.00"), "channel": "CASH" });
        let again = mine.app.done("postPayment", input, "account { id } replayed").await;
        assert_eq!((&again["replayed"], &again["account"]["id"]), (&json!(true), &json!(mine.account.id)));
        assert_eq!(
            (mine.app.balance(&mine.account).await, theirs.app.balance(&theirs.account).await),
            ("91.00".into(), "92.00".into())
        );
    }

    async fn subscriptions_carry_ones_own_events_only(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        let events = "subscription($after: Cursor) { ledgerEvents(after: $after) { sequence type payload entry { id } account { id } customer { id } } }";
        let mut socket = mine.app.socket().await;
        socket.subscribe("live", events, json!({ "after": mine.app.last_cursor().await })).await;
        let all = theirs.app.ok("{ events(first: 1) { edges { cursor } } }", json!({})).await;
        let mut resumed = mine.app.socket().await;
        resumed.subscribe("old", events, json!({ "after": all["events"]["edges"][0]["cursor"] })).await;
        theirs.app.transfer(&theirs.account, &theirs.second, "1.00").await;
        let entry = mine.app.transfer(&mine.account, &mine.second, "1.00").await;
        let first = socket.next_data().await["ledgerEvents"].take();
        assert_eq!(first["entry"]["id"], json!(entry));
        loop {
            let event = resumed.next_data().await["ledgerEvents"].take();
            assert!(!theirs.ids.iter().any(|id| event.to_string().contains(id.as_str())), "{event}");
            if event["entry"]["id"] == json!(entry) {
                break;
            }
        }
        assert!(socket.is_silent(Duration::from_millis(200)).await);
        let balance = "subscription($by: AccountBy!) { balanceChanged(accounts: [$by]) { cursor } }";
        let mut answers = Vec::new();
        for id in [theirs.account.id.clone(), unknown(&theirs.account.id)] {
            let mut socket = mine.app.socket().await;
            socket.subscribe("a", balance, json!({ "by": { "id": id } })).await;
            let mut answer = socket.hear().await;
            answer["payload"][0]["extensions"]["requestId"] = Value::Null;
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0]["type"], "error");
        let filtered = "subscription($id: ID!, $after: Cursor) { ledgerEvents(after: $after, filter: { accounts: [$id] }) { sequence } }";
        let mut socket = mine.app.socket().await;
        socket
            .subscribe("a", filtered, json!({ "id": theirs.account.id, "after": all["events"]["edges"][0]["cursor"] }))
            .await;
        theirs.app.transfer(&theirs.account, &theirs.second, "1.00").await;
        assert!(socket.is_silent(Duration::from_millis(200)).await);
    }
}
