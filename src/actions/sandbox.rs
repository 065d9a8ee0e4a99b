//! The sandbox that scripts are run in: what they can do, and where it ends.
//!
//! Nothing of the outside is within their reach: no files, no network, no clock, no chance, no other scripts, no output
//! but their result. Their numbers are whole or decimal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage, BasicStringPackage,
    LanguageCorePackage, LogicPackage, MoreStringPackage, Package as _,
};
use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, OptimizationLevel, Position};

/// Steps of a run.
pub const STEPS: u64 = 100_000;
/// How long a run may take, however few its steps.
pub const TIME: Duration = Duration::from_secs(1);
/// Bytes of all texts of one value.
pub const TEXT: usize = 8 * 1024;
/// Items of all lists of one value.
pub const ITEMS: usize = 1_000;
/// Properties of all objects of one value.
pub const PROPERTIES: usize = 128;
/// Variables that are there at one time in a function. With the sizes above and the depth of calls they bound what a run
/// keeps: some 10 MB at the very worst.
const VARIABLES: usize = 24;
/// Functions that are in one another's calls.
const CALLS: usize = 4;
/// Functions of a script.
const FUNCTIONS: usize = 50;
/// How deep expressions and blocks may nest.
const EXPRESSIONS: usize = 32;
/// How often the clock is looked at, in steps, and what variables hold, in looks at them.
const LOOK: u64 = 64;

/// Why a run was halted from the outside. No script can catch it.
#[derive(Clone, Debug)]
pub(super) enum Halt {
    /// It took too long.
    TooSlow,
    /// It asked for too many commands.
    TooManyCommands,
    /// It said no.
    Refused(String),
    /// It asked for a command with what is no input.
    NoInput(String),
}

impl Halt {
    /// As the sandbox passes it on.
    pub fn at(self, position: Position) -> Box<EvalAltResult> {
        EvalAltResult::ErrorTerminated(Dynamic::from(self), position).into()
    }
}

/// A sandbox for one run. It counts the steps in `steps`.
pub(super) fn engine(steps: Arc<AtomicU64>) -> Engine {
    let mut engine = Engine::new_raw();
    // No functions by name, no bytes, no bits, no time, no debugging: what reads and reckons, and nothing else.
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    LanguageCorePackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    for symbol in ["eval", "print", "debug", "import", "export", "Fn", "curry"] {
        engine.disable_symbol(symbol);
    }
    // The library's own keeps a thread for as long as it likes, and takes one step.
    engine.register_fn("sleep", |_seconds: i64| -> Result<(), Box<EvalAltResult>> {
        Err(EvalAltResult::ErrorFunctionNotFound("sleep".into(), Position::NONE).into())
    });
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_strict_variables(true)
        .set_allow_shadowing(true)
        .set_max_operations(STEPS)
        .set_max_call_levels(CALLS)
        .set_max_functions(FUNCTIONS)
        .set_max_variables(VARIABLES)
        .set_max_expr_depths(EXPRESSIONS, EXPRESSIONS)
        .set_max_string_size(TEXT)
        .set_max_array_size(ITEMS)
        .set_max_map_size(PROPERTIES);
    bound_replace(&mut engine);
    bound_variables(&mut engine);
    let began = Instant::now();
    engine.on_progress(move |count| {
        steps.store(count, Ordering::Relaxed);
        (count.is_multiple_of(LOOK) && began.elapsed() > TIME).then(|| Dynamic::from(Halt::TooSlow))
    });
    engine
}

/// The library looks at the size of what functions and operators give, and not at what grows by being assigned to, piece by
/// piece, and not at the names of properties. So all variables are measured every now and then.
fn bound_variables(engine: &mut Engine) {
    let looks = AtomicU64::new(0);
    // Not deprecated: the library says that it may change.
    #[allow(deprecated)]
    engine.on_var(move |_, _, context| {
        if looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK) {
            for (_, _, value) in context.scope().iter_raw() {
                let mut size = Size::default();
                size.add(value);
                if let Some(what) = size.is_over() {
                    return Err(EvalAltResult::ErrorDataTooLarge(what.into(), Position::NONE).into());
                }
            }
        }
        Ok(None)
    });
}

/// How much of everything there is in a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub items: usize,
    pub properties: usize,
    pub text: usize,
}

impl Size {
    fn add(&mut self, value: &Dynamic) {
        // What is too large already need not be known any better.
        if self.is_over().is_some() {
            return;
        }
        if let Some(text) = value.read_lock::<ImmutableString>() {
            self.text += text.len();
        } else if let Some(items) = value.read_lock::<Array>() {
            self.items += items.len();
            items.iter().for_each(|item| self.add(item));
        } else if let Some(fields) = value.read_lock::<Map>() {
            self.properties += fields.len();
            for (name, value) in fields.iter() {
                self.text += name.len();
                self.add(value);
            }
        }
    }

    /// What there is too much of, if anything.
    pub fn is_over(self) -> Option<&'static str> {
        match self {
            Self { items, .. } if items > ITEMS => Some("Size of list"),
            Self { properties, .. } if properties > PROPERTIES => Some("Size of object"),
            Self { text, .. } if text > TEXT => Some("Length of text"),
            _ => None,
        }
    }
}

/// The library's own looks at the size of a text only once it is there, and the square of what is allowed is much.
fn bound_replace(engine: &mut Engine) {
    fn replaced(text: &mut ImmutableString, find: &str, by: &str) -> Result<(), Box<EvalAltResult>> {
        let count = if find.is_empty() { text.chars().count() + 1 } else { text.matches(find).count() };
        if text.len().saturating_add(count.saturating_mul(by.len())) > 2 * TEXT {
            return Err(EvalAltResult::ErrorDataTooLarge("Length of string".into(), Position::NONE).into());
        }
        *text = text.replace(find, by).into();
        Ok(())
    }
    engine.register_fn("replace", |text: &mut ImmutableString, find: ImmutableString, by: ImmutableString| {
        replaced(text, &find, &by)
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, by: ImmutableString| {
        replaced(text, find.encode_utf8(&mut [0; 4]), &by)
    });
}
