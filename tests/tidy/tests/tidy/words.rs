//! Words that have no place in a file that others clone. They are put together from halves here, since this file is
//! searched as well.

use holdfast_tidy::Checkout;

use crate::assert_none;

#[test]
fn nothing_is_left_undone_in_code() {
    let undone = [concat!("todo", "!("), concat!("unimple", "mented!("), concat!("#[ig", "nore")];
    let checkout = Checkout::read();
    let mut findings = Vec::new();
    for file in checkout.with_extension("rs") {
        for (index, line) in file.text.lines().enumerate() {
            for word in undone.iter().filter(|word| line.contains(*word)) {
                findings.push(format!("{}:{}: `{word}`: do it, or leave it out", file.path, index + 1));
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    let homes = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];
    let checkout = Checkout::read();
    let mut findings = Vec::new();
    for file in checkout.files() {
        for (index, line) in file.text.lines().enumerate() {
            let starts = |home: &str| {
                line.match_indices(home).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|letter| letter.is_alphanumeric() || "._-})".contains(letter))
                })
            };
            for home in homes.iter().filter(|home| starts(home)) {
                findings.push(format!("{}:{}: `{home}` is a path of one machine", file.path, index + 1));
            }
        }
    }
    assert_none(&findings);
}
