//! What sources may answer, and what of it makes sense.

use super::ask::read_answer;
use super::model::{MirroredTransaction, RefreshState};
use crate::primitives::{AccountId, Currency, Minor};

fn euros() -> Currency {
    "EUR".parse().expect("a currency")
}

#[test]
fn an_answer_is_read_or_told_what_is_wrong_with_it() {
    let fine = r#"{"balance":{"amount":"12.50","currency":"EUR"},"transactions":[
        {"id":"a","amount":"-1.00","bookedOn":"2026-04-10"},{"id":"b","amount":"2","bookedOn":"2026-04-11","description":"B"}]}"#;
    let told = read_answer(fine.as_bytes()).expect("an answer");
    assert!(!told.more);
    assert_eq!(told.checked(euros()), Ok((Minor(1_250), vec![Minor(-100), Minor(200)])));
    for (text, what) in [
        ("", "what is no answer of the protocol"),
        (r#"{"transactions":[]}"#, "what is no answer of the protocol"),
        (r#"{"balance":{"amount":1,"currency":"EUR"}}"#, "what is no answer of the protocol"),
        (r#"{"balance":{"amount":"1,0","currency":"EUR"}}"#, "an amount that is none: 1,0"),
        (r#"{"balance":{"amount":"1","currency":"EURO"}}"#, "a currency that is none"),
        (
            r#"{"balance":{"amount":"1","currency":"EUR"},"transactions":[{"id":"a","amount":"1","bookedOn":"10.4.2026"}]}"#,
            "a day that is none: 10.4.2026",
        ),
    ] {
        assert_eq!(read_answer(text.as_bytes()), Err(what.to_owned()), "{text}");
    }
}

#[test]
fn an_answer_that_makes_no_sense_names_the_field() {
    for (balance, transactions, more, code, path) in [
        ("1 SEK", vec![], false, "CURRENCY_MISMATCH", "balance.currency"),
        ("1.001 EUR", vec![], false, "INVALID_INPUT", "balance.amount"),
        ("1 EUR", vec![], true, "INVALID_INPUT", "more"),
        ("1 EUR", vec![("", "1")], false, "INVALID_INPUT", "transactions.0.id"),
        ("1 EUR", vec![("a", "0.00")], false, "INVALID_INPUT", "transactions.0.amount"),
        ("1 EUR", vec![("a", "1.001")], false, "INVALID_INPUT", "transactions.0.amount"),
        ("1 EUR", vec![("a", "1"), ("a", "1")], false, "SOURCE_CONTRADICTS", "transactions.1.id"),
        ("1 EUR", vec![("a", "10000000000000000")], false, "AMOUNT_OUT_OF_RANGE", "transactions.0.amount"),
        ("1 EUR", vec![("a", "1"); 201], false, "INVALID_INPUT", "transactions"),
    ] {
        let (amount, currency) = balance.split_once(' ').expect("an amount and a currency");
        let listed: Vec<String> = transactions
            .iter()
            .map(|(id, amount)| format!(r#"{{"id":"{id}","amount":"{amount}","bookedOn":"2026-04-10"}}"#))
            .collect();
        let text = format!(
            r#"{{"balance":{{"amount":"{amount}","currency":"{currency}"}},"transactions":[{}],"more":{more}}}"#,
            listed.join(",")
        );
        let refused = read_answer(text.as_bytes()).expect("an answer").checked(euros()).expect_err("it is refused");
        assert_eq!((refused.code.word(), refused.fields[0].path.join(".").as_str()), (code, path), "{text}");
    }
}

#[test]
fn a_transaction_has_one_id_on_its_account_and_another_on_others() {
    let account = |number: u128| AccountId(uuid::Uuid::from_u128(number));
    let id = MirroredTransaction::id_of(account(1), "t1");
    assert_eq!(id, MirroredTransaction::id_of(account(1), "t1"));
    assert!(id != MirroredTransaction::id_of(account(1), "t2") && id != MirroredTransaction::id_of(account(2), "t1"));
}

#[test]
fn what_is_over_becomes_nothing_else() {
    for state in RefreshState::ALL {
        let expected: &[RefreshState] = match state {
            RefreshState::Requested => &[RefreshState::Done, RefreshState::Failed],
            RefreshState::Done | RefreshState::Failed => &[],
        };
        assert_eq!(state.next(), expected, "{state:?}");
    }
}
