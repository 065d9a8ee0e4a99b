//! Books to measure on, filled through the API: whatever a build of Konto has for tables, it gets the same customers,
//! accounts and transfers, and each account's money came in by a payment.

use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::json;

use crate::client::{self, Drive};
use crate::load::{Load, Supply};
use crate::place::Place;

/// The number of the account at place 0.
pub const FIRST_NUMBER: u64 = 481_000_000_000;
/// From how many connections accounts are opened.
const OPENING: u64 = 64;
/// How transfers are added: connections, and transfers in a request.
const GROWING: (u64, u64) = (4, 1_000);
/// The longest that a step takes.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How often it is told how far the history has come, in entries.
const TELL_EACH: u64 = 500_000;

/// The number of an account, by its place.
pub fn number(place: u64) -> String {
    format!("{:012}", FIRST_NUMBER + place)
}

/// The number of the customer whose account it is.
pub fn customer_number(place: u64) -> String {
    format!("C{:010}", place + 1)
}

/// Fills an empty tenant with customers, an account for each, and a payment to each account.
pub async fn fill(place: &Place) -> anyhow::Result<()> {
    let begin = Instant::now();
    for load in [Load::SeedCustomers, Load::SeedAccounts, Load::SeedPayments] {
        drive(place, load, OPENING, place.accounts).await?;
    }
    println!("  {} accounts in {} ms", place.accounts, begin.elapsed().as_millis());
    Ok(())
}

/// Adds transfers between accounts by chance until the journal has so many transactions of accounts; an entry between
/// two accounts makes two. Gives how many there are.
pub async fn grow(place: &Place, transactions: u64) -> anyhow::Result<u64> {
    let begin = Instant::now();
    let before = place.entries().await?;
    // Each account's payment is an entry with one of them.
    let payments = place.accounts;
    let wanted = transactions.saturating_sub(payments).div_ceil(2) + payments;
    let (connections, at_once) = GROWING;
    let mut entries = before;
    while entries < wanted {
        let more = (wanted - entries).min(TELL_EACH);
        drive(place, Load::Batch(at_once), connections, more.div_ceil(at_once)).await?;
        entries = place.entries().await?;
        println!("  {} of {} entries", entries - before, wanted - before);
    }
    if entries > before {
        let per_second = u128::from(entries - before) * 1_000 / begin.elapsed().as_millis().max(1);
        println!("  {} entries in {} s ({per_second}/s)", entries - before, begin.elapsed().as_secs());
    }
    Ok((entries * 2).saturating_sub(payments))
}

/// Whether an earlier run left what this one needs.
pub async fn fits(place: &Place, transactions: u64) -> anyhow::Result<bool> {
    let document = "query Fits($last: String!, $next: String!) { \
        last: account(by: {number: $last}) { id } next: account(by: {number: $next}) { id } }";
    let (last, next) = (number(place.accounts - 1), number(place.accounts));
    let found = place.server()?.ask(document, json!({ "last": last, "next": next })).await?;
    let there = place.entries().await? * 2;
    let fits = !found["last"].is_null() && found["next"].is_null();
    Ok(fits && (place.accounts..transactions * 2).contains(&there))
}

/// So many requests, each of which must be done.
async fn drive(place: &Place, load: Load, connections: u64, requests: u64) -> anyhow::Result<()> {
    let plan = Drive {
        targets: place.targets().await?,
        run: format!("seed-{:08x}", rand::random::<u32>()),
        load,
        accounts: place.accounts,
        supply: Some(Supply::places(requests)),
        connections: connections.min(requests),
        warm_up: Duration::ZERO,
        window: LONGEST,
    };
    let seen = client::drive(&plan).await?;
    let each = if let Load::Batch(items) = load { items } else { 1 };
    if seen.done_in_all != requests * each || !seen.others.is_empty() {
        bail!("{load:?}: {} of {} were done, {:?}", seen.done_in_all, requests * each, seen.others);
    }
    Ok(())
}
