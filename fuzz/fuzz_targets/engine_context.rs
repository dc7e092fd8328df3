//! Fuzzes the files of Docker's client.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("engine_context", data));
