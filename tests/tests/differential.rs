//! The same requests, good and bad, at a real etcd and at Holdfast: code, text, status, headers and body must be equal
//! once ids are normalised. `differential/differences.rs` is the table of what may differ, each row with its reason.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::collections::BTreeSet;
use std::fmt::Write;

use holdfast_tests::Implementation;
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::server::ServerPlan;

#[path = "differential/cases/mod.rs"]
mod cases;
#[path = "differential/differences.rs"]
mod differences;
#[path = "differential/methods.rs"]
mod methods;
#[path = "differential/plan.rs"]
mod plan;
#[path = "differential/rewrites.rs"]
mod rewrites;
#[path = "differential/run.rs"]
mod run;
#[path = "differential/stream.rs"]
mod stream;

/// Shows only the groups whose name contains this, without judging the table of differences.
const FILTER_VARIABLE: &str = "HOLDFAST_DIFFERENTIAL";

/// Fewer requests than this would not be the comparison that was promised.
const REQUESTS_MIN: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_servers_answer_alike() {
    if !have_reference("both_servers_answer_alike", &[ReferenceTool::Etcd]) {
        return;
    }
    let filter = std::env::var(FILTER_VARIABLE).ok();
    let mut requests = 0;
    let mut different = String::new();
    let mut rows_used = BTreeSet::new();
    for group in cases::all() {
        if filter.as_ref().is_some_and(|wanted| !group.name.contains(wanted.as_str())) {
            continue;
        }
        requests += group.cases.len();
        compare(&group, &mut rows_used, &mut different).await;
    }
    assert!(different.is_empty(), "{different}");
    if filter.is_none() {
        assert!(requests >= REQUESTS_MIN, "only {requests} requests");
        let unused = differences::unused(&rows_used);
        assert!(unused.is_empty(), "differences that do not occur any more: {unused:#?}");
    }
}

/// Plays a group on a fresh server of each kind.
async fn compare(group: &plan::Group, rows_used: &mut BTreeSet<usize>, different: &mut String) {
    let plan = |implementation| {
        group.flags.iter().fold(ServerPlan::new(implementation), |plan, flag| plan.flag(*flag)).start()
    };
    let (reference, ours) = tokio::join!(plan(Implementation::Etcd), plan(Implementation::Holdfast));
    let (reference, ours) = (reference.unwrap(), ours.unwrap());
    run::wait_versions(&reference).await;
    let mut reference = run::Target::new(&reference).await;
    let mut ours = run::Target::new(&ours).await;
    for case in &group.cases {
        let (expected, answered) = tokio::join!(reference.run(&case.request), ours.run(&case.request));
        if let Err(left) = differences::judge(&case.name, &expected, &answered, rows_used) {
            let name = case.name.get(..300).unwrap_or(&case.name);
            let excerpt = differences::excerpt(&expected, &left);
            writeln!(different, "{}: {name}\n{excerpt}\n", group.name).unwrap();
        }
    }
}
