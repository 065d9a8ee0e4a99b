//! What takes addresses out of use and puts them back, and what marks them as undeliverable.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actions::AddressAction;
use super::commands::remove_overlapped;
use super::events::{self, ADDRESS_ACTIVATED, ADDRESS_DEACTIVATED, ADDRESS_INVALIDATED};
use super::model::{Address, AddressStatus};
use super::store::Named;
use crate::refused::Refused;
use crate::work::{Command, Decision, Wants, Work};

/// Puts an address back in use: on its days it is in force, and a temporary one removes those that it overlaps.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActivateAddress {
    /// Which.
    pub address: Named,
}

impl Command for ActivateAddress {
    const OPERATION: &'static str = "activateAddress";
    type Made = Address;

    fn looks_at(&self, wants: &mut Wants) {
        self.address.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let found = self.address.locate(work)?;
        AddressAction::Activate.check(&found)?;
        let address = work.change::<Address, Refused>(found.id, |address| {
            (address.status, address.out_of_use_since) = (AddressStatus::Active, None);
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_ACTIVATED, &address));
        remove_overlapped(work, &address)?;
        Ok(address)
    }

    fn weight(&self) -> usize {
        4
    }
}

/// Takes an address out of use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeactivateAddress {
    /// Which.
    pub address: Named,
}

impl Command for DeactivateAddress {
    const OPERATION: &'static str = "deactivateAddress";
    type Made = Address;

    fn looks_at(&self, wants: &mut Wants) {
        self.address.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE`, `MAIN_POSTAL_ADDRESS_STAYS`, `ADDRESS_HAS_USAGES`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let found = self.address.locate(work)?;
        AddressAction::Deactivate.check(&found)?;
        let today = work.today();
        let address = work.change::<Address, Refused>(found.id, |address| {
            address.end_use(AddressStatus::Inactive, today);
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_DEACTIVATED, &address));
        Ok(address)
    }

    fn weight(&self) -> usize {
        3
    }
}

/// Marks an address as undeliverable. It stays in use: who sends a letter decides what the mark is worth.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvalidateAddress {
    /// Which.
    pub address: Named,
}

impl Command for InvalidateAddress {
    const OPERATION: &'static str = "invalidateAddress";
    type Made = Address;

    fn looks_at(&self, wants: &mut Wants) {
        self.address.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` (removed), `ADDRESS_NOT_POSTAL`, `ADDRESS_NOT_PERMANENT`, `INVALID_STATE`
    /// (marked already), in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Address>> {
        let found = self.address.locate(work)?;
        AddressAction::Invalidate.check(&found)?;
        let address = work.change::<Address, Refused>(found.id, |address| {
            address.invalid = true;
            Ok(())
        })?;
        work.tell(events::of(ADDRESS_INVALIDATED, &address));
        Ok(address)
    }

    fn weight(&self) -> usize {
        3
    }
}
