//! What was booked on a receivable, as its creditor tells it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receivable_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub receivable_id: Uuid,
    pub account_id: Uuid,
    pub reference: String,
    pub name: String,
    pub kind: String,
    pub currency: String,
    pub amount_minor: i64,
    pub open_minor: i64,
    pub undone_minor: i64,
    pub target_id: Option<Uuid>,
    pub claim_id: Option<Uuid>,
    pub entry_id: Option<Uuid>,
    pub label: Option<String>,
    pub due_date: Option<Date>,
    pub product_reference: Option<String>,
    pub payment_reference: Option<String>,
    pub provider: Option<String>,
    pub happened_at_us: Option<i64>,
    pub metadata: String,
    pub source_id: Option<Uuid>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
