//! Smaller SVG: relative coordinates, one element for equal strokes, every outline once.
//!
//! Labels recur in every panel of a figure, and their outlines are most of its bytes.

use std::collections::BTreeMap;

const OPEN: &str = "<path ";
const DATA: &str = " d=\"";
const CLOSE: &str = "\"/>";

/// Joins neighbouring paths that are stroked alike and not filled: the pieces of a dashed line, the
/// lines of a grid. What [`paths`] returns is understood; anything else stays as it is.
pub fn merge_strokes(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut open: Option<&str> = None;
    rewrite(svg, |between, path| {
        let alike = between.is_empty() && open.is_some() && open == path.map(|path| path.style);
        match path {
            Some(Path { data, .. }) if alike => {
                // The first move of a path is absolute, whatever its case.
                out.truncate(out.len() - CLOSE.len());
                out.extend(["M", &data[1..], CLOSE]);
            }
            Some(Path { style, data }) => {
                out.extend([between, OPEN, style, DATA, data, CLOSE]);
                let joins = style.contains("fill=\"none\"") && data.starts_with('m');
                open = joins.then_some(style);
            }
            None => out.push_str(between),
        }
    });
    out
}

/// Writes every outline once, and refers to it wherever it is repeated elsewhere on the page; `id`
/// begins the names that this takes.
pub fn share(svg: &str, id: &str) -> String {
    /// Below this length a reference is no shorter than the path.
    const WORTHWHILE: usize = 60;
    let mut uses: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    rewrite(svg, |_, path| {
        if let Some((path, (_, _, outline))) = path.and_then(|path| Some((path, path.split()?))) {
            *uses.entry((path.style, outline)).or_default() += 1;
        }
    });
    uses.retain(|(_, outline), n| *n > 1 && WORTHWHILE <= outline.len());
    let mut named: BTreeMap<(&str, &str), (usize, i64, i64)> = BTreeMap::new();
    let mut out = String::with_capacity(svg.len());
    rewrite(svg, |between, path| {
        out.push_str(between);
        let Some(Path { style, data }) = path else { return };
        let shared = path
            .and_then(|path| path.split())
            .filter(|(_, _, outline)| uses.contains_key(&(style, *outline)));
        let Some((x, y, outline)) = shared else {
            out.extend([OPEN, style, DATA, data, CLOSE]);
            return;
        };
        if let Some((at, x0, y0)) = named.get(&(style, outline)) {
            let (dx, dy) = (x - x0, y - y0);
            let reference = format!("<use href=\"#{id}-{at}\" x=\"{dx}\" y=\"{dy}\"/>");
            out.push_str(&reference);
        } else {
            let at = named.len();
            named.insert((style, outline), (at, x, y));
            let name = format!("id=\"{id}-{at}\" ");
            out.extend([OPEN, &name, style, DATA, data, CLOSE]);
        }
    });
    out
}

/// A path element whose last attribute is its data.
#[derive(Clone, Copy)]
struct Path<'a> {
    style: &'a str,
    data: &'a str,
}

impl<'a> Path<'a> {
    /// Where it begins, and the rest of it, which is relative to that place.
    fn split(self) -> Option<(i64, i64, &'a str)> {
        let data = self.data.strip_prefix('m')?;
        // An absolute command after the first would not move with it.
        let end = data.find(|c: char| c.is_ascii_alphabetic())?;
        let (start, outline) = data.split_at(end);
        if outline.contains(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        let at = 1 + start.get(1..)?.find([' ', '-'])?;
        Some((start[..at].parse().ok()?, start[at..].trim_start().parse().ok()?, outline))
    }
}

/// Calls `emit` with what stands before every path, and with the path; at last with what is left.
fn rewrite<'a>(svg: &'a str, mut emit: impl FnMut(&'a str, Option<Path<'a>>)) {
    let mut rest = svg;
    let mut from = 0;
    while let Some(start) = rest[from..].find(OPEN).map(|at| from + at) {
        let body = &rest[start + OPEN.len()..];
        let parsed = body.find("/>").and_then(|end| {
            let (style, data) = body[..end].split_once(DATA)?;
            Some((Path { style, data: data.strip_suffix('"')? }, end))
        });
        match parsed {
            Some((path, end)) if !path.data.contains('"') => {
                emit(&rest[..start], Some(path));
                rest = &body[end + "/>".len()..];
                from = 0;
            }
            _ => from = start + OPEN.len(),
        }
    }
    emit(rest, None);
}

/// Rewrites every path of `svg` whose data hold only whole coordinates and the commands that
/// usvg writes (`M`, `L`, `Q`, `C`, `Z`); any other path stays as it is.
pub fn paths(svg: &str) -> String {
    let mut parts = svg.split(DATA);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (data, rest) = part.split_once('"').unwrap_or((part, ""));
        out.push_str(DATA);
        out.push_str(&relative(data).unwrap_or_else(|| data.to_string()));
        out.push('"');
        out.push_str(rest);
    }
    out
}

fn relative(data: &str) -> Option<String> {
    let mut out = String::new();
    let (mut at, mut start) = ((0, 0), (0, 0));
    let mut tokens = data.split_ascii_whitespace();
    let mut last = None;
    while let Some(command) = tokens.next() {
        let n_points = match command {
            "M" | "L" => 1,
            "Q" => 2,
            "C" => 3,
            "Z" => {
                out.push('z');
                (at, last) = (start, None);
                continue;
            }
            _ => return None,
        };
        if last != Some(command) || command == "M" {
            out.push_str(&command.to_ascii_lowercase());
        }
        let mut end = at;
        for _ in 0..n_points {
            let x: i64 = tokens.next()?.parse().ok()?;
            let y: i64 = tokens.next()?.parse().ok()?;
            number(&mut out, x - at.0);
            number(&mut out, y - at.1);
            end = (x, y);
        }
        at = end;
        if command == "M" {
            start = at;
        }
        last = Some(command);
    }
    Some(out)
}

/// Appends a number; a space only where it would run into the number before it.
fn number(out: &mut String, value: i64) {
    if 0 <= value && out.ends_with(|c: char| c.is_ascii_digit()) {
        out.push(' ');
    }
    out.push_str(&value.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_become_relative_to_the_point_before() {
        let svg = r#"<path d="M 10 20 L 15 18 L 16 30 Z M 10 20 Q 11 22 13 24"/><g/>"#;
        let expected = r#"<path d="m10 20l5-2 1 12zm0 0q1 2 3 4"/><g/>"#;
        assert_eq!(paths(svg), expected);
    }

    #[test]
    fn neighbouring_strokes_become_one_path_and_fills_do_not() {
        let svg = concat!(
            r#"<g><path fill="none" stroke="a" d="m1 2l3 4"/><path fill="none" stroke="a" "#,
            r#"d="m5-6l7 8"/><path fill="none" stroke="b" d="m1 1l2 2"/>"#,
            r#"<path fill="x" d="m1 1l2 2"/><path fill="x" d="m1 1l2 2"/></g>"#
        );
        let expected = concat!(
            r#"<g><path fill="none" stroke="a" d="m1 2l3 4M5-6l7 8"/>"#,
            r#"<path fill="none" stroke="b" d="m1 1l2 2"/>"#,
            r#"<path fill="x" d="m1 1l2 2"/><path fill="x" d="m1 1l2 2"/></g>"#
        );
        assert_eq!(merge_strokes(svg), expected);
    }

    #[test]
    fn a_repeated_outline_is_written_once() {
        let outline = "l1 1".repeat(20);
        let svg = format!(
            r#"<g><path fill="x" d="m10 20{outline}"/><path fill="x" d="m15-20{outline}"/><path fill="y" d="m1 2{outline}"/></g>"#
        );
        let expected = format!(
            r##"<g><path id="f-0" fill="x" d="m10 20{outline}"/><use href="#f-0" x="5" y="-40"/><path fill="y" d="m1 2{outline}"/></g>"##
        );
        assert_eq!(share(&svg, "f"), expected);
    }

    #[test]
    fn what_is_not_understood_stays() {
        for svg in [r#"<path d="M 1.5 2 L 3 4"/>"#, r#"<path d="A 1 2"/>"#, r#"<path d="M 1"/>"#] {
            assert_eq!(paths(svg), svg);
            assert_eq!((merge_strokes(svg), share(svg, "f")), (svg.into(), svg.into()));
        }
    }
}
