//! Walking through a text: the one place where JSON is taken apart. The [document](super::Document) and the
//! [typed reader](super::de) are made of its steps, so both judge a text alike.
//!
//! The steps are inlined into each type that is read: handing a lexeme up through memory costs as much as finding it.

use std::borrow::Cow;

use super::{Fault, number, string};

/// Arrays and objects within one another.
pub(super) const DEPTH: u32 = 32;

/// A place in a text that has been checked so far, apart from whether the names of its objects differ.
pub(super) struct Lexer<'de> {
    text: &'de str,
    at: usize,
    /// Arrays and objects around the place. Narrower than `at`, so that the two are not read as one wide word, for which the
    /// processor would have to wait when only one of them was just written.
    depth: u32,
    /// Whether no string so far has had escapes.
    pub(super) plain: bool,
    /// The integer that was read last.
    pub(super) integer: Option<u64>,
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
    pub(super) written: &'de str,
    // A whole word, because reading one of which a byte was just written makes the processor wait.
    escapes: usize,
}

impl<'de> Text<'de> {
    pub(super) fn is_escaped(self) -> bool {
        self.escapes > 0
    }

    pub(super) fn unescaped(self) -> Cow<'de, str> {
        if self.is_escaped() { string::unescape(self.written) } else { Cow::Borrowed(self.written) }
    }
}

/// Where in a container the lexer is.
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

impl Mark {
    pub(super) fn offset(self) -> usize {
        self.at
    }
}

impl<'de> Lexer<'de> {
    /// Begins at the first value.
    pub(super) fn new(text: &'de str) -> Self {
        let mut lexer = Self { text, at: 0, depth: 0, plain: true, integer: None };
        lexer.space();
        lexer
    }

    pub(super) fn text(&self) -> &'de str {
        self.text
    }

    /// Where a string of the text begins.
    pub(super) fn offset_of(&self, string: Text<'de>) -> usize {
        string.written.as_ptr().addr() - self.text.as_ptr().addr()
    }

    /// How many containers are around the place.
    pub(super) fn depth(&self) -> u32 {
        self.depth
    }

    /// Where it is.
    pub(super) fn mark(&self) -> Mark {
        Mark { at: self.at, depth: self.depth }
    }

    /// Goes back to where it was.
    pub(super) fn back_to(&mut self, mark: Mark) {
        (self.at, self.depth) = (mark.at, mark.depth);
    }

    /// Nothing may follow the value.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        self.space();
        if self.at < self.text.len() { Err(self.syntax()) } else { Ok(()) }
    }

    /// Reads a value that has no children, or enters one that may have some.
    #[inline(always)]
    pub(super) fn lexeme(&mut self) -> Result<Lexeme<'de>, Fault> {
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

    /// Goes to the next element of an array, or leaves it.
    #[inline(always)]
    pub(super) fn element(&mut self, place: &mut Place) -> Result<bool, Fault> {
        self.next(place, b']')
    }

    /// Goes to the value of an object's next member, or leaves the object. Whether its name differs from the others is for the
    /// caller to see.
    #[inline(always)]
    pub(super) fn member(&mut self, place: &mut Place) -> Result<Option<Text<'de>>, Fault> {
        if !self.next(place, b'}')? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.syntax());
        }
        let start = self.at;
        let name = self.string()?;
        if name.is_escaped() && name.unescaped().contains('\0') {
            return Err(Fault::NulInName(u32::try_from(start).unwrap_or(u32::MAX)));
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.syntax());
        }
        self.at += 1;
        self.space();
        Ok(Some(name))
    }

    /// The number that stands here, if one does, without going on.
    pub(super) fn peek_number(&mut self) -> Result<Option<&'de str>, Fault> {
        self.space();
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Ok(None);
        }
        let end = number::scan(self.text.as_bytes(), self.at)?;
        Ok(self.text.get(self.at..end))
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    pub(super) fn syntax(&self) -> Fault {
        Fault::syntax(self.at)
    }

    #[inline(always)]
    fn next(&mut self, place: &mut Place, close: u8) -> Result<bool, Fault> {
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

    fn enter(&mut self, container: Lexeme<'de>) -> Result<Lexeme<'de>, Fault> {
        if self.depth == DEPTH {
            return Err(Fault::TooDeep(DEPTH));
        }
        self.depth += 1;
        self.at += 1;
        Ok(container)
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Text<'de>, Fault> {
        let start = self.at + 1;
        let end = string::scan(self.text.as_bytes(), start)?;
        self.at = end.quote + 1;
        self.plain &= end.escapes == 0;
        Ok(Text { written: self.text.get(start..end.quote).unwrap_or_default(), escapes: end.escapes })
    }

    fn number(&mut self) -> Result<Lexeme<'de>, Fault> {
        let start = self.at;
        if let Some((value, end)) = number::small_integer(self.text.as_bytes(), start) {
            (self.at, self.integer) = (end, Some(value));
            return Ok(Lexeme::Integer(value));
        }
        self.at = number::scan(self.text.as_bytes(), start)?;
        let written = self.text.get(start..self.at).unwrap_or_default();
        self.integer = if number::is_integer(written) { written.parse().ok() } else { None };
        Ok(self.integer.map_or(Lexeme::Number(written), Lexeme::Integer))
    }

    fn word(&mut self, word: &str, lexeme: Lexeme<'de>) -> Result<Lexeme<'de>, Fault> {
        let end = self.at + word.len();
        if self.text.as_bytes().get(self.at..end) != Some(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at = end;
        Ok(lexeme)
    }
}
