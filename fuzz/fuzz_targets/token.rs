//! Fuzzes `token` of the bodies; must hold nothing else.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = holdfast_fuzz_bodies::TARGETS.iter().find(|target| target.name == "token");
    (target.expect("it is in the list").run)(bytes);
});
