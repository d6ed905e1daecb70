//! Rules of this repository that no compiler checks. Each failure names the file, the line where there is one, and
//! what to do. Needs no network; runs `cargo tree` for the core's wall.

mod documents;
mod shape;
mod sizes;
mod walls;
mod words;

/// Fails with every finding at once, one a line.
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n\n{}\n", findings.join("\n"));
}
