//! The rules of cards, over a tenant in memory: once with every row at hand, once decided from nothing.

mod blocks;
mod disputes;
mod scheme;

use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::events::{CARD_ADDED, CARD_CHANGED, CARD_DELETED, CARD_REPLACED, CARD_RESTORED};
use super::limits::{NewChannelLimit, NewSpending};
use super::number::Expiry;
use super::refusals::{
    CARD_RESTORE_TIME_OVER, CARDS_NOT_OFFERED, DUPLICATE_CARD_TOKEN, MAIN_CARD_HOLDER_NOT_OWNER, MAIN_CARD_IN_FORCE,
};
use super::*;
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::{AccountBy, NewOwner, RequestAccountClosure};
use crate::customers::{Customer, CustomerBy};
use crate::jobs::settings::UpdateTenant;
use crate::ledger::refusal::{ACCOUNT_NOT_OPEN, AMOUNT_OUT_OF_RANGE};
use crate::primitives::{Amount, CardId, Clock, Currency, CustomerId, Origin, TenantId};
use crate::refused::{INVALID_INPUT, INVALID_STATE, NOT_FOUND, RefusalCode, Refused};
use crate::work::memory::Memory;
use crate::work::tests::domain;
use crate::work::{Change, Command, Idempotency};

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

fn both(test: impl Fn(&mut Memory)) {
    for mut memory in [Memory::new(TENANT, Clock::system()), Memory::from_nothing(TENANT, Clock::system())] {
        run(&mut memory, &InstallCatalogue { currency: Currency::EURO }).expect("products");
        for owner in ["ada", "grace"] {
            run(&mut memory, &domain::customer(Some(owner))).expect("a customer");
        }
        test(&mut memory);
    }
}

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

#[track_caller]
fn is_refused<T: std::fmt::Debug>(answer: Result<T, Refused>, code: RefusalCode, field: &str) {
    let refused = answer.expect_err("a refusal");
    assert_eq!((refused.code, refused.fields[0].path.join(".")), (code, field.to_owned()), "{}", refused.message);
}

/// Ada's account of a product, by its number.
fn account(memory: &mut Memory, product: &str) -> String {
    run(memory, &domain::opening(product, "ada", None)).expect("an account").number.clone()
}

fn card(token: &str, main: bool) -> NewCard {
    NewCard {
        token: Some(token.into()),
        main,
        holder: None,
        number: Some("453210******4321".into()),
        expiry: Some(Expiry { year: 2099, month: 12 }),
        embossed_name: Some("ADA LOVELACE".into()),
        limits: None,
        metadata: "{}".into(),
    }
}

fn adding(account: &str, card: NewCard) -> AddCard {
    AddCard { account: AccountBy::Number(account.into()), card }
}

fn add(memory: &mut Memory, account: &str, token: &str, main: bool) -> Arc<Card> {
    run(memory, &adding(account, card(token, main))).expect("a card")
}

fn held_by(number: &str) -> Option<NewOwner> {
    Some(NewOwner::Existing(CustomerBy::Number(number.into())))
}

fn token(token: &str) -> CardBy {
    CardBy::Token(token.into())
}

fn replacing(by: CardBy, token: Option<&str>) -> ReplaceCard {
    ReplaceCard {
        card: by,
        token: token.map(str::to_owned),
        number: Some("453210******9999".into()),
        expiry: None,
        embossed_name: None,
        limits: None,
        metadata: None,
    }
}

fn changing(by: CardBy) -> UpdateCard {
    UpdateCard {
        card: by,
        number: None,
        expiry: None,
        embossed_name: Change::Keep,
        limits: Change::Keep,
        metadata: Change::Keep,
    }
}

fn customer(memory: &Memory, number: &str) -> CustomerId {
    memory.rows::<Customer>().iter().find(|customer| customer.number == number).expect("a customer").id
}

fn told(memory: &Memory) -> Vec<crate::ledger::event::EventType> {
    let told = memory.events().iter().map(|logged| logged.event.type_);
    told.filter(|type_| type_.word().starts_with("CARD_")).collect()
}

#[test]
fn a_card_is_added_for_the_owner_and_others_for_others() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let main = add(memory, &on, "t-1", true);
        assert_eq!((main.holder, main.status, main.chain), (customer(memory, "ada"), CardStatus::Active, main.id));
        let extra = NewCard { holder: held_by("grace"), ..card("t-2", false) };
        let extra = run(memory, &adding(&on, extra)).expect("an extra card");
        assert_eq!((extra.holder, extra.is_main), (customer(memory, "grace"), false));
        let new = NewOwner::Created(Box::new(domain::customer(Some("new"))));
        let third = NewCard { holder: Some(new), token: None, ..card("", false) };
        let third = run(memory, &adding(&on, third)).expect("a third card");
        assert_eq!((third.holder, third.token.len()), (customer(memory, "new"), 36));
        assert_eq!(told(memory), [CARD_ADDED; 3]);
        let payload = memory.events().last().expect("an event").event.payload.to_string();
        assert!(!payload.contains(&third.token) && !payload.contains("4321") && !payload.contains("ADA"), "{payload}");
    });
}

#[test]
fn cards_are_on_accounts_that_are_drawn_on() {
    both(|memory| {
        for product in ["credit-card", "debit-card", "prepaid-card", "revolving", "current", "savings"] {
            let on = account(memory, product);
            add(memory, &on, product, true);
        }
        for product in ["investment", "leasing", "virtual", "invoice", "loan", "receivable"] {
            let on = account(memory, product);
            is_refused(run(memory, &adding(&on, card(product, true))), CARDS_NOT_OFFERED, "account");
        }
    });
}

#[test]
fn what_is_wrong_with_a_card_is_refused_by_its_field_and_changes_nothing() {
    both(|memory| {
        let on = account(memory, "credit-card");
        add(memory, &on, "main", true);
        let limits = |per_day: &str| NewLimits {
            spending: NewSpending { per_day: Some(Amount(per_day.parse().expect("a decimal"))), ..Default::default() },
            ..Default::default()
        };
        let nobody = NewOwner::Created(Box::new(crate::customers::CreateCustomer {
            last_name: None,
            ..domain::customer(Some("nobody"))
        }));
        let extra = || card("t", false);
        let table = [
            (NewCard { main: true, ..extra() }, MAIN_CARD_IN_FORCE, "card.main"),
            (NewCard { holder: held_by("nobody"), ..extra() }, NOT_FOUND, "card.holder"),
            (NewCard { holder: Some(nobody), ..extra() }, INVALID_INPUT, "card.holder.create.lastName"),
            (NewCard { token: Some("main".into()), ..extra() }, DUPLICATE_CARD_TOKEN, "card.token"),
            (NewCard { token: Some(" ".into()), ..extra() }, INVALID_INPUT, "card.token"),
            (NewCard { token: Some("t ".into()), ..extra() }, INVALID_INPUT, "card.token"),
            (NewCard { token: Some("t".repeat(65)), ..extra() }, INVALID_INPUT, "card.token"),
            (NewCard { number: Some("4532101234564321".into()), ..extra() }, INVALID_INPUT, "card.maskedNumber"),
            (NewCard { expiry: Some(Expiry { year: 2099, month: 13 }), ..extra() }, INVALID_INPUT, "card.expiry.month"),
            (NewCard { expiry: Some(Expiry { year: 2001, month: 1 }), ..extra() }, INVALID_INPUT, "card.expiry"),
            (NewCard { embossed_name: Some("A".repeat(54)), ..extra() }, INVALID_INPUT, "card.embossedName"),
            (NewCard { limits: Some(limits("0")), ..extra() }, AMOUNT_OUT_OF_RANGE, "card.limits.perDay"),
            (NewCard { limits: Some(limits("0.001")), ..extra() }, INVALID_INPUT, "card.limits.perDay"),
        ];
        for (new, code, field) in table {
            is_refused(run(memory, &adding(&on, new)), code, field);
        }
        is_refused(run(memory, &adding("nowhere", extra())), NOT_FOUND, "account");
        let other = account(memory, "prepaid-card");
        let created = NewOwner::Created(Box::new(domain::customer(Some("created"))));
        for holder in [held_by("grace"), Some(created)] {
            let new = NewCard { holder, ..card("t", true) };
            is_refused(run(memory, &adding(&other, new)), MAIN_CARD_HOLDER_NOT_OWNER, "card.holder");
        }
        assert_eq!((memory.rows::<Card>().len(), memory.rows::<Customer>().len()), (1, 2));
    });
}

#[test]
fn an_account_that_is_not_open_takes_no_cards() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let kept = add(memory, &on, "kept", false);
        run(memory, &DeleteCard { card: CardBy::Id(kept.id) }).expect("deleted");
        run(memory, &RequestAccountClosure { account: AccountBy::Number(on.clone()).into() }).expect("closed");
        is_refused(run(memory, &adding(&on, card("t", true))), ACCOUNT_NOT_OPEN, "account");
        is_refused(run(memory, &RestoreCard { card: token("kept") }), ACCOUNT_NOT_OPEN, "card");
        is_refused(run(memory, &replacing(token("kept"), None)), ACCOUNT_NOT_OPEN, "card");
    });
}

#[test]
fn a_replacement_takes_over_and_a_token_names_the_newest() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let first = add(memory, &on, "t-1", true);
        let second = run(memory, &replacing(token("t-1"), None)).expect("replaced");
        assert_eq!((second.token.as_str(), second.is_main, second.holder), ("t-1", true, first.holder));
        assert_eq!((second.replaces, second.chain, second.expires_on), (Some(first.id), first.id, None));
        assert_eq!(second.embossed_name, first.embossed_name, "what the request leaves out is carried over");
        let third = run(memory, &replacing(token("t-1"), Some("t-3"))).expect("replaced");
        assert_eq!(third.replaces, Some(second.id), "the token named the newest");
        // An older token of the chain is taken up again, and all of them name the newest.
        let fourth = run(memory, &replacing(token("t-3"), Some("t-1"))).expect("replaced");
        assert_eq!((fourth.replaces, fourth.takes_token), (Some(third.id), false));
        for name in [token("t-1"), token("t-3"), CardBy::Id(fourth.id)] {
            let changed = run(memory, &changing(name)).expect("changed");
            assert_eq!(changed.id, fourth.id);
        }
        let old = memory.get::<Card>(first.id).expect("the first card");
        assert_eq!(
            (old.status, old.replaced_by, old.ended_on),
            (CardStatus::Replaced, Some(second.id), Some(memory.today()))
        );
        assert_eq!(told(memory)[..3], [CARD_ADDED, CARD_REPLACED, CARD_ADDED]);
    });
}

#[test]
fn what_was_replaced_stays_so() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let first = add(memory, &on, "t-1", true);
        add(memory, &on, "other", false);
        is_refused(run(memory, &replacing(token("t-1"), Some("other"))), DUPLICATE_CARD_TOKEN, "token");
        run(memory, &replacing(token("t-1"), Some("t-2"))).expect("replaced");
        let old = CardBy::Id(first.id);
        is_refused(run(memory, &replacing(old.clone(), Some("t-3"))), refusals::CARD_REPLACED, "card");
        is_refused(run(memory, &DeleteCard { card: old.clone() }), refusals::CARD_REPLACED, "card");
        is_refused(run(memory, &RestoreCard { card: old.clone() }), refusals::CARD_REPLACED, "card");
        is_refused(run(memory, &changing(old)), refusals::CARD_REPLACED, "card");
        // Neither token is ever another's.
        for taken in ["t-1", "t-2"] {
            is_refused(run(memory, &adding(&on, card(taken, false))), DUPLICATE_CARD_TOKEN, "card.token");
        }
    });
}

#[test]
fn a_deletion_is_undone_within_its_time() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let main = add(memory, &on, "t-1", true);
        let by = CardBy::Id(main.id);
        is_refused(run(memory, &RestoreCard { card: by.clone() }), INVALID_STATE, "card");
        let deleted = run(memory, &DeleteCard { card: by.clone() }).expect("deleted");
        assert_eq!((deleted.status, deleted.ended_on), (CardStatus::Deleted, Some(memory.today())));
        is_refused(run(memory, &DeleteCard { card: by.clone() }), refusals::CARD_DELETED, "card");
        is_refused(run(memory, &changing(by.clone())), refusals::CARD_DELETED, "card");
        is_refused(run(memory, &adding(&on, card("t-1", false))), DUPLICATE_CARD_TOKEN, "card.token");
        let restored = run(memory, &RestoreCard { card: token("t-1") }).expect("restored");
        assert_eq!((restored.status, restored.ended_on), (CardStatus::Active, None));
        // While another main card is in force, it is not.
        run(memory, &DeleteCard { card: by.clone() }).expect("deleted again");
        let second = add(memory, &on, "t-2", true);
        is_refused(run(memory, &RestoreCard { card: by.clone() }), MAIN_CARD_IN_FORCE, "card");
        is_refused(run(memory, &replacing(by.clone(), Some("t-3"))), MAIN_CARD_IN_FORCE, "card");
        run(memory, &DeleteCard { card: CardBy::Id(second.id) }).expect("deleted");
        run(memory, &RestoreCard { card: by }).expect("restored again");
        assert_eq!(told(memory)[..3], [CARD_ADDED, CARD_DELETED, CARD_RESTORED]);
    });
}

#[test]
fn the_time_for_it_is_the_tenants_to_say() {
    both(|memory| {
        let start = NaiveDate::from_ymd_opt(2027, 3, 1).expect("a day");
        memory.set_today(Some(start));
        let on = account(memory, "credit-card");
        add(memory, &on, "t-1", true);
        for (days, after, outcome) in
            [(30, 30, None), (30, 31, Some(CARD_RESTORE_TIME_OVER)), (0, 0, None), (0, 1, Some(CARD_RESTORE_TIME_OVER))]
        {
            memory.set_today(Some(start));
            run(
                memory,
                &UpdateTenant { name: Some("Bank".into()), card_restore_days: Some(days), ..UpdateTenant::default() },
            )
            .expect("set");
            run(memory, &DeleteCard { card: token("t-1") }).expect("deleted");
            memory.set_today(Some(start + Days::new(after)));
            let answer = run(memory, &RestoreCard { card: token("t-1") });
            assert_eq!(answer.as_ref().err().map(|refused| refused.code), outcome, "{days} {after}");
            if let Err(refused) = answer {
                assert_eq!(refused.facts.latest, Some(start + Days::new(days.into())));
                memory.set_today(Some(start));
                run(memory, &RestoreCard { card: token("t-1") }).expect("restored in time");
            }
        }
        // A deleted card can be replaced for ever: it was lost, and the new one comes later.
        run(memory, &DeleteCard { card: token("t-1") }).expect("deleted");
        memory.set_today(Some(start + Days::new(400)));
        let new = run(memory, &replacing(token("t-1"), None)).expect("replaced");
        let old = memory.get::<Card>(new.replaces.expect("the old one")).expect("the old one");
        assert_eq!((old.status, old.ended_on), (CardStatus::Replaced, Some(start)));
    });
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let made = add(memory, &on, "t-1", true);
        let by = || CardBy::Id(made.id);
        let amount = |text: &str| Some(Amount(text.parse().expect("a decimal")));
        let limits = NewLimits {
            spending: NewSpending { per_day: amount("500"), ..Default::default() },
            channels: vec![NewChannelLimit {
                channel: CardChannel::Atm,
                blocked: true,
                spending: NewSpending::default(),
            }],
            ..Default::default()
        };
        let limited = run(memory, &UpdateCard { limits: Change::Set(limits), ..changing(by()) }).expect("limited");
        assert_eq!(
            (limited.limits.spending.per_day.map(|limit| limit.0), limited.limits.channels.len()),
            (Some(50_000), 1)
        );
        assert_eq!(limited.embossed_name, made.embossed_name);
        let emptied =
            UpdateCard { embossed_name: Change::Clear, metadata: Change::Set("{\"a\":1}".into()), ..changing(by()) };
        let emptied = run(memory, &emptied).expect("changed");
        assert_eq!((emptied.embossed_name.as_deref(), emptied.metadata.as_str()), (None, "{\"a\":1}"));
        assert_eq!(emptied.limits, limited.limits);
        let open = run(memory, &UpdateCard { limits: Change::Clear, ..changing(by()) }).expect("changed");
        assert!(open.limits.is_open());
        // A card keeps its number.
        let same = UpdateCard { number: Some("4532 10** **** 4321".into()), ..changing(by()) };
        run(memory, &same).expect("the same number");
        let other = UpdateCard { number: Some("453210******9999".into()), ..changing(by()) };
        is_refused(run(memory, &other), INVALID_INPUT, "maskedNumber");
        let over = UpdateCard { expiry: Some(Expiry { year: 2020, month: 1 }), ..changing(by()) };
        is_refused(run(memory, &over), INVALID_INPUT, "expiry");
        assert_eq!(told(memory), [CARD_ADDED, CARD_CHANGED, CARD_CHANGED, CARD_CHANGED, CARD_CHANGED]);
    });
}

#[test]
fn an_account_its_owner_and_its_card_come_together_or_not_at_all() {
    both(|memory| {
        let opening = |number: &str, card: Option<NewCard>| OpenAccount {
            account: crate::accounts::OpenAccount {
                owner: NewOwner::Created(Box::new(domain::customer(Some(number)))),
                ..domain::opening("credit-card", "", Some(number))
            },
            card,
        };
        let made = run(memory, &opening("new-1", Some(card("t-1", true)))).expect("an account");
        let with = &memory.rows::<Card>()[0];
        assert_eq!((with.account, with.holder, with.is_main), (made.id, made.owner, true));
        run(memory, &opening("new-2", None)).expect("an account without a card");
        is_refused(run(memory, &opening("new-3", Some(card("t-1", true)))), DUPLICATE_CARD_TOKEN, "card.token");
        let loan = OpenAccount { account: domain::opening("loan", "ada", Some("loan")), card: Some(card("t-4", true)) };
        is_refused(run(memory, &loan), CARDS_NOT_OFFERED, "account");
        assert_eq!((memory.rows::<Customer>().len(), memory.rows::<Card>().len()), (4, 1));
    });
}

#[test]
fn a_card_is_its_holders_and_its_accounts_owners() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let extra = NewCard { holder: held_by("grace"), ..card("t-2", false) };
        let extra = run(memory, &adding(&on, extra)).expect("an extra card");
        run(memory, &domain::customer(Some("eve"))).expect("a customer");
        let bound = |number: &str, memory: &Memory| Origin {
            customer: Some(customer(memory, number)),
            ..Origin::system(TENANT)
        };
        for (who, sees) in [("ada", true), ("grace", true), ("eve", false)] {
            let origin = bound(who, memory);
            let answer = memory.run(&origin, None, &changing(CardBy::Id(extra.id)));
            match sees {
                true => assert!(answer.is_ok(), "{who}"),
                false => is_refused(answer, NOT_FOUND, "card"),
            }
        }
        is_refused(run(memory, &changing(CardBy::Id(CardId(uuid::Uuid::from_u128(1))))), NOT_FOUND, "card");
        is_refused(run(memory, &changing(token("nothing"))), NOT_FOUND, "card");
        is_refused(run(memory, &changing(token("\0"))), NOT_FOUND, "card");
    });
}

#[test]
fn a_repetition_gives_the_first_card_again() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let command = adding(&on, card("t-1", true));
        let key = || Some(Idempotency::of("k".into(), &command));
        let first = memory.run(&Origin::system(TENANT), key(), &command).expect("added");
        let second = memory.run(&Origin::system(TENANT), key(), &command).expect("the same again");
        assert_eq!((second.value.id, second.receipt.replayed), (first.value.id, true));
        assert_eq!(memory.rows::<Card>().len(), 1);
    });
}

#[test]
fn what_can_be_done_follows_the_life_of_the_card() {
    both(|memory| {
        let on = account(memory, "credit-card");
        let made = add(memory, &on, "t-1", true);
        let around = |main| model::Around {
            family: crate::accounts::Family::Card,
            status: crate::ledger::AccountStatus::Open,
            main,
            today: memory.today(),
            restore_days: 30,
        };
        let in_state = |status| Card { status, ended_on: Some(memory.today()), ..(*made).clone() };
        for (status, main, allowed) in [
            (CardStatus::Active, Some(made.id), "UPDATE_CARD REPLACE_CARD DELETE_CARD BLOCK_CARD"),
            (CardStatus::Deleted, None, "REPLACE_CARD RESTORE_CARD BLOCK_CARD"),
            (CardStatus::Deleted, Some(CardId(uuid::Uuid::nil())), "BLOCK_CARD"),
            (CardStatus::Replaced, Some(CardId(uuid::Uuid::nil())), ""),
        ] {
            let actions = in_state(status).actions(&around(main));
            let open = actions.iter().filter(|(_, reason)| reason.is_none());
            let names: Vec<_> = open.map(|(action, _)| action.word()).collect();
            assert_eq!(names.join(" "), allowed, "{status:?}");
            assert_eq!(actions.len(), 6);
        }
    });
}
