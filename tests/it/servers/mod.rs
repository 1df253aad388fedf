//! The server fixtures keep their promises.

#![expect(clippy::expect_used, reason = "what the fixtures promise must hold")]

mod life;
mod quiet;
