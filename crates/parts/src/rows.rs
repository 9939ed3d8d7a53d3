//! Rows of a data file: JSON Lines, a JSON list of objects or Parquet, told apart by their content, or CSV by
//! its name.

use autodidact_core::{Error, Result};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use serde_json::{Map, Value};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// The rows of a file, and what its places are called.
pub struct Rows {
    /// `line` or `row`.
    pub place: &'static str,
    /// In the order of the file. Nulls are left out at every depth: data sets put them where a row lacks
    /// a member that another row has.
    pub rows: Vec<Row>,
    /// A digest of the file's bytes.
    pub digest: String,
}

/// A row's place, counted from 1, and its columns or what is wrong with it.
pub type Row = (usize, Result<Map<String, Value>, String>);

/// Reads a file. `Err` when it cannot be read at all; a bad row is an entry of its own.
pub fn read(path: &Path) -> Result<Rows> {
    let bytes =
        std::fs::read(path).map_err(|source| Error::Io { path: path.into(), doing: "reading", source })?;
    let digest = blake3::hash(&bytes).to_hex().as_str()[..16].to_owned();
    let bad = |found: String| Error::Data {
        path: path.into(),
        rule: "a file of rows is JSON Lines, a JSON list of objects, Parquet, .csv or .tsv".to_owned(),
        found,
    };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let lines_by_name = path
        .extension()
        .is_some_and(|end| ["jsonl", "ndjson"].iter().any(|known| end.eq_ignore_ascii_case(known)));
    let ending = path.extension().map(|end| end.to_ascii_lowercase());
    let separator = match ending.as_ref().and_then(|end| end.to_str()) {
        Some("csv") => Some(b','),
        Some("tsv") => Some(b'\t'),
        _ => None,
    };
    let (place, rows) = match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(bad("the file is empty".to_owned())),
        _ if bytes.starts_with(b"PAR1") => ("row", parquet(path).map_err(bad)?),
        _ if let Some(separator) = separator => ("line", separated(text, separator).map_err(bad)?),
        Some(b'[') if !lines_by_name => ("row", list(text).map_err(bad)?),
        Some(b'{') => ("line", lines(text)),
        _ if lines_by_name => ("line", lines(text)),
        _ if bytes.starts_with(b"\x1f\x8b") => return Err(bad("it is gzip; unpack it first".to_owned())),
        _ => {
            let first = String::from_utf8_lossy(&text[..text.len().min(20)]).into_owned();
            return Err(bad(format!("it begins with {first:?}")));
        }
    };
    Ok(Rows { place, rows, digest })
}

fn lines(bytes: &[u8]) -> Vec<Row> {
    let row = |line: &[u8]| {
        let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
        object(serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?)
    };
    bytes
        .split(|&byte| byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
        .map(|(idx, line)| (idx + 1, row(line)))
        .collect()
}

fn list(bytes: &[u8]) -> Result<Vec<Row>, String> {
    let rows: Vec<Value> =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    Ok(rows.into_iter().enumerate().map(|(idx, row)| (idx + 1, object(row))).collect())
}

fn parquet(path: &Path) -> Result<Vec<Row>, String> {
    // The reader is not total on damaged files.
    let read = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        // Types from Parquet's own schema suffice for JSON, and Arrow's copy of it is less robust.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path)?, options)?;
        let reader = builder.build()?;
        let mut writer = arrow_json::LineDelimitedWriter::new(Vec::new());
        for batch in reader {
            writer.write(&batch?)?;
        }
        writer.finish()?;
        Ok(writer.into_inner())
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(text)) => Ok(lines(&text)),
        Ok(Err(error)) => Err(format!("the Parquet in it does not read: {error}")),
        Err(_) => Err("the Parquet in it is damaged".to_owned()),
    }
}

/// Rows under a head. What reads as a JSON number, `true` or `false` is one, all else is text; empty cells
/// are left out.
fn separated(bytes: &[u8], separator: u8) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(bytes);
    let head = reader.headers().map_err(|error| format!("its head does not read: {error}"))?.clone();
    if let Some(name) = head.iter().enumerate().find(|(i, name)| head.iter().take(*i).any(|one| one == *name))
    {
        return Err(format!("two of its columns are named {:?}", name.1));
    }
    let value = |cell: &str| match serde_json::from_str(cell) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::String(cell.to_owned()),
    };
    // The reader counts empty lines to the row that follows them.
    let line = |at: &csv::Position| {
        let rest = bytes.get(at.byte() as usize..).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        at.line() as usize + empty.filter(|byte| **byte == b'\n').count()
    };
    let mut rows = Vec::new();
    for (idx, record) in reader.records().enumerate() {
        let row = match record {
            Ok(record) => {
                let place = record.position().map_or(idx + 2, line);
                let cells = head.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
                (place, Ok(cells.map(|(name, cell)| (name.to_owned(), value(cell))).collect()))
            }
            Err(error) => {
                let place = error.position().map_or(idx + 2, line);
                (place, Err(format!("it is not a row of {} cells: {error}", head.len())))
            }
        };
        rows.push(row);
    }
    Ok(rows)
}

fn object(row: Value) -> Result<Map<String, Value>, String> {
    match without_nulls(row) {
        Value::Object(columns) => Ok(columns),
        Value::Array(_) => Err("it is a list, not an object".to_owned()),
        other => Err(format!("it is {other}, not an object")),
    }
}

/// Members that are null are left out; items of lists keep their places.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (name, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use arrow_array::builder::{ListBuilder, StringBuilder, StructBuilder};
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use arrow_schema::{DataType, Field};
    use parquet::arrow::ArrowWriter;
    use proptest::prelude::*;
    use std::sync::Arc;

    /// Writes a Parquet file as verl has them: messages, a nested reward model, nulls in structs.
    pub fn write_verl(path: &Path) {
        let fields = || {
            vec![
                Field::new("role", DataType::Utf8, true),
                Field::new("content", DataType::Utf8, true),
                Field::new("name", DataType::Utf8, true),
            ]
        };
        let mut messages = ListBuilder::new(StructBuilder::from_fields(fields(), 2));
        for question in ["What is 2 + 2?", "What is 3 + 3?", "What is 4 + 4?"] {
            let message = messages.values();
            message.field_builder::<StringBuilder>(0).expect("a text").append_value("user");
            message.field_builder::<StringBuilder>(1).expect("a text").append_value(question);
            message.field_builder::<StringBuilder>(2).expect("a text").append_null();
            message.append(true);
            messages.append(true);
        }
        let model =
            [Field::new("style", DataType::Utf8, true), Field::new("ground_truth", DataType::Utf8, true)];
        let mut reward = StructBuilder::from_fields(model.to_vec(), 2);
        for answer in ["4", "6", "8"] {
            reward.field_builder::<StringBuilder>(0).expect("a text").append_null();
            reward.field_builder::<StringBuilder>(1).expect("a text").append_value(answer);
            reward.append(true);
        }
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("data_source", Arc::new(StringArray::from(vec![Some("sums"), None, Some("sums")]))),
            ("prompt", Arc::new(messages.finish())),
            ("reward_model", Arc::new(reward.finish())),
            ("level", Arc::new(Int64Array::from(vec![Some(1), None, Some(9_007_199_254_740_993)]))),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .expect("columns of one length");
        let file = File::create(path).expect("the folder is writable");
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a schema that Parquet has");
        writer.write(&batch).expect("writes");
        writer.close().expect("closes");
    }

    fn read_bytes(name: &str, bytes: &[u8]) -> Result<Rows> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        read(&path)
    }

    #[test]
    fn json_lines_keep_their_numbers_and_bad_ones_say_what_they_are() {
        let text =
            "\u{feff}{\"a\": 1}\r\n\n[1]\n{\"a\": {\"b\": null, \"c\": [null, {\"d\": null}]}}\nnope\n7";
        let rows = read_bytes("x.jsonl", text.as_bytes()).expect("reads");
        let places: Vec<usize> = rows.rows.iter().map(|row| row.0).collect();
        assert_eq!((rows.place, places), ("line", vec![1, 3, 4, 5, 6]));
        assert_eq!(
            Value::Object(rows.rows[2].1.clone().expect("good")),
            serde_json::json!({"a": {"c": [null, {}]}})
        );
        for (row, part) in [(1, "a list"), (3, "not JSON"), (4, "7, not an object")] {
            let what = rows.rows[row].1.as_ref().expect_err("bad");
            assert!(what.contains(part), "{what}");
        }
    }

    #[test]
    fn separated_values_are_numbers_truths_or_text_and_a_short_row_is_bad() {
        let text = "arm, reward,note\nred,1,\"a, b\"\nblue,0.5,\n\nred,true\n007,1e3,x\n";
        let rows = read_bytes("x.csv", text.as_bytes()).expect("reads");
        let places: Vec<usize> = rows.rows.iter().map(|row| row.0).collect();
        assert_eq!((rows.place, places), ("line", vec![2, 3, 5, 6]));
        let row = |i: usize| Value::Object(rows.rows[i].1.clone().expect("good"));
        assert_eq!(row(0), serde_json::json!({"arm": "red", "reward": 1, "note": "a, b"}));
        assert_eq!(row(1), serde_json::json!({"arm": "blue", "reward": 0.5}));
        assert!(rows.rows[2].1.as_ref().expect_err("short").contains("not a row of 3 cells"));
        assert_eq!(row(3), serde_json::json!({"arm": "007", "reward": 1000.0, "note": "x"}));
        assert_eq!(read_bytes("x.tsv", b"a\tb\n1\t2\n").expect("reads").rows.len(), 1);
    }

    #[test]
    fn parquet_rows_lose_their_nulls_and_keep_large_numbers() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.parquet");
        write_verl(&path);
        let rows: Vec<Value> = read(&path)
            .expect("reads")
            .rows
            .into_iter()
            .map(|row| Value::Object(row.1.expect("good")))
            .collect();
        assert_eq!(
            rows[1],
            serde_json::json!({
                "prompt": [{"role": "user", "content": "What is 3 + 3?"}],
                "reward_model": {"ground_truth": "6"},
            })
        );
        assert_eq!(rows[2]["level"], 9_007_199_254_740_993i64);
    }

    #[test]
    fn a_file_that_is_nothing_of_the_kind_is_refused() {
        for (name, bytes, part) in [
            ("x.jsonl", &b""[..], "empty"),
            ("x.txt", b"question,answer\n", "begins with \"question,answer"),
            ("x.csv", b"a,b,a\n1,2,3\n", "two of its columns are named \"a\""),
            ("x.jsonl.gz", b"\x1f\x8b\x08", "gzip"),
            ("x.json", b"[1, 2", "not JSON"),
            ("x.parquet", b"PAR1 and nothing else", "does not read"),
        ] {
            let error = read_bytes(name, bytes).err().expect("refused").to_string();
            assert!(error.contains(part), "{error}");
        }
        let missing = read(Path::new("no such file.jsonl")).err().expect("refused").to_string();
        assert!(missing.contains("no such file.jsonl"), "{missing}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), name in "x\\.(jsonl|json|parquet|csv|tsv)", magic: bool) {
            if magic {
                bytes.splice(0..0, *b"PAR1");
                bytes.extend(*b"PAR1");
            }
            let _ = read_bytes(&name, &bytes);
        }

        #[test]
        fn almost_json_never_panics(text in r#"([\[\]{}:," \n]|"a"|null|1e9|\\u00|true){0,40}"#) {
            let _ = read_bytes("x.json", text.as_bytes());
            let _ = read_bytes("x.jsonl", text.as_bytes());
        }
    }

    #[test]
    fn a_damaged_parquet_file_is_an_error_or_reads_but_never_panics() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("x.parquet");
        write_verl(&path);
        let whole = std::fs::read(&path).expect("just written");
        for idx in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[idx] ^= 0xff;
            let _ = read_bytes("x.parquet", &bytes);
            let _ = read_bytes("x.parquet", &whole[..idx]);
        }
    }
}
