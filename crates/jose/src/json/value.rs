//! Reading single values out of a checked text.

use std::borrow::Cow;

use super::Written;
use super::document::{Document, Kind, Node};

/// One value of a [`Document`].
#[derive(Clone, Copy)]
pub(crate) struct Value<'t, 'a> {
    pub(super) document: &'t Document<'a>,
    pub(super) index: u32,
}

impl<'t, 'a> Value<'t, 'a> {
    pub(super) fn new(document: &'t Document<'a>, index: u32) -> Self {
        Self { document, index }
    }

    pub(super) fn node(self) -> Node {
        self.document.node(self.index)
    }

    pub(crate) fn is_null(self) -> bool {
        self.node().kind == Kind::Null
    }

    pub(crate) fn as_bool(self) -> Option<bool> {
        match self.node().kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The value's text, exactly as written.
    pub(crate) fn text(self) -> &'a str {
        self.written().text()
    }

    /// The value's text and where it begins.
    pub(crate) fn written(self) -> Written<'a> {
        let mut node = self.node();
        if matches!(node.kind, Kind::String | Kind::Escaped) {
            node.start -= 1;
            node.end += 1;
        }
        let (start, end) = (node.start as usize, node.end as usize);
        Written { within: self.document.text(), start, end, plain: node.kind == Kind::String, integer: None }
    }

    /// A string, unescaped.
    pub(crate) fn as_str(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        matches!(node.kind, Kind::String | Kind::Escaped).then(|| self.document.string(node))
    }

    /// A number as it is written.
    pub(crate) fn as_number(self) -> Option<&'a str> {
        let node = self.node();
        (node.kind == Kind::Number).then(|| self.document.slice(node))
    }

    /// The members of an object, in the order of the text.
    pub(crate) fn members(self) -> Option<Members<'t, 'a>> {
        let node = self.node();
        (node.kind == Kind::Object).then_some(Members {
            document: self.document,
            index: self.index + 1,
            end: node.next,
        })
    }

    /// The elements of an array.
    pub(crate) fn elements(self) -> Option<Elements<'t, 'a>> {
        let node = self.node();
        (node.kind == Kind::Array).then_some(Elements {
            document: self.document,
            index: self.index + 1,
            end: node.next,
        })
    }

    /// A member of an object.
    pub(crate) fn get(self, name: &str) -> Option<Value<'t, 'a>> {
        let object = self.node();
        if object.kind != Kind::Object {
            return None;
        }
        let mut index = self.index + 1;
        while index < object.next {
            let found = self.document.node(index);
            let value = Value::new(self.document, found.next);
            if self.document.is(found, name) {
                return Some(value);
            }
            index = value.node().next;
        }
        None
    }
}

/// See [`Value::members`].
#[derive(Clone)]
pub(crate) struct Members<'t, 'a> {
    document: &'t Document<'a>,
    index: u32,
    end: u32,
}

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (Cow<'a, str>, Value<'t, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.end {
            return None;
        }
        let name = self.document.node(self.index);
        let value = Value::new(self.document, name.next);
        self.index = value.node().next;
        Some((self.document.string(name), value))
    }
}

/// See [`Value::elements`].
#[derive(Clone)]
pub(crate) struct Elements<'t, 'a> {
    document: &'t Document<'a>,
    index: u32,
    end: u32,
}

impl<'t, 'a> Iterator for Elements<'t, 'a> {
    type Item = Value<'t, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.index >= self.end {
            return None;
        }
        let value = Value::new(self.document, self.index);
        self.index = value.node().next;
        Some(value)
    }
}
