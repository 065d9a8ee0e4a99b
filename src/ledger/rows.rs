//! The books' rows as commands look at and change them.

use uuid::Uuid;

use super::charity::CharityRule;
use super::chart::{Component, InternalRole};
use super::fault::LedgerFault;
use super::hold::{Counted, Hold, HoldStatus};
use super::position::{AccountStatus, Arriving, DebtRule, ItemOrder, Position, RepaymentOrder};
use super::restrictions::Restrictions;
use super::ties::Ties;
use crate::primitives::{AccountId, CardId, Currency, EntryId, HoldId, LedgerAccountId, Minor, PartyId, TenantId};
use crate::work::row::{Index, Row, Table};
use entity::{account_position, hold, internal_account, reversed_entry};

/// What a card network calls a reservation: the same message twice is one.
pub static NETWORK_REFERENCE: Index = Index {
    table: Table::Hold,
    column: "network_reference",
    field: "networkReference",
    what: "the network's reference",
};

pub(crate) fn known<T>(value: Option<T>, what: &'static str) -> Result<T, LedgerFault> {
    value.ok_or(LedgerFault::Inconsistent(what))
}

pub(crate) fn known_currency(code: &str) -> Result<Currency, LedgerFault> {
    code.parse().map_err(|_| LedgerFault::Inconsistent("currency"))
}

impl Row for Position {
    type Id = AccountId;
    type Entity = account_position::Entity;

    const TABLE: Table = Table::Position;
    const WHAT: &'static str = "account";

    fn id(&self) -> AccountId {
        self.account
    }

    fn to_model(&self, tenant: TenantId) -> account_position::Model {
        account_position::Model {
            tenant_id: tenant.0,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            party_id: self.party.map(|party| party.0),
            status: self.status.word().into(),
            closed_on: self.closed_on,
            debt_rule: self.debt_rule.word().into(),
            repayment_order: self.repayment_order.to_text(),
            credit_limit_minor: self.credit_limit.0,
            maximum_balance_minor: self.maximum_balance.map(|maximum| maximum.0),
            reserved_minor: self.reserved.0,
            principal_minor: self.balances[Component::Principal.index()].0,
            interest_minor: self.balances[Component::Interest.index()].0,
            fee_minor: self.balances[Component::Fee.index()].0,
            shortfall_minor: self.balances[Component::Shortfall.index()].0,
            arriving: self.arriving.to_text(),
            restrictions: self.restrictions.to_text(),
            charity: self.charity.map(CharityRule::to_text),
            itemised: self.itemised,
            item_order: self.items.map(|order| order.word().into()),
            ties: self.ties.to_text(),
        }
    }

    fn from_model(row: account_position::Model) -> Result<Self, LedgerFault> {
        let mut balances = [Minor::ZERO; Component::COUNT];
        balances[Component::Principal.index()] = Minor(row.principal_minor);
        balances[Component::Interest.index()] = Minor(row.interest_minor);
        balances[Component::Fee.index()] = Minor(row.fee_minor);
        balances[Component::Shortfall.index()] = Minor(row.shortfall_minor);
        Ok(Self {
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            party: row.party_id.map(PartyId),
            balances,
            status: known(AccountStatus::from_word(&row.status), "status of an account")?,
            closed_on: row.closed_on,
            debt_rule: known(DebtRule::from_word(&row.debt_rule), "debt rule")?,
            repayment_order: known(RepaymentOrder::from_text(&row.repayment_order), "repayment order")?,
            credit_limit: Minor(row.credit_limit_minor),
            maximum_balance: row.maximum_balance_minor.map(Minor),
            reserved: Minor(row.reserved_minor),
            arriving: known(Arriving::from_text(row.arriving.as_deref()), "what is arriving")?,
            restrictions: known(Restrictions::from_text(row.restrictions.as_deref()), "what restricts an account")?,
            charity: row
                .charity
                .as_deref()
                .map(|rule| known(CharityRule::from_text(rule), "what is given to charity"))
                .transpose()?,
            itemised: row.itemised,
            items: row
                .item_order
                .as_deref()
                .map(|order| known(ItemOrder::from_word(order), "order of items"))
                .transpose()?,
            ties: known(Ties::from_text(row.ties.as_deref()), "what hangs on an account")?,
        })
    }

    fn changes(column: &str) -> bool {
        !matches!(column, "currency" | "debt_rule" | "repayment_order" | "maximum_balance_minor")
    }
}

/// A ledger account of the tenant's own, or one that holds money for a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Internal {
    /// Its id: see [`Internal::id_of`].
    pub id: LedgerAccountId,
    /// What it is for.
    pub role: InternalRole,
    /// In which currency.
    pub currency: Currency,
    /// Whose money it holds, where that is not the tenant's.
    pub party: Option<PartyId>,
    /// Its balance.
    pub balance: i64,
}

impl Internal {
    /// The id of an internal account: a digest of what it is, so that it can be found without being looked for.
    #[must_use]
    pub fn id_of(tenant: TenantId, role: InternalRole, currency: Currency, party: Option<PartyId>) -> LedgerAccountId {
        use sha2::{Digest as _, Sha256};
        let mut digest = Sha256::new();
        digest.update(tenant.0.as_bytes());
        digest.update(currency.code().as_bytes());
        digest.update(party.map_or(Uuid::nil(), |party| party.0).as_bytes());
        digest.update(role.word().as_bytes());
        let digest: [u8; 32] = digest.finalize().into();
        LedgerAccountId::of_digest(std::array::from_fn(|place| digest[place]))
    }
}

impl Row for Internal {
    type Id = LedgerAccountId;
    type Entity = internal_account::Entity;

    const TABLE: Table = Table::Internal;
    const WHAT: &'static str = "ledger account";

    fn id(&self) -> LedgerAccountId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> internal_account::Model {
        internal_account::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            role: self.role.word().into(),
            currency: self.currency.code().into(),
            party_id: self.party.map(|party| party.0),
            balance_minor: self.balance,
        }
    }

    fn from_model(row: internal_account::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: LedgerAccountId(row.id),
            role: known(InternalRole::from_word(&row.role), "internal role")?,
            currency: known_currency(&row.currency)?,
            party: row.party_id.map(PartyId),
            balance: row.balance_minor,
        })
    }

    fn changes(column: &str) -> bool {
        column == "balance_minor"
    }
}

impl Row for Hold {
    type Id = HoldId;
    type Entity = hold::Entity;

    const TABLE: Table = Table::Hold;
    const WHAT: &'static str = "hold";

    fn id(&self) -> HoldId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> hold::Model {
        hold::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            captured_minor: self.captured.0,
            status: self.status.word().into(),
            description: self.description.clone(),
            reference: self.reference.clone(),
            card_id: self.card.map(|card| card.0),
            network_reference: self.network_reference.clone(),
            point_of_sale: self.point_of_sale.clone(),
            counted: self.counted.to_text(),
            placed_at_us: self.placed_at,
            expires_at_us: self.expires_at,
            closed_at_us: self.closed_at,
        }
    }

    fn from_model(row: hold::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: HoldId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            captured: Minor(row.captured_minor),
            status: known(HoldStatus::from_word(&row.status), "status of a hold")?,
            description: row.description,
            reference: row.reference,
            card: row.card_id.map(CardId),
            network_reference: row.network_reference,
            point_of_sale: row.point_of_sale,
            counted: known(Counted::from_text(row.counted.as_deref()), "what a hold counts")?,
            placed_at: row.placed_at_us,
            expires_at: row.expires_at_us,
            closed_at: row.closed_at_us,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        self.network_reference.as_deref().map(|reference| (&NETWORK_REFERENCE, reference)).into_iter().collect()
    }

    fn changes(column: &str) -> bool {
        matches!(column, "amount_minor" | "captured_minor" | "status" | "counted" | "expires_at_us" | "closed_at_us")
    }
}

/// How much of an entry has been reversed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// Which entry.
    pub entry: EntryId,
    /// Of each of its lines, what was taken back: signed like the line.
    pub lines: Vec<i64>,
    /// Whether nothing is left to reverse.
    pub complete: bool,
    /// The entry that reversed the last part.
    pub last: EntryId,
}

impl Row for Reversed {
    type Id = EntryId;
    type Entity = reversed_entry::Entity;

    const TABLE: Table = Table::Reversed;
    const WHAT: &'static str = "reversal";

    fn id(&self) -> EntryId {
        self.entry
    }

    fn to_model(&self, tenant: TenantId) -> reversed_entry::Model {
        reversed_entry::Model {
            tenant_id: tenant.0,
            entry_id: self.entry.0,
            lines: self.lines.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
            complete: self.complete,
            last_reversal_id: self.last.0,
        }
    }

    fn from_model(row: reversed_entry::Model) -> Result<Self, LedgerFault> {
        let lines = row.lines.split(',').map(|line| line.parse().ok()).collect::<Option<Vec<i64>>>();
        Ok(Self {
            entry: EntryId(row.entry_id),
            lines: known(lines, "lines of a reversal")?,
            complete: row.complete,
            last: EntryId(row.last_reversal_id),
        })
    }
}
