//! The objects of a pickled array: what its calls and states amount to.

use super::{Array, Callable, Elements, Step, Value};
use crate::data::formats::element_count;
use crate::data::formats::npy::{Dtype, words};

/// What a call of `callable` yields.
pub(super) fn reduce<'a>(callable: &Value<'a>, arguments: Value<'a>) -> Step<Value<'a>> {
    let (Value::Callable(callable), Value::Tuple(arguments)) = (callable, arguments) else {
        return Err("a call of something that is not callable");
    };
    match (callable, arguments.as_slice()) {
        (Callable::Encode, [Value::Text(text), Value::Text("latin1")]) => {
            let bytes: Option<Vec<u8>> =
                text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
            Ok(Value::Bytes(bytes.ok_or("bytes that are not Latin-1")?.into()))
        }
        (Callable::Dtype, [Value::Text(name), Value::Int(0), Value::Int(1)]) => match *name {
            "f8" => Ok(Value::Dtype(Dtype::F8)),
            "i8" => Ok(Value::Dtype(Dtype::I8)),
            "O8" => Ok(Value::Dtype(Dtype::Object)),
            _ => Err("an element type other than f8, i8 and O8"),
        },
        (
            Callable::Reconstruct,
            [Value::Callable(Callable::NdArray), Value::Tuple(_), Value::Bytes(_)],
        ) => Ok(Value::EmptyArray),
        _ => Err("a call with unexpected arguments"),
    }
}

/// What `object` is once it is given its state.
pub(super) fn build<'a>(object: Value<'a>, state: Value<'a>) -> Step<Value<'a>> {
    let Value::Tuple(state) = state else {
        return Err("a state that is not a tuple");
    };
    match (object, <[Value<'a>; 5]>::try_from(state)) {
        (
            Value::EmptyArray,
            Ok(
                [
                    Value::Int(1),
                    Value::Tuple(shape),
                    Value::Dtype(dtype),
                    Value::Bool(column_major),
                    data,
                ],
            ),
        ) => array(&shape, dtype, column_major, data).map(Value::Array),
        // The byte order is the second item: little-endian, or none.
        (Value::Dtype(dtype), Err(state)) => match state.as_slice() {
            [Value::Int(3), Value::Text("<" | "|"), ..] => Ok(Value::Dtype(dtype)),
            _ => Err("an element type that is not little-endian"),
        },
        _ => Err("a state that does not belong to an array"),
    }
}

fn array<'a>(
    shape: &[Value<'a>],
    dtype: Dtype,
    column_major: bool,
    data: Value<'a>,
) -> Step<Array<'a>> {
    let side = |value: &Value<'a>| match value {
        Value::Int(side) => usize::try_from(*side).ok(),
        _ => None,
    };
    let shape: Vec<usize> =
        shape.iter().map(side).collect::<Option<_>>().ok_or("a shape that is not of counts")?;
    let n_elements = element_count(&shape).ok_or("an array that is too large")?;
    let is_whole = |bytes: &[u8]| n_elements.checked_mul(8) == Some(bytes.len());
    let elements = match (dtype, data) {
        (Dtype::F8, Value::Bytes(bytes)) if is_whole(&bytes) => {
            Elements::F8(words(&bytes).map(f64::from_le_bytes).collect())
        }
        (Dtype::I8, Value::Bytes(bytes)) if is_whole(&bytes) => {
            Elements::I8(words(&bytes).map(i64::from_le_bytes).collect())
        }
        (Dtype::Object, Value::List(items)) if items.len() == n_elements => {
            Elements::Objects(items)
        }
        _ => return Err("an array whose data do not match its type and shape"),
    };
    Ok(Array { shape, column_major, elements })
}
