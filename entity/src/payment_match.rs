//! A payment that was matched with what is open on a receivable.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_match")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub receivable_id: Uuid,
    pub account_id: Uuid,
    pub currency: String,
    pub amount_minor: i64,
    pub matched_minor: i64,
    pub strategy: String,
    pub provider: Option<String>,
    pub tracking_id: Option<String>,
    pub tracking: Option<String>,
    pub payment_reference: Option<String>,
    pub entries: String,
    pub metadata: String,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
