//! Fuzzes the replies to CLUSTER SLOTS, CLUSTER SHARDS and CONFIG GET.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("cluster_replies", data));
