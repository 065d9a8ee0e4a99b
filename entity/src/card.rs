//! A card on an account. Never its whole number.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "card")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub account_id: Uuid,
    pub holder_id: Uuid,
    pub token: String,
    /// The same, on the first card of its chain that has it: what is unique.
    pub token_taken: Option<String>,
    pub is_main: bool,
    pub status: String,
    pub masked_number: Option<String>,
    pub expires_on: Option<Date>,
    pub embossed_name: Option<String>,
    /// JSON.
    pub limits: String,
    /// JSON.
    pub blocks: Option<String>,
    pub chain_id: Uuid,
    /// On the first card of a chain, once it has been replaced.
    pub newest_id: Option<Uuid>,
    pub replaces_id: Option<Uuid>,
    pub replaced_by_id: Option<Uuid>,
    pub ended_on: Option<Date>,
    pub metadata: String,
    pub created_at_us: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
