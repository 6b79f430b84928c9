//! Walking through a text.
//!
//! The steps are inlined into each type that is read: handing a lexeme up through memory costs as much as finding it.

use std::borrow::Cow;

use super::names::Names;
use super::{Onlooker, Written};
use crate::json::error::Failure;
use crate::json::scan::DEPTH;
use crate::json::{Document, Fault, Limits, number, string};

/// A place in a text that has been checked so far.
pub(super) struct Reader<'r, 'de, O> {
    text: &'de str,
    at: usize,
    /// Arrays and objects around the place. Narrower than `at`, so that the two are not read as one wide word, for which the
    /// processor would have to wait when only one of them was just written.
    depth: u32,
    onlooker: &'r mut O,
    /// Whether the document has confirmed that all names differ.
    confirmed: bool,
    faulty: bool,
    /// Whether no string so far has had escapes.
    plain: bool,
    /// The integer that was read last.
    integer: Option<u64>,
}

/// A value, or the beginning of one.
pub(super) enum Lexeme<'de> {
    Null,
    Bool(bool),
    /// Written without sign, fraction and exponent.
    Integer(u64),
    /// Any other number.
    Number(&'de str),
    String(Text<'de>),
    Array,
    Object,
}

/// A string as it is written, without the quotes.
#[derive(Clone, Copy)]
pub(super) struct Text<'de> {
    written: &'de str,
    // A whole word, because reading one of which a byte was just written makes the processor wait.
    escapes: usize,
}

impl<'de> Text<'de> {
    pub(super) fn unescaped(self) -> Cow<'de, str> {
        if self.escapes > 0 { string::unescape(self.written) } else { Cow::Borrowed(self.written) }
    }
}

impl<'r, 'de, O: Onlooker> Reader<'r, 'de, O> {
    /// Begins at the first value.
    pub(super) fn new(text: &'de str, onlooker: &'r mut O) -> Self {
        let mut reader = Self {
            text,
            at: 0,
            depth: 0,
            onlooker,
            confirmed: false,
            faulty: false,
            plain: true,
            integer: None,
        };
        reader.space();
        reader
    }

    /// Nothing may follow the value.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.space();
        if self.at < self.text.len() || self.faulty { Err(self.syntax()) } else { Ok(()) }
    }

    /// Reads a value that has no children, or enters one that may have some.
    #[inline(always)]
    pub(super) fn lexeme(&mut self) -> Result<Lexeme<'de>, Failure> {
        self.space();
        match self.peek() {
            Some(b'"') => self.string().map(Lexeme::String),
            Some(b'{') => self.enter(Lexeme::Object),
            Some(b'[') => self.enter(Lexeme::Array),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Lexeme::Bool(true)),
            Some(b'f') => self.word("false", Lexeme::Bool(false)),
            Some(b'n') => self.word("null", Lexeme::Null),
            _ => Err(self.syntax()),
        }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self) -> Result<(), Failure> {
        match self.lexeme()? {
            Lexeme::Array => {
                let mut place = Place::First;
                while self.element(&mut place)? {
                    self.skip()?;
                }
            }
            Lexeme::Object => {
                let (mut place, mut names) = (Place::First, Names::new());
                while let Some(name) = self.name(&mut place, &mut names)? {
                    let start = self.at();
                    self.skip()?;
                    self.show(name, start);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Passes over a value. Its text.
    pub(super) fn raw(&mut self) -> Result<&'de str, Failure> {
        self.space();
        let start = self.at;
        self.skip()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Goes to the next element of an array, or leaves it.
    pub(super) fn element(&mut self, place: &mut Place) -> Result<bool, Failure> {
        self.next(place, b']')
    }

    /// Goes to the value of an object's next member, or leaves the object.
    #[inline(always)]
    pub(super) fn name(
        &mut self,
        place: &mut Place,
        names: &mut Names,
    ) -> Result<Option<Text<'de>>, Failure> {
        if !self.next(place, b'}')? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.syntax());
        }
        let start = self.at;
        let name = self.string()?;
        if name.escapes > 0 && name.unescaped().contains('\0') {
            return Err(self.fault(Fault::NulInName(u32::try_from(start).unwrap_or(u32::MAX))));
        }
        if !names.add(name.written.as_bytes()) || name.escapes > 0 {
            self.confirm()?;
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.syntax());
        }
        self.at += 1;
        self.space();
        Ok(Some(name))
    }

    /// Where the reader stands.
    pub(super) fn at(&self) -> Mark {
        Mark { at: self.at, depth: self.depth }
    }

    /// Passes over the value that begins at `start` if nobody has looked at it.
    pub(super) fn pass(&mut self, start: Mark) {
        if self.at() == start {
            self.pass_over(start);
        }
    }

    /// After a type refused a container half-way: goes to its end, so that whoever swallows the error can read on.
    pub(super) fn pass_over(&mut self, start: Mark) {
        if !self.faulty {
            (self.at, self.depth) = (start.at, start.depth);
            // What is wrong with the text is kept by the reader.
            let _ = self.skip();
        }
    }

    /// Shows the onlooker a member of the outermost object whose value has been read from `start` to here.
    #[inline(always)]
    pub(super) fn show(&mut self, name: Text<'de>, start: Mark) {
        if self.depth == 1 {
            let value = Written {
                within: self.text,
                start: start.at,
                end: self.at,
                plain: self.plain,
                integer: None,
            };
            // An integer that was read last may lie within this value.
            let integer = self.integer.filter(|_| value.first().is_some_and(|byte| byte.is_ascii_digit()));
            self.onlooker.member(&name.unescaped(), Written { integer, ..value });
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// The number that stands here, if one does, without going on.
    pub(super) fn peek_number(&mut self) -> Result<Option<&'de str>, Failure> {
        self.space();
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Ok(None);
        }
        let end = number::scan(self.text.as_bytes(), self.at).map_err(|fault| self.fault(fault))?;
        Ok(self.text.get(self.at..end))
    }

    #[inline(always)]
    fn next(&mut self, place: &mut Place, close: u8) -> Result<bool, Failure> {
        if *place == Place::End {
            return Ok(false);
        }
        self.space();
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                self.depth -= 1;
                *place = Place::End;
                return Ok(false);
            }
            _ if *place == Place::First => *place = Place::Later,
            Some(b',') => {
                self.at += 1;
                self.space();
            }
            _ => return Err(self.syntax()),
        }
        Ok(true)
    }

    fn enter(&mut self, container: Lexeme<'de>) -> Result<Lexeme<'de>, Failure> {
        if self.depth == DEPTH {
            return Err(self.fault(Fault::TooDeep(DEPTH)));
        }
        self.depth += 1;
        self.at += 1;
        Ok(container)
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Text<'de>, Failure> {
        let start = self.at + 1;
        let end = string::scan(self.text.as_bytes(), start).map_err(|fault| self.fault(fault))?;
        self.at = end.quote + 1;
        self.plain &= end.escapes == 0;
        Ok(Text { written: self.text.get(start..end.quote).unwrap_or_default(), escapes: end.escapes })
    }

    fn number(&mut self) -> Result<Lexeme<'de>, Failure> {
        let start = self.at;
        if let Some((value, end)) = number::small_integer(self.text.as_bytes(), start) {
            (self.at, self.integer) = (end, Some(value));
            return Ok(Lexeme::Integer(value));
        }
        self.at = number::scan(self.text.as_bytes(), start).map_err(|fault| self.fault(fault))?;
        let written = self.text.get(start..self.at).unwrap_or_default();
        self.integer = if number::is_integer(written) { written.parse().ok() } else { None };
        Ok(self.integer.map_or(Lexeme::Number(written), Lexeme::Integer))
    }

    fn word(&mut self, word: &str, lexeme: Lexeme<'de>) -> Result<Lexeme<'de>, Failure> {
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at = end;
        Ok(lexeme)
    }

    #[cold]
    fn confirm(&mut self) -> Result<(), Failure> {
        if !self.confirmed {
            Document::parse_str(self.text, Limits::PAYLOAD).inspect_err(|_| self.faulty = true)?;
            self.confirmed = true;
        }
        Ok(())
    }

    fn syntax(&mut self) -> Failure {
        self.fault(Fault::syntax(self.at))
    }

    #[cold]
    fn fault(&mut self, fault: Fault) -> Failure {
        self.faulty = true;
        fault.into()
    }
}

/// Where in a container the reader is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Before its first child.
    First,
    /// Behind a child.
    Later,
    /// Behind the container.
    End,
}

/// A place to come back to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    at: usize,
    depth: u32,
}
