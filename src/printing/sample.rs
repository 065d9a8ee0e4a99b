//! Somebody who does not exist: whom a preview is addressed to, and whose values a text is tried with.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::model::{PrintKind, Text, Values};
use super::sheet::{Align, Block, Column, Letterhead, Payment, PrintLanguage, Sheet, Table};
use super::words::{date, money};
use crate::primitives::{Currency, Money};

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default()
}

fn euro(minor: i64) -> Money {
    Money { amount: Decimal::new(minor, 2), currency: Currency::EURO }
}

/// What a tenant's paper looks like that has set nothing: no name but this one.
#[must_use]
pub fn letterhead(name: &str) -> Letterhead {
    Letterhead { name: name.to_owned(), address: Vec::new(), colour: [34, 51, 68], footer: Vec::new() }
}

/// All values there are.
#[must_use]
pub fn values(language: PrintLanguage) -> Values {
    Values {
        minimum_amount: Some(money(language, euro(5_000))),
        due_on: Some(date(language, day(12, 14))),
        reference: Some("RF18539007547034".into()),
        period_from: Some(date(language, day(11, 1))),
        period_to: Some(date(language, day(11, 30))),
        ..bare(language)
    }
}

/// Those that are never missing.
#[must_use]
pub fn bare(language: PrintLanguage) -> Values {
    Values {
        sender: "Konto".into(),
        customer: "Åsa Müller-Lindström".into(),
        account: "1000-4711".into(),
        number: "2026-000123".into(),
        date: date(language, day(11, 30)),
        amount: money(language, euro(98_765)),
        minimum_amount: None,
        due_on: None,
        reference: None,
        period_from: None,
        period_to: None,
    }
}

/// A sheet of a kind.
#[must_use]
pub fn sheet(kind: PrintKind, language: PrintLanguage, head: &Letterhead, text: Text) -> Sheet {
    let values = values(language);
    let [number, dated, account, entries, day_of, what, amount, total] = match language {
        PrintLanguage::En => ["Number", "Date", "Account", "Transactions", "Date", "Text", "Amount", "Total"],
        PrintLanguage::De => ["Nummer", "Datum", "Konto", "Umsätze", "Datum", "Text", "Betrag", "Summe"],
        PrintLanguage::Sv => ["Nummer", "Datum", "Konto", "Transaktioner", "Datum", "Text", "Belopp", "Summa"],
    };
    let lines = [
        (3, "Bäckerei Grünfeld, Köln", 1_250),
        (11, "Kafé Österlånggatan, Stockholm", 8_715),
        (24, "Bookshop", 88_800),
    ];
    let table = Table {
        title: entries.into(),
        columns: vec![
            Column { heading: day_of.into(), share: 4, align: Align::Left },
            Column { heading: what.into(), share: 10, align: Align::Left },
            Column { heading: amount.into(), share: 5, align: Align::Right },
        ],
        rows: lines
            .iter()
            .map(|(on, what, amount)| {
                vec![date(language, day(11, *on)), (*what).to_owned(), money(language, euro(*amount))]
            })
            .collect(),
        sums: vec![(total.into(), money(language, euro(98_765)))],
    };
    let is_paid = matches!(
        kind,
        PrintKind::Bill | PrintKind::Reminder1 | PrintKind::Reminder2 | PrintKind::Collection | PrintKind::Statement
    );
    let payment = Payment {
        name: head.name.clone(),
        iban: Some("DE89370400440532013000".into()),
        bic: Some("COBADEFFXXX".into()),
        other: None,
        amount: euro(98_765),
        reference: "RF18539007547034".into(),
        due_on: Some(day(12, 14)),
    };
    let mut blocks: Vec<Block> = text.paragraphs.into_iter().map(Block::Paragraph).collect();
    if !matches!(kind, PrintKind::Letter) {
        blocks.push(Block::Table(table));
    }
    Sheet {
        language,
        id: format!("preview:{}:{}", kind.word(), language.word()),
        dated: day(11, 30),
        recipient: vec![values.customer.clone(), "Große Straße 1".into(), "10115 Berlin".into()],
        title: text.title,
        facts: vec![
            (number.into(), values.number.clone()),
            (dated.into(), values.date.clone()),
            (account.into(), values.account.clone()),
        ],
        blocks,
        payment: is_paid.then_some(payment),
        closing: text.closing,
    }
}
