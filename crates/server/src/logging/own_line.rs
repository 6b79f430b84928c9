//! The lines that the log writes about itself. They bypass the subscriber, so that what they report cannot drop them.

use serde_json::{Value, json};
use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Json,
}

/// A line in the format of the subscriber. Names and values are the log's own; the message needs no escaping.
pub(super) fn own_line(shape: Shape, level: Level, message: &str, fields: &[(&str, Value)]) -> Vec<u8> {
    let mut time = String::new();
    // Writing to a string does not fail; where the clock does, the line goes without a time.
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let mut line = match shape {
        Shape::Json => {
            let mut object = json!({"timestamp": time, "level": level.as_str(), "message": message, "target": module_path!()});
            for (name, value) in fields {
                object[*name] = value.clone();
            }
            object.to_string()
        }
        Shape::Text => {
            let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{time} {level:>5} {message}{fields}")
        }
    };
    line.push('\n');
    line.into_bytes()
}
