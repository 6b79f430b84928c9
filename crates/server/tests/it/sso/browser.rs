//! A browser as far as the authority sees one: it keeps cookies, follows what it is told, and posts the forms of pages.

use std::cell::RefCell;
use std::collections::BTreeMap;

use axum::body::Body;
use http::{Request, StatusCode, header};
use jeton_oauth::Parameters;

use crate::app::{Answer, TestApp};

pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    cookies: RefCell<BTreeMap<String, String>>,
    user_agent: Option<&'static str>,
}

/// A form of a page.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) hidden: Vec<(String, String)>,
    /// What a passkey is asked for, in a form for one.
    pub(crate) options: Option<serde_json::Value>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: RefCell::default(), user_agent: None }
    }

    /// One that says what it is.
    pub(crate) fn called(app: &'a TestApp, user_agent: &'static str) -> Self {
        Self { user_agent: Some(user_agent), ..Self::new(app) }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        let target = target.strip_prefix("https://auth.example").unwrap_or(target);
        self.send(Request::get(target).body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post(&self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Parameters = fields.iter().copied().collect();
        let request = Request::post(target)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.to_query()))
            .expect("a request");
        self.send(request).await
    }

    /// Posts a form with what its user adds. A form of an authorization request is answered with a redirect to that request, which
    /// is followed.
    pub(crate) async fn submit(&self, form: &Form, fields: &[(&str, &str)]) -> Answer {
        let answer = self.press(form, fields).await;
        if form.action.starts_with("/authorize/") { self.follow(answer).await } else { answer }
    }

    /// Posts a form with what its user adds, and waits there.
    pub(crate) async fn press(&self, form: &Form, fields: &[(&str, &str)]) -> Answer {
        let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = hidden.chain(fields.iter().copied()).collect();
        self.post(&form.action, &all).await
    }

    /// Posts a form, and goes where its answer leads.
    pub(crate) async fn submit_and_follow(&self, form: &Form, fields: &[(&str, &str)]) -> Answer {
        let answer = self.press(form, fields).await;
        assert_eq!(
            answer.status,
            StatusCode::SEE_OTHER,
            "a form is answered with a redirect: {}",
            answer.text()
        );
        self.follow(answer).await
    }

    /// Goes where the authority leads, as long as that is within itself.
    pub(crate) async fn follow(&self, mut answer: Answer) -> Answer {
        while let Some(target) = leads_on(&answer) {
            answer = self.get(&target).await;
        }
        answer
    }

    /// Throws all cookies away.
    pub(crate) fn forget_cookies(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// Signs in on the page that a request leads to.
    pub(crate) async fn sign_in(&self, target: &str) -> Answer {
        let page = self.get(target).await;
        let form = form(&page);
        self.submit(&form, &[("username", "ada"), ("password", crate::app::PASSWORD), ("action", "sign_in")])
            .await
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let cookies: Vec<_> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().expect("cookies"));
        }
        if let Some(said) = self.user_agent {
            request.headers_mut().insert(header::USER_AGENT, said.parse().expect("a header"));
            request.headers_mut().insert(header::ACCEPT, "text/html".parse().expect("a header"));
        }
        let answer = self.app.send(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if cookie.contains("Max-Age=0") {
                self.cookies.borrow_mut().remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
        answer
    }
}

/// Where the authority sends the browser within itself.
pub(crate) fn leads_on(answer: &Answer) -> Option<String> {
    let location = answer.header("location")?;
    let path = location.strip_prefix("https://auth.example").unwrap_or(location);
    path.starts_with('/').then(|| path.to_owned())
}

/// The last form of a page that needs no script: on the sign-in page the one with the fields.
#[track_caller]
pub(crate) fn form(page: &Answer) -> Form {
    let without_scripts = |form: &Form| form.options.is_none();
    let found = forms(page).into_iter().rfind(without_scripts);
    found.unwrap_or_else(|| panic!("no form: {} {}", page.status, page.text()))
}

/// The first form of a page that a script fills in with a passkey.
#[track_caller]
pub(crate) fn passkey_form(page: &Answer) -> Form {
    let form = forms(page).into_iter().find(|form| form.options.is_some());
    form.unwrap_or_else(|| panic!("no form for a passkey: {} {}", page.status, page.text()))
}

/// All forms of a page.
pub(crate) fn forms(page: &Answer) -> Vec<Form> {
    page.text().split("<form").skip(1).map(form_of).collect()
}

fn form_of(text: &str) -> Form {
    let form = text.split("</form>").next().unwrap_or_default();
    let attribute = |tag: &str, name: &str| {
        let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        let value = tag[start..].split('"').next()?;
        Some(
            value
                .replace("&#38;", "&")
                .replace("&#34;", "\"")
                .replace("&#39;", "'")
                .replace("&#60;", "<")
                .replace("&#62;", ">"),
        )
    };
    let action = attribute(form.split('>').next().expect("a tag"), "action").expect("an action");
    let hidden = form.split("<input").skip(1).filter(|tag| tag.contains("type=\"hidden\"")).map(|tag| {
        let tag = tag.split('>').next().expect("a tag");
        (attribute(tag, "name").expect("a name"), attribute(tag, "value").expect("a value"))
    });
    let options = attribute(form.split('>').next().expect("a tag"), "data-passkey");
    let options = options.map(|options| serde_json::from_str(&options).expect("options"));
    Form { action, hidden: hidden.collect(), options }
}

/// The parameters that an answer sends back to the client.
#[track_caller]
pub(crate) fn redirected(answer: &Answer) -> Parameters {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let location = answer.header("location").expect("a location");
    let query = location.split_once(['?', '#']).map_or("", |(_, query)| query);
    Parameters::parse(query.as_bytes()).expect("parameters")
}
