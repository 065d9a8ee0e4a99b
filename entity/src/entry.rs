//! A journal entry. Never changed, never deleted; what is personal in it can be erased.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub id: Uuid,
    pub event_sequence: i64,
    pub command_sequence: i64,
    pub batch_number: i64,
    pub kind: String,
    pub value_date: Date,
    pub business_date: Date,
    pub transaction_date: Option<Date>,
    pub booked_at_us: i64,
    pub description: String,
    pub external_reference: Option<String>,
    pub external_date: Option<Date>,
    pub external_poster: Option<String>,
    pub external_code: Option<String>,
    pub external_key: Option<String>,
    pub reverses_id: Option<Uuid>,
    pub hold_id: Option<Uuid>,
    pub facts: Option<String>,
    pub personal: Option<String>,
    pub personal_salt: Option<Vec<u8>>,
    pub personal_hash: Option<Vec<u8>>,
    pub metadata: String,
    pub hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
