//! Fuzzes snapshots.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("snapshot", data));
