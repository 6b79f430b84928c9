//! The files that pages load.

use axum::response::Response;

use crate::pages::asset;

pub(crate) async fn page_css() -> Response {
    asset("text/css; charset=utf-8", include_str!("../../assets/page.css"))
}
