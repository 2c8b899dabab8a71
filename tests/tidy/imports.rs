//! Which module of the sources imports which, read from their text.

use std::collections::{BTreeMap, BTreeSet};

/// A module's path inside the crate: `["gate", "baseline", "sound"]`.
pub(crate) type Module = Vec<String>;

/// The modules that each module's code names, beside itself.
pub(crate) fn imports(sources: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let of = |(module, code): (&Module, &String)| {
        let found = paths(code).into_iter().filter_map(|path| resolve(sources, module, path));
        (module.clone(), found.filter(|other| other != module).collect())
    };
    sources.iter().map(of).collect()
}

/// Every path in `code` that begins with `crate` or `super`, the branches of `use` spelled out.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':') {
                branches(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path, or a tree of them, from the start of `text`; gives what is left.
fn branches<'a>(text: &'a str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let depth = before.len();
    let mut rest = text.trim_start();
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                rest = branches(rest, before, found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            rest = rest.strip_prefix('}').unwrap_or(rest);
            break;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            // A glob, or what is no path: skipped, so that reading goes on.
            found.push(before.clone());
            rest = rest.get(1..).unwrap_or("");
            break;
        }
        before.push(rest[..end].to_string());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(next) => rest = next.trim_start(),
            None => {
                found.push(before.clone());
                let renamed = rest.trim_start().strip_prefix("as ");
                rest = renamed.map_or(rest, |name| {
                    name.trim_start_matches(|c: char| c != ',' && c != '}' && c != ';')
                });
                break;
            }
        }
    }
    before.truncate(depth);
    rest
}

/// The module that a path leads into: the longest one that is a file.
fn resolve(
    sources: &BTreeMap<Module, String>,
    module: &Module,
    path: Vec<String>,
) -> Option<Module> {
    let mut whole = Vec::new();
    let mut parts = path.into_iter().peekable();
    if parts.peek().is_some_and(|part| part == "super") {
        whole = module.clone();
        while parts.next_if(|part| part == "super").is_some() {
            whole.pop();
        }
    } else {
        parts.next();
    }
    whole.extend(parts.filter(|part| part != "self"));
    while !whole.is_empty() && !sources.contains_key(&whole) {
        whole.pop();
    }
    (!whole.is_empty()).then_some(whole)
}

/// Which part of a room imports which, and an import that shows it.
type Parts<'a> = BTreeMap<&'a str, BTreeMap<&'a str, String>>;

/// Whether imports lead from one part to another.
fn reaches(parts: &Parts<'_>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(part) = open.pop() {
        let next = parts.get(part).into_iter().flat_map(BTreeMap::keys).copied();
        open.extend(next.filter(|part| seen.insert(*part)));
    }
    seen.contains(to)
}

/// The circles of imports inside every room: of its files and the rooms in it. Parent and child may
/// know each other.
pub(crate) fn circles(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<String> {
    let mut rooms: BTreeMap<&[String], Parts<'_>> = BTreeMap::new();
    for (from, others) in imports {
        for to in others {
            let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(shared), to.get(shared)) {
                let shown = format!("{} imports {}", from.join("/"), to.join("/"));
                let parts = rooms.entry(&from[..shared]).or_default();
                parts.entry(a).or_default().entry(b).or_insert(shown);
            }
        }
    }
    let mut found = Vec::new();
    for parts in rooms.values() {
        for (a, others) in parts {
            let back = others.iter().filter(|(b, _)| reaches(parts, b, a));
            found.extend(back.map(|(_, shown)| shown.clone()));
        }
    }
    found
}

#[test]
fn a_circle_is_found_and_parent_and_child_are_none() {
    let sources = |files: &[(&str, &str)]| -> BTreeMap<Module, String> {
        let module = |path: &str| path.split('/').map(String::from).collect();
        files.iter().map(|(path, code)| (module(path), (*code).to_string())).collect()
    };
    let clean = sources(&[
        ("a", "use a::b::C; mod b;"),
        ("a/b", "use super::X; use crate::d::{self, e::F as G, h};"),
        ("d", ""),
        ("d/e", "fn f() { super::g() }"),
    ]);
    let found = imports(&clean);
    let of = |path: &str| -> Vec<String> {
        let module: Module = path.split('/').map(String::from).collect();
        found[&module].iter().map(|module| module.join("/")).collect()
    };
    assert_eq!(
        (of("a/b"), of("d/e")),
        (vec!["a".into(), "d".into(), "d/e".into()], vec!["d".into()])
    );
    assert!(circles(&found).is_empty());
    let mut circle = clean.clone();
    circle.insert(vec!["d".into(), "i".into()], "use crate::{a::b, d};".into());
    let found = circles(&imports(&circle));
    assert_eq!(found, ["a/b imports d", "d/i imports a/b"]);
}
