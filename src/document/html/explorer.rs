//! A table whose rows open, as HTML.

use super::escape;
use crate::document::{Column, Explorer};
use std::fmt::Write as _;

/// The size of the drawing of curves, in pixels.
const SIZE: [f64; 2] = [240.0, 80.0];

/// The explorer as HTML; a page has one.
pub(super) fn explorer(explorer: &Explorer) -> String {
    let head = |columns: &[Column]| -> String {
        let cell = |column: &Column| {
            let class = if column.is_number() { " class=\"number\"" } else { "" };
            format!("<th scope=\"col\"{class}>{}</th>", escape(&column.title))
        };
        columns.iter().map(cell).collect()
    };
    let cell = |text: &String, column: &Column, tag: &str| {
        let class = if column.is_number() { " class=\"number\"" } else { "" };
        format!("<{tag}{class}>{}</{tag}>", escape(text))
    };
    let row = |texts: &[String], columns: &[Column]| -> String {
        texts.iter().zip(columns).map(|(text, column)| cell(text, column, "td")).collect()
    };
    let mut bodies = String::new();
    for (at, item) in explorer.items.iter().enumerate() {
        let id = format!("detail-{at}");
        let details: String = item
            .rows
            .iter()
            .map(|texts| format!("<tr>{}</tr>\n", row(texts, &explorer.detail)))
            .collect();
        let _ = write!(
            bodies,
            "<tbody><tr class=\"item\" data-detail=\"{id}\">{}</tr>\n<tr class=\"detail\" \
             id=\"{id}\"><td colspan=\"{}\"><p>{}</p>{}<table><thead><tr>{}</tr></thead>\
             <tbody>\n{details}</tbody></table></td></tr></tbody>\n",
            row(&item.entries, &explorer.columns),
            explorer.columns.len(),
            escape(&item.about),
            curves(&item.curves, &item.entries),
            head(&explorer.detail),
        );
    }
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table \
         class=\"explorer\" data-choices=\"{}\">\n<caption>{caption}</caption>\n<thead><tr>{}</tr>\
         </thead>\n{bodies}</table></div>",
        explorer.choices,
        head(&explorer.columns),
        caption = escape(&explorer.caption),
    )
}

/// Curves in one small drawing, from their least to their largest value.
fn curves(curves: &[Vec<f64>], names: &[String]) -> String {
    let values = || curves.iter().flatten().copied().filter(|value| value.is_finite());
    let (low, high) =
        values().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let longest = curves.iter().map(Vec::len).max().unwrap_or(0);
    if longest < 2 || !low.is_finite() {
        return String::new();
    }
    let [width, height] = SIZE;
    let across = width / (longest - 1) as f64;
    let reach = if low < high { high - low } else { 1.0 };
    let line = |curve: &Vec<f64>| {
        let known = curve.iter().enumerate().filter(|(_, value)| value.is_finite());
        let point = |(epoch, value): (usize, &f64)| {
            let (x, y) = (epoch as f64 * across, height * (high - value) / reach);
            format!("{x:.0},{y:.1}")
        };
        let points: Vec<String> = known.map(point).collect();
        format!("<polyline points=\"{}\"/>", points.join(" "))
    };
    format!(
        "<svg class=\"curves\" viewBox=\"-2 -2 {} {}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{} over epochs\">{}</svg>",
        width + 4.0,
        height + 4.0,
        escape(&names.join(", ")),
        curves.iter().map(line).collect::<String>()
    )
}
