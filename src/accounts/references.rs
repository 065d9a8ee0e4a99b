//! Payment references of accounts: made when an account is opened, and given to those that were there before their
//! product had a rule, by a step of the business day.

use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::events;
use super::model::{Account, Product};
use super::store;
use crate::database::Database;
use crate::jobs::day::{BusinessDay, Step};
use crate::ledger::{AccountStatus, LedgerFault, Position};
use crate::primitives::references::ReferenceScheme;
use crate::primitives::{AccountId, ProductId, TenantId};
use crate::refused::Refused;
use crate::work::numbers::insert_made;
use crate::work::{Decision, Stop, Wants, Work};

/// A payment reference, from other bits of the account's id than its number. Of the few numbers that have no check digit,
/// the next one.
pub(super) fn made_reference(scheme: ReferenceScheme, id: Uuid, attempt: u128) -> Option<String> {
    let number = (id.as_u128() >> 8) + attempt * 7_919;
    (0..10).find_map(|next| scheme.make(number + next))
}

/// Gives references to the accounts of products that have come to a rule. One that has a reference keeps it; closed ones
/// get none: nobody pays to them any more.
#[derive(Debug)]
pub struct GiveReferences;

/// Of `product:account`.
fn of_key(key: &str) -> Option<(ProductId, AccountId)> {
    let (product, account) = key.split_once(':')?;
    Some((product.parse().ok()?, account.parse().ok()?))
}

impl Step for GiveReferences {
    const NAME: &'static str = "givePaymentReferences";

    fn due<'a>(
        db: &'a Database,
        tenant: TenantId,
        _day: &'a BusinessDay,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<String>, LedgerFault>> {
        Box::pin(async move {
            let after = after.map(|key| of_key(key).ok_or(LedgerFault::Inconsistent("cursor of a step")));
            let due = store::without_reference(db.reader(), tenant, after.transpose()?, Self::PAGE).await?;
            Ok(due.into_iter().map(|(product, account)| format!("{product}:{account}")).collect())
        })
    }

    fn looks_at(key: &str, wants: &mut Wants) {
        if let Some((product, account)) = of_key(key) {
            wants.row::<Product>(product);
            wants.row::<Account>(account);
            wants.row::<Position>(account);
        }
    }

    /// It books nothing.
    fn books_on(_day: &BusinessDay) -> Option<chrono::NaiveDate> {
        None
    }

    fn act(work: &mut Work, _day: &BusinessDay, key: &str) -> Decision<()> {
        let (_, id) = of_key(key).ok_or_else(|| Stop::damaged("the key of a step is no account"))?;
        let gone = || Stop::damaged("an account without its product");
        let (account, position) = (work.get::<Account>(id), work.position(id));
        let (account, position) = (account?.ok_or_else(gone)?, position?);
        let product = work.get::<Product>(account.product)?.ok_or_else(gone)?;
        let Some(scheme) = product.reference else { return Ok(()) };
        if account.payment_reference.is_some() || position.status == AccountStatus::Closed {
            return Ok(());
        }
        let account = insert_made(work, &["paymentReference"], |work, attempt| {
            let reference = made_reference(scheme, id.0, attempt);
            work.change::<Account, Refused>(id, |account| {
                account.payment_reference = reference;
                Ok(())
            })
        })?;
        if account.payment_reference.is_some() {
            work.tell(events::updated(&account));
        }
        Ok(())
    }
}
