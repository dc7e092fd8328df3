//! Fuzzes what a deployment stores.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("stored_format", data));
