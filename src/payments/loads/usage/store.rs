//! The rows of what was loaded and unloaded.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use entity::prepaid_usage::{Entity, Model};

use super::super::Flow;
use super::PrepaidUsage;
use crate::ledger::LedgerFault;
use crate::ledger::rows::known;
use crate::primitives::{AccountId, Minor, PrepaidUsageId, TenantId};
use crate::work::row::{Row, Table};

impl PrepaidUsage {
    /// The stored form: `2026-12-01:LOAD:1500,2026-12-02:UNLOAD:200`.
    fn text(&self) -> String {
        let part = |((day, flow), amount): (&(NaiveDate, Flow), &Minor)| format!("{day}:{}:{}", flow.word(), amount.0);
        self.moved.iter().map(part).collect::<Vec<_>>().join(",")
    }
}

fn read(text: &str) -> Option<BTreeMap<(NaiveDate, Flow), Minor>> {
    let part = |part: &str| {
        let (day, rest) = part.split_once(':')?;
        let (flow, amount) = rest.split_once(':')?;
        Some(((day.parse().ok()?, Flow::from_word(flow)?), Minor(amount.parse().ok()?)))
    };
    text.split(',').filter(|text| !text.is_empty()).map(part).collect()
}

impl Row for PrepaidUsage {
    type Id = PrepaidUsageId;
    type Entity = Entity;

    const TABLE: Table = Table::PrepaidUsage;
    const WHAT: &'static str = "usage of a prepaid account";

    fn id(&self) -> PrepaidUsageId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model { tenant_id: tenant.0, id: self.id.0, account_id: self.account.0, month: self.month, moved: self.text() }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: PrepaidUsageId(row.id),
            account: AccountId(row.account_id),
            month: row.month,
            moved: known(read(&row.moved), "what was loaded and unloaded")?,
        })
    }

    fn changes(column: &str) -> bool {
        column == "moved"
    }
}
