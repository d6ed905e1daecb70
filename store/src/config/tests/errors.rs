//! Golden texts and exit codes of what can be wrong with a command line.

use super::read;

fn check(program: &str, line: &str, exit_code: u8, text: &str) {
    let error = match read(program, line, None) {
        Ok(invocation) => panic!("{line}: {invocation:?}"),
        Err(error) => error,
    };
    assert_eq!(error.to_string(), text, "{line}");
    assert_eq!(error.exit_code(), exit_code, "{line}");
}

#[test]
fn flags_that_do_not_exist() {
    let see = "run \"holdfast --help\" for the list";
    check("holdfast", "--nam a", 2, &format!("unknown flag --nam, did you mean --name?; {see}"));
    check("holdfast", "-xyzzy", 2, &format!("unknown flag --xyzzy; {see}"));
    check(
        "etcd",
        "--enable-v3",
        2,
        "unknown flag --enable-v3, did you mean --enable-v2?; run \"etcd --help\" for the list",
    );
    check(
        "holdfast",
        "---name",
        2,
        "\"---name\" is not written like a flag; write --name=value or --name value",
    );
    check("holdfast", "--=a", 2, "\"--=a\" is not written like a flag; write --name=value or --name value");
    check("holdfast", "--name", 2, "--name needs a value; write --name TEXT");
    check("holdfast", "run", 1, "\"run\" is not a flag; flags begin with --, see \"holdfast --help\"");
    check("holdfast", "name a", 1, "\"name\" is not a flag; write --name");
    check("holdfast", "-- a", 1, "\"a\" is not a flag; flags begin with --, see \"holdfast --help\"");
    check(
        "holdfast",
        "--enable-grpc-gateway false",
        1,
        "\"false\" is not a flag; to give --enable-grpc-gateway a value write --enable-grpc-gateway=false",
    );
    let shells = "completion needs the name of a shell; write \"holdfast completion bash\" (or zsh, or fish)";
    check("holdfast", "completion", 2, shells);
    check("holdfast", "completion tcsh", 2, shells);
}

#[test]
fn values_of_the_wrong_form() {
    check(
        "holdfast",
        "--heartbeat-interval 100ms",
        2,
        "--heartbeat-interval: \"100ms\" is not a whole number; write digits only, such as 1000",
    );
    check(
        "holdfast",
        "--heartbeat-interval x --heartbeat-interval 100",
        2,
        "--heartbeat-interval: \"x\" is not a whole number; write digits only, such as 1000",
    );
    check("holdfast", "--pre-vote=perhaps", 2, "--pre-vote: \"perhaps\" is neither true nor false");
    check(
        "holdfast",
        "--grpc-keepalive-timeout 20",
        2,
        "--grpc-keepalive-timeout: \"20\" has no unit; write 20s, 20m or 20h",
    );
    check(
        "holdfast",
        "--initial-cluster-state old",
        2,
        "--initial-cluster-state: \"old\" is not possible; write new or existing",
    );
    check(
        "holdfast",
        "--log-level loud",
        2,
        "--log-level: \"loud\" is not possible; write debug, info, warn, error, panic or fatal",
    );
    check(
        "holdfast",
        "--listen-client-urls localhost:2379",
        2,
        "--listen-client-urls: \"localhost:2379\" has no scheme; write http://localhost:2379",
    );
    check(
        "holdfast",
        "--listen-peer-urls http://10.0.0.1",
        2,
        "--listen-peer-urls: \"http://10.0.0.1\" has no port; write http://10.0.0.1:PORT",
    );
    // etcd, too, ends with 1 for what a variable says.
    check(
        "holdfast",
        "ETCD_MAX_WALS=many",
        1,
        "ETCD_MAX_WALS: \"many\" is not a whole number; write digits only, such as 1000",
    );
}

#[test]
fn what_this_version_cannot_do_is_refused() {
    check(
        "holdfast",
        "--auth-token jwt,pub-key=a",
        1,
        "--auth-token: \"jwt,pub-key=a\": sign-method is missing; write simple, or \
         jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256",
    );
    check(
        "holdfast",
        "--unsafe-no-fsync",
        1,
        "--unsafe-no-fsync: writes are always synced before they are acknowledged; remove it",
    );
    check(
        "holdfast",
        "--discovery-srv example.com",
        1,
        "--discovery-srv: discovery is not available; list the members in --initial-cluster instead; remove it",
    );
}

#[test]
fn listeners_that_cannot_be() {
    check(
        "holdfast",
        "--listen-client-urls http://node-1:2379",
        1,
        "--listen-client-urls: \"http://node-1:2379\" has the host \"node-1\"; listen on an IP address or localhost, \
         such as http://0.0.0.0:2379 for all addresses of this machine",
    );
    check(
        "holdfast",
        "--listen-peer-urls http://localhost:2379",
        1,
        "--listen-peer-urls: \"http://localhost:2379\" is listened on by --listen-client-urls too; give each a port of \
         its own",
    );
    check(
        "holdfast",
        "--listen-peer-urls unix:///tmp/a",
        1,
        "--listen-peer-urls: \"unix:///tmp/a\" is a Unix socket, and members talk over TCP only; use http://host:2380",
    );
    let missing = "--listen-client-urls: clients need to be told where this member is; also give \
        --advertise-client-urls http://<this host>:2379";
    check("holdfast", "--listen-client-urls http://0.0.0.0:2379", 1, missing);
    check("etcd", "--listen-client-urls http://127.0.0.1:2379", 1, missing);
    check(
        "holdfast",
        "--advertise-client-urls http://:2379",
        1,
        "--advertise-client-urls: \"http://:2379\" has no host; write the name or address that others reach this \
         machine by",
    );
    check(
        "holdfast",
        "--advertise-client-urls http://a:0",
        1,
        "--advertise-client-urls: \"http://a:0\" has the port 0; write the port that is listened on",
    );
}

#[test]
fn initial_clusters_that_do_not_fit() {
    check(
        "holdfast",
        "--name c --initial-cluster a=http://a:2380,b=http://b:2380",
        1,
        "--initial-cluster: no member is called \"c\" in \"a=http://a:2380,b=http://b:2380\"; add c=URL to it, or set \
         --name to the name there",
    );
    check(
        "holdfast",
        "--name a --initial-cluster a=http://a:2380 --initial-advertise-peer-urls http://a:2381",
        1,
        "--initial-cluster says that \"a\" is at http://a:2380, and --initial-advertise-peer-urls says http://a:2381; \
         make the two the same",
    );
    check(
        "etcd",
        "--name a --initial-cluster a=http://a:2380",
        1,
        "--initial-cluster says that \"a\" is at http://a:2380, and --initial-advertise-peer-urls says \
         http://localhost:2380; make the two the same",
    );
    check(
        "holdfast",
        "--name a --initial-cluster a=http://a:2380,b=http://a:2380",
        1,
        "--initial-cluster: http://a:2380 is listed twice, for \"a\" and \"b\"; give each member a URL of its own",
    );
    check(
        "holdfast",
        "--name a --initial-cluster a=http://a:2380,http://b:2380",
        1,
        "--initial-cluster: \"http://b:2380\" is not name=URL; write it as a=http://host:2380",
    );
    check(
        "holdfast",
        "--name a --initial-cluster a",
        1,
        "--initial-cluster: \"a\" is not name=URL; write it as a=http://host:2380",
    );
    check(
        "holdfast",
        "--name a --initial-cluster a=http://a",
        2,
        "--initial-cluster: \"http://a\" has no port; write http://a:PORT",
    );
    check("holdfast", "--name=", 1, "--name: a member needs a name; write one such as node1");
    check(
        "holdfast",
        "--name a=b",
        1,
        "--name: \"a=b\" has a comma, an equals sign or a control character; use letters, digits and dashes",
    );
}

#[test]
fn numbers_out_of_bounds() {
    check(
        "holdfast",
        "--heartbeat-interval 300",
        1,
        "--election-timeout: 1000 ms is less than 5 times the heartbeat interval of 300 ms; write 1500 or more, or make \
         --heartbeat-interval shorter",
    );
    check(
        "holdfast",
        "--election-timeout 50001",
        1,
        "--election-timeout: 50001 ms is too long; write 50000 or less, and about 10 times the round trip between members",
    );
    check(
        "holdfast",
        "--heartbeat-interval 0",
        1,
        "--heartbeat-interval: must be above 0; leave it out for 100",
    );
    check(
        "holdfast",
        "--max-request-bytes 0",
        1,
        "--max-request-bytes: must be above 0; leave it out for 1572864",
    );
    check(
        "holdfast",
        "--max-request-bytes 40000000",
        1,
        "--max-request-bytes: 40000000 is too much; write 33554432 or less",
    );
    check(
        "holdfast",
        "--cache-size-bytes 512",
        1,
        "--cache-size-bytes: 512 is too little; write 8388608 or more",
    );
    check(
        "holdfast",
        "--watch-progress-notify-interval=-5s",
        1,
        "--watch-progress-notify-interval: \"-5s\" is below zero; write a duration such as 10m",
    );
    check(
        "holdfast",
        "--auto-compaction-retention 5d",
        1,
        "--auto-compaction-retention: \"5d\" is neither hours nor a duration; write one such as 8 (hours), 30m or 1h30m",
    );
    check(
        "holdfast",
        "--auto-compaction-mode revision --auto-compaction-retention 5m",
        1,
        "--auto-compaction-retention: \"5m\" is no number of revisions, which --auto-compaction-mode revision needs; \
         write one such as 1000",
    );
}
