//! Fuzzes the stored data of a deployment.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("stored_format", data));
