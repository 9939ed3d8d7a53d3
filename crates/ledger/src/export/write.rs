//! Rows into files.

use super::Format;
use super::rows::Row;
use crate::blobs::{flush, io as io_error};
use crate::landing::{folder_of, landing};
use arrow_json::reader::{Decoder, ReaderBuilder};
use arrow_schema::Schema;
use autodidact_core::{Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows are turned into columns together.
const BATCH: usize = 4096;

/// A file under its temporary name, until it is whole; or a pipe or a device, which gets lines as they come.
pub(super) struct Writer {
    format: Format,
    /// What the caller calls it.
    path: PathBuf,
    /// The temporary name, and the file that is replaced in the end; `None` for a pipe or a device.
    draft: Option<(Temporary, PathBuf)>,
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
        if path.is_dir() || path.file_name().is_none() {
            return Err(Error::invalid("the export's path", "the path of a file", path.display()));
        }
        let failed = |source| io_error(path, "creating", source);
        let (draft, file) = match landing(path).map_err(failed)? {
            Some(target) => {
                let mut name = OsString::from(".");
                name.push(target.file_name().unwrap_or_default());
                name.push(format!(".{}.part", std::process::id()));
                let temporary = Temporary(target.with_file_name(name));
                let file = File::create(&temporary.0).map_err(failed)?;
                (Some((temporary, target)), file)
            }
            None if format == Format::Parquet => {
                let rule = "a regular file, since Parquet cannot go through a pipe or a device";
                return Err(Error::invalid("the export's path", rule, path.display()));
            }
            // Not cut off first: an open file keeps what others wrote to it.
            None => (None, OpenOptions::new().append(true).open(path).map_err(failed)?),
        };
        Ok(Writer {
            format,
            path: path.to_owned(),
            draft,
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
        let failed = |source| io_error(&self.path, "writing", source);
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        if let Some((temporary, target)) = &self.draft {
            file.sync_all().and_then(|()| fs::rename(&temporary.0, target)).map_err(failed)?;
            flush(folder_of(target))?;
        }
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
                rows.iter().try_for_each(line).map_err(|source| io_error(&self.path, "writing", source))
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
        io_error(&self.path, "writing", io::Error::other(source))
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn export(format: Format, path: &Path) -> Result<u64> {
        Writer::create(format, path)?.finish(Schema::empty)
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("far")).expect("made");
        fs::write(at("far/old"), "old").expect("written");
        symlink("far/old", at("link")).expect("made");
        symlink("far/new", at("dangling")).expect("made");
        for (link, file) in [("link", "far/old"), ("dangling", "far/new")] {
            assert_eq!(export(Format::Jsonl, &at(link)).expect("written"), 0);
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(fs::read(at(file)).expect("there"), b"", "{file}");
        }
        assert_eq!(fs::read_dir(at("far")).expect("there").count(), 2, "nothing temporary is left");
    }

    #[test]
    fn a_device_gets_lines_but_no_parquet_and_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let link = folder.path().join("link");
        symlink("/dev/null", &link).expect("made");
        export(Format::Jsonl, &link).expect("written");
        let error = export(Format::Parquet, &link).expect_err("a device").to_string();
        assert!(error.contains("must be a regular file"), "{error}");
        assert!(link.is_symlink() && !link.is_file());
    }

    #[test]
    fn an_error_names_the_file_that_was_asked_for() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("missing/rows.jsonl");
        let error = export(Format::Jsonl, &path).expect_err("no folder").to_string();
        assert!(error.starts_with(&format!("{}: creating failed", path.display())), "{error}");
    }
}
