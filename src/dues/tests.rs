//! The rules of dues, over a tenant in memory: once with every row at hand, once decided from nothing.

use std::sync::Arc;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::{AddDue, CancelDue, Due, DueSettlement, DueStatus};
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::commands::NewOwner;
use crate::accounts::store::ProductBy;
use crate::accounts::{AccountBy, OpenAccount};
use crate::customers::{CreateCustomer, CustomerType};
use crate::engine::HOUSE;
use crate::ledger::{Component, Entry, PaymentChannel};
use crate::payments::{Details, EntryBy, PostAdjustment, PostPayment, ReverseEntry};
use crate::primitives::{Clock, Minor, Money, Origin, TenantId};
use crate::refused::Refused;
use crate::work::Command;
use crate::work::memory::Memory;

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn money(minor: i64) -> Money {
    Minor(minor).in_currency("EUR".parse().expect("a currency"))
}

fn account() -> AccountBy {
    AccountBy::Number("A1".into())
}

fn owe(memory: &mut Memory, component: Component, amount: i64) {
    let (account, amount, reason) = (account(), money(-amount), "X".into());
    let adjustment = PostAdjustment { account, amount, component, reason, details: Details::default() };
    run(memory, &adjustment).expect("a debt");
}

fn pay(memory: &mut Memory, amount: i64) -> Arc<Entry> {
    let payment = PostPayment {
        account: account(),
        amount: money(amount),
        channel: PaymentChannel::Cash,
        counterparty: None,
        overpayment: None,
        details: Details::default(),
    };
    run(memory, &payment).expect("a payment")
}

fn reverse(memory: &mut Memory, entry: &Entry, amount: Option<i64>) -> Result<Arc<Entry>, Refused> {
    let (entry, amount, reason) = (EntryBy::Id(entry.id), amount.map(money), "X".into());
    run(memory, &ReverseEntry { entry, amount, fee: None, value_date: None, reason, description: None })
}

fn due(memory: &mut Memory, component: Component, amount: i64, days: u64) -> Arc<Due> {
    let today = today();
    let (account, amount, due_on) = (account(), money(amount), today + chrono::Days::new(days));
    run(memory, &AddDue { account, component, amount, due_on, reference: None }).expect("a due")
}

fn today() -> NaiveDate {
    Clock::system().now().date_naive()
}

/// A tenant with an account that may owe without bound.
fn furnished(memory: Memory) -> Memory {
    let mut memory = memory.under(&HOUSE);
    run(&mut memory, &InstallCatalogue { currency: "EUR".parse().expect("a currency") }).expect("products");
    let customer = CreateCustomer {
        type_: CustomerType::Company,
        number: Some("C1".into()),
        external_reference: None,
        first_name: None,
        last_name: None,
        company_name: Some("A".into()),
        profile: Default::default(),
        addresses: Vec::new(),
        metadata: "{}".into(),
    };
    let customer = run(&mut memory, &customer).expect("a customer");
    let open = OpenAccount {
        product: ProductBy::Code("receivable".into()),
        owner: NewOwner::Existing(crate::customers::CustomerBy::Id(customer.id)),
        creditor: None,
        number: Some("A1".into()),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    };
    run(&mut memory, &open).expect("an account");
    memory
}

fn both(test: impl Fn(Memory)) {
    test(furnished(Memory::new(TENANT, Clock::system())));
    test(furnished(Memory::from_nothing(TENANT, Clock::system())));
}

/// What is open of each due, in the order of booking.
fn open(memory: &Memory) -> Vec<i64> {
    let mut dues = memory.rows::<Due>();
    dues.sort_by_key(|due| due.ordinal);
    dues.iter().map(|due| due.open().0).collect()
}

fn whole(memory: &Memory) {
    let settlements = memory.rows::<DueSettlement>();
    for due in memory.rows::<Due>() {
        let of_it = settlements.iter().filter(|settlement| settlement.due == due.id);
        let settled: i64 = of_it.map(|settlement| settlement.amount.0 - settlement.taken_back.0).sum();
        assert_eq!(due.settled.0, settled);
        assert!(due.open().0 >= 0 && settled >= 0);
        assert_eq!(due.status.is_open(), due.open().0 > 0, "{due:?}");
        assert_eq!(due.ended_at.is_some(), due.open().0 == 0);
    }
    assert!(settlements.iter().all(|one| one.taken_back.0 >= 0 && one.taken_back <= one.amount));
}

#[test]
fn what_comes_settles_the_oldest_item_first_and_comes_back_as_it_went() {
    both(|mut memory| {
        owe(&mut memory, Component::Principal, 300);
        due(&mut memory, Component::Principal, 100, 20);
        due(&mut memory, Component::Principal, 80, 10);
        let first = pay(&mut memory, 90);
        assert_eq!(open(&memory), [90, 0]);
        let second = pay(&mut memory, 200);
        assert_eq!(open(&memory), [0, 0]);
        // What had settled nothing goes first: 110 of the second payment.
        reverse(&mut memory, &second, Some(100)).expect("reversed");
        assert_eq!(open(&memory), [0, 0]);
        reverse(&mut memory, &second, Some(30)).expect("reversed");
        assert_eq!(open(&memory), [20, 0]);
        reverse(&mut memory, &first, None).expect("reversed");
        assert_eq!(open(&memory), [30, 80]);
        reverse(&mut memory, &second, None).expect("reversed");
        assert_eq!(open(&memory), [100, 80]);
        whole(&memory);
        let told = memory.events().iter().filter(|logged| logged.event.type_.word() == "DUE_OPENED_AGAIN").count();
        assert_eq!(told, 4);
    });
}

#[test]
fn what_is_cancelled_is_not_asked_for_again_and_what_settled_the_rest_of_it_comes_back() {
    both(|mut memory| {
        owe(&mut memory, Component::Fee, 50);
        let one = due(&mut memory, Component::Fee, 50, 0);
        let paid = pay(&mut memory, 20);
        let cancel = CancelDue { due: one.id, reason_code: "GOODWILL".into() };
        let cancelled = run(&mut memory, &cancel).expect("cancelled");
        assert_eq!(
            (cancelled.status, cancelled.open(), cancelled.settled),
            (DueStatus::Cancelled, Minor(0), Minor(20))
        );
        assert_eq!(run(&mut memory, &cancel).map_err(|no| no.code.word()), Err("INVALID_STATE"));
        reverse(&mut memory, &paid, None).expect("reversed");
        assert_eq!((open(&memory), memory.rows::<Due>()[0].status), (vec![20], DueStatus::Open));
        whole(&memory);
        pay(&mut memory, 100);
        assert_eq!((open(&memory), memory.rows::<Due>()[0].status), (vec![0], DueStatus::Settled));
        whole(&memory);
    });
}

#[test]
fn a_correction_settles_what_it_is_about() {
    both(|mut memory| {
        owe(&mut memory, Component::Principal, 100);
        owe(&mut memory, Component::Fee, 10);
        due(&mut memory, Component::Principal, 100, 0);
        due(&mut memory, Component::Fee, 10, 0);
        let (amount, component, reason) = (money(4), Component::Fee, "X".into());
        run(
            &mut memory,
            &PostAdjustment { account: account(), amount, component, reason, details: Details::default() },
        )
        .expect("corrected");
        assert_eq!(open(&memory), [100, 6]);
        whole(&memory);
    });
}

#[test]
fn a_state_leads_where_it_says_and_nowhere_else() {
    let mut memory = furnished(Memory::new(TENANT, Clock::system()));
    let due = due(&mut memory, Component::Fee, 10, 0);
    for from in DueStatus::ALL {
        let state = |settled: i64, cancelled: i64| Due {
            status: *from,
            settled: Minor(settled),
            cancelled: Minor(cancelled),
            ..(*due).clone()
        };
        let (settled, cancelled) = match from {
            DueStatus::Open => (0, 0),
            DueStatus::PartlySettled => (5, 0),
            DueStatus::Settled => (10, 0),
            DueStatus::Cancelled => (4, 6),
        };
        assert_eq!(state(settled, cancelled).settle(Minor(5), 1).is_ok(), from.is_open(), "{from:?}");
        assert_eq!(state(settled, cancelled).cancel("X", 1).is_ok(), from.is_open(), "{from:?}");
        assert_eq!(state(settled, cancelled).open_again(Minor(1), 1).is_ok(), settled > 0, "{from:?}");
        assert!(state(settled, cancelled).settle(Minor(11), 1).is_err());
        assert!(state(settled, cancelled).open_again(Minor(11), 1).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Payments settle what they bring and no more; once all are reversed, in whatever order and parts, all is open again.
    #[test]
    fn reversals_in_any_order_restore(
        dues in prop::collection::vec((1..300_i64, 0..5_u64, 0..3_usize), 1..8),
        payments in prop::collection::vec(1..400_i64, 1..8),
        cuts in prop::collection::vec((0..8_usize, 1..200_i64), 0..12),
        late in (1..300_i64, 0..5_u64),
    ) {
        let mut memory = furnished(Memory::new(TENANT, Clock::system()));
        owe(&mut memory, Component::Principal, 100_000);
        for (amount, days, component) in &dues {
            due(&mut memory, [Component::Principal, Component::Interest, Component::Fee][*component], *amount, *days);
        }
        let before = open(&memory);
        let mut paid = Vec::new();
        for amount in &payments {
            let (was, entry) = (open(&memory).iter().sum::<i64>(), pay(&mut memory, *amount));
            let now: i64 = open(&memory).iter().sum();
            prop_assert_eq!(was - now, was.min(*amount));
            paid.push(entry);
        }
        // Something that comes after them settles nothing backwards, and changes nothing of what they settled.
        due(&mut memory, Component::Principal, late.0, late.1);
        for (place, amount) in cuts {
            let entry = paid[place % paid.len()].clone();
            _ = reverse(&mut memory, &entry, Some(amount));
            whole(&memory);
        }
        for entry in &paid {
            _ = reverse(&mut memory, entry, None);
            whole(&memory);
        }
        let after = open(&memory);
        prop_assert_eq!(&after[..before.len()], &before[..]);
    }
}
