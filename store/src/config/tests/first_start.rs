//! What flags about the first start become, with and without data in the folder.

use super::{config, config_of, read};
use crate::config::{FirstStart, JoinPlan};

const BROKEN: &str = "--name a --initial-cluster b=http://127.0.0.1:1";

#[test]
fn joining_asks_the_others_and_is_known_by_what_was_announced() {
    let line = "--name b --initial-cluster-state existing --initial-cluster \
        a=http://127.0.0.1:1,b=http://127.0.0.1:2,c=http://127.0.0.1:3";
    for program in ["etcd", "holdfast"] {
        let plan = JoinPlan {
            peer_urls: vec!["http://127.0.0.1:2".to_owned()],
            ask: vec!["http://127.0.0.1:1".to_owned(), "http://127.0.0.1:3".to_owned()],
        };
        assert_eq!(config_of(program, line, None).first_start, Some(FirstStart::Join(plan)));
    }
    let text = read("holdfast", &format!("{BROKEN} --initial-cluster-state existing"), None).unwrap_err();
    assert!(text.to_string().contains("\"a\""), "{text}");
}

#[test]
fn with_data_what_is_wrong_about_the_first_start_is_only_said() {
    assert!(read("holdfast", BROKEN, None).is_err());
    for broken in [
        BROKEN,
        "--initial-cluster a",
        "--initial-cluster a=http://127.0.0.1:1 --initial-cluster-state existing",
    ] {
        let config = config(&format!("{broken} --data-dir /with-data/a"));
        assert_eq!(config.first_start, None, "{broken}");
        let said = config.notices.iter().find(|notice| notice.contains("without effect now"));
        assert!(said.is_some_and(|notice| notice.contains("/with-data/a decides")), "{:?}", config.notices);
    }
}

#[test]
fn a_name_holds_when_it_was_given_and_always_under_the_name_etcd() {
    assert!(!config("").node.has_own_name);
    assert!(config("--name a").node.has_own_name);
    assert!(config("HOLDFAST_NAME=a").node.has_own_name);
    assert!(config_of("etcd", "", None).node.has_own_name);
}

#[test]
fn a_managed_member_knows_its_cluster_and_nothing_else() {
    let plan = |line: &str| match config(line).first_start {
        Some(FirstStart::Managed(plan)) => plan,
        other => panic!("{line}: {other:?}"),
    };
    let named = plan("--managed --expected-cluster-id cdf818194e3a8c32 --name m1");
    assert_eq!(named.expected.0, 0xcdf8_1819_4e3a_8c32);
    assert_eq!((named.name.as_str(), named.peer_urls), ("m1", vec!["http://localhost:2380".to_owned()]));
    let by_token = plan("--managed --initial-cluster-token a").expected;
    assert_eq!(by_token, plan("--managed --initial-cluster-token a --name m2").expected);
    assert_ne!(by_token, plan("--managed --initial-cluster-token b").expected);
    let listed =
        config("--managed --initial-cluster-token a --initial-cluster default=http://localhost:2380");
    assert_eq!(listed.notices, ["--initial-cluster has no effect with --managed"]);
    for (line, part) in [
        ("--managed", "needs to know its cluster"),
        ("--expected-cluster-id xyz", "is no cluster id"),
        ("--expected-cluster-id 0", "is no cluster id"),
    ] {
        let text = read("holdfast", line, None).unwrap_err().to_string();
        assert!(text.contains(part), "{line}: {text}");
    }
    assert_eq!(config("--expected-cluster-id 1f").consensus.expected_cluster.map(|id| id.0), Some(0x1f));
}

#[test]
fn what_the_leader_minds_can_be_set() {
    let rules = config("").consensus.membership;
    assert!(rules.is_strict && rules.learners_max == 1);
    let rules = config("--strict-reconfig-check=false --max-learners 3").consensus.membership;
    assert!(!rules.is_strict && rules.learners_max == 3);
}
