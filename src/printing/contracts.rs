//! Instalment contracts on paper: the contract as it was agreed on, and its plan as it is now.

use super::model::{PrintKind, Values};
use super::printer::Paper;
use super::recipient::Recipient;
use super::sheet::{Align, Block, Column, PrintLanguage, Sheet, Table};
use super::words::{date, money, number};
use crate::instalments::contracts::{Instalment, InstalmentContract, InstalmentStatus};
use crate::primitives::Minor;
use crate::refused::Refused;

/// The words of contracts.
struct Words {
    contract: &'static str,
    date: &'static str,
    account: &'static str,
    credit: &'static str,
    rate: &'static str,
    instalments: &'static str,
    instalment: &'static str,
    first: &'static str,
    interest: &'static str,
    fee: &'static str,
    total: &'static str,
    number: &'static str,
    due: &'static str,
    principal: &'static str,
    status: &'static str,
    paid: &'static str,
    overdue: &'static str,
    terms: &'static str,
    plan: &'static str,
}

static ENGLISH: Words = Words {
    contract: "Contract",
    date: "Date",
    account: "Account",
    credit: "Credit",
    rate: "Interest per year",
    instalments: "Instalments",
    instalment: "Regular instalment",
    first: "First due on",
    interest: "Interest",
    fee: "Fee",
    total: "Total",
    number: "No.",
    due: "Due on",
    principal: "Repayment",
    status: "Status",
    paid: "paid",
    overdue: "overdue",
    terms: "Terms",
    plan: "Plan",
};

static GERMAN: Words = Words {
    contract: "Vertrag",
    date: "Datum",
    account: "Konto",
    credit: "Kreditbetrag",
    rate: "Zinsen pro Jahr",
    instalments: "Anzahl der Raten",
    instalment: "Regelmäßige Rate",
    first: "Erste Fälligkeit",
    interest: "Zinsen",
    fee: "Gebühr",
    total: "Gesamtbetrag",
    number: "Nr.",
    due: "Fällig am",
    principal: "Tilgung",
    status: "Stand",
    paid: "gezahlt",
    overdue: "überfällig",
    terms: "Bedingungen",
    plan: "Zahlungsplan",
};

static SWEDISH: Words = Words {
    contract: "Avtal",
    date: "Datum",
    account: "Konto",
    credit: "Kreditbelopp",
    rate: "Ränta per år",
    instalments: "Antal delbetalningar",
    instalment: "Regelbunden delbetalning",
    first: "Första förfallodag",
    interest: "Ränta",
    fee: "Avgift",
    total: "Totalt belopp",
    number: "Nr",
    due: "Förfaller",
    principal: "Amortering",
    status: "Status",
    paid: "betald",
    overdue: "förfallen",
    terms: "Villkor",
    plan: "Betalningsplan",
};

fn words(language: PrintLanguage) -> &'static Words {
    match language {
        PrintLanguage::En => &ENGLISH,
        PrintLanguage::De => &GERMAN,
        PrintLanguage::Sv => &SWEDISH,
    }
}

/// A contract on paper: with its terms as CONTRACT, with its instalments as PLAN and below a contract. `account` is the
/// number of the one that pays.
///
/// # Errors
/// `INVALID_INPUT` for another kind, and for a text that cannot be filled in.
pub fn sheet(
    kind: PrintKind,
    language: PrintLanguage,
    paper: &Paper,
    contract: (&InstalmentContract, &[Instalment]),
    to: &Recipient,
    account: &str,
) -> Result<Sheet, Refused> {
    let (contract, instalments) = contract;
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(contract.currency));
    let values = Values {
        sender: paper.brand.head.name.clone(),
        customer: to.name.clone(),
        account: account.to_owned(),
        number: contract.reference.clone(),
        date: date(language, contract.contracted_on),
        amount: amount(contract.total()),
        minimum_amount: None,
        due_on: contract.next_due.map(|due| date(language, due)),
        reference: None,
        period_from: None,
        period_to: None,
    };
    let text = paper.template.filled(&values)?;
    let mut blocks: Vec<Block> = text.paragraphs.into_iter().map(Block::Paragraph).collect();
    match kind {
        PrintKind::Contract => {
            blocks.push(Block::Heading(words.terms.into()));
            blocks.push(Block::Table(terms(language, contract)));
            blocks.push(Block::Heading(words.plan.into()));
        }
        PrintKind::Plan => {}
        _ => return Err(Refused::invalid("kind", "of a contract there are CONTRACT and PLAN")),
    }
    blocks.push(Block::Table(plan(language, contract, instalments)));
    Ok(Sheet {
        language,
        id: format!("{}:{}:{}", contract.id, kind.word(), language.word()),
        dated: contract.contracted_on,
        recipient: to.lines.clone(),
        title: text.title,
        facts: vec![
            (words.contract.into(), contract.reference.clone()),
            (words.date.into(), values.date),
            (words.account.into(), values.account),
        ],
        blocks,
        payment: None,
        closing: text.closing,
    })
}

fn terms(language: PrintLanguage, contract: &InstalmentContract) -> Table {
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(contract.currency));
    let terms = &contract.terms;
    let column = |heading: &str, align| Column { heading: heading.into(), share: 1, align };
    let rows = [
        (words.credit, amount(terms.credit)),
        (words.rate, format!("{}\u{a0}%", number(language, terms.rate_annual_pct.normalize()))),
        (words.instalments, terms.count.to_string()),
        (words.instalment, amount(contract.regular)),
        (words.first, date(language, terms.first)),
        (words.interest, amount(contract.interest)),
        (words.fee, amount(terms.fee)),
    ];
    Table {
        title: words.terms.into(),
        columns: vec![column(words.terms, Align::Left), column("", Align::Right)],
        rows: rows.into_iter().map(|(label, value)| vec![label.to_owned(), value]).collect(),
        sums: vec![(words.total.into(), amount(contract.total()))],
    }
}

/// The instalments that there are to be, and were. Those that are never to be posted are left out.
fn plan(language: PrintLanguage, contract: &InstalmentContract, instalments: &[Instalment]) -> Table {
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(contract.currency));
    let column = |heading: &str, share, align| Column { heading: heading.into(), share, align };
    let shown = instalments.iter().map(|instalment| (instalment, contract.shown(instalment)));
    let shown: Vec<_> = shown.filter(|(_, status)| *status != InstalmentStatus::Cancelled).collect();
    let rows = shown.iter().map(|(instalment, status)| {
        let line = &instalment.line;
        let status = match status {
            InstalmentStatus::Posted => words.paid,
            InstalmentStatus::Overdue => words.overdue,
            InstalmentStatus::Planned | InstalmentStatus::Cancelled => "",
        };
        vec![
            line.number.to_string(),
            date(language, line.due),
            amount(line.principal),
            amount(line.interest),
            amount(line.fee),
            amount(line.total()),
            status.to_owned(),
        ]
    });
    let rows = rows.collect();
    let total = Minor(shown.iter().map(|(instalment, _)| instalment.line.total().0).sum());
    Table {
        title: words.plan.into(),
        columns: vec![
            column(words.number, 2, Align::Right),
            column(words.due, 5, Align::Left),
            column(words.principal, 5, Align::Right),
            column(words.interest, 5, Align::Right),
            column(words.fee, 4, Align::Right),
            column(words.total, 5, Align::Right),
            column(words.status, 3, Align::Left),
        ],
        rows,
        sums: vec![(words.total.into(), amount(total))],
    }
}
