//! redisctl: a real Redis deployment in Docker with one command.

pub mod observed;
pub mod plan;
pub mod spec;
pub mod topology;
