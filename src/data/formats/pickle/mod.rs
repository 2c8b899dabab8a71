//! A reader for the pickles that NumPy writes inside `.npy` files.
//!
//! Unpickling runs whatever code a file names. This reader never does: it knows the few opcodes
//! and the four callables that a dictionary of arrays needs, builds plain values from them, and
//! refuses everything else. Source: the opcode table of Python's `pickletools`, protocol 2.

mod objects;

use super::malformed;
use super::npy::Dtype;
use crate::error::Result;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Limits: bytes of the pickle, bytes decoded from it, opcodes, nested containers.
const MAX_BYTES: usize = 1 << 26;
const MAX_DECODED: usize = 1 << 27;
const MAX_OPCODES: usize = 1 << 16;
const MAX_DEPTH: usize = 8;

/// A plain value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Bytes(Rc<[u8]>),
    Tuple(Vec<Value<'a>>),
    List(Vec<Value<'a>>),
    Dict(BTreeMap<&'a str, Value<'a>>),
    Array(Array<'a>),
    Dtype(Dtype),
    /// One of the permitted callables, which only [`objects::reduce`] interprets.
    Callable(Callable),
    /// An array that has not been given its state yet.
    EmptyArray,
}

/// A pickled array.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data) struct Array<'a> {
    pub(in crate::data) shape: Vec<usize>,
    /// Whether the first index varies fastest.
    pub(in crate::data) column_major: bool,
    pub(in crate::data) elements: Elements<'a>,
}

/// The elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data) enum Elements<'a> {
    F8(Vec<f64>),
    I8(Vec<i64>),
    Objects(Vec<Value<'a>>),
}

/// The callables that a pickled array needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum Callable {
    Reconstruct,
    NdArray,
    Encode,
    Dtype,
}

/// Reads a pickle.
///
/// # Errors
/// Any opcode, callable or structure that a pickle of arrays does not need, and any limit passed.
pub(in crate::data) fn parse<'a>(file: &str, bytes: &'a [u8]) -> Result<Value<'a>> {
    if MAX_BYTES < bytes.len() {
        return Err(malformed(file, format!("the pickle is larger than {MAX_BYTES} bytes")));
    }
    let mut machine = Machine::new(bytes);
    for _ in 0..MAX_OPCODES {
        let at = machine.at;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(value)) => return Ok(value),
            Err(what) => return Err(malformed(file, format!("pickle byte {at}: {what}"))),
        }
    }
    Err(malformed(file, format!("the pickle has more than {MAX_OPCODES} opcodes")))
}

type Step<T> = std::result::Result<T, &'static str>;

/// The stack machine that a pickle is a program of.
struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value<'a>>,
    /// The heights of the stack at the open marks.
    marks: Vec<usize>,
    /// Leaves only: a shared container could be changed through its other owners.
    memo: BTreeMap<u32, Value<'a>>,
    /// Bytes decoded so far: one text may be decoded any number of times.
    decoded: usize,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let (stack, marks, memo) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { bytes, at: 0, stack, marks, memo, decoded: 0 }
    }

    /// Runs one opcode; the final value at the end of the program.
    fn step(&mut self) -> Step<Option<Value<'a>>> {
        match self.byte()? {
            // PROTO.
            0x80 => match self.byte()? {
                2 => {}
                _ => return Err("expected pickle protocol 2"),
            },
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.stack.push(Value::None),
            0x88 => self.stack.push(Value::Bool(true)),
            0x89 => self.stack.push(Value::Bool(false)),
            b'K' => {
                let value = self.byte()?;
                self.stack.push(Value::Int(value.into()));
            }
            b'M' => {
                let value = u16::from_le_bytes(self.chunk()?);
                self.stack.push(Value::Int(value.into()));
            }
            b'J' => {
                let value = i32::from_le_bytes(self.chunk()?);
                self.stack.push(Value::Int(value.into()));
            }
            b'X' => {
                let text = self.text()?;
                self.stack.push(Value::Text(text));
            }
            b'c' => {
                let callable = self.callable()?;
                self.stack.push(Value::Callable(callable));
            }
            b'q' => {
                let key = self.byte()?;
                self.memoise(key.into())?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.chunk()?);
                self.memoise(key)?;
            }
            b'h' => {
                let key = self.byte()?;
                self.recall(key.into())?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.chunk()?);
                self.recall(key)?;
            }
            b')' => self.stack.push(Value::Tuple(Vec::new())),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.since_mark()?;
                self.stack.push(Value::Tuple(nested(items)?));
            }
            b']' => self.stack.push(Value::List(Vec::new())),
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' => {
                let items = self.since_mark()?;
                self.append(items)?;
            }
            b'}' => self.stack.push(Value::Dict(BTreeMap::new())),
            b'u' => self.set_items()?,
            b'R' => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                let made = objects::reduce(&callable, arguments)?;
                self.push_made(made)?;
            }
            b'b' => {
                let (state, object) = (self.pop()?, self.pop()?);
                let made = objects::build(object, state)?;
                self.push_made(made)?;
            }
            b'.' => return Ok(Some(self.pop()?)),
            _ => return Err("an opcode that a pickle of arrays does not need"),
        }
        Ok(None)
    }

    fn chunk<const N: usize>(&mut self) -> Step<[u8; N]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let chunk = rest.first_chunk().ok_or("the pickle ends too early")?;
        self.at += N;
        Ok(*chunk)
    }

    fn byte(&mut self) -> Step<u8> {
        self.chunk().map(|[byte]| byte)
    }

    fn take(&mut self, length: usize) -> Step<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or("the pickle ends too early")?;
        self.at += length;
        Ok(taken)
    }

    fn text(&mut self) -> Step<&'a str> {
        let length = u32::from_le_bytes(self.chunk()?) as usize;
        std::str::from_utf8(self.take(length)?).map_err(|_| "a text that is not UTF-8")
    }

    fn line(&mut self) -> Step<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == b'\n').ok_or("a line without an end")?;
        self.at += length + 1;
        Ok(&rest[..length])
    }

    fn callable(&mut self) -> Step<Callable> {
        match (self.line()?, self.line()?) {
            (b"numpy.core.multiarray", b"_reconstruct") => Ok(Callable::Reconstruct),
            (b"numpy", b"ndarray") => Ok(Callable::NdArray),
            (b"numpy", b"dtype") => Ok(Callable::Dtype),
            (b"_codecs", b"encode") => Ok(Callable::Encode),
            _ => Err("a callable that a pickle of arrays does not need"),
        }
    }

    /// The top of the stack, which must lie above the last open mark.
    fn pop(&mut self) -> Step<Value<'a>> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err("the stack is empty");
        }
        self.stack.pop().ok_or("the stack is empty")
    }

    fn push_made(&mut self, made: Value<'a>) -> Step<()> {
        self.decoded += match &made {
            Value::Bytes(bytes) => bytes.len(),
            Value::Array(Array { elements: Elements::F8(values), .. }) => 8 * values.len(),
            Value::Array(Array { elements: Elements::I8(values), .. }) => 8 * values.len(),
            _ => 0,
        };
        if MAX_DECODED < self.decoded {
            return Err("more data than the limit");
        }
        self.stack.push(made);
        Ok(())
    }

    fn since_mark(&mut self) -> Step<Vec<Value<'a>>> {
        let mark = self.marks.pop().ok_or("no open mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn tuple(&mut self, length: usize) -> Step<()> {
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(self.pop()?);
        }
        items.reverse();
        self.stack.push(Value::Tuple(nested(items)?));
        Ok(())
    }

    fn append(&mut self, items: Vec<Value<'a>>) -> Step<()> {
        match self.stack.last_mut() {
            Some(Value::List(list)) => list.extend(nested(items)?),
            _ => return Err("items are appended to something that is not a list"),
        }
        Ok(())
    }

    fn set_items(&mut self) -> Step<()> {
        let items = nested(self.since_mark()?)?;
        let Some(Value::Dict(dict)) = self.stack.last_mut() else {
            return Err("items are set on something that is not a dictionary");
        };
        let mut items = items.into_iter();
        while let Some(key) = items.next() {
            match (key, items.next()) {
                (Value::Text(key), Some(value)) if !dict.contains_key(key) => {
                    dict.insert(key, value);
                }
                _ => return Err("a dictionary needs different texts as keys, and their values"),
            }
        }
        Ok(())
    }

    fn memoise(&mut self, key: u32) -> Step<()> {
        match self.stack.last() {
            Some(
                leaf @ (Value::Text(_) | Value::Bytes(_) | Value::Dtype(_) | Value::Callable(_)),
            ) => {
                self.memo.insert(key, leaf.clone());
                Ok(())
            }
            Some(_) => Ok(()),
            None => Err("the stack is empty"),
        }
    }

    fn recall(&mut self, key: u32) -> Step<()> {
        let leaf = self.memo.get(&key).ok_or("a reference to something that is not a leaf")?;
        self.stack.push(leaf.clone());
        Ok(())
    }
}

/// Refuses items that are too deep for one more container around them.
fn nested<'a>(items: Vec<Value<'a>>) -> Step<Vec<Value<'a>>> {
    match items.iter().map(depth).max() {
        Some(depth) if MAX_DEPTH <= depth => Err("containers are nested too deeply"),
        _ => Ok(items),
    }
}

fn depth(value: &Value<'_>) -> usize {
    let deepest = |items: &[Value<'_>]| 1 + items.iter().map(depth).max().unwrap_or(0);
    match value {
        Value::Tuple(items) | Value::List(items) => deepest(items),
        Value::Array(Array { elements: Elements::Objects(items), .. }) => deepest(items),
        Value::Dict(dict) => 1 + dict.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
pub(in crate::data) mod tests;
