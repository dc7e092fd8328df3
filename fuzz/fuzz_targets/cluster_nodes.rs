//! Fuzzes the reply to CLUSTER NODES.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("cluster_nodes", data));
