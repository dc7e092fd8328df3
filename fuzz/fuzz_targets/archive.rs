//! Fuzzes archives that the engine gives.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("archive", data));
