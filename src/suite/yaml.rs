//! YAML with places. The only file that knows the YAML crates.
//!
//! serde_yaml says what the text means and refuses what is not YAML; a second, event-based parse
//! says where everything stands, since serde_yaml keeps no places. Both are walked together.

use super::problem::{Place, Problem};
use saphyr_parser::{Event, Parser, Span};
use serde_yaml::Value as Yaml;
use std::collections::BTreeSet;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order written.
    Map(Vec<(Key, Node)>),
}

/// A key of a map and where it stands.
#[derive(Clone, Debug)]
pub struct Key {
    pub place: Place,
    pub name: String,
}

impl Node {
    /// What the value is, for messages.
    pub fn kind(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(x) => format!("`{x}`"),
            Value::Int(x) => format!("`{x}`"),
            Value::Float(x) => format!("`{x}`"),
            Value::Text(x) => format!("`{x}`"),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
        }
    }
}

/// Maps and lists deeper than this are no suite.
const MAX_DEPTH: usize = 32;

/// The parser notices a mistake where it cannot go on, which is often after it was made.
const SYNTAX_HINT: &str =
    "look here and above for a bracket or quote that is left open, or another indentation";

/// Reads one YAML document.
///
/// # Errors
/// A problem with its place: not YAML, a key twice, an alias, a key that is no text, too deep.
pub fn parse(text: &str) -> Result<Node, Problem> {
    // A byte order mark is no content; serde_yaml would take it for a document of its own.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // serde_yaml gives no place for these, and they have no business on a terminal.
    let is_refused = |c: char| match c {
        '\n' | '\r' | '\t' => false,
        '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        c => c.is_control(),
    };
    if let Some((at, c)) = text.char_indices().find(|(_, c)| is_refused(*c)) {
        let before = &text[..at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let place = Place::new(1 + before.matches('\n').count(), 1 + line.chars().count());
        let what = match c.is_control() {
            true => "a control character".to_string(),
            false => format!("the character U+{:04X}", u32::from(c)),
        };
        return Err(Problem::new(place, format!("{what} is not taken here")));
    }
    // Places come first: the event parser is linear in the text, so a document that would unfold
    // to an enormous tree is refused before anything unfolds it.
    let shape = Shape::read(text)?;
    let yaml: Yaml = serde_yaml::from_str(text).map_err(|e| {
        let place = e.location().map_or(Place::START, |at| Place::new(at.line(), at.column()));
        // The location is shown on its own.
        let message = e.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_string();
        Problem::new(place, format!("not YAML: {message}")).with_hint(SYNTAX_HINT)
    })?;
    join(yaml, shape)
}

/// Where everything stands, without what it means.
enum Shape {
    /// With its text, to tell keys apart.
    Scalar(Place, String),
    List(Place, Vec<Shape>),
    Map(Place, Vec<(Shape, Shape)>),
}

impl Shape {
    fn place(&self) -> Place {
        let (Shape::Scalar(place, _) | Shape::List(place, _) | Shape::Map(place, _)) = self;
        *place
    }

    fn read(text: &str) -> Result<Self, Problem> {
        let mut open: Vec<(Place, bool, Vec<Shape>)> = Vec::new();
        let mut root = None;
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|e| {
                let at = e.marker();
                Problem::new(Place::new(at.line(), at.col() + 1), format!("not YAML: {}", e.info()))
                    .with_hint(SYNTAX_HINT)
            })?;
            let place = Place::of(&span);
            let done = match event {
                Event::Alias(_) => {
                    return Err(Problem::new(place, "aliases are not taken")
                        .with_hint("write the value out"));
                }
                Event::Scalar(text, ..) => Some(Shape::Scalar(place, text.into_owned())),
                Event::SequenceStart(..) | Event::MappingStart(..) => {
                    if open.len() == MAX_DEPTH {
                        return Err(Problem::new(place, "nested too deeply"));
                    }
                    open.push((place, matches!(event, Event::MappingStart(..)), Vec::new()));
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                    Some((place, true, items)) => Some(Shape::Map(place, pairs(items)?)),
                    Some((place, false, items)) => Some(Shape::List(place, items)),
                    None => None,
                },
                _ => None,
            };
            if let Some(done) = done {
                match open.last_mut() {
                    Some((_, _, items)) => items.push(done),
                    None if root.is_none() => root = Some(done),
                    None => {
                        return Err(Problem::new(done.place(), "a suite is one YAML document"));
                    }
                }
            }
        }
        root.ok_or_else(|| {
            Problem::new(Place::START, "the suite is empty")
                .with_hint("see suites/README.md for what a suite holds")
        })
    }
}

/// The keys and values of a map, of which the parser gives one after the other.
fn pairs(items: Vec<Shape>) -> Result<Vec<(Shape, Shape)>, Problem> {
    let mut pairs = Vec::new();
    let mut known = BTreeSet::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        // serde_yaml refuses these too, but names the map's place instead of the key's.
        if let Shape::Scalar(place, name) = &key
            && !known.insert(name.clone())
        {
            return Err(Problem::new(*place, format!("the key `{name}` stands twice")));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

fn join(yaml: Yaml, shape: Shape) -> Result<Node, Problem> {
    let place = shape.place();
    let value = match (yaml, shape) {
        (Yaml::Sequence(items), Shape::List(_, shapes)) => Value::List(
            items.into_iter().zip(shapes).map(|(y, s)| join(y, s)).collect::<Result<_, _>>()?,
        ),
        (Yaml::Mapping(map), Shape::Map(_, shapes)) => {
            let pairs = map.into_iter().zip(shapes);
            Value::Map(pairs.map(|(pair, shapes)| entry(pair, shapes)).collect::<Result<_, _>>()?)
        }
        (Yaml::Null, _) => Value::Null,
        (Yaml::Bool(x), _) => Value::Bool(x),
        (Yaml::Number(x), _) => match (x.as_i64(), x.as_f64()) {
            (Some(x), _) => Value::Int(x),
            // Adding zero takes the sign off a negative zero, which would have an id of its own.
            (None, Some(x)) => Value::Float(x + 0.0),
            (None, None) => return Err(Problem::new(place, "the number is too large")),
        },
        (Yaml::String(x), _) => Value::Text(x),
        _ => return Err(Problem::new(place, "a tag is not taken here")),
    };
    Ok(Node { place, value })
}

fn entry(
    (key, value): (Yaml, Yaml),
    (key_shape, shape): (Shape, Shape),
) -> Result<(Key, Node), Problem> {
    let place = key_shape.place();
    match key {
        Yaml::String(name) => Ok((Key { place, name }, join(value, shape)?)),
        _ => Err(Problem::new(place, "a key must be text")),
    }
}

impl Place {
    fn of(span: &Span) -> Self {
        Self::new(span.start.line(), span.start.col() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_those_of_the_text() {
        let node = parse("a: 1\nb:\n  - x\n  - {c: 2.5}\n").unwrap();
        let Value::Map(map) = node.value else { panic!() };
        assert_eq!(map[1].0.place, Place::new(2, 1));
        let Value::List(list) = &map[1].1.value else { panic!() };
        assert_eq!(list[0].place, Place::new(3, 5));
        let Value::Map(inner) = &list[1].value else { panic!() };
        assert_eq!(inner[0].1.place, Place::new(4, 9));
    }

    #[test]
    fn a_document_that_would_unfold_is_refused_at_its_first_alias() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        let problem = parse(bomb).unwrap_err();
        assert_eq!(
            (problem.place, problem.message.as_str()),
            (Place::new(2, 8), "aliases are not taken")
        );
    }

    #[test]
    fn what_is_no_suite_is_a_problem_with_a_place() {
        for (text, line) in [
            ("", 1),
            ("a: 1\na: 2\n", 2),
            ("a: [1\n", 2),
            ("a:\n\t- 1\n", 2),
            ("? [1]\n: 2\n", 1),
            ("--- 1\n--- 2\n", 2),
        ] {
            let problem = parse(text).unwrap_err();
            assert_eq!(problem.place.line, line, "{text:?}: {problem:?}");
        }
        let deep = "[".repeat(500);
        assert!(parse(&deep).is_err());
    }

    #[test]
    fn a_key_that_stands_twice_is_shown_where_it_does_so_again() {
        let problem = parse("a: 1\nb: {c: 1,\n  'c': 2}\n").unwrap_err();
        assert_eq!(problem, Problem::new(Place::new(3, 3), "the key `c` stands twice"));
    }

    #[test]
    fn a_control_character_has_a_place_and_a_byte_order_mark_none() {
        let problem = parse("a: 1\nbß: \u{1b}[31m\n").unwrap_err();
        assert_eq!(problem.place, Place::new(2, 5));
        assert_eq!(parse("\u{feff}a: 1\n").unwrap().place, Place::START);
    }

    #[test]
    fn zero_has_one_sign() {
        let Value::Float(x) = parse("-0.0").unwrap().value else { panic!() };
        assert!(x.is_sign_positive());
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in "[ -~\n\t]{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn no_yaml_like_text_is_a_panic(text in "([-a-c:\\[\\]{}&*!|>?'\"# \n,0-9.]){0,60}") {
            let _ = parse(&text);
        }
    }
}
