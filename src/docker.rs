//! The engine: where it is, how it is reached, and how images get onto it.

pub mod connect;
pub mod host_image;
pub mod location;
pub mod pull;
