//! Another tenant's ids, wherever an id can be given: the answer is that for an id that never existed, to the byte
//! but for the id that it echoes, over HTTP, as an event stream and over a socket. That no place is forgotten is
//! checked against the schema.

mod contracts;
mod investments;
mod leasing;
mod reads;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use reads::{READS, STREAMS};

use crate::app::{Sent, TestApp, encoded, fresh_key, is_batch, items, mutation};
use crate::isolation::{Things, two_tenants, unknown};

/// The same in mutations, with the input; `ID` stands for the id.
fn writes() -> Vec<(&'static str, usize, Value)> {
    let (id, euro) = (json!({ "id": "ID" }), json!({ "amount": "1.00", "currency": "EUR" }));
    let mine = json!({ "number": "A1" });
    let model = json!({ "reference": "M1" });
    let contract = |changes: &[(&str, &Value)]| {
        let mut input = json!({ "model": { "reference": "M1" }, "credit": { "amount": "500.00", "currency": "EUR" },
            "receivingAccount": { "number": "A1" }, "payingAccount": { "number": "A1" }, "customer": { "number": "C1" },
            "channel": "WEB" });
        for (field, value) in changes {
            input[*field] = (*value).clone();
        }
        input
    };
    let all = json!({ "amount": "100000.00", "currency": "EUR" });
    let opening = |owner: &Value, product: &Value, creditor: Option<&Value>| json!({ "items": [{ "idempotencyKey": "KEY", "owner": owner, "product": product, "creditor": creditor }] });
    let (owner, product) = (json!({ "number": "C1" }), json!({ "code": "mine" }));
    let document = |subject: &Value, item: Option<&Value>| json!({ "file": "konto-upload:0", "name": "X", "kind": "X", "subject": subject, "historyItem": item });
    let mut link = document(&json!("ID"), None);
    link.as_object_mut().expect("an object").remove("file");
    let mut link_item = document(&json!("MY-HOLD"), Some(&json!("ID")));
    link_item.as_object_mut().expect("an object").remove("file");
    let address =
        json!({ "label": "MAIN_POSTAL_ADDRESS", "content": { "postal": { "townName": "X", "country": "SE" } } });
    let (home, usage) = (json!({ "externalReference": "ext-adr" }), json!({ "name": "A", "service": "B" }));
    let payer = json!({ "bankAccount": { "iban": "SE3550000000054910000003" } });
    let of_account = json!({ "ofAccount": { "account": id, "reference": "mdt-1" } });
    vec![
        ("activateAddress.input.address.id", 18, json!({ "address": id })),
        ("activateAddress.input.customer.id", 0, json!({ "customer": id, "address": home })),
        ("addAddressUsage.input.address.id", 18, json!({ "address": id, "usage": usage })),
        ("addAddressUsage.input.customer.id", 0, json!({ "customer": id, "address": home, "usage": usage })),
        ("createAddress.input.customer.id", 0, json!({ "customer": id, "address": address })),
        (
            "createAddressBatch.input.items.customer.id",
            0,
            json!({ "items": [{ "idempotencyKey": "KEY", "customer": id, "address": address }] }),
        ),
        ("deactivateAddress.input.address.id", 18, json!({ "address": id })),
        ("deactivateAddress.input.customer.id", 0, json!({ "customer": id, "address": home })),
        ("invalidateAddress.input.address.id", 18, json!({ "address": id })),
        ("invalidateAddress.input.customer.id", 0, json!({ "customer": id, "address": home })),
        (
            "invalidateAddressBatch.input.items.address.id",
            18,
            json!({ "items": [{ "idempotencyKey": "KEY", "address": id }] }),
        ),
        (
            "invalidateAddressBatch.input.items.customer.id",
            0,
            json!({ "items": [{ "idempotencyKey": "KEY", "customer": id, "address": home }] }),
        ),
        ("removeAddressUsage.input.address.id", 18, json!({ "address": id, "usage": usage })),
        ("removeAddressUsage.input.customer.id", 0, json!({ "customer": id, "address": home, "usage": usage })),
        ("updateAddress.input.address.id", 18, json!({ "address": id, "content": address["content"] })),
        (
            "updateAddress.input.customer.id",
            0,
            json!({ "customer": id, "address": home, "content": address["content"] }),
        ),
        ("setCeaseContact.input.customer.id", 0, json!({ "customer": id, "reason": "LAWYER" })),
        ("addDocument.input.historyItem", 8, document(&json!("MY-HOLD"), Some(&json!("ID")))),
        ("addDocument.input.subject", 2, document(&json!("ID"), None)),
        ("createUploadLink.input.historyItem", 8, link_item),
        ("createUploadLink.input.subject", 2, link),
        ("removeDocument.input.document", 10, json!({ "document": "ID" })),
        ("printDocument.input.subject", 34, json!({ "subject": "ID", "kind": "PLAN" })),
        ("setPrintBrand.input.logo", 10, json!({ "name": "X", "logo": "ID" })),
        ("setDocumentLegalHold.input.document", 10, json!({ "document": "ID", "legalHold": true })),
        ("updateCustomAction.input.action.id", 22, json!({ "action": id, "description": "X" })),
        ("enableCustomAction.input.action.id", 22, json!({ "action": id })),
        ("disableCustomAction.input.action.id", 22, json!({ "action": id })),
        ("rotateCustomActionSecret.input.action.id", 22, json!({ "action": id })),
        ("runAction.input.action.id", 22, json!({ "action": id, "account": mine })),
        ("runAction.input.account.id", 2, json!({ "action": { "code": "mine" }, "account": id })),
        (
            "createInstalmentModel.input.accountProduct.id",
            1,
            json!({ "reference": "M9", "type": "CASH", "currency": "EUR", "minimumAmount": "1", "maximumAmount": "2",
                "accountProduct": id, "terms": [3], "annualRate": "5" }),
        ),
        (
            "createInstalmentModel.input.cardProduct.id",
            1,
            json!({ "reference": "M9", "type": "CASH", "currency": "EUR", "minimumAmount": "1", "maximumAmount": "2",
                "accountProduct": { "code": "loan" }, "cardProduct": id, "terms": [3], "annualRate": "5" }),
        ),
        ("createInstalmentContract.input.receivingAccount.id", 2, contract(&[("receivingAccount", &id)])),
        ("createInstalmentContract.input.payingAccount.id", 2, contract(&[("payingAccount", &id)])),
        ("createInstalmentContract.input.customer.id", 0, contract(&[("customer", &id)])),
        ("createInstalmentContract.input.model.id", 33, contract(&[("model", &id)])),
        ("createInstalmentContract.input.card.id", 15, contract(&[("card", &id)])),
        ("updateInstalmentContract.input.contract.id", 34, json!({ "contract": id, "terms": 6 })),
        (
            "updateInstalmentContract.input.payingAccount.id",
            2,
            json!({ "contract": { "externalReference": "ext-i" }, "payingAccount": id }),
        ),
        ("cancelInstalmentContract.input.contract.id", 34, json!({ "contract": id })),
        ("activateInstalmentContract.input.contract.id", 34, json!({ "contract": id })),
        (
            "repayInstalmentContractEarly.input.contract.id",
            34,
            json!({ "contract": id, "amount": euro, "settledBy": "ISSUER" }),
        ),
        ("terminateInstalmentContract.input.contract.id", 34, json!({ "contract": id, "settledBy": "ISSUER" })),
        (
            "terminateInstalmentContracts.input.payingAccount.id",
            2,
            json!({ "payingAccount": id, "settledBy": "ISSUER" }),
        ),
        ("updateInstalmentModel.input.model.id", 33, json!({ "model": id, "annualRate": "6" })),
        ("updateInstalmentModel.input.accountProduct.id", 1, json!({ "model": model, "accountProduct": id })),
        ("updateInstalmentModel.input.cardProduct.id", 1, json!({ "model": model, "cardProduct": id })),
        ("cancelJob.input.job", 13, json!({ "job": "ID" })),
        ("retryJob.input.job", 13, json!({ "job": "ID" })),
        ("approve.input.approval", 14, json!({ "approval": "ID" })),
        ("rejectApproval.input.approval", 14, json!({ "approval": "ID" })),
        ("withdrawApproval.input.approval", 14, json!({ "approval": "ID" })),
        (
            "setApprovalRules.input.rules.products",
            1,
            json!({ "rules": [{ "operation": "transfer", "products": ["ID"] }] }),
        ),
        ("addCard.input.account.id", 2, json!({ "account": id, "card": { "main": false } })),
        ("addCard.input.card.holder.id", 0, json!({ "account": mine, "card": { "main": false, "holder": id } })),
        ("replaceCard.input.card.id", 15, json!({ "card": id })),
        ("updateCard.input.card.id", 15, json!({ "card": id })),
        ("blockCard.input.card.id", 15, json!({ "card": id, "reasonCode": "X" })),
        ("unblockCard.input.card.id", 15, json!({ "card": id, "reason": "X" })),
        ("unblockCard.input.block", 19, json!({ "card": { "token": "T1" }, "block": "ID", "reason": "X" })),
        (
            "addCardBatch.input.items.account.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "account": id, "card": { "main": false } }] }),
        ),
        (
            "addCardBatch.input.items.card.holder.id",
            0,
            json!({ "items": [{ "idempotencyKey": "KEY", "account": mine, "card": { "main": false, "holder": id } }] }),
        ),
        ("deleteCard.input.card.id", 15, json!({ "card": id })),
        ("restoreCard.input.card.id", 15, json!({ "card": id })),
        ("authoriseCard.input.card.id", 15, json!({ "card": id, "amount": euro })),
        ("increaseAuthorisation.input.authorisation", 5, json!({ "authorisation": "ID", "amount": euro })),
        ("reverseAuthorisation.input.authorisation", 5, json!({ "authorisation": "ID" })),
        ("clearCard.input.of.authorisation", 5, json!({ "of": { "authorisation": "ID" }, "amount": euro })),
        ("clearCard.input.of.card.id", 15, json!({ "of": { "card": id }, "amount": euro })),
        ("purchaseByCard.input.card.id", 15, json!({ "card": id, "amount": euro })),
        ("refundCard.input.of.purchase", 16, json!({ "of": { "purchase": "ID" }, "amount": euro })),
        ("refundCard.input.of.card.id", 15, json!({ "of": { "card": id }, "amount": euro })),
        ("openChargeback.input.purchase", 16, json!({ "purchase": "ID", "reason": "X" })),
        ("resolveChargeback.input.chargeback", 17, json!({ "chargeback": "ID", "outcome": "WON" })),
        (
            "createCreditTransfer.input.account.id",
            2,
            json!({ "account": id, "amount": euro, "iban": "SE3550000000054910000003" }),
        ),
        ("setPurchaseTerms.input.product.id", 1, json!({ "product": id, "kind": "INVOICE" })),
        (
            "setPurchaseTerms.input.loanProduct.id",
            1,
            json!({ "product": product, "kind": "INVOICE", "loanProduct": id }),
        ),
        ("registerPurchase.input.account.id", 2, json!({ "purchaseId": "P", "account": id, "lines": [] })),
        (
            "registerPurchase.input.customer.id",
            0,
            json!({ "purchaseId": "P", "customer": id, "product": product, "lines": [] }),
        ),
        (
            "registerPurchase.input.product.id",
            1,
            json!({ "purchaseId": "P", "customer": owner, "product": id, "lines": [] }),
        ),
        ("produceInvoice.input.account.id", 2, json!({ "account": id, "dueDate": "2027-01-01" })),
        ("postponeInvoice.input.account.id", 2, json!({ "account": id, "until": "2027-01-01" })),
        ("createDirectDebit.input.account.id", 2, json!({ "account": id, "amount": euro })),
        ("createDirectDebit.input.mandate.id", 24, json!({ "account": mine, "amount": euro, "mandate": id })),
        (
            "createDirectDebit.input.mandate.ofAccount.account.id",
            2,
            json!({ "account": mine, "amount": euro, "mandate": of_account }),
        ),
        (
            "createDirectDebit.input.overpaymentAccount.id",
            2,
            json!({ "account": mine, "amount": euro, "overpaymentAccount": id }),
        ),
        ("createMandate.input.account.id", 2, json!({ "account": id, "scheme": "SEPA_CORE", "payer": payer })),
        (
            "createMandate.input.debtor.id",
            0,
            json!({ "account": mine, "debtor": id, "scheme": "SEPA_CORE", "payer": payer }),
        ),
        (
            "createMandateBatch.input.items.account.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "account": id, "scheme": "SEPA_CORE", "payer": payer }] }),
        ),
        (
            "createMandateBatch.input.items.debtor.id",
            0,
            json!({ "items": [{ "idempotencyKey": "KEY", "account": mine, "debtor": id, "scheme": "SEPA_CORE", "payer": payer }] }),
        ),
        ("activateMandate.input.mandate.id", 24, json!({ "mandate": id })),
        ("activateMandate.input.mandate.ofAccount.account.id", 2, json!({ "mandate": of_account })),
        ("suspendMandate.input.mandate.id", 24, json!({ "mandate": id })),
        ("suspendMandate.input.mandate.ofAccount.account.id", 2, json!({ "mandate": of_account })),
        ("amendMandate.input.mandate.id", 24, json!({ "mandate": id, "reference": "X" })),
        ("amendMandate.input.mandate.ofAccount.account.id", 2, json!({ "mandate": of_account, "reference": "X" })),
        ("revokeMandate.input.mandate.id", 24, json!({ "mandate": id })),
        ("revokeMandate.input.mandate.ofAccount.account.id", 2, json!({ "mandate": of_account })),
        (
            "revokeMandateBatch.input.items.mandate.id",
            24,
            json!({ "items": [{ "idempotencyKey": "KEY", "mandate": id }] }),
        ),
        (
            "revokeMandateBatch.input.items.mandate.ofAccount.account.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "mandate": of_account }] }),
        ),
        ("placeBlock.input.on.account.id", 2, json!({ "on": { "account": id }, "kind": "ALL", "reasonCode": "X" })),
        ("placeBlock.input.on.customer.id", 0, json!({ "on": { "customer": id }, "kind": "ALL", "reasonCode": "X" })),
        ("changeBlock.input.block", 19, json!({ "block": "ID", "reasonCode": "X" })),
        ("liftBlock.input.block", 19, json!({ "block": "ID", "reason": "X" })),
        ("payGarnishment.input.block", 19, json!({ "block": "ID", "iban": "SE3550000000054910000003" })),
        ("applyForRaisedCreditLimit.input.account.id", 2, json!({ "account": id, "creditLimit": "1.00" })),
        ("withdrawLimitApplication.input.application", 20, json!({ "application": "ID" })),
        ("decideLimitApplication.input.application", 20, json!({ "application": "ID", "approve": true })),
        (
            "addDue.input.account.id",
            2,
            json!({ "account": id, "component": "FEE", "amount": euro, "dueOn": "2026-05-01" }),
        ),
        ("cancelDue.input.due", 30, json!({ "due": "ID", "reasonCode": "X" })),
        (
            "setUpRecurringPayment.input.account.id",
            2,
            json!({ "account": id, "paymentMethod": "AUTOGIRO", "paymentScope": "TOTAL_DEBT" }),
        ),
        ("updateRecurringPayment.input.account.id", 21, json!({ "account": id, "paymentMethod": "AUTOGIRO" })),
        ("removeRecurringPayment.input.account.id", 21, json!({ "account": id })),
        ("giveDebitConsent.input.account.id", 2, json!({ "account": id, "paymentMethod": "AUTOGIRO" })),
        ("revokeDebitConsent.input.account.id", 21, json!({ "account": id })),
        ("cancelPaymentOrder.input.order", 30, json!({ "order": "ID" })),
        ("cancelPromiseToPay.input.promise", 29, json!({ "promise": "ID" })),
        (
            "cancelPromiseToPayBatch.input.items.promise",
            29,
            json!({ "items": [{ "idempotencyKey": "KEY", "promise": "ID" }] }),
        ),
        ("captureHold.input.hold", 5, json!({ "hold": "ID" })),
        ("captureHold.input.to.id", 2, json!({ "hold": "MY-HOLD", "to": id })),
        ("closeAccount.input.lookup.customer.id", 0, json!({ "lookup": { "customer": id } })),
        ("closeAccount.input.lookup.creditor.id", 9, json!({ "account": mine, "lookup": { "creditor": id } })),
        ("closeAccount.input.lookup.product.id", 1, json!({ "account": mine, "lookup": { "product": id } })),
        ("requestAccountClosure.input.lookup.customer.id", 0, json!({ "lookup": { "customer": id } })),
        ("requestAccountClosure.input.lookup.creditor.id", 9, json!({ "account": mine, "lookup": { "creditor": id } })),
        ("requestAccountClosure.input.lookup.product.id", 1, json!({ "account": mine, "lookup": { "product": id } })),
        ("updateAccount.input.lookup.customer.id", 0, json!({ "lookup": { "customer": id }, "creditLimit": "0" })),
        (
            "updateAccount.input.lookup.creditor.id",
            9,
            json!({ "account": mine, "lookup": { "creditor": id }, "creditLimit": "0" }),
        ),
        (
            "updateAccount.input.lookup.product.id",
            1,
            json!({ "account": mine, "lookup": { "product": id }, "creditLimit": "0" }),
        ),
        ("closeAccount.input.account.id", 2, json!({ "account": id, "closureCode": "X" })),
        (
            "closeAccount.input.transactions.target.transferTo.id",
            2,
            json!({ "account": { "number": "A2" }, "closureCode": "X", "transactions": [{ "target": { "transferTo": id } }] }),
        ),
        ("disburse.input.account.id", 2, json!({ "account": id, "amount": euro, "iban": "SE3550000000054910000003" })),
        ("openAccount.input.creditor.id", 9, json!({ "product": product, "owner": owner, "creditor": id })),
        (
            "openAccount.input.card.holder.id",
            0,
            json!({ "product": product, "owner": owner, "card": { "main": false, "holder": id } }),
        ),
        (
            "openAccountBatch.input.items.card.holder.id",
            0,
            json!({ "items": [{ "idempotencyKey": "KEY", "owner": owner, "product": product, "card": { "main": false, "holder": id } }] }),
        ),
        ("openAccountBatch.input.items.creditor.id", 9, opening(&owner, &product, Some(&id))),
        ("openAccountBatch.input.items.owner.id", 0, opening(&id, &product, None)),
        ("openAccountBatch.input.items.product.id", 1, opening(&owner, &id, None)),
        ("openAccount.input.owner.id", 0, json!({ "product": { "code": "mine" }, "owner": id })),
        ("openAccount.input.product.id", 1, json!({ "product": id, "owner": { "number": "C1" } })),
        ("placeHold.input.account.id", 2, json!({ "account": id, "amount": euro })),
        ("postAdjustment.input.account.id", 2, json!({ "account": id, "amount": euro, "reason": "X" })),
        ("postCharge.input.account.id", 2, json!({ "account": id, "amount": euro, "kind": "LATE_FEE" })),
        ("postPayment.input.account.id", 2, json!({ "account": id, "amount": euro, "channel": "CASH" })),
        (
            "postPayment.input.overpaymentAccount.id",
            2,
            json!({ "account": mine, "overpaymentAccount": id, "amount": euro, "channel": "CASH" }),
        ),
        (
            "postPaymentBatch.input.items.overpaymentAccount.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "account": mine, "overpaymentAccount": id, "amount": euro,
                "channel": "CASH" }] }),
        ),
        (
            "registerPayment.input.account.id",
            2,
            json!({ "account": id, "amount": euro, "paidOn": "2026-04-15", "provider": "p", "transactionId": "1" }),
        ),
        ("postReimbursement.input.account.id", 2, json!({ "account": id, "type": "FULL" })),
        ("postDeduction.input.account.id", 2, json!({ "account": id, "amount": euro, "reason": "X" })),
        ("returnDisbursement.input.disbursement", 4, json!({ "disbursement": "ID", "reason": "X" })),
        ("loadAccount.input.account.id", 2, json!({ "account": id, "amount": euro })),
        ("unloadAccount.input.account.id", 2, json!({ "account": id, "amount": euro })),
        (
            "postPaymentBatch.input.items.account.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "account": id, "amount": euro, "channel": "CASH" }] }),
        ),
        ("releaseHold.input.hold", 5, json!({ "hold": "ID" })),
        ("remitToParty.input.party.id", 9, json!({ "party": id, "amount": euro, "iban": "SE3550000000054910000003" })),
        ("requestAccountClosure.input.account.id", 2, json!({ "account": id })),
        ("reverseEntry.input.entry", 4, json!({ "entry": "ID", "reason": "X" })),
        ("transfer.input.from.id", 2, json!({ "from": id, "to": mine, "amount": euro })),
        ("transfer.input.to.id", 2, json!({ "from": mine, "to": id, "amount": all })),
        (
            "transferBatch.input.items.from.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "from": id, "to": mine, "amount": euro }] }),
        ),
        (
            "transferBatch.input.items.to.id",
            2,
            json!({ "items": [{ "idempotencyKey": "KEY", "from": mine, "to": id, "amount": euro }] }),
        ),
        (
            "createWebhook.input.filter.accounts",
            2,
            json!({ "url": "https://example.com/", "filter": { "accounts": ["ID"] } }),
        ),
        (
            "createWebhook.input.filter.products",
            1,
            json!({ "url": "https://example.com/", "filter": { "products": ["ID"] } }),
        ),
        ("deleteWebhook.input.webhook", 11, json!({ "webhook": "ID" })),
        ("disableWebhook.input.webhook", 11, json!({ "webhook": "ID" })),
        ("enableWebhook.input.webhook", 11, json!({ "webhook": "ID" })),
        ("replayWebhook.input.webhook", 11, json!({ "webhook": "ID", "from": { "time": "2026-04-15T09:30:00Z" } })),
        ("retryDelivery.input.delivery", 12, json!({ "delivery": "ID" })),
        ("rotateWebhookSecret.input.webhook", 10, json!({ "webhook": "ID" })),
        ("sendTestWebhook.input.webhook", 11, json!({ "webhook": "ID" })),
        ("updateWebhook.input.webhook", 11, json!({ "webhook": "ID", "description": "X" })),
        (
            "updateWebhook.input.filter.accounts",
            2,
            json!({ "webhook": "MY-WEBHOOK", "filter": { "accounts": ["ID"] } }),
        ),
        (
            "updateWebhook.input.filter.products",
            1,
            json!({ "webhook": "MY-WEBHOOK", "filter": { "products": ["ID"] } }),
        ),
        ("updateAccount.input.account.id", 2, json!({ "account": id, "creditLimit": "0" })),
        ("updateAccount.input.creditor.id", 9, json!({ "account": mine, "creditor": id })),
        ("addAccountParticipant.input.account.id", 2, json!({ "account": id, "customer": owner, "role": "PAYER" })),
        ("addAccountParticipant.input.customer.id", 0, json!({ "account": mine, "customer": id, "role": "PAYER" })),
        ("removeAccountParticipant.input.account.id", 2, json!({ "account": id, "customer": owner, "role": "PAYER" })),
        ("removeAccountParticipant.input.customer.id", 0, json!({ "account": mine, "customer": id, "role": "PAYER" })),
        ("mergeCustomers.input.customer.id", 0, json!({ "customer": id, "into": owner })),
        ("mergeCustomers.input.into.id", 0, json!({ "customer": owner, "into": id })),
        ("eraseCustomer.input.customer.id", 0, json!({ "customer": id })),
        ("updateCustomer.input.customer.id", 0, json!({ "customer": id, "firstName": "X" })),
        ("updateParty.input.party.id", 9, json!({ "party": id, "name": "X" })),
        ("updateProduct.input.product.id", 1, json!({ "product": id, "alias": "X" })),
    ]
}

/// An answer without what is its own: the request's id, and the id that was sent.
fn told(answer: &Value, id: &str) -> String {
    let mut answer = answer.clone();
    for errors in ["errors", "payload"] {
        for error in answer[errors].as_array_mut().into_iter().flatten() {
            error["extensions"]["requestId"] = Value::Null;
        }
    }
    if answer["payload"].is_object() {
        for error in answer["payload"]["errors"].as_array_mut().into_iter().flatten() {
            error["extensions"]["requestId"] = Value::Null;
        }
    }
    answer.to_string().replace(id, "ID")
}

/// What a document gets on each way.
async fn answers(app: &TestApp, query: &str, variables: &Value, id: &str) -> [String; 3] {
    let post = told(&app.graphql(query, variables.clone()).await.body, id);
    let Sent::Next(event) = app.events(query, variables.clone()).await.next().await else { panic!("no answer") };
    let mut socket = app.socket().await;
    socket.subscribe("a", query, variables.clone()).await;
    [post, told(&event, id), told(&socket.hear().await, id)]
}

/// Every place in the schema where an id can be given.
async fn places(app: &TestApp) -> BTreeSet<String> {
    let of = "type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";
    let query = format!(
        "{{ __schema {{ types {{ kind name fields {{ name args {{ name {of} }} }} inputFields {{ name {of} }} }} }} }}"
    );
    let schema = app.ok(&query, json!({})).await;
    let types = schema["__schema"]["types"].as_array().expect("types").clone();
    let mut found = BTreeSet::new();
    for kind in types.iter().filter(|kind| kind["kind"] == "OBJECT") {
        for field in kind["fields"].as_array().expect("fields") {
            for argument in field["args"].as_array().expect("arguments") {
                let path =
                    format!("{}.{}", kind["name"].as_str().expect("a name"), field["name"].as_str().expect("a name"));
                walk(&types, &path, argument, &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

fn walk(types: &[Value], path: &str, value: &Value, above: &mut Vec<String>, found: &mut BTreeSet<String>) {
    let path = format!("{path}.{}", value["name"].as_str().expect("a name"));
    let mut of = &value["type"];
    while of["ofType"].is_object() {
        of = &of["ofType"];
    }
    let name = of["name"].as_str().expect("a name");
    if name == "ID" {
        found.insert(path);
    } else if of["kind"] == "INPUT_OBJECT" && !above.iter().any(|known| known == name) {
        above.push(name.to_owned());
        let input = types.iter().find(|kind| kind["name"] == name).expect("a type");
        for field in input["inputFields"].as_array().expect("fields") {
            walk(types, &path, field, above, found);
        }
        above.pop();
    }
}

/// The variables of a mutation with an id in its place, and with a key where it is a batch.
fn filled(template: &Value, id: &str, mine: &Things, key: &str) -> Value {
    let text = template.to_string().replace("\"ID\"", &json!(id).to_string());
    let text = text.replace("MY-HOLD", &mine.hold).replace("MY-WEBHOOK", &mine.ids[11]).replace("KEY", key);
    serde_json::from_str(&text).expect("JSON")
}

on_both_databases! {
    async fn every_place_for_an_id_is_tried(app: TestApp) {
        let mutations = writes().into_iter().chain(contracts::writes()).chain(investments::writes()).map(|(place, ..)| format!("Mutation.{place}"));
        let reads = READS.iter().chain(contracts::READS).chain(investments::READS).map(|(place, ..)| (*place).to_owned());
        let streams = STREAMS.iter().map(|(place, _)| (*place).to_owned());
        let tried: BTreeSet<String> = mutations.chain(reads).chain(streams).collect();
        let mut places = places(&app).await;
        // Of each family of accounts; one of them is tried.
        let families = |place: &String| {
            place.starts_with("CardAccount.") || ![".history.bill", ".transactions.filter.statement"].iter().any(|end| place.ends_with(end))
        };
        places.retain(families);
        assert_eq!(tried, places);
    }

    async fn another_tenants_ids_are_those_of_nothing_on_every_way(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        for (place, kind, query) in READS.iter().chain(contracts::READS).chain(investments::READS) {
            let id = theirs.ids[*kind].as_str();
            let nothing = unknown(id);
            let foreign = answers(&mine.app, query, &json!({ "id": id }), id).await;
            let missing = answers(&mine.app, query, &json!({ "id": nothing }), &nothing).await;
            assert_eq!(foreign, missing, "{place}");
            // Payment orders, statements and bills are made by business days, of which there was none here: `billing` tries those.
            let of_days = ["paymentOrders.filter.account", ".statement.by", ".bill", "filter.statement"];
            if of_days.iter().any(|part| place.contains(part)) {
                continue;
            }
            let own = answers(&theirs.app, query, &json!({ "id": id }), id).await;
            assert!(own.iter().zip(&missing).all(|(own, missing)| own != missing), "{place} finds nothing for anybody: {own:?}");
        }
    }

    async fn another_tenants_ids_change_nothing_on_every_way(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        let before = (mine.app.picture().await, theirs.app.picture().await);
        for (place, kind, template) in writes().into_iter().chain(contracts::writes()).chain(investments::writes()) {
            let name = place.split('.').next().expect("a name");
            let selection = if is_batch(name) { items("") } else { "replayed".to_owned() };
            let id = theirs.ids[kind].as_str();
            let nothing = unknown(id);
            // A batch tells its items' keys. What is refused leaves them free.
            let key = fresh_key();
            let of = |id: &str| mutation(name, filled(&template, id, &mine, &key), &selection);
            let ((query, foreign), (_, missing)) = (of(id), of(&nothing));
            let foreign = answers(&mine.app, &query, &foreign, id).await;
            let missing = answers(&mine.app, &query, &missing, &nothing).await;
            assert_eq!(foreign, missing, "{place}");
            assert!(foreign.iter().all(|answer| answer.contains("NOT_FOUND")), "{place}: {foreign:?}");
        }
        assert_eq!((mine.app.picture().await, theirs.app.picture().await), before);
    }

    async fn another_tenants_ids_stream_nothing_on_every_way(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        let first = mine.app.ok("{ events(first: 1) { edges { cursor } } }", json!({})).await["events"]["edges"][0]["cursor"].take();
        let id = theirs.account.id.as_str();
        let nothing = unknown(id);
        let variables = |id: &str| json!({ "id": id, "after": first });
        let (_, balance) = STREAMS[0];
        let foreign = answers(&mine.app, balance, &json!({ "id": id }), id).await;
        assert_eq!(foreign, answers(&mine.app, balance, &json!({ "id": nothing }), &nothing).await);
        assert!(foreign.iter().all(|answer| answer.contains("BAD_REQUEST")), "{foreign:?}");
        let (_, filtered) = STREAMS[1];
        for id in [id, &nothing] {
            let mut socket = mine.app.socket().await;
            socket.subscribe("a", filtered, variables(id)).await;
            let mut events = mine.app.events(filtered, variables(id)).await;
            theirs.app.transfer(&theirs.account, &theirs.second, "1.00").await;
            assert!(socket.is_silent(Duration::from_millis(300)).await);
            assert!(events.is_silent(Duration::from_millis(100)).await);
        }
        let mut own = theirs.app.socket().await;
        own.subscribe("a", filtered, variables(id)).await;
        own.next_data().await;
    }

    async fn cursors_of_others_and_of_other_lists_lead_nowhere(app: TestApp) {
        let (mine, theirs) = two_tenants(&app).await;
        let lists = [
            ("accounts", "id"), ("customers", "id"), ("parties", "id"), ("webhooks", "id"), ("products", "id"), ("documents", "id"), ("holds", "id"), ("chargebacks", "id"), ("mandates", "id"), ("directDebits", "id"), ("creditTransfers", "id"), ("entries", "id"), ("auditRecords", "id target"),
            ("events", "sequence entry { id } account { id } customer { id }"),
        ];
        let secrets = |things: &Things| things.ids.clone();
        for (from, _) in lists {
            let query = format!("{{ {from}(first: 2) {{ edges {{ cursor }} }} }}");
            let page = theirs.app.ok(&query, json!({})).await;
            let cursors: Vec<&str> = page[from]["edges"].as_array().expect("edges").iter().filter_map(|edge| edge["cursor"].as_str()).collect();
            assert!(!cursors.is_empty(), "{from}");
            for (list, node) in lists {
                for cursor in &cursors {
                    let query = format!("query($after: String) {{ {list}(first: 100, after: $after) {{ nodes {{ {node} }} }} }}");
                    let answer = mine.app.graphql(&query, json!({ "after": cursor })).await;
                    let code = answer.body["errors"][0]["extensions"]["code"].clone();
                    assert!(code.is_null() || code == "BAD_REQUEST", "{from} in {list}: {answer:?}");
                    let text = answer.body.to_string();
                    assert!(!secrets(&theirs).iter().any(|id| text.contains(id.as_str())), "{from} in {list}: {text}");
                }
            }
            // As the place to go on from in the log, it is of the log or refused.
            let events = "subscription($after: Cursor) { ledgerEvents(after: $after) { sequence entry { id } account { id } customer { id } } }";
            let mut socket = mine.app.socket().await;
            socket.subscribe("a", events, json!({ "after": cursors[0] })).await;
            match socket.hear_within(Duration::from_millis(300)).await {
                None => assert_eq!(from, "entries", "only entries are numbered like events"),
                Some(message) if message["type"] == "error" => {
                    assert_eq!(message["payload"][0]["extensions"]["code"], "BAD_REQUEST", "{from}: {message}");
                }
                Some(message) => {
                    assert!(!secrets(&theirs).iter().any(|id| message.to_string().contains(id.as_str())), "{from}: {message}");
                }
            }
        }
        let path = format!("/graphql?query={}", encoded("{ accounts(after: \"////\") { nodes { id } } }"));
        let request = mine.app.http().get(mine.app.url(&path)).bearer_auth(mine.app.token().await.expect("a token"));
        let body: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_REQUEST");
    }
}
