//! What places, changes and lifts blocks, and keeps what the books have of them.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::events::{self, BLOCK_CHANGED, BLOCK_EXPIRED, BLOCK_FULFILLED, BLOCK_LIFTED, BLOCK_PLACED};
use super::model::{Block, BlockStatus, BlockSubject, MOST, over, why};
use super::store::IN_FORCE;
use crate::accounts::commands::require_owner;
use crate::accounts::model::Account;
use crate::accounts::store::{AccountBy, owned};
use crate::customers::{Customer, CustomerBy};
use crate::ledger::amounts::positive;
use crate::ledger::refusal::{AMOUNT_OUT_OF_RANGE, CURRENCY_MISMATCH, LIMIT_EXCEEDED};
use crate::ledger::{AccountStatus, BlockKind, Position, Refusal, Restrictions};
use crate::primitives::{AccountId, BlockId, Currency, CustomerId, Minor, Money};
use crate::refused::{Facts, Refused};
use crate::work::{Change, Command, Decision, Owned as _, Stop, Wants, Work};

/// What to block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum BlockOn {
    /// An account.
    Account(AccountBy),
    /// A customer, and so all of its accounts.
    Customer(CustomerBy),
}

impl BlockOn {
    fn hint(&self, wants: &mut Wants) {
        match self {
            Self::Account(by) => by.hint(wants),
            Self::Customer(by) => by.hint(wants),
        }
    }

    /// What it is, and in which currency an amount of it is set aside.
    fn locate(&self, work: &mut Work) -> Decision<(BlockSubject, Option<Currency>)> {
        Ok(match self {
            Self::Account(by) => {
                let account = by.locate(work, "on.account")?;
                (BlockSubject::Account(account.id), Some(account.currency))
            }
            Self::Customer(by) => (BlockSubject::Customer(by.locate(work, "on.customer")?.id), None),
        })
    }
}

/// Places a block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlaceBlock {
    /// What is blocked.
    pub on: BlockOn,
    /// What the block does.
    pub kind: BlockKind,
    /// Why, as a code of the tenant's own.
    pub reason_code: String,
    /// Why, for people.
    pub reason: Option<String>,
    /// The last day of it.
    pub until: Option<NaiveDate>,
    /// What is set aside, of a garnishment.
    pub garnished: Option<Money>,
}

impl Command for PlaceBlock {
    const OPERATION: &'static str = "placeBlock";
    type Made = Block;

    fn looks_at(&self, wants: &mut Wants) {
        self.on.hint(wants);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, `ACCOUNT_NOT_OPEN` for a closed
    /// account, `LIMIT_EXCEEDED` for more than 20 in force, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Block>> {
        let (subject, currency) = self.on.locate(work)?;
        let today = work.today();
        let garnished = self.garnished.map(|money| Ok::<_, Refused>((positive("garnished", money)?, money.currency)));
        let block = Block {
            id: work.id(),
            ordinal: work.ordinal(),
            subject,
            kind: self.kind,
            status: BlockStatus::InForce,
            reason_code: self.reason_code.clone(),
            reason: self.reason.clone(),
            until: self.until,
            garnished: garnished.transpose()?,
            paid: Minor::ZERO,
            placed_at: work.now(),
            ended_at: None,
            lift_reason: None,
        }
        .checked(today)?;
        require_currency(&block, currency)?;
        if let BlockSubject::Account(account) = subject {
            let position = work.position(account)?;
            if position.status == AccountStatus::Closed {
                let refusal = Refusal::AccountNotOpen { account, status: position.status };
                let refused = Refused::of_field(refusal.code(), "on.account", refusal.to_string());
                return Err(Refused { facts: refusal.facts(), ..refused }.into());
            }
        }
        if in_force(work, subject)?.len() >= MOST {
            let refused =
                Refused::of_field(LIMIT_EXCEEDED, "on", format!("at most {MOST} blocks are in force at once"));
            let facts = Box::new(Facts { maximum_count: i32::try_from(MOST).ok(), ..Facts::default() });
            return Err(Refused { facts, ..refused }.into());
        }
        let block = work.insert(block)?;
        work.tell(events::of(BLOCK_PLACED, &block));
        restrict(work, subject)?;
        Ok(block)
    }

    fn weight(&self) -> usize {
        6
    }

    fn amount(&self, _block: &Block) -> Option<Money> {
        self.garnished
    }
}

/// Changes a block that is in force.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeBlock {
    /// Which.
    pub block: BlockId,
    /// What it does; a garnishment stays one.
    pub kind: Option<BlockKind>,
    /// Why, as a code of the tenant's own.
    pub reason_code: Option<String>,
    /// Why, for people.
    pub reason: Change<String>,
    /// The last day of it; emptied, it has none.
    pub until: Change<NaiveDate>,
    /// What is set aside from now on, of a garnishment.
    pub garnished: Option<Money>,
}

impl Command for ChangeBlock {
    const OPERATION: &'static str = "changeBlock";
    type Made = Block;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Block>(self.block);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_STATE` for one that is over, `CUSTOMER_ERASED` where a reason is given,
    /// `INVALID_INPUT`, `AMOUNT_OUT_OF_RANGE`, `CURRENCY_MISMATCH`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Block>> {
        let found = located(work, self.block)?;
        let today = work.today();
        require_in_force(&found, today)?;
        if matches!(self.reason, Change::Set(_)) {
            require_remarks(work, found.subject)?;
        }
        let garnished = match self.garnished {
            Some(money) => Some((positive("garnished", money)?, money.currency)),
            None => found.garnished,
        };
        let kind = self.kind.unwrap_or(found.kind);
        if (kind == BlockKind::Garnishment) != (found.kind == BlockKind::Garnishment) {
            return Err(Refused::invalid("kind", "a garnishment stays one, and nothing else becomes one").into());
        }
        let block = work.change::<Block, Refused>(found.id, |block| {
            block.kind = kind;
            if let Some(code) = &self.reason_code {
                block.reason_code.clone_from(code);
            }
            self.reason.apply(&mut block.reason);
            self.until.apply(&mut block.until);
            block.garnished = garnished;
            *block = block.clone().checked(today)?;
            Ok(())
        })?;
        require_currency(&block, found.garnished.map(|(_, currency)| currency))?;
        work.tell(events::of(BLOCK_CHANGED, &block));
        restrict(work, block.subject)?;
        Ok(block)
    }

    fn weight(&self) -> usize {
        6
    }

    fn amount(&self, _block: &Block) -> Option<Money> {
        self.garnished
    }
}

/// Takes a block away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LiftBlock {
    /// Which.
    pub block: BlockId,
    /// Why, for people.
    pub reason: String,
}

impl Command for LiftBlock {
    const OPERATION: &'static str = "liftBlock";
    type Made = Block;

    fn looks_at(&self, wants: &mut Wants) {
        wants.row::<Block>(self.block);
    }

    /// Refused as: `NOT_FOUND`, `INVALID_INPUT`, `INVALID_STATE` for one that is over, `CUSTOMER_ERASED`, in this order.
    fn decide(&self, work: &mut Work) -> Decision<Arc<Block>> {
        let found = located(work, self.block)?;
        let why = why("reason", &self.reason)?;
        require_in_force(&found, work.today())?;
        require_remarks(work, found.subject)?;
        let now = work.now();
        let block = work.change::<Block, Refused>(found.id, |block| {
            block.lift_reason = Some(why);
            block.end(BlockStatus::Lifted, now)
        })?;
        work.tell(events::of(BLOCK_LIFTED, &block));
        restrict(work, block.subject)?;
        Ok(block)
    }

    fn weight(&self) -> usize {
        6
    }
}

/// Pays a part of what is garnished, or as much of it as is there: takes it off what is set aside, so that it can be taken
/// from the account. Gives the account and how much.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_STATE` for one that is over, `INVALID_INPUT` for no garnishment, `CURRENCY_MISMATCH`,
/// `AMOUNT_OUT_OF_RANGE` above what is left, `INSUFFICIENT_FUNDS` where less is there, in this order.
pub fn pay(work: &mut Work, block: BlockId, amount: Option<Money>) -> Decision<(AccountId, Money)> {
    let found = located(work, block)?;
    let today = work.today();
    require_in_force(&found, today)?;
    let (BlockSubject::Account(account), Some((left, currency))) = (found.subject, found.garnished) else {
        return Err(Refused::invalid("block", "nothing is set aside by this block").into());
    };
    let position = work.position(account)?;
    let earlier = in_force(work, found.subject)?.into_iter().take_while(|block| block.id != found.id);
    let before = Minor(earlier.filter_map(|block| block.garnished).map(|(amount, _)| amount.0).sum());
    let there = position.funds_for(left, before, today);
    let available = there.in_currency(currency);
    let amount = match amount {
        Some(money) if money.currency != currency => {
            let message = format!("the account is in {currency}");
            return Err(Refused::of_field(CURRENCY_MISMATCH, "amount.currency", message).into());
        }
        Some(money) => positive("amount", money)?,
        None if there == Minor::ZERO => return Err(Refusal::InsufficientFunds { account, available }.into()),
        None => there,
    };
    if amount > left {
        let message = "less than that is left to pay";
        let facts = Box::new(Facts { remaining: Some(left.in_currency(currency)), ..Facts::default() });
        return Err(Refused { facts, ..Refused::of_field(AMOUNT_OUT_OF_RANGE, "amount", message) }.into());
    }
    if amount > there {
        return Err(Refusal::InsufficientFunds { account, available }.into());
    }
    let now = work.now();
    let block = work.change::<Block, Refused>(found.id, |block| {
        let rest = Minor(left.0 - amount.0);
        block.garnished = Some((rest, currency));
        block.paid = Minor(block.paid.0 + amount.0);
        if rest == Minor::ZERO { block.end(BlockStatus::Fulfilled, now) } else { Ok(()) }
    })?;
    let is_over = block.status == BlockStatus::Fulfilled;
    work.tell(events::of(if is_over { BLOCK_FULFILLED } else { BLOCK_CHANGED }, &block));
    restrict_account(work, account)?;
    Ok((account, amount.in_currency(currency)))
}

/// The block that an input names, if the origin sees it.
fn located(work: &mut Work, id: BlockId) -> Decision<Arc<Block>> {
    match work.get::<Block>(id)? {
        Some(block) if block.is_visible(work)? => Ok(block),
        _ => Err(Refused::not_found("block", "block").into()),
    }
}

/// Of whoever was erased nothing is written down again, so what is blocked of them stays so: it is closed.
fn require_remarks(work: &mut Work, subject: BlockSubject) -> Decision<()> {
    match subject {
        BlockSubject::Account(account) => {
            let account = work.get::<Account>(account)?.ok_or_else(|| Stop::damaged("a block without its account"))?;
            require_owner(work, &account, "block")
        }
        BlockSubject::Customer(customer) => {
            let customer = work.get::<Customer>(customer)?;
            Ok(customer.ok_or_else(|| Stop::damaged("a block without its customer"))?.require_present("block")?)
        }
    }
}

fn require_in_force(block: &Block, today: NaiveDate) -> Result<(), Refused> {
    match block.stands(today) {
        BlockStatus::InForce => Ok(()),
        status => Err(over(status)),
    }
}

fn require_currency(block: &Block, currency: Option<Currency>) -> Result<(), Refused> {
    match (block.garnished, currency) {
        (Some((_, given)), Some(currency)) if given != currency => {
            let message = format!("the account is in {currency}");
            Err(Refused::of_field(CURRENCY_MISMATCH, "garnished.currency", message))
        }
        _ => Ok(()),
    }
}

/// What is in force on a customer itself.
///
/// # Errors
/// That something is not loaded yet.
pub fn in_force_on(work: &mut Work, customer: CustomerId) -> Decision<Vec<Arc<Block>>> {
    in_force(work, BlockSubject::Customer(customer))
}

/// Gives what is in force on one record of a person to the other, which has its accounts by now: each of them, and each
/// that the other had, is under all of it.
///
/// # Errors
/// That something is not loaded yet.
pub fn move_all(work: &mut Work, from: CustomerId, to: CustomerId) -> Decision<()> {
    let (ours, theirs) = (in_force_on(work, from), in_force_on(work, to));
    let (ours, theirs) = (ours?, theirs?);
    if ours.is_empty() && theirs.is_empty() {
        return Ok(());
    }
    for block in ours {
        work.change::<Block, Refused>(block.id, |block| {
            block.subject = BlockSubject::Customer(to);
            Ok(())
        })?;
    }
    restrict_customer(work, from)?;
    restrict_customer(work, to)
}

/// What is in force on one thing. What is over by now is noted as such.
fn in_force(work: &mut Work, subject: BlockSubject) -> Decision<Vec<Arc<Block>>> {
    let blocks = match subject {
        BlockSubject::Account(account) => work.all::<Block, Account>(IN_FORCE, account)?,
        BlockSubject::Customer(customer) => work.all::<Block, Customer>(IN_FORCE, customer)?,
    };
    let (today, now) = (work.today(), work.now());
    let (over, in_force): (Vec<_>, Vec<_>) =
        blocks.into_iter().partition(|block| block.stands(today) == BlockStatus::Expired);
    for block in over {
        let block = work.change::<Block, Refused>(block.id, |block| block.end(BlockStatus::Expired, now))?;
        work.tell(events::of(BLOCK_EXPIRED, &block));
    }
    Ok(in_force)
}

/// Tells the books what restricts something from now on.
fn restrict(work: &mut Work, subject: BlockSubject) -> Decision<()> {
    match subject {
        BlockSubject::Account(account) => restrict_account(work, account),
        BlockSubject::Customer(customer) => restrict_customer(work, customer),
    }
}

fn digest(blocks: &[Arc<Block>]) -> Restrictions {
    Restrictions::new(blocks.iter().map(|block| block.restriction()).collect())
}

fn restrict_account(work: &mut Work, account: AccountId) -> Decision<()> {
    let own = digest(&in_force(work, BlockSubject::Account(account))?);
    replace(work, account, false, &own)
}

/// On a customer itself, for the accounts that it opens, and on each that it has.
fn restrict_customer(work: &mut Work, customer: CustomerId) -> Decision<()> {
    let blocks = digest(&in_force(work, BlockSubject::Customer(customer))?);
    let accounts = work.all::<Account, Customer>(owned(), customer)?;
    let accounts: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    work.get_all::<Position>(&accounts)?;
    let of_customer = blocks.clone();
    work.change::<Customer, Refused>(customer, |customer| {
        customer.restrictions = of_customer;
        Ok(())
    })?;
    for account in accounts {
        replace(work, account, true, &blocks)?;
    }
    Ok(())
}

/// What an account takes over from its owner, as when it gets another one.
///
/// # Errors
/// That something is not loaded yet.
pub fn restrict_by_owner(work: &mut Work, account: AccountId, owner: &Customer) -> Decision<()> {
    replace(work, account, true, &owner.restrictions.clone())
}

fn replace(work: &mut Work, account: AccountId, of_owner: bool, part: &Restrictions) -> Decision<()> {
    let today = work.today();
    let position = work.position(account)?;
    let after = position.restrictions.with(of_owner, part, today);
    if position.status == AccountStatus::Closed || after == position.restrictions {
        return Ok(());
    }
    work.change::<Position, Refused>(account, |position| {
        position.restrictions = after;
        Ok(())
    })?;
    // One that waits to be closed may have waited for a garnishment alone.
    work.close_if_nothing_holds_it_back(account)
}
