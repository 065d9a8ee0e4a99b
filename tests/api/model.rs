//! Random sequences of all mutations, against a model in memory that was written after the documents: after each
//! step the answer, the accounts and holds that it touched and the event log are what the model says; now and then
//! everything is.
//!
//! Each run prints its seed. `KONTO_MODEL_SEED=7 KONTO_MODEL_STEPS=100000 cargo test --test api model::` runs one
//! seed for as long as wanted; the same seed takes the same steps, and a failure prints the last of them.

mod books;
mod dice;
mod found;
mod holds;
mod money;
mod rules;
mod show;
mod world;

use std::collections::BTreeSet;

use crate::app::TestApp;
use world::World;

/// Steps of one run in the normal test. There are three of them per engine.
const STEPS: usize = 800;
/// How often everything is compared.
const ALL_EVERY: usize = 200;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// One run, unless another seed was asked for.
async fn play(app: TestApp, seed: Option<u64>) {
    let (asked, steps) = (number("KONTO_MODEL_SEED"), number("KONTO_MODEL_STEPS"));
    let seed = match (asked, seed) {
        (Some(_), Some(_)) => return,
        (asked, seed) => asked.or(seed).unwrap_or_else(rand::random),
    };
    let steps = steps.map_or(STEPS, |steps| usize::try_from(steps).expect("a number of steps"));
    println!("{:?}: KONTO_MODEL_SEED={seed} KONTO_MODEL_STEPS={steps}", app.engine());
    // A machine that is busy with other tests is no disagreement.
    let patience = std::time::Duration::from_secs(300);
    app.restart_with(|to| (to.http.operation_time, to.http.bulk_operation_time) = (patience, patience)).await;
    let mut world = World::begin(app, seed).await;
    for step in 0..steps {
        world.time_passes().await;
        world.step(step > steps / 2).await;
        if step % ALL_EVERY.max(steps / 20) == 0 {
            world.compare_everything().await;
        }
    }
    world.compare_everything().await;
    let (done, all) = world.report();
    if steps >= STEPS {
        assert!(done * 2 > all, "too little succeeds to tell much: {done} of {all}");
        assert!(world.wanting().is_empty(), "these did not end in every way: {:?}", world.wanting());
    }
}

on_both_databases! {
    async fn the_model_agrees_with_the_first_seed(app: TestApp) {
        play(app, Some(1)).await;
    }

    async fn the_model_agrees_with_the_second_seed(app: TestApp) {
        play(app, Some(2)).await;
    }

    async fn the_model_agrees_with_a_random_seed(app: TestApp) {
        play(app, None).await;
    }
}

#[test]
fn every_mutation_of_the_schema_is_tried() {
    let schema: BTreeSet<String> = show::fields("Mutation").into_iter().map(|(field, _)| field).collect();
    let tried: BTreeSet<String> = dice::MUTATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(schema, tried);
}

#[test]
fn paths_of_refusals_are_looked_up_in_the_schema() {
    for (operation, path, exists) in [
        ("transfer", "amount.currency", true),
        ("transferBatch", "items.3.from", true),
        ("closeAccount", "transactions.0.target.writeOff.reason", true),
        ("reverseEntry", "amount", false),
        ("transfer", "amount.unit", false),
    ] {
        assert_eq!(show::names_a_field(operation, path), exists, "{operation} {path}");
    }
}
