//! The rules of blocks, over a tenant in memory: once with every row at hand, once decided from nothing.

use std::sync::Arc;

use proptest::prelude::*;

use super::commands::{BlockOn, ChangeBlock, LiftBlock, PlaceBlock};
use super::model::{Block, BlockStatus};
use crate::accounts::catalogue::InstallCatalogue;
use crate::accounts::commands::NewOwner;
use crate::accounts::store::ProductBy;
use crate::accounts::{Account, AccountBy, OpenAccount};
use crate::customers::{CreateCustomer, Customer, CustomerBy, CustomerType};
use crate::ledger::{BlockKind, PaymentChannel, Position};
use crate::payments::{Details, PostPayment, Transfer};
use crate::primitives::{Clock, Minor, Money, Origin, TenantId};
use crate::refused::Refused;
use crate::work::memory::Memory;
use crate::work::{Change, Command};

const TENANT: TenantId = TenantId(uuid::Uuid::from_u128(7));

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn money(minor: i64) -> Money {
    Minor(minor).in_currency("EUR".parse().expect("a currency"))
}

fn by(number: &str) -> AccountBy {
    AccountBy::Number(number.into())
}

fn open(memory: &mut Memory, owner: &str, number: &str) -> Arc<Account> {
    let command = OpenAccount {
        product: ProductBy::Code("current".into()),
        owner: NewOwner::Existing(CustomerBy::Number(owner.into())),
        creditor: None,
        number: Some(number.into()),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    };
    run(memory, &command).expect("an account")
}

fn block(on: BlockOn, kind: BlockKind, garnished: Option<i64>) -> PlaceBlock {
    PlaceBlock { on, kind, reason_code: "X".into(), reason: None, until: None, garnished: garnished.map(money) }
}

fn pay(to: &str, amount: i64) -> PostPayment {
    PostPayment {
        account: by(to),
        amount: money(amount),
        channel: PaymentChannel::Cash,
        counterparty: None,
        overpayment: None,
        details: Details::default(),
    }
}

fn transfer(from: &str, to: &str, amount: i64) -> Transfer {
    Transfer {
        from: by(from),
        to: by(to),
        amount: money(amount),
        message_to_sender: None,
        message_to_receiver: None,
        details: Details::default(),
    }
}

/// A tenant with two accounts of one customer and one of another.
fn furnished(mut memory: Memory) -> Memory {
    run(&mut memory, &InstallCatalogue { currency: "EUR".parse().expect("a currency") }).expect("products");
    for number in ["C1", "C2"] {
        let customer = CreateCustomer {
            type_: CustomerType::Company,
            number: Some(number.into()),
            external_reference: None,
            first_name: None,
            last_name: None,
            company_name: Some("A".into()),
            profile: Default::default(),
            addresses: Vec::new(),
            metadata: "{}".into(),
        };
        run(&mut memory, &customer).expect("a customer");
    }
    for (owner, number) in [("C1", "A1"), ("C1", "A2"), ("C2", "B1")] {
        open(&mut memory, owner, number);
        run(&mut memory, &pay(number, 1_000)).expect("money");
    }
    memory
}

fn both(test: impl Fn(Memory)) {
    test(furnished(Memory::new(TENANT, Clock::system())));
    test(furnished(Memory::from_nothing(TENANT, Clock::system())));
}

fn position(memory: &Memory, account: &str) -> Position {
    let account = memory.rows::<Account>().into_iter().find(|row| row.number == account).expect("an account");
    (*memory.rows::<Position>().into_iter().find(|row| row.account == account.id).expect("a position")).clone()
}

#[test]
fn blocks_of_owner_and_account_come_and_go_by_themselves() {
    both(|mut memory| {
        let own = run(&mut memory, &block(BlockOn::Account(by("A1")), BlockKind::Credits, None)).expect("a block");
        let customer = || BlockOn::Customer(CustomerBy::Number("C1".into()));
        let owners = run(&mut memory, &block(customer(), BlockKind::Debits, None)).expect("a block");
        open(&mut memory, "C1", "A3");
        let digest =
            |memory: &Memory, account: &str| position(memory, account).restrictions.to_text().unwrap_or_default();
        assert_eq!(digest(&memory, "A1"), "account:CREDITS::0,owner:DEBITS::0");
        assert_eq!(
            (digest(&memory, "A2"), digest(&memory, "A3")),
            ("owner:DEBITS::0".into(), "owner:DEBITS::0".into())
        );
        assert_eq!(digest(&memory, "B1"), "");
        let changed = ChangeBlock {
            block: owners.id,
            kind: Some(BlockKind::All),
            reason_code: None,
            reason: Change::Keep,
            until: Change::Keep,
            garnished: None,
        };
        run(&mut memory, &changed).expect("changed");
        assert_eq!(digest(&memory, "A1"), "account:CREDITS::0,owner:ALL::0");
        run(&mut memory, &LiftBlock { block: own.id, reason: "X".into() }).expect("lifted");
        assert_eq!(digest(&memory, "A1"), "owner:ALL::0");
        run(&mut memory, &LiftBlock { block: owners.id, reason: "X".into() }).expect("lifted");
        for account in ["A1", "A2", "A3"] {
            assert_eq!(digest(&memory, account), "");
        }
        assert!(memory.rows::<Customer>().iter().all(|customer| customer.restrictions.is_empty()));
        assert!(memory.rows::<Block>().iter().all(|block| block.status == BlockStatus::Lifted));
        assert_eq!(memory.events().iter().filter(|logged| logged.event.type_.word().starts_with("BLOCK_")).count(), 5);
    });
}

#[test]
fn a_state_leads_where_it_says_and_nowhere_else() {
    for from in BlockStatus::ALL {
        for to in BlockStatus::ALL {
            let block = both_states(*from);
            let mut changed = block.clone();
            let ended = changed.end(*to, 1);
            assert_eq!(ended.is_ok(), from.next().contains(to), "{from:?} {to:?}");
            assert!(ended.is_ok() || changed == block);
        }
    }
}

fn both_states(status: BlockStatus) -> Block {
    Block {
        id: crate::primitives::BlockId(uuid::Uuid::nil()),
        ordinal: 0,
        subject: super::model::BlockSubject::Account(crate::primitives::AccountId(uuid::Uuid::nil())),
        kind: BlockKind::All,
        status,
        reason_code: "X".into(),
        reason: None,
        until: None,
        garnished: None,
        paid: Minor::ZERO,
        placed_at: 0,
        ended_at: None,
        lift_reason: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes and goes, a customer never gets at what is garnished: what has left the account was beyond it.
    #[test]
    fn what_is_garnished_stays(steps in prop::collection::vec((0..4_u8, 1..900_i64), 1..40)) {
        let mut memory = furnished(Memory::new(TENANT, Clock::system()));
        let mut blocks: Vec<Arc<Block>> = Vec::new();
        for (step, amount) in steps {
            let before = position(&memory, "A1");
            let today = chrono::NaiveDate::MIN;
            match step {
                0 => blocks.extend(run(&mut memory, &block(BlockOn::Account(by("A1")), BlockKind::Garnishment, Some(amount)))),
                1 => _ = run(&mut memory, &pay("A1", amount)),
                2 => {
                    let moved = run(&mut memory, &transfer("A1", "B1", amount));
                    let free = before.balance().0 - before.garnished(today).0;
                    prop_assert_eq!(moved.is_ok(), amount <= free, "{} of {}", amount, free);
                }
                _ => if let Some(block) = blocks.pop() {
                    run(&mut memory, &LiftBlock { block: block.id, reason: "X".into() }).expect("lifted");
                },
            }
            let sum: i64 = blocks.iter().filter_map(|block| block.garnished).map(|(amount, _)| amount.0).sum();
            prop_assert_eq!(position(&memory, "A1").garnished(today).0, sum);
        }
    }
}
