//! The syntax of `redis.conf`: the words of a line, the names of directives, and the lines of a value.

pub mod lines;
pub mod names;
pub mod quoting;
