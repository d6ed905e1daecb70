//! Scenario P1: what a person does with `kubectl holdfast`, each verb once, on a cluster with everything at its default.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::environment::run;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "P1",
    "each verb of kubectl holdfast does what it says, and complains with exit code 1 about what cannot be done",
    Company::Any,
    |scene| Box::pin(p1_every_verb_of_the_plugin(scene)),
)];

/// kubectl with the plugin on its path.
struct Plugin<'a> {
    scene: &'a Scene,
    path: String,
}

impl<'a> Plugin<'a> {
    fn find(scene: &'a Scene) -> Outcome<Self> {
        let plugin = scene.environment.place.plugin.as_deref();
        let folder = plugin.and_then(Path::parent).ok_or_else(|| {
            Failure::NotHere("this needs the program kubectl-holdfast: --plugin".to_owned())
        })?;
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        Ok(Self { scene, path })
    }

    async fn does(&self, verb: &str, arguments: &[&str]) -> Outcome<String> {
        let (path, kubectl) = (format!("PATH={}", self.path), self.scene.environment.place.kubectl.display());
        let kubectl = kubectl.to_string();
        let mut all = vec![path.as_str(), &kubectl, "holdfast", verb];
        all.extend_from_slice(arguments);
        all.extend_from_slice(&["--namespace", &self.scene.namespace]);
        run(Path::new("env"), &all, None, limits::COMMAND).await
    }

    async fn complains(&self, verb: &str, arguments: &[&str], about: &str) -> Outcome {
        match self.does(verb, arguments).await {
            Ok(printed) => Err(Failure::unmet(format!("{verb} {arguments:?} went well: {printed}"))),
            Err(failure) => {
                let text = failure.to_string();
                let is_plain = text.contains("exit status: 1:") && text.contains(about);
                expect(is_plain, || format!("{verb} {arguments:?} says {text}"))
            }
        }
    }
}

fn has(printed: &str, all: &[&str]) -> Outcome {
    let missing: Vec<_> = all.iter().filter(|text| !printed.contains(**text)).collect();
    expect(missing.is_empty(), || format!("{missing:?} is missing in: {printed}"))
}

async fn p1_every_verb_of_the_plugin(scene: Arc<Scene>) -> Outcome {
    let plugin = Plugin::find(&scene)?;
    let cluster = Cluster::running(&scene, "asked", 3, json!({})).await?;
    let name = cluster.name.as_str();
    looks(&plugin, &cluster).await?;
    plugin.complains("status", &["nobody"], "nobody").await?;

    let leader = cluster.leader().await?;
    let next = (leader + 1) % 3;
    plugin.does("move-leader", &[name, "--to", &next.to_string()]).await?;
    wait_until("the leader to be the one that was asked for", limits::STEP, async || {
        let leader = cluster.leader().await?;
        Ok(Look::when(leader == next, format!("{leader} leads")))
    })
    .await?;
    plugin.complains("move-leader", &[name, "--to", &next.to_string()], "leads already").await?;

    plugin.does("pause", &[name]).await?;
    cluster.shows("Paused", "True", limits::CONDITION).await?;
    plugin.does("resume", &[name]).await?;
    cluster.shows("Paused", "False", limits::CONDITION).await?;

    gathers_no_secret(&plugin, &cluster).await?;
    forwards_curl(&plugin, &cluster).await?;

    let before = cluster.lives().await?;
    plugin.does("restart", &[name]).await?;
    wait_until("every pod to be another", limits::CHANGE, async || {
        let now = cluster.lives().await?;
        let old = now.iter().filter(|life| before.contains(life)).count();
        Ok(Look::when(old == 0 && now.len() == before.len(), format!("{old} are as before")))
    })
    .await?;
    cluster.settles(3, limits::CHANGE).await
}

/// What only reads.
async fn looks(plugin: &Plugin<'_>, cluster: &Cluster) -> Outcome {
    let name = cluster.name.as_str();
    has(&plugin.does("status", &[name]).await?, &["Available", "asked-0", "asked-1", "asked-2"])?;
    let status: Value = serde_json::from_str(&plugin.does("status", &[name, "-o", "json"]).await?)
        .map_err(|error| Failure::unmet(format!("the status is no JSON: {error}")))?;
    expect(status.to_string().contains("conditions"), || format!("{status}"))?;
    has(&plugin.does("members", &[name]).await?, &["asked-0", "asked-1", "asked-2", "Leader", "Voter"])?;
    plugin.does("plan", &[name]).await?;
    has(&plugin.does("certs", &[name]).await?, &["asked-server-tls", "asked-client-tls"])?;
    has(&plugin.does("completion", &["bash"]).await?, &["kubectl-holdfast"])?;
    let (printed, kept) =
        (plugin.does("password", &[name]).await?, cluster.secret_value("root", "password").await?);
    expect(printed.trim_end() == kept, || "it prints another password than the Secret has".to_owned())
}

async fn gathers_no_secret(plugin: &Plugin<'_>, cluster: &Cluster) -> Outcome {
    let unread = |error: std::io::Error| Failure::unmet(format!("what was gathered cannot be read: {error}"));
    let folder = plugin.scene.environment.place.evidence.join("gathered");
    let path = folder.display().to_string();
    plugin.does("must-gather", &[&cluster.name, "--folder", &path]).await?;
    let (password, key) = (
        cluster.secret_value("root", "password").await?,
        cluster.secret_value("client-tls", "tls.key").await?,
    );
    let key_line = key.lines().nth(1).unwrap_or_default().to_owned();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let text = std::fs::read_to_string(&path).map_err(unread)?;
        expect(!text.contains(&password) && !text.contains(&key_line), || {
            format!("{} has a secret", path.display())
        })?;
        names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
    }
    std::fs::remove_dir_all(&folder).map_err(unread)?;
    has(&names.join(" "), &["cluster.yaml", "pods.yaml", "asked-0.log", "events.yaml", "secret-names.txt"])
}

/// Ends the process with its owner.
struct Forward(Child);

impl Drop for Forward {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn forwards_curl(plugin: &Plugin<'_>, cluster: &Cluster) -> Outcome {
    let failed = |error: std::io::Error| Failure::unmet(format!("the port is not forwarded: {error}"));
    let mut child = Command::new(&plugin.scene.environment.place.kubectl)
        .args(["holdfast", "port-forward", &cluster.name, "--listen", "127.0.0.1:0"])
        .args(["--namespace", &plugin.scene.namespace])
        .env("PATH", &plugin.path)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let output = child.stdout.take();
    let _forward = Forward(child);
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        output.map(|output| BufReader::new(output).read_line(&mut line)).transpose()?;
        Ok(line)
    });
    let line = line.await.map_err(|error| Failure::unmet(error.to_string()))?.map_err(failed)?;
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_default();
    let key = format!("{}/v2/keys/forwarded", url.trim_end_matches('.'));
    let curl = async |arguments: &[&str]| run(Path::new("curl"), arguments, None, limits::COMMAND).await;
    has(&curl(&["-sS", "-X", "PUT", &key, "-d", "value=by curl"]).await?, &["\"action\":\"set\""])?;
    has(&curl(&["-sS", &key]).await?, &["by curl"])
}
