//! What happens to machines, done to the nodes of `tests/kubernetes`. Thin: each call is one call of its node.sh.

use std::path::PathBuf;

use super::process::run;
use crate::failure::{Failure, Outcome};
use crate::limits;

/// The nodes of our own Kubernetes.
#[derive(Clone, Debug)]
pub struct Nodes {
    script: PathBuf,
}

impl Nodes {
    pub(super) fn new(script: PathBuf) -> Self {
        Self { script }
    }

    /// Does `verb` of node.sh to a node, which is named as Kubernetes names it.
    ///
    /// # Errors
    /// When the script fails.
    pub async fn does(&self, verb: &str, node: &str, arguments: &[&str]) -> Outcome<String> {
        let number = node.strip_prefix("node-").unwrap_or(node);
        let mut all = vec![verb, number];
        all.extend_from_slice(arguments);
        run(&self.script, &all, None, limits::COMMAND).await
    }

    /// Kills the first process of a container, without a word.
    ///
    /// # Errors
    /// When the script fails.
    pub async fn kill_container(&self, node: &str, container_id: &str) -> Outcome {
        let id = container_id.rsplit('/').next().unwrap_or(container_id);
        self.does("exec", node, &["ctr", "-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", id]).await?;
        Ok(())
    }

    /// Where this machine sees the files of a claim's volume.
    ///
    /// # Errors
    /// When it is not mounted on that node.
    pub async fn folder_of_claim(&self, node: &str, namespace: &str, claim: &str) -> Outcome<PathBuf> {
        let listed = self.does("volumes", node, &[]).await?;
        let wanted = format!("{namespace}/{claim}");
        let found = listed.lines().find_map(|line| {
            let (name, folder) = line.split_once(' ')?;
            (name == wanted).then(|| PathBuf::from(folder))
        });
        found.ok_or_else(|| {
            Failure::unmet(format!("{node} has no volume of {wanted} mounted; it has: {listed}"))
        })
    }
}

/// Removes everything in the folder of a volume, as an emptied disk.
///
/// # Errors
/// When something cannot be removed.
pub fn empty_folder(folder: &std::path::Path) -> Outcome {
    let failed = |source| Failure::File { what: format!("emptying {}", folder.display()), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            std::fs::remove_dir_all(&path).map_err(failed)?;
        } else {
            std::fs::remove_file(&path).map_err(failed)?;
        }
    }
    Ok(())
}

/// Overwrites the first bytes of every file below a folder, as a disk that lies.
///
/// # Errors
/// When something cannot be written, or there is no file.
pub fn spoil_files(folder: &std::path::Path) -> Outcome {
    use std::os::unix::fs::FileExt as _;
    let failed = |source| Failure::File { what: format!("spoiling {}", folder.display()), source };
    let mut folders = vec![folder.to_owned()];
    let mut spoiled = 0;
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = std::fs::OpenOptions::new().write(true).open(&path).map_err(failed)?;
            file.write_all_at(&[0xa5; 256], 0).map_err(failed)?;
            spoiled += 1;
        }
    }
    if spoiled > 0 { Ok(()) } else { Err(Failure::unmet(format!("{} has no file", folder.display()))) }
}
