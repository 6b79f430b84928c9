//! Benchmarks of the token authority.
//!
//! Requests per second say more about the neighbours of a machine than about a server, so what is measured is the CPU
//! time of the server's process tree per request, and what is quoted is its ratio to a floor measured in the same run:
//! [`floor`] is the least that a server on the same stack must do for an operation. [`load`] makes the requests,
//! [`measure`] runs the contenders against each other, and [`report`] writes the table, the chart and the JSON file.

pub mod client;
pub mod clock;
pub mod codes;
pub mod contender;
pub mod floor;
pub mod grants;
pub mod jose;
pub mod load;
pub mod measure;
pub mod operation;
pub mod peers;
pub mod place;
pub mod proc;
pub mod report;
pub mod site;
