//! `docs/adding.md` walks through a domain object that is there: it names every file that the object touches.

use std::collections::BTreeSet;

use crate::tidy::source::root;

/// The paths in the first column of the guide's tables.
fn named(guide: &str) -> BTreeSet<String> {
    let rows = guide.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Files of other domains that make use of parties: a reference to one, client money. They are no part of the recipe.
const USERS: &[&str] = &[
    "entity/src/account_position.rs",
    "entity/src/internal_account.rs",
    "entity/src/account.rs",
    "entity/src/merchant_contract.rs",
    "migration/src/m20261201_000032_merchants.rs",
    "src/accounts/",
    "src/collections/",
    "src/api/accounts/",
    "src/api/books/",
    "src/api/collections/",
    "src/api/documents/",
    "src/api/history.rs",
    "src/api/merchants/",
    "src/api/payments/remittances.rs",
    "src/demo/",
    "src/documents/",
    "src/insurance/tests.rs",
    "src/http/debtor_page/",
    "src/jobs/tests.rs",
    "src/ledger/",
    "src/merchants/",
    "src/payments/",
    "src/work/books.rs",
    "src/work/memory",
    "src/work/tests",
    "tests/api/",
];

#[test]
fn the_guide_names_every_file_that_a_domain_object_touches() {
    let guide = std::fs::read_to_string(root().join("docs/adding.md")).expect("docs/adding.md");
    let named = named(&guide);
    assert!(named.len() > 15, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|path| !root().join(path).is_file()).collect();
    assert!(missing.is_empty(), "the guide names files that are not there: {missing:?}");

    let mut touched = BTreeSet::new();
    let mut folders = vec![root().join("src"), root().join("entity/src"), root().join("migration/src")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).expect("a folder") {
            let path = file.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.into_iter().any(|word| ["party", "Party", "parties", "PartyId", "PartyBy"].contains(&word)) {
                let path = path.strip_prefix(root()).expect("below the root");
                touched.insert(path.to_string_lossy().into_owned());
            }
        }
    }
    touched.retain(|path| !USERS.iter().any(|user| path.starts_with(user)));
    let unnamed: Vec<_> = touched.difference(&named).collect();
    assert!(unnamed.is_empty(), "the guide does not name {unnamed:?}");
}
