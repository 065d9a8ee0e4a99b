//! Rows of billing, and what the business day pages through.

mod seen;

use chrono::NaiveDate;
use sea_orm::ConnectionTrait;

use super::interest::InterestLine;
use super::model::{
    Bill, BillEnd, BillKind, BillStatus, BillingAccount, BillingPlan, Statement, StatementReprint, StatementState,
};
use crate::accounts::store::is_seen;
use crate::ledger::LedgerFault;
use crate::ledger::query::Page;
use crate::ledger::rows::{known, known_currency};
use crate::primitives::{
    AccountId, BillId, BillingAccountId, BillingPlanId, DocumentId, Minor, ProductId, RowId as _, StatementId,
    StatementReprintId, TenantId,
};
use crate::work::row::{Index, Row, Table};
use crate::work::{Decision, Owned, Work, read};
use entity::{bill, billing_account, billing_plan, statement, statement_reprint};

pub use seen::{Seen, to_close};

/// What a bill is called outside.
pub static NUMBER: Index = Index { table: Table::Bill, column: "number", field: "number", what: "the number" };

/// Plain data: the only failure would be the writer's, and a text has none.
fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn read_text<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T, LedgerFault> {
    known(serde_json::from_str(text).ok(), what)
}

impl Row for BillingPlan {
    type Id = BillingPlanId;
    type Entity = billing_plan::Entity;

    const TABLE: Table = Table::BillingPlan;
    const WHAT: &'static str = "billing plan";

    fn id(&self) -> BillingPlanId {
        Self::id_of(self.product)
    }

    fn to_model(&self, tenant: TenantId) -> billing_plan::Model {
        billing_plan::Model {
            tenant_id: tenant.0,
            id: self.product.0,
            terms: text(&self.terms),
            starts_on: self.starts_on,
            changed_at_us: self.changed_at,
        }
    }

    fn from_model(row: billing_plan::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            product: ProductId(row.id),
            terms: read_text(&row.terms, "terms of billing")?,
            starts_on: row.starts_on,
            changed_at: row.changed_at_us,
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "terms" | "changed_at_us")
    }
}

impl Owned for BillingPlan {
    /// What is offered is nobody's secret.
    fn is_visible(&self, _work: &mut Work) -> Decision<bool> {
        Ok(true)
    }
}

impl Row for BillingAccount {
    type Id = BillingAccountId;
    type Entity = billing_account::Entity;

    const TABLE: Table = Table::BillingAccount;
    const WHAT: &'static str = "billing of an account";

    fn id(&self) -> BillingAccountId {
        Self::id_of(self.account)
    }

    fn to_model(&self, tenant: TenantId) -> billing_account::Model {
        billing_account::Model {
            tenant_id: tenant.0,
            id: self.account.0,
            opened_on: self.opened_on,
            next_closure: self.next_closure,
            last_closure: self.last_closure,
            last_cut: self.last_cut,
            scan_from: self.scan_from,
            own_first: self.own_first,
            own_last: self.own_last,
            last_statement_id: self.last_statement.map(|id| id.0),
            statements: self.statements,
            balance_minor: self.balance.0,
            memory: text(&self.memory),
            open_bill_id: self.open_bill.map(|id| id.0),
            delinquent_since: self.delinquent_since,
            lifted_through: self.lifted_through,
        }
    }

    fn from_model(row: billing_account::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            account: AccountId(row.id),
            opened_on: row.opened_on,
            next_closure: row.next_closure,
            last_closure: row.last_closure,
            last_cut: row.last_cut,
            scan_from: row.scan_from,
            own_first: row.own_first,
            own_last: row.own_last,
            last_statement: row.last_statement_id.map(StatementId),
            statements: row.statements,
            balance: Minor(row.balance_minor),
            memory: read_text(&row.memory, "memory of a cycle")?,
            open_bill: row.open_bill_id.map(BillId),
            delinquent_since: row.delinquent_since,
            lifted_through: row.lifted_through,
        })
    }

    fn changes(_column: &str) -> bool {
        true
    }
}

impl Owned for BillingAccount {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for Statement {
    type Id = StatementId;
    type Entity = statement::Entity;

    const TABLE: Table = Table::Statement;
    const WHAT: &'static str = "statement";

    fn id(&self) -> StatementId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> statement::Model {
        statement::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            number: self.number,
            from_on: self.from,
            closed_on: self.closed_on,
            previous_closed_on: self.previous_closed_on,
            next_closed_on: self.next_closed_on,
            previous_cut: self.previous_cut,
            scan_from: self.scan_from,
            previous_own_first: self.previous_own_first,
            previous_own_last: self.previous_own_last,
            cut: self.cut,
            own_first: self.own_first,
            own_last: self.own_last,
            previous_balance_minor: self.previous_balance.0,
            payments_minor: self.payments.0,
            interest_minor: self.interest.0,
            fees_minor: self.fees.0,
            balance_minor: self.balance.0,
            amount_due_minor: self.amount_due.0,
            remaining_due_minor: self.remaining_due.0,
            past_due_minor: self.past_due.0,
            theoretical_direct_debit_minor: self.theoretical_direct_debit.0,
            direct_debit_minor: self.direct_debit.map(|amount| amount.0),
            due_on: self.due_on,
            issue_on: self.issue_on,
            state: self.state.word().into(),
            interest_free: self.interest_free,
            lines: text(&self.lines),
            created_at_us: self.created_at,
            issued_at_us: self.issued_at,
            document_id: self.document.map(|id| id.0),
        }
    }

    fn from_model(row: statement::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: StatementId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            number: row.number,
            from: row.from_on,
            closed_on: row.closed_on,
            previous_closed_on: row.previous_closed_on,
            next_closed_on: row.next_closed_on,
            previous_cut: row.previous_cut,
            scan_from: row.scan_from,
            previous_own_first: row.previous_own_first,
            previous_own_last: row.previous_own_last,
            cut: row.cut,
            own_first: row.own_first,
            own_last: row.own_last,
            previous_balance: Minor(row.previous_balance_minor),
            payments: Minor(row.payments_minor),
            interest: Minor(row.interest_minor),
            fees: Minor(row.fees_minor),
            balance: Minor(row.balance_minor),
            amount_due: Minor(row.amount_due_minor),
            remaining_due: Minor(row.remaining_due_minor),
            past_due: Minor(row.past_due_minor),
            theoretical_direct_debit: Minor(row.theoretical_direct_debit_minor),
            direct_debit: row.direct_debit_minor.map(Minor),
            due_on: row.due_on,
            issue_on: row.issue_on,
            state: known(StatementState::from_word(&row.state), "state of a statement")?,
            interest_free: row.interest_free,
            lines: read_text::<Vec<InterestLine>>(&row.lines, "interest of a statement")?,
            created_at: row.created_at_us,
            issued_at: row.issued_at_us,
            document: row.document_id.map(DocumentId),
        })
    }

    fn changes(column: &str) -> bool {
        matches!(column, "state" | "issued_at_us" | "document_id")
    }
}

impl Owned for Statement {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for Bill {
    type Id = BillId;
    type Entity = bill::Entity;

    const TABLE: Table = Table::Bill;
    const WHAT: &'static str = "bill";

    fn id(&self) -> BillId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> bill::Model {
        bill::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            account_id: self.account.0,
            currency: self.currency.code().into(),
            statement_id: self.statement.0,
            number: self.number.clone(),
            kind: self.kind.word().into(),
            ended: self.end.map(|end| end.word().into()),
            follows_id: self.follows.map(|id| id.0),
            amount_minor: self.amount.0,
            minimum_minor: self.minimum.0,
            fee_minor: self.fee.0,
            due_on: self.due_on,
            made_on: self.made_on,
            follow_on: self.follow_on,
            ended_on: self.ended_on,
            created_at_us: self.created_at,
            document_id: self.document.map(|id| id.0),
        }
    }

    fn from_model(row: bill::Model) -> Result<Self, LedgerFault> {
        let end = row.ended.as_deref().map(|end| known(BillEnd::from_word(end), "end of a bill"));
        Ok(Self {
            id: BillId(row.id),
            ordinal: row.ordinal,
            account: AccountId(row.account_id),
            currency: known_currency(&row.currency)?,
            statement: StatementId(row.statement_id),
            number: row.number,
            kind: known(BillKind::from_word(&row.kind), "kind of a bill")?,
            end: end.transpose()?,
            follows: row.follows_id.map(BillId),
            amount: Minor(row.amount_minor),
            minimum: Minor(row.minimum_minor),
            fee: Minor(row.fee_minor),
            due_on: row.due_on,
            made_on: row.made_on,
            follow_on: row.follow_on,
            ended_on: row.ended_on,
            created_at: row.created_at_us,
            document: row.document_id.map(DocumentId),
        })
    }

    fn uniques(&self) -> Vec<(&'static Index, &str)> {
        vec![(&NUMBER, &self.number)]
    }

    fn changes(column: &str) -> bool {
        matches!(column, "due_on" | "ended" | "ended_on" | "follow_on" | "document_id")
    }
}

impl Owned for Bill {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        is_seen(work, self.account)
    }
}

impl Row for StatementReprint {
    type Id = StatementReprintId;
    type Entity = statement_reprint::Entity;

    const TABLE: Table = Table::StatementReprint;
    const WHAT: &'static str = "reprint";

    fn id(&self) -> StatementReprintId {
        self.id
    }

    fn to_model(&self, tenant: TenantId) -> statement_reprint::Model {
        statement_reprint::Model {
            tenant_id: tenant.0,
            id: self.id.0,
            ordinal: self.ordinal,
            statement_id: self.statement.0,
            requested_at_us: self.requested_at,
            client: self.client.clone(),
            document_id: self.document.map(|id| id.0),
        }
    }

    fn from_model(row: statement_reprint::Model) -> Result<Self, LedgerFault> {
        Ok(Self {
            id: StatementReprintId(row.id),
            ordinal: row.ordinal,
            statement: StatementId(row.statement_id),
            requested_at: row.requested_at_us,
            client: row.client,
            document: row.document_id.map(DocumentId),
        })
    }

    fn changes(column: &str) -> bool {
        column == "document_id"
    }
}

impl Owned for StatementReprint {
    fn is_visible(&self, work: &mut Work) -> Decision<bool> {
        match work.get::<Statement>(self.statement)? {
            Some(statement) => statement.is_visible(work),
            None => Ok(false),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- the day

/// Accounts that are to be billed and have no cycle yet, by id.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_open(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<AccountId>, LedgerFault> {
    let mut query = read::select::<crate::accounts::Account>(tenant);
    query.and_raw("product_id IN (SELECT id FROM billing_plan WHERE tenant_id = $1)");
    query.and_raw("id NOT IN (SELECT id FROM billing_account WHERE tenant_id = $1)");
    query.and_raw("id IN (SELECT account_id FROM account_position WHERE tenant_id = $1 AND status <> 'CLOSED')");
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {limit}"));
    let rows = query.all(db).await?;
    let accounts = rows.iter().map(crate::accounts::Account::of_result);
    accounts.map(|account| account.map(|account| account.id)).collect()
}

/// Statements that are to be issued by a day.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_issue(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<StatementId>,
    limit: u64,
) -> Result<Vec<StatementId>, LedgerFault> {
    let mut query = read::select::<Statement>(tenant);
    query.and_raw("state = 'CLOSED'");
    query.and("issue_on <= ", day.into());
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {limit}"));
    query.all(db).await?.iter().map(|row| Statement::of_result(row).map(|row| row.id)).collect()
}

/// Bills that another takes the place of by a day, if they are not paid.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_remind(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    day: NaiveDate,
    after: Option<BillId>,
    limit: u64,
) -> Result<Vec<BillId>, LedgerFault> {
    let mut query = read::select::<Bill>(tenant);
    query.and_raw("follow_on IS NOT NULL");
    query.and("follow_on <= ", day.into());
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {limit}"));
    query.all(db).await?.iter().map(|row| Bill::of_result(row).map(|row| row.id)).collect()
}

/// Accounts whose bill is open or whose minimum payment is or was overdue.
///
/// # Errors
/// [`LedgerFault`].
pub async fn to_age(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    after: Option<AccountId>,
    limit: u64,
) -> Result<Vec<AccountId>, LedgerFault> {
    let mut query = read::select::<BillingAccount>(tenant);
    query.and_raw("(open_bill_id IS NOT NULL OR delinquent_since IS NOT NULL)");
    if let Some(after) = after {
        query.and("id > ", after.0.into());
    }
    query.end(&format!(" ORDER BY id LIMIT {limit}"));
    query.all(db).await?.iter().map(|row| BillingAccount::of_result(row).map(|row| row.account)).collect()
}

// -------------------------------------------------------------------------------------------------------- reading

/// An account's statements, newest first, of closures in a span.
///
/// # Errors
/// [`LedgerFault`].
pub async fn statements(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    page: Page<i64>,
) -> Result<Vec<Statement>, LedgerFault> {
    let mut query = read::select::<Statement>(tenant);
    query.and("account_id = ", account.0.into());
    if let Some(from) = from {
        query.and("closed_on >= ", from.into());
    }
    if let Some(to) = to {
        query.and("closed_on <= ", to.into());
    }
    read::page(db, query, true, page).await
}

/// An account's bills, newest first. Open is the one that is not closed, while something of what was billed is open.
///
/// # Errors
/// [`LedgerFault`].
pub async fn bills(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
    status: Option<BillStatus>,
    page: Page<i64>,
) -> Result<Vec<Bill>, LedgerFault> {
    let mut query = read::select::<Bill>(tenant);
    query.and("account_id = ", account.0.into());
    let is_open = "(ended IS NULL AND EXISTS (SELECT 1 FROM due d WHERE d.tenant_id = $1 AND d.account_id = bill.account_id \
                   AND d.source IN ('BILL', 'TERMINATION') AND d.status IN ('OPEN', 'PARTLY_SETTLED')))";
    match status {
        None => {}
        Some(BillStatus::Open) => query.and_raw(is_open),
        Some(BillStatus::Closed) => query.and_raw(&format!("NOT {is_open}")),
    }
    read::page(db, query, true, page).await
}

/// The bills of a statement, the newest first: a bill, and reminders of it.
///
/// # Errors
/// [`LedgerFault`].
pub async fn of_statement(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    statement: StatementId,
) -> Result<Vec<Bill>, LedgerFault> {
    let mut query = read::select::<Bill>(tenant);
    query.and("statement_id = ", statement.0.into());
    let page = Page { limit: 10, ..Page::default() };
    read::page(db, query, true, page).await
}

/// When a statement was asked for again, newest first.
///
/// # Errors
/// [`LedgerFault`].
pub async fn reprints(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    statement: StatementId,
    page: Page<i64>,
) -> Result<Vec<StatementReprint>, LedgerFault> {
    let mut query = read::select::<StatementReprint>(tenant);
    query.and("statement_id = ", statement.0.into());
    read::page(db, query, true, page).await
}

/// The commands that concern a bill: what the log tells of it and its statement, and what settled what it asks for. At most
/// 1,000, the newest.
///
/// # Errors
/// [`LedgerFault`].
pub async fn commands_of(db: &impl ConnectionTrait, tenant: TenantId, bill: &Bill) -> Result<Vec<i64>, LedgerFault> {
    let mut query = crate::ledger::query::Query::new(
        "SELECT DISTINCT command_sequence FROM (SELECT tenant_id, command_sequence, subject, NULL AS reference FROM event \
         UNION ALL SELECT n.tenant_id, n.command_sequence, NULL AS subject, d.reference FROM due d JOIN due_settlement s \
         ON s.tenant_id = d.tenant_id AND s.due_id = d.id JOIN entry n ON n.tenant_id = s.tenant_id AND n.id = s.entry_id \
         WHERE d.source = 'BILL') AS c WHERE tenant_id = ",
        tenant,
    );
    let bound = [bill.id.to_string(), bill.statement.to_string()].map(|subject| query.bind(subject.into()));
    let reference = query.bind(bill.statement.to_string().into());
    query.and_raw(&format!("(subject IN (${}, ${}) OR reference = ${reference})", bound[0], bound[1]));
    query.end(" ORDER BY command_sequence DESC LIMIT 1000");
    query.all(db).await?.iter().map(|row| Ok(row.try_get("", "command_sequence")?)).collect()
}

/// Whether something is open of what was billed on accounts.
///
/// # Errors
/// [`LedgerFault`].
pub async fn billed_open(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    account: AccountId,
) -> Result<Minor, LedgerFault> {
    let mut query = read::select::<crate::dues::Due>(tenant);
    query.and("account_id = ", account.uuid().into());
    query.and_raw("source IN ('BILL', 'TERMINATION') AND status IN ('OPEN', 'PARTLY_SETTLED')");
    let rows = query.all(db).await?;
    let dues = rows.iter().map(crate::dues::Due::of_result).collect::<Result<Vec<_>, _>>()?;
    Ok(Minor(dues.iter().map(|due| due.open().0).sum()))
}
