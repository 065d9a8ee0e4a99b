//! What changes who takes part in accounts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    LINK, MOST_OF_ACCOUNT, MOST_OF_CUSTOMER, Participant, ParticipantRole, of_account, of_customer, refused,
    require_not_closed,
};
use crate::accounts::events::{self, ACCOUNT_PARTICIPANT_ADDED, ACCOUNT_PARTICIPANT_REMOVED};
use crate::accounts::model::Account;
use crate::accounts::refusals::PARTICIPANT_REFUSED;
use crate::accounts::store::AccountBy;
use crate::customers::CustomerBy;
use crate::refused::{Facts, Refused};
use crate::work::{Command, Decision, Stop, Wants, Work};

/// Lets a customer take part in an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddAccountParticipant {
    /// In which.
    pub account: AccountBy,
    /// Who.
    pub customer: CustomerBy,
    /// As what.
    pub role: ParticipantRole,
}

impl Command for AddAccountParticipant {
    const OPERATION: &'static str = "addAccountParticipant";
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.customer.hint(wants);
    }

    /// Refused as: `NOT_FOUND` (account, then customer, which may also have been erased or merged), `PARTICIPANT_REFUSED`
    /// for a closed account, for what its owner is anyway and for more than there may be, `DUPLICATE_REFERENCE`, in this
    /// order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let account = self.account.locate(work, "account")?;
        let customer = self.customer.locate(work, "customer")?;
        require_not_closed(&*work.position(account.id)?)?;
        if customer.id == account.owner && !self.role.fits_owner() {
            return Err(refused("role", "the customer owns the account", None).into());
        }
        let there = of_account(work, account.id);
        let (there, takes_part) = (there, of_customer(work, customer.id));
        let too_many = |field: &str, most: usize| {
            let facts = Facts { maximum_count: i32::try_from(most).ok(), ..Facts::default() };
            let message = format!("at most {most}");
            Stop::from(Refused { facts: Box::new(facts), ..Refused::of_field(PARTICIPANT_REFUSED, field, message) })
        };
        if there?.len() >= MOST_OF_ACCOUNT {
            return Err(too_many("account", MOST_OF_ACCOUNT));
        }
        if takes_part?.len() >= MOST_OF_CUSTOMER {
            return Err(too_many("customer", MOST_OF_CUSTOMER));
        }
        let participant = Participant {
            id: work.id(),
            ordinal: work.ordinal(),
            account: account.id,
            customer: customer.id,
            role: self.role,
            link: Participant::link_of(account.id, customer.id, self.role),
            created_at: work.now(),
        };
        let participant = work.insert(participant)?;
        for event in events::of_participant(ACCOUNT_PARTICIPANT_ADDED, &participant) {
            work.tell(event);
        }
        Ok(account)
    }

    fn weight(&self) -> usize {
        5
    }
}

/// Lets a customer take part in an account no longer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveAccountParticipant {
    /// In which.
    pub account: AccountBy,
    /// Who.
    pub customer: CustomerBy,
    /// As what.
    pub role: ParticipantRole,
}

impl Command for RemoveAccountParticipant {
    const OPERATION: &'static str = "removeAccountParticipant";
    type Made = Account;

    fn looks_at(&self, wants: &mut Wants) {
        self.account.hint(wants);
        self.customer.hint(wants);
    }

    /// Refused as: `NOT_FOUND` (account, then customer, then that it takes part as this).
    fn decide(&self, work: &mut Work) -> Decision<Arc<Account>> {
        let account = self.account.locate(work, "account")?;
        let customer = self.customer.locate(work, "customer")?;
        let link = Participant::link_of(account.id, customer.id, self.role);
        let found = work.find::<Participant>(&LINK, &link)?;
        let found = found.ok_or_else(|| Refused::not_found("role", "participant"))?;
        work.remove::<Participant>(found.id)?;
        for event in events::of_participant(ACCOUNT_PARTICIPANT_REMOVED, &found) {
            work.tell(event);
        }
        Ok(account)
    }

    fn weight(&self) -> usize {
        5
    }
}
