//! Smaller SVG: path data with relative coordinates and no needless characters.

/// Rewrites every path of `svg` whose data hold only whole coordinates and the commands that
/// usvg writes (`M`, `L`, `Q`, `C`, `Z`); any other path stays as it is.
pub fn paths(svg: &str) -> String {
    const OPEN: &str = " d=\"";
    let mut parts = svg.split(OPEN);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (data, rest) = part.split_once('"').unwrap_or((part, ""));
        out.push_str(OPEN);
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
    fn what_is_not_understood_stays() {
        for svg in [r#"<path d="M 1.5 2 L 3 4"/>"#, r#"<path d="A 1 2"/>"#, r#"<path d="M 1"/>"#] {
            assert_eq!(paths(svg), svg);
        }
    }
}
