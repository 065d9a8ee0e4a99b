//! `openAccount`, `openAccountBatch`, `updateAccount`, `requestAccountClosure`, `closeAccount`, `closePeriod`.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject};

use crate::access::Scope;
use crate::accounts::close::{ClosingKind, ClosingTransaction};
use crate::accounts::{self, CloseAccount, MigratedBalance, NewOwner, RequestAccountClosure, UpdateAccount};
use crate::api::accounts::Account;
use crate::api::accounts::lookup::{AccountLookup, account_ref};
use crate::api::batch::batches;
use crate::api::call::{Call, Reach, Reply};
use crate::api::cards::inputs::NewCardInput;
use crate::api::customers::addresses::NewAddressInput;
use crate::api::customers::{ContactPointInput, IdentifierInput, ProfileInput};
use crate::api::enums::{BankAccountClass, CustomerType};
use crate::api::fault::Fault;
use crate::api::input::{MoneyInput, amount, change, metadata, metadata_change, named, set};
use crate::api::inputs::{AccountBy, CustomerBy, ProductBy};
use crate::api::parties::PartyBy;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, Decimal, Json};
use crate::cards::OpenAccount;
use crate::customers::CreateCustomer;
use crate::payments::{BankAccountInput, ClosePeriod};
use crate::refused::{Refused, noted, reason};
use crate::work::Change;

/// An account to open.
#[derive(InputObject)]
pub struct OpenAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What it is an instance of.
    product: ProductBy,
    /// Whose it is.
    owner: AccountOwnerInput,
    /// Whom its debt is owed to, where that is not you: a party.
    creditor: Option<PartyBy>,
    /// Unique in the tenant; made when absent.
    number: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
    /// In the product's currency; the product's default when absent.
    credit_limit: Option<Decimal>,
    /// Its first card, where it is opened with one.
    card: Option<NewCardInput>,
    /// What it brings along from a former system, booked when it is opened.
    migrated_balance: Option<MigratedBalanceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

/// What a former system had on an account, in the product's currency: positive is the customer's money, negative the
/// customer's debt. The sum is not zero.
#[derive(InputObject)]
pub struct MigratedBalanceInput {
    /// Funds, or what was bought or borrowed. A debt may lie beyond the credit limit.
    principal: Option<Decimal>,
    /// Interest that is owed: zero or negative.
    interest: Option<Decimal>,
    /// Fees that are owed: zero or negative.
    fee: Option<Decimal>,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
}

/// Whose an account is to be.
#[derive(OneofObject)]
#[expect(clippy::large_enum_variant, reason = "an input is read once")]
pub enum AccountOwnerInput {
    /// A customer who is there, by id.
    Id(ID),
    /// A customer who is there, by number.
    Number(String),
    /// A customer who is there, by your own reference.
    ExternalReference(String),
    /// A customer who is there, by a number by which a state knows it.
    Identifier(IdentifierInput),
    /// A customer who is created with the account.
    Create(NewOwnerInput),
}

/// A customer to create with an account. A person has a last name, a company a company name.
#[derive(InputObject)]
pub struct NewOwnerInput {
    /// Person or company.
    #[graphql(name = "type")]
    type_: CustomerType,
    /// Unique in the tenant; made when absent.
    number: Option<String>,
    /// Your own reference; unique in the tenant.
    external_reference: Option<String>,
    /// Of a person.
    first_name: Option<String>,
    /// Of a person.
    middle_name: Option<String>,
    /// Of a person; required there.
    last_name: Option<String>,
    /// Of a company; required there.
    company_name: Option<String>,
    /// Of a person; what an identifier tells it must agree with.
    birth_date: Option<Date>,
    /// BCP 47 tags such as `sv` or `pt-BR`, in the order in which they are preferred; at most 10.
    #[graphql(validator(max_items = 10))]
    languages: Option<Vec<String>>,
    /// Where it can be reached; at most 20.
    #[graphql(validator(max_items = 20))]
    contact_points: Option<Vec<ContactPointInput>>,
    /// The numbers by which states know it, one of each kind; at most 10. Each is one customer's.
    #[graphql(validator(max_items = 10))]
    identifiers: Option<Vec<IdentifierInput>>,
    /// A JSON object of your own.
    metadata: Option<Json>,
    /// Where it is reached: none, or a permanent MAIN_POSTAL_ADDRESS among them.
    addresses: Option<Vec<NewAddressInput>>,
}

/// What to change on an account. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
    /// Your own reference; null empties it.
    external_reference: MaybeUndefined<String>,
    /// Whom its debt is owed to: a party; null for you.
    creditor: MaybeUndefined<PartyBy>,
    /// Downwards only: raising it takes an application. Cannot be emptied.
    credit_limit: MaybeUndefined<Decimal>,
    /// Whether it gives to charity with what it spends, by its product's rule. Cannot be emptied.
    charity_donation: MaybeUndefined<bool>,
    /// A JSON object of your own; replaces the former one, null empties it.
    metadata: MaybeUndefined<Json>,
}

/// An account whose owner wants it closed.
#[derive(InputObject)]
pub struct RequestAccountClosureInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
}

/// An account to close.
#[derive(InputObject)]
pub struct CloseAccountInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which account. Required without `lookup`.
    account: Option<AccountBy>,
    /// What the account is: beside `account` it must agree, without it exactly one must be so.
    lookup: Option<AccountLookup>,
    /// Why, as a code of your own.
    closure_code: Option<String>,
    /// What brings the account to zero, in this order. After the last one nothing may be left.
    #[graphql(default)]
    transactions: Vec<ClosingTransactionInput>,
}

/// One closing transaction.
#[derive(InputObject)]
pub struct ClosingTransactionInput {
    /// Where the rest goes, or what becomes of it.
    target: ClosingTargetInput,
    /// A part; the whole rest when absent.
    amount: Option<MoneyInput>,
    /// For people.
    description: Option<String>,
}

/// Where a closing transaction moves the rest.
#[derive(OneofObject)]
pub enum ClosingTargetInput {
    /// To another account.
    TransferTo(AccountBy),
    /// To a bank account.
    Payout(PayoutInput),
    /// A debt is given up, or a small remainder taken over.
    WriteOff(WriteOffInput),
}

/// A bank account: an IBAN, or a domestic number with its class.
#[derive(InputObject)]
pub struct PayoutInput {
    /// International.
    iban: Option<String>,
    /// Domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
}

/// A write-off.
#[derive(InputObject)]
pub struct WriteOffInput {
    /// Why.
    reason: String,
}

/// A period to close.
#[derive(InputObject)]
pub struct ClosePeriodInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// The last day of it: nothing can be posted with a value date up to here any more. Forward only.
    through: Date,
}

outcomes! {
    /// An account was opened.
    OpenAccountResult = OpenAccountSuccess {
        /// The account.
        account: Account,
    }

    /// An account was changed.
    UpdateAccountResult = UpdateAccountSuccess {
        /// The account, as it is now.
        account: Account,
    }

    /// A closure was asked for: the account is PENDING_CLOSE, or CLOSED when nothing held it back.
    RequestAccountClosureResult = RequestAccountClosureSuccess {
        /// The account, as it is now.
        account: Account,
    }

    /// An account was closed.
    CloseAccountResult = CloseAccountSuccess {
        /// The account, as it is now.
        account: Account,
    }

    /// A period was closed.
    ClosePeriodResult = ClosePeriodSuccess {
        /// The last closed day.
        closed_through: Date,
    }
}

batches! {
    /// Accounts to open, with their owners or for owners who are there.
    OpenAccountBatchInput of OpenAccountInput;
    OpenAccountBatchItem, OpenAccountBatchSuccess, OpenAccountBatchResult of OpenAccountResult;
}

/// The result of a mutation that gives an account.
macro_rules! of_account {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                $result::Done($success { account: Account::new((*done.value).clone()), receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Opens an account of any family. Scope: admin.
    async fn open_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to open.")] input: OpenAccountInput,
    ) -> Result<Option<OpenAccountResult>, Fault> {
        let call = Call::begin(ctx, "openAccount", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_account!(call.run(&key, input.command()).await?, OpenAccountResult, OpenAccountSuccess)
    }

    /// Opens many accounts. Scope: admin; large batches take the scope bulk.
    async fn open_account_batch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to open.")] input: OpenAccountBatchInput,
    ) -> Result<Option<OpenAccountBatchResult>, Fault> {
        let call = Call::begin(ctx, "openAccountBatch", Scope::Admin, Reach::Tenant).await?;
        OpenAccountBatchInput::run(&call, input, OpenAccountInput::command, |done| {
            let account = Account::new((*done.value).clone());
            OpenAccountResult::Done(OpenAccountSuccess { account, receipt: done.receipt.into() })
        })
        .await
    }

    /// Changes an account's external reference and metadata, lowers its credit limit, and switches its donations. Scope: admin.
    async fn update_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateAccountInput,
    ) -> Result<Option<UpdateAccountResult>, Fault> {
        let call = Call::begin(ctx, "updateAccount", Scope::Admin, Reach::Own).await?;
        let key = input.idempotency_key.clone();
        of_account!(call.run(&key, input.command()).await?, UpdateAccountResult, UpdateAccountSuccess)
    }

    /// Asks for an account to be closed: it gives no new credit from now on, and closes by itself as soon as
    /// its balance is zero and no hold is open. Scope: admin.
    async fn request_account_closure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which account.")] input: RequestAccountClosureInput,
    ) -> Result<Option<RequestAccountClosureResult>, Fault> {
        let call = Call::begin(ctx, "requestAccountClosure", Scope::Admin, Reach::Own).await?;
        let account = account_ref(input.account, input.lookup);
        let command = account.map(|account| RequestAccountClosure { account });
        let reply = call.run(&input.idempotency_key, command).await?;
        of_account!(reply, RequestAccountClosureResult, RequestAccountClosureSuccess)
    }

    /// Closes an account, with the transactions that bring it to zero, as one unit. Scope: admin.
    async fn close_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to close, and how.")] input: CloseAccountInput,
    ) -> Result<Option<CloseAccountResult>, Fault> {
        let call = Call::begin(ctx, "closeAccount", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_account!(call.run(&key, input.command()).await?, CloseAccountResult, CloseAccountSuccess)
    }

    /// Closes the books through a day. Scope: admin.
    async fn close_period(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Through which day.")] input: ClosePeriodInput,
    ) -> Result<Option<ClosePeriodResult>, Fault> {
        let call = Call::begin(ctx, "closePeriod", Scope::Admin, Reach::Tenant).await?;
        let through = input.through.0;
        // What the ended days still have to book comes first.
        let waited = call.engine.days().wait_for(call.origin.tenant, through, DAYS).await;
        waited.map_err(Fault::from)?;
        let command = ClosePeriod { through };
        Ok(Some(match call.run(&input.idempotency_key, Ok(command)).await? {
            Reply::Refused(refusal) => ClosePeriodResult::Refused(refusal),
            Reply::Done(done) => ClosePeriodResult::Done(ClosePeriodSuccess {
                closed_through: Date(done.value.0),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

/// How long the work of days that have ended is waited for.
const DAYS: std::time::Duration = std::time::Duration::from_secs(20);

impl OpenAccountInput {
    fn command(self) -> Result<OpenAccount, Refused> {
        let account = accounts::OpenAccount {
            product: named("product", "product", self.product.to_domain())?,
            owner: self.owner.owner()?,
            creditor: self.creditor.map(|by| named("creditor", "party", by.to_domain())).transpose()?,
            number: self.number,
            external_reference: self.external_reference,
            credit_limit: amount(self.credit_limit),
            migrated_balance: self.migrated_balance.map(|migrated| MigratedBalance {
                principal: amount(migrated.principal),
                interest: amount(migrated.interest),
                fee: amount(migrated.fee),
                value_date: migrated.value_date.map(|date| date.0),
            }),
            metadata: metadata(self.metadata)?,
        };
        let card = self.card.map(|card| card.card().map_err(|refused| refused.under("card"))).transpose()?;
        Ok(OpenAccount { account, card })
    }
}

impl AccountOwnerInput {
    /// The command's part.
    ///
    /// # Errors
    /// `NOT_FOUND` and `INVALID_INPUT`, naming the field at or below `owner`.
    pub(crate) fn owner(self) -> Result<NewOwner, Refused> {
        let by = match self {
            Self::Id(id) => CustomerBy::Id(id),
            Self::Number(number) => CustomerBy::Number(number),
            Self::ExternalReference(reference) => CustomerBy::ExternalReference(reference),
            Self::Identifier(identifier) => CustomerBy::Identifier(identifier),
            Self::Create(new) => {
                return Ok(NewOwner::Created(Box::new(CreateCustomer {
                    type_: new.type_,
                    number: new.number,
                    external_reference: new.external_reference,
                    first_name: new.first_name,
                    last_name: new.last_name,
                    company_name: new.company_name,
                    metadata: metadata(new.metadata).map_err(|refused| refused.under("owner.create"))?,
                    profile: ProfileInput {
                        middle_name: new.middle_name,
                        birth_date: new.birth_date,
                        languages: new.languages,
                        contact_points: new.contact_points,
                        identifiers: new.identifiers,
                    }
                    .told(),
                    addresses: NewAddressInput::all(new.addresses),
                })));
            }
        };
        Ok(NewOwner::Existing(named("owner", "customer", by.to_domain())?))
    }
}

impl UpdateAccountInput {
    fn command(self) -> Result<UpdateAccount, Refused> {
        Ok(UpdateAccount {
            account: account_ref(self.account, self.lookup)?,
            external_reference: change(self.external_reference),
            creditor: match change(self.creditor) {
                Change::Keep => Change::Keep,
                Change::Clear => Change::Clear,
                Change::Set(by) => Change::Set(named("creditor", "party", by.to_domain())?),
            },
            credit_limit: amount(set("creditLimit", self.credit_limit)?),
            charity_donation: set("charityDonation", self.charity_donation)?,
            metadata: metadata_change(self.metadata)?,
        })
    }
}

impl CloseAccountInput {
    fn command(self) -> Result<CloseAccount, Refused> {
        let transactions = self.transactions.into_iter().enumerate();
        let transactions = transactions
            .map(|(index, transaction)| transaction.closing().map_err(|refused| refused.at("transactions", index)));
        Ok(CloseAccount {
            account: account_ref(self.account, self.lookup)?,
            closure_code: self.closure_code,
            transactions: transactions.collect::<Result<_, _>>()?,
        })
    }
}

impl ClosingTransactionInput {
    fn closing(self) -> Result<ClosingTransaction, Refused> {
        let mut description = noted("description", self.description.as_deref())?;
        let kind = match self.target {
            ClosingTargetInput::TransferTo(by) => {
                ClosingKind::Transfer(named("target.transferTo", "account", by.to_domain())?)
            }
            ClosingTargetInput::Payout(payout) => {
                let input = BankAccountInput {
                    iban: payout.iban,
                    number: payout.bank_account_number,
                    class: payout.bank_account_class,
                };
                let account = input.checked().map_err(|refused| refused.under("target.payout"))?;
                ClosingKind::Payout(account.to_counterparty())
            }
            ClosingTargetInput::WriteOff(write_off) => {
                let reason = reason("target.writeOff.reason", &write_off.reason)?;
                description = description.or_else(|| Some(reason.clone()));
                ClosingKind::WriteOff(reason)
            }
        };
        Ok(ClosingTransaction { kind, amount: self.amount.map(Into::into), description })
    }
}
