//! JSON for reviews: the outer levels are indented, what is deeper stays on one line.

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io::{Result, Write};

/// The value as JSON text. A map within `levels` maps is written on one line.
///
/// # Errors
/// When the value cannot be encoded.
pub(super) fn to_string(value: &impl Serialize, levels: usize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    let lines = Lines { pretty: PrettyFormatter::new(), levels, maps: 0 };
    value.serialize(&mut Serializer::with_formatter(&mut bytes, lines))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

struct Lines<'a> {
    pretty: PrettyFormatter<'a>,
    levels: usize,
    /// The number of maps around the place that is written.
    maps: usize,
}

impl Lines<'_> {
    fn on_one_line(&self) -> bool {
        self.levels < self.maps
    }
}

/// Passes a call on, to the formatter that is in charge.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*);)+) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> Result<()> {
            if self.on_one_line() {
                CompactFormatter.$name(writer $(, $argument)*)
            } else {
                self.pretty.$name(writer $(, $argument)*)
            }
        })+
    };
}

impl Formatter for Lines<'_> {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.maps += 1;
        if self.on_one_line() {
            CompactFormatter.begin_object(writer)
        } else {
            self.pretty.begin_object(writer)
        }
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        let done = if self.on_one_line() {
            CompactFormatter.end_object(writer)
        } else {
            self.pretty.end_object(writer)
        };
        self.maps -= 1;
        done
    }

    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_maps_are_lines() {
        let value = serde_json::json!({
            "a": [{"runs": [{"x": 1, "y": [1, 2]}, {}], "z": {"b": {"c": 1}}}], "e": [], "n": 1,
        });
        let text = to_string(&value, 2).unwrap();
        let expected = r#"{
  "a": [
    {
      "runs": [
        {"x":1,"y":[1,2]},
        {}
      ],
      "z": {"b":{"c":1}}
    }
  ],
  "e": [],
  "n": 1
}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
