//! The journal itself: entry after entry, and the chain that they are links of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, QueryResult};
use uuid::Uuid;

use super::books::Sum;
use super::{Replay, VerifyError, WINDOW};
use crate::ledger::chart::Component;
use crate::ledger::entry::{Entry, ExternalReference, Posting, chain};
use crate::ledger::facts::Seal;
use crate::ledger::fault::LedgerFault;
use crate::ledger::journal::{self, ENTRY, POSTING};
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, EntryId};
use crate::work::read;

/// An entry's place in the log.
pub(super) struct Logged {
    pub event: i64,
    pub command: i64,
    pub sequence: i64,
    pub value_date: NaiveDate,
}

/// The entries of a batch.
pub(super) struct BatchEntries {
    digests: Vec<[u8; 32]>,
    /// All of a batch is booked at one time.
    booked_at: Option<Micros>,
}

/// A posting, with what its row repeats so that one index tells of it.
struct Line {
    posting: Posting,
    number: i32,
    kind: String,
    value_date: NaiveDate,
    booked_at: Micros,
    authorised_on: NaiveDate,
    /// Amount and balance afterwards stand together or not at all, and no component without an account.
    whole: bool,
}

impl Line {
    fn read(row: &QueryResult) -> Result<Self, LedgerFault> {
        let amount: Option<i64> = row.try_get("", "account_amount_minor")?;
        let balance_after: Option<i64> = row.try_get("", "account_balance_after_minor")?;
        let component: Option<String> = row.try_get("", "component")?;
        let (_, number, posting) = journal::posting_of(read::values(row, &POSTING, "")?)?;
        let own_component = component.as_deref() == posting.component().map(Component::word);
        Ok(Self {
            whole: own_component && amount.is_some() == balance_after.is_some(),
            posting,
            number,
            kind: row.try_get("", "kind")?,
            value_date: row.try_get("", "value_date")?,
            booked_at: row.try_get("", "booked_at_us")?,
            authorised_on: row.try_get("", "authorised_on")?,
        })
    }

    fn belongs(&self, entry: &Entry, number: i32) -> bool {
        let own = (self.number, self.kind.as_str(), self.value_date, self.booked_at, self.authorised_on);
        self.whole && own == (number, entry.kind.word(), entry.value_date, entry.booked_at, entry.authorised_on())
    }
}

/// Whether the first line of each account has the account's net amount, and no other line has one.
fn has_totals(entry: &Entry) -> bool {
    let mut seen: BTreeSet<AccountId> = BTreeSet::new();
    entry.postings.iter().all(|line| match line.account {
        Some(account) if seen.insert(account) => {
            let own = entry.postings.iter().filter(|line| line.account == Some(account));
            let net: i128 = own.map(|line| i128::from(line.amount.0)).sum();
            line.total.is_some_and(|total| i128::from(total.amount.0) == net)
        }
        _ => line.total.is_none(),
    })
}

/// Whether the key is that of the reference, and date, poster and code do not stand without one.
fn is_external_whole(entry: &Entry, row: &QueryResult) -> Result<bool, LedgerFault> {
    let key: Option<String> = row.try_get("", "external_key")?;
    let date: Option<NaiveDate> = row.try_get("", "external_date")?;
    let (poster, code): (Option<String>, Option<String>) =
        (row.try_get("", "external_poster")?, row.try_get("", "external_code")?);
    let stray = date.is_some() || poster.is_some() || code.is_some();
    Ok(key == entry.external.as_ref().map(ExternalReference::key) && (entry.external.is_some() || !stray))
}

/// Whether what is personal is what was sealed, or all of it is gone with the secret. That the hash is the one that was
/// written, the digest tells.
fn is_sealed_or_erased(entry: &Entry, row: &QueryResult) -> Result<bool, LedgerFault> {
    let salt: Option<Vec<u8>> = row.try_get("", "personal_salt")?;
    let hash: Option<Vec<u8>> = row.try_get("", "personal_hash")?;
    let nothing = entry.personal.is_none() && entry.messages().all(|message| message.is_none());
    Ok(match (salt, hash) {
        (None, hash) => nothing && hash.is_none_or(|hash| hash.len() == 32),
        (Some(salt), Some(hash)) => <[u8; 16]>::try_from(salt).is_ok_and(|salt| {
            let seal = Seal::new(salt, entry.personal.as_deref(), entry.messages());
            seal.is_some_and(|seal| seal.hash[..] == hash[..])
        }),
        (Some(_), None) => false,
    })
}

impl<C: ConnectionTrait> Replay<'_, C> {
    /// The next entries; whether there were any.
    pub(super) async fn window(&mut self) -> Result<bool, VerifyError> {
        let range = [self.last, self.last + WINDOW];
        let entries = self.rows(
            "SELECT * FROM entry WHERE tenant_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence",
            &range,
        );
        let entries = entries.await?;
        let lines = self.rows(
            "SELECT * FROM posting WHERE tenant_id = $1 AND entry_sequence > $2 AND entry_sequence <= $3 \
             ORDER BY entry_sequence, line",
            &range,
        );
        let mut postings: BTreeMap<i64, Vec<QueryResult>> = BTreeMap::new();
        for row in lines.await? {
            postings.entry(row.try_get("", "entry_sequence")?).or_default().push(row);
        }
        let wanted = reversed_by(&entries);
        let mut originals = self.verified(&wanted, &entries).await?;
        for row in &entries {
            self.reading = (None, Some(row.try_get("", "sequence")?));
            let mut entry = journal::entry_of(read::values(row, &ENTRY, "")?)?;
            let lines = postings.remove(&entry.sequence).unwrap_or_default();
            let lines: Vec<Line> = lines.iter().map(Line::read).collect::<Result<_, _>>()?;
            let whole = lines.iter().zip(1..).all(|(line, number)| line.belongs(&entry, number));
            entry.postings = lines.into_iter().map(|line| line.posting).collect();
            self.entry(&entry, row, whole)?;
            self.reversal(&entry, &originals)?;
            if wanted.contains(&entry.id) {
                originals.insert(entry.id, entry);
            }
        }
        self.reading = (None, None);
        if let Some(sequence) = postings.keys().next() {
            return Err(self.differs(None, Some(*sequence), "postings without an entry: the entry is missing"));
        }
        Ok(!entries.is_empty())
    }

    /// Entries before this window, which have been verified.
    async fn verified(
        &self,
        wanted: &BTreeSet<EntryId>,
        window: &[QueryResult],
    ) -> Result<BTreeMap<EntryId, Entry>, VerifyError> {
        let own: BTreeSet<EntryId> = window.iter().filter_map(|row| id(row, "id")).collect();
        let before: Vec<EntryId> = wanted.difference(&own).copied().collect();
        let found = journal::entries_by_id(self.db, self.tenant, &before).await?;
        let found = found.into_iter().filter(|entry| entry.sequence <= self.last);
        Ok(found.map(|entry| (entry.id, (*entry).clone())).collect())
    }

    fn entry(&mut self, entry: &Entry, row: &QueryResult, whole: bool) -> Result<(), VerifyError> {
        let sequence = Some(entry.sequence);
        if entry.sequence != self.last + 1 {
            return Err(self.differs(None, Some(self.last + 1), "the entry is missing"));
        }
        self.add_up(entry);
        if let Some(account) = self.off_balance(entry) {
            let what = "the balance after the entry is not the sum of the postings so far";
            return Err(self.differs(Some(account), sequence, what));
        }
        let account = entry.postings.iter().find_map(|posting| posting.account);
        let digest = entry.digest();
        if let Some(what) = self.own_fault(entry, row, whole, &digest)? {
            return Err(self.differs(account, sequence, what));
        }
        if let Err(what) = self.place(entry) {
            return Err(self.differs(account, sequence, what));
        }
        self.note_capture(entry);
        let batch = self.batches.entry(row.try_get("", "batch_number")?);
        let booked_at = entry.booked_at;
        let batch = batch.or_insert_with(|| BatchEntries { digests: Vec::new(), booked_at: Some(booked_at) });
        batch.booked_at = batch.booked_at.filter(|at| *at == booked_at);
        batch.digests.push(digest);
        self.last = entry.sequence;
        self.last_booked = entry.booked_at;
        self.postings += entry.postings.len() as u64;
        Ok(())
    }

    fn add_up(&mut self, entry: &Entry) {
        for posting in &entry.postings {
            let (amount, currency) = (i128::from(posting.amount.0), posting.currency);
            let sum = self.balances.entry(posting.ledger_account).or_insert(Sum { amount: 0, currency });
            sum.amount += amount;
            if let Some(account) = posting.account {
                *self.accounts.entry(account).or_default() += amount;
            }
        }
    }

    /// The first account whose balance after the entry is not what its postings sum to.
    fn off_balance(&self, entry: &Entry) -> Option<AccountId> {
        entry.postings.iter().find_map(|posting| {
            let (account, total) = (posting.account?, posting.total?);
            (self.accounts.get(&account) != Some(&i128::from(total.balance_after.0))).then_some(account)
        })
    }

    /// What is wrong with an entry by itself.
    fn own_fault(
        &self,
        entry: &Entry,
        row: &QueryResult,
        whole: bool,
        digest: &[u8; 32],
    ) -> Result<Option<&'static str>, LedgerFault> {
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for posting in &entry.postings {
            *sums.entry(posting.currency.code()).or_default() += i128::from(posting.amount.0);
        }
        let stored: Vec<u8> = row.try_get("", "hash")?;
        let other_currency =
            |line: &Posting| self.balances.get(&line.ledger_account).is_some_and(|sum| sum.currency != line.currency);
        Ok(if entry.postings.is_empty() || sums.values().any(|sum| *sum != 0) {
            Some("the postings do not sum to zero: one was removed or changed")
        } else if stored != digest {
            Some("the entry is not the one that was written: its digest differs")
        } else if !whole || !has_totals(entry) {
            Some("the row of a posting differs from its entry in kind, dates, place or total")
        } else if !is_external_whole(entry, row)? {
            Some("the external reference is not whole, or its key is not its own")
        } else if !is_sealed_or_erased(entry, row)? {
            Some("what is personal is neither what was sealed nor erased as a whole")
        } else if entry.postings.iter().any(other_currency) {
            Some("a posting is in another currency than those before it on its ledger account")
        } else {
            None
        })
    }

    /// That the entry stands behind the one before it: in time, in the log and among the commands.
    fn place(&mut self, entry: &Entry) -> Result<(), String> {
        if entry.booked_at < self.last_booked {
            return Err("the entry was booked before the one before it".into());
        }
        self.is_of_command(entry.command, entry.booked_at)?;
        let before = self.logged.last().map_or((0, 0), |before| (before.event, before.command));
        if entry.event_sequence <= before.0 || entry.command < before.1 {
            return Err("the entry stands in the log before the one before it".into());
        }
        self.logged.push(Logged {
            event: entry.event_sequence,
            command: entry.command,
            sequence: entry.sequence,
            value_date: entry.value_date,
        });
        Ok(())
    }

    fn note_capture(&mut self, entry: &Entry) {
        let Some(hold) = entry.hold else { return };
        let captures = self.captures.entry(hold).or_default();
        captures.first.get_or_insert(entry.sequence);
        for posting in &entry.postings {
            if let Some(account) = posting.account {
                *captures.taken.entry(account).or_default() -= i128::from(posting.amount.0);
            }
        }
    }

    /// Entries or postings that have no place in the unbroken sequence.
    pub(super) async fn orphans(&self) -> Result<(), VerifyError> {
        for (table, column, what) in [
            ("entry", "sequence", "the entry before it is missing"),
            ("posting", "entry_sequence", "postings without an entry: the entry is missing"),
        ] {
            if let Some(stray) = self.stray(table, column, self.last).await? {
                return Err(self.differs(None, Some(stray), what));
            }
        }
        Ok(())
    }

    /// The batches, and the head's place at the end of them.
    pub(super) async fn chain(&mut self) -> Result<(), VerifyError> {
        let mut previous = vec![0; 32];
        let mut number = 0;
        let mut sequence = 0;
        for row in self.rows("SELECT * FROM batch WHERE tenant_id = $1 ORDER BY number", &[]).await? {
            number += 1;
            self.reading = (None, Some(sequence + 1));
            let stored: i64 = row.try_get("", "number")?;
            let (first, last): (i64, i64) = (row.try_get("", "first_sequence")?, row.try_get("", "last_sequence")?);
            let (before, hash): (Vec<u8>, Vec<u8>) = (row.try_get("", "previous_hash")?, row.try_get("", "hash")?);
            let committed_at: Micros = row.try_get("", "committed_at_us")?;
            let BatchEntries { digests, booked_at } =
                self.batches.remove(&number).unwrap_or(BatchEntries { digests: Vec::new(), booked_at: None });
            let complete = stored == number
                && first == sequence + 1
                && last - sequence == i64::try_from(digests.len()).unwrap_or(-1);
            if !complete || before != previous || chain(&previous, digests.into_iter()).as_slice() != hash {
                return Err(self.differs(None, Some(first), format!("the chain is broken at batch {stored}")));
            }
            if booked_at != Some(committed_at) {
                let what = format!("batch {stored} was committed at another time than its entries were booked");
                return Err(self.differs(None, Some(first), what));
            }
            sequence = last;
            previous = hash;
        }
        if let Some((batch, _)) = self.batches.first_key_value() {
            return Err(self.differs(None, Some(sequence + 1), format!("batch {batch} is missing from the chain")));
        }
        self.reading = (None, None);
        let head = self.head().await?;
        let (last, batch): (i64, i64) = (head.try_get("", "entry_sequence")?, head.try_get("", "batch_number")?);
        let hash: Vec<u8> = head.try_get("", "chain_hash")?;
        if last != self.last {
            return Err(self.differs(None, Some(self.last + 1), "the entry is missing at the end of the journal"));
        }
        if (batch, hash) != (number, previous) {
            return Err(self.differs(None, Some(self.last), "the head does not point at the end of the chain"));
        }
        Ok(())
    }
}

fn id(row: &QueryResult, column: &str) -> Option<EntryId> {
    row.try_get::<Option<Uuid>>("", column).ok().flatten().map(EntryId)
}

/// What the entries of a window reverse. A value that cannot be read is named when it is that entry's turn.
fn reversed_by(window: &[QueryResult]) -> BTreeSet<EntryId> {
    window.iter().filter_map(|row| id(row, "reverses_id")).collect()
}
