//! A reservation against available funds.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub currency: String,
    pub amount_minor: i64,
    pub captured_minor: i64,
    pub status: String,
    pub description: String,
    pub reference: Option<String>,
    pub card_id: Option<Uuid>,
    pub network_reference: Option<String>,
    pub point_of_sale: Option<String>,
    pub counted: Option<String>,
    pub placed_at_us: i64,
    pub expires_at_us: Option<i64>,
    pub closed_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
