//! Users, accidents and interrupted runs change a deployment in random order. `up` must bring it to its spec, and
//! must not lose keys that could be saved. The next plan must be empty.
//!
//! `REDISCTL_CASES` is the number of cases, `REDISCTL_SEED` their seed. A failing case is shrunk, and printed as a
//! spec and a list of moves.

use std::env;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use moves::{Case, any_case};

mod ledger;
mod machine;
mod moves;
mod regressions;
mod shape;

/// The default number of cases: about 15 s.
const CASES: u32 = 200;

/// The default seed: the same on each machine.
const SEED: u64 = 1;

fn play(case: &Case) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(machine::play(case))
}

fn number<T: std::str::FromStr>(variable: &str, otherwise: T) -> T {
    match env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => otherwise,
    }
}

#[test]
fn any_sequence_of_drift_changes_and_interrupted_runs_ends_with_a_deployment_that_is_up() {
    let (cases, seed) = (number("REDISCTL_CASES", CASES), number("REDISCTL_SEED", SEED));
    println!("REDISCTL_SEED={seed} REDISCTL_CASES={cases}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let outcome = runner.run(&any_case(), |case| play(&case).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => {
            panic!("seed {seed}, the shortest case that fails:{case:?}\n{reason}")
        }
        Err(other) => panic!("seed {seed}: {other}"),
    }
}
