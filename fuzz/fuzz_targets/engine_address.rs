//! Fuzzes addresses of engines.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("engine_address", data));
