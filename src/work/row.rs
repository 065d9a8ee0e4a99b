//! Rows that commands look at and change: what each table has to say of itself.
//!
//! A row stands on its table's entity in `entity/`, which stays the one place that names columns and types. One `impl`
//! of [`Row`] gives the worker everything it needs: how to load it by its key, by what is unique in it and as a set of
//! its owner's, and how to write it.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ColumnType, EntityName, EntityTrait, FromQueryResult, IdenStatic, IntoActiveModel,
    Iterable, ModelTrait, PrimaryKeyToColumn, QueryResult, TryIntoModel, Value,
};
use uuid::Uuid;

use crate::database::Kind;
use crate::ledger::LedgerFault;
use crate::primitives::TenantId;
use crate::primitives::ids::RowId;

/// The tables whose rows commands change, in the order in which they are written: what refers to a row comes after it.
/// A new table takes a line here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Whom money is owed to.
    Party,
    /// Persons and companies.
    Customer,
    /// The numbers by which states know them.
    CustomerIdentifier,
    /// Where customers are reached.
    Address,
    /// What accounts are instances of.
    Product,
    /// Customers' accounts.
    Account,
    /// Who takes part in them beside their owners.
    Participant,
    /// The same, in the books.
    Position,
    /// What accounts are used with.
    Card,
    /// What was spent with them.
    CardUsage,
    /// What was loaded onto prepaid accounts and taken off them.
    PrepaidUsage,
    /// The tenant's own accounts in the books.
    Internal,
    /// What is blocked.
    Block,
    /// Applications for a higher limit.
    LimitApplication,
    /// What accounts owe by a day.
    Due,
    /// What settled it.
    DueSettlement,
    /// What is drawn for accounts again and again.
    RecurringPayment,
    /// That customers have said yes to being debited.
    DebitConsent,
    /// What is to be drawn on a day.
    PaymentOrder,
    /// Reservations.
    Hold,
    /// What was refunded of purchases.
    Refunds,
    /// Purchases that are disputed.
    Chargeback,
    /// What customers have allowed to be collected.
    Mandate,
    /// What insurance is sold as.
    InsurancePackage,
    /// Insurances on accounts.
    InsuranceContract,
    /// What was recorded of them.
    InsuranceEvent,
    /// What was charged for them.
    InsurancePremium,
    /// What seeks money of investors.
    InvestmentOffer,
    /// What they would give.
    InvestmentBid,
    /// What they have given.
    InvestmentPosition,
    /// What was paid for it.
    InvestmentDistribution,
    /// Where accounts that are kept outside are asked.
    AccountSource,
    /// What became of that.
    AccountRefresh,
    /// What was told there.
    MirroredTransaction,
    /// With whom merchants' payments are agreed.
    MerchantContract,
    /// What merchants are paid.
    MerchantPayment,
    /// What that is made of.
    MerchantTransaction,
    /// How the accounts of products are billed.
    BillingPlan,
    /// Where accounts stand in it.
    BillingAccount,
    /// Statements.
    Statement,
    /// Bills, and reminders of them.
    Bill,
    /// Statements that were asked for again.
    StatementReprint,
    /// Who takes payments for the tenant.
    PaymentProvider,
    /// Payments through them.
    ProviderPayment,
    /// What purchases on a product's accounts go by.
    PurchaseTerms,
    /// The accounts that purchases are on.
    PurchaseAccount,
    /// Purchases.
    Purchase,
    /// Who vouches for customers.
    IdentificationProvider,
    /// That customers were identified.
    Identification,
    /// Creditors' accounts of debtors.
    Receivable,
    /// Who owes on them.
    ReceivableDebtor,
    /// What is owed on them, one by one.
    Claim,
    /// Money on its way to bank accounts.
    CreditTransfer,
    /// What is collected by them.
    DirectDebit,
    /// What instalment credits are an instance of.
    InstalmentModel,
    /// Plans of leasing accounts.
    LeasePlan,
    /// Their instalments.
    LeaseInstalment,
    /// Respites of credits.
    Respite,
    /// How far credits are on their way to their termination.
    Termination,
    /// Credits that are repaid in instalments.
    InstalmentContract,
    /// The instalments.
    Instalment,
    /// What was booked on them, as their creditors tell it.
    ReceivableEntry,
    /// Payments that were matched with what is open on them.
    PaymentMatch,
    /// Promises to pay some of a claim.
    PromiseToPay,
    /// How much of an entry is reversed.
    Reversed,
    /// Who does a kind of background work.
    Lease,
    /// Business days that have ended.
    BusinessDay,
    /// What a sandbox's rails still have to do.
    Simulation,
    /// What holds for documents of a kind.
    DocumentKind,
    /// What is kept beside the books.
    Document,
    /// What a tenant has set about its paper.
    PrintDesign,
    /// How that was set, and when.
    PrintVersion,
    /// What messages are made of.
    MessageTemplate,
    /// How they are sent.
    MessageSettings,
    /// What holds when a debtor is written to.
    DebtorContact,
    /// Messages to debtors.
    Message,
    /// How claims are pursued.
    CollectionStrategy,
    /// How that was defined, and when.
    StrategyVersion,
    /// Claims on their way.
    ClaimJourney,
    /// Links to debtors' pages.
    PageLink,
    /// What debtors say there.
    DebtorAnswer,
    /// Where events are sent to.
    Webhook,
    /// Events on their way there.
    WebhookDelivery,
    /// What a tenant runs by names of its own.
    CustomAction,
    /// How that was defined, and when.
    ActionVersion,
    /// When it was run, and what came of it.
    ActionRun,
    /// What is worked off in the background.
    Job,
    /// The commands of a job.
    JobItem,
    /// Commands that wait for a second person.
    Approval,
    /// Which commands do.
    ApprovalRules,
    /// Of the tests of this module.
    #[cfg(test)]
    Note,
}

impl Table {
    /// How many there are.
    pub const COUNT: usize = Self::ApprovalRules as usize + 1 + cfg!(test) as usize;
}

/// A row of a table. Its entity's primary key is the tenant and one id.
pub trait Row: Clone + PartialEq + Debug + Send + Sync + Sized + 'static {
    /// What it is found by.
    type Id: RowId;
    /// The table's entity.
    type Entity: EntityTrait<
            Model: IntoActiveModel<<Self::Entity as EntityTrait>::ActiveModel> + Send,
            ActiveModel: TryIntoModel<<Self::Entity as EntityTrait>::Model>,
        >;

    /// The table's place in the order.
    const TABLE: Table;
    /// What one row is called, for people.
    const WHAT: &'static str;

    /// Its id.
    fn id(&self) -> Self::Id;

    /// As it is stored.
    fn to_model(&self, tenant: TenantId) -> <Self::Entity as EntityTrait>::Model;

    /// Of its stored form.
    ///
    /// # Errors
    /// [`LedgerFault::Inconsistent`] for a row that no program of ours has written.
    fn from_model(model: <Self::Entity as EntityTrait>::Model) -> Result<Self, LedgerFault>;

    /// Of a row of its table that was read.
    ///
    /// # Errors
    /// The database's, or [`LedgerFault::Inconsistent`].
    fn of_result(row: &QueryResult) -> Result<Self, LedgerFault> {
        Self::of_columns(row, "")
    }

    /// The same, where its columns' names have this before them.
    ///
    /// # Errors
    /// The same.
    fn of_columns(row: &QueryResult, prefix: &str) -> Result<Self, LedgerFault> {
        let model = <<Self::Entity as EntityTrait>::Model as FromQueryResult>::from_query_result(row, prefix)?;
        Self::from_model(model)
    }

    /// What is unique in it, besides its id.
    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        Vec::new()
    }

    /// The sets that such rows are in.
    fn sets() -> &'static [Set<Self>] {
        &[]
    }

    /// Whether a column can change. What cannot is not written again.
    fn changes(_column: &str) -> bool {
        true
    }
}

/// A unique index over one column of text, with the refusal that it gives.
#[derive(Debug)]
pub struct Index {
    /// Of which table.
    pub table: Table,
    /// Over which column.
    pub column: &'static str,
    /// The input's field that is at fault.
    pub field: &'static str,
    /// What is taken, for people.
    pub what: &'static str,
}

impl Index {
    /// What tells it from others.
    pub(super) fn key(&'static self) -> (Table, &'static str) {
        (self.table, self.column)
    }
}

/// Rows that belong to one owner: few, in an order, loaded as a whole.
#[derive(Debug)]
pub struct Set<R: 'static> {
    /// What tells it from the table's other sets.
    pub name: &'static str,
    /// The column that has the owner's id.
    pub owner: &'static str,
    /// What rows have to meet in SQL (`found` is the row), besides: it may select more than `owner_of`, never less.
    pub condition: &'static str,
    /// The owner in whose set a row is, if it is in one.
    pub owner_of: fn(&R) -> Option<Uuid>,
    /// The order of the set.
    pub order: fn(&R, &R) -> std::cmp::Ordering,
    /// The most rows that an owner may have in it.
    pub bound: usize,
}

/// A column as it is written and read in bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be absent.
    pub nullable: bool,
}

/// A table as the worker sees it, whatever rows it has.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its place.
    pub table: Table,
    /// Its name in SQL.
    pub name: fn() -> &'static str,
    /// The column that its rows are found by.
    pub key: fn() -> &'static str,
    /// All columns but the tenant.
    pub columns: fn() -> Vec<Column>,
    /// Whether a column can change.
    pub changes: fn(&str) -> bool,
    /// A row of the values of its columns.
    pub read: Read,
}

/// How a row is made of the values of its columns.
pub type Read = fn(TenantId, Vec<Value>) -> Result<Arc<dyn AnyRow>, LedgerFault>;

impl Shape {
    /// Of a row's table.
    #[must_use]
    pub fn of<R: Row>() -> Self {
        Self {
            table: R::TABLE,
            name: table_name::<R>,
            key: key_column::<R>,
            columns: columns::<R>,
            changes: R::changes,
            read: |tenant, values| Ok(Arc::new(read::<R>(tenant, values)?)),
        }
    }
}

/// A row whose type is forgotten.
pub trait AnyRow: Any + Debug + Send + Sync {
    /// Its table.
    fn shape(&self) -> Shape;
    /// Its id.
    fn key(&self) -> Uuid;
    /// The values of all columns but the tenant.
    fn values(&self, tenant: TenantId) -> Vec<Value>;
    /// What is unique in it.
    fn unique_keys(&self) -> Vec<(&'static Index, &str)>;
    /// The sets that it is in: the set's name and the owner.
    fn owners(&self) -> Vec<(&'static str, Uuid)>;
    /// The names of its table's sets.
    fn set_names(&self) -> Vec<&'static str>;
    /// Whether it says the same.
    fn says(&self, other: &dyn AnyRow) -> bool;
    /// Itself, to find its type again.
    fn any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    /// The same, by reference.
    fn any_ref(&self) -> &dyn Any;
}

impl<R: Row> AnyRow for R {
    fn shape(&self) -> Shape {
        Shape::of::<R>()
    }

    fn key(&self) -> Uuid {
        self.id().uuid()
    }

    fn values(&self, tenant: TenantId) -> Vec<Value> {
        let model = self.to_model(tenant);
        stored::<R>().map(|column| model.get(column)).collect()
    }

    fn unique_keys(&self) -> Vec<(&'static Index, &str)> {
        self.uniques()
    }

    fn owners(&self) -> Vec<(&'static str, Uuid)> {
        R::sets().iter().filter_map(|set| Some((set.name, (set.owner_of)(self)?))).collect()
    }

    fn set_names(&self) -> Vec<&'static str> {
        R::sets().iter().map(|set| set.name).collect()
    }

    fn says(&self, other: &dyn AnyRow) -> bool {
        other.any_ref().downcast_ref::<R>().is_some_and(|other| other == self)
    }

    fn any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn any_ref(&self) -> &dyn Any {
        self
    }
}

/// The columns but the tenant, in the entity's order.
fn stored<R: Row>() -> impl Iterator<Item = <R::Entity as EntityTrait>::Column> {
    <R::Entity as EntityTrait>::Column::iter().filter(|column| column.as_str() != "tenant_id")
}

fn table_name<R: Row>() -> &'static str {
    <R::Entity as Default>::default().table_name()
}

fn key_column<R: Row>() -> &'static str {
    let mut keys = <R::Entity as EntityTrait>::PrimaryKey::iter().map(|key| key.into_column().as_str());
    keys.find(|name| *name != "tenant_id").unwrap_or("id")
}

fn columns<R: Row>() -> Vec<Column> {
    stored::<R>()
        .map(|column| {
            let definition = column.def();
            let kind = match definition.get_column_type() {
                ColumnType::Uuid => Kind::Uuid,
                ColumnType::BigInteger => Kind::BigInt,
                ColumnType::Integer => Kind::Int,
                ColumnType::Date => Kind::Date,
                ColumnType::Boolean => Kind::Bool,
                ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_) => Kind::Bytes,
                _ => Kind::Text,
            };
            Column { name: column.as_str(), kind, nullable: definition.is_null() }
        })
        .collect()
}

fn read<R: Row>(tenant: TenantId, values: Vec<Value>) -> Result<R, LedgerFault> {
    let mut row = <<R::Entity as EntityTrait>::ActiveModel as ActiveModelTrait>::default();
    for column in <R::Entity as EntityTrait>::Column::iter().filter(|column| column.as_str() == "tenant_id") {
        row.try_set(column, tenant.0.into())?;
    }
    for (column, value) in stored::<R>().zip(values) {
        row.try_set(column, value)?;
    }
    R::from_model(row.try_into_model()?)
}
