//! What a customer has allowed to be collected.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mandate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub debtor_id: Uuid,
    pub reference: String,
    /// What is unique: the reference, of one account where a provider has given it.
    pub known_as: String,
    pub scheme: String,
    pub status: String,
    pub one_off: bool,
    /// A JSON list of texts.
    pub product_references: String,
    /// Who pays from where, and what was amended: JSON, sealed where there are keys.
    pub payer: String,
    pub signed_on: Date,
    pub pre_notification_days: i64,
    pub uses: i64,
    pub sequence: Option<String>,
    pub last_used_on: Option<Date>,
    pub lapses_on: Option<Date>,
    pub last_debit_id: Option<Uuid>,
    pub reason: Option<String>,
    pub created_at_us: i64,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
