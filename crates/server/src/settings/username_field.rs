//! The name of the username field: Django's `USERNAME_FIELD`.

/// The name of the username field in the token API's requests and errors: `username`, or the `USERNAME_FIELD` of a
/// custom Django user model (`email`, `phone`). Setting `token_api.username_field`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsernameField(Box<str>);

/// Why a text cannot be the name of the username field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsernameFieldError {
    /// The text is the name of the password field.
    #[error("`password` is the password field: name the username field, such as username or email")]
    Password,
    /// The text is not a field name.
    #[error(
        "expected the name of a field, such as username, email or phone: up to {} letters, digits and the characters _ - .",
        UsernameField::MAX_CHARS
    )]
    Malformed,
}

impl UsernameField {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Parses the name of a field.
    ///
    /// # Errors
    /// [`UsernameFieldError`] says why it is refused.
    pub fn parse(text: &str) -> Result<Self, UsernameFieldError> {
        let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        if text.is_empty() || text.chars().count() > Self::MAX_CHARS || !text.chars().all(is_name) {
            Err(UsernameFieldError::Malformed)
        } else if text == PASSWORD {
            Err(UsernameFieldError::Password)
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The label of the field, as Django makes it: `phone_number` becomes `Phone number`.
    pub(crate) fn label(&self) -> String {
        let spaced = self.0.replace('_', " ");
        let mut letters = spaced.trim().chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

/// The name of the password field.
pub(crate) const PASSWORD: &str = "password";

impl Default for UsernameField {
    fn default() -> Self {
        Self("username".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_but_that_of_the_password_can_be_the_field() {
        for name in ["username", "email", "phone_number", "e-mail", "kullanıcı"] {
            assert_eq!(UsernameField::parse(name).as_ref().map(UsernameField::as_str), Ok(name));
        }
        assert_eq!(UsernameField::parse("password"), Err(UsernameFieldError::Password));
        for text in ["", "user name", "a\"b", "a\\b", "a\u{0}", &"x".repeat(65)] {
            assert_eq!(UsernameField::parse(text), Err(UsernameFieldError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_label_is_made_as_django_makes_it() {
        let label = |name| UsernameField::parse(name).map(|field| field.label());
        assert_eq!(label("email").as_deref(), Ok("Email"));
        assert_eq!(label("phone_number").as_deref(), Ok("Phone number"));
    }
}
