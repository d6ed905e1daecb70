//! Watches as pure logic.
