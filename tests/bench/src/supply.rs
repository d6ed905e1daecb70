//! What is left to be asked; the connections of a row share it. Must not know what a request is.

use std::cell::Cell;

/// Numbers of requests, each given out once.
#[derive(Debug)]
pub struct Supply {
    left: Cell<u64>,
}

impl Supply {
    /// That many.
    #[must_use]
    pub fn new(requests: u64) -> Self {
        Self { left: Cell::new(requests) }
    }

    /// The number of the next request.
    pub fn take(&self) -> Option<u64> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        Some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supply_ends() {
        let supply = Supply::new(2);
        assert_eq!([supply.take(), supply.take(), supply.take()], [Some(1), Some(0), None]);
    }
}
