//! Rows of investments.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use super::model::{
    InvestmentBid, InvestmentBidStatus, InvestmentDistribution, InvestmentOffer, InvestmentOfferStatus,
    InvestmentPosition, MOST_BIDS,
};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::{Page, Query};
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, InvestmentBidId, InvestmentDistributionId, InvestmentOfferId, InvestmentPositionId, Minor, TenantId,
};
use crate::refused::Refused;
use crate::work::row::{Index, Row, Set, Table};
use crate::work::{Decision, Owned, Wants, Work, read};
use entity::{investment_bid, investment_distribution, investment_offer, investment_position};

/// An offer's code.
pub static CODE: Index = Index { table: Table::InvestmentOffer, column: "code", field: "code", what: "the code" };

/// The bids on an offer that have not ended, in the order of placing.
pub static OPEN_ON: &Set<InvestmentBid> = &BIDS[0];
/// The bids of an account to which something was written. Loaded only where a customer is erased.
pub static WRITTEN: &Set<InvestmentBid> = &BIDS[1];

static BIDS: [Set<InvestmentBid>; 2] = [
    Set {
        name: "open_on",
        owner: "offer_id",
        condition: "found.status = 'OPEN'",
        owner_of: |bid| (bid.status == InvestmentBidStatus::Open).then_some(bid.offer.0),
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: MOST_BIDS,
    },
    Set {
        name: "written",
        owner: "account_id",
        condition: "(found.note IS NOT NULL OR found.message IS NOT NULL OR found.additional_data IS NOT NULL \
                    OR found.reason IS NOT NULL)",
        owner_of: |bid| {
            let written = [&bid.note, &bid.message, &bid.additional_data, &bid.reason];
            written.iter().any(|text| text.is_some()).then_some(bid.account.0)
        },
        order: |one, other| one.ordinal.cmp(&other.ordinal),
        bound: 100_000,
    },
];

/// The positions of an offer on which something is outstanding, in the order in which they were taken.
pub static OUTSTANDING: Set<InvestmentPosition> = Set {
    name: "outstanding",
    owner: "offer_id",
    condition: "found.repaid_minor < found.invested_minor",
    owner_of: |position| (position.outstanding() > Minor::ZERO).then_some(position.offer.0),
    order: |one, other| one.ordinal.cmp(&other.ordinal),
    bound: MOST_BIDS,
};

fn rate_of(text: &str) -> Result<Decimal, LedgerFault> {
    known(text.parse().ok(), "rate of an investment")
}

impl Row for InvestmentOffer {
    type Id = InvestmentOfferId;
    type Entity = investment_offer::Entity;

    const TABLE: Table = Table::InvestmentOffer;
    const WHAT: &'static str = "investment offer";

    fn id(&self) -> InvestmentOfferId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> investment_offer::Model {
        investment_offer::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            code: self.code.clone(),
            name: self.name.clone(),
            issuer_id: self.issuer.0,
            currency: self.currency.code().into(),
            sought_minor: self.sought.0,
            minimum_rate: self.minimum_rate.to_string(),
            maximum_rate: self.maximum_rate.to_string(),
            term_months: i32::try_from(self.term_months).unwrap_or(i32::MAX),
            deadline: self.deadline,
            status: self.status.word().into(),
            rate: self.rate.map(|rate| rate.to_string()),
            invested_minor: self.invested.0,
            repaid_minor: self.repaid.0,
            interest_minor: self.interest.0,
            created_at_us: self.created_at,
            allocated_on: self.allocated_on,
            closed_on: self.closed_on,
        }
    }

    fn from_model(row: investment_offer::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InvestmentOfferId(row.id),
            ordinal: row.ordinal,
            code: row.code,
            name: row.name,
            issuer: AccountId(row.issuer_id),
            currency: known_currency(&row.currency)?,
            sought: Minor(row.sought_minor),
            minimum_rate: rate_of(&row.minimum_rate)?,
            maximum_rate: rate_of(&row.maximum_rate)?,
            term_months: known(u32::try_from(row.term_months).ok(), "term of an offer")?,
            deadline: row.deadline,
            status: known(InvestmentOfferStatus::from_word(&row.status), "status of an offer")?,
            rate: row.rate.as_deref().map(rate_of).transpose()?,
            invested: Minor(row.invested_minor),
            repaid: Minor(row.repaid_minor),
            interest: Minor(row.interest_minor),
            created_at: row.created_at_us,
            allocated_on: row.allocated_on,
            closed_on: row.closed_on,
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&CODE, &self.code)]
    }

    fn changes(column: &str) -> bool {
        matches!(
            column,
            "status" | "rate" | "invested_minor" | "repaid_minor" | "interest_minor" | "allocated_on" | "closed_on"
        )
    }
}

impl Owned for InvestmentOffer {
    /// What is offered is nobody's secret.
    fn is_visible(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

impl Row for InvestmentBid {
    type Id = InvestmentBidId;
    type Entity = investment_bid::Entity;

    const TABLE: Table = Table::InvestmentBid;
    const WHAT: &'static str = "bid";

    fn id(&self) -> InvestmentBidId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> investment_bid::Model {
        investment_bid::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            offer_id: self.offer.0,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            amount_minor: self.amount.0,
            accepted_minor: self.accepted.0,
            valid_until_us: self.valid_until,
            expires_on: self.expires_on,
            minimum_rate: self.minimum_rate.map(|rate| rate.to_string()),
            maximum_rate: self.maximum_rate.map(|rate| rate.to_string()),
            minimum_amount_minor: self.minimum_amount.map(|amount| amount.0),
            maximum_amount_minor: self.maximum_amount.map(|amount| amount.0),
            note: self.note.clone(),
            message: self.message.clone(),
            additional_data: self.additional_data.clone(),
            status: self.status.word().into(),
            reason: self.reason.clone(),
            placed_at_us: self.placed_at,
            ended_at_us: self.ended_at,
        }
    }

    fn from_model(row: investment_bid::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InvestmentBidId(row.id),
            ordinal: row.ordinal,
            offer: InvestmentOfferId(row.offer_id),
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            amount: Minor(row.amount_minor),
            accepted: Minor(row.accepted_minor),
            valid_until: row.valid_until_us,
            expires_on: row.expires_on,
            minimum_rate: row.minimum_rate.as_deref().map(rate_of).transpose()?,
            maximum_rate: row.maximum_rate.as_deref().map(rate_of).transpose()?,
            minimum_amount: row.minimum_amount_minor.map(Minor),
            maximum_amount: row.maximum_amount_minor.map(Minor),
            note: row.note,
            message: row.message,
            additional_data: row.additional_data,
            status: known(InvestmentBidStatus::from_word(&row.status), "status of a bid")?,
            reason: row.reason,
            placed_at: row.placed_at_us,
            ended_at: row.ended_at_us,
        })
    }

    fn sets() -> &'static [Set<Self>] {
        &BIDS
    }

    fn changes(column: &str) -> bool {
        matches!(
            column,
            "accepted_minor" | "note" | "message" | "additional_data" | "status" | "reason" | "ended_at_us"
        )
    }
}

impl Owned for InvestmentBid {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for InvestmentPosition {
    type Id = InvestmentPositionId;
    type Entity = investment_position::Entity;

    const TABLE: Table = Table::InvestmentPosition;
    const WHAT: &'static str = "investment";

    fn id(&self) -> InvestmentPositionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> investment_position::Model {
        investment_position::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            bid_id: self.bid.0,
            offer_id: self.offer.0,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            invested_minor: self.invested.0,
            repaid_minor: self.repaid.0,
            interest_minor: self.interest.0,
            rate: self.rate.to_string(),
            opened_on: self.opened_on,
        }
    }

    fn from_model(row: investment_position::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InvestmentPositionId(row.id),
            ordinal: row.ordinal,
            bid: InvestmentBidId(row.bid_id),
            offer: InvestmentOfferId(row.offer_id),
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            invested: Minor(row.invested_minor),
            repaid: Minor(row.repaid_minor),
            interest: Minor(row.interest_minor),
            rate: rate_of(&row.rate)?,
            opened_on: row.opened_on,
        })
    }

    fn sets() -> &'static [Set<Self>] {
        std::slice::from_ref(&OUTSTANDING)
    }

    fn changes(column: &str) -> bool {
        matches!(column, "repaid_minor" | "interest_minor")
    }
}

impl Row for InvestmentDistribution {
    type Id = InvestmentDistributionId;
    type Entity = investment_distribution::Entity;

    const TABLE: Table = Table::InvestmentDistribution;
    const WHAT: &'static str = "distribution";

    fn id(&self) -> InvestmentDistributionId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> investment_distribution::Model {
        investment_distribution::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            offer_id: self.offer.0,
            currency: self.currency.code().into(),
            interest_minor: self.interest.0,
            repayment_minor: self.repayment.0,
            paid_on: self.paid_on,
            paid_at_us: self.paid_at,
        }
    }

    fn from_model(row: investment_distribution::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: InvestmentDistributionId(row.id),
            ordinal: row.ordinal,
            offer: InvestmentOfferId(row.offer_id),
            currency: known_currency(&row.currency)?,
            interest: Minor(row.interest_minor),
            repayment: Minor(row.repayment_minor),
            paid_on: row.paid_on,
            paid_at: row.paid_at_us,
        })
    }

    fn changes(_column: &str) -> bool {
        false
    }
}

impl Owned for InvestmentDistribution {
    /// Who may distribute sees what was.
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        Ok(work.origin().customer.is_none())
    }
}

// ---------------------------------------------------------------------------------------------------- by name

/// How an offer is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferBy {
    /// By Konto's id.
    Id(InvestmentOfferId),
    /// By its code.
    Code(String),
}

impl OfferBy {
    /// What is looked up to find it.
    pub fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Id(id) => wants.row::<InvestmentOffer>(*id),
            Self::Code(code) => wants.unique::<InvestmentOffer>(&CODE, code),
        }
    }

    /// The offer that an input field names.
    ///
    /// # Errors
    /// `NOT_FOUND` for the field.
    pub fn locate(&self, work: &mut Work, field: &str) -> Decision<Arc<InvestmentOffer>> {
        let found = match self {
            Self::Id(id) => work.get::<InvestmentOffer>(*id)?,
            Self::Code(code) => work.find::<InvestmentOffer>(&CODE, code)?,
        };
        found.ok_or_else(|| Refused::not_found(field, "investment offer").into())
    }
}

// ------------------------------------------------------------------------------------------------------ lists

/// An offer, if the tenant has it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn offer(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    by: &OfferBy,
) -> Result<Option<InvestmentOffer>, LedgerFault> {
    let found = match by {
        OfferBy::Id(id) => read::by_ids(db, tenant, &[*id]).await?,
        OfferBy::Code(code) => read::by_unique(db, tenant, &CODE, &[code]).await?,
    };
    Ok(found.into_iter().next())
}

/// Which offers to list.
#[derive(Clone, Debug, Default)]
pub struct OfferFilter {
    /// Only of this issuer.
    pub issuer: Option<AccountId>,
    /// Only in these states; in all when empty.
    pub statuses: Vec<InvestmentOfferStatus>,
}

/// Offers, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn offers(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &OfferFilter,
    page: Page<i64>,
) -> Result<Vec<InvestmentOffer>, LedgerFault> {
    let mut query = read::select::<InvestmentOffer>(tenant);
    if let Some(issuer) = filter.issuer {
        query.and("issuer_id = ", issuer.0.into());
    }
    if !filter.statuses.is_empty() {
        query.and_any("status", filter.statuses.iter().map(|status| status.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// Which bids to list.
#[derive(Clone, Debug, Default)]
pub struct BidFilter {
    /// Only of these accounts; of all when absent.
    pub accounts: Option<Vec<AccountId>>,
    /// Only on this offer.
    pub offer: Option<InvestmentOfferId>,
    /// Only in these states; in all when empty.
    pub statuses: Vec<InvestmentBidStatus>,
}

/// Bids, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn bids(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &BidFilter,
    page: Page<i64>,
) -> Result<Vec<InvestmentBid>, LedgerFault> {
    let mut query = read::select::<InvestmentBid>(tenant);
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if let Some(offer) = filter.offer {
        query.and("offer_id = ", offer.0.into());
    }
    if !filter.statuses.is_empty() {
        query.and_any("status", filter.statuses.iter().map(|status| status.word().into()).collect());
    }
    read::page(db, query, true, page).await
}

/// Which positions to list.
#[derive(Clone, Debug, Default)]
pub struct PositionFilter {
    /// Only of these accounts; of all when absent.
    pub accounts: Option<Vec<AccountId>>,
    /// Only in this offer.
    pub offer: Option<InvestmentOfferId>,
    /// Only those on which something is outstanding, or only the others.
    pub outstanding: Option<bool>,
}

/// Positions, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn positions(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    filter: &PositionFilter,
    page: Page<i64>,
) -> Result<Vec<InvestmentPosition>, LedgerFault> {
    let mut query = read::select::<InvestmentPosition>(tenant);
    if let Some(accounts) = &filter.accounts {
        query.and_any("account_id", accounts.iter().map(|account| account.0.into()).collect());
    }
    if let Some(offer) = filter.offer {
        query.and("offer_id = ", offer.0.into());
    }
    match filter.outstanding {
        Some(true) => query.and_raw("repaid_minor < invested_minor"),
        Some(false) => query.and_raw("repaid_minor >= invested_minor"),
        None => {}
    }
    read::page(db, query, true, page).await
}

/// What was distributed of an offer, the newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn distributions(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    offer: InvestmentOfferId,
    page: Page<i64>,
) -> Result<Vec<InvestmentDistribution>, LedgerFault> {
    let mut query = read::select::<InvestmentDistribution>(tenant);
    query.and("offer_id = ", offer.0.into());
    read::page(db, query, true, page).await
}

/// Bids that stand and whose time is over by the end of a day, by their ids.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_expire(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<InvestmentBidId>,
    most: u64,
) -> Result<Vec<InvestmentBidId>, LedgerFault> {
    let mut query = Query::new("SELECT id FROM investment_bid WHERE tenant_id = ", tenant);
    query.and_raw("status = 'OPEN'");
    query.and("expires_on <= ", day.into());
    query.page("id", false, after.map(|id| id.0.into()), None, false, most);
    query.all(db).await?.iter().map(|row| Ok(InvestmentBidId(row.try_get("", "id")?))).collect()
}
