//! Arrays and objects.

use serde::ser::{
    Error, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::{WriteError, Writer, string};

/// An array or an object in the making.
pub(super) struct Compound<'w> {
    writer: &'w mut Writer,
    first: bool,
    /// Whether it is an object with nothing around it.
    outermost: bool,
    /// Where the name that was written last begins.
    name: usize,
    end: &'static [u8],
}

impl<'w> Compound<'w> {
    pub(super) fn array(writer: &'w mut Writer) -> Self {
        writer.enter();
        writer.out.push(b'[');
        Self { writer, first: true, outermost: false, name: 0, end: b"]" }
    }

    pub(super) fn object(writer: &'w mut Writer) -> Self {
        let outermost = writer.out.is_empty();
        writer.enter();
        writer.out.push(b'{');
        Self { writer, first: true, outermost, name: 0, end: b"}" }
    }

    /// With the object around it that names an enum's variant.
    pub(super) fn in_variant(mut self) -> Self {
        self.end = if self.end == b"]" { b"]}" } else { b"}}" };
        self
    }

    fn separate(&mut self) {
        if !self.first {
            self.writer.out.push(b',');
        }
        self.first = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), WriteError> {
        self.separate();
        string::write(name, &mut self.writer.out);
        self.writer.out.push(b':');
        let start = self.writer.out.len();
        value.serialize(&mut *self.writer)?;
        if self.outermost {
            self.writer.look_at(name.as_bytes(), start);
        }
        Ok(())
    }

    fn close(self) -> Result<(), WriteError> {
        self.writer.out.extend_from_slice(self.end);
        self.writer.leave(self.end.len());
        Ok(())
    }
}

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = WriteError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), WriteError> {
        self.separate();
        let start = self.writer.out.len();
        name.serialize(&mut *self.writer)?;
        let out = &mut self.writer.out;
        match out.get(start) {
            Some(b'"') => {}
            // Numbers and truth values serve as names in quotes.
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => {
                out.insert(start, b'"');
                out.push(b'"');
            }
            _ => return Err(WriteError::custom("key must be a string")),
        }
        self.name = start;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
        let colon = self.writer.out.len();
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)?;
        if self.outermost {
            self.writer.look_at_entry(self.name, colon);
        }
        Ok(())
    }

    fn end(self) -> Result<(), WriteError> {
        self.close()
    }
}

macro_rules! arrays {
    ($($trait:ident $method:ident)*) => {$(
        impl $trait for Compound<'_> {
            type Ok = ();
            type Error = WriteError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), WriteError> {
                self.element(value)
            }

            fn end(self) -> Result<(), WriteError> {
                self.close()
            }
        }
    )*};
}

arrays! {
    SerializeSeq serialize_element SerializeTuple serialize_element SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! objects {
    ($($trait:ident)*) => {$(
        impl $trait for Compound<'_> {
            type Ok = ();
            type Error = WriteError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), WriteError> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), WriteError> {
                self.close()
            }
        }
    )*};
}

objects!(SerializeStruct SerializeStructVariant);
