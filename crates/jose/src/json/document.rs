//! A JSON text as a flat list of its values.

use std::borrow::Cow;
use std::collections::HashSet;

use super::lexer::{DEPTH, Lexeme, Lexer, Place};
use super::names::Names;
use super::{Fault, JsonError, Value, string};

/// How much a text may hold.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Members of one object.
    pub(crate) members: usize,
    /// Whether objects with too many members, or with two of one name, are only noted.
    lenient: bool,
}

impl Limits {
    /// For protected headers.
    pub(crate) const HEADER: Self = Self { members: 256, lenient: false };
    /// For sets of keys, where a fault of one key is a fault of that key alone.
    pub(crate) const KEY_SET: Self = Self { lenient: true, ..Self::HEADER };
    /// For claims and keys, which the caller bounds by their length.
    pub(crate) const PAYLOAD: Self = Self { members: usize::MAX, lenient: false };
}

/// What kind of value a node is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Null,
    True,
    False,
    Number,
    /// A string without escapes.
    String,
    /// A string with escapes.
    Escaped,
    Array,
    Object,
}

/// One value. An object's children are a name and a value in turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(super) kind: Kind,
    /// Where the value's text begins; a string's without the quotes.
    pub(super) start: u32,
    /// Where it ends.
    pub(super) end: u32,
    /// The index of the node after this one and all its children.
    pub(super) next: u32,
}

/// A JSON text that has passed every check, as a list of nodes in the order of the text.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    /// Objects whose names are at fault, by their index. Empty unless the limits are lenient.
    faults: Vec<(u32, Fault)>,
}

impl<'a> Document<'a> {
    /// Checks the whole text.
    pub(crate) fn parse(json: &'a [u8], limits: Limits) -> Result<Self, JsonError> {
        Self::parse_str(std::str::from_utf8(json).map_err(|_| JsonError::Utf8)?, limits)
    }

    /// Checks the whole text.
    pub(crate) fn parse_str(text: &'a str, limits: Limits) -> Result<Self, JsonError> {
        check_len(text)?;
        let mut document = Self { text, nodes: Vec::with_capacity(32), faults: vec![] };
        document.read(limits)?;
        Ok(document)
    }

    /// The outermost value.
    pub(crate) fn root(&self) -> Value<'_, 'a> {
        Value::new(self, 0)
    }

    /// What is wrong with the names of an object that is `value` or lies within it.
    pub(crate) fn fault_within(&self, value: Value<'_, '_>) -> Option<JsonError> {
        self.fault(|index| (value.index..value.node().next).contains(&index))
    }

    /// What is wrong with the names of an object that does not lie within `value`.
    pub(crate) fn fault_outside(&self, value: Value<'_, '_>) -> Option<JsonError> {
        self.fault(|index| !(value.index..value.node().next).contains(&index))
    }

    fn fault(&self, of: impl Fn(u32) -> bool) -> Option<JsonError> {
        self.faults.iter().find(|(index, _)| of(*index)).map(|(_, fault)| (*fault).into())
    }

    pub(super) fn node(&self, index: u32) -> Node {
        const END: Node = Node { kind: Kind::Null, start: 0, end: 0, next: u32::MAX };
        self.nodes.get(index as usize).copied().unwrap_or(END)
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn slice(&self, node: Node) -> &'a str {
        self.text.get(node.start as usize..node.end as usize).unwrap_or_default()
    }

    /// Whether a string stands for this text.
    pub(super) fn is(&self, node: Node, text: &str) -> bool {
        match node.kind {
            Kind::Escaped => self.string(node) == text,
            _ => (node.end - node.start) as usize == text.len() && self.slice(node) == text,
        }
    }

    pub(super) fn string(&self, node: Node) -> Cow<'a, str> {
        let text = self.slice(node);
        if node.kind == Kind::Escaped { string::unescape(text) } else { Cow::Borrowed(text) }
    }
}

impl Document<'_> {
    fn read(&mut self, limits: Limits) -> Result<(), Fault> {
        let mut lexer = Lexer::new(self.text);
        // The containers around the current value, outermost first. No recursion, so depth costs no stack.
        let mut open = [(Kind::Array, 0, Place::End); DEPTH as usize];
        let mut depth = 0;
        loop {
            lexer.space();
            let start = lexer.mark().offset();
            let kind = match lexer.lexeme()? {
                Lexeme::Null => Kind::Null,
                Lexeme::Bool(true) => Kind::True,
                Lexeme::Bool(false) => Kind::False,
                Lexeme::Integer(_) | Lexeme::Number(_) => Kind::Number,
                Lexeme::String(text) if text.is_escaped() => Kind::Escaped,
                Lexeme::String(_) => Kind::String,
                Lexeme::Array => Kind::Array,
                Lexeme::Object => Kind::Object,
            };
            let (at, end) = (offset(self.nodes.len()), lexer.mark().offset());
            match kind {
                Kind::String | Kind::Escaped => self.push(kind, start + 1, end - 1),
                _ => self.push(kind, start, end),
            }
            if let Kind::Array | Kind::Object = kind
                && let Some(next) = open.get_mut(depth)
            {
                *next = (kind, at, Place::First);
                depth += 1;
            }
            // Goes on to the next value, and closes what ended with this one.
            loop {
                let Some((kind, container, place)) = depth.checked_sub(1).and_then(|top| open.get_mut(top))
                else {
                    return lexer.finish();
                };
                if *kind == Kind::Array {
                    if lexer.element(place)? {
                        break;
                    }
                } else if let Some(name) = lexer.member(place)? {
                    let kind = if name.is_escaped() { Kind::Escaped } else { Kind::String };
                    let start = lexer.offset_of(name);
                    self.push(kind, start, start + name.written.len());
                    break;
                }
                self.close(*container, lexer.mark().offset(), limits)?;
                depth -= 1;
            }
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = offset(self.nodes.len() + 1);
        self.nodes.push(Node { kind, start: offset(start), end: offset(end), next });
    }

    /// Ends a container behind its closing bracket, where an object's names must all differ.
    fn close(&mut self, container: u32, end: usize, limits: Limits) -> Result<(), Fault> {
        let next = offset(self.nodes.len());
        let Some(node) = self.nodes.get_mut(container as usize) else { return Ok(()) };
        (node.end, node.next) = (offset(end), next);
        if node.kind != Kind::Object {
            return Ok(());
        }
        match self.distinct_names(container, limits) {
            Err(fault) if limits.lenient => {
                self.faults.push((container, fault));
                Ok(())
            }
            judged => judged,
        }
    }

    fn distinct_names(&self, object: u32, limits: Limits) -> Result<(), Fault> {
        let (mut names, mut members, mut doubtful) = (Names::new(), 0usize, false);
        for name in self.names(object) {
            doubtful |= name.kind == Kind::Escaped || !names.add(self.slice(name).as_bytes());
            members += 1;
        }
        if members > limits.members {
            return Err(Fault::TooManyMembers(offset(limits.members)));
        }
        if doubtful { self.compare_names(object, members) } else { Ok(()) }
    }

    fn compare_names(&self, object: u32, members: usize) -> Result<(), Fault> {
        // The standard hasher is keyed at random: no choice of names makes this slow.
        let mut seen: HashSet<Cow<'_, str>> = HashSet::with_capacity(members.min(1024));
        match self.names(object).find(|name| !seen.insert(self.string(*name))) {
            Some(name) => Err(Fault::DuplicateMember(name.start)),
            None => Ok(()),
        }
    }

    /// The names of an object that ends with the list.
    fn names(&self, object: u32) -> impl Iterator<Item = Node> {
        let mut index = object as usize + 1;
        std::iter::from_fn(move || {
            let name = *self.nodes.get(index)?;
            index = self.nodes.get(index + 1)?.next as usize;
            Some(name)
        })
    }
}

/// Offsets are kept in 32 bits.
pub(super) fn check_len(text: &str) -> Result<(), JsonError> {
    if text.len() < u32::MAX as usize { Ok(()) } else { Err(JsonError::Syntax { at: u32::MAX as usize }) }
}

/// Texts are shorter than 4 GiB, which [`check_len`] has made sure of.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
