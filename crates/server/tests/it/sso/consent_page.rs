//! What the page shows that asks whether a client may have what it asks for.

use jeton_authority::client::{ClientPolicy, ConsentPolicy};

use super::browser::Browser;
use super::client::{authorize, web};
use crate::app::TestApp;

#[tokio::test]
async fn the_page_shows_the_resources_that_are_asked_for() {
    let app = TestApp::new().await;
    let policy = ClientPolicy {
        consent: ConsentPolicy::Asked,
        resources: vec!["https://mcp.example/mcp".to_owned(), "https://other.example".to_owned()],
        ..ClientPolicy::default()
    };
    app.add_client_with("web", web(), policy).await;
    let page = Browser::new(&app).sign_in(&authorize(&[("resource", "https://mcp.example/mcp")])).await;
    let text = page.text();
    assert!(text.contains("<code><bdi>https://mcp.example/mcp</bdi></code>"), "{text}");
    assert!(!text.contains("https://other.example"), "only what is asked for: {text}");
    let page = Browser::new(&app).sign_in(&authorize(&[])).await;
    assert!(!page.text().contains("Services it will access"), "{}", page.text());
}
