//! `PurchaseAccount`, `Purchase`: what was bought on an account, and how its payment stands.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use crate::accounts::model::Product;
use crate::api::accounts::{Account, PayeeAccount};
use crate::api::books::{self, Entry};
use crate::api::context::{Caller, caller};
use crate::api::enums::{PurchaseAction, PurchaseKind, PurchaseState};
use crate::api::fault::Fault;
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::Listed;
use crate::api::scalars::{Date, DateTime, Decimal};
use crate::debits::DirectDebit;
use crate::primitives::{AccountId, Currency, Minor};
use crate::purchases as domain;
use crate::purchases::{PurchaseLine, Standing, page, store};
use crate::sealing;

/// An account that purchases are on, with what is shown of it.
#[derive(Clone, Debug)]
pub struct PurchaseAccount {
    row: domain::PurchaseAccount,
    purchases: Arc<Vec<domain::Purchase>>,
    debits: Arc<Vec<Arc<DirectDebit>>>,
}

impl Listed for PurchaseAccount {
    const LIST: &'static str = "PurchaseAccount";
}

/// What is shown of accounts: their purchases and their direct debits are read at once for all of them.
///
/// # Errors
/// The database's.
pub async fn shown(caller: &Caller, rows: Vec<domain::PurchaseAccount>) -> Result<Vec<PurchaseAccount>, Fault> {
    let (purchases, debits) = store::beside(caller.db(), caller.tenant(), &rows).await?;
    let (purchases, debits): (Vec<_>, Vec<_>) = (purchases, debits.into_iter().map(Arc::new).collect());
    Ok(rows
        .into_iter()
        .map(|row| {
            let is_of = |account: AccountId| account == row.account() || Some(account) == row.transferred_from;
            let bought = purchases.iter().filter(|purchase| is_of(purchase.account)).cloned().collect();
            let coming = debits.iter().filter(|debit| debit.account == row.account()).cloned().collect();
            PurchaseAccount { row, purchases: Arc::new(bought), debits: Arc::new(coming) }
        })
        .collect())
}

/// The same of one.
///
/// # Errors
/// The database's.
pub async fn shown_one(caller: &Caller, row: domain::PurchaseAccount) -> Result<PurchaseAccount, Fault> {
    shown(caller, vec![row]).await?.pop().ok_or_else(|| Fault::internal(&"an account that is not shown"))
}

/// A line of a purchase.
#[derive(Clone, Debug, SimpleObject)]
pub struct PurchaseTransaction {
    /// What was bought; null once it is erased.
    description: Option<String>,
    /// Remarks.
    notes: Option<String>,
    /// How much, with tax; below zero for what was taken off.
    amount: Money,
    /// The tax in it.
    tax_amount: Option<Money>,
    /// The tax's code, of the merchant's own.
    tax_code: Option<String>,
    /// What kind of transaction it was, in the merchant's own words.
    transaction_type: Option<String>,
    /// When it took place.
    transaction_date: Date,
    /// The merchant's order that it is of.
    order_reference: Option<String>,
}

impl PurchaseTransaction {
    fn of(line: &PurchaseLine, currency: Currency) -> Self {
        let money = |amount: i64| Money::of(Minor(amount), currency);
        Self {
            description: line.description.clone(),
            notes: line.notes.clone(),
            amount: money(line.amount),
            tax_amount: line.tax.map(money),
            tax_code: line.tax_code.clone(),
            transaction_type: line.type_.clone(),
            transaction_date: Date(line.on),
            order_reference: line.order.clone(),
        }
    }
}

/// What a credit costs, in figures that a customer is to be told: they follow from what the loan began with.
#[derive(Clone, Debug, SimpleObject)]
pub struct PurchaseCreditCost {
    /// What is lent.
    credit_amount: Money,
    /// In how many months it is repaid.
    months: i32,
    /// What is paid a month, with interest and fee; the last month takes the rest.
    per_month: Money,
    /// The effective annual rate, in percent, to two decimals; null where it is beyond 1,000 percent a month.
    percent: Option<Decimal>,
    /// Interest and fees of all months together.
    total_credit: Money,
    /// All that is to be paid.
    total_amount: Money,
    /// The yearly rate, in percent.
    interest_rate: Decimal,
    /// What is charged with each month's invoice.
    invoice_fee: Money,
}

/// Something that can be done with what was bought on an account.
#[derive(Clone, Debug, SimpleObject)]
pub struct PurchasePossible {
    /// What.
    action: PurchaseAction,
    /// Whether it can be done now. Scopes of the token are apart.
    allowed: bool,
    /// Why it cannot.
    reason: Option<String>,
}

impl PurchaseAccount {
    async fn standing(&self, ctx: &Context<'_>) -> Result<Standing, Fault> {
        let found = caller(ctx)?.loaders.position(self.row.account()).await?;
        let found = found.ok_or_else(|| Fault::internal(&"an account is not in the books"))?;
        Ok(Standing { debt: found.position.debt(), payment: domain::underway(&self.debits), today: found.today })
    }

    async fn account_row(&self, ctx: &Context<'_>) -> Result<crate::accounts::Account, Fault> {
        let found = caller(ctx)?.loaders.row::<crate::accounts::Account>(self.row.account()).await?;
        found.ok_or_else(|| Fault::internal(&"purchases without their account"))
    }

    async fn product(&self, ctx: &Context<'_>) -> Result<Product, Fault> {
        let product = self.account_row(ctx).await?.product;
        let found = caller(ctx)?.loaders.row::<Product>(product).await?;
        found.ok_or_else(|| Fault::internal(&"an account without its product"))
    }

    fn money(&self, amount: Minor) -> Money {
        Money::of(amount, self.row.currency)
    }

    /// The direct debit that is to come first.
    fn scheduled(&self) -> Option<&DirectDebit> {
        self.debits.iter().map(AsRef::as_ref).min_by_key(|debit| (debit.collection_on, debit.ordinal))
    }
}

/// What was bought on an account, and how its payment stands.
#[Object]
impl PurchaseAccount {
    /// The account.
    async fn account(&self, ctx: &Context<'_>) -> Result<Account, Fault> {
        outputs::account_by_id(ctx, self.row.account()).await
    }

    /// What the purchases are.
    async fn kind(&self) -> PurchaseKind {
        self.row.kind
    }

    /// How their payment stands.
    async fn state(&self, ctx: &Context<'_>) -> Result<PurchaseState, Fault> {
        Ok(self.row.state(&self.standing(ctx).await?))
    }

    /// What can be done with it now, and why the rest cannot.
    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<PurchasePossible>, Fault> {
        let state = self.row.state(&self.standing(ctx).await?);
        let possible = |action: &PurchaseAction| {
            let reason = state.obstacle(*action, self.row.kind);
            PurchasePossible { action: *action, allowed: reason.is_none(), reason }
        };
        Ok(PurchaseAction::ALL.iter().map(possible).collect())
    }

    /// The account's balance: below zero what is owed.
    async fn balance(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        let found = caller(ctx)?.loaders.position(self.row.account()).await?;
        let found = found.ok_or_else(|| Fault::internal(&"an account is not in the books"))?;
        Ok(self.money(found.position.balance()))
    }

    /// By when it is to be paid; null until it is produced. Of a loan, the present month's.
    async fn due_date(&self) -> Option<Date> {
        self.row.due_on.map(Date)
    }

    /// The business date of the first purchase; of a loan that carries what was left of an invoice, when it took that over.
    async fn account_date(&self) -> Date {
        Date(self.row.opened_on)
    }

    /// What payments to it carry.
    async fn payment_reference(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        Ok(self.account_row(ctx).await?.payment_reference)
    }

    /// Who is paid: whose bank account payments go to.
    async fn receiver(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        Ok(self.product(ctx).await?.payee.and_then(|payee| payee.name))
    }

    /// The bank account that payments go to.
    async fn bank_account(&self, ctx: &Context<'_>) -> Result<Option<PayeeAccount>, Fault> {
        Ok(self.product(ctx).await?.payee.map(Into::into))
    }

    /// What the merchant calls the purchases, the oldest first; of a loan that carries what was left of an invoice, those of
    /// the invoice.
    async fn purchase_ids(&self) -> Vec<String> {
        self.purchases.iter().map(|purchase| purchase.reference.clone()).collect()
    }

    /// The merchant's order references of the purchases, each once.
    async fn order_references(&self) -> Vec<String> {
        let mut orders: Vec<String> = Vec::new();
        for order in self.purchases.iter().flat_map(|purchase| &purchase.content.orders) {
            if !orders.contains(order) {
                orders.push(order.clone());
            }
        }
        orders
    }

    /// The lines of the purchases.
    async fn transactions(&self) -> Vec<PurchaseTransaction> {
        let lines = self.purchases.iter().flat_map(|purchase| &purchase.content.lines);
        lines.map(|line| PurchaseTransaction::of(line, self.row.currency)).collect()
    }

    /// What the next payment that is to come will bring: of the direct debit that is on its way to the account.
    async fn scheduled_payment_amount(&self) -> Option<Money> {
        self.scheduled().map(|debit| self.money(debit.amount))
    }

    /// When the payer's bank is to pay it.
    async fn scheduled_payment_charge_date(&self) -> Option<Date> {
        self.scheduled().map(|debit| Date(debit.collection_on))
    }

    /// What is still to be paid by the due date at least, so that it is not overdue. Of a loan, what is left of the month's
    /// amount.
    async fn minimum_amount_to_pay(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        Ok(self.money(self.row.minimum_to_pay(self.standing(ctx).await?.debt)))
    }

    /// The sum of the purchases, or what a loan has taken over: payments do not change it.
    async fn original_amount(&self) -> Money {
        self.money(self.row.original)
    }

    /// Of a loan: what it costs, by the terms as they were when it began.
    async fn credit_cost(&self) -> Option<PurchaseCreditCost> {
        let cost = self.row.credit?.cost(self.row.original)?;
        Some(PurchaseCreditCost {
            credit_amount: self.money(cost.credit),
            months: i32::try_from(cost.months).unwrap_or(i32::MAX),
            per_month: self.money(cost.per_month),
            percent: cost.percent.map(Decimal),
            total_credit: self.money(cost.total_credit),
            total_amount: self.money(cost.total_amount),
            interest_rate: Decimal(cost.rate_annual_pct),
            invoice_fee: self.money(cost.invoice_fee),
        })
    }

    /// The customer's own page of it, by the address in the product's terms; null where there is none, and on a server
    /// without data keys. What it ends up as proves that it was given out: compare it with what a visitor brings.
    async fn personal_page(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        let (product, caller) = (self.account_row(ctx).await?.product, caller(ctx)?);
        let terms = caller.loaders.row::<domain::PurchaseTerms>(domain::PurchaseTerms::id_of(product)).await?;
        let template = terms.and_then(|terms| terms.terms.page);
        let Some((template, ring)) = template.zip(sealing::ring()) else { return Ok(None) };
        Ok(Some(page::page(&template, &ring, caller.tenant(), self.row.account())))
    }

    /// The loan that carries what was left of the invoice.
    async fn transferred_to(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.row.transferred_to {
            None => Ok(None),
            Some(account) => outputs::account_by_id(ctx, account).await.map(Some),
        }
    }

    /// The invoice of which it carries what was left.
    async fn transferred_from(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.row.transferred_from {
            None => Ok(None),
            Some(account) => outputs::account_by_id(ctx, account).await.map(Some),
        }
    }
}

/// A purchase in the API.
#[derive(Clone, Debug)]
pub struct Purchase(pub(super) domain::Purchase);

/// Something that was bought, and is paid later.
#[Object]
impl Purchase {
    /// What the merchant calls it; unique.
    async fn purchase_id(&self) -> &str {
        &self.0.reference
    }

    /// What is bought on its account, and how the payment stands.
    async fn purchase_account(&self, ctx: &Context<'_>) -> Result<PurchaseAccount, Fault> {
        let (caller, id) = (caller(ctx)?, domain::PurchaseAccount::id_of(self.0.account));
        let row = caller.loaders.row::<domain::PurchaseAccount>(id).await?;
        shown_one(caller, row.ok_or_else(|| Fault::internal(&"a purchase that is on no account"))?).await
    }

    /// All of it.
    async fn amount(&self) -> Money {
        Money::of(self.0.amount, self.0.currency)
    }

    /// The merchant's order references.
    async fn order_references(&self) -> &[String] {
        &self.0.content.orders
    }

    /// Its lines.
    async fn transactions(&self) -> Vec<PurchaseTransaction> {
        self.0.content.lines.iter().map(|line| PurchaseTransaction::of(line, self.0.currency)).collect()
    }

    /// What it was booked with.
    async fn entry(&self, ctx: &Context<'_>) -> Result<Option<Entry>, Fault> {
        books::by_id(caller(ctx)?, self.0.entry).await
    }

    /// The business date on which it was registered.
    async fn registered_on(&self) -> Date {
        Date(self.0.registered_on)
    }

    /// When it was.
    async fn registered_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
