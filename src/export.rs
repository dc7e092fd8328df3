//! A topology in other forms, for people and tools that do not use redisctl: a compose file, a
//! diagram. Pure, and the same text for the same topology.

pub mod compose;
pub mod diagram;
