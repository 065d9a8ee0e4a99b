//! What is kept of a purchase, when merchants are paid, and that a payment is the sum of its transactions.

use chrono::NaiveDate;
use proptest::prelude::*;
use uuid::Uuid;

use super::model::{
    MerchantContract, MerchantCycle, MerchantPayment, MerchantPaymentState, MerchantTransaction,
    MerchantTransactionKind,
};
use crate::accounts::bank::BankAccount;
use crate::primitives::{MerchantContractId, MerchantPaymentId, MerchantTransactionId, Minor, PartyId};
use crate::refused::INVALID_INPUT;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn contract(fee_pct: &str, fee_fixed: i64) -> MerchantContract {
    MerchantContract {
        id: MerchantContractId(Uuid::nil()),
        ordinal: 0,
        party: PartyId(Uuid::nil()),
        merchant: "M1".into(),
        standing: None,
        name: "Shop".into(),
        currency: "EUR".parse().expect("a currency"),
        fee_pct: fee_pct.parse().expect("a percentage"),
        fee_fixed: Minor(fee_fixed),
        cycle: MerchantCycle::ByHand,
        next_on: None,
        bank_account: BankAccount::Iban("SE3550000000054910000003".into()),
        open: None,
        created_at: 0,
        ended_on: None,
    }
}

fn payment() -> MerchantPayment {
    MerchantPayment {
        id: MerchantPaymentId(Uuid::nil()),
        ordinal: 0,
        contract: MerchantContractId(Uuid::nil()),
        party: PartyId(Uuid::nil()),
        currency: "EUR".parse().expect("a currency"),
        state: MerchantPaymentState::Open,
        gross: Minor::ZERO,
        fee: Minor::ZERO,
        transactions: 0,
        from: day("2026-04-15"),
        through: day("2026-04-15"),
        entry: None,
        paid_on: None,
    }
}

fn transaction(amount: i64, fee: i64) -> MerchantTransaction {
    MerchantTransaction {
        id: MerchantTransactionId(Uuid::nil()),
        ordinal: 0,
        contract: MerchantContractId(Uuid::nil()),
        party: PartyId(Uuid::nil()),
        payment: MerchantPaymentId(Uuid::nil()),
        kind: MerchantTransactionKind::Purchase,
        currency: "EUR".parse().expect("a currency"),
        amount: Minor(amount),
        fee: Minor(fee),
        booked_on: day("2026-04-16"),
    }
}

#[test]
fn a_fee_is_rounded_and_never_more_than_the_purchase() {
    for (fee_pct, fixed, purchase, fee) in [
        ("0", 0, 1_000, 0),
        ("1.5", 10, 1_000, 25),
        ("1.25", 0, 1_000, 13),
        ("1.2", 0, 1_040, 12),
        ("0", 30, 20, 20),
        ("100", 5, 20, 20),
    ] {
        assert_eq!(contract(fee_pct, fixed).fee_of(Minor(purchase)), Minor(fee), "{fee_pct} {fixed} {purchase}");
    }
}

#[test]
fn a_reversal_gives_the_fee_back_with_the_whole_alone() {
    let bought = transaction(1_000, 25);
    for (reversed, back) in [(-1_000, -25), (-999, 0), (-1, 0)] {
        assert_eq!(bought.fee_back(Minor(reversed)), Minor(back), "{reversed}");
    }
}

#[test]
fn a_cycle_ends_where_it_says() {
    // The 15th of April 2026 is a Wednesday.
    for (cycle, after, next) in [
        (MerchantCycle::ByHand, "2026-04-15", None),
        (MerchantCycle::Daily, "2026-04-15", Some("2026-04-16")),
        (MerchantCycle::Weekly, "2026-04-15", Some("2026-04-19")),
        (MerchantCycle::Weekly, "2026-04-18", Some("2026-04-19")),
        (MerchantCycle::Weekly, "2026-04-19", Some("2026-04-26")),
        (MerchantCycle::Weekly, "2026-04-20", Some("2026-04-26")),
        (MerchantCycle::Monthly, "2026-04-15", Some("2026-04-30")),
        (MerchantCycle::Monthly, "2026-04-30", Some("2026-05-31")),
        (MerchantCycle::Monthly, "2026-12-31", Some("2027-01-31")),
        (MerchantCycle::Monthly, "2026-01-31", Some("2026-02-28")),
    ] {
        assert_eq!(cycle.next_after(day(after)), next.map(day), "{cycle:?} {after}");
    }
}

#[test]
fn a_contract_that_makes_no_sense_names_the_field() {
    let refused = |change: fn(&mut MerchantContract)| {
        let mut contract = contract("1.5", 10);
        change(&mut contract);
        contract.checked().err().map(|refused| (refused.code, refused.fields[0].path.join(".")))
    };
    assert_eq!(refused(|_| {}), None);
    for (change, field) in [
        ((|it| it.merchant = " ".into()) as fn(&mut MerchantContract), "merchantId"),
        (|it| it.name = String::new(), "name"),
        (|it| it.fee_pct = "-1".parse().expect("a number"), "feePct"),
        (|it| it.fee_pct = "100.1".parse().expect("a number"), "feePct"),
        (|it| it.fee_pct = "0.00001".parse().expect("a number"), "feePct"),
        (|it| it.fee_fixed = Minor(-1), "feeFixed"),
    ] {
        assert_eq!(refused(change), Some((INVALID_INPUT, field.to_owned())));
    }
    assert_eq!(MerchantPaymentState::Open.next(), [MerchantPaymentState::Paid]);
    assert!(MerchantPaymentState::Paid.next().is_empty());
}

proptest! {
    #[test]
    fn a_payment_is_the_sum_of_its_transactions(
        bought in proptest::collection::vec((1_i64..1_000_000, 0_u32..=10_000, 0_i64..500), 1..40),
    ) {
        let (mut payment, mut net) = (payment(), 0);
        for (amount, hundredths, fixed) in &bought {
            let contract = contract(&rust_decimal::Decimal::new(i64::from(*hundredths), 2).to_string(), *fixed);
            let fee = contract.fee_of(Minor(*amount));
            prop_assert!(fee.0 >= 0 && fee.0 <= *amount);
            payment.add(&transaction(*amount, fee.0));
            net += amount - fee.0;
        }
        prop_assert_eq!(payment.net(), Minor(net));
        prop_assert_eq!(usize::try_from(payment.transactions).expect("few"), bought.len());
        prop_assert_eq!(payment.through, day("2026-04-16"));
    }
}
