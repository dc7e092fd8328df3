//! A topology in other forms, for people and tools without redisctl: a compose file, a diagram, a drawing. The same topology
//! gives the same text.

mod cluster_script;
pub mod compose;
pub mod diagram;
pub mod distinct;
pub mod kubernetes;
pub mod spec;
pub mod svg;
