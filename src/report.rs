//! stub
#![allow(missing_docs)]
pub struct Report; impl Report { pub fn failed(&self) -> usize { 0 } }
