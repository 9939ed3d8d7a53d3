//! Every recipe has its header, its page and its proof; the book's table of metrics is true.

use autodidact_core::{METRICS, Metric};
use autodidact_recipes::{FAMILIES, PROOFS, RECIPES};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_recipe_has_a_header_a_page_and_a_proof() {
    for recipe in RECIPES {
        let id = recipe.card.id;
        let source = root().join("crates/recipes/src").join(format!("{}.rs", id.replace('-', "_")));
        let source =
            fs::read_to_string(&source).unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        for bullet in ["//! * Paper:", "//! * Code:", "//! * Differs:", "//! * Reports:"] {
            assert!(source.contains(bullet), "{id}: the header lacks {bullet:?}");
        }
        for metric in recipe.card.reports {
            let name = metric.name;
            assert!(source.contains(&format!("`{name}`")), "{id}: the header does not report `{name}`");
        }
        let page = root().join("book/src/recipes").join(format!("{id}.md"));
        assert!(page.exists(), "{id}: {} is missing", page.display());
        assert!(PROOFS.iter().any(|proof| proof.id == id), "{id}: has no proof");
    }
}

#[test]
fn every_member_of_a_family_has_a_proof() {
    for family in FAMILIES {
        let proofs: Vec<&str> = family.proofs().map(|proof| proof.id).collect();
        assert_eq!(proofs, family.members, "{}", family.id);
    }
}

/// Run with `UPDATE=1` to rewrite the page.
#[test]
fn the_books_table_of_metrics_is_the_declared_one() {
    let mut page = String::from(
        "# Metrics\n\nA run reports numbers under declared names only. In the ledger a number of a stage stands as \
         `stage/name` (`pool/reward`).\n\n## Any run\n",
    );
    table(METRICS, &mut page);
    for recipe in RECIPES.iter().filter(|recipe| !recipe.card.reports.is_empty()) {
        page.push_str(&format!("\n## {}\n", recipe.card.id));
        table(recipe.card.reports, &mut page);
    }
    let path = root().join("book/src/metrics.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).expect("the book can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, page, "the page is out of date: UPDATE=1 cargo test --release -p autodidact-recipes");
}

fn table(metrics: &[Metric], page: &mut String) {
    page.push_str("\n| metric | meaning |\n|---|---|\n");
    for metric in metrics {
        page.push_str(&format!("| `{}` | {} |\n", metric.name, metric.meaning));
    }
}
