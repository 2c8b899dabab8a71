//! Tables as LaTeX: `booktabs` rules, `siunitx` columns, blocks of rows under a heading of their own.
//!
//! A table is set so that it fits the width of an `article` and of two-column IEEEtran; the widths are
//! estimates, and CI compiles the tables of a report and looks for boxes that are too full.

mod number;
mod setting;

use super::{Column, ColumnKind, Rank, Row, Table};
use number::Format;
use setting::{broken, escape, width};

/// The packages that the tables need.
const PACKAGES: &str = "booktabs, longtable, array and siunitx (version 3)";
/// Settings of every number column: those of a report are written as they are to be read.
const NUMBERS: &str = "\\sisetup{mode=text, reset-text-series=false, text-series-to-math=true, \
     separate-uncertainty=true, uncertainty-mode=separate, retain-explicit-plus=true}";

/// The width of the text of an `article`, less a little, and of one column of IEEEtran, in points.
const TEXT_WIDTH: f64 = 340.0;
const COLUMN_WIDTH: f64 = 245.0;
/// The gap between columns.
const GAP: f64 = 6.0;
/// The sizes that tables are set in, the first that fits: the command and its part of 8 points.
const SIZES: [(&str, f64); 2] = [("\\footnotesize", 1.0), ("\\scriptsize", 7.0 / 8.0)];
/// The smallest width of a column of prose.
const PROSE: f64 = 65.0;
/// The most rows that a page holds with its caption; a longer table runs over pages.
const PAGE_ROWS: usize = 40;

/// A table with its caption and a label `tab:ID`.
pub fn table(table: &Table, id: &str) -> String {
    let one_panel = |(_, scale): &&(&str, f64)| Paper::new(table, *scale).panels().len() == 1;
    let (size, scale) = *SIZES.iter().find(one_panel).unwrap_or(&SIZES[0]);
    let paper = Paper::new(table, scale);
    let caption = escape(format!("{} {}", table.caption, table.note).trim());
    let mut lines = vec![format!("% Generated from the records of a suite; needs {PACKAGES}.")];
    let panels = paper.panels();
    let n_rows: usize = panels.len() * (table.rows.len() + 2);
    if PAGE_ROWS < n_rows {
        lines.push("% It runs over pages: in a two-column document, after \\onecolumn.".into());
        lines.push(format!("{{{size}\\setlength{{\\tabcolsep}}{{3pt}}{NUMBERS}%"));
        for (i, panel) in panels.iter().enumerate() {
            lines.extend(paper.long(panel, &caption, id, i));
        }
        lines.extend(["}".to_string(), String::new()]);
        return lines.join("\n");
    }
    let widest = panels.iter().map(|panel| paper.width(panel)).fold(0.0, f64::max);
    let float = if widest <= COLUMN_WIDTH { "table" } else { "table*" };
    lines.push(format!("\\begin{{{float}}}[tp]"));
    lines.push(format!("  \\centering{size}\\setlength{{\\tabcolsep}}{{3pt}}{NUMBERS}"));
    lines.push(format!("  \\caption{{{caption}}}"));
    lines.push(format!("  \\label{{tab:{id}}}"));
    for (i, panel) in panels.iter().enumerate() {
        if 0 < i {
            lines.push("\n  \\medskip".into());
        }
        lines.push(format!("  \\begin{{tabular}}{{{}}}", paper.spec(panel)));
        lines.push("    \\toprule".into());
        lines.push(paper.head(panel));
        lines.push("    \\midrule".into());
        lines.extend(paper.body(panel));
        lines.push("    \\bottomrule".into());
        lines.push("  \\end{tabular}".into());
    }
    lines.extend([format!("\\end{{{float}}}"), String::new()]);
    lines.join("\n")
}

/// A table as it stands on paper.
struct Paper<'a> {
    table: &'a Table,
    /// The columns that are shown, but for those that head blocks.
    columns: Vec<usize>,
    /// For every column of the table the format of its numbers, where it holds any.
    formats: Vec<Option<Format>>,
    /// For every column of the table the width, at 8 points, of what stands below its title.
    bodies: Vec<f64>,
    /// The size of letters, as a part of 8 points.
    scale: f64,
}

impl<'a> Paper<'a> {
    fn new(table: &'a Table, scale: f64) -> Self {
        let shown = table.columns.iter().enumerate().skip(table.blocks);
        let columns = shown.filter(|(_, column)| !column.on_screen).map(|(at, _)| at).collect();
        let formats = (0..table.columns.len()).map(|at| Format::of(table, at)).collect();
        let body = |at: usize| {
            let entries = table.rows.iter().filter_map(|row| row.entries.get(at));
            entries.map(|entry| width(&entry.text)).fold(0.0, f64::max)
        };
        let bodies = (0..table.columns.len()).map(body).collect();
        Self { table, columns, formats, bodies, scale }
    }

    /// Sets of columns that each fit the text, as few as there can be and about equally wide: the
    /// columns of words at the beginning stand in every one.
    fn panels(&self) -> Vec<Vec<usize>> {
        let fewest = self.panels_within(TEXT_WIDTH);
        let narrower = (1..20).map(|part| self.panels_within(TEXT_WIDTH * f64::from(part) / 20.0));
        narrower.into_iter().find(|panels| panels.len() == fewest.len()).unwrap_or(fewest)
    }

    fn panels_within(&self, limit: f64) -> Vec<Vec<usize>> {
        let is_key =
            |at: &usize| self.column(*at).kind == ColumnKind::Words && *at <= self.table.blocks;
        let keys: Vec<usize> = self.columns.iter().copied().filter(is_key).collect();
        let mut panels = vec![keys.clone()];
        for at in self.columns.iter().copied().filter(|at| !is_key(at)) {
            let mut panel = panels.pop().unwrap_or_default();
            let grown = [panel.as_slice(), &[at]].concat();
            if limit < self.width(&grown) && keys.len() < panel.len() {
                panels.push(panel);
                panel = keys.clone();
            }
            panel.push(at);
            panels.push(panel);
        }
        panels
    }

    fn column(&self, at: usize) -> &Column {
        &self.table.columns[at]
    }

    /// The estimated width of columns, in points.
    fn width(&self, columns: &[usize]) -> f64 {
        columns.iter().map(|at| self.column_width(*at) + GAP).sum()
    }

    /// The width of a column; a title may break between words.
    fn column_width(&self, at: usize) -> f64 {
        let column = self.column(at);
        if column.kind == ColumnKind::Prose {
            return PROSE;
        }
        let title = broken(&column.title, 0.0).iter().map(|word| width(word)).fold(0.0, f64::max);
        self.scale * self.bodies[at].max(title)
    }

    /// The preamble of a panel.
    fn spec(&self, panel: &[usize]) -> String {
        // Whatever room is left goes to prose.
        let prose = panel.iter().filter(|at| self.column(**at).kind == ColumnKind::Prose).count();
        let rest = TEXT_WIDTH - self.width(panel) + PROSE * prose as f64;
        let share = rest / prose.max(1) as f64;
        let columns = panel.iter().map(|at| match (self.column(*at).kind, &self.formats[*at]) {
            (ColumnKind::Prose, _) => {
                format!(">{{\\raggedright\\arraybackslash}}p{{{share:.0}pt}}")
            }
            (ColumnKind::Words, _) => "l".into(),
            (ColumnKind::Numbers, Some(format)) => format.spec(),
            (ColumnKind::Numbers, None) => "r".into(),
        });
        format!("@{{}}{}@{{}}", columns.collect::<String>())
    }

    /// The titles, broken between words where they are wider than what stands below.
    fn head(&self, panel: &[usize]) -> String {
        let titles = panel.iter().map(|at| {
            let column = self.column(*at);
            let side = if column.is_number() { 'r' } else { 'l' };
            match broken(&column.title, self.bodies[*at]).as_slice() {
                [one] => format!("{{{}}}", escape(one)),
                lines => {
                    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
                    format!("{{\\shortstack[{side}]{{{}}}}}", lines.join("\\\\"))
                }
            }
        });
        line(titles)
    }

    fn body(&self, panel: &[usize]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut last: Option<Vec<&str>> = None;
        for (i, row) in self.table.rows.iter().enumerate() {
            let block: Vec<&str> = row
                .entries
                .iter()
                .take(self.table.blocks)
                .map(|entry| entry.text.as_str())
                .collect();
            let opens = 0 < self.table.blocks && last.as_ref() != Some(&block);
            if (row.starts_group || opens) && 0 < i {
                lines.push("    \\addlinespace".into());
            }
            if opens {
                let named: Vec<String> =
                    block.iter().filter(|name| **name != "–").map(|name| escape(name)).collect();
                if !named.is_empty() {
                    let (n, named) = (panel.len(), named.join(", "));
                    lines.push(format!(
                        "    \\multicolumn{{{n}}}{{@{{}}l}}{{\\itshape {named}}} \\\\"
                    ));
                }
            }
            lines.push(self.row(panel, row));
            last = Some(block);
        }
        lines
    }

    fn row(&self, panel: &[usize], row: &Row) -> String {
        line(panel.iter().map(|at| {
            let Some(entry) = row.entries.get(*at) else { return String::new() };
            match &self.formats[*at] {
                Some(format) => format.entry(&entry.text, entry.rank),
                None => ranked(escape(&entry.text), entry.rank),
            }
        }))
    }

    /// A panel that runs over pages.
    fn long(&self, panel: &[usize], caption: &str, id: &str, part: usize) -> Vec<String> {
        let mut lines = vec![format!("\\begin{{longtable}}{{{}}}", self.spec(panel))];
        lines.push(match part {
            0 => format!("  \\caption{{{caption}}}\\label{{tab:{id}}}\\\\"),
            _ => "  \\caption[]{Continued.}\\\\".into(),
        });
        let head = ["    \\toprule".into(), self.head(panel), "    \\midrule".into()];
        lines.extend(head.clone());
        lines.push("    \\endfirsthead".into());
        lines.extend(head);
        lines.push("    \\endhead".into());
        lines.extend(["    \\bottomrule", "    \\endfoot"].map(str::to_string));
        lines.extend(self.body(panel));
        lines.push("\\end{longtable}".into());
        if 0 < part {
            // It is the same table.
            lines.push("\\addtocounter{table}{-1}".into());
        }
        lines
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("    {} \\\\", cells.collect::<Vec<_>>().join(" & "))
}

fn ranked(text: String, rank: Rank) -> String {
    match rank {
        Rank::None => text,
        Rank::Best => format!("\\textbf{{{text}}}"),
        Rank::Second => format!("\\underline{{{text}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Entry;

    fn example() -> Table {
        let row = |words: [&str; 3], rank| {
            let [fusion, name, number] = words.map(Entry::plain);
            Row { entries: vec![fusion, name, Entry { rank, ..number }], starts_group: false }
        };
        Table {
            stem: None,
            caption: "50 % of x_1.".into(),
            note: "N.".into(),
            columns: vec![Column::words("f"), Column::words("a"), Column::number("b c")],
            rows: vec![
                row(["concat", "x", "91.5 ± 2.0†"], Rank::Best),
                row(["concat", "y", "9.5 ± 2.0"], Rank::Second),
                row(["film", "z", "–"], Rank::None),
            ],
            blocks: 1,
        }
    }

    #[test]
    fn a_table_is_complete() {
        let expected = format!(
            "% Generated from the records of a suite; needs {PACKAGES}.\n\
            \\begin{{table}}[tp]\n  \\centering\\footnotesize\\setlength{{\\tabcolsep}}{{3pt}}{NUMBERS}\n  \
            \\caption{{50 \\% of x\\_1. N.}}\n  \\label{{tab:id}}\n  \
            \\begin{{tabular}}{{@{{}}lS[table-format=2.1 \\pm 1.1]@{{\\hspace{{9pt}}}}@{{}}}}\n    \
            \\toprule\n    {{a}} & {{b c}} \\\\\n    \\midrule\n    \
            \\multicolumn{{2}}{{@{{}}l}}{{\\itshape concat}} \\\\\n    \
            x & \\bfseries 91.5 \\pm 2.0 {{\\rlap{{\\textdagger{{}}}}}} \\\\\n    \
            y & {{\\phantom{{0}}\\underline{{\\num{{9.5 \\pm 2.0}}}}\\phantom{{}}}} \\\\\n    \
            \\addlinespace\n    \\multicolumn{{2}}{{@{{}}l}}{{\\itshape film}} \\\\\n    \
            z & {{--}} \\\\\n    \
            \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n"
        );
        assert_eq!(table(&example(), "id"), expected);
    }

    #[test]
    fn wide_tables_are_set_in_panels_and_long_ones_run_over_pages() {
        let mut wide = example();
        for at in 0..12 {
            wide.columns.push(Column::number(&format!("more {at}")));
            wide.rows.iter_mut().for_each(|row| row.entries.push(Entry::plain("10.0 ± 1.0")));
        }
        let text = table(&wide, "id");
        assert_eq!(text.matches("\\begin{tabular}").count(), 2, "{text}");
        assert_eq!(text.matches("\n    x & ").count(), 2, "the names stand in every panel");
        let mut long = example();
        long.rows = long.rows.iter().cycle().take(120).cloned().collect();
        let text = table(&long, "id");
        assert!(text.contains("\\begin{longtable}") && !text.contains("{tabular}"), "{text}");
    }

    #[test]
    fn what_is_left_out_on_paper_is_left_out() {
        let mut table = example();
        table.columns[2].on_screen = true;
        assert!(!super::table(&table, "id").contains("91.5"));
    }
}
