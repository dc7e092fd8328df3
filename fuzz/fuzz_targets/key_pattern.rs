//! Fuzzes patterns of keys and channels.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("key_pattern", data));
