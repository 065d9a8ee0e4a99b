//! Matching over a tenant in memory: whose turn it is by each strategy, what is booked, and that the parts are the whole.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::model::drawn;
use super::{MatchPayment, MatchStrategy, MatchTerms, MatchUnallocated, PaymentMatch};
use crate::collections::claims::{Claim, ClaimStatus};
use crate::collections::entries::tests::{agrees, booked, claim, entry, receivable, waiting};
use crate::collections::entries::{AddReceivableEntry, EntryKind, NewEntry, ReceivableEntry};
use crate::collections::tests::{TENANT, both, is_refused, money, run};
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::primitives::{Clock, Minor};
use crate::refused::{DUPLICATE_REFERENCE, INVALID_INPUT, INVALID_STATE, NOT_FOUND};
use crate::work::memory::Memory;

const STRATEGIES: &[MatchStrategy] = MatchStrategy::ALL;

fn terms(strategy: MatchStrategy, fees: &[&str]) -> MatchTerms {
    MatchTerms { strategy, product_reference: None, fee_order: fees.iter().map(|fee| (*fee).to_owned()).collect() }
}

fn payment(amount: &str, terms: MatchTerms) -> MatchPayment {
    MatchPayment {
        account: "A1".into(),
        amount: money(amount, "SEK"),
        terms,
        provider: None,
        tracking_id: None,
        payment_reference: None,
        metadata: "{}".into(),
    }
}

fn add(memory: &mut Memory, kind: EntryKind, reference: &str, amount: &str, target: Option<&str>, label: Option<&str>) {
    let told = NewEntry { label: label.map(str::to_owned), ..entry(kind, reference, amount, target) };
    run(memory, &AddReceivableEntry { account: "A1".into(), entry: told }).expect("an entry");
}

/// In the order of booking: invoice I1 of 100 with a reminder fee F1 of 10, an account fee F2 of 7, invoice I2 of 50 with a
/// collection fee F3 of 5, a correction J1 of 20 of the account, and one more reminder fee F4 of 3 on I1.
fn portfolio(memory: &mut Memory) {
    run(memory, &receivable("A1", None)).expect("created");
    add(memory, EntryKind::Invoice, "I1", "100", None, None);
    add(memory, EntryKind::Fee, "F1", "10", Some("I1"), Some("REMINDER"));
    add(memory, EntryKind::Fee, "F2", "7", None, Some("LATE"));
    add(memory, EntryKind::Invoice, "I2", "50", None, None);
    add(memory, EntryKind::Fee, "F3", "5", Some("I2"), Some("COLLECTION"));
    add(memory, EntryKind::Adjustment, "J1", "20", None, Some("INTEREST"));
    add(memory, EntryKind::Fee, "F4", "3", Some("I1"), Some("REMINDER"));
}

/// What a match has booked: what each part was for, and how much of it, in minor units; nothing for what waits.
fn parts(memory: &Memory, made: &PaymentMatch) -> Vec<(String, i64)> {
    let entries = memory.rows::<ReceivableEntry>();
    let find = |id| entries.iter().find(|entry| entry.id == id).expect("an entry");
    let shown = |id: &_| {
        let entry = find(*id);
        (entry.target.map_or_else(String::new, |target| find(target).reference.clone()), entry.amount.0.abs())
    };
    made.entries.iter().map(shown).collect()
}

/// How a payment of an amount is spread: the strategy, the types of fees that it lists, the amount, and what goes where.
type Case<'a> = (MatchStrategy, &'a [&'a str], &'a str, &'a [(&'a str, i64)]);

#[test]
fn each_strategy_serves_in_its_order() {
    use MatchStrategy::{AccountThenInvoices, CustomOrderedFees, InvoicesThenAccount, OrderedLedgerEntries};
    // Everything is 195.00; each row as a clerk would write it down.
    let rows: &[Case<'_>] = &[
        (OrderedLedgerEntries, &[], "100", &[("I1", 10_000)]),
        (OrderedLedgerEntries, &[], "112", &[("I1", 10_000), ("F1", 1_000), ("F2", 200)]),
        (
            OrderedLedgerEntries,
            &[],
            "200",
            &[
                ("I1", 10_000),
                ("F1", 1_000),
                ("F2", 700),
                ("I2", 5_000),
                ("F3", 500),
                ("J1", 2_000),
                ("F4", 300),
                ("", 500),
            ],
        ),
        (InvoicesThenAccount, &[], "112", &[("I1", 10_000), ("F1", 1_000), ("F4", 200)]),
        (
            InvoicesThenAccount,
            &[],
            "195",
            &[("I1", 10_000), ("F1", 1_000), ("F4", 300), ("I2", 5_000), ("F3", 500), ("F2", 700), ("J1", 2_000)],
        ),
        (AccountThenInvoices, &[], "30", &[("F2", 700), ("J1", 2_000), ("I1", 300)]),
        (
            AccountThenInvoices,
            &["REMINDER"],
            "195",
            &[("F2", 700), ("J1", 2_000), ("I1", 10_000), ("F1", 1_000), ("F4", 300), ("I2", 5_000), ("F3", 500)],
        ),
        (CustomOrderedFees, &["COLLECTION", "REMINDER"], "20", &[("F3", 500), ("F1", 1_000), ("F4", 300), ("I1", 200)]),
        (
            CustomOrderedFees,
            &["LATE", "NONE"],
            "195",
            &[("F2", 700), ("I1", 10_000), ("I2", 5_000), ("J1", 2_000), ("F1", 1_000), ("F3", 500), ("F4", 300)],
        ),
    ];
    for (strategy, fees, amount, expected) in rows {
        both(|memory| {
            portfolio(memory);
            let made = run(memory, &payment(amount, terms(*strategy, fees))).expect("matched");
            let expected: Vec<(String, i64)> = expected.iter().map(|(of, part)| ((*of).to_owned(), *part)).collect();
            assert_eq!(parts(memory, &made), expected, "{strategy:?} {amount}");
            agrees(memory);
        });
    }
}

#[test]
fn claims_are_told_of_once_and_what_is_left_is_used_later() {
    both(|memory| {
        portfolio(memory);
        let before = memory.events().len();
        let made = run(memory, &payment("113", terms(MatchStrategy::InvoicesThenAccount, &[]))).expect("matched");
        assert_eq!((made.amount, made.matched), (Minor(11_300), Minor(11_300)));
        assert_eq!(claim(memory, "I1"), (0, 0, ClaimStatus::Resolved));
        let told: Vec<String> =
            memory.events()[before..].iter().map(|event| event.event.type_.word().to_owned()).collect();
        assert_eq!(told.iter().filter(|type_| *type_ == "CLAIM_UPDATED").count(), 1, "{told:?}");
        assert_eq!(told.iter().filter(|type_| *type_ == "CLAIM_RESOLVED").count(), 1, "{told:?}");

        // More than is open waits, as a correction downwards of the account does.
        run(memory, &payment("100", terms(MatchStrategy::OrderedLedgerEntries, &[]))).expect("matched");
        assert_eq!(waiting(memory), 1_800);
        add(memory, EntryKind::Adjustment, "J2", "-4", None, Some("GOODWILL"));
        let nothing = MatchUnallocated { account: "A1".into(), terms: terms(MatchStrategy::OrderedLedgerEntries, &[]) };
        is_refused(run(memory, &nothing), INVALID_STATE, "accountReference");
        booked(memory, EntryKind::Invoice, "I3", "20", None);
        booked(memory, EntryKind::Fee, "F9", "1.50", Some("I3"));
        let made = run(memory, &nothing).expect("matched");
        assert_eq!((made.amount, made.matched), (Minor(2_200), Minor(2_150)));
        assert_eq!(parts(memory, &made), [("I3".into(), 1_800), ("I3".into(), 200), ("F9".into(), 150)]);
        assert_eq!((claim(memory, "I3"), waiting(memory)), ((0, 0, ClaimStatus::Resolved), 50));
        agrees(memory);

        // The money bounces by the entry that used it: what it had settled is open again, and the source has nothing left.
        let entries = memory.rows::<ReceivableEntry>();
        let used = entries.iter().find(|entry| entry.id == made.entries[0]).expect("an entry");
        let source = entries.iter().find(|entry| Some(entry.id) == used.source).expect("its source").reference.clone();
        let reference = used.reference.clone();
        let too_much = entry(EntryKind::Chargeback, "B0", "0.01", Some(&source));
        is_refused(
            run(memory, &AddReceivableEntry { account: "A1".into(), entry: too_much }),
            AMOUNT_OUT_OF_RANGE,
            "amount",
        );
        booked(memory, EntryKind::Chargeback, "B1", "18", Some(&reference));
        assert_eq!(claim(memory, "I3"), (1_800, 0, ClaimStatus::Active));
        agrees(memory);
    });
}

#[test]
fn a_product_limits_and_what_is_wrong_is_refused_by_its_field() {
    both(|memory| {
        portfolio(memory);
        let of_product = NewEntry { product_reference: Some("P".into()), ..entry(EntryKind::Invoice, "IP", "8", None) };
        run(memory, &AddReceivableEntry { account: "A1".into(), entry: of_product }).expect("an entry");
        add(memory, EntryKind::Fee, "FP", "1", Some("IP"), Some("REMINDER"));
        let limited =
            MatchTerms { product_reference: Some("P".into()), ..terms(MatchStrategy::OrderedLedgerEntries, &[]) };
        let first =
            MatchPayment { provider: Some("trustly".into()), tracking_id: Some("T1".into()), ..payment("10", limited) };
        let made = run(memory, &first).expect("matched");
        assert_eq!(parts(memory, &made), [("IP".into(), 800), ("FP".into(), 100), (String::new(), 100)]);
        let plain = || payment("1", terms(MatchStrategy::OrderedLedgerEntries, &[]));
        let other = MatchPayment { provider: Some("klarna".into()), tracking_id: Some("T1".into()), ..plain() };
        run(memory, &other).expect("another provider's");
        let custom = terms(MatchStrategy::CustomOrderedFees, &[]);
        let odd = MatchTerms { fee_order: vec![" ".into()], ..plain().terms };
        for (wrong, code, field) in [
            (MatchPayment { account: "A9".into(), ..plain() }, NOT_FOUND, "accountReference"),
            (MatchPayment { amount: money("0", "SEK"), ..plain() }, AMOUNT_OUT_OF_RANGE, "amount"),
            (MatchPayment { amount: money("1.001", "SEK"), ..plain() }, INVALID_INPUT, "amount"),
            (MatchPayment { amount: money("1", "EUR"), ..plain() }, CURRENCY_MISMATCH, "amount.currency"),
            (MatchPayment { tracking_id: Some(" x".into()), ..plain() }, INVALID_INPUT, "trackingId"),
            (MatchPayment { terms: custom, ..plain() }, INVALID_INPUT, "context.feeOrder"),
            (MatchPayment { terms: odd, ..plain() }, INVALID_INPUT, "context.feeOrder"),
            (first.clone(), DUPLICATE_REFERENCE, "trackingId"),
        ] {
            is_refused(run(memory, &wrong), code, field);
        }
        agrees(memory);
    });
}

#[test]
fn sources_are_drawn_on_in_their_order() {
    let minor = |pairs: &[(u32, i64)]| pairs.iter().map(|(id, amount)| (*id, Minor(*amount))).collect::<Vec<_>>();
    for (sources, parts, expected) in [
        (vec![(1, 10)], vec![(7, 4), (8, 6)], vec![(1, 7, 4), (1, 8, 6)]),
        (vec![(1, 3), (2, 0), (3, 9)], vec![(7, 5), (8, 7)], vec![(1, 7, 3), (3, 7, 2), (3, 8, 7)]),
        (vec![(1, 3)], vec![(7, 5)], vec![(1, 7, 3)]),
        (vec![], vec![(7, 5)], vec![]),
    ] {
        let expected: Vec<(u32, u32, Minor)> = expected.into_iter().map(|(s, t, part)| (s, t, Minor(part))).collect();
        assert_eq!(drawn(&minor(&sources), &minor(&parts)), expected);
    }
}

/// Whatever is open and whatever is paid: the parts are the whole, and entries, claims and the balance say the same.
#[test]
fn parts_are_the_whole_after_any_sequence() {
    for seed in 0..20 {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut memory = Memory::new(TENANT, Clock::system());
        run(&mut memory, &receivable("A1", (seed % 2 == 0).then_some("NORDVIK"))).expect("created");
        for step in 0..60 {
            let amount = format!("{}.{:02}", dice.random_range(1..40), dice.random_range(0..100));
            let strategy = STRATEGIES[dice.random_range(0..STRATEGIES.len())];
            let mut told = terms(strategy, &["WHY"]);
            told.product_reference = dice.random_bool(0.2).then(|| "P".into());
            let target = format!("E{}", dice.random_range(0..=step));
            match dice.random_range(0..8) {
                0 | 1 => {
                    let mut invoice = entry(EntryKind::Invoice, &format!("E{step}"), &amount, None);
                    invoice.product_reference = dice.random_bool(0.3).then(|| "P".into());
                    run(&mut memory, &AddReceivableEntry { account: "A1".into(), entry: invoice }).expect("an entry");
                }
                2 | 3 => {
                    let kind = if dice.random_bool(0.5) { EntryKind::Fee } else { EntryKind::Adjustment };
                    let target = dice.random_bool(0.6).then_some(target.as_str());
                    let fee = entry(kind, &format!("E{step}"), &amount, target);
                    let _ = run(&mut memory, &AddReceivableEntry { account: "A1".into(), entry: fee });
                }
                4 => {
                    let bounced = memory.rows::<ReceivableEntry>();
                    let payments: Vec<_> = bounced.iter().filter(|entry| entry.kind == EntryKind::Payment).collect();
                    if !payments.is_empty() {
                        let of = &payments[dice.random_range(0..payments.len())].reference;
                        let bounce = entry(EntryKind::Chargeback, &format!("E{step}"), &amount, Some(of));
                        let _ = run(&mut memory, &AddReceivableEntry { account: "A1".into(), entry: bounce });
                    }
                }
                5 => {
                    let _ = run(&mut memory, &MatchUnallocated { account: "A1".into(), terms: told });
                }
                _ => {
                    let made = run(&mut memory, &payment(&amount, told)).expect("matched");
                    let sum: i64 = parts(&memory, &made).iter().map(|(_, part)| part).sum();
                    assert_eq!(sum, made.amount.0, "seed {seed}");
                }
            }
            agrees(&memory);
        }
        assert!(memory.rows::<Claim>().iter().any(|claim| claim.status == ClaimStatus::Resolved), "seed {seed}");
    }
}
