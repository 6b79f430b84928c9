//! One strict pass over a JSON text, leaving a flat list of its values.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Fault, JsonError, Value, number, string};

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

/// Arrays and objects within one another.
pub(super) const DEPTH: u32 = 32;

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
        let mut scanner = Scanner {
            text,
            bytes: text.as_bytes(),
            at: 0,
            nodes: Vec::with_capacity(32),
            faults: vec![],
            limits,
        };
        scanner.run()?;
        Ok(Self { text, nodes: scanner.nodes, faults: scanner.faults })
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

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    faults: Vec<(u32, Fault)>,
    limits: Limits,
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<(), Fault> {
        // The containers around the current value, outermost first. No recursion, so depth costs no stack.
        let mut open = [0u32; DEPTH as usize];
        let mut depth = 0;
        loop {
            self.space();
            let opened = self.value()?;
            if let Some(kind) = opened {
                *open.get_mut(depth).ok_or(Fault::TooDeep(DEPTH))? = self.last();
                depth += 1;
                self.space();
                let close = if kind == Kind::Object { b'}' } else { b']' };
                if self.peek() != Some(close) {
                    if kind == Kind::Object {
                        self.name()?;
                    }
                    continue;
                }
            }
            // A value has ended: close what ends with it.
            loop {
                let Some(&container) = depth.checked_sub(1).and_then(|top| open.get(top)) else {
                    self.space();
                    return if self.at == self.bytes.len() { Ok(()) } else { Err(self.syntax()) };
                };
                let is_object =
                    self.nodes.get(container as usize).is_some_and(|node| node.kind == Kind::Object);
                self.space();
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if is_object {
                            self.space();
                            self.name()?;
                        }
                        break;
                    }
                    Some(b'}') if is_object => self.close(container)?,
                    Some(b']') if !is_object => self.close(container)?,
                    _ => return Err(self.syntax()),
                }
                depth -= 1;
            }
        }
    }

    /// Reads a value that has no children, or opens one that may have some.
    fn value(&mut self) -> Result<Option<Kind>, Fault> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => {
                self.at += 1;
                self.push(Kind::Object, start, start);
                Ok(Some(Kind::Object))
            }
            Some(b'[') => {
                self.at += 1;
                self.push(Kind::Array, start, start);
                Ok(Some(Kind::Array))
            }
            Some(b'-' | b'0'..=b'9') => {
                self.at = number::scan(self.bytes, start)?;
                self.push(Kind::Number, start, self.at);
                Ok(None)
            }
            Some(b't') => self.word(b"true", Kind::True),
            Some(b'f') => self.word(b"false", Kind::False),
            Some(b'n') => self.word(b"null", Kind::Null),
            _ => Err(self.syntax()),
        }
    }

    fn string(&mut self) -> Result<Option<Kind>, Fault> {
        let start = self.at + 1;
        let end = string::scan(self.bytes, start)?;
        self.push(if end.escapes > 0 { Kind::Escaped } else { Kind::String }, start, end.quote);
        self.at = end.quote + 1;
        Ok(None)
    }

    /// Reads a member's name and the colon after it.
    fn name(&mut self) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.syntax());
        }
        let at = self.at;
        self.string()?;
        if let Some(node) = self.nodes.last().copied().filter(|node| node.kind == Kind::Escaped) {
            let text = self.text.get(node.start as usize..node.end as usize).unwrap_or_default();
            if string::unescape(text).contains('\0') {
                return Err(Fault::NulInName(offset(at)));
            }
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(())
    }

    /// Ends a container after its closing bracket, where an object's names must all differ.
    fn close(&mut self, container: u32) -> Result<(), Fault> {
        self.at += 1;
        let (end, next) = (offset(self.at), offset(self.nodes.len()));
        let Some(node) = self.nodes.get_mut(container as usize) else { return Err(self.syntax()) };
        node.end = end;
        node.next = next;
        if node.kind != Kind::Object {
            return Ok(());
        }
        match self.distinct_names(container) {
            Err(fault) if self.limits.lenient => {
                self.faults.push((container, fault));
                Ok(())
            }
            judged => judged,
        }
    }

    fn distinct_names(&self, object: u32) -> Result<(), Fault> {
        let end = self.nodes.len();
        // Few objects have two names that fall into one of 64 boxes by length, first and last letter; only then are
        // texts compared.
        let mut boxes = 0u64;
        let mut doubtful = false;
        let mut members = 0usize;
        let mut index = object as usize + 1;
        while index < end {
            let Some(name) = self.nodes.get(index) else { break };
            let (first, last) = (self.bytes.get(name.start as usize), self.bytes.get(name.end as usize - 1));
            let letters =
                usize::from(first.copied().unwrap_or(0)) * 3 + usize::from(last.copied().unwrap_or(0)) * 5;
            let mark = 1u64 << ((letters + (name.end - name.start) as usize * 7) % 64);
            doubtful |= boxes & mark != 0 || name.kind == Kind::Escaped;
            boxes |= mark;
            members += 1;
            index = self.nodes.get(index + 1).map_or(end, |value| value.next as usize);
        }
        if members > self.limits.members {
            return Err(Fault::TooManyMembers(offset(self.limits.members)));
        }
        if doubtful { self.compare_names(object, members) } else { Ok(()) }
    }

    fn compare_names(&self, object: u32, members: usize) -> Result<(), Fault> {
        let end = self.nodes.len();
        // The standard hasher is keyed at random: no choice of names makes this slow.
        let mut seen: HashSet<Cow<'_, str>> = HashSet::with_capacity(members.min(1024));
        let mut index = object as usize + 1;
        while index < end {
            let Some(name) = self.nodes.get(index) else { break };
            let text = self.text.get(name.start as usize..name.end as usize).unwrap_or_default();
            let text = if name.kind == Kind::Escaped { string::unescape(text) } else { Cow::Borrowed(text) };
            if !seen.insert(text) {
                return Err(Fault::DuplicateMember(name.start));
            }
            index = self.nodes.get(index + 1).map_or(end, |value| value.next as usize);
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Result<Option<Kind>, Fault> {
        let end = self.at + word.len();
        if self.bytes.get(self.at..end) != Some(word) {
            return Err(self.syntax());
        }
        self.push(kind, self.at, end);
        self.at = end;
        Ok(None)
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = offset(self.nodes.len() + 1);
        self.nodes.push(Node { kind, start: offset(start), end: offset(end), next });
    }

    fn last(&self) -> u32 {
        offset(self.nodes.len() - 1)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn syntax(&self) -> Fault {
        Fault::syntax(self.at)
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
