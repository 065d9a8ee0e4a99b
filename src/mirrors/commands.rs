//! What gives accounts a source, and asks for a refresh.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ask::FIRST_PAUSE;
use super::events::{self, ACCOUNT_REFRESH_REQUESTED, ACCOUNT_SOURCE_REMOVED, ACCOUNT_SOURCE_SET};
use super::model::{AccountSource, Refresh, RefreshState};
use super::refusals::{NO_ACCOUNT_SOURCE, VIRTUAL_ACCOUNT_REQUIRED};
use crate::accounts::model::Family;
use crate::accounts::{Account, AccountBy};
use crate::events::webhooks::sign;
use crate::refused::{Facts, Refused};
use crate::sealing::Secret;
use crate::work::{Command, Decision, Named as _, Stop, Wants, Work};

/// Says where an account that is kept outside is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetAccountSource {
    /// Of which account.
    pub account: AccountBy,
    /// Where.
    pub url: String,
    /// Whether it signs with a new secret.
    pub new_secret: bool,
}

impl Command for SetAccountSource {
    const OPERATION: &'static str = "setAccountSource";
    type Made = AccountSource;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.account, wants);
    }

    /// Refused as: `NOT_FOUND`, `VIRTUAL_ACCOUNT_REQUIRED`, `ACCOUNT_NOT_OPEN` for a closed account, `INVALID_INPUT`, in this
    /// order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<AccountSource>> {
        let account = virtual_account(work, &self.account)?;
        work.position(account.id)?.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
        let id = AccountSource::id_of(account.id);
        let url = Some(self.url.clone());
        let source = match work.get::<AccountSource>(id)? {
            Some(before) => {
                let secret = match self.new_secret {
                    true => Secret(sign::secret(work.secret("source"))),
                    false => before.secret.clone(),
                };
                work.change::<AccountSource, Refused>(id, |source| {
                    (source.url, source.secret) = (url, secret);
                    *source = source.clone().checked()?;
                    Ok(())
                })?
            }
            None => {
                let source = AccountSource {
                    account: account.id,
                    ordinal: work.ordinal(),
                    url,
                    secret: Secret(sign::secret(work.secret("source"))),
                    last: None,
                    refresh: None,
                    refreshed_at: None,
                    balance: None,
                    set_at: work.now(),
                }
                .checked()?;
                work.insert(source)?
            }
        };
        work.tell(events::of_source(ACCOUNT_SOURCE_SET, &source));
        Ok(source)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Takes the source of an account away: what it has told stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveAccountSource {
    /// Of which account.
    pub account: AccountBy,
}

impl Command for RemoveAccountSource {
    const OPERATION: &'static str = "removeAccountSource";
    type Made = AccountSource;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.account, wants);
    }

    /// A refresh that is under way fails when it is asked next. Refused as: `NOT_FOUND`, `VIRTUAL_ACCOUNT_REQUIRED`,
    /// `NO_ACCOUNT_SOURCE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<AccountSource>> {
        let account = virtual_account(work, &self.account)?;
        let source = source_of(work, &account)?;
        let source = work.change::<AccountSource, Refused>(AccountSource::id_of(source.account), |source| {
            source.url = None;
            Ok(())
        })?;
        work.tell(events::of_source(ACCOUNT_SOURCE_REMOVED, &source));
        Ok(source)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Asks for the balance and the transactions of an account that is kept outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshAccount {
    /// Which account.
    pub account: AccountBy,
}

impl Command for RefreshAccount {
    const OPERATION: &'static str = "refreshAccount";
    type Made = Refresh;

    fn looks_at(&self, wants: &mut Wants) {
        hint(&self.account, wants);
    }

    /// One that is under way is the answer. Refused as: `NOT_FOUND`, `VIRTUAL_ACCOUNT_REQUIRED`, `NO_ACCOUNT_SOURCE`,
    /// `ACCOUNT_NOT_OPEN` for a closed account, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Refresh>> {
        let account = virtual_account(work, &self.account)?;
        let source = source_of(work, &account)?;
        let position = work.position(account.id)?;
        position.require_not_closed().map_err(Stop::from).named(&[(account.id, "account")])?;
        if let Some(under_way) = source.refresh {
            let found = work.get::<Refresh>(under_way)?;
            return found.ok_or_else(|| Stop::damaged("a refresh under way that is gone"));
        }
        let refresh = Refresh {
            id: work.id(),
            ordinal: work.ordinal(),
            account: account.id,
            currency: account.currency,
            state: RefreshState::Requested,
            pages: 0,
            attempts: 0,
            // Whoever asks has the source asked at once; the background looks after that.
            next_ask: Some(work.clock() + FIRST_PAUSE),
            taken: 0,
            known: 0,
            balance: None,
            difference: None,
            failure: None,
            requested_at: work.now(),
            ended_at: None,
        };
        let refresh = work.insert(refresh)?;
        let id = refresh.id;
        work.change::<AccountSource, Refused>(AccountSource::id_of(source.account), |source| {
            source.refresh = Some(id);
            Ok(())
        })?;
        work.tell(events::of_refresh(ACCOUNT_REFRESH_REQUESTED, &refresh));
        Ok(refresh)
    }

    fn weight(&self) -> usize {
        4
    }
}

fn hint(account: &AccountBy, wants: &mut Wants) {
    account.hint(wants);
    if let AccountBy::Id(id) = account {
        wants.row::<AccountSource>(AccountSource::id_of(*id));
    }
}

fn virtual_account(work: &mut Work, by: &AccountBy) -> Decision<Arc<Account>> {
    let account = by.locate(work, "account")?;
    if account.family != Family::Virtual {
        let message = "virtual accounts alone mirror an account that is kept outside";
        let facts = Box::new(Facts { account: Some(account.id), ..Facts::default() });
        let refused = Refused::of_field(VIRTUAL_ACCOUNT_REQUIRED, "account", message);
        return Err(Refused { facts, ..refused }.into());
    }
    Ok(account)
}

/// The source of an account that can be asked.
fn source_of(work: &mut Work, account: &Account) -> Decision<Arc<AccountSource>> {
    let found = work.get::<AccountSource>(AccountSource::id_of(account.id))?;
    let message = "the account has no source that could be asked";
    found
        .filter(|source| source.url.is_some())
        .ok_or_else(|| Refused::of_field(NO_ACCOUNT_SOURCE, "account", message).into())
}
