//! Which bids an offer takes. Pure, and the only place that decides it.
//!
//! Bids are walked by the rate that they ask for, the lowest first, and of equal rates by their time. A bid that asks for
//! none asks for the offer's lowest. A bid is taken whole as long as that much is still sought. Where it wants more than
//! is left, a later one of the same rate that wants exactly what is left is taken in its place; if there is none, it is
//! taken with what is left, unless that is less than the least that it takes: then it is passed over, and the next one is
//! looked at. At most one bid is so taken in part.
//!
//! All that are taken are paid one rate: the highest that one of them asks for. Whoever would be paid more than the most
//! that they have named is not: a bid that asks for more than that is passed over, for those that ask for less were first.

use rust_decimal::Decimal;

use crate::primitives::Minor;

/// A bid as the rule sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<I> {
    /// What tells it from the others.
    pub id: I,
    /// The rate that it asks for, in percent a year.
    pub rate: Decimal,
    /// The most that it may be paid, in percent a year.
    pub most_rate: Option<Decimal>,
    /// The most that is taken of it.
    pub want: Minor,
    /// The least that is taken of it: at most `want`, and positive.
    pub least: Minor,
    /// Where it stands in the order of placing.
    pub placed: i64,
}

/// What was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation<I> {
    /// How much of which, in the order in which they were taken: between the least and the most of each.
    pub parts: Vec<(I, Minor)>,
    /// What all of them are paid, in percent a year; none where nothing was taken.
    pub rate: Option<Decimal>,
}

/// Takes bids up to an amount.
#[must_use]
pub fn allocate<I: Copy>(bids: &[Asked<I>], sought: Minor) -> Allocation<I> {
    let mut in_turn: Vec<&Asked<I>> = bids.iter().collect();
    in_turn.sort_by_key(|bid| (bid.rate, bid.placed));
    let (mut parts, mut rest) = (Vec::new(), sought.0);
    let (mut rate, mut ceiling) = (None, None::<Decimal>);
    for (place, bid) in in_turn.iter().enumerate() {
        if rest <= 0 {
            break;
        }
        if ceiling.is_some_and(|ceiling| bid.rate > ceiling) {
            break;
        }
        let fills = |other: &&&Asked<I>| other.rate == bid.rate && other.want.0 == rest;
        let (taken, part) = match bid.want.0 {
            want if want <= rest => (*bid, want),
            _ => match in_turn[place + 1..].iter().find(fills) {
                Some(exact) => (*exact, rest),
                None if rest >= bid.least.0 => (*bid, rest),
                None => continue,
            },
        };
        parts.push((taken.id, Minor(part)));
        rest -= part;
        rate = Some(taken.rate);
        ceiling = match (ceiling, taken.most_rate) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Allocation { parts, rate }
}
