//! What a scenario is, and the list of all. Does not run any.

use std::sync::Arc;

use futures::future::LocalBoxFuture;

use crate::failure::Outcome;
use crate::scene::Scene;

/// A scenario: a name, a promise in one line, and what checks it.
pub struct Scenario {
    /// Its name on the command line, such as `D3`.
    pub name: &'static str,
    /// What happens, and what has to come of it.
    pub about: &'static str,
    /// It belongs to the set that every change is tested with.
    pub is_short: bool,
    /// It disturbs what others rely on (nodes, the operator, definitions), so nothing else may run meanwhile.
    pub is_alone: bool,
    /// Runs it.
    pub run: fn(Arc<Scene>) -> LocalBoxFuture<'static, Outcome>,
}

/// When a scenario may run beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Company {
    /// Others may run meanwhile.
    Any,
    /// Nothing else may.
    None,
}

impl Scenario {
    /// A scenario of the long set.
    #[must_use]
    pub const fn new(
        name: &'static str,
        about: &'static str,
        company: Company,
        run: fn(Arc<Scene>) -> LocalBoxFuture<'static, Outcome>,
    ) -> Self {
        Self { name, about, is_short: false, is_alone: matches!(company, Company::None), run }
    }

    /// The same, in the short set as well.
    #[must_use]
    pub const fn short(self) -> Self {
        Self { is_short: true, ..self }
    }
}
