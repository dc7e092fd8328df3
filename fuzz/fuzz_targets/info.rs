//! Fuzzes the reply to INFO.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("info", data));
