//! Commands and the unit of work: the one way in which anything changes.
//!
//! A tenant is a state machine, and a [`Command`] is a pure decision over what the tenant's worker shows it ([`Work`]).
//! The worker gathers commands of all callers, loads what they look at in a few statements for the whole batch, decides
//! them one after the other in memory, writes what changed in one statement, and answers everybody. There is no other
//! writer of a tenant's rows: a mutation, an item of a batch, a background job, the demo, all are commands.
//!
//! | file | what |
//! |---|---|
//! | `command` | what a command is, what it gives, why it stops |
//! | `head`, `settings` | the end of the journal, and what the tenant has decided about itself |
//! | `row` | what a table says of itself: one `impl` gives loading, unique keys, sets and bulk columns |
//! | `unit`, `undo` | the work: get, find, all, insert, change, remove, tell, under one undo log |
//! | `books` | posting, reversing, reserving, as methods of the work |
//! | `cache` | what the worker remembers, and what it has yet to load |
//! | `decide` | a pass over a batch: keys, decisions, records |
//! | `house` | what stands above single commands; how stored ones are read |
//! | `load`, `write`, `bulk` | the statements |
//! | `worker`, `waiting`, `queue` | the batch's way; the two lanes; who waits |
//! | `data_keys` | which keys a database was filled with |
//! | `reseal` | sealing anew what older keys have sealed |
//! | `sweep` | what is done with a decision to rows that no command looks at |
//! | `read`, `present` | reading rows outside of a batch, and a tenant's present |
//! | `memory` | the same decisions without a database, for tests and models |
//!
//! What always holds: a command decides on rows as they stand when it is written, for whoever writes moves the head, and
//! a batch is written only where the head stands as it was read. The key, the record and the effect are one transaction.

pub mod books;
pub(crate) mod bulk;
mod cache;
pub mod change;
pub mod command;
pub mod data_keys;
mod decide;
mod founding;
pub mod head;
pub mod history_codes;
pub mod house;
mod life;
pub(crate) mod load;
#[doc(hidden)]
pub mod memory;
pub mod metrics;
pub mod numbers;
pub mod present;
mod queue;
pub mod read;
pub mod recent;
pub mod reseal;
pub mod row;
pub mod settings;
mod sweep;
mod undo;
mod unit;
mod waiting;
mod worker;
mod write;

pub use books::{CardUse, NewHold, Reversal};
pub use cache::Wants;
pub use change::Change;
pub use command::{
    Answer, AnyCommand, Audited, Command, Decision, Done, Failure, Idempotency, Made, Mode, Named, Outcome, Owned,
    Receipt, Stop, Verdict,
};
pub(crate) use decide::{Became, Whose};
pub use founding::found;
pub use house::{About, House, Stored};
pub use metrics::WorkMetrics;
pub use queue::{Priority, Surroundings, Wake, Workers};
pub use recent::Recent;
pub use row::{Index, Row, Set, Table};
pub use settings::Settings;
pub use sweep::Sweep;
pub use unit::{Work, command_of};
pub use write::CHANNEL;

#[cfg(test)]
pub(crate) mod tests;
