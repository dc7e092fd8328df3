//! Fuzzes the kernel's routes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("routes", data));
