//! The early morning: salaries, interest, fees, bills and instalments, each on its day of the month.

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use super::Problem;
use super::cast::{Accounts, Kind, Plan, claim_reference};
use super::names::{Outside, UTILITY};
use super::slot::{Then, Undoing};
use super::year::{Due, Year};
use crate::accounts::close::ClosingKind;
use crate::ledger::{ExternalReference, PaymentChannel};
use crate::payments::ChargeKind;

/// A payout that comes back.
pub(super) const BOUNCE: Undoing =
    Undoing { client: "bank-files", reason: "Returned: the receiver's account is closed", part: None, slots: 4 };

/// A month's interest in minor units, for a yearly rate in basis points. Rounded half up; whatever is rounded
/// away is neither charged nor carried on, because a demo accrues nothing between the months.
fn month_of_interest(amount: i64, basis_points: i64) -> i64 {
    (amount * basis_points + 60_000) / 120_000
}

impl Year {
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
                let text = format!("Interest, {month}");
                let charge = self.stage.charge(actor, ChargeKind::Interest, interest, &text);
                self.stage.ask("core-batch", charge, Then::Nothing);
            }
        }
        if date.month() % 3 == 1
            && let Some(savings) = accounts.savings.filter(|savings| self.can(*savings, 1))
        {
            let interest = 3 * month_of_interest(self.balance(savings), 210);
            if interest > 0 {
                self.credit(savings, interest, "Savings interest, last quarter");
            }
        }
        if let Some(card) =
            accounts.credit_card.filter(|card| self.stage.actors[*card].plays && self.balance(*card) < 0)
            && self.dice.chance(300)
        {
            self.fee(card, ChargeKind::BillingFee, 290, "Paper bill");
        }
        for (actor, amount, text) in
            [(loan, 150, "Loan administration"), (accounts.virtual_, 490, "Merchant account, monthly fee")]
        {
            if let Some(actor) = actor.filter(|actor| self.stage.actors[*actor].plays && self.balance(*actor) != 0) {
                self.fee(actor, ChargeKind::AdministrationFee, amount, text);
            }
        }
    }

    /// What the house itself pays.
    fn credit(&mut self, actor: usize, amount: i64, text: &str) {
        let payment = self.stage.payment(actor, amount, PaymentChannel::Internal, text);
        self.stage.ask("core-batch", payment, Then::Nothing);
    }

    fn pay_out(&mut self, client: &'static str, from: usize, amount: i64, to: &Outside, text: &str, then: Then) {
        let disbursement = self.stage.disbursement(from, amount, to, text);
        self.stage.ask(client, disbursement, then);
    }

    fn budget(&mut self, number: usize, date: NaiveDate) {
        let household = &self.households[number];
        let (scale, income, rent, careless) = (household.scale, household.income, household.rent, household.careless);
        let (accounts, kind, bills) = (household.accounts, household.kind, date.day() == household.bill_day);
        let Some(current) = accounts.current.filter(|current| self.stage.actors[*current].plays) else { return };
        match date.day() {
            24 if kind == Kind::Person => self.salary(number, current, date),
            26 => {
                if let Some(savings) = accounts.savings {
                    let amount = income * self.dice.between(4, 14) / 100 / 100 * 100;
                    self.move_between("mobile-bank", current, savings, amount, "Monthly savings");
                }
                if let Some(investment) = accounts.investment {
                    let amount = self.dice.between(5, 30) * 1_000;
                    self.move_between("mobile-bank", current, investment, amount, "Monthly plan");
                }
            }
            27 => self.invest(number, accounts, date),
            28 if rent > 0 && (self.can(current, rent) || careless) => {
                let landlord = self.households[number].landlord.clone();
                let then = if self.dice.chance(12) { Then::Reverses(BOUNCE) } else { Then::Nothing };
                let text = format!("Rent {}", date.format("%B"));
                self.pay_out("mobile-bank", current, rent, &landlord, &text, then);
            }
            3 => self.elsewhere(number, current, kind),
            5 => self.prepaid(number, accounts, current),
            12 => self.pay_card(accounts, current, careless),
            13 => self.reimburse(number, accounts),
            _ => {}
        }
        if bills {
            if self.dice.chance(800) {
                self.utility(current, scale, date);
            }
            for plan in [accounts.loan, accounts.leasing].into_iter().flatten() {
                self.instalment(number, plan, current);
            }
            if let Some(revolving) = accounts.revolving {
                self.revolve(number, revolving, current, scale);
            }
        }
    }

    /// Told by the employer's bank the day before it counts.
    fn salary(&mut self, number: usize, current: usize, date: NaiveDate) {
        let household = &self.households[number];
        let (income, payer) = (household.income, household.payer.counterparty());
        let text = format!("Salary {}", date.format("%B"));
        let mut payment = self.stage.payment(current, income, PaymentChannel::BankTransfer, &text);
        payment.counterparty = Some(payer);
        payment.details.value_date = Some(date + Days::new(1));
        payment.details.external = Some(ExternalReference {
            reference: format!("SAL-{}-{number:04}", date.format("%Y%m")),
            date: Some(date),
            poster: Some("bank-files".into()),
            code: None,
        });
        self.stage.ask("bank-files", payment, Then::Nothing);
    }

    /// A bill that the utility collects, ordered two days before.
    fn utility(&mut self, current: usize, scale: i64, date: NaiveDate) {
        let utility = Outside::of_bankgiro(*self.dice.pick(UTILITY));
        let amount = self.dice.price(24, 130) * scale;
        if self.can(current, amount) {
            let number = self.number();
            let mut disbursement = self.stage.disbursement(current, amount, &utility, &utility.name);
            disbursement.details.transaction_date = date.checked_sub_days(Days::new(2));
            disbursement.details.reference = Some(format!("BILL{:08}", 30_000_000 + number));
            self.stage.ask("bank-files", disbursement, Then::Nothing);
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
            let own = household.elsewhere.clone();
            self.pay_out("mobile-bank", current, amount, &own, text, Then::Nothing);
        }
    }

    fn move_between(&mut self, client: &'static str, from: usize, to: usize, amount: i64, text: &str) {
        if self.can(from, amount) && self.stage.actors[to].plays {
            let transfer = self.stage.transfer(from, to, amount, text);
            self.stage.ask(client, transfer, Then::Nothing);
        }
    }

    /// An instalment, or what comes of forgetting it.
    fn instalment(&mut self, number: usize, plan: Plan, current: usize) {
        let household = &self.households[number];
        let (careless, payer) = (household.careless, household.elsewhere.counterparty());
        let amount = plan.instalment.min(-self.balance(plan.actor));
        if amount <= 0 {
            return;
        }
        let forgotten = careless && self.dice.chance(350);
        if plan.by_direct_debit && !forgotten {
            let text = format!("{}, instalment by direct debit", plan.what);
            let mut payment = self.stage.payment(plan.actor, amount, PaymentChannel::DirectDebit, &text);
            payment.counterparty = Some(payer);
            self.stage.ask("bank-files", payment, Then::Nothing);
        } else if !forgotten && self.can(current, amount) {
            let text = format!("{}, monthly instalment of {}", plan.what, plan.months);
            self.move_between("mobile-bank", current, plan.actor, amount, &text);
        } else {
            self.overdue(plan.actor);
        }
    }

    fn overdue(&mut self, actor: usize) {
        self.later(6, Due::Fee { actor, kind: ChargeKind::LateFee, amount: 900 });
        self.later(14, Due::Fee { actor, kind: ChargeKind::ReminderFee, amount: 500 });
    }

    /// Draws or pays back, by turns of chance.
    fn revolve(&mut self, number: usize, revolving: usize, current: usize, scale: i64) {
        let owed = -self.balance(revolving);
        if owed <= 0 || (self.dice.chance(180) && owed < 90_000 * scale) {
            let amount = self.dice.between(2, 8) * 10_000 * scale;
            if self.can(revolving, amount) {
                let own = self.households[number].elsewhere.clone();
                self.pay_out("mobile-bank", revolving, amount, &own, "Drawn to own bank account", Then::Nothing);
            }
        } else {
            let amount = owed.min((owed / 12).max(3_000 * scale));
            self.move_between("mobile-bank", current, revolving, amount, "Credit, minimum payment");
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
            self.move_between("mobile-bank", current, card, amount, "Credit card bill");
        }
    }

    /// A credit balance that is left on a card goes back to its owner.
    fn reimburse(&mut self, number: usize, accounts: Accounts) {
        let Some(card) = accounts.credit_card else { return };
        let amount = self.balance(card);
        if self.can(card, amount) {
            let own = self.households[number].elsewhere.clone();
            self.pay_out("core-batch", card, amount, &own, "Overpayment paid back", Then::Nothing);
        }
    }

    fn prepaid(&mut self, number: usize, accounts: Accounts, current: usize) {
        let Some(card) = accounts.prepaid_card.filter(|card| self.stage.actors[*card].plays) else { return };
        if self.balance(card) > 30_000 && self.can(card, 15_000) {
            let own = self.households[number].elsewhere.clone();
            self.pay_out("mobile-bank", card, 15_000, &own, "Unloaded to bank account", Then::Nothing);
        } else if self.dice.chance(500) {
            let amount = self.dice.between(4, 15) * 1_000;
            let payment = self.stage.payment(card, amount, PaymentChannel::Card, "Loaded by card");
            self.stage.ask("card-gateway", payment, Then::Nothing);
        } else {
            self.move_between("mobile-bank", current, card, 5_000, "Pocket money");
        }
    }

    fn invest(&mut self, number: usize, accounts: Accounts, date: NaiveDate) {
        let Some(investment) = accounts.investment.filter(|actor| self.stage.actors[*actor].plays) else { return };
        let amount = self.balance(investment) / 1_000 * 900;
        if self.can(investment, amount) {
            // Its depot is elsewhere as well.
            let depot = self.households[number].elsewhere.clone();
            self.pay_out("mobile-bank", investment, amount, &depot, "Nordic index fund, units", Then::Nothing);
        }
        if date.month().is_multiple_of(3) {
            let amount = self.dice.between(300, 4_000);
            self.credit(investment, amount, "Dividend");
        }
    }

    /// Pays by plan, is reminded, or is given up; whoever owes nothing any more is let go.
    fn debtor(&mut self, number: usize, date: NaiveDate) {
        let household = &self.households[number];
        let (bills, receivable) = (date.day() == household.bill_day, household.accounts.receivable);
        let plays = |actor: &usize| bills && self.stage.actors[*actor].plays;
        let Some(receivable) = receivable.filter(plays) else { return };
        let owed = -self.balance(receivable);
        if owed <= 0 {
            self.stage.request_closure("collections", receivable);
        } else if owed < 1_500 || self.dice.chance(15) {
            let reason = ClosingKind::WriteOff("Given up: not worth pursuing".into());
            self.stage.close("collections", receivable, "GIVEN_UP", reason);
        } else if self.dice.chance(550) {
            let amount = owed.min(self.dice.between(4, 25) * 1_000);
            let mut payment = self.stage.payment(receivable, amount, PaymentChannel::BankTransfer, "Payment by plan");
            let household = &self.households[number];
            payment.counterparty = Some(household.elsewhere.counterparty());
            payment.details.reference = Some(claim_reference(&household.customer));
            self.stage.ask("bank-files", payment, Then::Nothing);
        } else {
            self.later(5, Due::Fee { actor: receivable, kind: ChargeKind::ReminderFee, amount: 500 });
            self.later(20, Due::Fee { actor: receivable, kind: ChargeKind::CollectionFee, amount: 1_800 });
        }
    }

    /// What the debit card was used for is taken from the current account.
    fn settle_debit_card(&mut self, accounts: Accounts) {
        if let (Some(card), Some(current)) = (accounts.debit_card, accounts.current)
            && self.balance(card) < 0
        {
            let owed = -self.balance(card);
            self.move_between("core-batch", current, card, owed, "Debit card settlement");
        }
    }

    fn pay_out_merchant(&mut self, accounts: Accounts) {
        if let (Some(merchant), Some(current)) = (accounts.virtual_, accounts.current) {
            let amount = self.balance(merchant) / 10_000 * 9_500;
            self.move_between("core-batch", merchant, current, amount, "Weekly payout");
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
