//! What the operator remembers of a cluster, to and from the resource's status. Pure.

use holdfast_plan::{Bootstrap, ClusterId, Memory, Ordinal};

use crate::crd::{BootstrapStatus, HoldfastClusterStatus};

/// Somebody has edited the memory into something that cannot be understood. Nothing may be done on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "status.{field} holds {found:?}, which the operator did not write; restore what it was (`kubectl edit --subresource=status`)"
)]
pub struct UnreadableMemory {
    /// Path below `status`.
    pub field: &'static str,
    /// What stands there.
    pub found: String,
}

/// Reads the memory.
///
/// # Errors
/// When it holds what the operator does not write: taking that for "nothing" could begin the cluster anew.
pub fn read(
    status: Option<&HoldfastClusterStatus>,
    replacements_asked: &[Ordinal],
) -> Result<Memory, UnreadableMemory> {
    let replacements_asked = replacements_asked.to_vec();
    let Some(status) = status else { return Ok(Memory { replacements_asked, ..Memory::default() }) };
    let cluster_id = match &status.cluster_id {
        None => None,
        Some(text) => Some(ClusterId(
            u64::from_str_radix(text, 16)
                .map_err(|_| UnreadableMemory { field: "clusterID", found: text.clone() })?,
        )),
    };
    let bootstrap = match &status.bootstrap {
        None => Bootstrap::NotBegun,
        Some(bootstrap) => read_bootstrap(bootstrap)?,
    };
    Ok(Memory { cluster_id, bootstrap, replacements_asked, version: status.current_version.clone() })
}

fn read_bootstrap(bootstrap: &BootstrapStatus) -> Result<Bootstrap, UnreadableMemory> {
    let ordinal = bootstrap.ordinal.and_then(|ordinal| u32::try_from(ordinal).ok());
    match (bootstrap.state.as_str(), ordinal, &bootstrap.claim_uid) {
        ("NotBegun", ..) => Ok(Bootstrap::NotBegun),
        ("Done", ..) => Ok(Bootstrap::Done),
        ("Begun", Some(ordinal), Some(claim_uid)) => {
            Ok(Bootstrap::Begun { ordinal: Ordinal(ordinal), claim_uid: claim_uid.clone() })
        }
        _ => Err(UnreadableMemory { field: "bootstrap", found: format!("{bootstrap:?}") }),
    }
}

/// Writes the memory.
pub fn write(memory: &Memory, status: &mut HoldfastClusterStatus) {
    status.cluster_id = memory.cluster_id.map(|id| id.to_string());
    if memory.version.is_some() {
        status.current_version.clone_from(&memory.version);
    }
    let plain = |state: &str| BootstrapStatus { state: state.to_owned(), ..BootstrapStatus::default() };
    status.bootstrap = Some(match &memory.bootstrap {
        Bootstrap::NotBegun => plain("NotBegun"),
        Bootstrap::Done => plain("Done"),
        Bootstrap::Begun { ordinal, claim_uid } => BootstrapStatus {
            ordinal: i32::try_from(ordinal.0).ok(),
            claim_uid: Some(claim_uid.clone()),
            ..plain("Begun")
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let begun = Bootstrap::Begun { ordinal: Ordinal(2), claim_uid: "c".to_owned() };
        for bootstrap in [Bootstrap::NotBegun, begun, Bootstrap::Done] {
            let memory = Memory {
                cluster_id: Some(ClusterId(7)),
                bootstrap,
                replacements_asked: vec![Ordinal(1)],
                version: Some("1.2.3".to_owned()),
            };
            let mut status = HoldfastClusterStatus::default();
            write(&memory, &mut status);
            assert_eq!(read(Some(&status), &[Ordinal(1)]).unwrap(), memory);
        }
        assert_eq!(read(None, &[]).unwrap(), Memory::default());
    }

    #[test]
    fn what_was_edited_is_not_taken_for_nothing() {
        let mut status = HoldfastClusterStatus { cluster_id: Some("x".to_owned()), ..Default::default() };
        assert_eq!(read(Some(&status), &[]).unwrap_err().field, "clusterID");
        status.cluster_id = None;
        status.bootstrap = Some(BootstrapStatus { state: "Begun".to_owned(), ..Default::default() });
        assert_eq!(read(Some(&status), &[]).unwrap_err().field, "bootstrap");
    }
}
