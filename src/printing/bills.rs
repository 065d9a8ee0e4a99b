//! Statements and bills on paper, as they were when they were made.

use super::model::Values;
use super::printer::Paper;
use super::recipient::Recipient;
use super::sheet::{Align, Block, Column, Payment, PrintLanguage, Sheet, Table};
use super::words::{date, money};
use crate::accounts::{Account, Payee};
use crate::billing::{Bill, BillKind, Statement};
use crate::ledger::journal::Transaction;
use crate::payments::BankAccount;
use crate::primitives::Minor;
use crate::refused::Refused;

/// The words of statements and bills.
struct Words {
    statement: &'static str,
    number: &'static str,
    date: &'static str,
    account: &'static str,
    period: &'static str,
    due: &'static str,
    entries: &'static str,
    day: &'static str,
    text: &'static str,
    amount: &'static str,
    before: &'static str,
    after: &'static str,
    owed: &'static str,
    past_due: &'static str,
    fee: &'static str,
    minimum: &'static str,
    what: &'static str,
}

static ENGLISH: Words = Words {
    statement: "Statement",
    number: "Number",
    date: "Date",
    account: "Account",
    period: "Period",
    due: "Due on",
    entries: "Transactions",
    day: "Date",
    text: "Text",
    amount: "Amount",
    before: "Previous balance",
    after: "Balance",
    owed: "Amount owed",
    past_due: "Of which overdue",
    fee: "Of which this reminder's fee",
    minimum: "To be paid at least",
    what: "Amounts",
};

static GERMAN: Words = Words {
    statement: "Abrechnung",
    number: "Nummer",
    date: "Datum",
    account: "Konto",
    period: "Zeitraum",
    due: "Fällig am",
    entries: "Umsätze",
    day: "Datum",
    text: "Text",
    amount: "Betrag",
    before: "Alter Saldo",
    after: "Neuer Saldo",
    owed: "Gesamtschuld",
    past_due: "Davon überfällig",
    fee: "Davon Gebühr dieser Mahnung",
    minimum: "Mindestens zu zahlen",
    what: "Beträge",
};

static SWEDISH: Words = Words {
    statement: "Kontoutdrag",
    number: "Nummer",
    date: "Datum",
    account: "Konto",
    period: "Period",
    due: "Förfallodag",
    entries: "Transaktioner",
    day: "Datum",
    text: "Text",
    amount: "Belopp",
    before: "Föregående saldo",
    after: "Saldo",
    owed: "Total skuld",
    past_due: "Varav förfallet",
    fee: "Varav avgift för denna påminnelse",
    minimum: "Lägsta belopp att betala",
    what: "Belopp",
};

fn words(language: PrintLanguage) -> &'static Words {
    match language {
        PrintLanguage::En => &ENGLISH,
        PrintLanguage::De => &GERMAN,
        PrintLanguage::Sv => &SWEDISH,
    }
}

/// What a sheet is made from besides the thing itself.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// In which language.
    pub language: PrintLanguage,
    /// On whose paper.
    pub paper: &'a Paper,
    /// To whom.
    pub to: &'a Recipient,
    /// Of which account.
    pub account: &'a Account,
    /// Where it is paid to, if the product says so.
    pub payee: Option<&'a Payee>,
}

/// A statement: its transactions, oldest first, between the balance before and the balance after. `entries` are all of it.
/// What tells this print from others of the same statement, a reprint, is in `copy`.
///
/// # Errors
/// `INVALID_INPUT` for a text that cannot be filled in.
pub fn statement(
    setting: Setting<'_>,
    statement: &Statement,
    entries: &[Transaction],
    copy: &str,
) -> Result<Sheet, Refused> {
    let Setting { language, paper, to, account, .. } = setting;
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(statement.currency));
    let number = statement.number.to_string();
    let is_due = statement.amount_due.0 > 0;
    let values = Values {
        sender: paper.brand.head.name.clone(),
        customer: to.name.clone(),
        account: account.number.clone(),
        number: number.clone(),
        date: date(language, statement.closed_on),
        amount: amount(statement.balance),
        minimum_amount: is_due.then(|| amount(statement.amount_due)),
        due_on: is_due.then(|| date(language, statement.due_on)),
        reference: account.payment_reference.clone(),
        period_from: Some(date(language, statement.from)),
        period_to: Some(date(language, statement.closed_on)),
    };
    let text = paper.template.filled(&values)?;
    let mut blocks: Vec<Block> = text.paragraphs.into_iter().map(Block::Paragraph).collect();
    blocks.push(Block::Table(transactions(language, statement, entries)));
    let payment = payment(setting, statement.remaining_due, Some(statement.due_on), statement.currency);
    Ok(Sheet {
        language,
        id: format!("{}:{}{copy}", statement.id, language.word()),
        dated: statement.closed_on,
        recipient: to.lines.clone(),
        title: text.title,
        facts: vec![
            (words.statement.into(), number),
            (words.account.into(), account.number.clone()),
            (words.period.into(), format!("{} – {}", date(language, statement.from), values.date)),
        ],
        blocks,
        payment,
        closing: text.closing,
    })
}

/// A bill, or a reminder of one. A bill has the transactions of its statement, a reminder has what is owed.
///
/// # Errors
/// `INVALID_INPUT` for a text that cannot be filled in.
pub fn bill(
    setting: Setting<'_>,
    bill: &Bill,
    statement: &Statement,
    entries: &[Transaction],
) -> Result<Sheet, Refused> {
    let Setting { language, paper, to, account, .. } = setting;
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(bill.currency));
    let values = Values {
        sender: paper.brand.head.name.clone(),
        customer: to.name.clone(),
        account: account.number.clone(),
        number: bill.number.clone(),
        date: date(language, bill.made_on),
        amount: amount(bill.amount),
        minimum_amount: Some(amount(bill.minimum)),
        due_on: Some(date(language, bill.due_on)),
        reference: account.payment_reference.clone(),
        period_from: Some(date(language, statement.from)),
        period_to: Some(date(language, statement.closed_on)),
    };
    let text = paper.template.filled(&values)?;
    let mut blocks: Vec<Block> = text.paragraphs.into_iter().map(Block::Paragraph).collect();
    if bill.kind == BillKind::Bill {
        blocks.push(Block::Table(transactions(language, statement, entries)));
    }
    blocks.push(Block::Table(owed(language, bill, statement)));
    Ok(Sheet {
        language,
        id: format!("{}:{}", bill.id, language.word()),
        dated: bill.made_on,
        recipient: to.lines.clone(),
        title: text.title,
        facts: vec![
            (words.number.into(), bill.number.clone()),
            (words.date.into(), values.date),
            (words.account.into(), account.number.clone()),
            (words.due.into(), date(language, bill.due_on)),
        ],
        blocks,
        payment: payment(setting, bill.minimum, Some(bill.due_on), bill.currency),
        closing: text.closing,
    })
}

fn column(heading: &str, share: u32, align: Align) -> Column {
    Column { heading: heading.into(), share, align }
}

fn transactions(language: PrintLanguage, statement: &Statement, entries: &[Transaction]) -> Table {
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(statement.currency));
    let line = |entry: &Transaction| {
        vec![date(language, entry.value_date), entry.description.clone(), amount(entry.total.amount)]
    };
    Table {
        title: words.entries.into(),
        columns: vec![
            column(words.day, 4, Align::Left),
            column(words.text, 10, Align::Left),
            column(words.amount, 5, Align::Right),
        ],
        rows: std::iter::once(vec![String::new(), words.before.into(), amount(statement.previous_balance)])
            .chain(entries.iter().map(line))
            .collect(),
        sums: vec![(words.after.into(), amount(statement.balance))],
    }
}

/// What is owed, and what of it is to be paid. Of what was overdue before, a reminder says nothing: all of it is.
fn owed(language: PrintLanguage, bill: &Bill, statement: &Statement) -> Table {
    let words = words(language);
    let amount = |amount: Minor| money(language, amount.in_currency(bill.currency));
    let mut rows = vec![vec![words.owed.to_owned(), amount(bill.amount)]];
    let past_due = statement.past_due;
    if bill.kind == BillKind::Bill && past_due.0 > 0 {
        rows.push(vec![words.past_due.to_owned(), amount(past_due)]);
    }
    if bill.fee.0 > 0 {
        rows.push(vec![words.fee.to_owned(), amount(bill.fee)]);
    }
    Table {
        title: words.what.into(),
        columns: vec![column(words.what, 2, Align::Left), column("", 1, Align::Right)],
        rows,
        sums: vec![(words.minimum.into(), amount(bill.minimum))],
    }
}

/// How something is paid: where there is something to pay, and somewhere to pay it to.
fn payment(
    setting: Setting<'_>,
    amount: Minor,
    due_on: Option<chrono::NaiveDate>,
    currency: crate::primitives::Currency,
) -> Option<Payment> {
    let payee = setting.payee.filter(|_| amount.0 > 0)?;
    let (iban, other) = match &payee.account {
        BankAccount::Iban(iban) => (Some(iban.clone()), None),
        BankAccount::Domestic(class, number) => (None, Some((class.word().to_owned(), number.clone()))),
    };
    Some(Payment {
        name: payee.name.clone().unwrap_or_else(|| setting.paper.brand.head.name.clone()),
        iban,
        bic: payee.bic.clone(),
        other,
        amount: amount.in_currency(currency),
        reference: setting.account.payment_reference.clone().unwrap_or_default(),
        due_on,
    })
}
