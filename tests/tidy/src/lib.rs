//! What the repository's own checks look at: its text files and the places of their words. Reads only; has no
//! dependencies, so that these checks run within seconds of a change.

mod checkout;
mod document;
mod source;

pub use checkout::{Checkout, TextFile};
pub use document::{Link, headings, links, paths_in_code_spans};
pub use source::{header_lines, is_test_source, lines_without_inline_tests};
