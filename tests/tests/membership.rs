//! Members that come and go while clients write: real processes, etcdctl as the hand that changes them, and a log of
//! what was acknowledged that is read back.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "membership/ctl.rs"]
mod ctl;
#[path = "membership/load.rs"]
mod load;

use std::time::{Duration, Instant};

use ctl::{do_etcdctl, etcdctl, id_of, members};
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::{Cluster, Implementation, Server, cluster, http};
use load::{Load, stored};
use serde_json::{Value, json};

/// Longest wait for anything on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The exit code of a member that was removed.
const REMOVED: i32 = 3;

fn have_etcdctl(test: &str) -> bool {
    have_reference(test, &[ReferenceTool::Etcdctl])
}

async fn alone() -> Server {
    ServerPlan::new(Implementation::Holdfast).name("m1").start().await.unwrap()
}

/// Adds a member by etcdctl and starts it as etcdctl says.
async fn join(all: &[&Server], name: &str, is_learner: bool) -> Server {
    let plan = ServerPlan::new(Implementation::Holdfast).name(name);
    let own = plan.as_initial_member();
    let peer_url = own.split_once('=').unwrap().1.to_owned();
    let peer_urls = format!("--peer-urls={peer_url}");
    let mut arguments = vec!["member", "add", name, &peer_urls];
    if is_learner {
        arguments.push("--learner");
    }
    let said = do_etcdctl(all, &arguments).await;
    assert!(said.contains("ETCD_INITIAL_CLUSTER_STATE=\"existing\""), "{said}");
    // Only one of those that run is named: the others' addresses come with the membership.
    let listed = format!("{own},{}", all[0].as_initial_member());
    let plan = plan.initial_cluster(&listed).flag("--initial-cluster-state=existing");
    plan.spawn().unwrap()
}

/// Waits until everyone runs, knows the same members and has the same data.
async fn wait_settled(servers: &mut [Server]) {
    for server in servers.iter_mut() {
        server.wait_ready(READY_DEADLINE).await.unwrap();
    }
    let start = Instant::now();
    loop {
        let mut views = Vec::new();
        for server in servers.iter() {
            views.push(membership(server).await);
        }
        let is_settled = |view: &Value| {
            let roles: Vec<&Value> =
                view["members"].as_array().unwrap().iter().map(|it| &it["role"]).collect();
            // VOTER is the default and left out.
            roles.len() == servers.len()
                && roles.iter().all(|role| role.is_null())
                && view["is_changing"].is_null()
        };
        if views.iter().all(is_settled) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "the members do not settle: {views:#?}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The membership with its number, as a member knows it.
async fn membership(server: &Server) -> Value {
    let asked = http::post(server.client_address(), "/holdfast/v1/membership", "{}").await.unwrap();
    asked.json().unwrap()
}

async fn change(server: &Server, change: Value) -> http::Answer {
    http::post(server.client_address(), "/holdfast/v1/membership/change", change.to_string()).await.unwrap()
}

async fn hash(server: &Server, revision: i64) -> Value {
    let body = json!({ "revision": revision }).to_string();
    let answer = http::post(server.client_address(), "/v3/maintenance/hashkv", body).await.unwrap();
    let answer: Value = answer.json().unwrap();
    assert!(answer["hash"].is_number(), "{answer}");
    answer["hash"].clone()
}

/// Insists that all members have the same data, everything acknowledged in it.
async fn check_data(servers: &[Server], written: &load::Written) {
    assert!(written.acknowledged.len() > 100, "only {} writes", written.acknowledged.len());
    let stored = stored(&servers[0]).await;
    for (key, revision) in &written.acknowledged {
        assert_eq!(stored.get(key), Some(revision), "{key}");
    }
    let last = *stored.values().max().unwrap();
    let start = Instant::now();
    let mut hashes = Vec::new();
    while hashes.len() < servers.len() {
        hashes.clear();
        for server in servers {
            let status = cluster::status(server).await.unwrap();
            let revision: i64 = status["header"]["revision"].as_str().unwrap().parse().unwrap();
            if revision >= last {
                hashes.push(hash(server, last).await);
            }
        }
        assert!(start.elapsed() < PATIENCE, "not everyone has revision {last}");
    }
    assert!(hashes.iter().all(|hash| hash == &hashes[0]), "{hashes:?}");
}

/// Waits until a member that was removed has stopped, and insists that it says so.
async fn check_removed(server: &mut Server) {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = server.process().status().unwrap() {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it runs on:\n{}", server.output());
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    let output = server.output();
    assert_eq!(status.code(), Some(REMOVED), "{output}");
    assert!(output.contains("this member was removed from the cluster"), "{output}");
}

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

async fn leader_of(servers: &[Server]) -> usize {
    let start = Instant::now();
    loop {
        for (index, server) in servers.iter().enumerate() {
            if let Ok(status) = cluster::status(server).await
                && status["leader"].is_string()
                && status["leader"] == status["header"]["member_id"]
            {
                return index;
            }
        }
        assert!(start.elapsed() < PATIENCE, "nobody leads");
    }
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
    let answer: Value = loop {
        let grown = change(&servers[0], grown.clone()).await;
        if grown.status.is_success() {
            break grown.json().unwrap();
        }
        // Of a log that is this short, a few entries on their way are a tenth.
        assert!(grown.text().contains("in sync with leader"), "{}", grown.text());
        assert!(start.elapsed() < PATIENCE, "{}", grown.text());
    };
    let voters = |answer: &Value| {
        answer["members"].as_array().unwrap().iter().filter(|it| it["role"].is_null()).count()
    };
    assert_eq!(voters(&answer), 3, "{answer}");
    // The first one, which leads, goes for the fourth.
    let swap = json!({
        "expected_configuration": answer["configuration"], "voters": ids[1..], "remove": [ids[0]]
    });
    let swapped = change(&servers[1], swap).await;
    assert!(swapped.status.is_success(), "{}", swapped.text());
    load.turn_to(&servers[1..].iter().collect::<Vec<_>>());
    let mut gone = servers.remove(0);
    check_removed(&mut gone).await;
    wait_settled(&mut servers).await;
    let written = load.stop().await;
    check_data(&servers, &written).await;
}
