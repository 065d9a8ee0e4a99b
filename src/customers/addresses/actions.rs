//! What can be done with an address now, and why the rest cannot: the same rules that the commands are decided by.

use super::model::{Address, AddressStatus, AddressType};
use super::refusals::{
    ADDRESS_HAS_USAGES, ADDRESS_NOT_PERMANENT, ADDRESS_NOT_POSTAL, ADDRESS_USAGE_NOT_FOUND, MAIN_POSTAL_ADDRESS_STAYS,
};
use crate::refused::{Facts, INVALID_STATE, RefusalCode, Refused};

crate::words! {
    /// An operation on an address.
    AddressAction {
        /// `updateAddress`.
        Update = "UPDATE",
        /// `activateAddress`.
        Activate = "ACTIVATE",
        /// `deactivateAddress`.
        Deactivate = "DEACTIVATE",
        /// `invalidateAddress`.
        Invalidate = "INVALIDATE",
        /// `addAddressUsage`.
        AddUsage = "ADD_USAGE",
        /// `removeAddressUsage`.
        RemoveUsage = "REMOVE_USAGE",
    }
}

impl AddressAction {
    /// Whether it can be done with the address, as that stands.
    ///
    /// # Errors
    /// The refusal: of the state first, then of what the address is.
    pub fn check(self, address: &Address) -> Result<(), Refused> {
        use AddressStatus::{Active, Inactive, Removed};
        let state = |may: bool, message: &str| {
            if may {
                return Ok(());
            }
            let facts = Box::new(Facts { status: Some(address.status.word()), ..Facts::default() });
            Err(Refused { facts, ..refused(INVALID_STATE, message) })
        };
        let rule = |may: bool, code: RefusalCode, message: &str| if may { Ok(()) } else { Err(refused(code, message)) };
        let is_there = |message: &str| state(address.status != Removed, message);
        match self {
            Self::Update => is_there("the address was removed"),
            Self::Activate => {
                state(address.status == Inactive, "only an address that is out of use is put back in use")
            }
            Self::Deactivate => {
                state(address.status.leads_to(Inactive), "only an address in use is taken out of use")?;
                let message = "the main postal address stays in use: add a new version of it";
                rule(!address.is_main(), MAIN_POSTAL_ADDRESS_STAYS, message)?;
                rule(
                    address.usages.is_empty(),
                    ADDRESS_HAS_USAGES,
                    "the address is still used: remove its usages first",
                )
            }
            Self::Invalidate => {
                is_there("the address was removed")?;
                let is_postal = address.type_ == AddressType::Postal;
                rule(is_postal, ADDRESS_NOT_POSTAL, "only a postal address can be undeliverable")?;
                let message = "a temporary address ends by itself: only a permanent one can be undeliverable";
                rule(!address.is_temporary(), ADDRESS_NOT_PERMANENT, message)?;
                state(!address.invalid, "the address is known to be undeliverable")
            }
            Self::AddUsage => state(address.status == Active, "only an address in use is used for something"),
            Self::RemoveUsage => {
                is_there("the address was removed")?;
                rule(!address.usages.is_empty(), ADDRESS_USAGE_NOT_FOUND, "the address is not used for anything")
            }
        }
    }
}

fn refused(code: RefusalCode, message: &str) -> Refused {
    Refused::of_field(code, "address", message)
}

/// An operation, and whether it can be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possible {
    /// Which.
    pub action: AddressAction,
    /// Why it would be refused; nothing stands in its way otherwise.
    pub obstacle: Option<Refused>,
}

/// Every operation on an address.
#[must_use]
pub fn actions(address: &Address) -> Vec<Possible> {
    let possible = |action: &AddressAction| Possible { action: *action, obstacle: action.check(address).err() };
    AddressAction::ALL.iter().map(possible).collect()
}
