//! A journal entry. Never changed, never deleted.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub id: Uuid,
    pub batch_number: i64,
    pub kind: String,
    pub value_date: Date,
    pub booked_at_us: i64,
    pub description: String,
    pub external_reference: Option<String>,
    pub external_date: Option<Date>,
    pub external_poster: Option<String>,
    pub external_code: Option<String>,
    pub external_key: Option<String>,
    pub idempotency_key: Option<String>,
    pub reverses_id: Option<Uuid>,
    pub hold_id: Option<Uuid>,
    pub metadata: String,
    pub hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
