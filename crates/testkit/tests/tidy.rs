//! The house rules that a machine can check.

use std::fs;
use std::path::{Path, PathBuf};

/// No source file may be longer; past the soft limit of 400 lines it is time to split by concept.
const LONGEST_FILE: usize = 800;

/// Words that mark unfinished work, split so that this file does not hold them.
const UNFINISHED: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace exists")
}

fn files(under: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(under) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                files(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

fn all(ending: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    files(&root, ending, &mut found);
    found.sort();
    let shown = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).display().to_string();
    found.iter().map(|path| (shown(path), fs::read_to_string(path).expect("a source file is text"))).collect()
}

fn complain(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn source_files_stay_readable_in_length() {
    let too_long = |(name, text): (String, String)| {
        let n = text.lines().count();
        (n > LONGEST_FILE).then(|| format!("{name} has {n} lines; the limit is {LONGEST_FILE}"))
    };
    complain(&all(".rs").into_iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn source_files_open_with_a_sentence() {
    let silent = |(name, text): (String, String)| {
        (!text.starts_with("//!")).then(|| format!("{name} does not open with a //! sentence"))
    };
    complain(&all(".rs").into_iter().filter_map(silent).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_unfinished_or_skipped() {
    let mut faults = Vec::new();
    for (name, text) in all(".rs") {
        for (i, line) in text.lines().enumerate() {
            let skipped = line.trim_start().starts_with(concat!("#[", "ignore"));
            if skipped || UNFINISHED.iter().any(|word| line.contains(word)) {
                faults.push(format!("{name}:{}: {}", i + 1, line.trim()));
            }
        }
    }
    complain(&faults);
}

#[test]
fn the_book_lists_every_page_and_every_listed_page_exists() {
    let book = root().join("book/src");
    let summary = fs::read_to_string(book.join("SUMMARY.md")).expect("the book has a summary");
    let mut listed: Vec<String> =
        summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect();
    let mut pages = Vec::new();
    files(&book, ".md", &mut pages);
    let mut pages: Vec<String> = pages
        .iter()
        .map(|path| path.strip_prefix(&book).expect("it was found there").display().to_string())
        .filter(|name| name != "SUMMARY.md")
        .collect();
    listed.sort();
    pages.sort();
    assert_eq!(listed, pages);
}
