//! Members that come and go while clients write: real processes, etcdctl as the hand that changes them, and a log of
//! what was acknowledged that is read back.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "membership/ctl.rs"]
mod ctl;
#[path = "membership/load.rs"]
mod load;
#[path = "membership/steps.rs"]
mod steps;

use std::time::{Duration, Instant};

use ctl::{do_etcdctl, etcdctl, id_of, members};
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::{Cluster, Implementation, Server, http};
use load::Load;
use serde_json::{Value, json};
use steps::{
    PATIENCE, REMOVED, alone, change, check_data, check_removed, hash, have_etcdctl, join, leader_of,
    membership, wait_settled,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_three_five_three_one_under_load() {
    if !have_etcdctl("one_three_five_three_one_under_load") {
        return;
    }
    let mut servers = vec![alone().await];
    let load = Load::start(&[&servers[0]]);
    for (number, is_learner) in [(2, false), (3, true), (4, true), (5, false)] {
        let all: Vec<&Server> = servers.iter().collect();
        let joined = join(&all, &format!("m{number}"), is_learner).await;
        servers.push(joined);
        if is_learner {
            let id = id_of(&members(&servers[0]).await, &servers[number - 1]);
            let start = Instant::now();
            loop {
                let all: Vec<&Server> = servers[..number - 1].iter().collect();
                let said = etcdctl(&all, &["member", "promote", &id]).await;
                if said.is_success {
                    break;
                }
                assert!(said.err.contains("which is in sync with leader"), "{said:?}");
                assert!(start.elapsed() < PATIENCE, "{said:?}");
            }
        }
        wait_settled(&mut servers).await;
        load.turn_to(&servers.iter().collect::<Vec<_>>());
    }
    // The leader goes first each time: leadership is handed on before it is removed.
    while servers.len() > 1 {
        let leader = leader_of(&servers).await;
        let mut gone = servers.remove(leader);
        let others: Vec<&Server> = servers.iter().collect();
        load.turn_to(&others);
        let id = id_of(&members(others[0]).await, &gone);
        do_etcdctl(&others, &["member", "remove", &id]).await;
        check_removed(&mut gone).await;
        wait_settled(&mut servers).await;
    }
    let written = load.stop().await;
    check_data(&servers, &written).await;
    assert!(
        written.longest_gap < Duration::from_secs(10),
        "nothing was written for {:?}",
        written.longest_gap
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learner_that_lags_is_not_promoted_and_serves_little() {
    if !have_etcdctl("a_learner_that_lags_is_not_promoted_and_serves_little") {
        return;
    }
    let first = alone().await;
    do_etcdctl(&[&first], &["put", "a", "1"]).await;
    let mut learner = join(&[&first], "m2", true).await;
    let id = id_of(&members(&first).await, &learner);
    // It cannot have caught up while it does not run.
    learner.kill();
    let early = etcdctl(&[&first], &["member", "promote", &id]).await;
    assert!(
        early.err.contains("can only promote a learner member which is in sync with leader"),
        "{early:?}"
    );
    learner.spawn().unwrap();
    let start = Instant::now();
    while etcdctl(&[&learner], &["get", "a", "--consistency=s"]).await.out != "a\n1\n" {
        assert!(start.elapsed() < PATIENCE, "the learner does not catch up:\n{}", learner.output());
    }
    let status = do_etcdctl(&[&learner], &["endpoint", "status", "-w", "json"]).await;
    assert!(status.contains("\"isLearner\":true"), "{status}");
    for arguments in
        [&["get", "a"][..], &["put", "a", "2"], &["member", "list"], &["lease", "list"], &["del", "a"]]
    {
        let said = etcdctl(&[&learner], arguments).await;
        assert!(said.err.contains("rpc not supported for learner"), "{arguments:?}: {said:?}");
    }
    let read = http::post(learner.client_address(), "/v3/kv/range", r#"{"key":"YQ=="}"#).await.unwrap();
    assert_eq!(read.json().unwrap()["message"], "etcdserver: rpc not supported for learner");
    let second =
        etcdctl(&[&first], &["member", "add", "m3", "--peer-urls=http://127.0.0.1:1", "--learner"]).await;
    assert!(second.err.contains("too many learner members in cluster"), "{second:?}");
    do_etcdctl(&[&first], &["member", "promote", &id]).await;
    let again = etcdctl(&[&first], &["member", "promote", &id]).await;
    assert!(again.err.contains("can only promote a learner member"), "{again:?}");
    do_etcdctl(&[&learner], &["put", "a", "2"]).await;
    assert_eq!(do_etcdctl(&[&first], &["get", "a"]).await, "a\n2\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_member_stops_and_cannot_come_back() {
    if !have_etcdctl("a_removed_member_stops_and_cannot_come_back") {
        return;
    }
    let mut cluster = Cluster::start(Implementation::Holdfast).await.unwrap();
    let leader = cluster.wait_leader(PATIENCE).await;
    let mut gone = cluster.members.remove((leader + 1) % 3);
    let id = id_of(&members(&gone).await, &gone);
    let others: Vec<&Server> = cluster.members.iter().collect();
    do_etcdctl(&others, &["member", "remove", &id]).await;
    check_removed(&mut gone).await;
    // At once, by what its folder remembers.
    gone.spawn().unwrap();
    let status = gone.process().wait(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(REMOVED), "{}", gone.output());
    assert!(gone.output().contains("cannot come back"), "{}", gone.output());
    let again = etcdctl(&others, &["member", "remove", &id]).await;
    assert!(again.err.contains("member not found"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_member_is_replaced_under_load() {
    if !have_etcdctl("a_dead_member_is_replaced_under_load") {
        return;
    }
    let mut cluster = Cluster::start(Implementation::Holdfast).await.unwrap();
    cluster.wait_leader(PATIENCE).await;
    let mut dead = cluster.members.pop().unwrap();
    let load = Load::start(&cluster.members.iter().collect::<Vec<_>>());
    let id = id_of(&members(&dead).await, &dead);
    dead.kill();
    let all: Vec<&Server> = cluster.members.iter().collect();
    do_etcdctl(&all, &["member", "remove", &id]).await;
    let fresh = join(&all, "fresh", false).await;
    cluster.members.push(fresh);
    wait_settled(&mut cluster.members).await;
    let written = load.stop().await;
    check_data(&cluster.members, &written).await;
    // The dead one wakes up, with a folder that knows of nothing, and is told.
    dead.spawn().unwrap();
    check_removed(&mut dead).await;
}

/// How far the log of a member is cut.
async fn purged(server: &Server) -> u64 {
    let variables: Value = http::get(server.client_address(), "/debug/vars").await.unwrap().json().unwrap();
    variables["raft.status"]["purged"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_member_gets_what_the_log_has_no_more_as_a_snapshot() {
    if !have_etcdctl("a_new_member_gets_what_the_log_has_no_more_as_a_snapshot") {
        return;
    }
    let plan = ServerPlan::new(Implementation::Holdfast).name("m1");
    let short = plan.flag("--snapshot-count=50").flag("--snapshot-catchup-entries=10");
    let mut servers = vec![short.start().await.unwrap()];
    let load = Load::start(&[&servers[0]]);
    let start = Instant::now();
    while purged(&servers[0]).await == 0 {
        assert!(start.elapsed() < PATIENCE, "the log is not cut");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    let joined = join(&[&servers[0]], "m2", false).await;
    servers.push(joined);
    wait_settled(&mut servers).await;
    let tables = std::fs::read_to_string(servers[1].data_dir().join("SM")).unwrap();
    assert!(tables.starts_with("2 "), "it has the tables that it made itself: {tables}");
    let written = load.stop().await;
    check_data(&servers, &written).await;
    // What came as a snapshot is there after a restart.
    servers[1].kill();
    servers[1].spawn().unwrap();
    servers[1].wait_ready(READY_DEADLINE).await.unwrap();
    check_data(&servers, &written).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_folder_does_not_take_a_members_place() {
    let mut cluster = Cluster::start(Implementation::Holdfast).await.unwrap();
    let listed: Vec<String> = cluster.members.iter().map(Server::as_initial_member).collect();
    let victim = &mut cluster.members[0];
    victim.kill();
    std::fs::remove_dir_all(victim.data_dir()).unwrap();
    let own = victim.peer_url();
    victim.set_flags(&[
        "--name=one",
        &format!("--initial-cluster={}", listed.join(",")),
        &format!("--initial-advertise-peer-urls={own}"),
        "--initial-cluster-state=existing",
    ]);
    victim.spawn().unwrap();
    let status = victim.process().wait(PATIENCE).unwrap();
    assert_eq!(status.code(), Some(1), "{}", victim.output());
    assert!(victim.output().contains("has run before"), "{}", victim.output());
    // A stranger is told what to do.
    victim.set_flags(&[
        "--name=x",
        &format!("--initial-cluster=x=http://127.0.0.1:1,{}", listed[1]),
        "--initial-cluster-state=existing",
    ]);
    victim.spawn().unwrap();
    assert_eq!(victim.process().wait(PATIENCE).unwrap().code(), Some(1));
    assert!(victim.output().contains("etcdctl member add NAME"), "{}", victim.output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_moves_to_another_peer_url() {
    if !have_etcdctl("a_member_moves_to_another_peer_url") {
        return;
    }
    let mut cluster = Cluster::start(Implementation::Holdfast).await.unwrap();
    let leader = cluster.wait_leader(PATIENCE).await;
    let mover = (leader + 1) % 3;
    let id = id_of(&members(&cluster.members[leader]).await, &cluster.members[mover]);
    let port = holdfast_tests::ports::lease();
    let url = format!("http://{}", port.address());
    let taken = format!("--peer-urls={}", cluster.members[leader].peer_url());
    let said = etcdctl(&[&cluster.members[leader]], &["member", "update", &id, &taken]).await;
    assert!(said.err.contains("Peer URLs already exists"), "{said:?}");
    let moved = format!("--peer-urls={url}");
    do_etcdctl(&[&cluster.members[leader]], &["member", "update", &id, &moved]).await;
    cluster.members[mover].kill();
    let flags = [format!("--listen-peer-urls={url}")];
    cluster.members[mover].set_flags(&flags.each_ref().map(String::as_str));
    cluster.members[mover].spawn().unwrap();
    cluster.members[mover].wait_ready(READY_DEADLINE).await.unwrap();
    do_etcdctl(&[&cluster.members[mover]], &["put", "moved", "1"]).await;
    let hashes = [hash(&cluster.members[leader], 0).await, hash(&cluster.members[mover], 0).await];
    assert_eq!(hashes[0], hashes[1]);
}

/// Makes a change that needs learners in sync: of a log that is this short, a few entries on their way are a tenth.
async fn change_in_sync(server: &Server, request: Value) -> Value {
    let start = Instant::now();
    loop {
        let changed = change(server, request.clone()).await;
        if changed.status.is_success() {
            return changed.json().unwrap();
        }
        assert!(changed.text().contains("in sync with leader"), "{}", changed.text());
        assert!(start.elapsed() < PATIENCE, "{}", changed.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_becomes_three_and_one_is_swapped_in_one_step_each() {
    let mut servers = vec![alone().await];
    let load = Load::start(&[&servers[0]]);
    let plans: Vec<ServerPlan> =
        ["m2", "m3", "m4"].iter().map(|name| ServerPlan::new(Implementation::Holdfast).name(name)).collect();
    let url = |plan: &ServerPlan| plan.as_initial_member().split_once('=').unwrap().1.to_owned();
    let number = membership(&servers[0]).await["configuration"].clone();
    let add: Vec<Value> = plans.iter().map(|plan| json!({ "peer_urls": [url(plan)] })).collect();
    let request = json!({ "expected_configuration": number, "add": add });
    let first = change(&servers[0], request.clone()).await;
    assert!(first.status.is_success(), "{}", first.text());
    // Whoever decided on the same configuration comes too late.
    let second = change(&servers[0], request).await;
    assert_eq!(second.status.as_u16(), 400, "{}", second.text());
    assert!(second.text().contains("holdfast: the configuration is"), "{}", second.text());
    for plan in plans {
        let listed = format!("{},{}", plan.as_initial_member(), servers[0].as_initial_member());
        servers.push(plan.initial_cluster(&listed).flag("--initial-cluster-state=existing").spawn().unwrap());
    }
    let start = Instant::now();
    let before = loop {
        let now = membership(&servers[0]).await;
        let in_sync = now["members"].as_array().unwrap().iter().filter(|it| it["is_in_sync"] == true).count();
        if in_sync == 4 {
            break now;
        }
        assert!(start.elapsed() < PATIENCE, "the learners do not catch up: {now}");
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    let id = |server: &Server| {
        let peer_url = server.peer_url();
        let all = before["members"].as_array().unwrap();
        all.iter().find(|it| it["peer_urls"][0] == peer_url.as_str()).unwrap()["id"].clone()
    };
    let ids: Vec<Value> = servers.iter().map(id).collect();
    let grown = json!({ "expected_configuration": before["configuration"], "voters": ids[..3] });
    let answer = change_in_sync(&servers[0], grown).await;
    let voters = |answer: &Value| {
        answer["members"].as_array().unwrap().iter().filter(|it| it["role"].is_null()).count()
    };
    assert_eq!(voters(&answer), 3, "{answer}");
    // The first one, which leads, goes for the fourth.
    let swap = json!({
        "expected_configuration": answer["configuration"], "voters": ids[1..], "remove": [ids[0]]
    });
    change_in_sync(&servers[1], swap).await;
    load.turn_to(&servers[1..].iter().collect::<Vec<_>>());
    let mut gone = servers.remove(0);
    check_removed(&mut gone).await;
    wait_settled(&mut servers).await;
    let written = load.stop().await;
    check_data(&servers, &written).await;
}
