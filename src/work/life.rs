//! What commands do with an account's life in the books, and with the books' periods.

use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::books::VALUE_DATE_DAYS_BACK;
use super::command::Decision;
use super::unit::Work;
use crate::ledger::event::{self, NewEvent};
use crate::ledger::{Position, Refusal};
use crate::primitives::{AccountId, Minor};

impl Work {
    /// Puts a new account into the books.
    ///
    /// # Errors
    /// None of the books'.
    pub fn open(&mut self, position: Position) -> Decision<Arc<Position>> {
        let position = self.insert(position)?;
        self.tell(event::opened(&position));
        Ok(position)
    }

    /// Lowers a credit limit.
    ///
    /// # Errors
    /// As [`Position::lower_credit_limit`].
    pub fn lower_credit_limit(&mut self, account: AccountId, to: Minor) -> Decision<()> {
        self.position(account)?;
        let position = self.change::<Position, _>(account, |position| position.lower_credit_limit(to))?;
        self.tell(event::of_limit(event::ACCOUNT_CREDIT_LIMIT_LOWERED, &position));
        Ok(())
    }

    /// Raises a credit limit, as somebody has decided.
    ///
    /// # Errors
    /// As [`Position::raise_credit_limit`].
    pub fn raise_credit_limit(&mut self, account: AccountId, to: Minor) -> Decision<()> {
        self.position(account)?;
        let position = self.change::<Position, _>(account, |position| position.raise_credit_limit(to))?;
        self.tell(event::of_limit(event::ACCOUNT_CREDIT_LIMIT_RAISED, &position));
        Ok(())
    }

    /// OPEN -> PENDING_CLOSE, and CLOSED at once when nothing holds it back.
    ///
    /// # Errors
    /// As [`Position::request_closure`].
    pub fn request_closure(&mut self, account: AccountId) -> Decision<()> {
        self.position(account)?;
        self.change::<Position, _>(account, Position::request_closure)?;
        self.tell(NewEvent::of_account(event::ACCOUNT_CLOSURE_REQUESTED, account, serde_json::json!({})));
        self.close_if_nothing_holds_it_back(account)
    }

    /// -> CLOSED.
    ///
    /// # Errors
    /// As [`Position::close`].
    pub fn close(&mut self, account: AccountId) -> Decision<()> {
        let today = self.today();
        self.position(account)?;
        self.change::<Position, _>(account, |position| position.close(today))?;
        self.tell(NewEvent::of_account(event::ACCOUNT_CLOSED, account, serde_json::json!({})));
        self.house.map_or(Ok(()), |house| house.closed(self, account))
    }

    /// PENDING_CLOSE -> CLOSED, when nothing holds it back.
    ///
    /// # Errors
    /// That something is not loaded yet.
    pub fn close_if_nothing_holds_it_back(&mut self, account: AccountId) -> Decision<()> {
        let today = self.today();
        if self.position(account)?.can_close_itself(today) { self.close(account) } else { Ok(()) }
    }

    /// Closes the books through a day: forward only, and never a day that is not over.
    ///
    /// # Errors
    /// [`Refusal::PeriodClosed`], [`Refusal::PeriodNotOver`], in this order.
    pub fn close_period(&mut self, through: NaiveDate) -> Decision<()> {
        let closed = self.closed_through();
        if let Some(closed_through) = closed.filter(|closed| through <= *closed) {
            return Err(Refusal::PeriodClosed { closed_through }.into());
        }
        if through >= self.today() {
            let latest = self.today() - Days::new(1);
            let earliest = closed.map_or(NaiveDate::MIN, |closed| closed + Days::new(1));
            let earliest = earliest.max(latest - Days::new(VALUE_DATE_DAYS_BACK));
            return Err(Refusal::PeriodNotOver { earliest, latest }.into());
        }
        self.set_closed_through(through);
        self.tell(event::period_closed(self.tenant(), through));
        Ok(())
    }
}
