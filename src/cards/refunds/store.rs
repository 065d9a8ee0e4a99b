//! The rows of what was refunded.

use entity::refunded_purchase::{Entity, Model};

use super::Refunds;
use crate::ledger::LedgerFault;
use crate::primitives::{EntryId, Minor, TenantId};
use crate::work::row::{Row, Table};

impl Row for Refunds {
    type Id = EntryId;
    type Entity = Entity;

    const TABLE: Table = Table::Refunds;
    const WHAT: &'static str = "refunded purchase";

    fn id(&self) -> EntryId {
        self.purchase
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model { tenant_id: tenant.0, entry_id: self.purchase.0, refunded_minor: self.refunded.0 }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self { purchase: EntryId(row.entry_id), refunded: Minor(row.refunded_minor) })
    }

    fn changes(column: &str) -> bool {
        column == "refunded_minor"
    }
}
