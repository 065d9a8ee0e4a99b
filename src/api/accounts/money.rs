//! What restricts and serves an account's money: a part of the fields of every account.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::access::Scope;
use crate::accounts::bank::{BankAccount, BankAccountInput};
use crate::accounts::blocks::{BlockFilter, BlockSubject};
use crate::accounts::model::{self, Payee};
use crate::accounts::products::{CharityTerms, ReferenceTerms};
use crate::api::accounts::prepaid::Prepaid;
use crate::api::applications::{self, LimitApplication};
use crate::api::billing::BillingPlan;
use crate::api::blocks::{self, Block};
use crate::api::context::{allowed, caller};
use crate::api::debits::queries::DirectDebitFilter;
use crate::api::debits::{self, DirectDebit};
use crate::api::enums::{BankAccountClass, CharityKind, InsuranceStatus, ReferenceRule};
use crate::api::fault::Fault;
use crate::api::input::amount;
use crate::api::insurance::{self, InsuranceContract};
use crate::api::mandates::{self, Mandate};
use crate::api::money::Money;
use crate::api::pagination::{Connection, PageArgs};
use crate::api::payments::credit_transfers::{self, CreditTransfer, CreditTransferFilter};
use crate::api::scalars::Decimal;
use crate::debits::store::DirectDebitFilter as DebitsOf;
use crate::ledger::charity::CharityRule;
use crate::ledger::journal::Standing;
use crate::mandates::store::MandateFilter;
use crate::payments::credit_transfers::store::CreditTransferFilter as TransfersOf;
use crate::refused::Refused;

/// The fields that this part adds; flattened into those of every account.
#[derive(Clone, Debug)]
pub struct MoneyFields(pub(super) model::Account);

impl MoneyFields {
    async fn standing(&self, ctx: &Context<'_>) -> Result<Standing, Fault> {
        let found = caller(ctx)?.loaders.position(self.0.id).await?;
        found.ok_or_else(|| Fault::internal(&"an account is not in the books"))
    }
}

/// What restricts and serves the money of every account.
#[Object]
impl MoneyFields {
    /// What is set aside today for garnishments, whether or not it is there: not available, and not paid out to the customer.
    async fn garnished(&self, ctx: &Context<'_>) -> Result<Money, Fault> {
        let Standing { position, today } = self.standing(ctx).await?;
        Ok(Money::of(position.garnished(today), self.0.currency))
    }

    /// The blocks on it, and on its owner, newest first. Scope: read.
    async fn blocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are in force today, or only those that are over.")] in_force: Option<bool>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Block>, Fault> {
        let subjects = vec![BlockSubject::Account(self.0.id), BlockSubject::Customer(self.0.owner)];
        let filter = BlockFilter { subjects: Some(subjects), in_force, ..BlockFilter::default() };
        blocks::list(allowed(ctx, Scope::Read)?, filter, &PageArgs::forward(first, after)).await
    }

    /// Whether it gives to charity with what it spends, by its product's rule as it was when this was switched on.
    async fn charity_donation(&self, ctx: &Context<'_>) -> Result<bool, Fault> {
        Ok(self.standing(ctx).await?.position.charity.is_some())
    }

    /// The applications for a higher credit limit, newest first. Scope: read.
    async fn limit_applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<LimitApplication>, Fault> {
        let args = PageArgs::forward(first, after);
        applications::list(allowed(ctx, Scope::Read)?, Some(self.0.id), Vec::new(), &args).await
    }

    /// What was allowed to be collected for it, newest first. Scope: read.
    async fn mandates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Mandate>, Fault> {
        let filter = MandateFilter { accounts: Some(vec![self.0.id]), ..MandateFilter::default() };
        mandates::list(allowed(ctx, Scope::Read)?, &filter, &PageArgs::forward(first, after)).await
    }

    /// Its insurances, newest first; without those that are closed, unless these are asked for. Scope: read.
    async fn insurance_contracts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only in these states.")] statuses: Option<Vec<InsuranceStatus>>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<InsuranceContract>, Fault> {
        let args = PageArgs::forward(first, after);
        let statuses = statuses.unwrap_or_default();
        insurance::contracts::list(allowed(ctx, Scope::Read)?, Some(self.0.id), None, statuses, &args).await
    }

    /// What is collected for it by direct debit, newest first. Scope: read.
    async fn direct_debits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<DirectDebitFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<DirectDebit>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let states = DirectDebitFilter::states(filter)?;
        let filter = DebitsOf { accounts: Some(vec![self.0.id]), states };
        debits::list(caller, &filter, &PageArgs::forward(first, after)).await
    }

    /// What leaves it for bank accounts by credit transfer, newest first. What comes in by one is a transaction of the kind
    /// PAYMENT. Scope: read.
    async fn credit_transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<CreditTransferFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<CreditTransfer>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let states = CreditTransferFilter::states(filter)?;
        let filter = TransfersOf { accounts: Some(vec![self.0.id]), states };
        credit_transfers::list(caller, &filter, &PageArgs::forward(first, after)).await
    }

    /// How payments to it are made, whatever is billed: none where its product names no bank account.
    async fn bank_payment_details(&self, ctx: &Context<'_>) -> Result<Option<BankPaymentDetails>, Fault> {
        BankPaymentDetails::of(ctx, &self.0).await
    }
}

/// How payments to an account are made.
#[derive(Clone, Debug, SimpleObject)]
pub struct BankPaymentDetails {
    /// To where.
    bank_account: PayeeAccount,
    /// What they carry, so that they find the account: its own for life.
    reference: Option<String>,
    /// All of it as the code line of a Danish payment slip.
    code_line: Option<String>,
}

impl BankPaymentDetails {
    /// Those of an account; none where its product names no bank account.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(ctx: &Context<'_>, account: &model::Account) -> Result<Option<Self>, Fault> {
        let product = caller(ctx)?.loaders.row::<model::Product>(account.product).await?;
        let product = product.ok_or_else(|| Fault::internal(&"an account without its product"))?;
        let Some(payee) = product.payee else { return Ok(None) };
        let reference = account.payment_reference.clone();
        let rule = product.reference.map(|scheme| scheme.rule);
        let code_line = match (&payee.account, rule) {
            (BankAccount::Domestic(BankAccountClass::BankgiroDk, creditor), Some(rule)) => {
                rule.code_line(reference.as_deref(), creditor)
            }
            _ => None,
        };
        Ok(Some(Self { bank_account: payee.into(), reference, code_line }))
    }
}

/// The bank account that payments are made to: an IBAN, or a domestic number with its class.
#[derive(Clone, Debug, SimpleObject)]
pub struct PayeeAccount {
    /// International.
    iban: Option<String>,
    /// Domestic.
    bank_account_number: Option<String>,
    /// Of the domestic number.
    bank_account_class: Option<BankAccountClass>,
    /// The bank.
    bic: Option<String>,
    /// Whose it is.
    name: Option<String>,
}

impl From<Payee> for PayeeAccount {
    fn from(payee: Payee) -> Self {
        let Payee { account, bic, name } = payee;
        let (iban, bank_account_number, bank_account_class) = match account {
            BankAccount::Iban(iban) => (Some(iban), None, None),
            BankAccount::Domestic(class, number) => (None, Some(number), Some(class)),
        };
        Self { iban, bank_account_number, bank_account_class, bic, name }
    }
}

/// What accounts of a product give to charity that switch it on.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct Charity {
    /// How much.
    kind: CharityKind,
    /// Of a share.
    percent: Option<Decimal>,
}

impl From<CharityRule> for Charity {
    fn from(rule: CharityRule) -> Self {
        match rule {
            CharityRule::RoundUp => Self { kind: CharityKind::RoundUp, percent: None },
            CharityRule::Share(percent) => Self { kind: CharityKind::Share, percent: Some(Decimal(percent)) },
        }
    }
}

/// How the accounts of a product get the reference that payments to them carry.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct PaymentReferenceScheme {
    /// The rule.
    rule: ReferenceRule,
    /// Digits of a reference, check digits included; of an international one, those behind `RF` and its check digits.
    length: i32,
}

/// What a product adds to the fields of products: what serves its accounts' money.
#[derive(Clone, Debug)]
pub struct ProductMoneyFields(pub(super) model::Product);

/// What serves the money of a product's accounts.
#[Object]
impl ProductMoneyFields {
    /// What its accounts give to charity that switch it on; nothing when absent.
    async fn charity(&self) -> Option<Charity> {
        self.0.charity.map(Into::into)
    }

    /// What is charged and allowed for loads and unloads, of a prepaid product.
    async fn prepaid(&self) -> Option<Prepaid> {
        self.0.prepaid.map(|terms| Prepaid::new(terms, self.0.currency))
    }

    /// After how many days an authorisation of a card lapses, where the message does not say when; 7 when absent.
    async fn authorisation_days(&self) -> Option<i32> {
        self.0.authorisation_days
    }

    /// How accounts that are opened get the reference that payments to them carry.
    async fn payment_reference(&self) -> Option<PaymentReferenceScheme> {
        let scheme = self.0.reference?;
        Some(PaymentReferenceScheme { rule: scheme.rule, length: scheme.length.into() })
    }

    /// How its accounts are billed; null where they are not.
    async fn billing(&self, ctx: &Context<'_>) -> Result<Option<BillingPlan>, Fault> {
        BillingPlan::of(ctx, &self.0).await
    }

    /// The bank account that payments to its accounts are made to.
    async fn payee(&self) -> Option<PayeeAccount> {
        self.0.payee.clone().map(Into::into)
    }
}

/// How much accounts give to charity.
#[derive(InputObject)]
pub struct CharityInput {
    /// How much.
    kind: CharityKind,
    /// Of a share; required there: above 0, at most 100, with at most four decimals.
    percent: Option<Decimal>,
}

impl CharityInput {
    pub(super) fn terms(self) -> CharityTerms {
        CharityTerms { kind: self.kind, percent: amount(self.percent) }
    }
}

/// How accounts get the reference that payments to them carry.
#[derive(InputObject)]
pub struct PaymentReferenceInput {
    /// The rule.
    rule: ReferenceRule,
    /// Digits of a reference, check digits included, where the rule leaves them open: 9 to 18 as a rule; 13 when absent.
    length: Option<i32>,
}

impl PaymentReferenceInput {
    pub(super) fn terms(self) -> Result<ReferenceTerms, Refused> {
        let length = self.length.map(u8::try_from).transpose();
        let length = length.map_err(|_| Refused::invalid("paymentReference.length", "is no length of references"))?;
        Ok(ReferenceTerms { rule: self.rule, length })
    }
}

/// The bank account that payments are made to: an IBAN, or a domestic number with its class.
#[derive(InputObject)]
pub struct PayeeInput {
    /// International.
    iban: Option<String>,
    /// Domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
    /// The bank, as a BIC.
    bic: Option<String>,
    /// Whose it is.
    name: Option<String>,
}

impl PayeeInput {
    pub(super) fn payee(self) -> Result<Payee, Refused> {
        let input =
            BankAccountInput { iban: self.iban, number: self.bank_account_number, class: self.bank_account_class };
        let account = input.checked().map_err(|refused| refused.under("payee"))?;
        Ok(Payee { account, bic: self.bic, name: self.name })
    }
}
