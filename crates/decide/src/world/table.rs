//! Rows of a data file: CSV with a head, or JSON Lines.

use autodidact_core::{Error, Result};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The rows of a file, each with its line.
pub(super) struct Table {
    path: PathBuf,
    pub(super) rows: Vec<Row>,
}

/// A row and the line at which it stands, from 1.
pub(super) struct Row {
    line: u64,
    columns: Map<String, Value>,
}

impl Table {
    /// Reads a file; its name tells the format (`.csv`, `.tsv`; anything else is JSON Lines).
    pub(super) fn read(path: &Path) -> Result<Table> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io {
            path: path.into(),
            doing: "reading",
            source,
        })?;
        let ends = |end: &str| path.extension().is_some_and(|known| known.eq_ignore_ascii_case(end));
        let rows = match () {
            () if ends("csv") => separated(path, &bytes, b',')?,
            () if ends("tsv") => separated(path, &bytes, b'\t')?,
            () => lines(path, &bytes)?,
        };
        if rows.is_empty() {
            return Err(data(path, "a log has rows", "there is none"));
        }
        Ok(Table { path: path.into(), rows })
    }

    /// The numbers of that column: one, or a list of them.
    pub(super) fn numbers(&self, row: &Row, column: &str) -> Result<Vec<f64>> {
        let value = self.value(row, column)?;
        let found = match value {
            Value::Array(items) => items.iter().map(number).collect::<Option<Vec<f64>>>(),
            one => number(one).map(|one| vec![one]),
        };
        found.ok_or_else(|| self.fault(row, &format!("column {column:?} holds numbers"), value))
    }

    /// The one number of that column.
    pub(super) fn number(&self, row: &Row, column: &str) -> Result<f64> {
        let value = self.value(row, column)?;
        number(value).ok_or_else(|| self.fault(row, &format!("column {column:?} holds a number"), value))
    }

    /// The column as text.
    pub(super) fn text(&self, row: &Row, column: &str) -> Result<String> {
        Ok(match self.value(row, column)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// A complaint about a row.
    pub(super) fn fault(&self, row: &Row, rule: &str, found: impl std::fmt::Display) -> Error {
        data(&self.path, rule, &format!("line {} holds {found}", row.line))
    }

    fn value<'a>(&self, row: &'a Row, column: &str) -> Result<&'a Value> {
        row.columns.get(column).ok_or_else(|| {
            let known: Vec<&str> = row.columns.keys().map(String::as_str).collect();
            data(
                &self.path,
                &format!("every row has a column {column:?}"),
                &format!("line {} has {}", row.line, known.join(", ")),
            )
        })
    }
}

/// A finite number, written as such or as text.
fn number(value: &Value) -> Option<f64> {
    let found = match value {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    found.filter(|found| found.is_finite())
}

fn separated(path: &Path, bytes: &[u8], delimiter: u8) -> Result<Vec<Row>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let bad = |error: csv::Error| data(path, "the rows of a table are of one length", &error.to_string());
    let head = reader.headers().map_err(bad)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |(name, value): (&str, &str)| (name.trim().to_owned(), Value::String(value.to_owned()));
        rows.push(Row { line, columns: head.iter().zip(record.iter()).map(cell).collect() });
    }
    Ok(rows)
}

fn lines(path: &Path, bytes: &[u8]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (i, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let columns = serde_json::from_slice(line)
            .map_err(|error| data(path, "each line is a JSON object", &format!("line {}: {error}", i + 1)))?;
        rows.push(Row { line: i as u64 + 1, columns });
    }
    Ok(rows)
}

fn data(path: &Path, rule: &str, found: &str) -> Error {
    Error::Data { path: path.into(), rule: rule.to_owned(), found: found.to_owned() }
}
