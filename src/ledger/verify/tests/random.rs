//! Whatever a few hundred commands did: what the worker has written is what `verify` makes of the journal.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::*;
use crate::primitives::EntryId;

const STEPS: usize = 400;
const ACCOUNTS: std::ops::RangeInclusive<u128> = 1..=6;

/// What has been made so far, to choose from.
struct Dice {
    dice: StdRng,
    entries: Vec<EntryId>,
    holds: Vec<HoldId>,
    today: NaiveDate,
}

impl Dice {
    fn account(&mut self) -> AccountId {
        account(self.dice.random_range(ACCOUNTS))
    }

    fn component(&mut self) -> Component {
        *Component::ALL[..3].choose(&mut self.dice).expect("components")
    }

    /// Mostly today or before, and often enough after.
    fn value_date(&mut self) -> Option<NaiveDate> {
        let days = self.dice.random_range(-4..=8);
        self.dice.random_bool(0.5).then(|| self.today + TimeDelta::days(days))
    }

    fn side(&mut self) -> (Side, AccountId) {
        let account = self.account();
        let spread = match self.dice.random_range(0..6) {
            0 => Spread::On(self.component()),
            1 => Spread::Charge(Component::Interest),
            2 => Spread::Charge(Component::Fee),
            _ => Spread::Flow,
        };
        (Side::Account(account, spread, self.dice.random_bool(0.3).then(|| "text".to_owned())), account)
    }

    fn post(&mut self) -> Act {
        let amount = self.dice.random_range(1..=120);
        let ((one, _), (other, _)) = (self.side(), self.side());
        let internal = match self.dice.random_range(0..3) {
            0 => Side::Party(InternalRole::ClientMoney, PartyId(uuid(0xc1))),
            1 => Side::Internal(InternalRole::Suspense),
            _ => BANK,
        };
        let mut draft = match self.dice.random_range(0..10) {
            0..4 => draft(TransactionKind::Payment, internal, one, amount),
            4..7 => draft(TransactionKind::Adjustment, one, internal, amount),
            _ => draft(TransactionKind::Transfer, one, other, amount),
        };
        draft.value_date = self.value_date();
        post(draft)
    }

    fn reverse(&mut self) -> Option<Act> {
        let entry = *self.entries.choose(&mut self.dice)?;
        let amount = self.dice.random_bool(0.6).then(|| (Minor(self.dice.random_range(1..=80)), sek()));
        let value_date = self.value_date();
        let reversal = Reversal { amount, value_date, description: "back".into(), facts: EntryFacts::default() };
        Some(act(move |work| {
            let original = work.entry(entry)?.ok_or_else(|| Stop::damaged("no entry"))?;
            Ok(Did { entry: Some(work.reverse(&original, &reversal)?), hold: None })
        }))
    }

    fn of_hold(&mut self) -> Option<Act> {
        let hold = *self.holds.choose(&mut self.dice)?;
        let amount = self.dice.random_bool(0.7).then(|| Minor(self.dice.random_range(1..=30)));
        if self.dice.random_bool(0.2) {
            return Some(act(move |work| work.end_hold(hold, HoldStatus::Released).map(|_| Did::default())));
        }
        let (to, _) = self.side();
        Some(act(move |work| {
            let (entry, _) = work.capture_hold(hold, amount, &to)?;
            Ok(Did { entry: Some(entry), hold: None })
        }))
    }

    fn next(&mut self) -> (&'static str, Option<Act>) {
        let day = self.today - TimeDelta::days(3);
        match self.dice.random_range(0..100) {
            0..55 => ("post", Some(self.post())),
            55..80 => ("reverse", self.reverse()),
            80..87 => ("hold", Some(place(self.account(), self.dice.random_range(1..=60)))),
            87..97 => ("capture", self.of_hold()),
            97..99 => ("close", Some(act(move |work| work.close_period(day).map(|()| Did::default())))),
            _ => {
                let account = account(6);
                ("closure", Some(act(move |work| work.request_closure(account).map(|()| Did::default()))))
            }
        }
    }
}

/// An account of each kind, with the repayment orders that there are.
async fn open_all(world: &World) {
    let orders = ["FEE,INTEREST,PRINCIPAL", "PRINCIPAL,FEE,INTEREST", "INTEREST,PRINCIPAL,FEE"];
    let rules = [(DebtRule::None, 0), (DebtRule::Limit, 300), (DebtRule::Unlimited, 0)];
    for number in ACCOUNTS {
        let place = usize::try_from(number).expect("a place") % 3;
        let (rule, limit) = rules[place];
        let order = RepaymentOrder::from_text(orders[(place + usize::from(number > 3)) % 3]).expect("an order");
        world.done(open(Position { repayment_order: order, ..position(number, rule, limit) })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_commands_do_verifies() {
    let seed = std::env::var("KONTO_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random::<u64>);
    println!("KONTO_TEST_SEED={seed}");
    on_both(async |world| {
        open_all(world).await;
        let dice = StdRng::seed_from_u64(seed);
        let mut dice = Dice { dice, entries: Vec::new(), holds: Vec::new(), today: today() };
        let mut done: BTreeMap<&str, usize> = BTreeMap::new();
        for step in 1..=STEPS {
            if dice.dice.random_bool(0.05) {
                world.clock.set(world.clock.now() + TimeDelta::days(dice.dice.random_range(1..=2)));
                dice.today = world.clock.today();
            }
            let (name, Some(act)) = dice.next() else { continue };
            match world.workers.run(&origin(tenant()), None, act).await {
                Ok(answer) => {
                    *done.entry(name).or_default() += 1;
                    dice.entries.extend(answer.value.entry.as_ref().map(|entry| entry.id));
                    dice.holds.extend(answer.value.hold);
                }
                Err(crate::work::Failure::Refused(..)) => {}
                Err(failure) => panic!("{failure:?} at step {step}"),
            }
            if step % 40 == 0 {
                let checked = world.verify().await;
                assert!(checked.is_ok(), "{checked:?} at step {step}, KONTO_TEST_SEED={seed}");
            }
        }
        let reversals = done.get("reverse").copied().unwrap_or_default();
        assert!(reversals > 5 && done.get("post").is_some_and(|posts| *posts > 50), "{done:?}");
    })
    .await;
}
