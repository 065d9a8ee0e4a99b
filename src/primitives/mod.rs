//! The vocabulary that everything else is written in: ids, money, time, business days, payment references, chance, and who is asking.
//!
//! Pure: nothing here touches a database, a socket or the wall clock (except `clock::Clock::system`).

pub mod calendar;
pub mod card_number;
pub mod clock;
pub mod ids;
pub mod jwk;
pub mod money;
pub mod origin;
pub mod references;
pub mod text;
pub mod words;

pub use clock::Clock;
pub use ids::*;
pub use money::{Amount, Currency, Minor, Money, MoneyError};
pub use origin::Origin;
