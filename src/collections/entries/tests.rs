//! Entries of receivables over a tenant in memory: what each kind does, what it is refused for, and that books, entries and
//! claims never disagree.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{AddReceivableEntry, EntryKind, NewEntry, ReceivableEntry, SetReceivableAmounts, TargetAmount};
use crate::collections::claims::{
    Claim, ClaimStatus, CreateClaim, DeleteClaim, Opening, ResolutionReason, ResolveClaim,
};
use crate::collections::receivables::{CreateReceivable, NewReceivable, Receivable};
use crate::collections::tests::{TENANT, both, debtor, is_refused, of, opening, run};
use crate::ledger::Position;
use crate::ledger::refusal::AMOUNT_OUT_OF_RANGE;
use crate::primitives::{Clock, Minor};
use crate::refused::{DUPLICATE_REFERENCE, INVALID_INPUT, INVALID_STATE, NOT_FOUND, Refused};
use crate::work::memory::Memory;

pub(in crate::collections) fn receivable(reference: &str, creditor: Option<&str>) -> CreateReceivable {
    CreateReceivable {
        receivable: NewReceivable {
            reference: reference.into(),
            currency: "SEK".parse().expect("a currency"),
            creditor_reference: creditor.map(str::to_owned),
            payment_reference: None,
            portfolio_reference: None,
            scores: Vec::new(),
            products: Vec::new(),
            metadata: "{}".into(),
        },
        debtors: vec![debtor("D1")],
        entries: Vec::new(),
    }
}

pub(in crate::collections) fn entry(kind: EntryKind, reference: &str, amount: &str, target: Option<&str>) -> NewEntry {
    NewEntry {
        reference: reference.into(),
        kind,
        amount: of(amount),
        target: target.map(str::to_owned),
        label: matches!(kind, EntryKind::Fee | EntryKind::Adjustment).then(|| "WHY".into()),
        due_date: (kind == EntryKind::Invoice).then(|| "2026-03-31".parse().expect("a day")),
        debtor_reference: None,
        product_reference: None,
        payment_reference: None,
        provider: None,
        happened_at: None,
        metadata: "{}".into(),
    }
}

fn add(memory: &mut Memory, entry: NewEntry) -> Result<std::sync::Arc<ReceivableEntry>, Refused> {
    run(memory, &AddReceivableEntry { account: "A1".into(), entry })
}

pub(in crate::collections) fn booked(
    memory: &mut Memory,
    kind: EntryKind,
    reference: &str,
    amount: &str,
    target: Option<&str>,
) {
    add(memory, entry(kind, reference, amount, target)).expect("an entry");
}

/// Of the claim of an invoice: its amount, its fees, its state.
pub(in crate::collections) fn claim(memory: &Memory, invoice: &str) -> (i64, i64, ClaimStatus) {
    let reference = format!("A1/{invoice}");
    let claims = memory.rows::<Claim>();
    let claim = claims.iter().find(|claim| claim.reference == reference).expect("a claim");
    (claim.amount.0, claim.fees.0, claim.status)
}

/// What waits on the account.
pub(in crate::collections) fn waiting(memory: &Memory) -> i64 {
    memory.rows::<ReceivableEntry>().iter().filter(|entry| !entry.owes()).map(|entry| entry.open.0).sum()
}

/// Of every account: its balance is what its entries have waiting, less what they have open, less what its unmanaged claims come
/// to; and a managed claim comes to what its invoice and its fees have open.
pub(in crate::collections) fn agrees(memory: &Memory) {
    let (entries, claims) = (memory.rows::<ReceivableEntry>(), memory.rows::<Claim>());
    for position in memory.rows::<Position>() {
        let booked: i64 =
            entries.iter().filter(|entry| entry.account == position.account).map(|entry| entry.balance().0).sum();
        let apart = claims.iter().filter(|claim| claim.account == position.account && !claim.managed);
        let apart: i64 = apart.flat_map(|claim| claim.owed()).map(|part| part.0).sum();
        assert_eq!(position.balance(), Minor(booked - apart), "{:?}", position.account);
    }
    for claim in claims.iter().filter(|claim| claim.managed) {
        let of_it = |kind: EntryKind| -> i64 {
            let of_it = entries.iter().filter(|entry| entry.claim == Some(claim.id) && entry.kind == kind);
            of_it.map(|entry| entry.open.0).sum()
        };
        assert_eq!(
            (claim.amount.0, claim.fees.0),
            (of_it(EntryKind::Invoice), of_it(EntryKind::Fee)),
            "{}",
            claim.reference
        );
        let at_zero = claim.resolution == Some(ResolutionReason::ClaimPaid);
        assert!(claim.owes() || claim.status == ClaimStatus::Resolved, "{}", claim.reference);
        assert!(!at_zero || !claim.owes(), "{}", claim.reference);
    }
    assert!(
        entries
            .iter()
            .all(|entry| entry.open.0 >= 0 && entry.undone.0 >= 0 && entry.undone <= entry.amount.max(Minor(0)))
    );
}

#[test]
fn each_kind_moves_what_it_says() {
    use ClaimStatus::{Active, Resolved};
    use EntryKind::{Adjustment, Chargeback, Discount, Fee, Invoice, Payment, Reporting};
    both(|memory| {
        run(memory, &receivable("A1", None)).expect("created");
        // Each row: the entry, then the claim of invoice I1 (amount, fees, state) and what waits on the account.
        for (kind, reference, amount, target, after, waits) in [
            (Invoice, "I1", "100.00", None, (10_000, 0, Active), 0),
            (Fee, "F1", "10.00", Some("I1"), (10_000, 1_000, Active), 0),
            (Fee, "F2", "5.00", Some("F1"), (10_000, 1_500, Active), 0),
            (Fee, "F3", "7.00", None, (10_000, 1_500, Active), 0),
            (Reporting, "R1", "999.00", None, (10_000, 1_500, Active), 0),
            (Payment, "P1", "40.00", Some("I1"), (6_000, 1_500, Active), 0),
            (Payment, "P2", "12.00", Some("F1"), (6_000, 500, Active), 200),
            (Discount, "D1", "10.00", Some("I1"), (5_000, 500, Active), 200),
            (Adjustment, "J1", "20.00", Some("I1"), (7_000, 500, Active), 200),
            (Adjustment, "J2", "-70.00", Some("I1"), (0, 500, Active), 200),
            (Payment, "P3", "5.00", Some("F2"), (0, 0, Resolved), 200),
            (Chargeback, "B1", "5.00", Some("P3"), (0, 500, Active), 200),
            (Chargeback, "B2", "11.00", Some("P2"), (0, 1_500, Active), 100),
            (Chargeback, "B3", "1.00", Some("P2"), (0, 1_500, Active), 0),
            (Payment, "P4", "3.00", None, (0, 1_500, Active), 300),
            (Adjustment, "J3", "-2.00", None, (0, 1_500, Active), 500),
            (Adjustment, "J4", "4.00", None, (0, 1_500, Active), 500),
            (Chargeback, "B4", "3.00", Some("P4"), (0, 1_500, Active), 200),
            (Chargeback, "B5", "40.00", Some("P1"), (4_000, 1_500, Active), 200),
        ] {
            booked(memory, kind, reference, amount, target);
            assert_eq!((claim(memory, "I1"), waiting(memory)), (after, waits), "{reference}");
            agrees(memory);
        }
        assert_eq!(
            memory.rows::<ReceivableEntry>().iter().filter(|entry| entry.entry.is_none()).count(),
            1,
            "a fact is no entry"
        );
    });
}

#[test]
fn what_is_missing_or_not_there_is_refused_by_its_field() {
    use EntryKind::{Adjustment, Chargeback, Discount, Fee, Invoice, Payment, Reporting};
    both(|memory| {
        run(memory, &receivable("A1", None)).expect("created");
        booked(memory, Invoice, "I1", "100.00", None);
        booked(memory, Payment, "P1", "40.00", Some("I1"));
        let without = |kind, change: fn(&mut NewEntry)| {
            let mut entry = entry(kind, "X", "1.00", None);
            change(&mut entry);
            entry
        };
        for (entry, code, field) in [
            (entry(Invoice, "I1", "1.00", None), DUPLICATE_REFERENCE, "ledgerEntryReference"),
            (entry(Invoice, " ", "1.00", None), INVALID_INPUT, "ledgerEntryReference"),
            (entry(Invoice, "X", "1.001", None), INVALID_INPUT, "amount"),
            (entry(Invoice, "X", "-1", None), AMOUNT_OUT_OF_RANGE, "amount"),
            (entry(Payment, "X", "-1", None), AMOUNT_OUT_OF_RANGE, "amount"),
            (without(Invoice, |entry| entry.due_date = None), INVALID_INPUT, "dueDate"),
            (without(Fee, |entry| entry.label = None), INVALID_INPUT, "label"),
            (without(Payment, |entry| entry.label = Some("x".into())), INVALID_INPUT, "label"),
            (without(Payment, |entry| entry.due_date = "2026-01-01".parse().ok()), INVALID_INPUT, "dueDate"),
            (without(Adjustment, |entry| entry.due_date = "2026-01-01".parse().ok()), INVALID_INPUT, "dueDate"),
            (without(Fee, |entry| entry.provider = Some("x".into())), INVALID_INPUT, "provider"),
            (without(Invoice, |entry| entry.debtor_reference = Some("D9".into())), NOT_FOUND, "debtorReference"),
            (entry(Chargeback, "X", "1.00", None), INVALID_INPUT, "target"),
            (entry(Discount, "X", "1.00", None), INVALID_INPUT, "target"),
            (entry(Invoice, "X", "1.00", Some("I1")), INVALID_INPUT, "target"),
            (entry(Reporting, "X", "1.00", Some("I1")), INVALID_INPUT, "target"),
            (entry(Payment, "X", "1.00", Some("I9")), NOT_FOUND, "target"),
            (entry(Payment, "X", "1.00", Some("P1")), INVALID_INPUT, "target"),
            (entry(Chargeback, "X", "1.00", Some("I1")), INVALID_INPUT, "target"),
            (entry(Chargeback, "X", "40.01", Some("P1")), AMOUNT_OUT_OF_RANGE, "amount"),
            (entry(Discount, "X", "60.01", Some("I1")), AMOUNT_OUT_OF_RANGE, "amount"),
            (entry(Adjustment, "X", "-60.01", Some("I1")), AMOUNT_OUT_OF_RANGE, "amount"),
        ] {
            is_refused(add(memory, entry), code, field);
        }
        let nowhere = AddReceivableEntry { account: "A9".into(), entry: entry(Invoice, "X", "1.00", None) };
        is_refused(run(memory, &nowhere), NOT_FOUND, "accountReference");
        let bare = CreateReceivable { debtors: Vec::new(), ..receivable("A2", None) };
        run(memory, &bare).expect("created");
        let nobody = AddReceivableEntry { account: "A2".into(), entry: entry(Invoice, "X", "1.00", None) };
        is_refused(run(memory, &nobody), INVALID_STATE, "accountReference");
        // The account's reference is unique there alone.
        run(memory, &receivable("A3", None)).expect("created");
        let same = AddReceivableEntry { account: "A3".into(), entry: entry(Invoice, "I1", "1.00", None) };
        run(memory, &same).expect("an entry");
        assert_eq!(memory.rows::<ReceivableEntry>().len(), 3);
        agrees(memory);
    });
}

#[test]
fn a_claim_that_was_resolved_by_hand_stays_so() {
    both(|memory| {
        run(memory, &receivable("A1", None)).expect("created");
        booked(memory, EntryKind::Invoice, "I1", "100.00", None);
        let sold = ResolveClaim { reference: "A1/I1".into(), reason: ResolutionReason::ClaimSold };
        run(memory, &sold).expect("resolved");
        booked(memory, EntryKind::Fee, "F1", "1.00", Some("I1"));
        assert_eq!(claim(memory, "I1"), (10_000, 100, ClaimStatus::Resolved));
        agrees(memory);
    });
}

#[test]
fn a_correction_moves_the_day_and_opening_entries_come_with_the_account() {
    both(|memory| {
        let mut new = receivable("A1", None);
        new.entries =
            vec![entry(EntryKind::Invoice, "I1", "5.00", None), entry(EntryKind::Payment, "P1", "2.00", Some("I1"))];
        run(memory, &new).expect("created");
        let mut moves = entry(EntryKind::Adjustment, "J1", "0", Some("I1"));
        moves.due_date = "2026-05-31".parse().ok();
        add(memory, moves).expect("an entry");
        let claims = memory.rows::<Claim>();
        assert_eq!(claims[0].current_due_date, "2026-05-31".parse().expect("a day"));
        assert_eq!((claims[0].original_due_date, claims[0].amount), ("2026-03-31".parse().expect("a day"), Minor(300)));
        let mut wrong = receivable("A2", None);
        wrong.entries = vec![entry(EntryKind::Discount, "X", "1.00", None)];
        is_refused(run(memory, &wrong), INVALID_INPUT, "ledgerEntries.0.target");
        assert_eq!(memory.rows::<Receivable>().len(), 1);
        agrees(memory);
    });
}

#[test]
fn target_amounts_book_what_brings_an_entry_there() {
    use ClaimStatus::{Active, Resolved};
    use EntryKind::{Adjustment, Chargeback, Payment};
    both(|memory| {
        run(memory, &receivable("A1", None)).expect("created");
        booked(memory, EntryKind::Invoice, "I1", "100.00", None);
        booked(memory, EntryKind::Fee, "F1", "10.00", Some("I1"));
        let target = |reference: &str, amount: &str, reason: &str| TargetAmount {
            reference: reference.into(),
            amount: of(amount),
            reason: reason.into(),
            metadata: "{}".into(),
        };
        let set = |memory: &mut Memory, targets: Vec<TargetAmount>| {
            run(memory, &SetReceivableAmounts { account: "A1".into(), targets })
        };
        let way = vec![
            target("I1", "40.00", "PAYMENT"),
            target("I1", "50.00", "CHARGEBACK"),
            target("F1", "12.00", "INVALID"),
        ];
        for (targets, after, kinds) in [
            (vec![target("I1", "70.00", "PAYMENT")], (7_000, 1_000, Active), vec![Payment]),
            (vec![target("I1", "70.00", "PAYMENT")], (7_000, 1_000, Active), vec![]),
            (way, (5_000, 1_200, Active), vec![Payment, Chargeback, Adjustment]),
            // Thirty of the first payment and twenty of the second are left: the last one goes first.
            (vec![target("I1", "85.00", "CHARGEBACK")], (8_500, 1_200, Active), vec![Chargeback, Chargeback]),
            (
                vec![target("I1", "0", "PAYMENT"), target("F1", "0", "INVALID")],
                (0, 0, Resolved),
                vec![Payment, Adjustment],
            ),
        ] {
            let before = memory.rows::<ReceivableEntry>().len();
            set(memory, targets).expect("set");
            let mut entries = memory.rows::<ReceivableEntry>();
            entries.sort_by_key(|entry| entry.ordinal);
            let made: Vec<EntryKind> = entries[before..].iter().map(|entry| entry.kind).collect();
            assert_eq!((claim(memory, "I1"), made), (after, kinds));
            agrees(memory);
        }
        let later = vec![target("I1", "1.00", "X"), target("I9", "1.00", "X")];
        for (targets, code, field) in [
            (vec![], INVALID_INPUT, "ledgerEntries"),
            (vec![target("I1", "1.00", "PAYMENT")], AMOUNT_OUT_OF_RANGE, "ledgerEntries.0.amount"),
            (vec![target("I1", "100.01", "CHARGEBACK")], AMOUNT_OUT_OF_RANGE, "ledgerEntries.0.amount"),
            (vec![target("I1", "-1", "X")], AMOUNT_OUT_OF_RANGE, "ledgerEntries.0.amount"),
            (later, NOT_FOUND, "ledgerEntries.1.ledgerEntryReference"),
            (vec![target("I1", "1.00", " ")], INVALID_INPUT, "ledgerEntries.0.reason"),
        ] {
            is_refused(set(memory, targets), code, field);
        }
        assert_eq!(claim(memory, "I1"), (0, 0, Resolved));
        agrees(memory);
    });
}

/// Whatever is booked in whatever order, refused or not, entries, claims and balances say the same.
#[test]
fn entries_claims_and_balances_agree_after_any_sequence() {
    for seed in 0..30 {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut memory = Memory::new(TENANT, Clock::system());
        run(&mut memory, &receivable("A1", (seed % 2 == 0).then_some("NORDVIK"))).expect("created");
        let mut done = 0;
        for step in 0..150 {
            let kind = EntryKind::ALL[dice.random_range(0..EntryKind::ALL.len())];
            let sign = if kind == EntryKind::Adjustment && dice.random_bool(0.5) { "-" } else { "" };
            let amount = format!("{sign}{}.{:02}", dice.random_range(0..30), dice.random_range(0..100));
            let target = dice.random_bool(0.8).then(|| format!("E{}", dice.random_range(0..=step)));
            let target = target.filter(|_| !matches!(kind, EntryKind::Invoice | EntryKind::Reporting));
            let mut new = entry(kind, &format!("E{step}"), &amount, target.as_deref());
            if kind == EntryKind::Adjustment && target.is_some() && dice.random_bool(0.3) {
                new.due_date = "2026-06-30".parse().ok();
            }
            let ended = match dice.random_range(0..12) {
                0 => {
                    let on = Opening { account: Some("A1".into()), ..opening(&format!("C{step}"), &amount, "1.00") };
                    run(&mut memory, &CreateClaim(on)).is_ok()
                }
                1 => run(&mut memory, &DeleteClaim { reference: format!("C{}", dice.random_range(0..=step)) }).is_ok(),
                2 => {
                    let reference = format!("A1/E{}", dice.random_range(0..=step));
                    run(&mut memory, &ResolveClaim { reference, reason: ResolutionReason::ClaimSold }).is_ok()
                }
                _ => add(&mut memory, new).is_ok(),
            };
            done += usize::from(ended);
            agrees(&memory);
        }
        assert!(done > 40, "seed {seed}: too little succeeds to tell much: {done}");
    }
}
