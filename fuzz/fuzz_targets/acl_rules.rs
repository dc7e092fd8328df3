//! Fuzzes rules of a user.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("acl_rules", data));
