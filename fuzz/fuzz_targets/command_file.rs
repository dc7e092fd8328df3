//! Fuzzes files of commands.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| redisctl::fuzzing::check("command_file", data));
