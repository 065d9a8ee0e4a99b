//! Money on its way out to a bank account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credit_transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub end_to_end: String,
    pub account_id: Uuid,
    /// The id of the entry that debited the account, as text: what is unique. It has who is paid, and what they are told.
    pub entry: String,
    pub currency: String,
    pub amount_minor: i64,
    pub state: String,
    pub send_on: Date,
    pub sent_on: Option<Date>,
    pub settled_on: Option<Date>,
    pub ended_on: Option<Date>,
    /// When a sandbox's rail answers.
    pub rail_on: Option<Date>,
    pub reason: Option<String>,
    pub back_id: Option<Uuid>,
    pub created_on: Date,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
