//! Which passwords people may choose (NIST SP 800-63B-4 §3.1.1): long enough, and not easy to guess. Nothing is asked of its composition,
//! and nothing expires. The rule applies to new passwords only: users can still sign in with older ones.

use serde::{Deserialize, Serialize};
use zxcvbn::Score;
use zxcvbn::feedback::Warning;

use super::Password;

/// How many characters are enough for users who also present a second factor (§3.1.1.2).
pub const MIN_LENGTH_WITH_SECOND_FACTOR: u32 = 8;

/// How many characters of a password are looked at. Whatever follows makes it only harder to guess.
const LOOKED_AT: usize = 100;

/// How hard to guess a password has to be that is all that somebody presents: beyond 10⁸ guesses.
const LEAST: Score = Score::Three;
/// And beside a second factor: beyond 10⁶.
const LEAST_WITH_SECOND_FACTOR: Score = Score::Two;

/// Why nobody may choose a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakPassword {
    /// It has too few characters.
    #[error("the password has {found} characters, at least {wanted} are required")]
    TooShort {
        /// How many it has.
        found: u32,
        /// How many are required.
        wanted: u32,
    },
    /// It is easy to guess.
    #[error("the password is easy to guess")]
    Guessable(Weakness),
}

impl WeakPassword {
    /// The stable name of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::Guessable(_) => "password_guessable",
        }
    }
}

/// What makes a password easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weakness {
    /// Many people use it, or one like it.
    Common,
    /// It repeats a part of itself.
    Repetition,
    /// Its characters follow each other, in the alphabet or in the order of numbers.
    Sequence,
    /// Its keys lie side by side.
    Keyboard,
    /// It is little more than a name.
    Name,
    /// It is little more than a date.
    Date,
    /// It is a word that is in dictionaries, or something about the user.
    Word,
}

/// Judges a new password. `related` are texts that an attacker who knows the user tries first, and `min_length` is the number of characters
/// required of users without a second factor.
///
/// # Errors
/// [`WeakPassword`] says what is wrong, without the password.
pub fn judge(
    password: &Password,
    has_second_factor: bool,
    related: &[&str],
    min_length: u32,
) -> Result<(), WeakPassword> {
    let text = password.expose();
    let found = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let wanted = least_length(has_second_factor, min_length);
    if found < wanted {
        return Err(WeakPassword::TooShort { found, wanted });
    }
    let end = text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(end, _)| end);
    let is_separator = |c: char| !c.is_alphanumeric();
    let parts = related.iter().flat_map(|text| text.split(is_separator)).filter(|part| part.len() > 2);
    let related: Vec<&str> = related.iter().copied().chain(parts).collect();
    let estimate = zxcvbn::zxcvbn(&text[..end], &related);
    if estimate.score() >= if has_second_factor { LEAST_WITH_SECOND_FACTOR } else { LEAST } {
        return Ok(());
    }
    let warning = estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    Err(WeakPassword::Guessable(warning.map_or(Weakness::Word, weakness)))
}

/// How many characters a password has at least.
pub fn least_length(has_second_factor: bool, min_length: u32) -> u32 {
    let enough = if has_second_factor { MIN_LENGTH_WITH_SECOND_FACTOR } else { u32::MAX };
    min_length.min(enough)
}

const fn weakness(warning: Warning) -> Weakness {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => {
            Weakness::Keyboard
        }
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            Weakness::Repetition
        }
        Warning::SequencesLikeAbcAreEasyToGuess => Weakness::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => Weakness::Date,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => Weakness::Name,
        Warning::AWordByItselfIsEasyToGuess => Weakness::Word,
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => Weakness::Common,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str, has_second_factor: bool) -> Result<(), WeakPassword> {
        let related = ["ada", "ada.lovelace@example.org", "Ada Lovelace", "login.example.org"];
        judge(&Password::new(text), has_second_factor, &related, 15)
    }

    #[test]
    fn a_long_password_that_nobody_guesses_may_be_chosen() {
        for text in [
            "correct horse battery",
            "vier müde Kamele tanzen",
            "xK3!vq9#Lw2$Pz7",
            "電池は馬を正しく留める朝の光",
        ] {
            assert_eq!(judged(text, true), Ok(()), "{text}");
        }
        assert_eq!(judged(&"no two of these words go together ".repeat(100), false), Ok(()));
    }

    #[test]
    fn eight_characters_are_enough_beside_a_second_factor_and_fifteen_without_one() {
        assert_eq!(judged("xK3!vq9#", true), Ok(()));
        let short = |found, wanted| Err(WeakPassword::TooShort { found, wanted });
        assert_eq!(judged("xK3!vq9#", false), short(8, 15));
        assert_eq!(judged("xK3!vq9", true), short(7, 8));
        assert_eq!(judged("🔑🔑🔑🔑", true), short(4, 8), "characters are counted, not bytes");
        assert_eq!(judge(&Password::new("xK3!vq9#w"), false, &[], 6), Ok(()));
        assert_eq!(judge(&Password::new("xK3!v"), true, &[], 6), short(5, 6));
    }

    #[test]
    fn what_is_easy_to_guess_is_refused_however_long_it_is() {
        for (text, weakness) in [
            ("passwordpassword", Weakness::Repetition),
            ("aaaaaaaaaaaaaaaaaaaa", Weakness::Repetition),
            ("iloveyouforever", Weakness::Common),
            ("abcdefghijklmnop", Weakness::Sequence),
            ("mnbvcxzlkjhgfdsa", Weakness::Common),
            ("19841984198419841984", Weakness::Repetition),
        ] {
            assert_eq!(judged(text, false), Err(WeakPassword::Guessable(weakness)), "{text}");
        }
        for related in ["ada.lovelace@example.org", "login.example.org"] {
            let judged = judged(related, false);
            assert!(matches!(judged, Err(WeakPassword::Guessable(_))), "{related}: {judged:?}");
        }
    }
}
