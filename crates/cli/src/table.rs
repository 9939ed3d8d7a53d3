//! Tables of text, aligned for a terminal or written as Markdown.

/// Rows under a head. The first column is aligned left, numbers in the others right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(head: &[&str]) -> Table {
        Table { head: head.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// An empty table with these columns.
    pub fn with_head(head: Vec<String>) -> Table {
        Table { head, rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty, cells beyond the head are dropped.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) -> &mut Table {
        let mut row: Vec<String> = cells.into_iter().map(Into::into).collect();
        row.resize(self.head.len(), String::new());
        self.rows.push(row);
        self
    }

    /// Aligned with spaces, every line ended.
    pub fn plain(&self) -> String {
        let widths = self.widths();
        let rights = self.rights();
        let mut out = String::new();
        for row in std::iter::once(&self.head).chain(&self.rows) {
            let mut line = String::new();
            for ((cell, &width), &right) in row.iter().zip(&widths).zip(&rights) {
                if !line.is_empty() {
                    line.push_str("  ");
                }
                line.push_str(&padded(cell, width, right));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    /// As a Markdown table, every line ended.
    pub fn markdown(&self) -> String {
        let widths = self.widths();
        let rights = self.rights();
        let line = |row: &[String]| {
            let cells = row.iter().zip(&widths).zip(&rights);
            let cells = cells.map(|((cell, &width), &right)| padded(&cell.replace('|', "\\|"), width, right));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let rule = widths.iter().zip(&rights).map(|(&width, &right)| {
            let dashes = "-".repeat(width.max(3));
            if right { format!("{}:", &dashes[1..]) } else { dashes }
        });
        let rule = format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
        let mut out = line(&self.head) + &rule;
        for row in &self.rows {
            out.push_str(&line(row));
        }
        out
    }

    fn widths(&self) -> Vec<usize> {
        let column = |at: usize| {
            std::iter::once(&self.head).chain(&self.rows).map(|row| row[at].chars().count()).max()
        };
        (0..self.head.len()).map(|at| column(at).unwrap_or(0)).collect()
    }

    /// Which columns hold figures only.
    fn rights(&self) -> Vec<bool> {
        let figure = |cell: &String| {
            cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit() || "+-<>~".contains(c))
        };
        (0..self.head.len())
            .map(|at| at > 0 && !self.rows.is_empty() && self.rows.iter().all(|row| figure(&row[at])))
            .collect()
    }
}

fn padded(cell: &str, width: usize, right: bool) -> String {
    if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&["run", "rounds", "state"]);
        table.row(["b-star-1", "9", "complete"]).row(["raft-12", "10", "a|b"]);
        table
    }

    #[test]
    fn figures_are_aligned_right_and_words_left() {
        let expect = "run       rounds  state\nb-star-1       9  complete\nraft-12       10  a|b\n";
        assert_eq!(sample().plain(), expect);
    }

    #[test]
    fn markdown_escapes_bars() {
        let text = sample().markdown();
        assert!(text.contains("a\\|b"), "{text}");
        assert!(text.lines().nth(1).is_some_and(|rule| rule.contains("-:")), "{text}");
    }
}
