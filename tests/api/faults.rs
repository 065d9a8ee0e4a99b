//! What Konto does when something breaks under load: the server is killed, the database goes away, two servers
//! share a database, subscribers get stuck, too much is asked.
//!
//! Everything here prints its seed, waits for nothing without a deadline, and ends the processes that it starts.

mod crash;
mod database;
mod days;
mod followers;
mod load;
pub mod meter;
mod overload;
mod postgres;
mod proxy;
pub mod served;
mod servers;
mod subscribers;
