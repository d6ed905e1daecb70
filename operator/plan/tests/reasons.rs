//! Every reason that a condition can give has a heading in the troubleshooting page, so that a person who reads the word
//! finds what to do.

use std::path::Path;

use holdfast_plan::Reason;

#[test]
fn every_reason_is_explained() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/troubleshooting.md");
    let page = std::fs::read_to_string(&path).expect("the page is part of the checkout");
    let has_heading = |reason: &Reason| page.lines().any(|line| line == format!("### {reason}"));
    let missing: Vec<String> =
        Reason::ALL.iter().filter(|reason| !has_heading(reason)).map(ToString::to_string).collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no heading for {}", missing.join(", "));
    let unexplained = Reason::ALL.iter().find(|reason| !reason.meaning().trim_end().ends_with('.'));
    assert_eq!(unexplained, None);
}
