//! Custom actions that were run, and what came of it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "action_run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub ordinal: i64,
    pub action_id: Uuid,
    pub version: i32,
    pub account_id: Option<Uuid>,
    pub state: String,
    pub dry_run: bool,
    pub input: String,
    pub output: Option<String>,
    pub refusal: Option<String>,
    pub failure: Option<String>,
    pub commands: String,
    pub steps: Option<i64>,
    pub attempts: i32,
    pub next_us: Option<i64>,
    pub job_id: Option<Uuid>,
    pub client: String,
    pub scopes: String,
    pub request_id: String,
    pub created_at_us: i64,
    pub started_at_us: Option<i64>,
    pub ended_at_us: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
