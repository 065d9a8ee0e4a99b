//! What the business day does with purchases whose due date has ended: see the table in [`super`].

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::books::{month, next_due, open, take_over};
use super::commands::{opened, standing};
use super::events::{self, INVOICE_OVERDUE, INVOICE_TRANSFERRED, LOAN_MONTH_BEGUN};
use super::model::{PurchaseAccount, PurchaseTerms, Turn, month_after};
use super::store;
use crate::accounts::{Account, Product};
use crate::customers::Customer;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::{DebtRule, LedgerFault, Position};
use crate::primitives::{Minor, ProductId, TenantId};
use crate::refused::Refused;
use crate::work::{Decision, Stop, Wants, Work};

/// Deals with the purchases whose due date has ended: what was left goes over to a loan, the next month of a loan begins, or
/// it is overdue.
#[derive(Debug)]
pub struct TurnPurchases;

impl Step for TurnPurchases {
    const NAME: &'static str = "turnPurchases";
    const PAGE: u64 = 100;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::due(db.reader(), tenant, day.day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<PurchaseAccount>(key, wants);
        if let Ok(id) = key.parse::<<PurchaseAccount as crate::work::Row>::Id>() {
            let account = crate::primitives::AccountId(id.0);
            wants.row::<Account>(account);
            wants.row::<Position>(account);
        }
    }

    fn act(work: &mut Work, day: &BusinessDay, key: &str) -> Decision<()> {
        let row = by_id::row::<PurchaseAccount>(work, key, "the key of a step is no account of purchases")?;
        match row.turns_on {
            Some(due_on) if due_on <= day.day => turn(work, &row, due_on),
            // Somebody was faster.
            _ => Ok(()),
        }
    }
}

fn turn(work: &mut Work, row: &PurchaseAccount, due_on: NaiveDate) -> Decision<()> {
    let account = work.get::<Account>(row.account())?.ok_or_else(|| Stop::damaged("purchases without an account"))?;
    let terms = work.get::<PurchaseTerms>(PurchaseTerms::id_of(account.product))?;
    let loan = terms.and_then(|terms| terms.terms.loan);
    let standing = standing(work, row)?;
    let asked = open(work, account.id)?;
    let asked = Minor(asked.iter().map(|due| due.open().0).sum());
    match row.turn(&standing, asked, loan.is_some()) {
        Turn::Wait => Ok(()),
        Turn::Settled => {
            done(work, row)?;
            Ok(())
        }
        Turn::NextMonth => {
            let row = month(work, &account, row, next_due(due_on))?;
            work.tell(events::of_account(LOAN_MONTH_BEGUN, &row, standing.debt));
            Ok(())
        }
        Turn::Overdue => overdue(work, row, due_on, standing.debt),
        Turn::RollOver => {
            let loan = loan.ok_or_else(|| Stop::damaged("a roll-over without a loan"))?;
            // What the loan's product does not lend, the invoice goes on owing.
            match work.attempt(|work| roll_over(work, row, &account, loan, standing.debt))? {
                Ok(()) => Ok(()),
                Err(_) => overdue(work, row, due_on, standing.debt),
            }
        }
    }
}

/// The due date is dealt with.
fn done(work: &mut Work, row: &PurchaseAccount) -> Decision<Arc<PurchaseAccount>> {
    work.change::<PurchaseAccount, Refused>(row.id, |row| {
        row.turns_on = None;
        Ok(())
    })
}

/// A loan is looked at again each day: once what was missed is paid, its next month begins. An invoice stays overdue.
fn overdue(work: &mut Work, row: &PurchaseAccount, due_on: NaiveDate, owed: Minor) -> Decision<()> {
    let told = row.overdue_on == Some(due_on);
    let row = work.change::<PurchaseAccount, Refused>(row.id, |row| {
        row.overdue_on = Some(due_on);
        if !row.kind.is_loan() {
            row.turns_on = None;
        }
        Ok(())
    })?;
    if !told {
        work.tell(events::of_account(INVOICE_OVERDUE, &row, owed));
    }
    Ok(())
}

/// Opens the loan, has it take over what is owed, and closes the invoice's books with that: one decision.
fn roll_over(
    work: &mut Work,
    row: &PurchaseAccount,
    invoice: &Account,
    product: ProductId,
    rest: Minor,
) -> Decision<()> {
    let owner = work.get::<Customer>(invoice.owner)?.ok_or_else(|| Stop::damaged("an account without its owner"))?;
    let damaged = || Stop::damaged("the loan of purchases is no product with terms");
    let lent_by = work.get::<Product>(product)?.ok_or_else(damaged)?;
    let terms = work.get::<PurchaseTerms>(PurchaseTerms::id_of(product))?.ok_or_else(damaged)?;
    let limit = (lent_by.debt_rule == DebtRule::Limit).then(|| rest.in_currency(invoice.currency));
    let loan = opened(work, &owner, product, limit)?;
    take_over(work, invoice, &loan, rest)?;
    let today = work.today();
    let carrying = PurchaseAccount {
        id: PurchaseAccount::id_of(loan.id),
        ordinal: work.ordinal(),
        kind: terms.kind,
        currency: loan.currency,
        original: rest,
        minimum: Minor::ZERO,
        carried: rest,
        opened_on: today,
        due_on: None,
        turns_on: None,
        postponed: false,
        overdue_on: None,
        transferred_to: None,
        transferred_from: Some(invoice.id),
        credit: terms.terms.credit,
        created_at: work.now(),
    };
    let carrying = work.insert(carrying)?;
    month(work, &loan, &carrying, month_after(today))?;
    let row = work.change::<PurchaseAccount, Refused>(row.id, |row| {
        (row.transferred_to, row.turns_on) = (Some(loan.id), None);
        Ok(())
    })?;
    work.tell(events::of_account(INVOICE_TRANSFERRED, &row, rest));
    Ok(())
}
