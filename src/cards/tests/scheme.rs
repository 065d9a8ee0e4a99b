//! Cards at the point of sale, over a tenant in memory: once with every row at hand, once decided from nothing.

mod properties;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::authorisations::{AuthoriseCard, IncreaseAuthorisation, ReverseAuthorisation};
use super::super::chargebacks::{Chargeback, ChargebackOutcome, ChargebackState, OpenChargeback, ResolveChargeback};
use super::super::clearing::{ClearCard, Cleared, Message, PurchaseByCard, RefundCard, Refunded};
use super::super::limits::{NewChannelLimit, NewLimits, NewSpending};
use super::super::usage::CardUsage;
use super::super::{AddCard, Card, CardBy, CardChannel, DeleteCard, NewCard, UpdateCard};
use crate::accounts::{Account, CloseAccount};
use crate::ledger::rows::Internal;
use crate::ledger::{
    Component, DebtRule, Entry, Hold, HoldStatus, InternalRole, Merchant, PointOfSale, Position, TransactionKind,
};
use crate::payments::{ExpireHold, PlaceHold, ReleaseHold};
use crate::primitives::{Amount, Clock, LedgerAccountId, Minor, Money};
use crate::refused::Refused;
use crate::work::memory::Memory;
use crate::work::tests::domain::{customer, money, moving, named, opening, paying, product, taking_back};
use crate::work::tests::{origin, start, tenant};
use crate::work::{Change, Command, Mode};
use chrono::{NaiveDate, TimeDelta};

/// A tenant with a prepaid account A (which may owe nothing) and a credit account B (a limit of 100.00), with a card each.
pub(super) struct World {
    pub(super) memory: Memory,
}

pub(super) fn both(test: impl Fn(&mut World)) {
    for memory in [Memory::new, Memory::from_nothing] {
        test(&mut World::of(memory(tenant(), Clock::manual(start()))));
    }
}

impl World {
    pub(super) fn of(memory: Memory) -> Self {
        let mut world = Self { memory };
        world.done(&product("plain", DebtRule::None));
        world.done(&product("credit", DebtRule::Limit));
        world.done(&customer(Some("C")));
        world.done(&opening("plain", "C", Some("A")));
        world.done(&opening("credit", "C", Some("B")));
        for account in ["A", "B"] {
            world.done(&AddCard { account: named(account), card: new_card(account) });
        }
        world
    }

    pub(super) fn run<C: Command + Clone>(&mut self, command: &C) -> Result<Arc<C::Made>, Refused> {
        self.memory.run(&origin(), None, command).map(|done| done.value)
    }

    pub(super) fn done<C: Command + Clone>(&mut self, command: &C) -> Arc<C::Made> {
        self.run(command).unwrap_or_else(|refused| panic!("{command:?}: {refused:?}"))
    }

    /// The code and the field at fault.
    pub(super) fn refused<C: Command + Clone>(&mut self, command: &C) -> (&'static str, String) {
        let refused = match self.run(command) {
            Ok(made) => panic!("{command:?} made {made:?}"),
            Err(refused) => refused,
        };
        (refused.code.word(), refused.fields.first().map(|field| field.path.join(".")).unwrap_or_default())
    }

    pub(super) fn position(&self, number: &str) -> Arc<Position> {
        let account = self.memory.rows::<Account>().into_iter().find(|it| it.number == number).expect("the account");
        self.memory.get::<Position>(account.id).expect("its position")
    }

    /// Principal, shortfall, reserved, available.
    pub(super) fn standing(&self, number: &str) -> [i64; 4] {
        let position = self.position(number);
        let part = |component: Component| position.balances[component.index()].0;
        let available = position.available(self.memory.today()).0;
        [part(Component::Principal), part(Component::Shortfall), position.reserved.0, available]
    }

    pub(super) fn internal(&self, role: InternalRole) -> i64 {
        self.memory.rows::<Internal>().iter().filter(|row| row.role == role).map(|row| row.balance).sum()
    }

    /// What counts for a card, by day.
    fn counted(&self, token: &str) -> BTreeMap<NaiveDate, i64> {
        let card = self.memory.rows::<Card>().into_iter().find(|card| card.token == token).expect("a card");
        let mut days = BTreeMap::new();
        for usage in self.memory.rows::<CardUsage>().iter().filter(|usage| usage.chain == card.chain) {
            for ((day, _), amount) in &usage.spent {
                *days.entry(*day).or_insert(0) += amount.0;
            }
        }
        days
    }

    pub(super) fn advance(&mut self, hours: i64) {
        let clock = self.memory.clock().clone();
        clock.set(clock.now() + TimeDelta::hours(hours));
    }
}

fn new_card(token: &str) -> NewCard {
    NewCard {
        token: Some(token.into()),
        main: true,
        holder: None,
        number: Some("453210******4321".into()),
        expiry: None,
        embossed_name: None,
        limits: None,
        metadata: "{}".into(),
    }
}

pub(super) fn card(token: &str) -> CardBy {
    CardBy::Token(token.into())
}

fn at_shop() -> PointOfSale {
    PointOfSale {
        merchant: Some(Merchant { name: Some("A shop".into()), country: Some("SE".into()), ..Merchant::default() }),
        channel: Some(CardChannel::Pos),
        ..PointOfSale::default()
    }
}

pub(super) fn authorising(token: &str, amount: &str) -> AuthoriseCard {
    AuthoriseCard {
        card: card(token),
        amount: money(amount),
        at: at_shop(),
        network_reference: None,
        expires_at: None,
        description: None,
    }
}

pub(super) fn message(amount: &str) -> Message {
    Message {
        amount: money(amount),
        at: PointOfSale::default(),
        network_reference: None,
        transaction_date: None,
        description: None,
    }
}

pub(super) fn clearing(of: &Hold, amount: &str, last: bool) -> ClearCard {
    ClearCard { of: Cleared::Authorisation(of.id), last, message: message(amount) }
}

fn clearing_without(token: &str, amount: &str) -> ClearCard {
    ClearCard { of: Cleared::Card(card(token)), last: false, message: message(amount) }
}

fn reversing(of: &Hold, amount: Option<&str>) -> ReverseAuthorisation {
    ReverseAuthorisation { authorisation: of.id, amount: amount.map(money) }
}

pub(super) fn disputing(purchase: &Entry, provisional_credit: bool) -> OpenChargeback {
    OpenChargeback {
        purchase: purchase.id,
        amount: None,
        provisional_credit,
        reason: "not mine".into(),
        reference: None,
    }
}

pub(super) fn resolving(chargeback: &Chargeback, outcome: ChargebackOutcome) -> ResolveChargeback {
    ResolveChargeback { chargeback: chargeback.id, outcome }
}

fn limited(token: &str, per_day: Option<&str>, per_month: Option<&str>) -> UpdateCard {
    let amount = |text: &str| Amount(text.parse().expect("a decimal"));
    let spending = NewSpending { per_purchase: None, per_day: per_day.map(amount), per_month: per_month.map(amount) };
    UpdateCard {
        card: card(token),
        number: None,
        expiry: None,
        embossed_name: Change::Keep,
        limits: Change::Set(NewLimits { spending, ..NewLimits::default() }),
        metadata: Change::Keep,
    }
}

#[test]
fn an_authorisation_reserves_and_counts() {
    both(|world| {
        world.done(&paying("A", "100"));
        let hold = world.done(&authorising("A", "60"));
        assert_eq!((hold.status, hold.description.as_str()), (HoldStatus::Open, "A shop"));
        assert_eq!(world.standing("A"), [10_000, 0, 6_000, 4_000]);
        assert_eq!(world.counted("A"), BTreeMap::from([(world.memory.today(), 6_000)]));
        let hold = world.done(&IncreaseAuthorisation { authorisation: hold.id, amount: money("40") });
        assert_eq!((hold.amount, world.standing("A")), (Minor(10_000), [10_000, 0, 10_000, 0]));
        let more = IncreaseAuthorisation { authorisation: hold.id, amount: money("0.01") };
        assert_eq!(world.refused(&more), ("INSUFFICIENT_FUNDS", "amount".into()));
        let hold = world.done(&reversing(&hold, Some("30")));
        assert_eq!(
            (hold.status, hold.amount, world.standing("A")),
            (HoldStatus::Open, Minor(7_000), [10_000, 0, 7_000, 3_000])
        );
        assert_eq!(world.refused(&reversing(&hold, Some("70.01"))), ("AMOUNT_OUT_OF_RANGE", "amount".into()));
        let hold = world.done(&reversing(&hold, None));
        assert_eq!((hold.status, world.standing("A")), (HoldStatus::Released, [10_000, 0, 0, 10_000]));
        assert!(world.counted("A").is_empty());
        for refused in [world.refused(&reversing(&hold, None)), world.refused(&more)] {
            assert_eq!(refused, ("HOLD_NOT_OPEN", "authorisation".into()));
        }
    });
}

#[test]
fn what_is_wrong_is_said_in_order() {
    both(|world| {
        world.done(&limited("A", Some("50"), Some("80")));
        let wrong = |change: &dyn Fn(&mut AuthoriseCard)| {
            let mut command = authorising("A", "10");
            change(&mut command);
            command
        };
        let euros = Money { amount: "10".parse().expect("a decimal"), currency: crate::work::tests::eur() };
        for (command, code, field) in [
            (wrong(&|it| it.card = card("nobody")), "NOT_FOUND", "card"),
            (wrong(&|it| it.amount = money("0")), "AMOUNT_OUT_OF_RANGE", "amount"),
            (wrong(&|it| it.amount = money("-1")), "AMOUNT_OUT_OF_RANGE", "amount"),
            (wrong(&|it| it.amount = money("0.001")), "INVALID_INPUT", "amount"),
            (wrong(&|it| it.expires_at = Some(0)), "INVALID_INPUT", "expiresAt"),
            (wrong(&|it| it.network_reference = Some(" x".into())), "INVALID_INPUT", "networkReference"),
            (wrong(&|it| it.at.approval_code = Some("1234567".into())), "INVALID_INPUT", "pointOfSale.approvalCode"),
            (
                wrong(&|it| it.at.acquirer_reference = Some("12".into())),
                "INVALID_INPUT",
                "pointOfSale.acquirerReference",
            ),
            (wrong(&|it| it.at.rate = Some("0".into())), "INVALID_INPUT", "pointOfSale.rate"),
            (wrong(&|it| it.at.original = Some(money("0"))), "AMOUNT_OUT_OF_RANGE", "pointOfSale.originalAmount"),
            (
                wrong(&|it| {
                    it.at.merchant = Some(Merchant { category_code: Some("57".into()), ..Merchant::default() })
                }),
                "INVALID_INPUT",
                "pointOfSale.merchant.categoryCode",
            ),
            (
                wrong(&|it| it.at.merchant = Some(Merchant { country: Some("276".into()), ..Merchant::default() })),
                "INVALID_INPUT",
                "pointOfSale.merchant.country",
            ),
            (wrong(&|it| it.amount = euros), "CURRENCY_MISMATCH", "amount.currency"),
            // Before the limit comes the currency, and before the funds the limit.
            (wrong(&|it| it.amount = money("50.01")), "CARD_LIMIT_EXCEEDED", "amount"),
            (wrong(&|_| {}), "INSUFFICIENT_FUNDS", "amount"),
        ] {
            assert_eq!(world.refused(&command), (code, field.into()), "{command:?}");
        }
        world.done(&DeleteCard { card: card("A") });
        // The card comes before its limits.
        assert_eq!(world.refused(&authorising("A", "50.01")), ("CARD_DELETED", "card".into()));
        assert_eq!(world.standing("A"), [0; 4]);
        assert!(world.memory.rows::<Hold>().is_empty() && world.memory.rows::<CardUsage>().is_empty());
    });
}

#[test]
fn limits_count_by_day_and_month_and_are_given_back_where_they_counted() {
    both(|world| {
        world.done(&paying("A", "1000"));
        world.done(&limited("A", Some("50"), Some("80")));
        let first = world.memory.today();
        let one = world.done(&authorising("A", "50"));
        let refused = world.run(&authorising("A", "0.01")).expect_err("a refusal");
        assert_eq!((refused.code.word(), refused.facts.remaining), ("CARD_LIMIT_EXCEEDED", Some(money("0.00"))));
        world.advance(24);
        let second = world.memory.today();
        // The day begins anew, the month does not.
        assert_eq!(world.refused(&authorising("A", "30.01")).0, "CARD_LIMIT_EXCEEDED");
        let two = world.done(&authorising("A", "20"));
        let two = world.done(&IncreaseAuthorisation { authorisation: two.id, amount: money("10") });
        assert_eq!(world.counted("A"), BTreeMap::from([(first, 5_000), (second, 3_000)]));
        let more = IncreaseAuthorisation { authorisation: two.id, amount: money("0.01") };
        assert_eq!(world.refused(&more), ("CARD_LIMIT_EXCEEDED", "amount".into()));
        // What is given back today of what counted yesterday counts no more then: today's limit stays as it is.
        world.done(&reversing(&one, Some("15")));
        assert_eq!(world.counted("A"), BTreeMap::from([(first, 3_500), (second, 3_000)]));
        world.done(&authorising("A", "15"));
        assert_eq!(world.refused(&authorising("A", "5.01")).0, "CARD_LIMIT_EXCEEDED");
        world.done(&ReleaseHold { hold: one.id });
        assert_eq!(world.counted("A"), BTreeMap::from([(second, 4_500)]));
        // Time gives back as well.
        world.advance(24 * 8);
        world.done(&ExpireHold { hold: two.id });
        assert_eq!(world.counted("A"), BTreeMap::from([(second, 1_500)]));
        // And a new month begins anew, with what counted before still known.
        world.advance(24 * 31);
        world.done(&authorising("A", "50"));
        assert_eq!(world.counted("A"), BTreeMap::from([(second, 1_500), (world.memory.today(), 5_000)]));
    });
}

#[test]
fn a_message_that_names_no_channel_is_held_to_the_strictest() {
    use crate::ledger::EntryMode;
    use CardChannel::{Atm, Ecommerce, Pos, Recurring};
    let through = |token: &str, amount: &str, channel: Option<CardChannel>, mode: Option<EntryMode>| AuthoriseCard {
        at: PointOfSale { channel, entry_mode: mode, ..PointOfSale::default() },
        ..authorising(token, amount)
    };
    let limit = |channel, blocked, per_day: Option<&str>| NewChannelLimit {
        channel,
        blocked,
        spending: NewSpending {
            per_day: per_day.map(|text| Amount(text.parse().expect("a decimal"))),
            ..NewSpending::default()
        },
    };
    both(|world| {
        world.done(&paying("A", "1000"));
        let channels = vec![limit(Atm, true, None), limit(Ecommerce, false, Some("100"))];
        let limits = Change::Set(NewLimits { channels, ..NewLimits::default() });
        world.done(&UpdateCard { limits, ..limited("A", None, None) });
        let blocked = ("CARD_CHANNEL_BLOCKED", "pointOfSale.channel".to_owned());
        let over = ("CARD_LIMIT_EXCEEDED", "amount".to_owned());
        // What may be a cash machine is one; what cannot be is asked of what it can be.
        for mode in [None, Some(EntryMode::Chip), Some(EntryMode::MagneticStripe), Some(EntryMode::Contactless)] {
            assert_eq!(world.refused(&through("A", "1", None, mode)), blocked, "{mode:?}");
            assert_eq!(world.refused(&through("A", "1", Some(Atm), mode)), blocked, "{mode:?}");
            world.done(&through("A", "1", Some(Pos), mode));
        }
        world.done(&through("A", "500", None, Some(EntryMode::Manual)));
        // That may have been anything that is typed in, and counts for all: nothing is left on the net.
        assert_eq!(world.refused(&through("A", "1", Some(Ecommerce), None)), over);
        assert_eq!(world.refused(&through("A", "1", None, Some(EntryMode::OnFile))), over);
        world.done(&through("A", "1", Some(Recurring), None));
        let usage = world.memory.rows::<CardUsage>();
        let unknown: i64 =
            usage.iter().flat_map(|row| &row.spent).filter(|((_, by), _)| by.is_none()).map(|(_, sum)| sum.0).sum();
        assert_eq!((usage.len(), unknown), (1, 50_000));
    });
}

#[test]
fn days_lie_within_bounds() {
    both(|world| {
        world.done(&paying("A", "100"));
        let (today, now) = (world.memory.today(), world.memory.clock().micros());
        let cleared = |days: i64| ClearCard {
            message: Message { transaction_date: Some(today + TimeDelta::days(days)), ..message("1") },
            ..clearing_without("A", "1")
        };
        for days in [1, 0, -400] {
            world.done(&cleared(days));
        }
        for days in [2, 400, -401] {
            assert_eq!(world.refused(&cleared(days)), ("INVALID_INPUT", "transactionDate".into()), "{days}");
        }
        let until = |days: i64| now + days * 24 * 60 * 60 * 1_000_000;
        let authorised = |end| AuthoriseCard { expires_at: Some(end), ..authorising("A", "1") };
        let held = |end| PlaceHold {
            account: named("A"),
            amount: money("1"),
            expires_at: Some(end),
            description: None,
            reference: None,
        };
        world.done(&authorised(until(90)));
        world.done(&held(until(366)));
        for end in [now, until(90) + 1] {
            assert_eq!(world.refused(&authorised(end)), ("INVALID_INPUT", "expiresAt".into()));
        }
        for end in [now, until(366) + 1] {
            assert_eq!(world.refused(&held(end)), ("INVALID_INPUT", "expiresAt".into()));
        }
    });
}

#[test]
fn a_network_may_repeat_itself() {
    both(|world| {
        world.done(&paying("A", "100"));
        let named = |amount: &str, token: &str| AuthoriseCard {
            network_reference: Some("N-1".into()),
            ..authorising(token, amount)
        };
        let first = world.done(&named("60", "A"));
        let more = IncreaseAuthorisation { authorisation: first.id, amount: money("1") };
        world.done(&more);
        let again = world.done(&named("60.00", "A"));
        assert_eq!((again.id, again.amount), (first.id, Minor(6_100)));
        assert_eq!(world.standing("A"), [10_000, 0, 6_100, 3_900]);
        let (mut both_at_once, us) = (vec![], origin());
        for answer in
            world.memory.run_all(&us, vec![(None, named("60", "A")), (None, named("60", "A"))], Mode::EachAlone)
        {
            both_at_once.push(answer.expect("done").value.id);
        }
        assert_eq!(both_at_once, [first.id, first.id]);
        for other in [named("61", "A"), named("60", "B")] {
            assert_eq!(world.refused(&other), ("DUPLICATE_REFERENCE", "networkReference".into()));
        }
        let cleared = ClearCard {
            message: Message { network_reference: Some("N-1".into()), ..message("60") },
            ..clearing(&first, "60", true)
        };
        world.done(&cleared);
        assert_eq!(world.refused(&cleared), ("DUPLICATE_REFERENCE", "networkReference".into()));
    });
}

#[test]
fn an_authorisation_is_cleared_in_parts_above_it_and_after_it_has_ended() {
    both(|world| {
        world.done(&paying("A", "100"));
        // In parts; the last gives the rest back.
        let hold = world.done(&authorising("A", "60"));
        let entry = world.done(&clearing(&hold, "25", false));
        let facts = entry.noted().point_of_sale.expect("a point of sale");
        assert_eq!(
            (entry.kind, entry.hold, facts.authorisation),
            (TransactionKind::Purchase, Some(hold.id), Some(hold.id))
        );
        assert_eq!((facts.billed, facts.merchant), (Some(money("25")), at_shop().merchant));
        assert_eq!(world.standing("A"), [7_500, 0, 3_500, 4_000]);
        world.done(&clearing(&hold, "20", true));
        let after = world.memory.get::<Hold>(hold.id).expect("the hold");
        assert_eq!((after.status, after.amount, after.captured), (HoldStatus::Captured, Minor(4_500), Minor(4_500)));
        assert_eq!(world.standing("A"), [5_500, 0, 0, 5_500]);
        assert_eq!(world.counted("A").values().sum::<i64>(), 4_500);
        // Above what is reserved: nobody is asked.
        let hold = world.done(&authorising("A", "10"));
        world.done(&clearing(&hold, "15", false));
        let after = world.memory.get::<Hold>(hold.id).expect("the hold");
        assert_eq!((after.status, after.amount, after.captured), (HoldStatus::Captured, Minor(1_500), Minor(1_500)));
        assert_eq!(world.standing("A"), [4_000, 0, 0, 4_000]);
        // More of it comes, though it has ended: it is booked without.
        let late = world.done(&clearing(&hold, "5", true));
        assert_eq!((late.hold, late.noted().point_of_sale.and_then(|at| at.authorisation)), (None, Some(hold.id)));
        // One whose time has run out, before the chore has come by.
        let hold = world.done(&authorising("A", "30"));
        world.advance(24 * 8);
        world.done(&clearing(&hold, "30", true));
        assert_eq!(world.memory.get::<Hold>(hold.id).expect("the hold").status, HoldStatus::Expired);
        assert_eq!(world.standing("A"), [500, 0, 0, 500]);
        assert_eq!(world.internal(InternalRole::SchemeSettlement), 9_500);
    });
}

#[test]
fn a_shortfall_of_a_prepaid_account_is_repaid_first() {
    both(|world| {
        world.done(&paying("A", "50"));
        let hold = world.done(&authorising("A", "30"));
        // What is held stays covered; the rest of what was cleared is a shortfall.
        world.done(&clearing_without("A", "45"));
        assert_eq!(world.standing("A"), [3_000, -2_500, 3_000, 0]);
        assert_eq!(world.refused(&moving("A", "B", "0.01")), ("INSUFFICIENT_FUNDS", "amount".into()));
        // What becomes free is not the owner's before the shortfall is repaid.
        let hold = world.done(&reversing(&hold, Some("20")));
        assert_eq!(world.standing("A"), [3_000, -2_500, 1_000, 0]);
        world.done(&clearing(&hold, "10", true));
        assert_eq!(world.standing("A"), [0, -500, 0, 0]);
        world.done(&paying("A", "3"));
        assert_eq!(world.standing("A"), [0, -200, 0, 0]);
        world.done(&paying("A", "3"));
        assert_eq!(world.standing("A"), [100, 0, 0, 100]);
        // One that may owe goes past its limit.
        world.done(&clearing_without("B", "120"));
        assert_eq!(world.standing("B"), [-12_000, 0, 0, 0]);
        assert_eq!(world.refused(&authorising("B", "1")), ("INSUFFICIENT_FUNDS", "amount".into()));
    });
}

#[test]
fn what_was_cleared_is_booked_on_a_deleted_card_and_beside_a_closed_account() {
    both(|world| {
        world.done(&paying("A", "100"));
        let hold = world.done(&authorising("A", "40"));
        world.done(&DeleteCard { card: card("A") });
        let purchase = world.done(&clearing(&hold, "40", true));
        world.done(&clearing_without("A", "10"));
        assert_eq!(world.standing("A"), [5_000, 0, 0, 5_000]);
        world.done(&moving("A", "B", "50"));
        world.done(&CloseAccount {
            account: named("A").into(),
            closure_code: Some("LEFT".into()),
            transactions: Vec::new(),
        });
        let late = world.done(&clearing_without("A", "7"));
        let facts = late.noted().point_of_sale.expect("a point of sale");
        assert_eq!(facts.account, Some(world.position("A").account));
        assert_eq!((world.standing("A"), world.internal(InternalRole::CardUnplaced)), ([0; 4], -700));
        let told = world.memory.events().iter().filter(|it| it.event.type_.word() == "CARD_CLEARED_UNPLACED").count();
        assert_eq!(told, 1);
        // What comes back stands there too.
        world.done(&RefundCard { of: Refunded::Purchase(purchase.id), message: message("5") });
        let chargeback = world.done(&disputing(&purchase, true));
        // What was refunded of it is disputed no more.
        assert_eq!((world.standing("A"), world.internal(InternalRole::CardUnplaced)), ([0; 4], 3_300));
        world.done(&resolving(&chargeback, ChargebackOutcome::Lost));
        assert_eq!((world.standing("A"), world.internal(InternalRole::CardUnplaced)), ([0; 4], -200));
        assert_eq!(world.internal(InternalRole::ChargebackReceivable), 0);
    });
}

#[test]
fn a_dispute_is_won_or_lost() {
    use ChargebackOutcome::{Lost, Won};
    both(|world| {
        // Provisional credit, outcome; then what the account has, what the scheme owes and is owed, in whole minor units.
        for (credited, outcome, during, after, settlement) in [
            (true, Won, 10_000, 10_000, 0),
            (true, Lost, 10_000, 6_000, 4_000),
            (false, Won, 6_000, 10_000, 0),
            (false, Lost, 6_000, 6_000, 4_000),
        ] {
            let mut world = World::of(Memory::new(tenant(), Clock::manual(start())));
            world.done(&paying("A", "100"));
            let message = message("40");
            let purchase = world.done(&PurchaseByCard { card: card("A"), message });
            let chargeback = world.done(&disputing(&purchase, credited));
            assert_eq!((chargeback.state, chargeback.amount), (ChargebackState::Open, Minor(4_000)));
            assert_eq!(world.standing("A")[0], during);
            assert_eq!(world.internal(InternalRole::ChargebackReceivable), if credited { -4_000 } else { 0 });
            assert_eq!(world.refused(&disputing(&purchase, false)), ("CHARGEBACK_EXISTS", "purchase".into()));
            assert_eq!(world.refused(&taking_back(&purchase, None)), ("INVALID_STATE", "entry".into()));
            let done = world.done(&resolving(&chargeback, outcome));
            assert_eq!(done.outcome.is_some(), credited || outcome == Won);
            assert_eq!(world.standing("A")[0], after, "{credited} {outcome:?}");
            assert_eq!(world.internal(InternalRole::ChargebackReceivable), 0);
            assert_eq!(world.internal(InternalRole::SchemeSettlement), settlement);
            let again = world.refused(&resolving(&chargeback, Won));
            assert_eq!(again, ("CHARGEBACK_RESOLVED_ALREADY", "chargeback".into()));
        }
        // What was given provisionally and is spent is taken back all the same.
        world.done(&paying("A", "40"));
        let purchase = world.done(&PurchaseByCard { card: card("A"), message: message("40") });
        let chargeback = world.done(&disputing(&purchase, true));
        world.done(&moving("A", "B", "30"));
        world.done(&resolving(&chargeback, Lost));
        assert_eq!(world.standing("A"), [0, -3_000, 0, 0]);
        // No more than is left of it, and nothing of what was taken back.
        let purchase = world.done(&PurchaseByCard { card: card("B"), message: message("20") });
        world.done(&taking_back(&purchase, Some("5")));
        let asked = |amount: &str| OpenChargeback { amount: Some(money(amount)), ..disputing(&purchase, true) };
        assert_eq!(world.refused(&asked("15.01")), ("AMOUNT_OUT_OF_RANGE", "amount".into()));
        world.done(&taking_back(&purchase, None));
        assert_eq!(world.refused(&asked("1")), ("ALREADY_REVERSED", "purchase".into()));
        let other = world.done(&paying("A", "1"));
        assert_eq!(world.refused(&disputing(&other, true)), ("NOT_FOUND", "purchase".into()));
    });
}
