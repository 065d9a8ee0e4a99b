//! What commands do in the books: post, reverse, reserve. Decided on the positions as the commands before
//! have left them; a refused one undoes exactly what it did.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use super::command::{Decision, Stop};
use super::unit::Work;
use crate::ledger::chart::{Component, InternalRole};
use crate::ledger::entry::{AccountTotal, Draft, Entry, Leg, Posting, Spread, TransactionKind, without_mirror};
use crate::ledger::facts::{EntryFacts, Seal};
use crate::ledger::position::{Position, Split};
use crate::ledger::restrictions::Direction;
use crate::ledger::rows::{Internal, Reversed};
use crate::ledger::{ExternalReference, Refusal};
use crate::primitives::{AccountId, Currency, EntryId, HoldId, LedgerAccountId, Minor, PartyId};

mod holds;

pub use holds::{CardUse, NewHold};

/// How far from the business date a value date may lie: ten years back, one year ahead.
pub(super) const VALUE_DATE_DAYS_BACK: u64 = 3_660;
const VALUE_DATE_DAYS_AHEAD: u64 = 366;

/// A reversal to book.
#[derive(Clone, Debug)]
pub struct Reversal {
    /// A part, in the entry's currency; all that is left when absent.
    pub amount: Option<(Minor, Currency)>,
    /// When it counts: not before what it reverses; the later of the two days when absent.
    pub value_date: Option<NaiveDate>,
    /// For people.
    pub description: String,
    /// What Konto notes of it.
    pub facts: EntryFacts,
}

/// What an entry says besides its lines.
struct Head<'a> {
    id: EntryId,
    kind: TransactionKind,
    value_date: NaiveDate,
    transaction_date: Option<NaiveDate>,
    description: &'a str,
    external: Option<&'a ExternalReference>,
    reverses: Option<EntryId>,
    hold: Option<HoldId>,
    facts: Option<String>,
    personal: Option<String>,
    metadata: &'a str,
}

impl Work {
    /// An account in the books.
    ///
    /// # Errors
    /// [`Refusal::AccountNotFound`].
    pub fn position(&mut self, account: AccountId) -> Decision<Arc<Position>> {
        self.get::<Position>(account)?.ok_or_else(|| Refusal::AccountNotFound(account).into())
    }

    /// Books an entry.
    ///
    /// # Errors
    /// The books', in the order of [`crate::ledger::refusal`].
    pub fn post(&mut self, draft: &Draft) -> Decision<Arc<Entry>> {
        self.post_of(draft, None)
    }

    fn post_of(&mut self, draft: &Draft, hold: Option<HoldId>) -> Decision<Arc<Entry>> {
        let mut accounts: Vec<AccountId> = draft.accounts().collect();
        self.get_all::<Position>(&accounts)?;
        for account in &accounts {
            self.position(*account)?;
        }
        let id = draft.id.unwrap_or_else(|| self.id());
        if let Some(external) = &draft.external
            && !self.take_external(external.key(), id)?
        {
            return Err(Refusal::DuplicateExternalReference.into());
        }
        for leg in draft.legs() {
            let (Leg::Account { amount, .. } | Leg::Internal { amount, .. }) = leg;
            let netting = matches!(leg, Leg::Account { spread: Spread::Settle | Spread::Carried(_), .. });
            if amount.0 == 0 && !netting {
                return Err(Refusal::NOT_POSITIVE.into());
            }
            if amount.0.unsigned_abs() > Minor::LARGEST.unsigned_abs() {
                return Err(Refusal::too_large(draft.currency).into());
            }
        }
        let value_date = self.value_date(draft.value_date, None)?;
        accounts.sort_unstable();
        if accounts.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Refusal::SameAccount.into());
        }
        for account in &accounts {
            if self.position(*account)?.currency != draft.currency {
                return Err(Refusal::CurrencyMismatch(*account).into());
            }
        }
        let mut is_restricted = false;
        for account in &accounts {
            let position = self.position(*account)?;
            position.require_not_closed()?;
            if !draft.of_items {
                position.require_not_itemised()?;
            }
            if !draft.of_contract {
                position.require_no_contract()?;
            }
            is_restricted |= !position.restrictions.is_empty();
        }
        let today = self.today();
        if is_restricted && !draft.passes_blocks {
            self.require_unblocked(draft.legs(), today)?;
        }
        let mut postings = Vec::with_capacity(draft.legs().len());
        // Debits first: a refusal for lack of funds comes before one for a limit of the receiver.
        for leg in draft.legs() {
            match leg {
                Leg::Internal { role, party, amount } => {
                    self.internal_line(*role, *party, draft.currency, *amount, &mut postings)?;
                }
                Leg::Account { account, amount, spread, message } => {
                    let split = self.position(*account)?.spread(*amount, *spread, value_date, today)?;
                    if split.iter().map(|part| part.0).sum::<i64>() != amount.0 {
                        return Err(Refusal::Unbalanced.into());
                    }
                    self.account_lines(*account, &split, value_date, message.clone(), &mut postings)?;
                }
            }
        }
        let head = Head {
            id,
            kind: draft.kind,
            value_date,
            transaction_date: draft.transaction_date,
            description: &draft.description,
            external: draft.external.as_ref(),
            reverses: None,
            hold,
            facts: draft.facts.to_text(),
            personal: draft.personal.to_text(),
            metadata: &draft.metadata,
        };
        let entry = self.book(head, postings)?;
        if !draft.items_apart {
            self.tell_items(&entry, None)?;
        }
        for account in accounts {
            self.close_if_nothing_holds_it_back(account)?;
        }
        Ok(entry)
    }

    /// That no block stops any of the accounts' legs. What a hold reserved was free to leave when it was placed, what a
    /// scheme has cleared has left, and what is set aside is so in order to leave.
    fn require_unblocked(&mut self, legs: &[Leg], today: NaiveDate) -> Decision<()> {
        for leg in legs {
            if let Leg::Account { account, amount, spread, .. } = leg
                && !matches!(spread, Spread::Reserved | Spread::Cleared)
            {
                self.position(*account)?.require_unblocked(Direction::of(*amount), today)?;
            }
        }
        Ok(())
    }

    /// Books the mirror of an entry, or of a part of it: up to what it booked.
    ///
    /// # Errors
    /// [`Refusal::ReversalOfReversal`], [`Refusal::AlreadyReversed`], [`Refusal::OnlyAsAWhole`],
    /// [`Refusal::CurrencyMismatch`], [`Refusal::AmountOutOfRange`], [`Refusal::ReversalTooLarge`], the value date's,
    /// then the accounts', in this order.
    pub fn reverse(&mut self, original: &Entry, reversal: &Reversal) -> Decision<Arc<Entry>> {
        self.mirror(TransactionKind::Reversal, original, reversal, false)
    }

    /// Books that the outside has taken an entry back: its mirror, which no lack of funds stops.
    ///
    /// # Errors
    /// As [`Self::reverse`]'s, but for funds.
    pub fn take_back(&mut self, original: &Entry, reversal: &Reversal) -> Decision<Arc<Entry>> {
        self.mirror(TransactionKind::Reversal, original, reversal, true)
    }

    /// Books that a disbursement came back: its mirror, under the kind of its own that such an entry has.
    ///
    /// # Errors
    /// As [`Self::reverse`]'s; a defect, when it is no disbursement.
    pub fn bring_back(&mut self, disbursement: &Entry, reversal: &Reversal) -> Decision<Arc<Entry>> {
        if disbursement.kind != TransactionKind::Disbursement {
            return Err(Stop::damaged("what comes back is no disbursement"));
        }
        self.mirror(TransactionKind::DisbursementReturned, disbursement, reversal, false)
    }

    /// `has_happened`: nobody is asked whether the funds suffice.
    fn mirror(
        &mut self,
        kind: TransactionKind,
        original: &Entry,
        reversal: &Reversal,
        has_happened: bool,
    ) -> Decision<Arc<Entry>> {
        let accounts: Vec<AccountId> = original.postings.iter().filter_map(|line| line.account).collect();
        self.get_all::<Position>(&accounts)?;
        for account in &accounts {
            self.position(*account)?;
        }
        if original.kind.is_reversal() {
            return Err(Refusal::ReversalOfReversal.into());
        }
        if original.kind.is_of_contract() {
            return Err(Refusal::BookedByContract.into());
        }
        let before = self.get::<Reversed>(original.id)?;
        if let Some(Reversed { complete: true, last, .. }) = before.as_deref() {
            return Err(Refusal::AlreadyReversed { by: *last }.into());
        }
        let gone = before.as_deref().map_or_else(|| vec![0; original.postings.len()], |before| before.lines.clone());
        let internals: Vec<LedgerAccountId> =
            original.postings.iter().filter(|line| line.account.is_none()).map(|line| line.ledger_account).collect();
        let internals: Vec<_> = self.get_all::<Internal>(&internals)?.into_iter().flatten().collect();
        let booked = without_mirror(&original.postings, |id| {
            internals.iter().find(|internal| internal.id == id).and_then(|internal| internal.party)
        });
        let lines = lines_to_reverse(original, &booked, &gone, reversal.amount)?;
        let value_date = self.value_date(reversal.value_date, Some(original.value_date))?;
        let mut postings = Vec::with_capacity(original.postings.len());
        let mut mirrored: BTreeMap<AccountId, Split> = BTreeMap::new();
        for (line, part) in original.postings.iter().zip(&lines).filter(|(_, part)| **part != 0) {
            match (line.account, line.ledger_account.component()) {
                (Some(account), Some((_, place))) if place < Component::COUNT => {
                    mirrored.entry(account).or_default()[place].0 -= part;
                }
                (None, _) => {
                    let row = self.get::<Internal>(line.ledger_account)?.ok_or(Refusal::Unbalanced)?;
                    // What is owed to a party follows from what its accounts owe.
                    let role = if row.party.is_some() { InternalRole::ClientMoney } else { row.role };
                    self.internal_line(role, row.party, row.currency, Minor(-part), &mut postings)?;
                }
                _ => return Err(Stop::damaged("a line of no component")),
            }
        }
        for account in mirrored.keys() {
            let position = self.position(*account)?;
            position.require_not_closed()?;
            position.require_not_itemised()?;
            position.require_no_contract()?;
        }
        // Debits first, as for other entries: funds come before limits.
        let mut mirrored: Vec<(AccountId, Split)> = mirrored.into_iter().collect();
        mirrored.sort_by_key(|(_, split)| split.iter().map(|part| part.0).sum::<i64>());
        let today = self.today();
        for (account, split) in &mirrored {
            let principal = split[Component::Principal.index()];
            if original.value_date > today && principal.0 < 0 {
                // What is taken back before it has come was never available.
                self.change::<Position, Refusal>(*account, |position| {
                    position.does_not_arrive(original.value_date, principal.negated());
                    Ok(())
                })?;
            }
            // What left counted at once, and so does its coming back on the day on which it would have left.
            let comes_back = split.iter().map(|part| part.0).sum::<i64>() > 0;
            let counts_from = if comes_back && value_date == original.value_date { today } else { value_date };
            let position = self.position(*account)?;
            let split = match has_happened {
                true => position.admit_taken_back(*split, counts_from, today)?,
                false => position.admit_reversal(*split, counts_from, today)?,
            };
            self.account_lines(*account, &split, counts_from, None, &mut postings)?;
        }
        let id: EntryId = self.id();
        let lines: Vec<i64> = gone.iter().zip(&lines).map(|(gone, part)| gone + part).collect();
        let complete = booked == lines;
        let after = Reversed { entry: original.id, lines, complete, last: id };
        if before.is_some() {
            self.change::<Reversed, Refusal>(original.id, |reversed| {
                *reversed = after;
                Ok(())
            })?;
        } else {
            self.insert(after)?;
        }
        let head = Head {
            id,
            kind,
            value_date,
            transaction_date: None,
            description: &reversal.description,
            external: None,
            reverses: Some(original.id),
            hold: None,
            facts: reversal.facts.to_text(),
            personal: None,
            metadata: "{}",
        };
        let entry = self.book(head, postings)?;
        self.tell_items(&entry, Some(original))?;
        for (account, _) in mirrored {
            self.close_if_nothing_holds_it_back(account)?;
        }
        Ok(entry)
    }

    /// What an entry brings to accounts whose debt is itemised is spread over their items, and what it takes back is open
    /// there again.
    fn tell_items(&mut self, entry: &Entry, original: Option<&Entry>) -> Decision<()> {
        let Some(house) = self.house else { return Ok(()) };
        for line in &entry.postings {
            if let (Some(account), Some(total)) = (line.account, line.total)
                && self.position(account)?.items.is_some()
            {
                house.booked(self, entry, original, (account, total.amount))?;
            }
        }
        Ok(())
    }

    fn account_lines(
        &mut self,
        account: AccountId,
        split: &Split,
        counts_from: NaiveDate,
        message: Option<String>,
        postings: &mut Vec<Posting>,
    ) -> Decision<()> {
        let today = self.today();
        let owed = self.position(account)?.principal_debt();
        let position = self.change::<Position, Refusal>(account, |position| {
            position.apply(split, counts_from, today);
            Ok(())
        })?;
        let amount = Minor(split.iter().map(|part| part.0).sum());
        let mut total = Some(AccountTotal { amount, balance_after: position.balance() });
        let mut message = message;
        for component in Component::ALL {
            let part = split[component.index()];
            if part != Minor::ZERO {
                postings.push(Posting {
                    ledger_account: position.row(*component),
                    account: Some(account),
                    amount: part,
                    currency: position.currency,
                    total: total.take(),
                    message: message.take(),
                });
            }
        }
        let repaid = Minor(owed.0 - position.principal_debt().0);
        if position.party.is_some() && repaid != Minor::ZERO {
            let (party, currency) = (position.party, position.currency);
            self.internal_line(InternalRole::ClientClaims, party, currency, repaid.negated(), postings)?;
            self.internal_line(InternalRole::ClientMoney, party, currency, repaid, postings)?;
        }
        Ok(())
    }

    /// Adds a line of a ledger account of the tenant's own, or of a party, which has one line in an entry at most.
    fn internal_line(
        &mut self,
        role: InternalRole,
        party: Option<PartyId>,
        currency: Currency,
        amount: Minor,
        postings: &mut Vec<Posting>,
    ) -> Decision<()> {
        let id = Internal::id_of(self.tenant(), role, currency, party);
        let before = self.get::<Internal>(id)?.map_or(0, |internal| internal.balance);
        let balance = before.checked_add(amount.0).ok_or_else(|| Refusal::too_large(currency))?;
        if self.get::<Internal>(id)?.is_some() {
            self.change::<Internal, Refusal>(id, |internal| {
                internal.balance = balance;
                Ok(())
            })?;
        } else {
            self.insert(Internal { id, role, currency, party, balance })?;
        }
        match postings.iter().position(|line| party.is_some() && line.ledger_account == id) {
            None => {
                let posting =
                    Posting { ledger_account: id, account: None, amount, currency, total: None, message: None };
                postings.push(posting);
            }
            Some(place) => {
                postings[place].amount.0 += amount.0;
                if postings[place].amount == Minor::ZERO {
                    postings.remove(place);
                }
            }
        }
        Ok(())
    }

    fn value_date(&self, wanted: Option<NaiveDate>, original: Option<NaiveDate>) -> Decision<NaiveDate> {
        let today = self.today();
        let date = wanted.unwrap_or_else(|| original.map_or(today, |original| original.max(today)));
        let earliest = original.unwrap_or(today - Days::new(VALUE_DATE_DAYS_BACK));
        let latest = today + Days::new(VALUE_DATE_DAYS_AHEAD);
        if let Some(closed_through) = self.closed_through().filter(|closed| date <= *closed) {
            return Err(Refusal::PeriodClosed { closed_through }.into());
        }
        if date < earliest || date > latest {
            return Err(Refusal::ValueDateOutOfRange { earliest, latest }.into());
        }
        Ok(date)
    }

    fn book(&mut self, head: Head<'_>, postings: Vec<Posting>) -> Decision<Arc<Entry>> {
        let messages = postings.iter().map(|line| line.message.as_deref());
        let seal = Seal::new(self.salt(), head.personal.as_deref(), messages);
        let entry = Entry {
            sequence: self.next_entry(),
            id: head.id,
            event_sequence: self.next_event(),
            command: self.command(),
            kind: head.kind,
            value_date: head.value_date,
            business_date: self.today(),
            transaction_date: head.transaction_date,
            booked_at: self.now(),
            description: head.description.to_owned(),
            external: head.external.cloned(),
            reverses: head.reverses,
            hold: head.hold,
            facts: head.facts,
            personal: head.personal,
            seal,
            metadata: head.metadata.to_owned(),
            postings,
        };
        let entry = entry.checked()?;
        self.append(entry.clone());
        Ok(entry)
    }
}

/// What of each line is taken back now: all that is left of it, or the part that is asked for.
///
/// A part is taken from what moves between two sides: of each side, from its lines in the order of components, principal
/// first, so that what a payment settled last is opened again first.
fn lines_to_reverse(
    original: &Entry,
    booked: &[i64],
    gone: &[i64],
    amount: Option<(Minor, Currency)>,
) -> Result<Vec<i64>, Refusal> {
    let left: Vec<i64> = booked.iter().zip(gone).map(|(booked, gone)| booked - gone).collect();
    let Some((amount, currency)) = amount else { return Ok(left) };
    let own = original.postings.first().map(|line| line.currency).ok_or(Refusal::Unbalanced)?;
    if own != currency {
        let account = original.postings.iter().find_map(|line| line.account);
        return Err(account.map_or(Refusal::OtherCurrency, Refusal::CurrencyMismatch));
    }
    if amount.0 <= 0 {
        return Err(Refusal::NOT_POSITIVE);
    }
    let whole: i64 = left.iter().filter(|part| **part > 0).sum();
    if amount.0 > whole {
        return Err(Refusal::ReversalTooLarge { remaining: Minor(whole).in_currency(own) });
    }
    let owner = |line: &Posting| line.account.ok_or(line.ledger_account);
    let lines: Vec<_> = original.postings.iter().zip(booked).filter(|(_, booked)| **booked != 0).collect();
    let sides: std::collections::BTreeSet<_> = lines.iter().map(|(line, _)| owner(line)).collect();
    let one_sided = sides.iter().all(|side| {
        let mut signs = lines.iter().filter(|(line, _)| owner(line) == *side).map(|(_, booked)| **booked > 0);
        let first = signs.next();
        signs.all(|sign| Some(sign) == first)
    });
    if amount.0 < whole && (sides.len() != 2 || !one_sided) {
        return Err(Refusal::OnlyAsAWhole);
    }
    let mut taken = vec![0; left.len()];
    for positive in [true, false] {
        let mut rest = amount.0;
        for (taken, part) in taken.iter_mut().zip(&left).filter(|(_, part)| (**part > 0) == positive) {
            let take = part.abs().min(rest);
            *taken = if positive { take } else { -take };
            rest -= take;
        }
    }
    Ok(taken)
}
