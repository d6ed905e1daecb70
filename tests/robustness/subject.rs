//! Whose server a scenario runs against. Holdfast, unless the scenario itself is put to the test: what etcd does not
//! pass, a scenario must not demand.

use holdfast_tests::Implementation;

/// Holdfast, or etcd under `HOLDFAST_ROBUSTNESS_SUBJECT=etcd`.
pub fn implementation() -> Implementation {
    match std::env::var("HOLDFAST_ROBUSTNESS_SUBJECT").as_deref() {
        Ok("etcd") => Implementation::Etcd,
        Ok(other) => panic!("HOLDFAST_ROBUSTNESS_SUBJECT={other}: only etcd can be named"),
        Err(_) => Implementation::Holdfast,
    }
}
