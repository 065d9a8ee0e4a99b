//! What a source has answered: it is booked, once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::events::{self, ACCOUNT_REFRESH_FAILED, ACCOUNT_REFRESHED};
use super::model::{AccountSource, MOST_PAGES, MirroredTransaction, Refresh, RefreshState, Told, ToldTransaction};
use super::refusals::SOURCE_CONTRADICTS;
use crate::ledger::entry::{Side, Spread};
use crate::ledger::{Draft, InternalRole, TransactionKind};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Minor, MirroredTransactionId, RefreshId};
use crate::refused::{Refused, described};
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// What came of asking a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It has answered.
    Told(Told),
    /// It will not, or what it has answered cannot be.
    No(String),
    /// It could not be asked; why, and when it is to be tried again, on the server's clock.
    Later(String, Micros),
}

/// Notes what came of asking a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NoteRefresh {
    /// For which refresh.
    pub refresh: RefreshId,
    /// How many answers were taken when it was asked.
    pub pages: i32,
    /// What came of it.
    pub outcome: Outcome,
}

impl Command for NoteRefresh {
    const OPERATION: &'static str = "noteRefresh";
    type Made = Refresh;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Refresh>(self.refresh);
    }

    /// What is no longer asked for changes nothing. Refused as [`Told::checked`], then `SOURCE_CONTRADICTS` for a
    /// transaction that was told with another amount before, then the books'.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Refresh>> {
        let found = work.get::<Refresh>(self.refresh)?.ok_or_else(|| Refused::not_found("refresh", "refresh"))?;
        if found.state != RefreshState::Requested || found.pages != self.pages {
            return Ok(found);
        }
        let now = work.now();
        match &self.outcome {
            Outcome::Later(why, next) => work.change::<Refresh, Refused>(found.id, |refresh| {
                refresh.attempts += 1;
                (refresh.next_ask, refresh.failure) = (Some(*next), Some(why.clone()));
                Ok(())
            }),
            Outcome::No(why) => {
                let refresh = work.change::<Refresh, Refused>(found.id, |refresh| {
                    refresh.end(RefreshState::Failed, Some(why.clone()), now);
                    Ok(())
                })?;
                of_source(work, refresh.account, |source| source.refresh = None)?;
                work.tell(events::of_refresh(ACCOUNT_REFRESH_FAILED, &refresh));
                Ok(refresh)
            }
            Outcome::Told(told) => take(work, &found, told),
        }
    }

    fn weight(&self) -> usize {
        400
    }
}

fn of_source(work: &mut Work, account: AccountId, change: impl FnOnce(&mut AccountSource)) -> Decision<()> {
    let id = AccountSource::id_of(account);
    work.get::<AccountSource>(id)?;
    work.change::<AccountSource, Refused>(id, |source| {
        change(source);
        Ok(())
    })?;
    Ok(())
}

/// Books what is new of an answer; with the last one the refresh is over.
fn take(work: &mut Work, found: &Refresh, told: &Told) -> Decision<Arc<Refresh>> {
    let account = found.account;
    let (balance, amounts) = told.checked(found.currency)?;
    let ids: Vec<MirroredTransactionId> =
        told.transactions.iter().map(|told| MirroredTransaction::id_of(account, &told.id)).collect();
    let before = work.get_all::<MirroredTransaction>(&ids);
    let source = work.get::<AccountSource>(AccountSource::id_of(account));
    let before = before?;
    let source = source?.ok_or_else(|| Stop::damaged("a refresh without its source"))?;
    let (mut taken, mut known) = (0, 0);
    for (place, ((told, amount), before)) in told.transactions.iter().zip(amounts).zip(before).enumerate() {
        match before {
            Some(before) if before.amount == amount => known += 1,
            Some(before) => {
                let was = before.amount.in_currency(found.currency).amount;
                let message = format!("the transaction {} was told with {was} before", told.id);
                let path = format!("transactions.{place}.amount");
                return Err(Refused::of_field(SOURCE_CONTRADICTS, &path, message).into());
            }
            None => {
                book(work, found, told, amount)?;
                taken += 1;
            }
        }
    }
    let is_over = !told.more;
    let is_endless = told.more && found.pages + 1 >= MOST_PAGES;
    let is_first = source.refreshed_at.is_none();
    let mut difference = Minor(balance.0 - work.position(account)?.balance().0);
    if is_over && is_first && difference != Minor::ZERO {
        let what = format!("opening:{account}");
        let opening = ToldTransaction {
            id: what,
            amount: difference.in_currency(found.currency).amount,
            booked_on: work.today(),
            description: Some("Balance before the first refresh".into()),
        };
        book(work, found, &opening, difference)?;
        difference = Minor::ZERO;
    }
    let (now, clock) = (work.now(), work.clock());
    let refresh = work.change::<Refresh, Refused>(found.id, |refresh| {
        refresh.pages += 1;
        (refresh.taken, refresh.known) = (refresh.taken + taken, refresh.known + known);
        (refresh.attempts, refresh.failure, refresh.next_ask) = (0, None, Some(clock));
        if is_over {
            (refresh.balance, refresh.difference) = (Some(balance), Some(difference));
            refresh.end(RefreshState::Done, None, now);
        }
        if is_endless {
            let why = format!("it has more to tell than {MOST_PAGES} answers: the next refresh goes on from there");
            refresh.end(RefreshState::Failed, Some(why), now);
        }
        Ok(())
    })?;
    let last = told.transactions.last().map(|told| told.id.clone());
    of_source(work, account, |source| {
        source.last = last.or(source.last.take());
        if is_over || is_endless {
            source.refresh = None;
        }
        if is_over {
            (source.refreshed_at, source.balance) = (Some(now), Some(balance));
        }
    })?;
    if is_over {
        work.tell(events::of_refresh(ACCOUNT_REFRESHED, &refresh));
    }
    if is_endless {
        work.tell(events::of_refresh(ACCOUNT_REFRESH_FAILED, &refresh));
    }
    Ok(refresh)
}

/// Books a transaction of the source's, by today's date: the source's own is when it was authorised.
fn book(work: &mut Work, refresh: &Refresh, told: &ToldTransaction, amount: Minor) -> Decision<()> {
    let title = described("description", told.description.as_deref(), "Mirrored transaction")?;
    let mut draft = Draft::new(TransactionKind::Mirrored, refresh.currency, title);
    draft.transaction_date = Some(told.booked_on);
    draft.facts.reference = Some(told.id.clone());
    let own = Side::Account(refresh.account, Spread::Cleared, None);
    let outside = Side::Internal(InternalRole::MirroredAccounts);
    let draft = match amount.0 > 0 {
        true => draft.moving(outside, own, amount),
        false => draft.moving(own, outside, amount.negated()),
    };
    let entry = work.post(&draft).of_field("account")?;
    let kept = MirroredTransaction {
        id: MirroredTransaction::id_of(refresh.account, &told.id),
        ordinal: work.ordinal(),
        account: refresh.account,
        source_id: told.id.clone(),
        amount,
        entry: entry.id,
    };
    work.insert(kept)?;
    Ok(())
}
