//! PostgreSQL passes the suite, and what is particular to it. The variable `JETON_TEST_POSTGRES` names a server; `cargo xtask test` starts
//! one. Where there is none the tests are skipped, and say so.

mod conforming;
mod faults;
mod moving;
mod opening;
mod proxy;
mod recording;
mod scratch;
mod sharing;
mod side_by_side;
mod statements;
