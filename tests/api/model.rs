//! Random sequences of all mutations, against a model in memory that was written after the documents: after each
//! step the answer, the accounts and holds that it touched and the event log are what the model says; now and then
//! everything is.
//!
//! 100,000 steps are commands that are decided in memory, without a database; a few thousand go over the API to each
//! database, and must come out the same.
//!
//! Each run prints its seed. `KONTO_MODEL_SEED=7 KONTO_MODEL_STEPS=100000 cargo test --test api model::` runs one
//! seed for as long as wanted; the same seed takes the same steps, and a failure prints the last of them.

mod amounts;
mod books;
mod dice;
mod found;
mod holds;
mod memory;
mod money;
mod people;
mod request;
mod reversals;
mod rules;
mod show;
mod subject;
mod world;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;

use crate::app::TestApp;
use memory::InMemory;
use subject::{Api, Subject};
use world::World;

/// Steps of one run over the API in the normal test. There are three of them per engine.
const STEPS: usize = 800;
/// Steps of one run in memory, and how many tenants take so many.
const STEPS_IN_MEMORY: usize = 2_500;
const TENANTS_IN_MEMORY: u64 = 40;
/// How often everything is compared.
const ALL_EVERY: usize = 200;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// How many steps a run takes, unless it is said.
fn steps(normally: usize) -> usize {
    number("KONTO_MODEL_STEPS").map_or(normally, |steps| usize::try_from(steps).expect("a number of steps"))
}

/// One run over the API, unless another seed was asked for.
async fn play(app: TestApp, seed: Option<u64>) {
    // Of a seed that nobody knows, whether everything happens is chance; whether it agrees is not.
    let complete = seed.is_some();
    let seed = match (number("KONTO_MODEL_SEED"), seed) {
        (Some(_), Some(_)) => return,
        (asked, seed) => asked.or(seed).unwrap_or_else(rand::random),
    };
    let steps = steps(STEPS);
    println!("{:?}: KONTO_MODEL_SEED={seed} KONTO_MODEL_STEPS={steps}", app.engine());
    // A machine that is busy with other tests is no disagreement.
    let patience = std::time::Duration::from_secs(300);
    // What a server does by itself is done when the model looks.
    app.restart_with(|to| {
        (to.http.operation_time, to.http.bulk_operation_time) = (patience, patience);
        to.background = false;
    })
    .await;
    run(Api::new(app).await, seed, steps, complete).await;
}

async fn run(subject: impl Subject, seed: u64, steps: usize, complete: bool) {
    let mut world = World::begin(subject, seed).await;
    for step in 0..steps {
        world.time_passes().await;
        world.step(step > steps / 2).await;
        if step % ALL_EVERY.max(steps / 20) == 0 {
            world.compare_everything().await;
        }
    }
    world.compare_everything().await;
    let (done, all) = world.report();
    if steps >= STEPS && complete {
        assert!(done * 2 > all, "too little succeeds to tell much: {done} of {all}");
        assert!(world.wanting().is_empty(), "these did not end in every way: {:?}", world.wanting());
    }
}

/// One run in memory, where nothing is waited for.
fn play_in_memory(seed: u64, steps: usize) {
    println!("In memory: KONTO_MODEL_SEED={seed} KONTO_MODEL_STEPS={steps}");
    run(InMemory::new(seed), seed, steps, true).now_or_never().expect("nothing to wait for");
}

#[test]
fn the_model_agrees_with_the_commands_in_memory() {
    if let Some(seed) = number("KONTO_MODEL_SEED") {
        return play_in_memory(seed, steps(STEPS_IN_MEMORY));
    }
    // Half of the seeds are always the same, the others never.
    let (next, others) = (AtomicU64::new(0), u64::from(rand::random::<u32>()) << 8);
    let seed = |tenant: u64| if tenant < TENANTS_IN_MEMORY / 2 { tenant } else { others + tenant };
    let work = || {
        while let Some(tenant) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|it| *it < TENANTS_IN_MEMORY) {
            play_in_memory(seed(tenant), STEPS_IN_MEMORY);
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread.join().expect("no difference");
        }
    });
}

on_both_databases! {
    async fn the_model_agrees_with_the_first_seed(app: TestApp) {
        play(app, Some(1)).await;
    }

    async fn the_model_agrees_with_the_second_seed(app: TestApp) {
        play(app, Some(2)).await;
    }

    async fn the_model_agrees_with_a_random_seed(app: TestApp) {
        play(app, None).await;
    }
}

/// Mutations that change nothing that the model knows of: what is around the books. Their own tests hold them.
const AROUND: &[&str] = &[
    "activateAddress",
    "activateInstalmentContract",
    "activateMandate",
    "addAccountParticipant",
    "addAddressUsage",
    "addCard",
    "addCardBatch",
    "addDocument",
    "addDue",
    "addLeaseInstalment",
    "addReceivableDebtor",
    "addReceivableDebtorBatch",
    "addReceivableDocument",
    "addReceivableEntry",
    "addReceivableEntryBatch",
    "addReceivableProduct",
    "addReceivableProductBatch",
    "advanceClock",
    "allocateOffer",
    "alterLeaseInstalment",
    "amendMandate",
    "applyForRaisedCreditLimit",
    "approve",
    "authoriseCard",
    "blockCard",
    "cancelCreditTransfer",
    "cancelDelinquency",
    "cancelDirectDebit",
    "cancelDue",
    "cancelInstalmentContract",
    "cancelInvestmentOffer",
    "cancelJob",
    "cancelPaymentOrder",
    "cancelProviderPayment",
    "cancelPromiseToPay",
    "cancelPromiseToPayBatch",
    "captureProviderPayment",
    "changeBlock",
    "clearCard",
    "createAddress",
    "createAddressBatch",
    "createClaim",
    "createClaimBatch",
    "createCreditTransfer",
    "createCustomAction",
    "createDebtorPageLink",
    "createDirectDebit",
    "createInstalmentContract",
    "createInstalmentModel",
    "createInsurancePackage",
    "createInvestmentOffer",
    "createLeasePlan",
    "createMandate",
    "createMandateBatch",
    "createMerchantContract",
    "createPaymentProvider",
    "createPromiseToPay",
    "createPromiseToPayBatch",
    "createReceivable",
    "createReceivableBatch",
    "createUploadLink",
    "createWebhook",
    "creditClaim",
    "creditClaimBatch",
    "deactivateAddress",
    "debitClaim",
    "debitClaimBatch",
    "decideLimitApplication",
    "deleteCard",
    "deleteClaim",
    "deleteClaimBatch",
    "deleteWebhook",
    "disableCustomAction",
    "disableWebhook",
    "distributeInvestment",
    "enableCustomAction",
    "enableWebhook",
    "endInsurance",
    "endMerchantContract",
    "eraseCustomer",
    "executeClaimTrigger",
    "executeClaimTriggerBatch",
    "giveDebitConsent",
    "grantRespite",
    "importClaim",
    "importClaimBatch",
    "increaseAuthorisation",
    "initiateProviderPayment",
    "invalidateAddress",
    "invalidateAddressBatch",
    "liftBlock",
    "loadAccount",
    "matchPayment",
    "matchPaymentBatch",
    "matchUnallocated",
    "matchUnallocatedBatch",
    "mergeCustomers",
    "openChargeback",
    "pauseJourney",
    "pauseJourneyBatch",
    "payGarnishment",
    "placeBid",
    "placeBlock",
    "postDeduction",
    "postReimbursement",
    "printDocument",
    "postponeInvoice",
    "produceInvoice",
    "purchaseByCard",
    "reconcileProviderPayout",
    "recordInsuranceEvent",
    "recreateClaim",
    "recreateClaimBatch",
    "refreshAccount",
    "refundCard",
    "refundProviderPayment",
    "registerPayment",
    "registerPurchase",
    "rejectApproval",
    "rejectBid",
    "removeAccountParticipant",
    "removeAccountSource",
    "removeAddressUsage",
    "removeDocument",
    "removeRecurringPayment",
    "repayInstalmentContractEarly",
    "replaceCard",
    "replayWebhook",
    "reportCreditTransfer",
    "reportDirectDebit",
    "reprintStatement",
    "resetSandbox",
    "resolveChargeback",
    "resolveClaim",
    "resolveClaimBatch",
    "restoreCard",
    "resumeJourney",
    "resumeJourneyBatch",
    "retryDelivery",
    "retryJob",
    "returnDisbursement",
    "reverseAuthorisation",
    "revokeDebitConsent",
    "revokeMandate",
    "revokeMandateBatch",
    "rotateCustomActionSecret",
    "rotateWebhookSecret",
    "runAction",
    "runBusinessDay",
    "sendMessage",
    "sendMessageBatch",
    "sendTestWebhook",
    "setAccountSource",
    "setApprovalRules",
    "setBillingPlan",
    "setCeaseContact",
    "setCollectionStrategy",
    "setDirectDebitTerms",
    "setDocumentKind",
    "setDocumentLegalHold",
    "setHistoryCodes",
    "setPrintBrand",
    "setPrintTemplate",
    "setIdentificationProvider",
    "setPurchaseTerms",
    "setMessageSettings",
    "setMessageTemplate",
    "setReceivableAmounts",
    "setReceivableAmountsBatch",
    "setReceivableScore",
    "setReceivableScoreBatch",
    "setTermination",
    "setUpRecurringPayment",
    "settleCardScheme",
    "settleMerchant",
    "startJourney",
    "startJourneyBatch",
    "stopJourney",
    "stopJourneyBatch",
    "subscribeInsurance",
    "suspendMandate",
    "terminateInstalmentContract",
    "terminateInstalmentContracts",
    "unblockCard",
    "unloadAccount",
    "updateAddress",
    "updateCard",
    "updateClaim",
    "updateClaimBatch",
    "updateCustomAction",
    "updateInstalmentContract",
    "updateInstalmentModel",
    "updateInsurancePackage",
    "updatePaymentProvider",
    "updateReceivable",
    "updateReceivableBatch",
    "updateReceivableDebtor",
    "updateReceivableDebtorBatch",
    "updateReceivableProduct",
    "updateReceivableProductBatch",
    "updateRecurringPayment",
    "updateTenant",
    "updateWebhook",
    "withdrawApproval",
    "withdrawBid",
    "withdrawLimitApplication",
];

#[test]
fn every_mutation_of_the_schema_is_tried() {
    let mut schema: BTreeSet<String> = show::fields("Mutation").into_iter().map(|(field, _)| field).collect();
    for name in AROUND {
        assert!(schema.remove(*name), "there is no {name}");
    }
    let tried: BTreeSet<String> = dice::MUTATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(schema, tried);
}

#[test]
fn paths_of_refusals_are_looked_up_in_the_schema() {
    for (operation, path, exists) in [
        ("transfer", "amount.currency", true),
        ("transferBatch", "items.3.from", true),
        ("closeAccount", "transactions.0.target.writeOff.reason", true),
        ("reverseEntry", "account", false),
        ("transfer", "amount.unit", false),
    ] {
        assert_eq!(show::names_a_field(operation, path), exists, "{operation} {path}");
    }
}
