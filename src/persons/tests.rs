//! The rules of merges and erasures over a tenant in memory.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::accounts::blocks::{Block, BlockOn, ChangeBlock, LiftBlock, PlaceBlock};
use crate::accounts::participants::{self, ParticipantRole};
use crate::accounts::products::CreateProduct;
use crate::accounts::{
    AccountBy, AddAccountParticipant, CloseAccount, Family, NewOwner, OpenAccount, ProductBy, RemoveAccountParticipant,
};
use crate::customers::identifiers::Country;
use crate::customers::refusals::{CUSTOMER_ERASED, CUSTOMER_HAS_OBLIGATIONS, CUSTOMER_MERGED, NOT_THE_SAME_CUSTOMER};
use crate::customers::{CreateCustomer, CustomerBy, CustomerType, NewIdentifier, Profile};
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::ledger::{BlockKind, DebtRule};
use crate::primitives::{Clock, CustomerId, Origin, TenantId};
use crate::refused::Refused;
use crate::sealing::Secret;
use crate::work::memory::Memory;
use crate::work::{Change, Command};

const TENANT: TenantId = TenantId(Uuid::from_u128(7));

fn both(test: impl Fn(&mut Memory)) {
    let clock = || Clock::manual("2026-04-15T09:30:00Z".parse().expect("a moment"));
    test(&mut Memory::new(TENANT, clock()));
    test(&mut Memory::from_nothing(TENANT, clock()));
}

fn run<C: Command + Clone>(memory: &mut Memory, command: &C) -> Result<Arc<C::Made>, Refused> {
    memory.run(&Origin::system(TENANT), None, command).map(|done| done.value)
}

fn person(memory: &mut Memory, identifier: Option<&str>) -> CustomerId {
    let identifiers =
        identifier.map(|value| NewIdentifier { country: Country::Sweden, kind: None, value: Secret(value.into()) });
    let new = CreateCustomer {
        type_: CustomerType::Person,
        number: None,
        external_reference: None,
        first_name: None,
        last_name: Some("Hopper".into()),
        company_name: None,
        addresses: Vec::new(),
        metadata: "{}".into(),
        profile: Profile { identifiers: identifiers.into_iter().collect(), ..Profile::default() },
    };
    run(memory, &new).expect("a customer").id
}

fn account(memory: &mut Memory, number: &str, owner: CustomerId) {
    let product = CreateProduct {
        code: number.into(),
        alias: number.into(),
        family: Family::Deposit,
        working_mode: None,
        currency: "SEK".parse().expect("a currency"),
        debt_rule: DebtRule::None,
        repayment_order: RepaymentOrder::DEFAULT,
        item_order: ItemOrder::DEFAULT,
        recurring: None,
        default_credit_limit: None,
        maximum_credit_limit: None,
        maximum_balance: None,
        charity: None,
        prepaid: None,
        authorisation_days: None,
        payee: None,
        reference: None,
        metadata: "{}".into(),
    };
    run(memory, &product).expect("a product");
    let open = OpenAccount {
        product: ProductBy::Code(number.into()),
        owner: NewOwner::Existing(CustomerBy::Id(owner)),
        creditor: None,
        number: Some(number.into()),
        external_reference: None,
        credit_limit: None,
        migrated_balance: None,
        metadata: "{}".into(),
    };
    run(memory, &open).expect("an account");
}

fn takes_part(memory: &mut Memory, number: &str, customer: CustomerId, role: ParticipantRole) {
    let add =
        AddAccountParticipant { account: AccountBy::Number(number.into()), customer: CustomerBy::Id(customer), role };
    run(memory, &add).expect("a participant");
}

fn merging(from: CustomerId, into: CustomerId) -> MergeCustomers {
    MergeCustomers { customer: CustomerBy::Id(from), into: CustomerBy::Id(into) }
}

#[test]
fn a_merge_moves_what_there_is_and_leaves_nothing_twice() {
    both(|memory| {
        let (from, into) = (person(memory, Some("19811228-9874")), person(memory, None));
        account(memory, "1", from);
        account(memory, "2", into);
        takes_part(memory, "2", from, ParticipantRole::CoOwner);
        takes_part(memory, "2", from, ParticipantRole::Payer);
        takes_part(memory, "1", into, ParticipantRole::Guarantor);
        let stays = run(memory, &merging(from, into)).expect("merged");
        assert_eq!(stays.id, into);
        let accounts = memory.rows::<crate::accounts::Account>();
        assert!(accounts.iter().all(|account| account.owner == into));
        let parts = memory.rows::<participants::Participant>();
        assert_eq!(
            parts.iter().map(|part| (part.customer, part.role)).collect::<Vec<_>>(),
            [(into, ParticipantRole::Payer)]
        );
        let identifiers = memory.rows::<crate::customers::CustomerIdentifier>();
        assert!(identifiers.len() == 1 && identifiers[0].customer == into);
        let told = memory.events().iter().map(|told| told.event.payload.to_string()).collect::<String>();
        assert!(!told.contains("9874") && !told.contains("Hopper"), "{told}");
        assert_eq!(run(memory, &merging(from, into)).expect_err("refused").code, CUSTOMER_MERGED);
        let remove = RemoveAccountParticipant {
            account: AccountBy::Number("2".into()),
            customer: CustomerBy::Id(into),
            role: ParticipantRole::Payer,
        };
        run(memory, &remove).expect("the link is the survivor's");
    });
}

#[test]
fn two_numbers_of_one_kind_are_two_persons() {
    both(|memory| {
        let (one, other) = (person(memory, Some("19811228-9874")), person(memory, Some("670919-9530")));
        assert_eq!(run(memory, &merging(one, other)).expect_err("refused").code, NOT_THE_SAME_CUSTOMER);
    });
}

#[test]
fn an_erasure_takes_the_records_that_were_merged_along() {
    both(|memory| {
        let (from, into) = (person(memory, Some("19811228-9874")), person(memory, None));
        run(memory, &merging(from, into)).expect("merged");
        let erased = run(memory, &EraseCustomer { customer: CustomerBy::Id(into) }).expect("erased");
        assert_eq!(erased.id, into);
        assert!(memory.rows::<crate::customers::CustomerIdentifier>().is_empty());
        assert!(memory.rows::<Customer>().iter().all(|row| row.name().is_empty() && row.erased_at.is_some()));
        let open = person(memory, None);
        account(memory, "1", open);
        let refused = run(memory, &EraseCustomer { customer: CustomerBy::Id(open) }).expect_err("refused");
        assert_eq!((refused.code, &*refused.message), (CUSTOMER_HAS_OBLIGATIONS, "account 1 is OPEN"));
    });
}

#[test]
fn nothing_is_remarked_on_what_an_erased_customer_leaves() {
    both(|memory| {
        let customer = person(memory, None);
        account(memory, "1", customer);
        let on = BlockOn::Account(AccountBy::Number("1".into()));
        let block = PlaceBlock {
            on,
            kind: BlockKind::Debits,
            reason_code: "X".into(),
            reason: Some("he said that he is ill".into()),
            until: None,
            garnished: None,
        };
        let block = run(memory, &block).expect("a block").id;
        let close = CloseAccount {
            account: AccountBy::Number("1".into()).into(),
            closure_code: None,
            transactions: Vec::new(),
        };
        run(memory, &close).expect("closed");
        run(memory, &EraseCustomer { customer: CustomerBy::Id(customer) }).expect("erased");
        let change = ChangeBlock {
            block,
            kind: None,
            reason_code: Some("Y".into()),
            reason: Change::Set("he was ill".into()),
            until: Change::Keep,
            garnished: None,
        };
        assert_eq!(run(memory, &change).expect_err("refused").code, CUSTOMER_ERASED);
        run(memory, &ChangeBlock { reason: Change::Keep, ..change }).expect("a code is nobody's");
        let lift = LiftBlock { block, reason: "he is well".into() };
        assert_eq!(run(memory, &lift).expect_err("refused").code, CUSTOMER_ERASED);
        assert!(memory.rows::<Block>().iter().all(|block| block.reason.is_none() && block.lift_reason.is_none()));
    });
}

#[test]
fn every_part_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = PARTS.iter().map(|part| part.name).collect();
    assert_eq!(names.len(), PARTS.len());
}
