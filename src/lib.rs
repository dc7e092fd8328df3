//! redisctl: a real Redis deployment in Docker with one command.

pub mod spec;
