//! redisctl: a real Redis deployment in Docker with one command.

pub mod docker;
pub mod spec;
