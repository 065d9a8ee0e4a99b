use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::fonts::{Weight, broken, printable};
use super::layout::{Mark, pages};
use super::model::{Part, Template, Text, colour, written as written_colour};
use super::*;
use crate::primitives::{Currency, Money};

fn money(minor: i64) -> Money {
    Money { amount: Decimal::new(minor, 2), currency: Currency::EURO }
}

fn brand() -> Brand {
    let head = Letterhead {
        name: "Nordlicht Finanz GmbH".into(),
        address: vec!["Hafenstraße 7".into(), "20457 Hamburg".into()],
        colour: [0, 74, 120],
        footer: vec!["Nordlicht Finanz GmbH · Hafenstraße 7 · 20457 Hamburg".into(), "HRB 123456".into()],
    };
    Brand { head, logo: None }
}

fn payment() -> Payment {
    Payment {
        name: "Nordlicht Finanz GmbH".into(),
        iban: Some("DE89 3704 0044 0532 0130 00".into()),
        bic: Some("COBADEFFXXX".into()),
        other: None,
        amount: money(123_450),
        reference: "RF18 5390 0754 7034".into(),
        due_on: NaiveDate::from_ymd_opt(2026, 12, 14),
    }
}

fn sheet(rows: usize) -> Sheet {
    let column = |heading: &str, share, align| Column { heading: heading.into(), share, align };
    let table = Table {
        title: "Umsätze".into(),
        columns: vec![
            column("Datum", 2, Align::Left),
            column("Text", 7, Align::Left),
            column("Betrag", 3, Align::Right),
        ],
        rows: (0..rows)
            .map(|row| {
                vec!["28.11.2026".into(), format!("Kauf {row}: Bäckerei Müller & Söhne"), "−1.234,56 EUR".into()]
            })
            .collect(),
        sums: vec![("Summe".into(), "1.234,50 EUR".into())],
    };
    Sheet {
        language: PrintLanguage::De,
        id: "bill-1".into(),
        dated: NaiveDate::from_ymd_opt(2026, 11, 28).unwrap_or_default(),
        recipient: vec!["Frau".into(), "Åsa Öström-Łukasiewicz".into(), "Große Straße 1".into(), "10115 Berlin".into()],
        title: "Rechnung R-2026-0001".into(),
        facts: vec![("Rechnungsnummer".into(), "R-2026-0001".into()), ("Datum".into(), "28.11.2026".into())],
        blocks: vec![
            Block::Paragraph("Guten Tag Frau Öström, für Ihr Konto stellen wir Ihnen wie folgt in Rechnung:".into()),
            Block::Table(table),
        ],
        payment: Some(payment()),
        closing: vec!["Mit freundlichen Grüßen".into()],
    }
}

/// What is written on each page.
fn written(sheet: &Sheet) -> Vec<Vec<String>> {
    let text = |mark: &Mark| match mark {
        Mark::Text { line, .. } => Some(line.text.clone()),
        _ => None,
    };
    let pages = pages(sheet, &brand());
    pages.pages.iter().map(|page| page.iter().filter_map(|item| text(&item.mark)).collect()).collect()
}

#[test]
fn one_line_takes_one_page_and_a_thousand_all_theirs() {
    assert_eq!(written(&sheet(1)).len(), 1);
    let pages = written(&sheet(1_000));
    assert!((20..=30).contains(&pages.len()), "{} pages", pages.len());
    let all: Vec<&String> = pages.iter().flatten().collect();
    for row in 0..1_000 {
        let found = all.iter().filter(|text| text.starts_with(&format!("Kauf {row}:"))).count();
        assert_eq!(found, 1, "row {row}");
    }
    for (place, page) in pages.iter().enumerate() {
        let number = format!("Seite {} von {}", place + 1, pages.len());
        assert_eq!(page.iter().filter(|text| **text == number).count(), 1, "{number}");
        let heads = page.iter().filter(|text| *text == "Betrag").count();
        let rows = page.iter().filter(|text| text.starts_with("Kauf ")).count();
        assert!(heads >= usize::from(rows > 0), "page {place} has rows and no headings");
    }
}

#[test]
fn sums_stand_with_a_row() {
    for rows in 1..90 {
        for page in written(&sheet(rows)) {
            let sums = page.iter().any(|text| text == "Summe");
            assert!(!sums || page.iter().any(|text| text.starts_with("Kauf ")), "{rows} rows: sums alone");
        }
    }
}

#[test]
fn nothing_stands_beyond_the_page() {
    let mut sheet = sheet(40);
    sheet.recipient = (0..30).map(|line| format!("Zeile {line} {}", "sehr ".repeat(60))).collect();
    sheet.facts = (0..9).map(|fact| ("Bezeichnung ".repeat(9), format!("{fact}{}", "W".repeat(90)))).collect();
    sheet.blocks.push(Block::Paragraph("Donaudampfschifffahrtsgesellschaft".repeat(200)));
    sheet.blocks.push(Block::Paragraph("Wort ".repeat(3_000)));
    let pages = pages(&sheet, &brand());
    for item in pages.pages.iter().flatten() {
        if let Mark::Text { x, y, size, line, .. } = &item.mark {
            assert!(*x >= 0 && x + line.width(*size) <= layout::WIDTH, "{}", line.text);
            assert!(*y > 0 && *y < layout::HEIGHT, "{}", line.text);
        }
    }
}

#[test]
fn a_row_higher_than_a_page_goes_on() {
    let mut sheet = sheet(1);
    let words: Vec<String> = (0..2_000).map(|word| format!("w{word}")).collect();
    if let Some(Block::Table(table)) = sheet.blocks.get_mut(1) {
        table.rows[0][1] = words.join(" ");
    }
    let all = written(&sheet).concat().join(" ");
    for word in ["w0 ", "w1000 ", "w1999"] {
        assert!(all.contains(word), "{word}");
    }
}

#[test]
fn the_same_sheet_gives_the_same_bytes() {
    let one = pdf(&sheet(40), &brand()).expect("a sheet is printed");
    assert_eq!(pdf(&sheet(40), &brand()).expect("a sheet is printed"), one);
    assert!(one.starts_with(b"%PDF-1.7"));
    let mut other = sheet(40);
    other.title = "Rechnung R-2026-0002".into();
    assert_ne!(pdf(&other, &brand()).expect("a sheet is printed"), one);
}

#[test]
fn whatever_is_written_can_be_printed() {
    for text in
        ["", " ", "\n\n", "漢字 עברית عربي 😀", "a\u{0}b\u{7f}\u{202e}c\u{feff}", "e\u{301} fi ffi Ÿ", "\u{e000}x"]
    {
        let mut sheet = sheet(2);
        sheet.title = format!("x{text}");
        sheet.recipient = vec![text.into()];
        sheet.facts = vec![(text.into(), text.into())];
        sheet.blocks.push(Block::Heading(text.into()));
        sheet.blocks.push(Block::Paragraph(text.into()));
        if let Some(Block::Table(table)) = sheet.blocks.get_mut(1) {
            table.rows[0] = vec![text.into(), text.into(), text.into()];
            table.sums.push((text.into(), text.into()));
        }
        assert_eq!(pdf(&sheet, &brand()).map(|_| ()), Ok(()), "{text:?}");
    }
    assert_eq!(printable("e\u{301}", Weight::Regular), "é");
    assert_eq!(printable("漢a\u{ad}", Weight::Regular), "?a");
}

#[test]
fn a_sheet_without_anything_is_a_page() {
    let bare = Sheet {
        recipient: Vec::new(),
        facts: Vec::new(),
        blocks: Vec::new(),
        payment: None,
        closing: Vec::new(),
        ..sheet(0)
    };
    assert_eq!(page_count(&bare, &brand()), 1);
    assert!(pdf(&bare, &brand()).is_ok());
}

#[test]
fn a_logo_that_is_none_is_refused() {
    let logo = |media_type: &str, bytes: &[u8]| Some(Picture { media_type: media_type.into(), bytes: bytes.to_vec() });
    for logo in [logo("image/png", b"no"), logo("image/jpeg", b"\xff\xd8\xffno"), logo("image/gif", b"GIF89a")] {
        let printed = pdf(&sheet(1), &Brand { logo, ..brand() });
        assert!(matches!(printed, Err(PrintError::Logo(_))), "{printed:?}");
    }
}

#[test]
fn the_code_says_what_the_rules_say() {
    let says = |change: fn(&mut Payment)| {
        let mut payment = payment();
        change(&mut payment);
        qr::payload(&payment)
    };
    let whole =
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nNordlicht Finanz GmbH\nDE89370400440532013000\nEUR1234.50\n\nRF18539007547034";
    assert_eq!(says(|_| {}).as_deref(), Some(whole));
    let free = "BCD\n002\n1\nSCT\n\nNordlicht Finanz GmbH\nDE89370400440532013000\nEUR0.01\n\n\nR-2026 1";
    let said = says(|payment| {
        payment.bic = None;
        payment.amount = money(1);
        payment.reference = "R-2026 1".into();
    });
    assert_eq!(said.as_deref(), Some(free));
    assert_eq!(says(|payment| payment.iban = None), None);
    assert_eq!(says(|payment| payment.iban = Some("DE89370400440532013001".into())), None);
    assert_eq!(says(|payment| payment.amount = money(0)), None);
    assert_eq!(says(|payment| payment.amount = money(100_000_000_000)), None);
    assert_eq!(says(|payment| payment.name = "x".repeat(71)), None);
    assert_eq!(says(|payment| payment.reference = "x".repeat(141)), None);
    assert_eq!(says(|payment| payment.reference = "x\ny".into()), None);
    let in_kronor = |payment: &mut Payment| payment.amount.currency = "SEK".parse().expect("a currency");
    assert_eq!(says(in_kronor), None);
}

#[test]
fn amounts_and_days_are_written_as_people_write_them() {
    let amount = |minor| Money { amount: Decimal::new(minor, 2), currency: Currency::EURO };
    for (minor, english, german, swedish) in [
        (0, "EUR 0.00", "0,00 EUR", "0,00 EUR"),
        (5, "EUR 0.05", "0,05 EUR", "0,05 EUR"),
        (99_999, "EUR 999.99", "999,99 EUR", "999,99 EUR"),
        (123_456_789, "EUR 1,234,567.89", "1.234.567,89 EUR", "1 234 567,89 EUR"),
        (-100_000, "EUR −1,000.00", "−1.000,00 EUR", "−1 000,00 EUR"),
    ] {
        for (language, expected) in
            [(PrintLanguage::En, english), (PrintLanguage::De, german), (PrintLanguage::Sv, swedish)]
        {
            assert_eq!(words::money(language, amount(minor)).replace('\u{a0}', " "), expected);
        }
    }
    let yen = Money { amount: Decimal::new(1_000, 0), currency: "JPY".parse().expect("a currency") };
    assert_eq!(words::money(PrintLanguage::En, yen).replace('\u{a0}', " "), "JPY 1,000");
    let day = NaiveDate::from_ymd_opt(2026, 2, 3).unwrap_or_default();
    assert_eq!(words::date(PrintLanguage::En, day), "3 February 2026");
    assert_eq!(words::date(PrintLanguage::De, day), "03.02.2026");
    assert_eq!(words::date(PrintLanguage::Sv, day), "2026-02-03");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Breaking loses nothing but spaces, and no line is wider than asked unless it is one sign.
    #[test]
    fn breaking_loses_nothing(text in "[a-zåäöß ,.0-9]{0,120}", width in 300..20_000i32) {
        let lines = broken(&text, Weight::Regular, 950, width);
        let said: String = lines.iter().flat_map(|line| line.text.chars()).filter(|c| *c != ' ').collect();
        let meant: String = text.chars().filter(|c| *c != ' ').collect();
        prop_assert_eq!(said, meant);
        for line in &lines {
            prop_assert!(line.width(950) <= width || line.text.chars().count() <= 1, "{}", line.text);
        }
    }
}

#[test]
fn what_is_there_by_default_can_be_printed() {
    for kind in PrintKind::all() {
        for language in PrintLanguage::all() {
            let template = texts::of(kind, language);
            assert_eq!(template.clone().checked(language).map(|_| ()), Ok(()), "{kind:?} {language:?}");
            let text = template.filled(&sample::bare(language)).expect("it was tried");
            assert!(!text.title.contains('{'), "{}", text.title);
            let part = Part::Text(kind, language);
            assert_eq!(Part::from_word(&part.word()), Some(part));
        }
    }
    assert_eq!(Part::from_word("BRAND"), Some(Part::Brand));
    for word in ["", "BILL", "BILL:", "BILL:FR", "X:EN"] {
        assert_eq!(Part::from_word(word), None, "{word}");
    }
}

#[test]
fn colours_are_read_and_written() {
    for (text, read) in [
        ("#004A78", Some([0, 74, 120])),
        ("#004a78", Some([0, 74, 120])),
        ("#FF0000", Some([255, 0, 0])),
        ("#000000", Some([0, 0, 0])),
        ("#FFFF00", None),
        ("#FFFFFF", None),
        ("004A78", None),
        ("#+04A78", None),
        ("#004A7", None),
        ("#0ää78", None),
    ] {
        assert_eq!(colour("colour", text).ok(), read, "{text}");
        if let Some(read) = read {
            assert_eq!(written_colour(read), text.to_uppercase());
        }
    }
}

#[test]
fn a_text_leaves_out_what_says_nothing() {
    let template = Template {
        title: "  a\n{{ number }} ".into(),
        paragraphs: vec!["{% if due_on %}{{ due_on }}{% endif %}".into(), "{{ customer }}\nx".into()],
        closing: vec![" {% if reference %}r{% endif %} ".into()],
    };
    let text = template.filled(&sample::bare(PrintLanguage::En)).expect("a template");
    let customer = "Åsa Müller-Lindström\nx".to_owned();
    assert_eq!(text, Text { title: "a 2026-000123".into(), paragraphs: vec![customer], closing: Vec::new() });
}
