//! A warning that may come a thousand times a second and is written once in a while. Must not log itself.

use tokio::time::Instant;

use crate::limits::WARNING_REPEAT_PAUSE;

/// Counts what is not written.
#[derive(Debug, Default)]
pub(crate) struct Repeated {
    last: Option<Instant>,
    kept_back: u64,
}

impl Repeated {
    /// How often it happened since the last time it was written, if it is to be written now.
    pub(crate) fn now(&mut self, now: Instant) -> Option<u64> {
        self.kept_back += 1;
        if self.last.is_some_and(|last| now.duration_since(last) < WARNING_REPEAT_PAUSE) {
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_written_at_once_and_the_rest_are_counted() {
        let start = Instant::now();
        let mut repeated = Repeated::default();
        assert_eq!(repeated.now(start), Some(1));
        assert_eq!(repeated.now(start), None);
        assert_eq!(repeated.now(start), None);
        assert_eq!(repeated.now(start + WARNING_REPEAT_PAUSE), Some(3));
    }
}
