//! The lexer, as typed values are read with it: it sees that names differ, and shows members to somebody.

use super::{Onlooker, Written};
use crate::json::error::Failure;
use crate::json::lexer::{Lexeme, Lexer, Mark, Place, Text};
use crate::json::names::Names;
use crate::json::{Document, Fault, Limits};

/// A place in a text that has been checked so far.
pub(super) struct Reader<'r, 'de, O> {
    lexer: Lexer<'de>,
    onlooker: &'r mut O,
    /// Whether the document has confirmed that all names differ.
    confirmed: bool,
    faulty: bool,
}

impl<'r, 'de, O: Onlooker> Reader<'r, 'de, O> {
    /// Begins at the first value.
    pub(super) fn new(text: &'de str, onlooker: &'r mut O) -> Self {
        Self { lexer: Lexer::new(text), onlooker, confirmed: false, faulty: false }
    }

    /// Nothing may follow the value.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        let ended = self.lexer.finish();
        self.sound(ended)?;
        if self.faulty { Err(self.lexer.syntax().into()) } else { Ok(()) }
    }

    /// Reads a value that has no children, or enters one that may have some.
    #[inline(always)]
    pub(super) fn lexeme(&mut self) -> Result<Lexeme<'de>, Failure> {
        let lexeme = self.lexer.lexeme();
        self.sound(lexeme)
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
        let start = self.at().offset();
        self.skip()?;
        Ok(self.lexer.text().get(start..self.at().offset()).unwrap_or_default())
    }

    /// Goes to the next element of an array, or leaves it.
    pub(super) fn element(&mut self, place: &mut Place) -> Result<bool, Failure> {
        let more = self.lexer.element(place);
        self.sound(more)
    }

    /// Goes to the value of an object's next member, or leaves the object.
    #[inline(always)]
    pub(super) fn name(
        &mut self,
        place: &mut Place,
        names: &mut Names,
    ) -> Result<Option<Text<'de>>, Failure> {
        let name = self.lexer.member(place);
        let name = self.sound(name)?;
        if let Some(name) = name
            && (!names.add(name.written.as_bytes()) || name.is_escaped())
        {
            self.confirm()?;
        }
        Ok(name)
    }

    /// Where the reader stands.
    pub(super) fn at(&self) -> Mark {
        self.lexer.mark()
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
            self.lexer.back_to(start);
            // What is wrong with the text is kept by the reader.
            let _ = self.skip();
        }
    }

    /// Shows the onlooker a member of the outermost object whose value has been read from `start` to here.
    #[inline(always)]
    pub(super) fn show(&mut self, name: Text<'de>, start: Mark) {
        if self.lexer.depth() == 1 {
            let value = Written {
                within: self.lexer.text(),
                start: start.offset(),
                end: self.at().offset(),
                plain: self.lexer.plain,
                integer: None,
            };
            // An integer that was read last may lie within this value.
            let integer =
                self.lexer.integer.filter(|_| value.first().is_some_and(|byte| byte.is_ascii_digit()));
            self.onlooker.member(&name.unescaped(), Written { integer, ..value });
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.lexer.peek()
    }

    pub(super) fn space(&mut self) {
        self.lexer.space();
    }

    /// The number that stands here, if one does, without going on.
    pub(super) fn peek_number(&mut self) -> Result<Option<&'de str>, Failure> {
        let number = self.lexer.peek_number();
        self.sound(number)
    }

    #[cold]
    fn confirm(&mut self) -> Result<(), Failure> {
        if !self.confirmed {
            let text = self.lexer.text();
            Document::parse_str(text, Limits::PAYLOAD).inspect_err(|_| self.faulty = true)?;
            self.confirmed = true;
        }
        Ok(())
    }

    /// Remembers a fault of the text, which no type can undo.
    #[inline(always)]
    fn sound<T>(&mut self, step: Result<T, Fault>) -> Result<T, Failure> {
        match step {
            Ok(step) => Ok(step),
            Err(fault) => Err(self.fault(fault)),
        }
    }

    #[cold]
    fn fault(&mut self, fault: Fault) -> Failure {
        self.faulty = true;
        fault.into()
    }
}
