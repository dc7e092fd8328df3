//! Fuzzes the lines of ACL LIST.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("acl_list", data));
