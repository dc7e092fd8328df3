//! Fuzzes MOVED and ASK.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("redirect", data));
