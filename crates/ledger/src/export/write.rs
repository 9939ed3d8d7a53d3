//! Rows into files.

use super::Format;
use super::rows::Row;
use crate::blobs::{flush, io};
use arrow_json::reader::{Decoder, ReaderBuilder};
use arrow_schema::Schema;
use autodidact_core::{Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows are turned into columns together.
const BATCH: usize = 4096;

/// A file under its temporary name, until it is whole.
pub(super) struct Writer {
    format: Format,
    path: PathBuf,
    temporary: Temporary,
    file: Option<BufWriter<File>>,
    table: Option<Table>,
    waiting: Vec<Row>,
    written: u64,
}

/// What turns rows into Parquet.
struct Table {
    decoder: Decoder,
    writer: ArrowWriter<BufWriter<File>>,
}

/// Removed when dropped, unless it was renamed before.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is gone already when all went well.
        let _ = fs::remove_file(&self.0);
    }
}

impl Writer {
    pub fn create(format: Format, path: &Path) -> Result<Writer> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name =
            name.ok_or_else(|| Error::invalid("the export's path", "the path of a file", path.display()))?;
        let temporary = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&temporary).map_err(|source| io(&temporary, "creating", source))?;
        Ok(Writer {
            format,
            path: path.to_owned(),
            temporary: Temporary(temporary),
            file: Some(BufWriter::new(file)),
            table: None,
            waiting: Vec::new(),
            written: 0,
        })
    }

    /// Takes rows; `columns` are asked for once there is one.
    pub fn rows(&mut self, rows: Vec<Row>, columns: impl FnOnce() -> Schema) -> Result<()> {
        self.written += rows.len() as u64;
        self.waiting.extend(rows);
        if self.waiting.len() < BATCH { Ok(()) } else { self.write(columns) }
    }

    /// Writes what is left, gives the file its name and returns how many rows it has.
    pub fn finish(mut self, columns: impl FnOnce() -> Schema) -> Result<u64> {
        self.write(columns)?;
        let file = match (self.table.take(), self.file.take()) {
            (Some(table), _) => table.writer.into_inner().map_err(|source| self.failed(source))?,
            (None, Some(file)) => file,
            (None, None) => unreachable!("the file is in the table or here"),
        };
        let written = file.into_inner().map_err(std::io::IntoInnerError::into_error);
        written
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.temporary.0, &self.path))
            .map_err(|source| io(&self.path, "writing", source))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        flush(folder.unwrap_or(Path::new(".")))?;
        Ok(self.written)
    }

    fn write(&mut self, columns: impl FnOnce() -> Schema) -> Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        match self.format {
            Format::Jsonl => {
                let file = self.file.as_mut().expect("a file of lines stays here");
                let line = |row: &Row| {
                    serde_json::to_writer(&mut *file, row)?;
                    file.write_all(b"\n")
                };
                rows.iter().try_for_each(line).map_err(|source| io(&self.path, "writing", source))
            }
            Format::Parquet => {
                let mut table = match self.table.take() {
                    Some(table) => table,
                    None => self.table(columns())?,
                };
                let written = table.write(&rows);
                self.table = Some(table);
                written.map_err(|source| self.failed(source))
            }
        }
    }

    fn table(&mut self, columns: Schema) -> Result<Table> {
        let file = self.file.take().expect("a table is made once");
        let columns = Arc::new(columns);
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default()));
        let writer = ArrowWriter::try_new(file, columns.clone(), Some(properties.build()));
        let writer = writer.map_err(|source| self.failed(source))?;
        let decoder =
            ReaderBuilder::new(columns).with_batch_size(BATCH).with_strict_mode(true).build_decoder();
        let decoder = decoder.map_err(|source| self.failed(source))?;
        Ok(Table { decoder, writer })
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        io(&self.path, "writing", std::io::Error::other(source))
    }
}

impl Table {
    fn write(&mut self, rows: &[Row]) -> parquet::errors::Result<()> {
        self.decoder.serialize(rows)?;
        match self.decoder.flush()? {
            Some(batch) => self.writer.write(&batch),
            None => Ok(()),
        }
    }
}
