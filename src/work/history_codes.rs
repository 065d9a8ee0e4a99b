//! What the numbers stand for by which another system told kinds and groups of actions apart: operations, as the tenant
//! maps them. Such numbers come without names, so nobody but who has used them knows what they mean.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::primitives::text;
use crate::refused::Refused;

/// The most numbers of either list.
const MOST: usize = 100;

/// The numbers, by what they are of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryCodes {
    /// Of types of actions.
    pub types: BTreeMap<i32, HistoryCode>,
    /// Of groups of actions.
    pub groups: BTreeMap<i32, HistoryCode>,
}

/// What one number stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryCode {
    /// What the tenant calls it.
    pub name: String,
    /// The operations, by their mutations' names.
    pub operations: BTreeSet<String>,
}

/// A list as it was given: numbers with what they stand for.
pub type Given = Vec<(i32, HistoryCode)>;

impl HistoryCodes {
    /// Of the lists as they were given.
    ///
    /// # Errors
    /// `INVALID_INPUT`, naming the first field at fault.
    pub fn checked(types: Given, groups: Given) -> Result<Self, Refused> {
        Ok(Self { types: list("types", types)?, groups: list("groups", groups)? })
    }
}

fn list(field: &str, given: Given) -> Result<BTreeMap<i32, HistoryCode>, Refused> {
    if given.len() > MOST {
        return Err(Refused::invalid(field, format!("has more than {MOST} numbers")));
    }
    let mut codes = BTreeMap::new();
    for (place, (number, code)) in given.into_iter().enumerate() {
        let at = |name: &str, problem: String| Err(Refused::invalid(name, problem).at(field, place));
        if !(0..1_000).contains(&number) {
            return at("code", "must lie between 0 and 999".into());
        }
        if let Err(problem) = text::required(&code.name, 100) {
            return at("name", problem.to_string());
        }
        if code.operations.is_empty() || code.operations.len() > MOST {
            return at("operations", format!("has 1 to {MOST} operations"));
        }
        if let Some(problem) = code.operations.iter().find_map(|name| text::required(name, 64).err()) {
            return at("operations", problem.to_string());
        }
        if codes.insert(number, code).is_some() {
            return at("code", "is there already".into());
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_for_one_thing_that_has_a_name() {
        let code = |name: &str, operations: &[&str]| HistoryCode {
            name: name.into(),
            operations: operations.iter().map(|operation| (*operation).to_owned()).collect(),
        };
        let good =
            || vec![(0, code("Opened", &["openAccount"])), (60, code("Closed", &["closeAccount", "expireHold"]))];
        let codes = HistoryCodes::checked(good(), good()).expect("codes");
        assert_eq!((codes.types.len(), codes.groups[&60].name.as_str()), (2, "Closed"));
        for (bad, path) in [
            (vec![(-1, code("A", &["a"]))], "types.0.code"),
            (vec![(1_000, code("A", &["a"]))], "types.0.code"),
            (vec![(1, code("A", &["a"])), (1, code("B", &["b"]))], "types.1.code"),
            (vec![(1, code(" ", &["a"]))], "types.0.name"),
            (vec![(1, code("A", &[]))], "types.0.operations"),
            (vec![(1, code("A", &["a", ""]))], "types.0.operations"),
            ((0..101).map(|number| (number, code("A", &["a"]))).collect(), "types"),
        ] {
            let refused = HistoryCodes::checked(bad, Vec::new()).expect_err(path);
            assert_eq!(refused.fields[0].path.join("."), path);
        }
    }
}
