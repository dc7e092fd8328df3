//! Fuzzes `--set path=value`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("set_override", data));
