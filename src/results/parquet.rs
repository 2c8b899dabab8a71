//! Tables of columns as Parquet, which data frames read as they are.

use crate::error::{Error, Result};
use parquet::basic::{Compression, Encoding, GzipLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use std::sync::Arc;

/// The most rows that are held before they are written.
const ROWS: usize = 1 << 16;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, which may be missing.
    Text,
    Whole,
    Number,
    Flag,
}

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Missing,
    Whole(u64),
    Number(f64),
    Flag(bool),
}

/// Writes rows of named columns.
pub(super) struct Table {
    writer: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Held>,
    rows: usize,
}

/// The values of a column that are not written yet.
enum Held {
    /// The texts that there are, and for every row whether there is one.
    Text(Vec<ByteArray>, Vec<i16>),
    Whole(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
}

impl Held {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Held::Text(Vec::new(), Vec::new()),
            Kind::Whole => Held::Whole(Vec::new()),
            Kind::Number => Held::Number(Vec::new()),
            Kind::Flag => Held::Flag(Vec::new()),
        }
    }

    /// Whether `value` is of this column's kind; it is then held.
    fn push(&mut self, value: Value<'_>) -> bool {
        match (self, value) {
            (Held::Text(texts, there), Value::Text(text)) => {
                texts.push(ByteArray::from(text));
                there.push(1);
            }
            (Held::Text(_, there), Value::Missing) => there.push(0),
            (Held::Whole(of), Value::Whole(value)) => of.push(value.cast_signed()),
            (Held::Number(of), Value::Number(value)) => of.push(value),
            (Held::Flag(of), Value::Flag(value)) => of.push(value),
            _ => return false,
        }
        true
    }

    fn clear(&mut self) {
        match self {
            Held::Text(texts, there) => {
                texts.clear();
                there.clear();
            }
            Held::Whole(of) => of.clear(),
            Held::Number(of) => of.clear(),
            Held::Flag(of) => of.clear(),
        }
    }
}

impl Table {
    /// # Errors
    /// When a name is none of a column.
    pub(super) fn new(columns: &[(&str, Kind)]) -> Result<Self> {
        let fields = columns.iter().map(|(name, kind)| match kind {
            Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
            Kind::Whole => format!("REQUIRED INT64 {name};"),
            Kind::Number => format!("REQUIRED DOUBLE {name};"),
            Kind::Flag => format!("REQUIRED BOOLEAN {name};"),
        });
        let schema = format!("message schema {{ {} }}", fields.collect::<String>());
        let schema = Arc::new(parse_message_type(&schema).map_err(failed)?);
        // Nothing in the file says when, where or by which version of anything it was written.
        let mut properties = WriterProperties::builder()
            .set_created_by(env!("CARGO_PKG_NAME").into())
            .set_compression(Compression::GZIP(GzipLevel::default()));
        for (name, _) in columns.iter().filter(|(_, kind)| *kind == Kind::Number) {
            let path = ColumnPath::from(*name);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
        }
        let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()));
        let columns = columns.iter().map(|(_, kind)| Held::new(*kind)).collect();
        Ok(Self { writer: writer.map_err(failed)?, columns, rows: 0 })
    }

    /// Adds a row: a value for every column.
    ///
    /// # Errors
    /// When the values are not those of the columns, or cannot be written.
    pub(super) fn row(&mut self, values: &[Value<'_>]) -> Result<()> {
        let fits = values.len() == self.columns.len()
            && self.columns.iter_mut().zip(values).all(|(column, value)| column.push(*value));
        if !fits {
            return Err(Error::unexpected("a row does not fit its table".to_string()));
        }
        self.rows += 1;
        if self.rows == ROWS { self.flush() } else { Ok(()) }
    }

    /// The file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(mut self) -> Result<Vec<u8>> {
        self.flush()?;
        self.writer.into_inner().map_err(failed)
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for held in &self.columns {
            let mut column = group
                .next_column()
                .map_err(failed)?
                .ok_or_else(|| Error::unexpected("a Parquet file lacks a column".to_string()))?;
            match (column.untyped(), held) {
                (ColumnWriter::ByteArrayColumnWriter(writer), Held::Text(texts, there)) => {
                    writer.write_batch(texts, Some(there), None)
                }
                (ColumnWriter::Int64ColumnWriter(writer), Held::Whole(of)) => {
                    writer.write_batch(of, None, None)
                }
                (ColumnWriter::DoubleColumnWriter(writer), Held::Number(of)) => {
                    writer.write_batch(of, None, None)
                }
                (ColumnWriter::BoolColumnWriter(writer), Held::Flag(of)) => {
                    writer.write_batch(of, None, None)
                }
                _ => {
                    return Err(Error::unexpected("a Parquet column has another type".to_string()));
                }
            }
            .map_err(failed)?;
            column.close().map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.columns.iter_mut().for_each(Held::clear);
        self.rows = 0;
        Ok(())
    }
}

fn failed(error: ParquetError) -> Error {
    Error::unexpected(format!("cannot write a Parquet file: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    fn example(n: u64) -> Vec<u8> {
        let columns =
            [("name", Kind::Text), ("n", Kind::Whole), ("x", Kind::Number), ("is", Kind::Flag)];
        let mut table = Table::new(&columns).unwrap();
        for at in 0..n {
            let text = if at % 3 == 0 { Value::Missing } else { Value::Text("ü") };
            let row =
                [text, Value::Whole(at), Value::Number(0.1 * at as f64), Value::Flag(at == 1)];
            table.row(&row).unwrap();
        }
        table.finish().unwrap()
    }

    #[test]
    fn rows_are_read_as_they_were_written() {
        let n = ROWS as u64 + 5;
        let reader = SerializedFileReader::new(bytes::Bytes::from(example(n))).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len() as u64, n);
        let fields = |at: usize| {
            rows[at].get_column_iter().map(|(_, field)| field.clone()).collect::<Vec<_>>()
        };
        let expected =
            [Field::Str("ü".into()), Field::Long(1), Field::Double(0.1), Field::Bool(true)];
        assert_eq!(fields(1), expected);
        assert_eq!(fields(3)[0], Field::Null);
        assert_eq!(fields(ROWS + 4)[1], Field::Long(ROWS as i64 + 4));
    }

    #[test]
    fn the_bytes_follow_from_the_rows() {
        assert!(example(10) == example(10));
        assert!(!example(0).is_empty());
    }

    #[test]
    fn a_row_of_another_shape_is_refused() {
        let mut table = Table::new(&[("n", Kind::Whole)]).unwrap();
        assert!(table.row(&[Value::Number(1.0)]).is_err());
        assert!(table.row(&[]).is_err());
    }
}
