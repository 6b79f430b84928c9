//! All that is stored about a user, as a file.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use super::{Account, Page, sign_in};
use crate::interaction::{Errand, PageError};

/// `GET /account/export`
pub(crate) async fn get(errand: Errand<Account>) -> Result<Response, PageError> {
    let signed_in = match errand.user(Page::Export.recency()) {
        Ok(signed_in) => signed_in,
        Err(wanted) => return sign_in::page(&errand, &wanted).await,
    };
    let app = &errand.app;
    let exported = app.authority.own_account().export(signed_in, app.clock.now()).await?;
    tracing::info!(request = errand.context.id(), user = %signed_in.user.id, "data downloaded by its user");
    let mut response = Response::new(Body::from(format!("{exported:#}\n")));
    *response.headers_mut() = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"account.json\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]);
    Ok(response)
}
