//! A topology in other forms, for people and tools without redisctl: a compose file, a diagram. The same topology
//! gives the same text.

pub mod compose;
pub mod diagram;
pub mod spec;
