//! All scenarios, a file for each letter of the list that they come from.

mod configuration;
mod creation;
mod drain;
mod faults;
mod fleet;
mod installation;
mod interference;
mod killed_operator;
mod network;
mod nodes;
mod operator;
mod passwords;
mod plugin;
mod promises;
mod refusals;
mod rotation;
mod size;
mod trust;
mod upgrade;

use crate::scenario::Scenario;

/// Every scenario, in the order in which they are printed.
#[must_use]
pub fn all() -> Vec<&'static Scenario> {
    [
        creation::SCENARIOS,
        refusals::SCENARIOS,
        size::SCENARIOS,
        upgrade::SCENARIOS,
        configuration::SCENARIOS,
        faults::SCENARIOS,
        nodes::SCENARIOS,
        drain::SCENARIOS,
        network::SCENARIOS,
        trust::SCENARIOS,
        rotation::SCENARIOS,
        passwords::SCENARIOS,
        plugin::SCENARIOS,
        operator::SCENARIOS,
        interference::SCENARIOS,
        killed_operator::SCENARIOS,
        installation::SCENARIOS,
        fleet::SCENARIOS,
        promises::SCENARIOS,
    ]
    .into_iter()
    .flatten()
    .collect()
}
