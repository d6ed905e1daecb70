//! Where a scenario's randomness comes from: one number, shown when the scenario fails, which repeats its choices (not
//! the scheduling of processes).

/// The seed from `HOLDFAST_SEED`, else a new one; printed with how to use it again.
pub fn choose(scenario: &str) -> fastrand::Rng {
    let given = std::env::var("HOLDFAST_SEED")
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("HOLDFAST_SEED={text} is not a whole number")));
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("seed of {scenario}: repeat with HOLDFAST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
