//! Who may ask: the token endpoint, what tokens are worth, and what each scope opens.

mod audit;
mod issuer;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, euros};

const SECRET: &str = "a-secret-of-the-tests";
const WHO: &str = "{ viewer { client scopes customer { id } expiresAt tenant { code } } }";

/// The parts of a token, decoded.
fn parts(token: &str) -> (Value, Value, Vec<u8>) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64"));
    let mut next = || parts.next().expect("three parts");
    let json = |bytes: Vec<u8>| serde_json::from_slice(&bytes).expect("JSON");
    (json(next()), json(next()), next())
}

fn assembled(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encode(header), encode(claims), URL_SAFE_NO_PAD.encode(signature))
}

on_both_databases! {
    async fn a_client_gets_a_token_with_basic_and_with_a_form(app: TestApp) {
        app.create_client("web", SECRET, "read subscribe", None).await;
        let form = [("grant_type", "client_credentials"), ("client_id", "web"), ("client_secret", SECRET)];
        let (status, by_form) = app.ask_token(&form).await;
        assert_eq!(status, 200, "{by_form}");
        let request = app.http().post(app.url("/oauth2/token")).basic_auth("web", Some(SECRET));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.body("grant_type=client_credentials&scope=read").send().await.expect("an answer");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let by_basic: Value = response.json().await.expect("JSON");
        for (body, scope, scopes) in
            [(by_form, "read subscribe", json!(["READ", "SUBSCRIBE"])), (by_basic, "read", json!(["READ"]))]
        {
            assert_eq!(
                (&body["token_type"], &body["expires_in"], &body["scope"]),
                (&json!("Bearer"), &json!(3_600), &json!(scope))
            );
            let token = body["access_token"].as_str().expect("a token");
            let viewer = app.with_token(token).ok(WHO, json!({})).await["viewer"].take();
            let expected = json!({ "client": "web", "scopes": scopes, "customer": null,
                "expiresAt": "2026-04-15T10:30:00.000000Z", "tenant": { "code": "acme" } });
            assert_eq!(viewer, expected);
        }
    }

    async fn wrong_credentials_and_greedy_scopes_get_no_token(app: TestApp) {
        app.create_client("web", SECRET, "read", None).await;
        let customer = app.customer().await;
        let other = app.with_tenant("other").await.customer().await;
        let grant = ("grant_type", "client_credentials");
        for (form, status, error) in [
            (vec![grant, ("client_id", "web"), ("client_secret", "wrong-secret")], 401, "invalid_client"),
            (vec![grant, ("client_id", "nobody"), ("client_secret", SECRET)], 401, "invalid_client"),
            (vec![grant, ("client_id", "web")], 401, "invalid_client"),
            (vec![grant, ("client_id", "web"), ("client_secret", SECRET), ("scope", "read money")], 400, "invalid_scope"),
            (vec![grant, ("client_id", "web"), ("client_secret", SECRET), ("scope", "everything")], 400, "invalid_scope"),
            (vec![grant, ("client_id", "web"), ("client_secret", SECRET), ("customer", &*other)], 400, "invalid_request"),
            (vec![("grant_type", "password"), ("client_id", "web"), ("client_secret", SECRET)], 400, "unsupported_grant_type"),
            (vec![("client_id", "web"), ("client_secret", SECRET)], 400, "invalid_request"),
        ] {
            let (found, body) = app.ask_token(&form).await;
            assert_eq!((found, &body["error"]), (status, &json!(error)), "{form:?}: {body}");
            assert!(body.get("access_token").is_none());
        }
        let (status, _) =
            app.ask_token(&[grant, ("client_id", "web"), ("client_secret", SECRET), ("customer", &*customer)]).await;
        assert_eq!(status, 200);
    }

    async fn without_a_good_token_there_is_no_answer_and_no_change(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let good = app.token().await.expect("a token");
        let (header, claims, signature) = parts(&good);
        let with = |mut value: Value, name: &str, to: Value| {
            value[name] = to;
            value
        };
        let mut bent = signature.clone();
        bent[7] ^= 1;
        let expired = app.client("read money").await;
        let before = app.picture().await;
        app.advance(Duration::from_secs(3_600));
        let other_tenant = app.with_tenant("other").await.tenant_id().to_string();
        let fresh = app.token().await.expect("a token");
        let (_, fresh_claims, fresh_signature) = parts(&fresh);
        let hs256 = with(header.clone(), "alg", json!("HS256"));
        for (what, voice, challenge) in [
            ("none", app.without_token(), "Bearer"),
            ("over", expired, "Bearer error=\"invalid_token\""),
            ("not a token", app.with_token("abc"), "Bearer error=\"invalid_token\""),
            ("bent", app.with_token(&assembled(&header, &fresh_claims, &bent)), "Bearer error=\"invalid_token\""),
            ("unsigned", app.with_token(&assembled(&with(header.clone(), "alg", json!("none")), &fresh_claims, b"")), "Bearer error=\"invalid_token\""),
            ("hs256", app.with_token(&assembled(&hs256, &fresh_claims, &fresh_signature)), "Bearer error=\"invalid_token\""),
            (
                "unknown key",
                app.with_token(&assembled(
                    &with(header.clone(), "kid", json!("other")),
                    &fresh_claims,
                    &fresh_signature,
                )),
                "Bearer error=\"invalid_token\"",
            ),
            (
                "another tenant",
                app.with_token(&assembled(
                    &header,
                    &with(fresh_claims.clone(), "tid", json!(other_tenant)),
                    &fresh_signature,
                )),
                "Bearer error=\"invalid_token\"",
            ),
            ("longer", app.with_token(&assembled(&header, &with(claims.clone(), "exp", json!(4_000_000_000_u64)), &signature)), "Bearer error=\"invalid_token\""),
        ] {
            let input = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
            let answer = voice.mutate("transfer", input, "entry { id }").await;
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            assert_eq!(answer.headers["www-authenticate"], challenge, "{what}");
            answer.fault("UNAUTHENTICATED");
        }
        assert_eq!(app.picture().await, before);
        app.with_token(&fresh).transfer(&from, &to, "1.00").await;
    }

    async fn old_tokens_outlive_a_new_key_for_their_hour(app: TestApp) {
        let old = app.client("read").await;
        let key = |set: &Value| set["keys"].as_array().map_or(0, Vec::len);
        let jwks = async || {
            app.http()
                .get(app.url("/.well-known/jwks.json"))
                .send()
                .await
                .expect("an answer")
                .json::<Value>()
                .await
                .expect("JSON")
        };
        assert_eq!(key(&jwks().await), 1);
        app.server().access().await.rotate_keys().await.expect("a new key");
        assert_eq!(key(&jwks().await), 2);
        let new = app.client("read").await;
        let kid = async |app: &TestApp| parts(&app.token().await.expect("a token")).0["kid"].clone();
        assert_ne!(kid(&old).await, kid(&new).await);
        old.ok(WHO, json!({})).await;
        new.ok(WHO, json!({})).await;
        app.restart().await;
        old.ok(WHO, json!({})).await;
        app.advance(Duration::from_secs(3_600));
        old.fault(WHO, json!({}), "UNAUTHENTICATED").await;
    }

    async fn a_second_server_believes_the_tokens_of_the_first(app: TestApp) {
        let Some(second) = app.second_server().await else { return };
        let token = app.client("read").await.token().await.expect("a token");
        second.with_token(&token).ok(WHO, json!({})).await;
        second.server().access().await.rotate_keys().await.expect("a new key");
        let of_new_key = second.client("read").await.token().await.expect("a token");
        app.with_token(&of_new_key).ok(WHO, json!({})).await;
    }

    async fn a_client_that_is_disabled_gets_no_more_tokens(app: TestApp) {
        let id = "web";
        app.create_client(id, SECRET, "read", None).await;
        let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", SECRET)];
        assert_eq!(app.ask_token(&form).await.0, 200);
        app.server().access().await.disable_client(app.tenant_id(), id).await.expect("a client");
        assert_eq!(app.ask_token(&form).await.0, 401);
    }

    async fn every_operation_takes_its_scope(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let entry = app.transfer(&from, &to, "10.00").await;
        let hold = app.hold(&from, "10.00").await;
        let person = json!({ "type": "PERSON", "lastName": "Hopper" });
        let product =
            json!({ "code": "mine", "alias": "Mine", "family": "DEPOSIT", "currency": "EUR", "debtRule": "NONE" });
        let between = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        let item = |of: &Value| {
            let mut item = of.clone();
            item["idempotencyKey"] = json!("item");
            json!({ "items": [item] })
        };
        let on = |more: Value| {
            let mut input = json!({ "account": from.by() });
            input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            input
        };
        let address = json!({ "label": "MAIN_POSTAL_ADDRESS", "content": { "postal": { "townName": "Lund", "country": "SE" } } });
        let payment = on(json!({ "amount": euros("1.00"), "channel": "CASH" }));
        let open = json!({ "product": { "code": "current" }, "owner": { "id": from.owner } });
        let claim = json!({ "claimReference": "C", "amount": "1.00", "originalDueDate": "2026-04-01", "currentDueDate": "2026-04-01" });
        let moved = json!({ "claimReference": "C", "amount": euros("1.00"), "originator": "DCA" });
        let mutations = [
            ("updateTenant", "admin", json!({ "name": "Other" })),
            ("setHistoryCodes", "admin", json!({ "types": [] })),
            ("runBusinessDay", "admin", json!({})),
            ("resetSandbox", "admin", json!({})),
            ("advanceClock", "admin", json!({ "to": "2026-05-01T00:00:00Z" })),
            ("createParty", "admin", json!({ "name": "Creditor" })),
            ("updateParty", "admin", json!({ "party": { "number": "P" }, "name": "Other" })),
            ("returnDisbursement", "money", json!({ "disbursement": "ent_1", "reason": "X" })),
            ("postDeduction", "admin", on(json!({ "amount": euros("1.00"), "reason": "X" }))),
            ("settleCardScheme", "money", json!({ "amount": euros("1.00") })),
            ("remitToParty", "money", json!({ "party": { "number": "P" }, "amount": euros("1.00"), "iban": "SE3550000000054910000003" })),
            ("createAddress", "admin", json!({ "customer": { "id": from.owner }, "address": address })),
            ("createAddressBatch", "admin", item(&json!({ "customer": { "id": from.owner }, "address": address }))),
            ("updateAddress", "admin", json!({ "address": { "id": "adr_1" }, "content": address["content"] })),
            ("activateAddress", "admin", json!({ "address": { "id": "adr_1" } })),
            ("deactivateAddress", "admin", json!({ "address": { "id": "adr_1" } })),
            ("invalidateAddress", "admin", json!({ "address": { "id": "adr_1" } })),
            ("invalidateAddressBatch", "admin", item(&json!({ "address": { "id": "adr_1" } }))),
            ("addAddressUsage", "admin", json!({ "address": { "id": "adr_1" }, "usage": { "name": "A", "service": "B" } })),
            ("removeAddressUsage", "admin", json!({ "address": { "id": "adr_1" }, "usage": { "name": "A", "service": "B" } })),
            ("createCustomerBatch", "admin", item(&person)),
            ("openAccountBatch", "admin", item(&open)),
            ("postPaymentBatch", "money", item(&payment)),
            ("createCustomer", "admin", person),
            ("updateCustomer", "admin", json!({ "customer": { "id": from.owner }, "firstName": "Grace" })),
            ("addAccountParticipant", "admin", on(json!({ "customer": { "id": from.owner }, "role": "PAYER" }))),
            ("removeAccountParticipant", "admin", on(json!({ "customer": { "id": from.owner }, "role": "PAYER" }))),
            ("mergeCustomers", "admin", json!({ "customer": { "id": from.owner }, "into": { "id": to.owner } })),
            ("eraseCustomer", "admin", json!({ "customer": { "id": from.owner } })),
            ("createProduct", "admin", product),
            ("updateProduct", "admin", json!({ "product": { "code": "current" }, "alias": "Other" })),
            ("openAccount", "admin", open),
            ("updateAccount", "admin", on(json!({ "externalReference": "mine" }))),
            ("requestAccountClosure", "admin", on(json!({}))),
            ("closeAccount", "admin", on(json!({ "closureCode": "X" }))),
            ("addCard", "admin", on(json!({ "card": { "main": true } }))),
            ("replaceCard", "admin", json!({ "card": { "token": "t" } })),
            ("updateCard", "admin", json!({ "card": { "token": "t" } })),
            ("deleteCard", "admin", json!({ "card": { "token": "t" } })),
            ("restoreCard", "admin", json!({ "card": { "token": "t" } })),
            ("closePeriod", "admin", json!({ "through": "2026-03-31" })),
            ("postAdjustment", "admin", on(json!({ "amount": euros("1.00"), "reason": "because" }))),
            ("postCharge", "admin", on(json!({ "amount": euros("1.00"), "kind": "LATE_FEE" }))),
            ("reverseEntry", "admin", json!({ "entry": entry, "reason": "because" })),
            ("transferBatch", "money", item(&between)),
            ("transfer", "money", between),
            ("postPayment", "money", payment),
            ("registerPayment", "psp", on(json!({ "amount": euros("1.00"), "paidOn": "2026-04-15", "provider": "p", "transactionId": "1" }))),
            ("postReimbursement", "money", on(json!({ "type": "FULL" }))),
            ("loadAccount", "money", on(json!({ "amount": euros("1.00") }))),
            ("unloadAccount", "money", on(json!({ "amount": euros("1.00") }))),
            ("disburse", "money", on(json!({ "amount": euros("1.00"), "iban": "SE3550000000054910000003" }))),
            ("addCardBatch", "admin", item(&on(json!({ "card": { "main": false } })))),
            ("blockCard", "admin", json!({ "card": { "token": "t" }, "reasonCode": "X" })),
            ("unblockCard", "admin", json!({ "card": { "token": "t" }, "reason": "X" })),
            ("authoriseCard", "money", json!({ "card": { "token": "t" }, "amount": euros("1.00") })),
            ("increaseAuthorisation", "money", json!({ "authorisation": "hld_1", "amount": euros("1.00") })),
            ("reverseAuthorisation", "money", json!({ "authorisation": "hld_1" })),
            ("clearCard", "money", json!({ "of": { "card": { "token": "t" } }, "amount": euros("1.00") })),
            ("purchaseByCard", "money", json!({ "card": { "token": "t" }, "amount": euros("1.00") })),
            ("refundCard", "money", json!({ "of": { "card": { "token": "t" } }, "amount": euros("1.00") })),
            ("openChargeback", "money", json!({ "purchase": "ent_1", "reason": "X" })),
            ("resolveChargeback", "money", json!({ "chargeback": "cbk_1", "outcome": "WON" })),
            ("createMandate", "money", on(json!({ "scheme": "SEPA_CORE" }))),
            ("createMandateBatch", "money", item(&on(json!({ "scheme": "SEPA_CORE" })))),
            ("activateMandate", "money", json!({ "mandate": { "id": "mdt_1" } })),
            ("suspendMandate", "money", json!({ "mandate": { "id": "mdt_1" } })),
            ("amendMandate", "money", json!({ "mandate": { "id": "mdt_1" }, "reference": "X" })),
            ("revokeMandate", "money", json!({ "mandate": { "id": "mdt_1" } })),
            ("revokeMandateBatch", "money", item(&json!({ "mandate": { "id": "mdt_1" } }))),
            ("createCreditTransfer", "money", on(json!({ "amount": euros("1.00"), "iban": "SE3550000000054910000003" }))),
            ("cancelCreditTransfer", "money", json!({ "endToEndId": "C1" })),
            ("reportCreditTransfer", "money", json!({ "endToEndId": "C1", "outcome": "PAID" })),
            ("createDirectDebit", "money", on(json!({ "amount": euros("1.00") }))),
            ("setIdentificationProvider", "admin", json!({ "name": "Self", "kind": "SELF", "issuer": "a", "clientId": "b", "returnAddresses": [] })),
            ("setPurchaseTerms", "admin", json!({ "product": { "code": "a" }, "kind": "INVOICE" })),
            ("registerPurchase", "money", json!({ "purchaseId": "P", "account": { "number": "1" }, "lines": [] })),
            ("produceInvoice", "money", on(json!({ "dueDate": "2026-05-15" }))),
            ("postponeInvoice", "money", on(json!({ "until": "2026-05-15" }))),
            ("cancelDirectDebit", "money", json!({ "endToEndId": "D1" })),
            ("reportDirectDebit", "money", json!({ "endToEndId": "D1", "outcome": "PAID" })),
            ("setDirectDebitTerms", "admin", json!({ "leadDays": 1, "availableAfterDays": 0 })),
            ("placeHold", "money", on(json!({ "amount": euros("1.00") }))),
            ("captureHold", "money", json!({ "hold": hold })),
            ("releaseHold", "money", json!({ "hold": hold })),
            ("addDocument", "admin", json!({ "file": "konto-upload:0", "kind": "A", "subject": from.id })),
            ("createUploadLink", "admin", json!({ "name": "a", "kind": "A", "subject": from.id })),
            ("removeDocument", "admin", json!({ "document": "doc_1" })),
            ("setDocumentLegalHold", "admin", json!({ "document": "doc_1", "legalHold": true })),
            ("setDocumentKind", "admin", json!({ "kind": "A" })),
            ("printDocument", "admin", json!({ "subject": "icn_1", "kind": "PLAN" })),
            ("setPrintBrand", "admin", json!({ "name": "N" })),
            ("setPrintTemplate", "admin", json!({ "kind": "BILL", "language": "EN", "title": "N", "paragraphs": [] })),
            ("createWebhook", "admin", json!({ "url": "https://example.com/" })),
            ("updateWebhook", "admin", json!({ "webhook": "whk_1", "description": "Other" })),
            ("enableWebhook", "admin", json!({ "webhook": "whk_1" })),
            ("disableWebhook", "admin", json!({ "webhook": "whk_1" })),
            ("rotateWebhookSecret", "admin", json!({ "webhook": "whk_1" })),
            ("deleteWebhook", "admin", json!({ "webhook": "whk_1" })),
            ("replayWebhook", "admin", json!({ "webhook": "whk_1", "from": { "time": "2026-04-15T09:30:00Z" } })),
            ("sendTestWebhook", "admin", json!({ "webhook": "whk_1" })),
            ("retryDelivery", "admin", json!({ "delivery": "whd_1" })),
            ("createCustomAction", "admin", json!({ "code": "a", "kind": "SCRIPT", "binding": "NONE", "script": "1" })),
            ("updateCustomAction", "admin", json!({ "action": { "code": "a" }, "script": "2" })),
            ("enableCustomAction", "admin", json!({ "action": { "code": "a" } })),
            ("disableCustomAction", "admin", json!({ "action": { "code": "a" } })),
            ("rotateCustomActionSecret", "admin", json!({ "action": { "code": "a" } })),
            ("runAction", "money", json!({ "action": { "code": "a" } })),
            (
                "createInstalmentModel",
                "admin",
                json!({ "reference": "M", "type": "CASH", "currency": "EUR", "minimumAmount": "1", "maximumAmount": "2",
                    "accountProduct": { "code": "loan" }, "terms": [3], "annualRate": "5" }),
            ),
            ("createInstalmentContract", "admin", json!({ "credit": euros("1.00"), "receivingAccount": from.by(), "payingAccount": from.by(), "channel": "WEB" })),
            ("updateInstalmentContract", "admin", json!({ "contract": { "reference": "1" } })),
            ("cancelInstalmentContract", "admin", json!({ "contract": { "reference": "1" } })),
            ("activateInstalmentContract", "money", json!({ "contract": { "reference": "1" } })),
            ("repayInstalmentContractEarly", "money", json!({ "contract": { "reference": "1" }, "amount": euros("1.00"), "settledBy": "ISSUER" })),
            ("terminateInstalmentContract", "money", json!({ "contract": { "reference": "1" }, "settledBy": "ISSUER" })),
            ("terminateInstalmentContracts", "money", json!({ "payingAccount": from.by(), "settledBy": "ISSUER" })),
            ("updateInstalmentModel", "admin", json!({ "model": { "reference": "M" } })),
            ("createLeasePlan", "money", on(json!({ "instalments": [] }))),
            ("addLeaseInstalment", "money", on(json!({ "instalment": { "dueDate": "2026-05-15", "principal": "1" } }))),
            ("alterLeaseInstalment", "money", on(json!({ "number": 1 }))),
            ("grantRespite", "money", on(json!({ "days": 1 }))),
            ("setTermination", "money", on(json!({ "status": "TERMINATED" }))),
            ("cancelJob", "money", json!({ "job": "job_1" })),
            ("retryJob", "money", json!({ "job": "job_1" })),
            ("approve", "approve", json!({ "approval": "apv_1" })),
            ("rejectApproval", "approve", json!({ "approval": "apv_1" })),
            ("withdrawApproval", "read", json!({ "approval": "apv_1" })),
            ("setApprovalRules", "admin", json!({ "rules": [] })),
            ("createReceivable", "admin", json!({ "accountReference": "A", "currency": "EUR" })),
            ("createReceivableBatch", "admin", item(&json!({ "accountReference": "A", "currency": "EUR" }))),
            ("updateReceivable", "admin", json!({ "accountReference": "A" })),
            ("updateReceivableBatch", "admin", item(&json!({ "accountReference": "A" }))),
            ("addReceivableDebtor", "admin", json!({ "accountReference": "A", "debtor": { "externalReference": "D" } })),
            ("addReceivableDebtorBatch", "admin", item(&json!({ "accountReference": "A", "debtor": { "externalReference": "D" } }))),
            ("updateReceivableDebtor", "admin", json!({ "accountReference": "A", "debtorReference": "D" })),
            ("updateReceivableDebtorBatch", "admin", item(&json!({ "accountReference": "A", "debtorReference": "D" }))),
            ("addReceivableProduct", "admin", json!({ "accountReference": "A", "productReference": "P" })),
            ("addReceivableProductBatch", "admin", item(&json!({ "accountReference": "A", "productReference": "P" }))),
            ("updateReceivableProduct", "admin", json!({ "accountReference": "A", "productReference": "P" })),
            ("updateReceivableProductBatch", "admin", item(&json!({ "accountReference": "A", "productReference": "P" }))),
            ("setReceivableScore", "admin", json!({ "accountReference": "A", "type": "INTERNAL" })),
            ("setReceivableScoreBatch", "admin", item(&json!({ "accountReference": "A", "type": "INTERNAL" }))),
            ("addReceivableEntry", "admin", json!({ "accountReference": "A", "ledgerEntryReference": "E", "kind": "REPORTING", "amount": "1.00" })),
            ("addReceivableEntryBatch", "admin", item(&json!({ "accountReference": "A", "ledgerEntryReference": "E", "kind": "REPORTING", "amount": "1.00" }))),
            ("setReceivableAmounts", "admin", json!({ "accountReference": "A", "ledgerEntries": [] })),
            ("setReceivableAmountsBatch", "admin", item(&json!({ "accountReference": "A", "ledgerEntries": [] }))),
            ("matchPayment", "admin", json!({ "accountReference": "A", "amount": euros("1.00"), "matchStrategy": "ORDERED_LEDGER_ENTRIES" })),
            ("matchPaymentBatch", "admin", item(&json!({ "accountReference": "A", "amount": euros("1.00"), "matchStrategy": "ORDERED_LEDGER_ENTRIES" }))),
            ("matchUnallocated", "admin", json!({ "accountReference": "A", "matchStrategy": "ORDERED_LEDGER_ENTRIES" })),
            ("matchUnallocatedBatch", "admin", item(&json!({ "accountReference": "A", "matchStrategy": "ORDERED_LEDGER_ENTRIES" }))),
            ("executeClaimTrigger", "admin", json!({ "claimReference": "C", "triggerName": "A" })),
            ("executeClaimTriggerBatch", "admin", item(&json!({ "claimReference": "C", "triggerName": "A" }))),
            ("createPromiseToPay", "admin", json!({ "claimReference": "C", "amount": euros("1.00"), "dueDate": "2026-05-01" })),
            ("createPromiseToPayBatch", "admin", item(&json!({ "claimReference": "C", "amount": euros("1.00"), "dueDate": "2026-05-01" }))),
            ("cancelPromiseToPay", "admin", json!({ "promise": "ptp_1" })),
            ("cancelPromiseToPayBatch", "admin", item(&json!({ "promise": "ptp_1" }))),
            ("createClaim", "admin", claim.clone()),
            ("createClaimBatch", "admin", item(&claim)),
            ("recreateClaim", "admin", claim.clone()),
            ("recreateClaimBatch", "admin", item(&claim)),
            ("importClaim", "admin", claim.clone()),
            ("importClaimBatch", "admin", item(&claim)),
            ("updateClaim", "admin", json!({ "claimReference": "C", "amount": "1.00" })),
            ("updateClaimBatch", "admin", item(&json!({ "claimReference": "C", "amount": "1.00" }))),
            ("creditClaim", "admin", moved.clone()),
            ("creditClaimBatch", "admin", item(&moved)),
            ("debitClaim", "admin", moved.clone()),
            ("debitClaimBatch", "admin", item(&moved)),
            ("resolveClaim", "admin", json!({ "claimReference": "C", "reason": "CLAIM_SOLD" })),
            ("resolveClaimBatch", "admin", item(&json!({ "claimReference": "C", "reason": "CLAIM_SOLD" }))),
            ("deleteClaim", "admin", json!({ "claimReference": "C" })),
            ("deleteClaimBatch", "admin", item(&json!({ "claimReference": "C" }))),
            ("addReceivableDocument", "admin", json!({ "file": "konto-upload:0", "accountReference": "A", "documentType": "A", "claimReference": "C" })),
            ("setMessageTemplate", "admin", json!({ "code": "A", "language": "en", "kind": "LETTER", "name": "A", "body": "a" })),
            ("setMessageSettings", "admin", json!({})),
            ("setCeaseContact", "admin", json!({ "customer": { "number": "1" } })),
            ("sendMessage", "admin", json!({ "claimReference": "C", "template": "A" })),
            ("sendMessageBatch", "admin", item(&json!({ "claimReference": "C", "template": "A" }))),
            ("setCollectionStrategy", "admin", json!({ "code": "A", "name": "A", "steps": [{ "name": "a" }] })),
            ("createDebtorPageLink", "admin", json!({ "claimReference": "C" })),
            ("startJourney", "admin", json!({ "claimReference": "C", "strategy": "A" })),
            ("startJourneyBatch", "admin", item(&json!({ "claimReference": "C", "strategy": "A" }))),
            ("pauseJourney", "admin", json!({ "claimReference": "C" })),
            ("pauseJourneyBatch", "admin", item(&json!({ "claimReference": "C" }))),
            ("resumeJourney", "admin", json!({ "claimReference": "C" })),
            ("resumeJourneyBatch", "admin", item(&json!({ "claimReference": "C" }))),
            ("stopJourney", "admin", json!({ "claimReference": "C", "reason": "CLAIM_PAID" })),
            ("stopJourneyBatch", "admin", item(&json!({ "claimReference": "C", "reason": "CLAIM_PAID" }))),
            ("placeBlock", "admin", json!({ "on": { "account": from.by() }, "kind": "ALL", "reasonCode": "X" })),
            ("changeBlock", "admin", json!({ "block": "blk_1", "reasonCode": "X" })),
            ("liftBlock", "admin", json!({ "block": "blk_1", "reason": "X" })),
            ("payGarnishment", "money", json!({ "block": "blk_1", "iban": "SE3550000000054910000003" })),
            ("applyForRaisedCreditLimit", "money", on(json!({ "creditLimit": "1.00" }))),
            ("withdrawLimitApplication", "money", json!({ "application": "lap_1" })),
            ("addDue", "money", on(json!({ "component": "FEE", "amount": euros("1.00"), "dueOn": "2026-05-01" }))),
            ("cancelDue", "money", json!({ "due": "due_1", "reasonCode": "X" })),
            ("setUpRecurringPayment", "money", on(json!({ "paymentMethod": "AUTOGIRO", "paymentScope": "TOTAL_DEBT" }))),
            ("updateRecurringPayment", "money", on(json!({ "paymentMethod": "AUTOGIRO" }))),
            ("removeRecurringPayment", "money", on(json!({}))),
            ("giveDebitConsent", "money", on(json!({ "paymentMethod": "AUTOGIRO" }))),
            ("revokeDebitConsent", "money", on(json!({}))),
            ("cancelPaymentOrder", "money", json!({ "order": "pmo_1" })),
            ("decideLimitApplication", "admin", json!({ "application": "lap_1", "approve": true })),
            ("createPaymentProvider", "admin", json!({ "code": "p", "name": "P", "kind": "HTTP" })),
            ("updatePaymentProvider", "admin", json!({ "provider": "p", "name": "Q" })),
            ("initiateProviderPayment", "money", on(json!({ "provider": "p", "amount": euros("1.00") }))),
            ("captureProviderPayment", "money", json!({ "payment": "ppm_1" })),
            ("cancelProviderPayment", "money", json!({ "payment": "ppm_1" })),
            ("refundProviderPayment", "money", json!({ "payment": "ppm_1", "reason": "X" })),
            ("reconcileProviderPayout", "money", json!({ "provider": "p", "payments": ["ppm_1"], "amount": euros("1.00") })),
            ("createInsurancePackage", "admin", json!({ "code": "a", "name": "A", "products": [], "events": [], "premium": { "basis": "FIXED", "period": "MONTH" } })),
            ("updateInsurancePackage", "admin", json!({ "package": { "code": "a" }, "name": "B" })),
            ("subscribeInsurance", "money", on(json!({ "package": { "code": "a" } }))),
            ("recordInsuranceEvent", "money", json!({ "insurance": { "id": "ict_1" }, "event": "A" })),
            ("endInsurance", "money", json!({ "insurance": { "id": "ict_1" }, "reason": "X" })),
            ("setAccountSource", "admin", on(json!({ "url": "https://example.com/" }))),
            ("removeAccountSource", "admin", on(json!({}))),
            ("refreshAccount", "money", on(json!({}))),
            ("createMerchantContract", "admin", json!({ "party": { "number": "P" }, "merchantId": "M", "name": "A", "currency": "EUR", "feePct": "1", "iban": "SE3550000000054910000003" })),
            ("endMerchantContract", "admin", json!({ "contract": "mct_1" })),
            ("settleMerchant", "money", json!({ "contract": "mct_1" })),
            ("createInvestmentOffer", "admin", json!({ "code": "a", "name": "A", "issuer": from.by(), "amount": euros("1.00"), "minRate": "1", "maxRate": "2", "termMonths": 1, "allocationDeadline": "2026-05-01" })),
            ("cancelInvestmentOffer", "money", json!({ "offer": { "code": "a" }, "reason": "X" })),
            ("allocateOffer", "money", json!({ "offer": { "code": "a" } })),
            ("distributeInvestment", "money", json!({ "offer": { "code": "a" }, "interest": euros("1.00") })),
            ("placeBid", "money", on(json!({ "offer": { "code": "a" }, "amount": euros("1.00") }))),
            ("withdrawBid", "money", json!({ "bid": "bid_1" })),
            ("rejectBid", "money", json!({ "bid": "bid_1", "reason": "X" })),
            ("setBillingPlan", "admin", json!({ "product": { "code": "a" }, "closureDay": 1, "paymentDays": 1, "minimumSharePct": "1" })),
            ("cancelDelinquency", "money", on(json!({}))),
            ("reprintStatement", "money", json!({ "statement": { "id": "sta_1" } })),
        ];
        let schema = app.ok("{ __schema { mutationType { fields { name } } } }", json!({})).await;
        let fields = schema["__schema"]["mutationType"]["fields"].as_array().expect("fields").clone();
        for field in &fields {
            assert!(mutations.iter().any(|(name, ..)| field["name"] == *name), "{} is not tested", field["name"]);
        }
        let before = app.picture().await;
        for (name, scope, input) in &mutations {
            let all_others =
                ["read", "money", "psp", "admin", "subscribe", "audit", "bulk", "approve", "identifiers"].into_iter().filter(|other| other != scope);
            let weak = app.with_scopes(&all_others.collect::<Vec<_>>().join(" "));
            let answer = weak.mutate(name, input.clone(), "__typename").await;
            forbidden(answer, scope, name);
        }
        assert_eq!(app.picture().await, before);
        let queries = [
            ("read", "{ viewer { client } }"),
            ("read", "{ businessDays { nodes { id } } }"),
            ("read", "{ account(by: { number: \"1\" }) { id } }"),
            ("read", "{ accounts { nodes { id } } }"),
            ("read", "{ card(by: { token: \"t\" }) { id } }"),
            ("read", "{ cards { nodes { id } } }"),
            ("read", "{ holds { nodes { id } } }"),
            ("read", "{ chargebacks { nodes { id } } }"),
            ("read", "{ mandates { nodes { id } } }"),
            ("read", "{ directDebit(endToEndId: \"D1\") { id } }"),
            ("read", "{ directDebits { nodes { id } } }"),
            ("read", "{ creditTransfer(endToEndId: \"C1\") { id } }"),
            ("read", "{ creditTransfers { nodes { id } } }"),
            ("read", "{ purchase(purchaseId: \"P\") { purchaseId } }"),
            ("admin", "{ identificationProviders { name } }"),
            ("read", "{ purchaseOverview(purchaseId: \"P\", customerAuthToken: \"t\", provider: \"p\", returnUrl: \"u\") { __typename } }"),
            ("read", "{ purchaseAccount(account: { number: \"1\" }) { kind } }"),
            ("read", "{ purchaseTerms(product: { code: \"a\" }) { kind } }"),
            ("read", "{ directDebitTerms { leadDays } }"),
            ("read", "{ customer(by: { number: \"1\" }) { id } }"),
            ("read", "{ customers { nodes { id } } }"),
            ("read", "{ address(by: { id: \"adr_1\" }) { id } }"),
            ("read", "{ party(by: { number: \"1\" }) { id } }"),
            ("read", "{ parties { nodes { id } } }"),
            ("read", "{ product(by: { code: \"current\" }) { id } }"),
            ("read", "{ products { nodes { id } } }"),
            ("read", "{ entry(id: \"ent_1\") { id } }"),
            ("read", "{ entries { nodes { id } } }"),
            ("read", "{ events { nodes { sequence } } }"),
            ("read", "{ document(id: \"x\") { id } }"),
            ("read", "{ documents { nodes { id } } }"),
            ("read", "{ documentKinds { nodes { kind } } }"),
            ("read", "{ history(of: \"x\") { nodes { sequence } } }"),
            ("read", "{ node(id: \"x\") { id } }"),
            ("read", "{ nodes(ids: [\"x\"]) { id } }"),
            ("read", "{ trialBalance { balanced } }"),
            ("read", "{ customAction(by: { code: \"a\" }) { id } }"),
            ("read", "{ customActions { nodes { id } } }"),
            ("read", "{ actionRun(id: \"run_1\") { id } }"),
            ("read", "{ actionRuns { nodes { id } } }"),
            ("read", "{ instalmentModel(by: { reference: \"M\" }) { id } }"),
            ("read", "{ instalmentModels { nodes { id } } }"),
            ("read", "{ instalmentContract(by: { reference: \"1\" }) { id } }"),
            ("read", "{ instalmentContracts { nodes { id } } }"),
            ("read", "{ simulateInstalments(input: { by: { type: \"CASH\" }, credit: { amount: \"1.00\", currency: \"EUR\" } }) { terms } }"),
            ("read", "{ job(id: \"job_1\") { id } }"),
            ("read", "{ jobs { nodes { id } } }"),
            ("read", "{ approval(id: \"apv_1\") { id } }"),
            ("read", "{ approvals { nodes { id } } }"),
            ("read", "{ approvalRules { operation } }"),
            ("read", "{ blocks { nodes { id } } }"),
            ("read", "{ paymentOrders { nodes { id } } }"),
            ("read", "{ limitApplications { nodes { id } } }"),
            ("read", "{ insurancePackage(by: { code: \"a\" }) { id } }"),
            ("read", "{ insurancePackages { nodes { id } } }"),
            ("read", "{ insuranceContract(by: { id: \"ict_1\" }) { id } }"),
            ("read", "{ insuranceContracts { nodes { id } } }"),
            ("read", "{ merchantContracts { nodes { id } } }"),
            ("read", "{ merchantPayments { nodes { id } } }"),
            ("read", "{ merchantTransactions { nodes { kind } } }"),
            ("read", "{ investmentOffer(by: { code: \"a\" }) { id } }"),
            ("read", "{ investmentOffers { nodes { id } } }"),
            ("read", "{ investmentBids { nodes { id } } }"),
            ("read", "{ investmentPositions { nodes { rate } } }"),
            ("read", "{ statement(by: { id: \"sta_1\" }) { id } }"),
            ("read", "{ bill(id: \"bil_1\") { id } }"),
            ("read", "{ providerPayments { nodes { id } } }"),
            ("admin", "{ paymentProvider(code: \"p\") { code } }"),
            ("admin", "{ paymentProviders { nodes { code } } }"),
            ("read", "{ claim(by: { reference: \"1\" }) { id } }"),
            ("read", "{ claims { nodes { id } } }"),
            ("read", "{ receivable(by: { reference: \"1\" }) { id } }"),
            ("read", "{ receivables { nodes { id } } }"),
            ("read", "{ messageTemplates { nodes { code } } }"),
            ("read", "{ messageSettings { changedAt } }"),
            ("read", "{ previewMessage(claimReference: \"1\", template: \"A\") { body } }"),
            ("read", "{ collectionStrategy(code: \"A\") { code } }"),
            ("read", "{ collectionStrategies { nodes { code } } }"),
            ("audit", "{ auditRecords { nodes { id } } }"),
            ("admin", "{ webhook(id: \"whk_1\") { id } }"),
            ("admin", "{ webhooks { nodes { id } } }"),
        ];
        for (scope, query) in queries {
            let all_others =
                ["read", "money", "psp", "admin", "subscribe", "audit", "bulk", "approve", "identifiers"].into_iter().filter(|other| *other != scope);
            let weak = app.with_scopes(&all_others.collect::<Vec<_>>().join(" "));
            forbidden(weak.graphql(query, json!({})).await, scope, query);
            app.with_scopes(scope).ok(query, json!({})).await;
        }
        let mut socket = app.with_scopes("read money admin audit bulk").socket().await;
        for query in [
            "subscription { ledgerEvents { sequence } }",
            "subscription($by: AccountBy!) { balanceChanged(accounts: [$by]) { cursor } }",
        ] {
            socket.subscribe("a", query, json!({ "by": from.by() })).await;
            assert_eq!(socket.next_fault().await, "FORBIDDEN");
        }
    }

    async fn what_a_money_token_makes_it_may_see_in_the_answer_but_not_read(app: TestApp) {
        let from = app.funded("100.00").await;
        let to = app.account("current").await;
        let money = app.with_scopes("money");
        let input = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        let done = money
            .done("transfer", input, "entry { id postings { amount { amount } } } from { balance { amount } }")
            .await;
        assert_eq!(done["from"]["balance"]["amount"], "99.00");
        let input = json!({ "from": from.by(), "to": to.by(), "amount": euros("1.00") });
        let answer = money.mutate("transfer", input, "from { transactions { nodes { id } } }").await;
        assert_eq!(answer.errors()[0]["extensions"]["code"], "FORBIDDEN", "{answer:?}");
        assert_eq!(app.balance(&from).await, "98.00");
    }

    async fn a_client_of_a_customer_gets_bound_tokens_only(app: TestApp) {
        let (mine, other) = (app.account("current").await, app.account("current").await);
        app.create_client("app", SECRET, "read", Some(&mine.owner)).await;
        let form = [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", SECRET)];
        let (_, body) = app.ask_token(&form).await;
        let bound = app.with_token(body["access_token"].as_str().expect("a token"));
        assert_eq!(bound.ok(WHO, json!({})).await["viewer"]["customer"]["id"], json!(mine.owner));
        let find = "query($by: AccountBy!) { account(by: $by) { id } }";
        assert_eq!(bound.ok(find, json!({ "by": other.by() })).await["account"], Value::Null);
        assert_eq!(bound.ok(find, json!({ "by": mine.by() })).await["account"]["id"], json!(mine.id));
        let wanted = [&form[..], &[("customer", &*other.owner)]].concat();
        assert_eq!(app.ask_token(&wanted).await.0, 400);
    }
}

fn forbidden(answer: Answer, scope: &str, what: &str) {
    assert_eq!(answer.status, 200, "{what}: {answer:?}");
    let fault = answer.fault("FORBIDDEN");
    let message = fault["message"].as_str().expect("a message");
    assert!(message.contains(&format!("'{scope}'")), "{what}: {message}");
}
