//! What the business day does with investments: bids whose time is over end.

use chrono::NaiveDate;
use futures_util::future::BoxFuture;

use super::bids::end;
use super::events::INVESTMENT_BID_EXPIRED;
use super::model::{InvestmentBid, InvestmentBidStatus};
use super::store;
use crate::database::Database;
use crate::jobs::by_id;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::work::{Decision, Wants, Work};

/// Ends the bids that were valid until a moment of the day, or of one before.
#[derive(Debug)]
pub struct ExpireBids;

impl Step for ExpireBids {
    const NAME: &'static str = "expireInvestmentBids";
    const PAGE: u64 = 200;

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let due = store::to_expire(db.reader(), tenant, day.day, by_id::after(after)?, Self::PAGE).await?;
            Ok(by_id::keys(due))
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        by_id::hint::<InvestmentBid>(key, wants);
    }

    fn books_on(day: &BusinessDay) -> Option<NaiveDate> {
        Some(day.next_day)
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let bid = by_id::row::<InvestmentBid>(work, key, "the key of a step is no bid")?;
        // Somebody was faster.
        if bid.status != InvestmentBidStatus::Open {
            return Ok(());
        }
        end(work, &bid, (InvestmentBidStatus::Expired, INVESTMENT_BID_EXPIRED), None).map(|_| ())
    }
}
