//! That a party is paid what is bought from it with cards.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "merchant_contract")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub party_id: Uuid,
    pub merchant: String,
    pub standing: Option<String>,
    pub name: String,
    pub currency: String,
    pub fee_pct: String,
    pub fee_fixed_minor: i64,
    pub cycle: String,
    pub next_on: Option<Date>,
    pub bank_account: String,
    pub open_id: Option<Uuid>,
    pub created_at_us: i64,
    pub ended_on: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
