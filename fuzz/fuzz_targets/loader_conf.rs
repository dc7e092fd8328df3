//! Fuzzes `ld.so.conf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("loader_conf", data));
