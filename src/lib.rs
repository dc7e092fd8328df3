//! redisctl: a real Redis deployment in Docker with one command.

pub mod connection;
pub mod docker;
pub mod event;
pub mod executor;
pub mod observed;
pub mod plan;
pub mod planner;
pub mod readiness;
pub mod redis;
pub mod spec;
pub mod status;
pub mod topology;
pub mod ui;
