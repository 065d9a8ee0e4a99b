//! The end of a tenant's journal: the row that serialises its commits.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub epoch: i64,
    pub command_sequence: i64,
    pub entry_sequence: i64,
    pub event_sequence: i64,
    pub batch_number: i64,
    pub last_booked_us: i64,
    pub chain_hash: Vec<u8>,
    pub business_date: Option<Date>,
    pub day_ends_us: Option<i64>,
    pub day_open: Option<Date>,
    pub day_done: Option<Date>,
    pub clock_ahead_us: i64,
    pub settings: String,
    pub closed_through: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
