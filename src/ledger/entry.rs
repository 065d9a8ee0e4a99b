//! Entries: what a caller drafts, and what stands in the journal. Balanced by construction.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::chart::{Component, InternalRole};
use super::digest::Fields;
use super::facts::{EntryFacts, Personal, Seal};
use super::refusal::Refusal;
use crate::primitives::clock::Micros;
use crate::primitives::{AccountId, Currency, EntryId, HoldId, LedgerAccountId, Minor, PartyId};

crate::words! {
    /// The business meaning of an entry.
    TransactionKind {
        /// Money in, from a rail.
        Payment = "PAYMENT",
        /// A captured reservation or another purchase.
        Purchase = "PURCHASE",
        /// A credit by a merchant.
        Credit = "CREDIT",
        /// A disputed purchase given back, or taken again because the dispute was lost.
        Chargeback = "CHARGEBACK",
        /// Between two accounts of the tenant.
        Transfer = "TRANSFER",
        /// Money out, to a bank account.
        Disbursement = "DISBURSEMENT",
        /// A disbursement that came back: the mirror of its entry.
        DisbursementReturned = "DISBURSEMENT_RETURNED",
        /// Money onto a prepaid account.
        Load = "LOAD",
        /// Money off a prepaid account.
        Unload = "UNLOAD",
        /// A credit balance paid back to its owner.
        Reimbursement = "REIMBURSEMENT",
        /// A correction by hand.
        Adjustment = "ADJUSTMENT",
        /// A debt given up, or a small remainder taken over.
        WriteOff = "WRITE_OFF",
        /// A deduction by the tenant.
        Deduction = "DEDUCTION",
        /// Interest.
        Interest = "INTEREST",
        /// An administration fee.
        AdministrationFee = "ADMINISTRATION_FEE",
        /// A billing fee.
        BillingFee = "BILLING_FEE",
        /// A collection fee.
        CollectionFee = "COLLECTION_FEE",
        /// A fee for paying late.
        LateFee = "LATE_FEE",
        /// A fee for a reminder.
        ReminderFee = "REMINDER_FEE",
        /// The premium of an insurance for a period.
        InsurancePremium = "INSURANCE_PREMIUM",
        /// What a payment service provider had captured, come to the bank.
        ProviderPayout = "PROVIDER_PAYOUT",
        /// A credit that is repaid in instalments, paid out.
        CreditPayout = "CREDIT_PAYOUT",
        /// An instalment of a credit, or a part of it that is posted apart.
        Instalment = "INSTALMENT",
        /// An instalment of a lease, or a part of it: rent, fee and value added tax.
        LeaseInstalment = "LEASE_INSTALMENT",
        /// A gift to charity, with something that was spent.
        Donation = "DONATION",
        /// A balance brought in from a former system.
        MigratedBalance = "MIGRATED_BALANCE",
        /// A debt was taken in to be collected, or was raised, lowered or given up since.
        Receivable = "RECEIVABLE",
        /// Money of an investor, for the issuer of an offer.
        Investment = "INVESTMENT",
        /// Interest on an investment, from its issuer.
        InvestmentInterest = "INVESTMENT_INTEREST",
        /// What an issuer repays of an investment.
        InvestmentRepayment = "INVESTMENT_REPAYMENT",
        /// A transaction of an account that is kept outside, as its source tells it.
        Mirrored = "MIRRORED",
        /// A rail has settled what is not its receiver's yet, or is nobody's any more: between the tenant's own accounts.
        Settlement = "SETTLEMENT",
        /// The mirror of an earlier entry.
        Reversal = "REVERSAL",
    }
}

impl TransactionKind {
    /// Whether blocks stop it. What the house charges, corrects, takes back or brings along is booked whatever is blocked.
    #[must_use]
    pub fn is_stopped_by_blocks(self) -> bool {
        match self {
            Self::Payment
            | Self::Purchase
            | Self::Credit
            | Self::Transfer
            | Self::Disbursement
            | Self::Load
            | Self::Unload
            | Self::Reimbursement
            | Self::CreditPayout
            | Self::Investment
            | Self::Donation => true,
            Self::DisbursementReturned
            | Self::Adjustment
            | Self::WriteOff
            | Self::Deduction
            | Self::Interest
            | Self::AdministrationFee
            | Self::BillingFee
            | Self::CollectionFee
            | Self::LateFee
            | Self::ReminderFee
            | Self::InsurancePremium
            | Self::ProviderPayout
            | Self::MigratedBalance
            | Self::Chargeback
            | Self::Receivable
            | Self::Settlement
            | Self::Instalment
            | Self::InvestmentInterest
            | Self::InvestmentRepayment
            | Self::LeaseInstalment
            | Self::Mirrored
            | Self::Reversal => false,
        }
    }

    /// Whether it is booked by a contract alone, and taken back by none but that.
    #[must_use]
    pub fn is_of_contract(self) -> bool {
        matches!(
            self,
            Self::CreditPayout
                | Self::Instalment
                | Self::Investment
                | Self::InvestmentInterest
                | Self::InvestmentRepayment
        )
    }

    /// Whether it takes an earlier entry back: then it names that, and nothing takes it back in its turn.
    #[must_use]
    pub fn is_reversal(self) -> bool {
        matches!(self, Self::Reversal | Self::DisbursementReturned)
    }
}

/// The caller's own name for an entry. Reference, date and poster together are unique in a tenant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExternalReference {
    /// What the caller calls it.
    pub reference: String,
    /// The caller's date of it.
    pub date: Option<NaiveDate>,
    /// Which of the caller's services posted it.
    pub poster: Option<String>,
    /// The caller's operation code.
    pub code: Option<String>,
}

impl ExternalReference {
    /// What is unique: the lengths keep "a","bc" and "ab","c" apart.
    #[must_use]
    pub fn key(&self) -> String {
        let date = self.date.map(|date| date.to_string()).unwrap_or_default();
        let poster = self.poster.as_deref().unwrap_or_default();
        format!("{}:{}|{date}|{poster}", self.reference.len(), self.reference)
    }
}

/// How a leg is spread over the components of an account, once the account is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// All of it on one component, whatever the account's rules say: corrections.
    On(Component),
    /// A credit repays what is owed in the order of the account's product, the rest is funds. A debit is
    /// taken from principal and needs available funds.
    Flow,
    /// A debit that is owed on this component, as far as free funds do not cover it, where the account keeps debts apart
    /// by component; where it does not (no debt allowed), it is taken from its funds.
    Charge(Component),
    /// A debit from principal whose cover was reserved by a hold, or is set aside for it.
    Reserved,
    /// What a card scheme has cleared, which is never refused: a debit from principal past any limit; where the account may
    /// owe nothing, what its free funds do not cover is a shortfall. A credit past any maximum.
    Cleared,
    /// Whatever brings every component to zero; the leg's amount is the account's whole balance.
    Settle,
    /// Of each component what a former system had on it; the leg's amount is the sum.
    Carried([Minor; Component::COUNT]),
}

/// One side of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leg {
    /// A customer's account.
    Account {
        /// Whose.
        account: AccountId,
        /// Signed: positive is in the customer's favour.
        amount: Minor,
        /// Over which components.
        spread: Spread,
        /// What this side is told.
        message: Option<String>,
    },
    /// An internal account of the tenant.
    Internal {
        /// Which.
        role: InternalRole,
        /// For whom it holds money, where that is not the tenant.
        party: Option<PartyId>,
        /// Signed.
        amount: Minor,
    },
}

/// An entry as asked for: balanced, its spread over components not yet decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it means.
    pub kind: TransactionKind,
    /// The one currency of all legs.
    pub currency: Currency,
    /// When it counts; the tenant's business date when absent.
    pub value_date: Option<NaiveDate>,
    /// When it was authorised or ordered, where that is another day.
    pub transaction_date: Option<NaiveDate>,
    /// For people.
    pub description: String,
    /// The caller's name for it.
    pub external: Option<ExternalReference>,
    /// What Konto notes of it.
    pub facts: EntryFacts,
    /// The same, of what is somebody's own business.
    pub personal: Personal,
    /// A JSON object of the caller's, as text.
    pub metadata: String,
    /// Its id, where others have to find it; made when absent.
    pub id: Option<EntryId>,
    /// Whether it is booked whatever is blocked: as its kind says, and what a scheme has cleared.
    pub passes_blocks: bool,
    /// Whether it comes from whoever keeps the items of the accounts that it touches: nobody else books on itemised ones.
    pub of_items: bool,
    /// Whether whoever posts it spreads what it brings over open items, so that it is not spread by itself.
    pub items_apart: bool,
    /// Whether a contract books it: it may touch the contract's own account.
    pub of_contract: bool,
    legs: Vec<Leg>,
}

impl Draft {
    /// A draft that moves `amount` from one side to the other.
    #[must_use]
    pub fn new(kind: TransactionKind, currency: Currency, description: String) -> Self {
        Self {
            kind,
            currency,
            value_date: None,
            transaction_date: None,
            description,
            external: None,
            facts: EntryFacts::default(),
            personal: Personal::default(),
            metadata: "{}".into(),
            id: None,
            passes_blocks: !kind.is_stopped_by_blocks(),
            of_items: false,
            items_apart: false,
            of_contract: false,
            legs: Vec::new(),
        }
    }

    /// Adds two legs that sum to zero: `amount` leaves `from` and arrives at `to`. Beside [`Draft::sharing`],
    /// [`Draft::parting`], [`Draft::netting`], [`Draft::carrying`] and [`Draft::owing`] the only way to add legs, so a draft that does not balance cannot be built.
    #[must_use]
    pub fn moving(mut self, from: Side, to: Side, amount: Minor) -> Self {
        self.legs.push(from.leg(amount.negated()));
        self.legs.push(to.leg(amount));
        self
    }

    /// Adds three legs that sum to zero: `amount` arrives at `to`, `part` of it from the one and the rest from the other.
    #[must_use]
    pub fn sharing(mut self, (one, part): (Side, Minor), other: Side, to: Side, amount: Minor) -> Self {
        let rest = Minor(amount.0 - part.0);
        for (from, share) in [(one, part), (other, rest)].into_iter().filter(|(_, share)| share.0 != 0) {
            self.legs.push(from.leg(share.negated()));
        }
        self.legs.push(to.leg(amount));
        self
    }

    /// Adds a leg for what leaves one side, and one for each part that arrives elsewhere: they sum to zero. Parts of nothing
    /// are left out.
    #[must_use]
    pub fn parting(mut self, from: Side, to: impl IntoIterator<Item = (Side, Minor)>) -> Self {
        let place = self.legs.len();
        let mut whole = 0;
        for (side, part) in to.into_iter().filter(|(_, part)| part.0 != 0) {
            whole += part.0;
            self.legs.push(side.leg(part));
        }
        self.legs.insert(place, from.leg(Minor(-whole)));
        self
    }

    /// A draft that sets an account's components off against each other: its balance is zero, and each of
    /// its components is afterwards.
    #[must_use]
    pub fn netting(account: AccountId, currency: Currency) -> Self {
        let mut draft = Self::new(TransactionKind::Adjustment, currency, "Components set off".into());
        draft.legs.push(Leg::Account { account, amount: Minor::ZERO, spread: Spread::Settle, message: None });
        draft
    }

    /// A draft that brings along what a former system had on an account. The debt in principal is owed to the account's
    /// party, where it has one.
    #[must_use]
    pub fn carrying(
        account: AccountId,
        parts: [Minor; Component::COUNT],
        owed_to: Option<PartyId>,
        currency: Currency,
    ) -> Self {
        let mut draft = Self::new(TransactionKind::MigratedBalance, currency, "Migrated balance".into());
        let amount = parts.iter().map(|part| part.0).sum();
        let owed = owed_to.map_or(0, |_| parts[Component::Principal.index()].0.min(0));
        let others = [(InternalRole::ClientMoney, owed_to, owed), (InternalRole::Migration, None, amount - owed)];
        for (role, party, part) in others.into_iter().filter(|(.., part)| *part != 0) {
            draft.legs.push(Leg::Internal { role, party, amount: Minor(-part) });
        }
        draft.legs.push(Leg::Account { account, amount: Minor(amount), spread: Spread::Carried(parts), message: None });
        draft
    }

    /// A draft that changes what an account owes without money: below zero, a part is taken in or raised; above, it is given
    /// up. The part in principal is the account's party's, where it has one; the rest stands against
    /// [`InternalRole::Receivables`].
    #[must_use]
    pub fn owing(
        account: AccountId,
        parts: [Minor; Component::COUNT],
        owed_to: Option<PartyId>,
        currency: Currency,
        description: String,
    ) -> Self {
        let mut draft = Self::new(TransactionKind::Receivable, currency, description);
        draft.of_items = true;
        let amount = parts.iter().map(|part| part.0).sum();
        let owed = owed_to.map_or(0, |_| parts[Component::Principal.index()].0);
        let others = [(InternalRole::ClientMoney, owed_to, owed), (InternalRole::Receivables, None, amount - owed)];
        for (role, party, part) in others.into_iter().filter(|(.., part)| *part != 0) {
            draft.legs.push(Leg::Internal { role, party, amount: Minor(-part) });
        }
        draft.legs.push(Leg::Account { account, amount: Minor(amount), spread: Spread::Carried(parts), message: None });
        draft
    }

    /// The legs.
    #[must_use]
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// The customer accounts that it touches.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.legs.iter().filter_map(|leg| match leg {
            Leg::Account { account, .. } => Some(*account),
            Leg::Internal { .. } => None,
        })
    }
}

/// One end of a movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// A customer's account.
    Account(AccountId, Spread, Option<String>),
    /// An internal account.
    Internal(InternalRole),
    /// Money that is held for a party.
    Party(InternalRole, PartyId),
}

impl Side {
    /// A customer's account, by its own rules.
    #[must_use]
    pub fn account(account: AccountId) -> Self {
        Self::Account(account, Spread::Flow, None)
    }

    fn leg(self, amount: Minor) -> Leg {
        match self {
            Self::Account(account, spread, message) => Leg::Account { account, amount, spread, message },
            Self::Internal(role) => Leg::Internal { role, party: None, amount },
            Self::Party(role, party) => Leg::Internal { role, party: Some(party), amount },
        }
    }
}

/// One line of an entry in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The row in the books.
    pub ledger_account: LedgerAccountId,
    /// The customer's account that owns the row, if one does.
    pub account: Option<AccountId>,
    /// Signed.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// On the first line of each account: its net amount in this entry, and its balance afterwards.
    pub total: Option<AccountTotal>,
    /// What this side was told.
    pub message: Option<String>,
}

impl Posting {
    /// Of a customer's account, which component.
    #[must_use]
    pub fn component(&self) -> Option<Component> {
        let (_, place) = self.ledger_account.component()?;
        Component::ALL.iter().copied().find(|component| component.index() == place)
    }
}

/// What of each line an entry did by itself: without what the books mirror of an account that belongs to a party, which
/// moves between the party's own ledger accounts and comes about again, as accounts then stand, when it is reversed. What
/// is left of a party's lines stands on the first of them. `party_of` tells whose a ledger account is.
#[must_use]
pub fn without_mirror(postings: &[Posting], party_of: impl Fn(LedgerAccountId) -> Option<PartyId>) -> Vec<i64> {
    let parties: Vec<Option<PartyId>> = postings.iter().map(|line| party_of(line.ledger_account)).collect();
    let own = |(place, line): (usize, &Posting)| match parties[place] {
        None => line.amount.0,
        Some(_) if parties[..place].contains(&parties[place]) => 0,
        party => postings.iter().zip(&parties).filter(|(_, of)| **of == party).map(|(line, _)| line.amount.0).sum(),
    };
    postings.iter().enumerate().map(own).collect()
}

/// An entry's effect on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountTotal {
    /// Net over the account's components.
    pub amount: Minor,
    /// The account's balance right after.
    pub balance_after: Minor,
}

/// An entry in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Gap-free per tenant, from 1.
    pub sequence: i64,
    /// Its id.
    pub id: EntryId,
    /// Its place in the log of events.
    pub event_sequence: i64,
    /// The command that booked it.
    pub command: i64,
    /// What it means.
    pub kind: TransactionKind,
    /// When it counts.
    pub value_date: NaiveDate,
    /// The tenant's business date when it was booked.
    pub business_date: NaiveDate,
    /// When it was authorised or ordered, where that is another day.
    pub transaction_date: Option<NaiveDate>,
    /// When it was booked.
    pub booked_at: Micros,
    /// For people.
    pub description: String,
    /// The caller's name for it.
    pub external: Option<ExternalReference>,
    /// The entry that it mirrors.
    pub reverses: Option<EntryId>,
    /// The hold that it captured.
    pub hold: Option<HoldId>,
    /// What Konto notes of it, as it is stored: see [`EntryFacts`].
    pub facts: Option<String>,
    /// The same, of what is somebody's own business: see [`Personal`]. Absent once it is erased.
    pub personal: Option<String>,
    /// What the digest has of that, and of the messages on the lines.
    pub seal: Option<Seal>,
    /// A JSON object of the caller's, as text.
    pub metadata: String,
    /// Its lines; never empty.
    pub postings: Vec<Posting>,
}

impl Entry {
    /// Checks once more, right before writing, that the postings sum to zero per currency.
    ///
    /// # Errors
    /// A refusal that callers cannot cause: it means a defect, and stops the entry.
    pub fn checked(self) -> Result<Arc<Self>, Refusal> {
        let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
        for posting in &self.postings {
            *sums.entry(posting.currency).or_default() += i128::from(posting.amount.0);
        }
        if self.postings.is_empty() || sums.values().any(|sum| *sum != 0) {
            return Err(Refusal::Unbalanced);
        }
        Ok(Arc::new(self))
    }

    /// What Konto notes of it.
    #[must_use]
    pub fn noted(&self) -> EntryFacts {
        self.facts.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The same, of what is somebody's own business; nothing once that is erased.
    #[must_use]
    pub fn personal(&self) -> Personal {
        self.personal.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// When it was authorised or ordered: the business date, unless it was another day.
    #[must_use]
    pub fn authorised_on(&self) -> NaiveDate {
        self.transaction_date.unwrap_or(self.business_date)
    }

    /// The messages on its lines, in their order.
    pub fn messages(&self) -> impl Iterator<Item = Option<&str>> + Clone {
        self.postings.iter().map(|line| line.message.as_deref())
    }

    /// The digest of everything that the entry says, postings included (of what is personal, its seal), in a form that does not depend on
    /// the engine: each field is its length and its bytes, so that no two entries share one text.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Fields::new();
        digest.number(self.sequence);
        digest.bytes(self.id.0.as_bytes());
        digest.number(self.event_sequence);
        digest.number(self.command);
        digest.text(self.kind.word());
        digest.text(&self.value_date.to_string());
        digest.text(&self.business_date.to_string());
        digest.optional(self.transaction_date.map(|date| date.to_string()).as_deref());
        digest.number(self.booked_at);
        digest.text(&self.description);
        let external = self.external.as_ref();
        digest.optional(external.map(|external| external.reference.as_str()));
        digest.optional(external.and_then(|external| external.date).map(|date| date.to_string()).as_deref());
        digest.optional(external.and_then(|external| external.poster.as_deref()));
        digest.optional(external.and_then(|external| external.code.as_deref()));
        digest.optional(self.reverses.map(|id| id.to_string()).as_deref());
        digest.optional(self.hold.map(|id| id.to_string()).as_deref());
        digest.optional(self.facts.as_deref());
        digest.bytes(self.seal.as_ref().map_or(&[][..], |seal| &seal.hash[..]));
        digest.text(&self.metadata);
        for posting in &self.postings {
            digest.bytes(posting.ledger_account.0.as_bytes());
            digest.optional(posting.account.map(|id| id.to_string()).as_deref());
            digest.number(posting.amount.0);
            digest.text(posting.currency.code());
            digest.optional(posting.total.map(|total| total.amount.0.to_string()).as_deref());
            digest.optional(posting.total.map(|total| total.balance_after.0.to_string()).as_deref());
        }
        digest.end()
    }
}

/// The chain's next link: everything that was, and the entries of the batch in order.
#[must_use]
pub fn chain(previous: &[u8], entry_digests: impl Iterator<Item = [u8; 32]>) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(previous);
    for entry in entry_digests {
        digest.update(entry);
    }
    digest.finalize().into()
}
