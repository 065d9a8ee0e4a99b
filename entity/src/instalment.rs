//! An instalment of a contract.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instalment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// Made of the contract and the number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub contract_id: Uuid,
    pub number: i64,
    pub due: Date,
    pub principal_minor: i64,
    pub interest_minor: i64,
    pub fee_minor: i64,
    pub status: String,
    pub posted_on: Option<Date>,
    /// The ids of the entries that it was posted with, separated by commas.
    pub entries: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
