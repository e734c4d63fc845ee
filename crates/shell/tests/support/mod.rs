//! What the tests share.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod script;
pub mod session;
