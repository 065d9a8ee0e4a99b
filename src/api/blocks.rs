//! Blocks in the API: what stops the money of a customer or an account, and what is set aside of it.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject};

use crate::access::Scope;
use crate::accounts::blocks::{self, BlockFilter as Filter, BlockOn, BlockSubject, store};
use crate::accounts::{ChangeBlock, LiftBlock, PlaceBlock};
use crate::api::accounts::{self, Account};
use crate::api::books::Entry;
use crate::api::call::{Call, Reach, Reply};
use crate::api::context::{Caller, allowed, caller};
use crate::api::customers::{self, Customer};
use crate::api::enums::{BankAccountClass, BlockKind, BlockStatus};
use crate::api::fault::Fault;
use crate::api::input::{ExternalReferenceInput, MoneyInput, change, named, set};
use crate::api::inputs::{AccountBy, CustomerBy, filter_id};
use crate::api::money::Money;
use crate::api::outputs;
use crate::api::pagination::{Connection, Listed, Ordinal, PageArgs, Window};
use crate::api::payments::details;
use crate::api::refusal::outcomes;
use crate::api::scalars::{Date, DateTime, Json};
use crate::payments::{BankAccountInput, PayGarnishment};
use crate::primitives::{AccountId, BlockId, CustomerId, Minor};
use crate::refused::{Refused, said};

/// A block in the API.
#[derive(Clone, Debug)]
pub struct Block(blocks::Block);

impl Listed for Block {
    const LIST: &'static str = "Block";
}

impl Block {
    fn money(&self, of: impl Fn(Minor) -> Minor) -> Option<Money> {
        self.0.garnished.map(|(amount, currency)| of(amount).in_currency(currency).into())
    }

    /// What is for the tenant to know, and not for the customer.
    fn told<T>(&self, ctx: &Context<'_>, of: impl Fn(&blocks::Block) -> Option<T>) -> Result<Option<T>, Fault> {
        Ok(if caller(ctx)?.customer().is_some() { None } else { of(&self.0) })
    }
}

/// Something that stops the money of a customer or an account. A token that is bound to a customer sees what is blocked and
/// until when, and not why.
#[Object]
impl Block {
    /// Opaque, and unique across the API.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The account that is blocked, where it is one.
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        match self.0.subject {
            BlockSubject::Account(account) => accounts::by_id(caller(ctx)?, account).await,
            BlockSubject::Customer(_) => Ok(None),
        }
    }

    /// The customer that is blocked, with all accounts, where it is one.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        match self.0.subject {
            BlockSubject::Customer(customer) => customers::by_id(caller(ctx)?, customer).await,
            BlockSubject::Account(_) => Ok(None),
        }
    }

    /// What it does.
    async fn kind(&self) -> BlockKind {
        self.0.kind
    }

    /// Where it is in its life, today.
    async fn status(&self, ctx: &Context<'_>) -> Result<BlockStatus, Fault> {
        if self.0.status != BlockStatus::InForce || self.0.until.is_none() {
            return Ok(self.0.status);
        }
        let caller = caller(ctx)?;
        Ok(self.0.stands(caller.engine.present(caller.tenant()).await?.today))
    }

    /// The last day of it; without one it is in force until it is lifted.
    async fn until(&self) -> Option<Date> {
        self.0.until.map(Date)
    }

    /// Why, as a code of yours; hidden from the customer's own token.
    async fn reason_code(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        self.told(ctx, |block| Some(block.reason_code.clone()))
    }

    /// Why, for people; hidden from the customer's own token.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        self.told(ctx, |block| block.reason.clone())
    }

    /// What a garnishment sets aside, less what has been paid of it; of garnishments only.
    async fn garnished(&self) -> Option<Money> {
        self.money(|amount| amount)
    }

    /// What has been paid of it; of garnishments only.
    async fn paid(&self) -> Option<Money> {
        self.money(|_| self.0.paid)
    }

    /// When it was placed.
    async fn placed_at(&self) -> DateTime {
        DateTime(self.0.placed_at)
    }

    /// When it was lifted, paid or noted as over.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at.map(DateTime)
    }

    /// Why it was lifted, for people; hidden from the customer's own token.
    async fn lift_reason(&self, ctx: &Context<'_>) -> Result<Option<String>, Fault> {
        self.told(ctx, |block| block.lift_reason.clone())
    }
}

/// A block by its id, if the token sees what is blocked.
///
/// # Errors
/// The database's.
pub async fn by_id(caller: &Caller, id: BlockId) -> Result<Option<Block>, Fault> {
    let Some(block) = caller.loaders.row::<blocks::Block>(id).await? else { return Ok(None) };
    let is_seen = match block.subject {
        _ if caller.customer().is_none() => true,
        BlockSubject::Customer(customer) => caller.sees(customer),
        BlockSubject::Account(account) => accounts::by_id(caller, account).await?.is_some(),
    };
    Ok(is_seen.then_some(Block(block)))
}

/// The blocks on things that the token sees, newest first.
///
/// # Errors
/// `BAD_REQUEST` for the page, and the database's.
pub async fn list(caller: &Caller, filter: Filter, args: &PageArgs) -> Result<Connection<Block>, Fault> {
    let window = Window::<Ordinal<blocks::Block>>::new(args)?;
    let today = caller.engine.present(caller.tenant()).await?.today;
    let rows = store::list(caller.db(), caller.tenant(), &filter, today, window.page(Ordinal::place)).await?;
    Ok(window.connect(rows, |row| Ordinal::of(row.ordinal), Block))
}

/// Which blocks to list. All conditions must hold; ids that name nothing find nothing.
#[derive(Debug, Default, InputObject)]
pub struct BlockFilter {
    /// Only those on this account.
    account: Option<ID>,
    /// Only those on this customer and on its accounts.
    customer: Option<ID>,
    /// Only of this kind.
    kind: Option<BlockKind>,
    /// Only those that are in force today, or only those that are over.
    in_force: Option<bool>,
}

/// Questions about blocks. Scope: read.
#[derive(Debug, Default)]
pub struct BlockQuery;

/// Questions about blocks. Scope: read.
#[Object]
impl BlockQuery {
    /// The blocks, newest first; for a token that is bound to a customer those on the customer and its accounts.
    async fn blocks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only some of them.")] filter: Option<BlockFilter>,
        #[graphql(desc = "How many, up to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "Only what lies beyond this cursor.")] after: Option<String>,
    ) -> Result<Connection<Block>, Fault> {
        let caller = allowed(ctx, Scope::Read)?;
        let filter = filter.unwrap_or_default();
        let customers = [filter.customer.as_ref().map(filter_id::<CustomerId>), caller.customer()];
        let customer = customers.into_iter().flatten().next();
        if customers.into_iter().flatten().any(|other| Some(other) != customer) {
            return Ok(Connection::empty());
        }
        let account = filter.account.as_ref().map(filter_id::<AccountId>);
        let filter = Filter {
            subjects: account.map(|account| vec![BlockSubject::Account(account)]),
            customer,
            kind: filter.kind,
            in_force: filter.in_force,
        };
        list(caller, filter, &PageArgs::forward(first, after)).await
    }
}

/// What to block.
#[derive(OneofObject)]
pub enum BlockOnInput {
    /// An account.
    Account(AccountBy),
    /// A customer, and so all of its accounts, also those that are opened later.
    Customer(CustomerBy),
}

/// A block to place.
#[derive(InputObject)]
pub struct PlaceBlockInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// What is blocked. At most 20 blocks are in force on one thing.
    on: BlockOnInput,
    /// What the block does.
    kind: BlockKind,
    /// Why, as a code of your own. The customer does not see it.
    reason_code: String,
    /// Why, for people. The customer does not see it.
    reason: Option<String>,
    /// The last day of it; until it is lifted when absent.
    until: Option<Date>,
    /// What is set aside, in the account's currency; of garnishments, which are on accounts only.
    garnished: Option<MoneyInput>,
}

/// What to change on a block that is in force. Absent fields stay as they are.
#[derive(InputObject)]
pub struct ChangeBlockInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which block.
    block: ID,
    /// What it does; a garnishment stays one. Cannot be emptied.
    kind: MaybeUndefined<BlockKind>,
    /// Why, as a code of your own; cannot be emptied.
    reason_code: MaybeUndefined<String>,
    /// Why, for people; null empties it.
    reason: MaybeUndefined<String>,
    /// The last day of it; null for none.
    until: MaybeUndefined<Date>,
    /// What is still to be set aside, of a garnishment; cannot be emptied.
    garnished: MaybeUndefined<MoneyInput>,
}

/// A block to lift.
#[derive(InputObject)]
pub struct LiftBlockInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which block.
    block: ID,
    /// Why, for people.
    reason: String,
}

/// What is garnished, to be paid to whom has asked for it.
#[derive(InputObject)]
pub struct PayGarnishmentInput {
    /// Makes the request safe to repeat.
    idempotency_key: String,
    /// Which garnishment.
    block: ID,
    /// How much; as much of it as the account has funds for when absent.
    amount: Option<MoneyInput>,
    /// The receiving bank account, international.
    iban: Option<String>,
    /// The receiving bank account, domestic.
    bank_account_number: Option<String>,
    /// Required with `bankAccountNumber`.
    bank_account_class: Option<BankAccountClass>,
    /// Who is paid.
    receiver_name: Option<String>,
    /// When it counts; the business date when absent.
    value_date: Option<Date>,
    /// A payment reference; not unique.
    reference: Option<String>,
    /// What the receiver is told.
    message_to_receiver: Option<String>,
    /// For people.
    description: Option<String>,
    /// Your own name for the entry; unique together with its date and poster.
    external_reference: Option<ExternalReferenceInput>,
    /// A JSON object of your own.
    metadata: Option<Json>,
}

outcomes! {
    /// A block was placed.
    PlaceBlockResult = PlaceBlockSuccess {
        /// The block.
        block: Block,
    }

    /// A block was changed.
    ChangeBlockResult = ChangeBlockSuccess {
        /// The block, as it is now.
        block: Block,
    }

    /// A block was lifted.
    LiftBlockResult = LiftBlockSuccess {
        /// The block, as it is now.
        block: Block,
    }

    /// What is garnished was paid, or a part of it.
    PayGarnishmentResult = PayGarnishmentSuccess {
        /// The entry.
        entry: Entry,
        /// The account, as it is now.
        account: Account,
    }
}

/// The result of a mutation that gives a block.
macro_rules! of_block {
    ($reply:expr, $result:ident, $success:ident) => {
        Ok(Some(match $reply {
            Reply::Refused(refusal) => $result::Refused(refusal),
            Reply::Done(done) => {
                $result::Done($success { block: Block(Arc::unwrap_or_clone(done.value)), receipt: done.receipt.into() })
            }
        }))
    };
}

/// Mutations of blocks.
#[derive(Default)]
pub struct BlockMutation;

#[Object]
impl BlockMutation {
    /// Stops money of an account or of all accounts of a customer, or sets an amount of an account aside. What you charge,
    /// correct or take back, and what a scheme has cleared, is booked all the same. Scope: admin.
    async fn place_block(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to block.")] input: PlaceBlockInput,
    ) -> Result<Option<PlaceBlockResult>, Fault> {
        let call = Call::begin(ctx, "placeBlock", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_block!(call.run(&key, input.command()).await?, PlaceBlockResult, PlaceBlockSuccess)
    }

    /// Changes a block that is in force. Scope: admin.
    async fn change_block(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangeBlockInput,
    ) -> Result<Option<ChangeBlockResult>, Fault> {
        let call = Call::begin(ctx, "changeBlock", Scope::Admin, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        of_block!(call.run(&key, input.command()).await?, ChangeBlockResult, ChangeBlockSuccess)
    }

    /// Lifts a block before its last day. Scope: admin.
    async fn lift_block(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to lift.")] input: LiftBlockInput,
    ) -> Result<Option<LiftBlockResult>, Fault> {
        let call = Call::begin(ctx, "liftBlock", Scope::Admin, Reach::Tenant).await?;
        let block = named("block", "block", input.block.parse().ok());
        let command = block.map(|block| LiftBlock { block, reason: input.reason });
        of_block!(call.run(&input.idempotency_key, command).await?, LiftBlockResult, LiftBlockSuccess)
    }

    /// Pays what a garnishment has set aside to whom has asked for it. Scope: money.
    async fn pay_garnishment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to pay.")] input: PayGarnishmentInput,
    ) -> Result<Option<PayGarnishmentResult>, Fault> {
        let call = Call::begin(ctx, "payGarnishment", Scope::Money, Reach::Tenant).await?;
        let key = input.idempotency_key.clone();
        Ok(Some(match call.run(&key, input.command()).await? {
            Reply::Refused(refusal) => PayGarnishmentResult::Refused(refusal),
            Reply::Done(done) => PayGarnishmentResult::Done(PayGarnishmentSuccess {
                account: outputs::account_of(ctx, &done.value).await?,
                entry: Entry::new(done.value),
                receipt: done.receipt.into(),
            }),
        }))
    }
}

impl PlaceBlockInput {
    fn command(self) -> Result<PlaceBlock, Refused> {
        Ok(PlaceBlock {
            on: match self.on {
                BlockOnInput::Account(by) => BlockOn::Account(named("on.account", "account", by.to_domain())?),
                BlockOnInput::Customer(by) => BlockOn::Customer(named("on.customer", "customer", by.to_domain())?),
            },
            kind: self.kind,
            reason_code: self.reason_code,
            reason: said(self.reason),
            until: self.until.map(|until| until.0),
            garnished: self.garnished.map(Into::into),
        })
    }
}

impl ChangeBlockInput {
    fn command(self) -> Result<ChangeBlock, Refused> {
        Ok(ChangeBlock {
            block: named("block", "block", self.block.parse().ok())?,
            kind: set("kind", self.kind)?,
            reason_code: set("reasonCode", self.reason_code)?,
            reason: change(self.reason),
            until: change(self.until.map_value(|until| until.0)),
            garnished: set("garnished", self.garnished)?.map(Into::into),
        })
    }
}

impl PayGarnishmentInput {
    fn command(self) -> Result<PayGarnishment, Refused> {
        let bank_account =
            BankAccountInput { iban: self.iban, number: self.bank_account_number, class: self.bank_account_class };
        Ok(PayGarnishment {
            block: named("block", "block", self.block.parse().ok())?,
            amount: self.amount.map(Into::into),
            bank_account: bank_account.checked()?,
            receiver_name: said(self.receiver_name),
            message_to_receiver: said(self.message_to_receiver),
            details: details(
                self.value_date,
                self.reference,
                self.description,
                self.external_reference,
                self.metadata,
            )?,
        })
    }
}
