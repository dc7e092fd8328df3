//! Fuzzes files in the syntax of `redis.conf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("config_file", data));
