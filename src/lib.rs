//! redisctl: a real Redis deployment in Docker with one command.

pub mod docker;
pub mod event;
pub mod executor;
pub mod observed;
pub mod plan;
pub mod planner;
pub mod readiness;
pub mod redis;
pub mod report;
pub mod spec;
pub mod topology;
pub mod verify;
