//! How many statements a question costs: as many as it has kinds of things, however many there are of each.

use std::sync::Arc;

use async_graphql::Request;

use crate::access::{Access, AccessConfig, Principal, Scope, create_tenant};
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::{self, AccountBy, NewOwner, ProductBy};
use crate::api::context::Caller;
use crate::api::documents::Files;
use crate::api::executable;
use crate::api::limits::RequestId;
use crate::api::loaders::Hubs;
use crate::cards::{NewCard, OpenAccount};
use crate::customers::addresses::{Content, NewAddress, PostalAddress};
use crate::customers::{CreateCustomer, CustomerType, Profile};
use crate::database::Database;
use crate::documents::vault::Place;
use crate::documents::{Limits, Vault};
use crate::engine::Engine;
use crate::ledger::PaymentChannel;
use crate::payments::{Details, PlaceHold, PostPayment};
use crate::primitives::{Clock, IdSource, Money, Origin};
use crate::work::tests::harness::{in_postgres, in_sqlite};
use crate::work::{Settings, Surroundings, found};

/// Accounts that are opened, each of a customer of its own.
const ACCOUNTS: usize = 120;

/// One account as a page about it shows it.
const OVERVIEW: &str = r#"{ account(by: {number: "0007"}) {
    id number externalReference family status currency openedOn closedOn closureCode record metadata
    product { code alias family workingMode }
    owner { id number type name }
    creditLimit { amount } balance { amount } components { component amount { amount } }
    reserved { amount } available { amount } pending { amount } maximumBalance { amount } maxPaymentAmount { amount }
    debtRule actions { action allowed reason } ledgerAccounts { id }
    ... on CardAccount { mainCard { token status } }
    holds(first: 20, status: OPEN) { nodes { id amount { amount } description placedAt } }
    transactions(first: 20) { nodes { id kind date amount { amount } balanceAfter { amount } description } }
} }"#;

/// A page of accounts, with whose they are.
const PAGE: &str = "{ accounts(first: 100) { nodes {
    id number status currency openedOn product { code alias } owner { id number name }
    creditLimit { amount } balance { amount } components { component amount { amount } }
    reserved { amount } available { amount } maxPaymentAmount { amount } actions { action allowed reason }
    address: owner { address(label: \"MAIN_POSTAL_ADDRESS\") { postal { townName } } }
    ... on CardAccount { cards(first: 5) { nodes { token status } } }
} } }";

fn opening(number: usize) -> OpenAccount {
    let postal = PostalAddress {
        street_name: Some("Storgatan".into()),
        town_name: Some(format!("Town {number}")),
        country: "SE".into(),
        ..PostalAddress::default()
    };
    let address = NewAddress {
        label: "MAIN_POSTAL_ADDRESS".into(),
        content: Content::Postal(Box::new(postal)),
        usages: Vec::new(),
        entity_reference: None,
        external_reference: None,
        starts_on: None,
        ends_on: None,
    };
    let card = NewCard {
        token: None,
        main: true,
        holder: None,
        number: None,
        expiry: None,
        embossed_name: None,
        limits: None,
        metadata: "{}".into(),
    };
    let owner = CreateCustomer {
        type_: CustomerType::Person,
        number: None,
        external_reference: None,
        first_name: None,
        last_name: Some(format!("Customer {number}")),
        company_name: None,
        metadata: "{}".into(),
        profile: Profile::default(),
        addresses: vec![address],
    };
    let account = accounts::OpenAccount {
        product: ProductBy::Code(["debit-card", "credit-card", "prepaid-card"][number % 3].into()),
        owner: NewOwner::Created(Box::new(owner)),
        creditor: None,
        number: Some(format!("{number:04}")),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    };
    OpenAccount { account, card: Some(card) }
}

async fn count(url: &str) {
    let db = Database::open(url).await.expect("a database");
    db.migrate().await.expect("its tables");
    let clock = Clock::manual("2026-04-15T09:30:00Z".parse().expect("a moment"));
    let ids = IdSource::seeded(clock.clone(), 1);
    let access = Access::start(db.clone(), clock.clone(), ids.clone(), AccessConfig::default()).await.expect("access");
    let files = Files::new(Vault::new(Place::Folder("nowhere".into())), Limits::default(), access, clock.clone());
    let engine = Engine::start_idle(db.clone(), clock.clone(), ids.clone(), Vec::new());
    let tx = db.begin().await.expect("a transaction");
    let currency = "EUR".parse().expect("a currency");
    let settings = Settings { name: "Bank".into(), base_currency: currency, ..Settings::default() };
    let tenant = create_tenant(&tx, &clock, &ids, "bank", settings).await.expect("a tenant");
    found(&tx, &Surroundings { clock, ids }, tenant, InstallCatalogue { currency }).await.expect("products");
    tx.commit().await.expect("a commit");
    let origin = Origin::system(tenant);
    let items = (0..ACCOUNTS).map(|number| (None, opening(number))).collect();
    let before = db.statements();
    for answer in engine.run_all(&origin, items, crate::work::Mode::EachAlone).await {
        answer.expect("an account");
    }
    let opened = db.statements() - before;
    assert!(opened <= 40, "{ACCOUNTS} accounts were opened with {opened} statements");
    let amount = Money { amount: "5".parse().expect("a decimal"), currency };
    for number in 0..10 {
        let account = AccountBy::Number(format!("{number:04}"));
        let details = Details::default();
        let (channel, counterparty) = (PaymentChannel::BankTransfer, None);
        let payment =
            PostPayment { account: account.clone(), amount, channel, counterparty, overpayment: None, details };
        engine.run(&origin, None, payment).await.expect("a payment");
        let hold = PlaceHold { account, amount, expires_at: None, description: None, reference: None };
        engine.run(&origin, None, hold).await.expect("a hold");
    }

    let schema = executable(&engine, files).expect("the schema").schema;
    for (query, most) in [(OVERVIEW, 6), (PAGE, 8)] {
        let principal = Principal {
            tenant,
            client: "test".into(),
            customer: None,
            scopes: Arc::new(Scope::ALL.iter().copied().collect()),
            expires_at: i64::MAX / 2_000_000,
        };
        let caller = Caller::new(&engine, &Arc::new(Hubs::new(&engine)), &principal, &RequestId("test".into()));
        let before = db.statements();
        let response = schema.execute(Request::new(query).data(caller)).await;
        assert_eq!(response.errors, Vec::new(), "{query}");
        let taken = db.statements() - before;
        assert!(taken > 0 && taken <= most, "{taken} statements instead of {most}: {query}");
    }
    engine.stop().await;
}

// On one thread: who asks for rows while others are being read is in the next statement, and on several threads that
// depends on which of them is faster.
#[tokio::test]
async fn an_account_takes_six_statements_and_a_page_of_a_hundred_takes_eight() {
    in_sqlite(count).await;
    in_postgres(count).await;
}
