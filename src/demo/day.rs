//! The life of the day: what people and companies spend, earn and send each other.

use chrono::NaiveDate;
use serde_json::json;

use super::cast::{Accounts, Kind};
use super::names::{FRIENDLY, GROCER, SHOP};
use super::stage::{End, Fate, Move, Then};
use super::year::{Due, SLOTS_PER_DAY, Year};
use crate::ledger::{Component, InternalRole, TransactionKind};

/// How long a card terminal's hold lasts.
const HOLD_DAYS: i64 = 7;

impl Year<'_> {
    pub(super) fn afternoon(&mut self, date: NaiveDate) {
        for number in 0..self.households.len() {
            let household = &self.households[number];
            let (joins, kind, accounts) = (household.joins, household.kind, household.accounts);
            if joins == date {
                self.arrive(number, accounts);
            }
            if joins >= date {
                continue;
            }
            match kind {
                Kind::Person => self.person(number, accounts),
                Kind::Company => self.company(number, accounts),
                Kind::Debtor => {}
            }
            if let Some(invoice) = accounts.invoice
                && self.dice.chance(30)
            {
                self.invoice(number, invoice, date);
            }
        }
    }

    /// What a new customer brings along, and what its credits pay out.
    fn arrive(&mut self, number: usize, accounts: Accounts) {
        let household = &self.households[number];
        let (income, scale, name) = (household.income, household.scale, household.name.clone());
        let migration = End::House(InternalRole::Migration);
        for (actor, low, high) in [(accounts.current, 40, 180), (accounts.savings, 80, 900)] {
            if let Some(actor) = actor {
                let amount = if number < 2 { 3 } else { 1 } * income * self.dice.between(low, high) / 100;
                let text = "Balance from the former bank";
                self.stage.plan(Move::new(
                    TransactionKind::MigratedBalance,
                    migration,
                    End::Account(actor),
                    amount,
                    text,
                ));
            }
        }
        if let Some(receivable) = accounts.receivable {
            let amount = self.dice.price(150, 3_800) * scale;
            let creditor = format!("Claim of {}", self.dice.pick(SHOP).0);
            let mut step =
                Move::new(TransactionKind::MigratedBalance, End::Account(receivable), migration, amount, creditor);
            step.metadata = json!({ "creditor": "CRED-01", "reference": format!("RCV{number:06}") });
            self.stage.plan(step);
        }
        if let (Some(loan), Some(current)) = (accounts.loan, accounts.current) {
            let (from, to) = (End::Account(loan.actor), End::Account(current));
            let mut step = Move::new(TransactionKind::Transfer, from, to, loan.principal, "Loan paid out");
            step.message = Some(format!("Your loan, {name}"));
            self.stage.plan(step);
        }
        if let Some(leasing) = accounts.leasing {
            let (from, to) = (End::Account(leasing.actor), End::House(InternalRole::MerchantSettlement));
            let text = format!("Leasing of {}", leasing.what);
            self.stage.plan(Move::new(TransactionKind::Purchase, from, to, leasing.principal, text));
        }
    }

    fn person(&mut self, number: usize, accounts: Accounts) {
        let household = &self.households[number];
        let (scale, careless) = (household.scale, household.careless);
        let Some(current) = accounts.current.filter(|current| self.stage.actors[*current].plays) else { return };
        if self.dice.chance(42) {
            let (grocer, amount) = (*self.dice.pick(GROCER), self.dice.price(12, 96) * scale);
            match accounts.debit_card {
                Some(card) => self.terminal(card, grocer, amount, careless),
                None if self.can(current, amount) => {
                    let (from, to) = (End::Account(current), End::House(InternalRole::SettlementCard));
                    self.stage.plan(Move::new(TransactionKind::Purchase, from, to, amount, grocer));
                }
                None => {}
            }
        }
        for (card, per_mille) in [(accounts.credit_card, 55), (accounts.prepaid_card, 30), (accounts.debit_card, 20)] {
            if let Some(card) = card
                && self.dice.chance(per_mille)
            {
                let (shop, low, high) = *self.dice.pick(SHOP);
                let amount = self.dice.price(low, high) * scale;
                self.terminal(card, shop, amount, careless);
            }
        }
        if self.dice.chance(15) {
            self.send_to_a_friend(number, current);
        }
        if self.dice.chance(2) {
            self.corrections(current, accounts.credit_card);
        }
    }

    /// A purchase with a card: reserved now, and taken, given back or forgotten later.
    fn terminal(&mut self, card: usize, shop: &'static str, amount: i64, careless: bool) {
        if !self.stage.actors[card].plays || !(careless || self.can(card, amount)) {
            return;
        }
        let (fate, days) = match self.dice.index(100) {
            0..=1 => (Fate::Expired, HOLD_DAYS),
            2..=5 => (Fate::Released, 1),
            6..=9 => (Fate::CapturedInPart, 2),
            _ => (Fate::Captured, self.dice.between(1, 4)),
        };
        // One slot more, so that it is due on the day, whatever the hour.
        let slots = usize::try_from(days).unwrap_or(1) * SLOTS_PER_DAY + 1;
        self.stage.hold(card, shop, amount, HOLD_DAYS, fate, slots);
    }

    fn send_to_a_friend(&mut self, number: usize, current: usize) {
        let other = self.dice.index(self.households.len());
        let friend = &self.households[other];
        let scale = self.households[number].scale;
        let reachable = friend.kind == Kind::Person && friend.scale == scale && other != number;
        let Some(to) = friend.accounts.current.filter(|to| reachable && self.stage.actors[*to].plays) else { return };
        let amount = self.dice.price(5, 120) * scale;
        if self.can(current, amount) {
            let text = *self.dice.pick(FRIENDLY);
            let mut step = Move::new(TransactionKind::Transfer, End::Account(current), End::Account(to), amount, text);
            step.message = Some(format!("From {}", self.households[number].name));
            self.stage.plan(step);
        }
    }

    /// What the back office does by hand.
    fn corrections(&mut self, current: usize, card: Option<usize>) {
        let amount = self.dice.price(3, 25);
        let suspense = End::House(InternalRole::Suspense);
        let own = End::Corrected(current, Component::Principal);
        let mut step = match (self.dice.index(4), card) {
            (0, _) => Move::new(TransactionKind::Adjustment, suspense, own, amount, "Goodwill"),
            (1, _) if self.can(current, amount) => {
                Move::new(TransactionKind::Adjustment, own, suspense, amount, "Correction of a double booking")
            }
            (2, _) if self.can(current, amount) => {
                let house = End::House(InternalRole::SettlementInternal);
                Move::new(TransactionKind::Deduction, End::Account(current), house, amount, "Returned mail, handling")
            }
            (_, Some(card)) if self.stage.actors[card].plays => {
                let shop = self.dice.pick(SHOP).0;
                let (from, to) = (End::House(InternalRole::SettlementCard), End::Account(card));
                Move::new(TransactionKind::Credit, from, to, amount, format!("Return to {shop}"))
            }
            _ => return,
        };
        step.metadata = json!({ "reason": step.text });
        if step.kind == TransactionKind::Adjustment && self.dice.chance(150) {
            step.then = Then::Undo { slots: 3 };
        }
        self.stage.plan(step);
    }

    fn company(&mut self, number: usize, accounts: Accounts) {
        let household = &self.households[number];
        let (income, careless) = (household.income, household.careless);
        let Some(current) = accounts.current.filter(|current| self.stage.actors[*current].plays) else { return };
        let bank = End::House(InternalRole::SettlementBank);
        if self.dice.chance(60) {
            let amount = income * self.dice.between(8, 48) / 100;
            let reference = format!("OCR{:09}", 700_000_000 + self.number() * 13);
            let mut step = Move::new(TransactionKind::Payment, bank, End::Account(current), amount, "Customer payment");
            step.metadata = json!({ "channel": "BANK_TRANSFER", "reference": reference });
            step.reference = Some(reference);
            self.stage.plan(step);
        }
        if let Some(merchant) = accounts.virtual_.filter(|actor| self.stage.actors[*actor].plays)
            && self.dice.chance(80)
        {
            let (from, to) = (End::House(InternalRole::SettlementPsp), End::Account(merchant));
            let mut step =
                Move::new(TransactionKind::Payment, from, to, self.dice.price(40, 900), "Card sales of the day");
            step.metadata = json!({ "channel": "PSP" });
            self.stage.plan(step);
        }
        if self.dice.chance(40) {
            let amount = income * self.dice.between(8, 45) / 100;
            if self.can(current, amount) {
                let supplier = format!("Supplier invoice {}", 40_000 + self.number());
                let mut step = Move::new(TransactionKind::Disbursement, End::Account(current), bank, amount, supplier);
                step.metadata = json!({ "receiver": { "iban": self.dice.iban() } });
                if self.dice.chance(15) {
                    step.then = Then::Bounce { actor: current, amount, slots: 4 };
                }
                self.stage.plan(step);
            }
        }
        if let Some(card) = accounts.debit_card
            && self.dice.chance(50)
        {
            let (shop, low, high) = *self.dice.pick(SHOP);
            let amount = self.dice.price(low, high);
            self.terminal(card, shop, amount, careless);
        }
    }

    /// A purchase on invoice, and its payment in time, late or never.
    fn invoice(&mut self, number: usize, invoice: usize, date: NaiveDate) {
        let amount = self.dice.price(25, 320);
        if !self.can(invoice, amount) {
            return;
        }
        let shop = self.dice.pick(SHOP).0;
        let reference = format!("{}{number:04}{:05}", date.format("%y"), self.number());
        let (from, to) = (End::Account(invoice), End::House(InternalRole::MerchantSettlement));
        let mut step = Move::new(TransactionKind::Purchase, from, to, amount, format!("{shop}, invoice {reference}"));
        step.metadata = json!({ "reference": reference });
        self.stage.plan(step);
        self.fee(invoice, TransactionKind::BillingFee, 290, "Invoice fee");
        let late = self.dice.chance(120);
        let days = if late { self.dice.between(40, 75) } else { self.dice.between(8, 29) };
        if late {
            self.later(33, Due::Fee { actor: invoice, kind: TransactionKind::ReminderFee, amount: 500 });
            if days > 60 {
                self.later(48, Due::Fee { actor: invoice, kind: TransactionKind::CollectionFee, amount: 1_800 });
            }
        }
        if !late || self.dice.chance(850) {
            self.later(days, Due::Invoice { actor: invoice, amount: amount + 290, reference });
        }
    }
}
