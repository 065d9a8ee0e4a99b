//! A purchase that is disputed with the card's scheme.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chargeback")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub card_id: Uuid,
    pub account_id: Uuid,
    /// The id of the purchase's entry, as text: what is unique.
    pub purchase: String,
    pub currency: String,
    pub amount_minor: i64,
    pub refunded_minor: i64,
    pub state: String,
    pub reason: String,
    pub reference: Option<String>,
    pub credit_id: Option<Uuid>,
    pub outcome_id: Option<Uuid>,
    pub opened_on: Date,
    pub resolved_on: Option<Date>,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
