//! What a run found, as a Markdown table, a chart and a JSON file.

mod chart;
mod grants;
mod jose;
mod markdown;
mod server;

pub use chart::{Bar, Chart, Group};
pub use grants::ManyGrantsReport;
pub use jose::{jose_chart, jose_markdown};
pub use markdown::Table;
pub use server::{FeedReport, Machine, Row, ServerReport, feed_table};
