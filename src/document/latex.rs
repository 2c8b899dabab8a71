//! Tables as LaTeX with `booktabs`.

use crate::document::{Rank, Table};
use crate::text;

/// A floating table over both columns, with its caption and a label `tab:ID`.
///
/// Needs `\usepackage{booktabs}`; the symbols that reports use are written as commands.
pub fn table(table: &Table, id: &str) -> String {
    let spec: String =
        table.columns.iter().map(|column| if column.is_number { 'r' } else { 'l' }).collect();
    let line = |cells: Vec<String>| format!("    {} \\\\", cells.join(" & "));
    let mut lines = vec![
        "% Generated from the records of a suite; needs \\usepackage{booktabs}.".to_string(),
        "\\begin{table*}[t]".into(),
        "  \\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}".into(),
        format!("  \\caption{{{}}}", escape(format!("{} {}", table.caption, table.note).trim())),
        format!("  \\label{{tab:{id}}}"),
        format!("  \\begin{{tabular}}{{@{{}}{spec}@{{}}}}"),
        "    \\toprule".into(),
        line(table.columns.iter().map(|column| escape(&column.title)).collect()),
        "    \\midrule".into(),
    ];
    for (i, row) in table.rows.iter().enumerate() {
        if row.starts_group && i > 0 {
            lines.push("    \\addlinespace".into());
        }
        let entries = row.entries.iter().map(|entry| match entry.rank {
            Rank::None => escape(&entry.text),
            Rank::Best => format!("\\textbf{{{}}}", escape(&entry.text)),
            Rank::Second => format!("\\underline{{{}}}", escape(&entry.text)),
        });
        lines.push(line(entries.collect()));
    }
    lines.extend(["    \\bottomrule", "  \\end{tabular}", "\\end{table*}", ""].map(str::to_string));
    lines.join("\n")
}

/// Escapes whatever LaTeX or a terminal would read as more than text; lines are joined.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text::line(text).chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            '<' | '>' | '|' => escaped.extend(['$', c, '$']),
            // A bracket after `\\` would be read as its argument.
            '[' => escaped.push_str("{[}"),
            ']' => escaped.push_str("{]}"),
            '±' => escaped.push_str("$\\pm$"),
            '−' => escaped.push_str("$-$"),
            '–' => escaped.push_str("--"),
            '×' => escaped.push_str("$\\times$"),
            'Δ' => escaped.push_str("$\\Delta$"),
            'ρ' => escaped.push_str("$\\rho$"),
            '†' => escaped.push_str("\\textdagger{}"),
            '↑' => escaped.push_str("$\\uparrow$"),
            '↓' => escaped.push_str("$\\downarrow$"),
            '≈' => escaped.push_str("$\\approx$"),
            '‡' => escaped.push_str("\\textdaggerdbl{}"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Column, Entry, Row};

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(
            escape("a_b & 50% $x$ #1 {y} \\z ~ ^ <"),
            "a\\_b \\& 50\\% \\$x\\$ \\#1 \\{y\\} \\textbackslash{}z \\textasciitilde{} \\textasciicircum{} $<$"
        );
        assert_eq!(escape("[−1.0 ± 2]"), "{[}$-$1.0 $\\pm$ 2{]}");
    }

    #[test]
    fn a_table_is_complete() {
        let content = Table {
            stem: None,
            caption: "50 % of x_1.".into(),
            note: "N.".into(),
            columns: vec![Column::words("a"), Column::number("b")],
            rows: vec![Row {
                entries: vec![Entry::plain("x"), Entry { text: "1 ± 2".into(), rank: Rank::Best }],
                starts_group: true,
            }],
        };
        let expected = "% Generated from the records of a suite; needs \\usepackage{booktabs}.\n\
            \\begin{table*}[t]\n  \\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}\n  \
            \\caption{50 \\% of x\\_1. N.}\n  \\label{tab:id}\n  \\begin{tabular}{@{}lr@{}}\n    \
            \\toprule\n    a & b \\\\\n    \\midrule\n    x & \\textbf{1 $\\pm$ 2} \\\\\n    \
            \\bottomrule\n  \\end{tabular}\n\\end{table*}\n";
        assert_eq!(table(&content, "id"), expected);
    }
}
