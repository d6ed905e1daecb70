//! Members that must not start: what the person is told, and that nothing was touched.

use super::*;
use crate::config::JoinPlan;

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_and_no_data_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let data_dir = folder.path().join("data");
    let mut config = config(&data_dir);
    config.listeners.peer = vec![listen("127.0.0.1", port)];
    let text = refusal(config).await.to_string();
    assert_eq!(
        text,
        format!(
            "cannot listen on http://127.0.0.1:{port} for other members: it is in use by another process. Stop that \
             process, or choose another address with --listen-peer-urls"
        )
    );
    assert!(!data_dir.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_cannot_be_had_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let with = |url: ListenUrl| {
        let mut config = config(folder.path());
        config.listeners.client = vec![url];
        config
    };
    // An address from the range that is reserved for documentation.
    let text = refusal(with(listen("192.0.2.1", 0))).await.to_string();
    assert!(text.contains("this machine has no such address"), "{text}");
    let text = refusal(with(listen("no.such.host.invalid", 0))).await.to_string();
    assert!(text.contains("its host cannot be resolved"), "{text}");
    let file = folder.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    let unix = ListenUrl {
        text: "unix://file".to_owned(),
        address: ListenAddress::Unix(file.clone()),
        is_encrypted: false,
    };
    let text = refusal(with(unix)).await.to_string();
    assert!(text.contains("a file at this path that is no socket"), "{text}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "precious");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(folder.path())).await;
    let text = refusal(config(folder.path())).await.to_string();
    assert!(text.contains("in use by another process") && text.contains("--data-dir"), "{text}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_another_cluster_than_the_expected_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    start(config(folder.path())).await.stop().await;
    let text = refused_once_free(|| {
        let mut config = config(folder.path());
        config.consensus.expected_cluster = Some(ClusterId(0xc2));
        config
    });
    let text = text.await;
    assert!(text.contains("belongs to cluster c1, but this member is to be one of cluster c2"), "{text}");
}

/// The refusal of a member after its folder has become free.
async fn refused_once_free(config: impl Fn() -> Config) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = refusal(config()).await.to_string();
        if !text.contains("in use") {
            return text;
        }
        assert!(Instant::now() < deadline, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("SM"), "1 99\n").unwrap();
    let text = refusal(config(folder.path())).await.to_string();
    assert!(text.contains("has format 99; this version reads formats up to 1"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_joins_needs_somebody_to_ask() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let mut config = config(&data_dir);
    config.first_start = Some(FirstStart::Join(JoinPlan { peer_urls: Vec::new(), ask: Vec::new() }));
    let text = refusal(config).await.to_string();
    assert!(text.contains("names nobody who could be asked"), "{text}");
    assert!(!data_dir.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let text = refusal(config(&file.join("data"))).await.to_string();
    assert!(text.starts_with("cannot use the data directory ") && text.contains("--data-dir"), "{text}");
}
