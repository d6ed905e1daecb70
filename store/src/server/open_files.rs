//! How many files this process may have open, and so how many connections. Must not count those that are open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_OF_FILES_DIVISOR};

/// Raises the limit on open files to what the system allows at most.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit on open files stays as it is");
    }
}

/// Connections of clients that the limit leaves room for.
pub(super) fn connections_max() -> usize {
    connections_of(getrlimit(Resource::Nofile).current)
}

fn connections_of(files: Option<u64>) -> usize {
    let Some(files) = files else { return CONNECTIONS_MAX };
    let share = files / CONNECTIONS_OF_FILES_DIVISOR;
    usize::try_from(share).map_or(CONNECTIONS_MAX, |share| share.clamp(1, CONNECTIONS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_take_half_of_the_files_at_most() {
        assert_eq!(connections_of(None), CONNECTIONS_MAX);
        assert_eq!(connections_of(Some(1024)), 512);
        assert_eq!(connections_of(Some(u64::MAX)), CONNECTIONS_MAX);
        assert_eq!(connections_of(Some(0)), 1);
    }
}
