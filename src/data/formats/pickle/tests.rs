use super::*;
use proptest::prelude::*;

/// Writes pickles as NumPy does: protocol 2, arrays as calls of `_reconstruct`.
#[derive(Default)]
pub(in crate::data) struct Writer(Vec<u8>);

impl Writer {
    pub(in crate::data) fn text(&mut self, text: &str) {
        self.0.push(b'X');
        self.0.extend((text.len() as u32).to_le_bytes());
        self.0.extend(text.as_bytes());
    }

    fn op(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    fn encoded(&mut self, bytes: &[u8]) {
        self.op(b"c_codecs\nencode\n");
        self.text(&bytes.iter().map(|&b| char::from(b)).collect::<String>());
        self.text("latin1");
        self.op(b"\x86R");
    }

    /// An array; `data` writes its elements.
    pub(in crate::data) fn array(
        &mut self,
        shape: &[u16],
        dtype: &str,
        column_major: bool,
        data: impl FnOnce(&mut Self),
    ) {
        self.op(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85");
        self.encoded(b"b");
        self.op(b"\x87R(K\x01(");
        for side in shape {
            self.op(b"M");
            self.op(&side.to_le_bytes());
        }
        self.op(b"tcnumpy\ndtype\n");
        self.text(dtype);
        self.op(b"K\x00K\x01\x87R(K\x03");
        self.text(if dtype == "O8" { "|" } else { "<" });
        self.op(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
        self.op(if column_major { b"\x88" } else { b"\x89" });
        data(self);
        self.op(b"tb");
    }

    pub(in crate::data) fn integers(&mut self, values: &[i64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.array(&[values.len() as u16], "i8", false, |w| w.encoded(&bytes));
    }

    pub(in crate::data) fn matrix(&mut self, shape: [u16; 2], column_major: bool, values: &[f64]) {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.array(&shape, "f8", column_major, |w| w.encoded(&bytes));
    }

    pub(in crate::data) fn list(&mut self, items: impl FnOnce(&mut Self)) {
        self.op(b"](");
        items(self);
        self.op(b"e");
    }

    /// The pickle of a zero-dimensional array that holds one dictionary.
    pub(in crate::data) fn dictionary(items: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut writer = Self::default();
        writer.op(b"\x80\x02");
        writer.array(&[], "O8", false, |w| {
            w.op(b"]}(");
            items(w);
            w.op(b"ua");
        });
        writer.op(b".");
        writer.0
    }
}

fn example() -> Vec<u8> {
    Writer::dictionary(|w| {
        w.text("X");
        w.list(|w| w.matrix([2, 1], true, &[0.5, -3.0]));
        w.text("y");
        w.integers(&[4, 5]);
    })
}

#[test]
fn a_dictionary_of_arrays_is_read() {
    let bytes = example();
    let Value::Array(Array { elements: Elements::Objects(objects), shape, .. }) =
        parse("x", &bytes).unwrap()
    else {
        panic!("expected an array of objects");
    };
    assert!(shape.is_empty());
    let array = |shape: &[usize], column_major, elements| {
        Value::Array(Array { shape: shape.to_vec(), column_major, elements })
    };
    let matrix = array(&[2, 1], true, Elements::F8(vec![0.5, -3.0]));
    let labels = array(&[2], false, Elements::I8(vec![4, 5]));
    let expected = BTreeMap::from([("X", Value::List(vec![matrix])), ("y", labels)]);
    assert_eq!(objects, [Value::Dict(expected)]);
}

#[test]
fn a_callable_that_could_run_code_is_refused_with_its_place() {
    let message =
        parse("x", b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").unwrap_err().message;
    assert_eq!(message, "x: pickle byte 2: a callable that a pickle of arrays does not need");
}

#[test]
fn deep_long_and_self_containing_pickles_are_refused() {
    let deep = [b"\x80\x02)".as_slice(), &[0x85; 100], b"."].concat();
    assert!(parse("x", &deep).unwrap_err().message.contains("nested too deeply"));
    let long = vec![b'N'; MAX_OPCODES + 1];
    assert!(parse("x", &long).unwrap_err().message.contains("opcodes"));
    assert!(parse("x", b"]q\x00h\x00a.").unwrap_err().message.contains("not a leaf"));
}

#[test]
fn a_text_that_is_decoded_again_and_again_is_refused() {
    let mut writer = Writer::default();
    writer.op(b"c_codecs\nencode\nq\x00");
    writer.text(&"x".repeat(1 << 22));
    writer.op(b"q\x01");
    writer.text("latin1");
    writer.op(b"q\x02");
    for _ in 0..40 {
        writer.op(b"h\x00h\x01h\x02\x86R");
    }
    assert!(parse("x", &writer.0).unwrap_err().message.contains("more data than the limit"));
}

#[test]
fn data_that_do_not_match_the_shape_are_refused() {
    let bytes = Writer::dictionary(|w| {
        w.text("X");
        w.matrix([2, 2], false, &[1.0]);
    });
    assert!(parse("x", &bytes).unwrap_err().message.contains("do not match"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = parse("x", &bytes);
    }

    #[test]
    fn arbitrary_opcodes_never_panic(
        opcodes in prop::collection::vec(prop::sample::select(b"(NKMJXcqrhj)t]ae}uRb.\x80\x85\x86\x87\x88\x89\x00\x01\x02".to_vec()), 0..60)
    ) {
        let _ = parse("x", &opcodes);
    }

    #[test]
    fn a_damaged_pickle_never_panics(at in any::<prop::sample::Index>(), byte: u8, keep in any::<prop::sample::Index>()) {
        let mut bytes = example();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = parse("x", &bytes);
        let _ = parse("x", &bytes[..keep.index(bytes.len())]);
    }
}
