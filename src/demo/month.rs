//! The early morning: salaries, interest, fees, bills and instalments, each on its day of the month.

use chrono::{Datelike as _, NaiveDate, Weekday};
use serde_json::json;

use super::Problem;
use super::cast::{Accounts, Kind, Plan};
use super::names::UTILITY;
use super::stage::{End, Move, Then};
use super::year::{Due, Year};
use crate::ledger::{Component, InternalRole, TransactionKind};

/// A month's interest in minor units, for a yearly rate in basis points. Rounded half up; whatever is rounded
/// away is neither charged nor carried on, because a demo accrues nothing between the months.
fn month_of_interest(amount: i64, basis_points: i64) -> i64 {
    (amount * basis_points + 60_000) / 120_000
}

impl Year<'_> {
    pub(super) fn morning(&mut self, date: NaiveDate) -> Result<(), Problem> {
        for number in 0..self.households.len() {
            if !self.has_joined(number, date)? {
                continue;
            }
            let accounts = self.households[number].accounts;
            if date.day() == 1 {
                self.charges(accounts, date);
            }
            match self.households[number].kind {
                Kind::Debtor => self.debtor(number, date),
                Kind::Person | Kind::Company => self.budget(number, date),
            }
            if date.weekday() == Weekday::Mon {
                self.settle_debit_card(accounts);
            }
            if date.weekday() == Weekday::Fri {
                self.pay_out_merchant(accounts);
            }
        }
        Ok(())
    }

    /// Interest and fees of the month that has ended.
    fn charges(&mut self, accounts: Accounts, date: NaiveDate) {
        let loan = accounts.loan.map(|plan| plan.actor);
        let leasing = accounts.leasing.map(|plan| plan.actor);
        let debts = [
            (loan, 690),
            (leasing, 450),
            (accounts.revolving, 1_490),
            (accounts.credit_card, 1_890),
            (accounts.receivable, 800),
            (accounts.current, 990),
        ];
        let month = date.pred_opt().unwrap_or(date).format("%B %Y").to_string();
        for (actor, basis_points) in debts {
            let Some(actor) = actor.filter(|actor| self.stage.actors[*actor].plays) else { continue };
            let interest = month_of_interest(-self.balance(actor), basis_points);
            if interest > 0 {
                let (from, to) = (End::Charged(actor, Component::Interest), End::House(InternalRole::InterestIncome));
                self.stage.plan(Move::new(TransactionKind::Interest, from, to, interest, format!("Interest, {month}")));
            }
        }
        if date.month() % 3 == 1
            && let Some(savings) = accounts.savings.filter(|savings| self.can(*savings, 1))
        {
            let interest = 3 * month_of_interest(self.balance(savings), 210);
            let (from, to) = (End::House(InternalRole::InterestExpense), End::Account(savings));
            if interest > 0 {
                self.stage.plan(Move::new(
                    TransactionKind::Interest,
                    from,
                    to,
                    interest,
                    "Savings interest, last quarter",
                ));
            }
        }
        if let Some(card) =
            accounts.credit_card.filter(|card| self.stage.actors[*card].plays && self.balance(*card) < 0)
            && self.dice.chance(300)
        {
            self.fee(card, TransactionKind::BillingFee, 290, "Paper bill");
        }
        for (actor, amount, text) in
            [(loan, 150, "Loan administration"), (accounts.virtual_, 490, "Merchant account, monthly fee")]
        {
            if let Some(actor) = actor.filter(|actor| self.stage.actors[*actor].plays && self.balance(*actor) != 0) {
                self.fee(actor, TransactionKind::AdministrationFee, amount, text);
            }
        }
    }

    fn budget(&mut self, number: usize, date: NaiveDate) {
        let household = &self.households[number];
        let (scale, income, rent, careless) = (household.scale, household.income, household.rent, household.careless);
        let (accounts, kind, bills) = (household.accounts, household.kind, date.day() == household.bill_day);
        let Some(current) = accounts.current.filter(|current| self.stage.actors[*current].plays) else { return };
        match date.day() {
            25 if kind == Kind::Person => {
                let text = format!("Salary {}", date.format("%B"));
                let (from, to) = (End::House(InternalRole::SettlementBank), End::Account(current));
                let mut step = Move::new(TransactionKind::Payment, from, to, income, text);
                step.metadata = json!({ "channel": "BANK_TRANSFER" });
                step.reference = Some(format!("SAL-{}-{number:04}", date.format("%Y%m")));
                self.stage.plan(step);
            }
            26 => {
                if let Some(savings) = accounts.savings {
                    let amount = income * self.dice.between(4, 14) / 100 / 100 * 100;
                    self.move_between(current, savings, amount, "Monthly savings");
                }
                if let Some(investment) = accounts.investment {
                    let amount = self.dice.between(5, 30) * 1_000;
                    self.move_between(current, investment, amount, "Monthly plan");
                }
            }
            27 => self.invest(accounts, date),
            28 if rent > 0 && (self.can(current, rent) || careless) => {
                let mut step = Move::new(
                    TransactionKind::Disbursement,
                    End::Account(current),
                    End::House(InternalRole::SettlementBank),
                    rent,
                    format!("Rent {}", date.format("%B")),
                );
                step.metadata = json!({ "receiver": { "iban": self.households[number].bank_account } });
                if self.dice.chance(12) {
                    step.then = Then::Bounce { actor: current, amount: rent, slots: 4 };
                }
                self.stage.plan(step);
            }
            3 => self.elsewhere(number, current, kind),
            5 => self.prepaid(accounts, current),
            12 => self.pay_card(accounts, current, careless),
            13 => self.reimburse(accounts),
            _ => {}
        }
        if bills {
            if self.dice.chance(800) {
                let (utility, amount) = (*self.dice.pick(UTILITY), self.dice.price(24, 130) * scale);
                let (from, to) = (End::Account(current), End::House(InternalRole::SettlementDirectDebit));
                if self.can(current, amount) {
                    self.stage.plan(Move::new(TransactionKind::Disbursement, from, to, amount, utility));
                }
            }
            for plan in [accounts.loan, accounts.leasing].into_iter().flatten() {
                self.instalment(plan, current, careless);
            }
            if let Some(revolving) = accounts.revolving {
                self.revolve(revolving, current, scale);
            }
        }
    }

    /// What people and companies spend where the tenant does not see it: most of what they have, and with an
    /// overdraft sometimes a little more.
    fn elsewhere(&mut self, number: usize, current: usize, kind: Kind) {
        let household = &self.households[number];
        let overdraft = self.stage.actors[current].limit;
        let keep = match (overdraft, number) {
            // The examples of the explorer spend from the first two.
            (_, 0..=1) => household.income * 3,
            (0, _) => household.rent + household.income * self.dice.between(15, 60) / 100,
            _ => self.dice.between(-overdraft * 3 / 4, overdraft * 2),
        };
        let amount = (self.balance(current) - keep) / 100 * 100;
        if amount > 5_000 && self.can(current, amount) {
            let text = if kind == Kind::Company { "Payroll and taxes" } else { "Household account, other bank" };
            let (from, to) = (End::Account(current), End::House(InternalRole::SettlementBank));
            let mut step = Move::new(TransactionKind::Disbursement, from, to, amount, text);
            step.metadata = json!({ "receiver": { "iban": self.households[number].bank_account } });
            self.stage.plan(step);
        }
    }

    fn move_between(&mut self, from: usize, to: usize, amount: i64, text: &str) {
        if self.can(from, amount) && self.stage.actors[to].plays {
            self.stage.plan(Move::new(TransactionKind::Transfer, End::Account(from), End::Account(to), amount, text));
        }
    }

    /// An instalment, or what comes of forgetting it.
    fn instalment(&mut self, plan: Plan, current: usize, careless: bool) {
        let amount = plan.instalment.min(-self.balance(plan.actor));
        if amount <= 0 {
            return;
        }
        let forgotten = careless && self.dice.chance(350);
        if plan.by_direct_debit && !forgotten {
            let (from, to) = (End::House(InternalRole::SettlementDirectDebit), End::Account(plan.actor));
            let text = format!("{}, instalment by direct debit", plan.what);
            let mut step = Move::new(TransactionKind::Payment, from, to, amount, text);
            step.metadata = json!({ "channel": "DIRECT_DEBIT" });
            self.stage.plan(step);
        } else if !forgotten && self.can(current, amount) {
            let text = format!("{}, monthly instalment of {}", plan.what, plan.months);
            self.move_between(current, plan.actor, amount, &text);
        } else {
            self.overdue(plan.actor);
        }
    }

    fn overdue(&mut self, actor: usize) {
        self.later(6, Due::Fee { actor, kind: TransactionKind::LateFee, amount: 900 });
        self.later(14, Due::Fee { actor, kind: TransactionKind::ReminderFee, amount: 500 });
    }

    /// Draws or pays back, by turns of chance.
    fn revolve(&mut self, revolving: usize, current: usize, scale: i64) {
        let owed = -self.balance(revolving);
        if owed <= 0 || (self.dice.chance(180) && owed < 90_000 * scale) {
            let amount = self.dice.between(2, 8) * 10_000 * scale;
            if self.can(revolving, amount) {
                let mut step = Move::new(
                    TransactionKind::Disbursement,
                    End::Account(revolving),
                    End::House(InternalRole::SettlementBank),
                    amount,
                    "Drawn to own bank account",
                );
                step.metadata = json!({ "receiver": { "iban": self.dice.iban() } });
                self.stage.plan(step);
            }
        } else {
            self.move_between(current, revolving, owed.min((owed / 12).max(3_000 * scale)), "Credit, minimum payment");
        }
    }

    /// Most pay all of it, some a part, and who forgets is reminded.
    fn pay_card(&mut self, accounts: Accounts, current: usize, careless: bool) {
        let Some(card) = accounts.credit_card.filter(|card| self.balance(*card) < 0) else { return };
        let owed = -self.balance(card);
        let amount = match self.dice.index(10) {
            0..=6 => owed,
            7 => owed + 2_000,
            _ => owed.min((owed / 10).max(2_500)),
        };
        if careless && self.dice.chance(400) {
            self.overdue(card);
        } else {
            self.move_between(current, card, amount, "Credit card bill");
        }
    }

    /// A credit balance that is left on a card goes back to its owner.
    fn reimburse(&mut self, accounts: Accounts) {
        let Some(card) = accounts.credit_card.filter(|card| self.stage.actors[*card].plays) else { return };
        let amount = self.balance(card);
        if amount > 0 {
            let (from, to) = (End::Account(card), End::House(InternalRole::SettlementBank));
            self.stage.plan(Move::new(TransactionKind::Reimbursement, from, to, amount, "Overpayment paid back"));
        }
    }

    fn prepaid(&mut self, accounts: Accounts, current: usize) {
        let Some(card) = accounts.prepaid_card.filter(|card| self.stage.actors[*card].plays) else { return };
        if self.balance(card) > 30_000 {
            let (from, to) = (End::Account(card), End::House(InternalRole::SettlementBank));
            self.stage.plan(Move::new(TransactionKind::Unload, from, to, 15_000, "Unloaded to bank account"));
        } else if self.dice.chance(500) {
            let (from, to) = (End::House(InternalRole::SettlementPsp), End::Account(card));
            let amount = self.dice.between(4, 15) * 1_000;
            self.stage.plan(Move::new(TransactionKind::Load, from, to, amount, "Loaded by card"));
        } else {
            self.move_between(current, card, 5_000, "Pocket money");
        }
    }

    fn invest(&mut self, accounts: Accounts, date: NaiveDate) {
        let Some(investment) = accounts.investment.filter(|actor| self.stage.actors[*actor].plays) else { return };
        let amount = self.balance(investment) / 1_000 * 900;
        if self.can(investment, amount) {
            let (from, to) = (End::Account(investment), End::House(InternalRole::SettlementInternal));
            self.stage.plan(Move::new(TransactionKind::Purchase, from, to, amount, "Nordic index fund, units"));
        }
        if date.month().is_multiple_of(3) {
            let (from, to) = (End::House(InternalRole::SettlementInternal), End::Account(investment));
            let amount = self.dice.between(300, 4_000);
            self.stage.plan(Move::new(TransactionKind::Credit, from, to, amount, "Dividend"));
        }
    }

    fn debtor(&mut self, number: usize, date: NaiveDate) {
        let household = &self.households[number];
        let (bills, receivable) = (date.day() == household.bill_day, household.accounts.receivable);
        let Some(receivable) = receivable.filter(|actor| bills && self.balance(*actor) < 0) else { return };
        let owed = -self.balance(receivable);
        let house = End::House(InternalRole::SettlementBank);
        if owed < 1_500 || self.dice.chance(15) {
            let (from, to) = (End::House(InternalRole::WriteOff), End::Account(receivable));
            self.stage.plan(Move::new(TransactionKind::WriteOff, from, to, owed, "Given up: not worth pursuing"));
        } else if self.dice.chance(550) {
            let amount = owed.min(self.dice.between(4, 25) * 1_000);
            let mut step =
                Move::new(TransactionKind::Payment, house, End::Account(receivable), amount, "Payment by plan");
            step.metadata = json!({ "channel": "BANK_TRANSFER", "reference": format!("RCV{number:06}") });
            self.stage.plan(step);
        } else {
            self.later(5, Due::Fee { actor: receivable, kind: TransactionKind::ReminderFee, amount: 500 });
            self.later(20, Due::Fee { actor: receivable, kind: TransactionKind::CollectionFee, amount: 1_800 });
        }
    }

    /// What the debit card was used for is taken from the current account.
    fn settle_debit_card(&mut self, accounts: Accounts) {
        if let (Some(card), Some(current)) = (accounts.debit_card, accounts.current)
            && self.balance(card) < 0
        {
            let owed = -self.balance(card);
            self.move_between(current, card, owed, "Debit card settlement");
        }
    }

    fn pay_out_merchant(&mut self, accounts: Accounts) {
        if let (Some(merchant), Some(current)) = (accounts.virtual_, accounts.current) {
            let amount = self.balance(merchant) / 10_000 * 9_500;
            self.move_between(merchant, current, amount, "Weekly payout");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::month_of_interest;

    #[test]
    fn interest_is_rounded_half_up() {
        for (amount, basis_points, interest) in
            [(120_000, 100, 100), (100_000, 1_890, 1_575), (100, 600, 1), (99, 600, 0), (0, 600, 0), (-500, 600, -2)]
        {
            assert_eq!(month_of_interest(amount, basis_points), interest, "{amount} at {basis_points}");
        }
    }
}
