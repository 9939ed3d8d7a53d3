//! The tables, their versions, and the way from each version to the next.
//!
//! `PRAGMA user_version` counts the scripts in [`SCRIPTS`] that a ledger has been through; opening
//! an older one runs the rest. A script, once released, is never edited: a change is a new script.
//! `SCHEMA.md` documents every column.

use crate::fault::{Fault, Inner};
use rusqlite::{Connection, TransactionBehavior};

/// Marks a SQLite file as a ledger of this program: "autd".
const APPLICATION: i64 = 0x6175_7464;

/// The scripts that make a ledger, in order.
const SCRIPTS: &[&str] =
    &[include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// Brings the tables up to date. Refuses another program's database, and a ledger that a newer
/// version of this program wrote.
pub(crate) fn migrate(connection: &mut Connection) -> Inner<()> {
    run_scripts(connection, SCRIPTS)
}

fn run_scripts(connection: &mut Connection, scripts: &[&str]) -> Inner<()> {
    if version(connection, scripts.len())? == scripts.len() {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again, now that nobody else can be migrating.
    let done = version(&tx, scripts.len())?;
    for script in &scripts[done..] {
        tx.execute_batch(script)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION)?;
    tx.pragma_update(None, "user_version", scripts.len() as i64)?;
    tx.commit()?;
    Ok(())
}

/// How many scripts the ledger has been through.
fn version(connection: &Connection, latest: usize) -> Inner<usize> {
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if (application, version, tables) == (0, 0, 0) {
        return Ok(0);
    }
    if application != APPLICATION {
        return Err(Fault::damaged(
            "a ledger is a SQLite database made by autodidact",
            "this one was made by another program",
        ));
    }
    usize::try_from(version).ok().filter(|version| *version <= latest).ok_or_else(|| {
        Fault::damaged(
            format!("this program reads ledgers up to version {latest}"),
            format!("this one has version {version}: a newer autodidact wrote it, use that one"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE a (x TEXT) STRICT; INSERT INTO a VALUES ('kept');";
    const SECOND: &str = "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = x || ' too';";

    #[test]
    fn an_old_ledger_is_brought_up_to_date_once() {
        let mut connection = Connection::open_in_memory().expect("opens");
        run_scripts(&mut connection, &[FIRST]).expect("version 1");
        run_scripts(&mut connection, &[FIRST, SECOND]).expect("version 2");
        run_scripts(&mut connection, &[FIRST, SECOND]).expect("nothing to do");
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let rows: Vec<(String, String)> = connection
            .prepare("SELECT x, y FROM a")
            .and_then(|mut select| select.query_map([], row)?.collect())
            .expect("reads");
        assert_eq!(rows, [("kept".to_owned(), "kept too".to_owned())]);
    }

    #[test]
    fn a_script_that_fails_changes_nothing() {
        let mut connection = Connection::open_in_memory().expect("opens");
        run_scripts(&mut connection, &[FIRST]).expect("version 1");
        let broken = "INSERT INTO a VALUES ('half'); SELECT * FROM nowhere;";
        assert!(run_scripts(&mut connection, &[FIRST, broken]).is_err());
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0)).expect("still there");
        assert_eq!(rows, 1);
        assert_eq!(version(&connection, 2).expect("a version"), 1);
    }

    #[test]
    fn a_newer_ledger_is_refused() {
        let mut connection = Connection::open_in_memory().expect("opens");
        run_scripts(&mut connection, &[FIRST, SECOND]).expect("version 2");
        let fault = run_scripts(&mut connection, &[FIRST]).expect_err("too new");
        assert!(fault.to_string().contains("this one has version 2"), "{fault}");
    }

    #[test]
    fn another_programs_database_is_refused() {
        let mut connection = Connection::open_in_memory().expect("opens");
        connection.execute_batch("CREATE TABLE bookmarks (url TEXT)").expect("a table");
        let fault = migrate(&mut connection).expect_err("not ours");
        assert!(fault.to_string().contains("another program"), "{fault}");
    }
}
