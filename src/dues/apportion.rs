//! How money is spread over open items. The one place that does it: pure, and for whatever has items.

use chrono::NaiveDate;

use crate::ledger::Component;
use crate::ledger::position::{ItemOrder, RepaymentOrder};
use crate::primitives::Minor;

/// An open item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<I> {
    /// What tells it from the others.
    pub id: I,
    /// When it is due.
    pub due_on: NaiveDate,
    /// Where what it is a part of (a bill, an instalment, an invoice) stands in the order of booking: parts of one thing
    /// have the same. Its own place where it stands alone.
    pub part_of: i64,
    /// For what it is owed.
    pub component: Component,
    /// Where it stands in the order of booking: what comes first where nothing else decides.
    pub booked: i64,
    /// What of it is open. Nothing goes to what has nothing open.
    pub open: Minor,
}

/// In which way money is spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule<I> {
    /// A product's: the oldest item with all of its components in the order of repayment, then the next; or each component
    /// of all items in turn.
    Product(ItemOrder, RepaymentOrder),
    /// In this order, and nothing to what is not named.
    Named(Vec<I>),
    /// To each in the proportion of what is open of it, as by [`pro_rata`].
    ProRata,
}

/// What an amount came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apportioned<I> {
    /// Who gets how much, in the order in which they were served: positive amounts, each of which is at most what is open.
    pub parts: Vec<(I, Minor)>,
    /// What is left once nothing is open. With the parts it is the amount.
    pub rest: Minor,
}

/// Spreads an amount over open items. Nothing is divided but in [`Rule::ProRata`], so nothing is rounded elsewhere; a
/// negative amount spreads nothing.
#[must_use]
pub fn apportion<I: Copy + PartialEq>(items: &[Item<I>], amount: Minor, rule: &Rule<I>) -> Apportioned<I> {
    let mut in_turn: Vec<&Item<I>> = items.iter().filter(|item| item.open.0 > 0).collect();
    match rule {
        Rule::Product(order, components) => {
            let rank = |item: &Item<I>| {
                let place = components.0.iter().position(|component| *component == item.component);
                // What no product puts in order comes before all that one does.
                place.map_or(0, |place| place + 1)
            };
            in_turn.sort_by_key(|item| match order {
                ItemOrder::OldestItemFirst => (0, item.due_on, item.part_of, rank(item), item.booked),
                ItemOrder::ComponentFirst => (rank(item), item.due_on, item.part_of, 0, item.booked),
            });
        }
        Rule::Named(ids) => {
            let mut named: Vec<&Item<I>> = Vec::with_capacity(in_turn.len());
            for id in ids {
                let found = in_turn.iter().position(|item| item.id == *id);
                named.extend(found.map(|place| in_turn.remove(place)));
            }
            in_turn = named;
        }
        Rule::ProRata => {
            in_turn.sort_by_key(|item| item.booked);
            let open: Vec<Minor> = in_turn.iter().map(|item| item.open).collect();
            let shares = pro_rata(&open, amount);
            let parts: Vec<(I, Minor)> = in_turn.iter().zip(shares).map(|(item, share)| (item.id, share)).collect();
            let rest = amount.0 - parts.iter().map(|(_, part)| part.0).sum::<i64>();
            return Apportioned {
                parts: parts.into_iter().filter(|(_, part)| part.0 > 0).collect(),
                rest: Minor(rest),
            };
        }
    }
    let (mut parts, mut rest) = (Vec::new(), amount.0);
    for item in in_turn {
        let part = item.open.0.min(rest);
        if part <= 0 {
            break;
        }
        parts.push((item.id, Minor(part)));
        rest -= part;
    }
    Apportioned { parts, rest: Minor(rest) }
}

/// Shares of an amount in the proportion of weights, and none above its weight: each share is rounded down to a whole minor
/// unit, and what that leaves over goes to the largest remainders, one unit each, the earlier of two equal ones first.
#[must_use]
pub fn pro_rata(weights: &[Minor], amount: Minor) -> Vec<Minor> {
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.0.max(0))).sum();
    let amount = i128::from(amount.0.max(0)).min(whole);
    if whole == 0 {
        return vec![Minor::ZERO; weights.len()];
    }
    let exact = |weight: &Minor| i128::from(weight.0.max(0)) * amount;
    let mut shares: Vec<i128> = weights.iter().map(|weight| exact(weight) / whole).collect();
    let mut left = amount - shares.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|place| (-(exact(&weights[*place]) % whole), *place));
    for place in by_remainder {
        if left == 0 {
            break;
        }
        shares[place] += 1;
        left -= 1;
    }
    // A share is at most its weight, which is an `i64`.
    shares.into_iter().map(|share| Minor(i64::try_from(share).unwrap_or(i64::MAX))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Component::{Fee, Interest, Principal};

    fn item(id: u32, day: u32, part_of: i64, component: Component, open: i64) -> Item<u32> {
        let due_on = NaiveDate::from_ymd_opt(2026, 1, day).expect("a day");
        Item { id, due_on, part_of, component, booked: i64::from(id), open: Minor(open) }
    }

    /// Two bills that fall due one after the other, the later one booked first, and a fee that stands alone.
    fn bills() -> Vec<Item<u32>> {
        vec![
            item(1, 20, 1, Principal, 100),
            item(2, 20, 1, Fee, 5),
            item(3, 10, 3, Principal, 80),
            item(4, 10, 3, Interest, 7),
            item(5, 10, 3, Fee, 3),
            item(6, 10, 6, Fee, 2),
        ]
    }

    #[test]
    fn a_rule_says_who_is_served_first() {
        let fees_first = RepaymentOrder::DEFAULT;
        let principal_first = RepaymentOrder([Principal, Interest, Fee]);
        let (oldest, components) = (ItemOrder::OldestItemFirst, ItemOrder::ComponentFirst);
        for (rule, amount, parts, rest) in [
            (Rule::Product(oldest, fees_first), 1_000, vec![(5, 3), (4, 7), (3, 80), (6, 2), (2, 5), (1, 100)], 803),
            (Rule::Product(oldest, fees_first), 91, vec![(5, 3), (4, 7), (3, 80), (6, 1)], 0),
            (Rule::Product(oldest, principal_first), 90, vec![(3, 80), (4, 7), (5, 3)], 0),
            (
                Rule::Product(components, fees_first),
                1_000,
                vec![(5, 3), (6, 2), (2, 5), (4, 7), (3, 80), (1, 100)],
                803,
            ),
            (Rule::Product(components, fees_first), 6, vec![(5, 3), (6, 2), (2, 1)], 0),
            (Rule::Product(components, principal_first), 100, vec![(3, 80), (1, 20)], 0),
            (Rule::Named(vec![1, 9, 5, 1]), 150, vec![(1, 100), (5, 3)], 47),
            (Rule::Named(vec![]), 150, vec![], 150),
            (Rule::ProRata, 1_000, vec![(1, 100), (2, 5), (3, 80), (4, 7), (5, 3), (6, 2)], 803),
            // About a half of 197: 94 in whole units, and one more each to the four largest remainders.
            (Rule::ProRata, 98, vec![(1, 50), (2, 2), (3, 40), (4, 3), (5, 2), (6, 1)], 0),
            (Rule::Product(oldest, fees_first), 0, vec![], 0),
            (Rule::Product(oldest, fees_first), -5, vec![], -5),
        ] {
            let expected: Vec<(u32, Minor)> = parts.into_iter().map(|(id, part)| (id, Minor(part))).collect();
            let found = apportion(&bills(), Minor(amount), &rule);
            assert_eq!(found, Apportioned { parts: expected, rest: Minor(rest) }, "{rule:?} {amount}");
        }
    }

    fn items() -> impl Strategy<Value = Vec<Item<u32>>> {
        let one = (1..28_u32, 0..4_i64, 0..3_usize, -5..200_i64);
        prop::collection::vec(one, 0..20).prop_map(|items| {
            let with_id = |(id, (day, part_of, component, open)): (usize, (u32, i64, usize, i64))| {
                item(
                    u32::try_from(id).expect("a small number"),
                    day,
                    part_of,
                    [Principal, Interest, Fee][component],
                    open,
                )
            };
            items.into_iter().enumerate().map(with_id).collect()
        })
    }

    fn rules() -> impl Strategy<Value = Rule<u32>> {
        let orders = prop_oneof![Just(RepaymentOrder::DEFAULT), Just(RepaymentOrder([Principal, Fee, Interest]))];
        prop_oneof![
            (orders.clone(), any::<bool>()).prop_map(|(order, oldest)| {
                Rule::Product(if oldest { ItemOrder::OldestItemFirst } else { ItemOrder::ComponentFirst }, order)
            }),
            prop::collection::vec(0..25_u32, 0..25).prop_map(Rule::Named),
            Just(Rule::ProRata),
        ]
    }

    proptest! {
        #[test]
        fn parts_and_rest_are_the_amount(items in items(), amount in 0..5_000_i64, rule in rules()) {
            let Apportioned { parts, rest } = apportion(&items, Minor(amount), &rule);
            prop_assert_eq!(parts.iter().map(|(_, part)| part.0).sum::<i64>() + rest.0, amount);
            prop_assert!(rest.0 >= 0);
            for (id, part) in &parts {
                let open = items.iter().find(|item| item.id == *id).expect("an item").open;
                prop_assert!(part.0 > 0 && part.0 <= open.0);
                prop_assert_eq!(parts.iter().filter(|(other, _)| other == id).count(), 1);
            }
            // Nothing is left while something is open that the rule would serve.
            if rest.0 > 0 && !matches!(rule, Rule::Named(_)) {
                let open: i64 = items.iter().map(|item| item.open.0.max(0)).sum();
                prop_assert_eq!(open, amount - rest.0);
            }
        }

        #[test]
        fn shares_are_within_a_unit_of_the_proportion(weights in prop::collection::vec(0..10_000_i64, 1..20), amount in 0..50_000_i64) {
            let weights: Vec<Minor> = weights.into_iter().map(Minor).collect();
            let whole: i64 = weights.iter().map(|weight| weight.0).sum();
            let given = amount.min(whole);
            let shares = pro_rata(&weights, Minor(amount));
            prop_assert_eq!(shares.iter().map(|share| share.0).sum::<i64>(), given);
            for (weight, share) in weights.iter().zip(&shares) {
                prop_assert!(share.0 >= 0 && share.0 <= weight.0);
                prop_assert!(((share.0 * whole) - weight.0 * given).abs() <= whole);
            }
        }
    }
}
