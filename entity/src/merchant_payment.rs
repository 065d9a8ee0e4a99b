//! What a merchant is paid at once, or is to be.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "merchant_payment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub contract_id: Uuid,
    pub party_id: Uuid,
    pub currency: String,
    pub state: String,
    pub gross_minor: i64,
    pub fee_minor: i64,
    pub transactions: i32,
    pub from_day: Date,
    pub through_day: Date,
    pub entry_id: Option<Uuid>,
    pub paid_on: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
