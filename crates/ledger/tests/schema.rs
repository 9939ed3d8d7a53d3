//! `SCHEMA.md` documents the tables as they are.

mod made;

use std::collections::BTreeMap;

/// Table to columns with their types, in order.
type Tables = BTreeMap<String, Vec<(String, String)>>;

const TEXT: &str = include_str!("../SCHEMA.md");

fn documented() -> Tables {
    let mut tables = Tables::new();
    let mut table = String::new();
    for line in TEXT.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            table = name.to_owned();
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, name, kind, meaning, _] = cells[..]
            && let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'))
        {
            assert!(!meaning.is_empty(), "{table}.{name} has a meaning");
            tables.entry(table.clone()).or_default().push((name.to_owned(), kind.to_owned()));
        }
    }
    tables
}

fn real() -> Tables {
    let (_directory, store) = made::fresh();
    let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
    let mut select = sqlite
        .prepare(
            "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c
             WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid",
        )
        .expect("readable");
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let mut tables = Tables::new();
    for row in rows.expect("readable") {
        let (table, column, kind): (String, String, String) = row.expect("readable");
        tables.entry(table).or_default().push((column, kind));
    }
    tables
}

#[test]
fn every_column_is_documented_with_its_type_in_order() {
    assert_eq!(documented(), real());
}

#[test]
fn the_documented_version_and_questions_are_true() {
    let (_directory, store) = made::fresh();
    made::b_star(&store);
    let sqlite = rusqlite::Connection::open(store.file()).expect("opens");
    let version: i64 = sqlite.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    assert!(TEXT.contains(&format!("version of these tables, {version} here")));

    let questions = TEXT.split_once("```sql").and_then(|(_, rest)| rest.split_once("```")).expect("there").0;
    for question in questions.split(';').filter(|question| question.contains("SELECT")) {
        let mut select = sqlite.prepare(question).unwrap_or_else(|why| panic!("{question}: {why}"));
        let n = select.query_map([], |_| Ok(())).expect("runs").count();
        assert!(n > 0, "{question} finds something in a ledger made by hand");
    }
}
