//! The rules of claims, over a tenant in memory: once with every row at hand, once decided from nothing.

use std::sync::Arc;

use chrono::NaiveDate;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::claims::{
    Claim, ClaimChange, ClaimContent, ClaimStatus, Movement, NewFee, Opening, Originator, ResolutionReason, StatusRule,
};
use super::receivables::NewReceivable;
use super::refusals::CLAIM_MANAGED;
use super::*;
use crate::accounts::AccountBy;
use crate::customers::profile::{ContactKind, ContactPoint, Profile};
use crate::customers::{CreateCustomer, CustomerType};
use crate::ledger::refusal::{ACCOUNT_ITEMISED, AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH};
use crate::ledger::{Component, Position};
use crate::payments::PostAdjustment;
use crate::primitives::{Amount, Clock, Minor, Money, Origin, TenantId};
use crate::refused::{DUPLICATE_REFERENCE, INVALID_INPUT, INVALID_STATE, NOT_FOUND, RefusalCode, Refused};
use crate::work::memory::Memory;
use crate::work::{Change, Command};

pub(super) const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

pub(super) fn both(test: impl Fn(&mut Memory)) {
    test(&mut Memory::new(TENANT, Clock::system()));
    test(&mut Memory::from_nothing(TENANT, Clock::system()));
}

pub(super) fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

pub(super) fn is_refused<T: std::fmt::Debug>(answer: Result<T, Refused>, code: RefusalCode, field: &str) {
    let refused = answer.expect_err("a refusal");
    let path = refused.fields.first().map(|field| field.path.join("."));
    assert_eq!((refused.code, path.as_deref()), (code, Some(field)), "{}", refused.message);
}

pub(super) fn of(amount: &str) -> Amount {
    Amount(amount.parse().expect("a decimal"))
}

pub(super) fn money(amount: &str, currency: &str) -> Money {
    Money { amount: of(amount).0, currency: currency.parse().expect("a currency") }
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub(super) fn debtor(reference: &str) -> NewDebtor {
    let point = ContactPoint { kind: ContactKind::Email, value: "ada@example.com".into(), label: None, primary: false };
    NewDebtor(CreateCustomer {
        type_: CustomerType::Person,
        number: None,
        external_reference: Some(reference.into()),
        first_name: Some("Ada".into()),
        last_name: Some("Lovelace".into()),
        company_name: None,
        addresses: Vec::new(),
        metadata: "{}".into(),
        profile: Profile { contact_points: vec![point], ..Profile::default() },
    })
}

fn content(amount: &str, fees: &str) -> ClaimContent {
    ClaimContent {
        amount: of(amount),
        fees: None,
        total_fees: Some(of(fees)),
        original_due_date: day("2026-01-31"),
        current_due_date: day("2026-03-31"),
        limitation_date: None,
        product_reference: None,
        payment_reference: None,
        portfolio_reference: None,
        creditor_reference: None,
        scores: Vec::new(),
        metadata: "{}".into(),
    }
}

pub(super) fn opening(reference: &str, amount: &str, fees: &str) -> Opening {
    Opening {
        reference: reference.into(),
        account: None,
        debtor: Some(debtor("D1")),
        currency: Some("SEK".parse().expect("a currency")),
        content: content(amount, fees),
    }
}

fn created(memory: &mut Memory, reference: &str, amount: &str, fees: &str) -> Arc<Claim> {
    run(memory, &CreateClaim(opening(reference, amount, fees))).expect("a claim")
}

fn change() -> ClaimChange {
    ClaimChange {
        amount: None,
        currency: None,
        fees: Change::Keep,
        total_fees: None,
        original_due_date: None,
        current_due_date: None,
        limitation_date: Change::Keep,
        product_reference: Change::Keep,
        payment_reference: Change::Keep,
        portfolio_reference: Change::Keep,
        creditor_reference: None,
        scores: Change::Keep,
        metadata: Change::Keep,
    }
}

fn update(reference: &str, change: ClaimChange) -> UpdateClaim {
    UpdateClaim { reference: reference.into(), change, debtor: None, reason: None, rule: StatusRule::ResolveAtZero }
}

fn movement(reference: &str, amount: &str) -> Movement {
    Movement {
        reference: reference.into(),
        amount: money(amount, "SEK"),
        originator: Originator::Client,
        at: None,
        description: None,
    }
}

fn credit(memory: &mut Memory, reference: &str, amount: &str) -> Result<Arc<Claim>, Refused> {
    run(memory, &CreditClaim(movement(reference, amount)))
}

fn debit(memory: &mut Memory, reference: &str, amount: &str, rule: StatusRule) -> Result<Arc<Claim>, Refused> {
    run(memory, &DebitClaim { movement: movement(reference, amount), rule })
}

fn position(memory: &Memory, claim: &Claim) -> Position {
    let all = memory.rows::<Position>();
    (*all.iter().find(|position| position.account == claim.account).expect("an account").clone()).clone()
}

/// Of every account: its balance by component is what its claims that are not deleted come to, below zero.
fn agrees(memory: &Memory) {
    let (claims, positions) = (memory.rows::<Claim>(), memory.rows::<Position>());
    for position in positions {
        let of_it = claims.iter().filter(|claim| claim.account == position.account);
        let mut owed = [Minor::ZERO; Component::COUNT];
        for claim in of_it {
            let fees: i64 = claim.named_fees.iter().map(|fee| fee.amount.0).sum();
            assert!(claim.named_fees.is_empty() || fees == claim.fees.0, "{claim:?}");
            for (sum, part) in owed.iter_mut().zip(claim.owed()) {
                *sum = Minor(sum.0 - part.0);
            }
        }
        assert_eq!(position.balances, owed, "{:?}", position.account);
        assert!(position.itemised);
    }
}

#[test]
fn the_state_follows_what_is_owed_by_the_rule() {
    use ClaimStatus::{Active, Resolved};
    use StatusRule::{Keep, Recompute, ResolveAtZero};
    for (rule, before, owes, after) in [
        (ResolveAtZero, Active, true, Active),
        (ResolveAtZero, Active, false, Resolved),
        (ResolveAtZero, Resolved, true, Resolved),
        (ResolveAtZero, Resolved, false, Resolved),
        (Keep, Active, true, Active),
        (Keep, Active, false, Active),
        (Keep, Resolved, true, Resolved),
        (Keep, Resolved, false, Resolved),
        (Recompute, Active, true, Active),
        (Recompute, Active, false, Resolved),
        (Recompute, Resolved, true, Active),
        (Recompute, Resolved, false, Resolved),
    ] {
        assert_eq!(rule.status(before, owes), after, "{rule:?} {before:?} {owes}");
    }
    assert_eq!(StatusRule::of(true, true).expect_err("both").code, INVALID_INPUT);
}

#[test]
fn a_claim_brings_its_account_and_debtor_along_and_is_owed_in_the_books() {
    both(|memory| {
        let claim = created(memory, "C1", "100.00", "7.50");
        assert_eq!(
            (claim.status, claim.amount, claim.fees, claim.begun),
            (ClaimStatus::Active, Minor(10_000), Minor(750), 1)
        );
        let at = position(memory, &claim);
        assert_eq!(at.balances, [Minor(-10_000), Minor(0), Minor(-750), Minor(0)]);
        // A second one of the same debtor has an account of its own, unless it names one.
        let other = created(memory, "C2", "1.00", "0");
        assert!(other.account != claim.account && other.debtor == claim.debtor);
        let on = Opening { account: Some("C1".into()), debtor: None, currency: None, ..opening("C3", "5.00", "0") };
        let third = run(memory, &CreateClaim(on)).expect("a claim");
        assert_eq!((third.account, third.debtor), (claim.account, claim.debtor));
        agrees(memory);
    });
}

#[test]
fn what_cannot_begin_is_refused_by_its_field() {
    both(|memory| {
        created(memory, "C1", "100.00", "0");
        created(memory, "GONE", "1.00", "0");
        run(memory, &DeleteClaim { reference: "GONE".into() }).expect("deleted");
        let eur = "EUR".parse().ok();
        let new = || opening("C9", "1.00", "0");
        let nameless = || {
            let mut debtor = debtor("D9");
            debtor.0.first_name = None;
            Some(debtor)
        };
        let unreachable = || {
            let mut debtor = debtor("D9");
            debtor.0.profile.contact_points.clear();
            Some(debtor)
        };
        let with = |content: ClaimContent| Opening { content, ..new() };
        let fee = |name: &str, amount: &str| Some(vec![NewFee { name: name.into(), amount: of(amount) }]);
        let plain = || content("1.00", "0");
        for (opening, code, field) in [
            (opening("", "1.00", "0"), INVALID_INPUT, "claimReference"),
            (opening(&"x".repeat(65), "1.00", "0"), INVALID_INPUT, "claimReference"),
            (opening("C1", "1.00", "0"), DUPLICATE_REFERENCE, "claimReference"),
            (opening("GONE", "1.00", "0"), DUPLICATE_REFERENCE, "claimReference"),
            (Opening { account: Some("nowhere".into()), ..new() }, NOT_FOUND, "accountReference"),
            (Opening { debtor: None, ..new() }, INVALID_INPUT, "primaryDebtor"),
            (Opening { currency: None, ..new() }, INVALID_INPUT, "currency"),
            (Opening { account: Some("C1".into()), currency: eur, ..new() }, CURRENCY_MISMATCH, "currency"),
            (Opening { debtor: nameless(), ..new() }, INVALID_INPUT, "primaryDebtor.firstName"),
            (Opening { debtor: unreachable(), ..new() }, INVALID_INPUT, "primaryDebtor.contactPoints"),
            (opening("C9", "1.005", "0"), INVALID_INPUT, "amount"),
            (opening("C9", "-1.00", "0"), AMOUNT_OUT_OF_RANGE, "amount"),
            (opening("C9", "1.00", "-1"), AMOUNT_OUT_OF_RANGE, "totalFees"),
            (with(ClaimContent { fees: fee(" ", "1"), ..plain() }), INVALID_INPUT, "fees.0.name"),
            (with(ClaimContent { fees: fee("Interest", "-1"), ..plain() }), AMOUNT_OUT_OF_RANGE, "fees.0.amount"),
            (with(ClaimContent { product_reference: Some(" x".into()), ..plain() }), INVALID_INPUT, "productReference"),
        ] {
            is_refused(run(memory, &CreateClaim(opening)), code, field);
        }
        assert_eq!(memory.rows::<Claim>().len(), 2);
        agrees(memory);
    });
}

#[test]
fn credits_and_debits_move_the_amount_and_nothing_is_credited_that_is_not_owed() {
    both(|memory| {
        created(memory, "C1", "100.00", "5.00");
        assert_eq!(credit(memory, "C1", "40.00").expect("credited").amount, Minor(6_000));
        assert_eq!(debit(memory, "C1", "10.00", StatusRule::ResolveAtZero).expect("debited").amount, Minor(7_000));
        is_refused(credit(memory, "C1", "70.01"), AMOUNT_OUT_OF_RANGE, "amount");
        is_refused(credit(memory, "C1", "0"), AMOUNT_OUT_OF_RANGE, "amount");
        is_refused(credit(memory, "C9", "1.00"), NOT_FOUND, "claimReference");
        let euros = CreditClaim(Movement { amount: money("1.00", "EUR"), ..movement("C1", "1.00") });
        is_refused(run(memory, &euros), CURRENCY_MISMATCH, "amount.currency");
        let ahead = CreditClaim(Movement { at: Some(i64::MAX / 4), ..movement("C1", "1.00") });
        is_refused(run(memory, &ahead), INVALID_INPUT, "date");
        // The fees are left: it is not resolved yet.
        let open = credit(memory, "C1", "70.00").expect("credited");
        assert_eq!((open.amount, open.status), (Minor(0), ClaimStatus::Active));
        let none = run(memory, &update("C1", ClaimChange { total_fees: Some(of("0")), ..change() })).expect("changed");
        assert_eq!((none.status, none.resolution), (ClaimStatus::Resolved, Some(ResolutionReason::ClaimPaid)));
        // What is raised on it afterwards is owed, and it stays resolved unless that is recomputed.
        let raised = debit(memory, "C1", "3.00", StatusRule::ResolveAtZero).expect("debited");
        assert_eq!((raised.status, raised.amount), (ClaimStatus::Resolved, Minor(300)));
        let again = debit(memory, "C1", "1.00", StatusRule::Recompute).expect("debited");
        assert_eq!((again.status, again.resolution, again.amount), (ClaimStatus::Active, None, Minor(400)));
        agrees(memory);
    });
}

#[test]
fn the_life_of_a_claim_goes_its_ways_only() {
    both(|memory| {
        created(memory, "C1", "100.00", "0");
        let resolve = |memory: &mut Memory| {
            run(memory, &ResolveClaim { reference: "C1".into(), reason: ResolutionReason::ClaimSold })
        };
        let delete = |memory: &mut Memory| run(memory, &DeleteClaim { reference: "C1".into() });
        let recreate = |memory: &mut Memory| {
            let again = Opening { debtor: None, currency: None, ..opening("C1", "30.00", "1.00") };
            run(memory, &RecreateClaim(again))
        };
        is_refused(recreate(memory), INVALID_STATE, "claimReference");
        let sold = resolve(memory).expect("resolved");
        assert_eq!((sold.status, sold.amount), (ClaimStatus::Resolved, Minor(10_000)), "what is owed stays");
        is_refused(resolve(memory), INVALID_STATE, "claimReference");
        agrees(memory);
        let gone = delete(memory).expect("deleted");
        assert_eq!(position(memory, &gone).balance(), Minor::ZERO);
        for refused in [delete(memory), resolve(memory), credit(memory, "C1", "1.00")] {
            is_refused(refused, INVALID_STATE, "claimReference");
        }
        is_refused(debit(memory, "C1", "1.00", StatusRule::Recompute), INVALID_STATE, "claimReference");
        is_refused(run(memory, &update("C1", change())), INVALID_STATE, "claimReference");
        let import = ImportClaim { opening: opening("C1", "1.00", "0"), rule: StatusRule::Recompute };
        is_refused(run(memory, &import), INVALID_STATE, "claimReference");
        let back = recreate(memory).expect("recreated");
        assert_eq!((back.id, back.begun, back.status, back.amount), (gone.id, 2, ClaimStatus::Active, Minor(3_000)));
        agrees(memory);
    });
}

#[test]
fn an_import_creates_and_puts_everything_in_its_place() {
    both(|memory| {
        let import = |amount: &str, rule| ImportClaim { opening: opening("C1", amount, "0"), rule };
        let mut first = import("10.00", StatusRule::ResolveAtZero);
        first.opening.content.portfolio_reference = Some("P".into());
        assert_eq!(run(memory, &first).expect("created").portfolio_reference.as_deref(), Some("P"));
        let second = run(memory, &import("12.00", StatusRule::ResolveAtZero)).expect("changed");
        assert_eq!((second.amount, second.portfolio_reference.as_deref()), (Minor(1_200), None), "all of it");
        assert_eq!(run(memory, &import("0", StatusRule::Keep)).expect("kept").status, ClaimStatus::Active);
        assert_eq!(run(memory, &import("0", StatusRule::ResolveAtZero)).expect("zero").status, ClaimStatus::Resolved);
        assert_eq!(
            run(memory, &import("5.00", StatusRule::ResolveAtZero)).expect("stays").status,
            ClaimStatus::Resolved
        );
        assert_eq!(run(memory, &import("5.00", StatusRule::Recompute)).expect("again").status, ClaimStatus::Active);
        created(memory, "C2", "1.00", "0");
        let mut moved = import("5.00", StatusRule::Keep);
        moved.opening.account = Some("C2".into());
        is_refused(run(memory, &moved), INVALID_INPUT, "accountReference");
        agrees(memory);
    });
}

#[test]
fn a_reason_is_told_and_paid_means_paid_to_the_end() {
    both(|memory| {
        created(memory, "C1", "100.00", "5.00");
        let paid = |change: ClaimChange| UpdateClaim { reason: Some("CLAIM_PAID".into()), ..update("C1", change) };
        let some = ClaimChange { amount: Some(of("1.00")), ..change() };
        is_refused(run(memory, &paid(some)), INVALID_INPUT, "amount");
        let fees = ClaimChange { total_fees: Some(of("1.00")), ..change() };
        is_refused(run(memory, &paid(fees)), INVALID_INPUT, "totalFees");
        let done = run(memory, &paid(change())).expect("paid");
        assert_eq!((done.status, done.amount, done.fees), (ClaimStatus::Resolved, Minor::ZERO, Minor::ZERO));
        created(memory, "C2", "100.00", "0");
        let zero = ClaimChange { amount: Some(of("0")), ..change() };
        let fraud = UpdateClaim { reason: Some("FRAUDULENT".into()), ..update("C2", zero) };
        assert_eq!(run(memory, &fraud).expect("resolved").resolution, Some(ResolutionReason::Fraudulent));
        agrees(memory);
    });
}

#[test]
fn a_claim_of_entries_is_not_changed_by_itself() {
    both(|memory| {
        created(memory, "C1", "100.00", "0");
        let managed = MarkManaged;
        run(memory, &managed).expect("marked");
        is_refused(credit(memory, "C1", "1.00"), CLAIM_MANAGED, "claimReference");
        is_refused(debit(memory, "C1", "1.00", StatusRule::Keep), CLAIM_MANAGED, "claimReference");
        is_refused(run(memory, &update("C1", change())), CLAIM_MANAGED, "claimReference");
        is_refused(run(memory, &DeleteClaim { reference: "C1".into() }), CLAIM_MANAGED, "claimReference");
        let import = ImportClaim { opening: opening("C1", "1.00", "0"), rule: StatusRule::Keep };
        is_refused(run(memory, &import), CLAIM_MANAGED, "claimReference");
    });
}

/// Makes every claim one that comes of entries.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct MarkManaged;

impl Command for MarkManaged {
    const OPERATION: &'static str = "markManaged";
    type Made = Claim;

    fn decide(&self, work: &mut crate::work::Work) -> crate::work::Decision<Arc<Claim>> {
        let found = work.find::<Claim>(&claims::store::REFERENCE, "C1")?.expect("a claim");
        work.change::<Claim, Refused>(found.id, |claim| {
            claim.managed = true;
            Ok(())
        })
    }
}

#[test]
fn what_is_owed_to_a_creditor_stands_on_accounts_of_its_own() {
    both(|memory| {
        let owed = |reference: &str, creditor: &str| {
            let mut opening = opening(reference, "100.00", "5.00");
            opening.content.creditor_reference = Some(creditor.into());
            opening
        };
        let claim = run(memory, &CreateClaim(owed("C1", "NORDVIK"))).expect("a claim");
        let party = position(memory, &claim).party.expect("a party");
        let balance = |memory: &Memory, role| {
            let rows = memory.rows::<crate::ledger::rows::Internal>();
            rows.iter().find(|row| row.role == role && row.party == Some(party)).map_or(0, |row| row.balance)
        };
        use crate::ledger::InternalRole::{ClientClaims, ClientMoney};
        assert_eq!((balance(memory, ClientClaims), balance(memory, ClientMoney)), (10_000, 0));
        credit(memory, "C1", "30.00").expect("credited");
        assert_eq!((balance(memory, ClientClaims), balance(memory, ClientMoney)), (7_000, 0));
        let mut other = owed("C2", "BERGSLAGEN");
        (other.account, other.debtor) = (Some("C1".into()), None);
        is_refused(run(memory, &CreateClaim(other)), INVALID_STATE, "creditorReference");
        agrees(memory);
    });
}

#[test]
fn nothing_else_is_booked_on_an_account_of_claims() {
    both(|memory| {
        let claim = created(memory, "C1", "100.00", "0");
        let past = PostAdjustment {
            account: AccountBy::Id(claim.account),
            amount: money("1.00", "SEK"),
            component: Component::Principal,
            reason: "because".into(),
            details: Default::default(),
        };
        is_refused(run(memory, &past), ACCOUNT_ITEMISED, "account");
        agrees(memory);
    });
}

#[test]
fn metadata_of_the_account_are_inherited_and_give_way() {
    both(|memory| {
        let receivable = NewReceivable {
            reference: "A1".into(),
            currency: "SEK".parse().expect("a currency"),
            creditor_reference: None,
            payment_reference: None,
            portfolio_reference: None,
            scores: Vec::new(),
            products: Vec::new(),
            metadata: r#"{"a":1,"b":2}"#.into(),
        };
        run(memory, &CreateReceivable { receivable, debtors: vec![debtor("D1"), debtor("D2")], entries: Vec::new() })
            .expect("created");
        let mut on = Opening { account: Some("A1".into()), debtor: None, ..opening("C1", "1.00", "0") };
        on.content.metadata = r#"{"b":3,"c":4}"#.into();
        let claim = run(memory, &CreateClaim(on)).expect("a claim");
        let metadata: serde_json::Value = serde_json::from_str(&claim.metadata).expect("JSON");
        assert_eq!(metadata, serde_json::json!({ "a": 1, "b": 3, "c": 4 }));
        assert_eq!(memory.rows::<ReceivableDebtor>().len(), 2);
    });
}

/// Whatever is done in whatever order, refused or not, the books say what the claims say.
#[test]
fn claims_and_balances_agree_after_any_sequence() {
    for seed in 0..20 {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut memory = Memory::new(TENANT, Clock::system());
        let mut done = 0;
        for _ in 0..150 {
            let reference = format!("C{}", dice.random_range(0..6));
            let amount = format!("{}.{:02}", dice.random_range(0..40), dice.random_range(0..100));
            let fees = format!("{}.00", dice.random_range(0..4));
            let rule = [StatusRule::ResolveAtZero, StatusRule::Keep, StatusRule::Recompute][dice.random_range(0..3)];
            let mut opening = opening(&reference, &amount, &fees);
            if dice.random_bool(0.4) {
                opening.account = Some(format!("C{}", dice.random_range(0..6)));
            }
            if dice.random_bool(0.3) {
                opening.content.creditor_reference = Some(format!("P{}", dice.random_range(0..2)));
            }
            if dice.random_bool(0.3) {
                let fee = |name: &str| NewFee { name: name.into(), amount: of(&fees) };
                opening.content.fees = Some(vec![fee("Interest"), fee("Reminder")]);
            }
            let memory = &mut memory;
            let kind = dice.random_range(0..8);
            let ended = match kind {
                0 => run(memory, &CreateClaim(opening)),
                1 => run(memory, &RecreateClaim(opening)),
                2 => run(memory, &ImportClaim { opening, rule }),
                3 => {
                    let change = ClaimChange {
                        amount: dice.random_bool(0.5).then(|| of(&amount)),
                        total_fees: dice.random_bool(0.5).then(|| of(&fees)),
                        ..change()
                    };
                    let reason = dice.random_bool(0.1).then(|| "CLAIM_PAID".to_owned());
                    run(memory, &UpdateClaim { reason, rule, ..update(&reference, change) })
                }
                4 => credit(memory, &reference, &amount),
                5 => debit(memory, &reference, &amount, rule),
                6 => run(memory, &ResolveClaim { reference, reason: ResolutionReason::ClaimDiscarded }),
                _ => run(memory, &DeleteClaim { reference }),
            };
            done += usize::from(ended.is_ok());
            agrees(memory);
        }
        assert!(done > 30, "seed {seed}: too little succeeds to tell much: {done}");
    }
}
