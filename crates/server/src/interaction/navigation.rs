//! Which requests may change anything. Browsers also send requests without a user action: they prefetch links,
//! prerender pages, and load images for other sites.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::PageError;
use crate::app::App;

/// Where browsers load pages that a person looks at (Fetch Metadata Request Headers §2.1). Silent requests come from
/// frames.
const SHOWN_IN: [&str; 2] = ["document", "iframe"];

/// Older names of `Sec-Purpose`. Other software uses these headers too, so their value must be checked.
const OLDER_PURPOSES: [&str; 3] = ["purpose", "x-purpose", "x-moz"];

/// Whether a person is navigating to a page: a `GET` or `POST` that is a navigation and not a prefetch. If a browser
/// does not state the purpose of a request, its method decides.
pub(crate) fn is_navigation(parts: &Parts) -> bool {
    matches!(parts.method, Method::GET | Method::POST)
        && parts.headers.get("sec-fetch-dest").is_none_or(|dest| SHOWN_IN.iter().any(|shown| dest == shown))
        && !is_ahead(&parts.headers)
}

/// Proves that a request is a navigation.
pub(crate) struct Navigation;

impl FromRequestParts<Arc<App>> for Navigation {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, PageError> {
        if is_navigation(parts) { Ok(Self) } else { Err(PageError::NotANavigation) }
    }
}

/// Whether the browser loads the page before the user has asked for it.
fn is_ahead(headers: &HeaderMap) -> bool {
    let says = |name: &&str| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let value = value.to_ascii_lowercase();
        ["prefetch", "prerender", "preview"].iter().any(|ahead| value.contains(ahead))
    };
    headers.contains_key("sec-purpose") || OLDER_PURPOSES.iter().any(says)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn navigates(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_navigation(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn somebody_who_goes_to_a_page_navigates() {
        for headers in [
            &[][..],
            &[("sec-fetch-dest", "document")],
            &[("sec-fetch-dest", "iframe")],
            &[("sec-fetch-dest", "document"), ("purpose", "billing")],
        ] {
            assert!(navigates("GET", headers), "{headers:?}");
            assert!(navigates("POST", headers), "{headers:?}");
        }
    }

    #[test]
    fn what_a_browser_loads_by_itself_is_no_navigation() {
        assert!(!navigates("HEAD", &[]));
        assert!(!navigates("OPTIONS", &[]));
        for headers in [
            ("sec-fetch-dest", "image"),
            ("sec-fetch-dest", "empty"),
            ("sec-fetch-dest", "script"),
            ("sec-fetch-dest", ""),
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("purpose", "Prerender"),
            ("x-moz", "prefetch"),
            ("x-purpose", "preview"),
        ] {
            assert!(!navigates("GET", &[headers]), "{headers:?}");
        }
    }
}
