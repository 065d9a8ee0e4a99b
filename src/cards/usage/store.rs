//! Rows of what was spent with cards.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::CardUsage;
use crate::ledger::rows::known;
use crate::ledger::{CardChannel, LedgerFault};
use crate::primitives::{CardId, CardUsageId, Minor, TenantId};
use crate::work::row::{Row, Table};
use entity::card_usage::{Entity, Model};

/// In the place of a channel that is not known.
const UNKNOWN: &str = "?";

impl CardUsage {
    /// The stored form: `2026-12-01:POS:1500,2026-12-02:?:200`, the mark where the channel is not known.
    fn text(&self) -> String {
        let part = |((day, channel), amount): (&(NaiveDate, Option<CardChannel>), &Minor)| {
            format!("{day}:{}:{}", channel.map_or(UNKNOWN, CardChannel::word), amount.0)
        };
        self.spent.iter().map(part).collect::<Vec<_>>().join(",")
    }
}

fn read(text: &str) -> Option<BTreeMap<(NaiveDate, Option<CardChannel>), Minor>> {
    let part = |part: &str| {
        let (day, rest) = part.split_once(':')?;
        let (channel, amount) = rest.split_once(':')?;
        let channel = if channel == UNKNOWN { None } else { Some(CardChannel::from_word(channel)?) };
        Some(((day.parse().ok()?, channel), Minor(amount.parse().ok()?)))
    };
    text.split(',').filter(|text| !text.is_empty()).map(part).collect()
}

impl Row for CardUsage {
    type Id = CardUsageId;
    type Entity = Entity;

    const TABLE: Table = Table::CardUsage;
    const WHAT: &'static str = "usage of a card";

    fn id(&self) -> CardUsageId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> Model {
        Model { tenant_id: tenant.0, id: self.id.0, chain_id: self.chain.0, month: self.month, spent: self.text() }
    }

    fn from_model(row: Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: CardUsageId(row.id),
            chain: CardId(row.chain_id),
            month: row.month,
            spent: known(read(&row.spent), "what was spent with a card")?,
        })
    }

    fn changes(column: &str) -> bool {
        column == "spent"
    }
}
