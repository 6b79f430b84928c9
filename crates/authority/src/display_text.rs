//! Untrusted texts on pages, such as names of applications. Nothing in them may be hidden, and they must not change
//! how the text around them reads.

use std::borrow::Cow;

/// The longest name, in characters.
pub const MAX_DISPLAY_NAME: usize = 100;

/// Why a text cannot be the name of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisplayNameError {
    /// The text has no visible characters.
    #[error("a name must contain visible characters")]
    Blank,
    /// The text is too long.
    #[error("a name must have at most {MAX_DISPLAY_NAME} characters, found {found}")]
    TooLong {
        /// Its length in characters.
        found: usize,
    },
    /// The text contains an invisible character, or one that changes the direction of text.
    #[error("a name must not contain the invisible character U+{:04X}", u32::from(*.character))]
    Hidden {
        /// The character.
        character: char,
    },
}

/// Checks the name of an application from any source: the command line, registration, a metadata document.
///
/// # Errors
/// [`DisplayNameError`] names the violated rule.
pub fn check_display_name(name: &str) -> Result<(), DisplayNameError> {
    let found = name.chars().count();
    if name.trim().is_empty() {
        Err(DisplayNameError::Blank)
    } else if found > MAX_DISPLAY_NAME {
        Err(DisplayNameError::TooLong { found })
    } else if let Some((_, character)) = hidden_characters(name).next() {
        Err(DisplayNameError::Hidden { character })
    } else {
        Ok(())
    }
}

/// A text with each hidden character written as its code point, such as `\u{202e}`. This is for names stored before
/// the current rule, and for texts without a rule.
pub fn visible(text: &str) -> Cow<'_, str> {
    let mut hidden = hidden_characters(text).peekable();
    if hidden.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for (at, character) in hidden {
        shown.push_str(&text[end..at]);
        shown.extend(character.escape_unicode());
        end = at + character.len_utf8();
    }
    shown.push_str(&text[end..]);
    Cow::Owned(shown)
}

/// The invisible characters of a text and those that change the direction of the text around them, with their
/// positions.
///
/// Letters of all scripts are allowed, whatever their direction, because pages isolate each text. So are the few
/// invisible characters that people need to write their language, in positions where they have an effect: joiners
/// within scripts whose letters join and within emoji, and selectors after a character that has variants.
pub fn hidden_characters(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut before = None;
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (at, character) = rest.next()?;
            let next = rest.peek().map(|(_, next)| *next);
            let is_hidden = is_hidden(before, character, next);
            before = Some(character);
            if is_hidden {
                return Some((at, character));
            }
        }
    })
}

fn is_hidden(before: Option<char>, character: char, next: Option<char>) -> bool {
    let follows = |test: fn(char) -> bool| before.is_some_and(test);
    let precedes = |test: fn(char) -> bool| next.is_some_and(test);
    match character {
        // Zero-width non-joiner and joiner: Persian words and the scripts of India need them (RFC 5892 appendix A.1 and A.2), and
        // families and professions among emoji are joined.
        '\u{200c}' => !(follows(is_virama) || follows(is_joining) && precedes(is_joining)),
        '\u{200d}' => {
            !(follows(is_virama)
                || follows(is_joining) && precedes(is_joining)
                || follows(ends_emoji) && precedes(is_pictograph))
        }
        // How an emoji is drawn; with a digit, the picture of a key.
        '\u{fe0e}' => !follows(is_pictograph),
        '\u{fe0f}' => {
            let is_key = |c: char| matches!(c, '0'..='9' | '#' | '*');
            !(follows(is_pictograph) || follows(is_key) && next == Some('\u{20e3}'))
        }
        // Which form of an ideograph: Japanese names depend on it.
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => !follows(is_ideograph),
        // Which form of a Mongolian letter.
        '\u{180b}'..='\u{180d}' | '\u{180f}' => !follows(|c| matches!(c, '\u{1820}'..='\u{18aa}')),
        _ => is_always_hidden(character),
    }
}

/// Characters that are not allowed in a line of text: controls, direction marks, fillers, tags, and non-characters.
fn is_always_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
        // The last two of each plane are no characters.
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether it belongs to a script whose letters join or stack: Arabic and related scripts, and those of South and
/// Southeast Asia.
fn is_joining(c: char) -> bool {
    let joins = matches!(c,
        '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18aa}' | '\u{1a00}'..='\u{1aaf}' | '\u{1b00}'..='\u{1c4f}'
        | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}');
    joins && !is_always_hidden(c)
}

/// Whether it removes the vowel of a letter, so that the next one stacks or joins (canonical combining class 9).
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d3b}'
            | '\u{d3c}'
            | '\u{d4d}'
            | '\u{dca}'
            | '\u{e3a}'
            | '\u{eba}'
            | '\u{f84}'
            | '\u{1039}'
            | '\u{103a}'
            | '\u{17d2}'
            | '\u{1b44}'
            | '\u{1baa}'
            | '\u{1bab}'
            | '\u{a806}'
            | '\u{a8c4}'
            | '\u{a953}'
            | '\u{a9c0}'
            | '\u{aaf6}'
            | '\u{abed}'
    )
}

fn is_pictograph(c: char) -> bool {
    matches!(c,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21ff}'
        | '\u{2300}'..='\u{23ff}' | '\u{24c2}' | '\u{25a0}'..='\u{27bf}' | '\u{2934}' | '\u{2935}'
        | '\u{2b00}'..='\u{2bff}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
        | '\u{1f000}'..='\u{1faff}')
}

/// The last character of an emoji before it is joined to the next: the emoji itself, its variant, or its skin tone,
/// which is a pictograph too.
fn ends_emoji(c: char) -> bool {
    is_pictograph(c) || c == '\u{fe0f}'
}

fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_of_all_scripts_pass_and_are_shown_as_they_are() {
        for name in [
            "The Shop",
            "L'Été – «Zürich» & Co. №1",
            "متجر الكتب",
            "חנות הספרים",
            // "I want", in Persian, with a non-joiner.
            "می\u{200c}خواهم",
            // Devanagari with an explicit virama; a Sinhala word with a joiner; a Malayalam one that ends with it.
            "क्\u{200c}ष",
            "ශ්\u{200d}රී",
            "അവന്\u{200d}",
            // A Japanese name with a variant of its first character.
            "辻\u{e0100}さん",
            "店　名",
            "👩\u{200d}💻 Works",
            "🏳\u{fe0f}\u{200d}🌈",
            "👍🏽",
            "❤\u{fe0f} 1\u{fe0f}\u{20e3} ©\u{fe0f}",
            "ᠠ\u{180b}",
            "e\u{301}",
        ] {
            assert_eq!(check_display_name(name), Ok(()), "{name:?}");
            assert_eq!(visible(name), name);
        }
    }

    #[test]
    fn names_that_hide_something_are_refused_and_shown_with_it_made_visible() {
        for (name, shown) in [
            ("Bank\u{202e}knaB", "Bank\\u{202e}knaB"),
            ("a\u{200e}b", "a\\u{200e}b"),
            ("a\u{2067}b\u{2069}", "a\\u{2067}b\\u{2069}"),
            ("a\u{61c}b", "a\\u{61c}b"),
            ("Pay\u{200b}Pal", "Pay\\u{200b}Pal"),
            ("Pay\u{200c}Pal", "Pay\\u{200c}Pal"),
            ("Pay\u{200d}Pal", "Pay\\u{200d}Pal"),
            ("متجر\u{200c}", "متجر\\u{200c}"),
            ("\u{200d}متجر", "\\u{200d}متجر"),
            ("می\u{200c}\u{200c}خواهم", "می\\u{200c}\\u{200c}خواهم"),
            ("Shop\u{fe0f}", "Shop\\u{fe0f}"),
            ("Shop\u{e0100}", "Shop\\u{e0100}"),
            ("1\u{fe0f}", "1\\u{fe0f}"),
            ("👍\u{fe0f}\u{fe0f}", "👍\u{fe0f}\\u{fe0f}"),
            ("Shop\u{e0041}\u{e007f}", "Shop\\u{e0041}\\u{e007f}"),
            ("a\u{ad}b", "a\\u{ad}b"),
            ("\u{feff}a", "\\u{feff}a"),
            ("a\u{2060}b", "a\\u{2060}b"),
            ("a\u{3164}b", "a\\u{3164}b"),
            ("a\u{2800}b", "a\\u{2800}b"),
            ("a\u{34f}b", "a\\u{34f}b"),
            ("a\nb", "a\\u{a}b"),
            ("a\0b", "a\\u{0}b"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("a\u{ffff}b", "a\\u{ffff}b"),
        ] {
            assert!(matches!(check_display_name(name), Err(DisplayNameError::Hidden { .. })), "{name:?}");
            assert_eq!(visible(name), shown);
        }
    }

    #[test]
    fn a_name_has_something_to_read_and_is_not_too_long() {
        for blank in ["", " ", "\u{a0}\u{3000}"] {
            assert_eq!(check_display_name(blank), Err(DisplayNameError::Blank));
        }
        assert_eq!(check_display_name(&"é".repeat(100)), Ok(()));
        assert_eq!(check_display_name(&"é".repeat(101)), Err(DisplayNameError::TooLong { found: 101 }));
    }

    #[test]
    fn the_message_names_the_character() {
        let error = check_display_name("a\u{202e}b").unwrap_err();
        assert_eq!(error.to_string(), "a name must not contain the invisible character U+202E");
    }
}
