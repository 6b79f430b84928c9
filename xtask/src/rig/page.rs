//! The forms of HTML pages, as far as the authority's own pages go.

/// A form with its hidden fields, and what was filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it goes.
    pub(crate) action: String,
    /// Its fields, in order.
    pub(crate) fields: Vec<(String, String)>,
    /// The other fields and the buttons, by name and value.
    controls: Vec<(String, String)>,
}

impl Form {
    /// The last form of a page: on the sign-in page the one with the fields.
    pub(crate) fn last_of(html: &str) -> Option<Self> {
        // A form for a passkey needs a script.
        let form = html.split("<form").skip(1).filter(|form| !form.contains("data-passkey")).last()?;
        let form = form.split("</form>").next()?;
        let action = attribute(form.split('>').next()?, "action")?;
        let mut found = Self { action, fields: Vec::new(), controls: Vec::new() };
        for tag in form.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("button")) {
            let tag = tag.split('>').next()?;
            let Some(name) = attribute(tag, "name") else { continue };
            let value = attribute(tag, "value").unwrap_or_default();
            let hidden = attribute(tag, "type").as_deref() == Some("hidden");
            if hidden { &mut found.fields } else { &mut found.controls }.push((name, value));
        }
        Some(found)
    }

    /// Whether a person may fill in this field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.controls.iter().any(|(known, _)| known == name)
    }

    /// Whether it has a button for this.
    pub(crate) fn offers(&self, action: &str) -> bool {
        self.controls.iter().any(|(name, value)| name == "action" && value == action)
    }

    /// The same with a field filled in.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What a page says, without its tags, in one line.
pub(crate) fn text_of(html: &str) -> String {
    let texts = html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
    texts.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// Fields as a browser posts them.
pub(crate) fn encode(fields: &[(String, String)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn percent(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = tag[start..].split('"').next()?;
    let entities =
        [("&#38;", "&"), ("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&amp;", "&")];
    Some(entities.iter().fold(value.to_owned(), |text, (entity, letter)| text.replace(entity, letter)))
}

#[cfg(test)]
mod tests {
    use super::{Form, encode};

    #[test]
    fn a_form_is_read_and_filled_in() {
        let page = r#"<form action="/other"></form><form method="post" action="/in?a=1&#38;b=2">
            <input type="hidden" name="form_token" value="t"><input name="username" value="">
            <button type="submit" name="action" value="sign_in">Sign in</button></form>"#;
        let form = Form::last_of(page).expect("a form");
        assert_eq!(form.action, "/in?a=1&b=2");
        assert!(form.has("username") && form.offers("sign_in") && !form.has("form_token"));
        assert_eq!(
            encode(&form.with("username", "ada lovelace").fields),
            "form_token=t&username=ada%20lovelace"
        );
    }
}
