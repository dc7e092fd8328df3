//! A topology in other forms, for people and tools that do not use redisctl: a compose file, a diagram. Pure:
//! the same topology gives the same text.

pub mod compose;
pub mod diagram;
