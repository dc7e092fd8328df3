//! Fuzzes lines at the prompt.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("snapshot", data));
