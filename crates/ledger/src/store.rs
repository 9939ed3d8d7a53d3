//! The stored ledger: a directory with one SQLite file and its blobs.
//!
//! The file is in WAL mode with `synchronous = FULL`. A commit is flushed to the disk before
//! [`Ledger::append`] returns, so what was accepted survives a kill of the process, a crash of the
//! system and a loss of power, as far as the disk keeps what it says it has flushed. Readers see the
//! last commit and never wait for a writer; writers of several processes wait for each other.

use crate::blobs::{Blobs, io, make_folder};
use crate::fault::{Fault, Inner};
use crate::{append, recall, schema};
use autodidact_core::{
    AttemptRow, BlobId, Error, Key, Ledger, Phase, Record, Result, RunEnd, RunId, RunSpec, Snapshot,
};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a writer waits for another process before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A ledger on disk. Several threads and several processes may use it at once.
#[derive(Debug)]
pub struct Store {
    pub(crate) directory: PathBuf,
    file: PathBuf,
    writer: Mutex<Connection>,
    /// Connections that nobody reads with at the moment.
    readers: Mutex<Vec<Connection>>,
    blobs: Blobs,
}

impl Store {
    /// The ledger in `directory`, made if there is none. Fails, naming the file, when it is not a
    /// ledger, damaged, or written by a newer version.
    pub fn open(directory: &Path) -> Result<Store> {
        make_folder(directory)?;
        let blobs = Blobs::open(directory.join("blobs"))?;
        let file = directory.join(FILE);
        // Held while the tables are made, so that processes that start together do not collide.
        let lock_path = directory.join("lock");
        let lock = File::create(&lock_path).map_err(|source| io(&lock_path, "creating", source))?;
        lock.lock().map_err(|source| io(&lock_path, "locking", source))?;
        let opened = connect(&file).and_then(|mut writer| {
            schema::migrate(&mut writer)?;
            Ok((writer, connect(&file)?))
        });
        drop(lock);
        let (writer, reader) = opened.map_err(|fault| fault.at("opening", &file))?;
        let (writer, readers) = (Mutex::new(writer), Mutex::new(vec![reader]));
        Ok(Store { directory: directory.to_owned(), file, writer, readers, blobs })
    }

    /// The ledger in `directory`; fails when there is none.
    pub fn open_existing(directory: &Path) -> Result<Store> {
        let file = directory.join(FILE);
        if !file.is_file() {
            return Err(Error::Data {
                path: file,
                rule: "a ledger is here".to_owned(),
                found: "there is no such file: nothing was run yet, or in another directory".to_owned(),
            });
        }
        Store::open(directory)
    }

    /// The SQLite file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Begins a run under the next free name of its recipe: `b-star-1`, `b-star-2`, ...
    pub fn begin(&self, spec: &RunSpec) -> Result<RunId> {
        self.write(|tx| {
            let run = append::free_name(tx, &spec.recipe)?;
            append::records(tx, &run, &[Record::Begin(spec.clone())])?;
            Ok(run)
        })
    }

    /// The files as a snapshot, read from the blobs.
    pub fn snapshot(&self, files: &[(String, BlobId)]) -> Result<Snapshot> {
        let read = |(name, id): &(String, BlobId)| Ok((name.clone(), self.blobs.get(id)?));
        Ok(Snapshot { files: files.iter().map(read).collect::<Result<_>>()? })
    }

    /// Everything recorded of a run, by kind: its beginning, phases, notes, alarms, outputs, ends;
    /// each kind in the order of recording. Empty for an unknown run.
    pub fn records(&self, run: &RunId) -> Result<Vec<Record>> {
        self.read(|tx| recall::records(tx, run))
    }

    /// Gives each attempt of a run to `see`, in the order of recording, one in memory at a time.
    pub fn each_attempt(&self, run: &RunId, mut see: impl FnMut(AttemptRow) -> Result<()>) -> Result<()> {
        self.read(|tx| {
            recall::spec(tx, run)?;
            recall::attempts(tx, run, &mut see)
        })
    }

    /// What a run is, as fixed when it began.
    pub fn spec(&self, run: &RunId) -> Result<RunSpec> {
        self.read(|tx| recall::spec(tx, run))
    }

    /// How a run last ended, if it did.
    pub fn last_end(&self, run: &RunId) -> Result<Option<RunEnd>> {
        self.read(|tx| Ok(recall::ends(tx, run)?.pop()))
    }

    /// Reads in one transaction: everything that `read` sees is of one moment. Each reader has a
    /// connection of its own, so that they wait for nobody, not even for one that calls them.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> Inner<T>) -> Result<T> {
        let idle = lock(&self.readers).pop();
        let all = || {
            let mut connection = idle.map_or_else(|| connect(&self.file), Ok)?;
            let value = {
                let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
                read(&tx)?
            };
            lock(&self.readers).push(connection);
            Ok(value)
        };
        all().map_err(|fault: Fault| fault.at("reading", &self.file))
    }

    /// Writes in one transaction, all or nothing.
    pub(crate) fn write<T>(&self, write: impl FnOnce(&Transaction<'_>) -> Inner<T>) -> Result<T> {
        let mut connection = lock(&self.writer);
        let all = |connection: &mut Connection| {
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = write(&tx)?;
            tx.commit()?;
            Ok(value)
        };
        all(&mut connection).map_err(|fault: Fault| fault.at("writing", &self.file))
    }
}

/// The name of the SQLite file in a ledger's directory.
pub(crate) const FILE: &str = "ledger.sqlite";

impl Ledger for Store {
    fn append(&self, run: &RunId, records: &[Record]) -> Result<()> {
        self.write(|tx| append::records(tx, run, records))
    }

    fn recall(&self, run: &RunId, key: &Key) -> Result<Option<Phase>> {
        self.read(|tx| recall::phase(tx, run, key))
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<BlobId> {
        self.blobs.put(bytes)
    }

    fn blob(&self, id: &BlobId) -> Result<Vec<u8>> {
        self.blobs.get(id)
    }
}

fn connect(file: &Path) -> Inner<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    // Asked first, since setting it needs the file for oneself.
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        // A file system without shared memory keeps its old mode, which is as durable but slower.
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0))?;
    }
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -32000;
         PRAGMA journal_size_limit = 67108864;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn lock<T>(connection: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in another thread rolled its transaction back: the connection is as good as before.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
