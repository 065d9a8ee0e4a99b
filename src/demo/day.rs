//! The life of the day: what people and companies spend, earn and send each other.

use chrono::{Days, NaiveDate};

use super::cast::{Accounts, Kind, claim_reference};
use super::month::BOUNCE;
use super::names::{FRIENDLY, GROCER, SHOP};
use super::slot::{Ending, Fate, Then, Undoing};
use super::stage::GATEWAY;
use super::year::{Due, SLOTS_PER_DAY, Year};
use crate::ledger::{ExternalReference, PaymentChannel};
use crate::payments::ChargeKind;

/// How long a card terminal's hold lasts.
const HOLD_DAYS: i64 = 7;

impl Year {
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
                Kind::Company => self.company(number, accounts, date),
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
        let (income, name) = (household.income, household.name.clone());
        for (actor, low, high) in [(accounts.current, 40, 180), (accounts.savings, 80, 900)] {
            if let Some(actor) = actor {
                let amount = if number < 2 { 3 } else { 1 } * income * self.dice.between(low, high) / 100;
                let text = "Balance from the former bank";
                let mut payment = self.stage.payment(actor, amount, PaymentChannel::BankTransfer, text);
                payment.counterparty = Some(self.households[number].elsewhere.counterparty());
                self.stage.ask("bank-files", payment, Then::Nothing);
            }
        }
        if let Some(receivable) = accounts.receivable {
            self.hand_over_claim(number, receivable);
        }
        if let (Some(loan), Some(current)) = (accounts.loan, accounts.current) {
            let mut transfer = self.stage.transfer(loan.actor, current, loan.principal, "Loan paid out");
            transfer.message_to_receiver = Some(format!("Your loan, {name}"));
            self.stage.ask("core-batch", transfer, Then::Nothing);
        }
        if let Some(leasing) = accounts.leasing {
            let dealer = self.dice.company();
            let text = format!("Leasing of {}", leasing.what);
            let disbursement = self.stage.disbursement(leasing.actor, leasing.principal, &dealer, &text);
            self.stage.ask("core-batch", disbursement, Then::Nothing);
        }
    }

    /// What a debtor owes a creditor is mirrored on the receivable.
    fn hand_over_claim(&mut self, number: usize, receivable: usize) {
        let shop = self.dice.pick(SHOP).0;
        let claim = self.dice.price(150, 3_800);
        let mut adjustment = self.stage.adjustment(receivable, -claim, &format!("Claim handed over: {shop}"));
        adjustment.details.reference = Some(claim_reference(&self.households[number].customer));
        self.stage.ask("collections", adjustment, Then::Nothing);
    }

    fn person(&mut self, number: usize, accounts: Accounts) {
        let household = &self.households[number];
        let (scale, careless) = (household.scale, household.careless);
        let Some(current) = accounts.current.filter(|current| self.stage.actors[*current].plays) else { return };
        if self.dice.chance(42) {
            let (grocer, amount) = (*self.dice.pick(GROCER), self.dice.price(12, 96) * scale);
            self.terminal(accounts.debit_card.unwrap_or(current), grocer, amount, careless);
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
            self.corrections(current);
        }
    }

    /// A purchase with a card or a telephone: reserved now, and taken, given back or forgotten later.
    fn terminal(&mut self, card: usize, shop: &'static str, amount: i64, careless: bool) {
        if !self.stage.actors[card].plays || !(careless || self.can(card, amount)) {
            return;
        }
        let returned = Undoing {
            client: GATEWAY,
            reason: "A part was returned to the shop",
            part: Some((amount / 3).max(1)),
            slots: 3 * SLOTS_PER_DAY,
        };
        let (fate, days) = match self.dice.index(100) {
            0..=1 => (Fate::Expired, HOLD_DAYS),
            2..=5 => (Fate::Released, 1),
            6..=9 => (Fate::CapturedInPart, 2),
            10..=11 => (Fate::Returned(returned), 1),
            _ => (Fate::Captured, self.dice.between(1, 4)),
        };
        // One slot more, so that it is due on the day, whatever the hour.
        let slots = usize::try_from(days).unwrap_or(1) * SLOTS_PER_DAY + 1;
        let mut authorisation = self.stage.authorisation(card, shop, amount, HOLD_DAYS);
        authorisation.at.retrieval_reference = Some(format!("AUTH{:08}", 10_000_000 + self.number()));
        self.stage.ask(GATEWAY, authorisation, Then::Ends(Ending { client: GATEWAY, fate, to: None, slots }));
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
            let mut transfer = self.stage.transfer(current, to, amount, text);
            transfer.message_to_receiver = Some(format!("From {}", self.households[number].name));
            self.stage.ask("mobile-bank", transfer, Then::Nothing);
        }
    }

    /// What the back office does by hand.
    fn corrections(&mut self, current: usize) {
        let amount = self.dice.price(3, 25);
        let undoing = Undoing { client: "back-office", reason: "Booked by mistake", part: None, slots: 3 };
        let then = if self.dice.chance(150) { Then::Reverses(undoing) } else { Then::Nothing };
        match self.dice.index(3) {
            0 => {
                let adjustment = self.stage.adjustment(current, amount, "Goodwill");
                self.stage.ask("back-office", adjustment, then);
            }
            1 if self.can(current, amount) => {
                let adjustment = self.stage.adjustment(current, -amount, "Correction of a double booking");
                self.stage.ask("back-office", adjustment, then);
            }
            2 if self.can(current, amount) => {
                let kind = ChargeKind::AdministrationFee;
                let charge = self.stage.charge(current, kind, amount, "Returned mail, handling");
                self.stage.ask("back-office", charge, Then::Nothing);
            }
            _ => {}
        }
    }

    fn company(&mut self, number: usize, accounts: Accounts, date: NaiveDate) {
        let household = &self.households[number];
        let (income, careless) = (household.income, household.careless);
        let Some(current) = accounts.current.filter(|current| self.stage.actors[*current].plays) else { return };
        if self.dice.chance(60) {
            self.customer_payment(number, current, income, date);
        }
        if let Some(merchant) = accounts.virtual_.filter(|actor| self.stage.actors[*actor].plays)
            && self.dice.chance(80)
        {
            let amount = self.dice.price(40, 900);
            let payment = self.stage.payment(merchant, amount, PaymentChannel::Psp, "Card sales of the day");
            self.stage.ask("bank-files", payment, Then::Nothing);
        }
        if self.dice.chance(40) {
            self.supplier(current, income);
        }
        if let Some(card) = accounts.debit_card
            && self.dice.chance(50)
        {
            let (shop, low, high) = *self.dice.pick(SHOP);
            let amount = self.dice.price(low, high);
            self.terminal(card, shop, amount, careless);
        }
    }

    /// Banks tell of many of them a day or two before they count.
    fn customer_payment(&mut self, number: usize, current: usize, income: i64, date: NaiveDate) {
        let amount = income * self.dice.between(8, 48) / 100;
        let payer = match self.dice.chance(300) {
            true => self.households[number].payer.clone(),
            false => self.dice.company(),
        };
        let reference = format!("OCR{:09}", 700_000_000 + self.number() * 13);
        let mut payment = self.stage.payment(current, amount, PaymentChannel::BankTransfer, "Customer payment");
        payment.counterparty = Some(payer.counterparty());
        if self.dice.chance(400) {
            payment.details.value_date = date.checked_add_days(Days::new(1 + self.dice.index(2) as u64));
        }
        payment.details.external = Some(ExternalReference {
            reference: reference.clone(),
            date: Some(date),
            poster: Some("bank-files".into()),
            code: None,
        });
        payment.details.reference = Some(reference);
        self.stage.ask("bank-files", payment, Then::Nothing);
    }

    fn supplier(&mut self, current: usize, income: i64) {
        let amount = income * self.dice.between(8, 45) / 100;
        if self.can(current, amount) {
            let supplier = self.dice.company();
            let invoice = format!("Supplier invoice {}", 40_000 + self.number());
            let mut disbursement = self.stage.disbursement(current, amount, &supplier, &invoice);
            disbursement.message_to_receiver = Some(invoice);
            let then = if self.dice.chance(15) { Then::Reverses(BOUNCE) } else { Then::Nothing };
            self.stage.ask("mobile-bank", disbursement, then);
        }
    }

    /// A purchase on invoice, captured when the shop sends the goods, and its payment in time, late or never.
    fn invoice(&mut self, number: usize, invoice: usize, date: NaiveDate) {
        let amount = self.dice.price(25, 320);
        if !self.can(invoice, amount) {
            return;
        }
        let shop = self.dice.pick(SHOP).0;
        let reference = format!("{}{number:04}{:05}", date.format("%y"), self.number());
        let mut hold = self.stage.hold(invoice, &format!("{shop}, invoice {reference}"), amount, HOLD_DAYS);
        hold.reference = Some(reference.clone());
        let to = self.merchant();
        let ending = Ending { client: "checkout", fate: Fate::Captured, to, slots: 1 };
        self.stage.ask("checkout", hold, Then::Ends(ending));
        self.fee(invoice, ChargeKind::BillingFee, 290, "Invoice fee");
        let late = self.dice.chance(120);
        let days = if late { self.dice.between(40, 75) } else { self.dice.between(8, 29) };
        if late {
            self.later(33, Due::Fee { actor: invoice, kind: ChargeKind::ReminderFee, amount: 500 });
            if days > 60 {
                self.later(48, Due::Fee { actor: invoice, kind: ChargeKind::CollectionFee, amount: 1_800 });
            }
        }
        if !late || self.dice.chance(850) {
            self.later(days, Due::Invoice { number, actor: invoice, amount: amount + 290, reference });
        }
    }

    /// A shop that keeps its account with us, for some of the purchases.
    fn merchant(&mut self) -> Option<usize> {
        let place = self.dice.index(self.households.len());
        let merchant = self.households[place].accounts.virtual_;
        merchant.filter(|merchant| self.stage.actors[*merchant].plays)
    }
}
