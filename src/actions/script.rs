//! A script at work: what it sees, what it asks for, what it gives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use rhai::{AST, Dynamic, Engine, EvalAltResult, ImmutableString, Map, NativeCallContext, Position, Scope};
use serde_json::Value;
use tokio::sync::oneshot;

use super::json;
use super::model::{Failure, FailureKind, LONGEST_JSON, kept_text};
use super::sandbox::{self, Halt};
use crate::accounts::{Account, Product};
use crate::ledger::{Component, Position as Books};
use crate::primitives::{Minor, card_number};

/// Commands that a script may ask for.
pub const COMMANDS: usize = 32;
/// Bytes of the stack that it is run on: deep nesting of a few hundred levels fits many times over.
const STACK: usize = 16 * 1024 * 1024;
/// Characters of what a script throws or says.
const MESSAGE: usize = 500;

/// What a script sees.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `input`.
    pub input: Value,
    /// `account`, as it stands.
    pub account: Option<Box<(Account, Books, Product)>>,
    /// `today`: the tenant's business date.
    pub today: NaiveDate,
}

/// A command that a script asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// The mutation's name.
    pub operation: String,
    /// Its input, as JSON.
    pub input: Value,
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// It gave this: JSON, as text.
    Gave(String),
    /// It said no.
    Refused(String),
    /// It went wrong.
    Failed(Failure),
}

/// A script that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// How it ended.
    pub said: Said,
    /// What it asked for; of no use where it did not end well.
    pub wants: Vec<Want>,
    /// How many steps it took.
    pub steps: u64,
}

/// Runs a script, on a thread of its own. It never takes much longer than [`sandbox::TIME`].
pub async fn run(script: String, seen: Seen) -> Ran {
    on_a_thread(move || evaluate(&script, &seen)).await.unwrap_or_else(|| Ran {
        said: Said::Failed(Failure::new(FailureKind::ScriptError, "the script broke off")),
        wants: Vec::new(),
        steps: 0,
    })
}

/// Whether a text is a script.
///
/// # Errors
/// Why not, and where.
pub async fn check(script: String) -> Result<(), Failure> {
    let checked = on_a_thread(move || {
        let engine = engine(Arc::default(), Arc::default());
        compiled(&engine, &scope(Dynamic::UNIT, Dynamic::UNIT, NaiveDate::MIN), &script).map(|_| ())
    });
    checked.await.unwrap_or_else(|| Err(Failure::new(FailureKind::ScriptInvalid, "the script cannot be read")))
}

/// None where the thread broke off, or there was none to have.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (reply, answer) = oneshot::channel();
    let thread = std::thread::Builder::new().name("script".into()).stack_size(STACK);
    thread.spawn(move || _ = reply.send(work())).ok()?;
    answer.await.ok()
}

fn evaluate(script: &str, seen: &Seen) -> Ran {
    let (steps, wants) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let engine = engine(steps.clone(), wants.clone());
    let said = said(&engine, script, seen);
    let wants = std::mem::take(&mut *wants.lock().unwrap_or_else(PoisonError::into_inner));
    Ran { said, wants, steps: steps.load(Ordering::Relaxed) }
}

fn said(engine: &Engine, script: &str, seen: &Seen) -> Said {
    let input = match json::value_in(&seen.input) {
        Ok(input) => input,
        Err(problem) => return Said::Failed(Failure::new(FailureKind::ScriptTooLarge, format!("the input {problem}"))),
    };
    let account = seen.account.as_deref().map_or(Dynamic::UNIT, |seen_account| shown(seen_account, seen.today));
    let mut scope = scope(input, account, seen.today);
    let ast = match compiled(engine, &scope, script) {
        Ok(ast) => ast,
        Err(failure) => return Said::Failed(failure),
    };
    let value = match engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast) {
        Ok(value) => value,
        Err(error) => match *error {
            EvalAltResult::Exit(value, _) => value,
            error => return halted(&error),
        },
    };
    let invalid = |problem: String| Said::Failed(Failure::new(FailureKind::OutputInvalid, problem));
    let output = match json::value_out(&value) {
        Err(problem) => return invalid(format!("what the script gave {problem}")),
        Ok(output) => output,
    };
    if card_number::is_in_json(&output) {
        return invalid("what the script gave holds the whole number of a card, which is never kept".into());
    }
    match output.to_string() {
        output if output.len() > LONGEST_JSON => invalid("what the script gave is larger than 16 kB".into()),
        output => Said::Gave(output),
    }
}

/// What a script finds there.
fn scope(input: Dynamic, account: Dynamic, today: NaiveDate) -> Scope<'static> {
    let mut scope = Scope::new();
    scope.push_constant_dynamic("input", input);
    scope.push_constant_dynamic("account", account);
    scope.push_constant("today", today.to_string());
    scope
}

fn compiled(engine: &Engine, scope: &Scope<'_>, script: &str) -> Result<AST, Failure> {
    engine
        .compile_with_scope(scope, script)
        .map_err(|error| failure(FailureKind::ScriptInvalid, error.err_type().to_string(), error.position()))
}

/// The sandbox, with what a script may ask of Konto.
fn engine(steps: Arc<AtomicU64>, wants: Arc<Mutex<Vec<Want>>>) -> Engine {
    let mut engine = sandbox::engine(steps);
    engine.register_fn("run", move |context: NativeCallContext<'_>, operation: ImmutableString, input: Map| {
        let at = context.call_position();
        let input = json::value_out(&Dynamic::from_map(input));
        let input = input.map_err(|problem| Halt::NoInput(problem).at(at))?;
        let mut wants = wants.lock().unwrap_or_else(PoisonError::into_inner);
        if wants.len() >= COMMANDS {
            return Err(Halt::TooManyCommands.at(at));
        }
        wants.push(Want { operation: operation.to_string(), input });
        Ok::<(), Box<EvalAltResult>>(())
    });
    engine.register_fn("refuse", |context: NativeCallContext<'_>, message: ImmutableString| {
        Err::<(), _>(Halt::Refused(cut(&message)).at(context.call_position()))
    });
    engine
}

/// The account as a script sees it. Amounts are decimals, in the account's currency.
fn shown((account, books, product): &(Account, Books, Product), today: NaiveDate) -> Dynamic {
    let amount = |minor: Minor| Dynamic::from_decimal(minor.in_currency(books.currency).amount);
    let text = |text: &str| Dynamic::from(ImmutableString::from(text));
    let balances = Component::ALL.iter().map(|component| {
        (component.word().to_ascii_lowercase().as_str().into(), amount(books.balances[component.index()]))
    });
    // Metadata are the caller's, and bounded where they come in; what a script could not take of them it does not see.
    let metadata = serde_json::from_str(&account.metadata).ok().and_then(|value| json::value_in(&value).ok());
    let fields = [
        ("id", text(&account.id.to_string())),
        ("number", text(&account.number)),
        ("externalReference", account.external_reference.as_deref().map_or(Dynamic::UNIT, text)),
        ("status", text(books.status.word())),
        ("family", text(account.family.word())),
        ("product", text(&product.code)),
        ("currency", text(account.currency.code())),
        ("balance", amount(books.balance())),
        ("balances", Dynamic::from_map(balances.collect())),
        ("available", amount(books.available(today))),
        ("reserved", amount(books.reserved)),
        ("creditLimit", amount(books.credit_limit)),
        ("openedOn", text(&account.opened_on.to_string())),
        ("metadata", metadata.unwrap_or(Dynamic::UNIT)),
    ];
    Dynamic::from_map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// Why a script ended before its end.
fn halted(error: &EvalAltResult) -> Said {
    use EvalAltResult as E;
    let at = error.position();
    let failed = |kind, message: &str| Said::Failed(failure(kind, message.to_owned(), at));
    match error {
        E::ErrorInFunctionCall(_, _, inner, _) => halted(inner),
        E::ErrorTooManyOperations(_) => {
            failed(FailureKind::ScriptTooManySteps, &format!("the script took more than {} steps", sandbox::STEPS))
        }
        E::ErrorStackOverflow(_) => failed(FailureKind::ScriptTooDeep, "functions call each other too deep"),
        E::ErrorDataTooLarge(what, _) => failed(FailureKind::ScriptTooLarge, &format!("{what} is too large")),
        E::ErrorTooManyVariables(_) => failed(FailureKind::ScriptTooLarge, "too many variables at one time"),
        E::ErrorRuntime(thrown, _) => failed(FailureKind::ScriptThrew, &cut(&thrown.to_string())),
        E::ErrorTerminated(token, _) => match token.read_lock::<Halt>().as_deref() {
            Some(Halt::Refused(message)) => Said::Refused(kept_text(message.clone())),
            Some(Halt::TooManyCommands) => failed(
                FailureKind::ScriptTooManyCommands,
                &format!("the script asked for more than {COMMANDS} commands"),
            ),
            Some(Halt::NoInput(problem)) => {
                failed(FailureKind::ScriptError, &format!("the input of a command {problem}"))
            }
            Some(Halt::TooSlow) | None => failed(FailureKind::ScriptTooSlow, "the script took longer than a second"),
        },
        error => failed(FailureKind::ScriptError, &cut(&without_place(error))),
    }
}

/// An error's text: its place has fields of its own.
fn without_place(error: &EvalAltResult) -> String {
    let text = error.to_string();
    text.strip_suffix(&format!(" ({})", error.position())).unwrap_or(&text).to_owned()
}

fn failure(kind: FailureKind, message: String, at: Position) -> Failure {
    let number = |place: Option<usize>| place.and_then(|place| i32::try_from(place).ok());
    Failure { line: number(at.line()), column: number(at.position()), ..Failure::new(kind, message) }
}

/// A text for people, of bounded length and without what would not be shown.
fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MESSAGE).collect()
}
