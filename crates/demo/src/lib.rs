//! What `jeton demo` shows beside the authority: an API that it protects, a page, and two sample applications.

mod applications;
mod clock;
mod error;
mod hello;
mod page;
mod surroundings;
mod words;

use std::path::Path;

use axum::Router;
use tokio::task::JoinSet;

use applications::{Applications, Link};
pub use error::DemoError;
pub use surroundings::Surroundings;

/// The demo, ready to be served.
pub struct Demo {
    url: String,
    username: &'static str,
    password: String,
    links: Vec<Link>,
    routes: Router,
    beside: JoinSet<()>,
}

impl Demo {
    /// Adds the sample applications to the authority and binds their sockets.
    ///
    /// # Errors
    /// [`DemoError`] where the folder of the authority is not empty, or no socket can be bound.
    pub async fn prepare(around: Surroundings<'_>) -> Result<Self, DemoError> {
        let (api, following) = hello::api(&around)?;
        let applications = Applications::prepare(&around).await?;
        let links = applications.links();
        let routes = api.merge(page::routes(around.username, &around.password, around.grace, &links));
        let mut beside = applications.serve();
        beside.spawn(following);
        let url = format!("http://{}", around.address);
        Ok(Self { url, username: around.username, password: around.password, links, routes, beside })
    }

    /// What the authority serves beside its own.
    pub fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// What runs beside the authority, until it is dropped.
    pub fn into_beside(self) -> JoinSet<()> {
        self.beside
    }

    /// What the terminal shows. The tokens go through a file in the scratch folder, which is the body of the next request as
    /// it is, so that each line works in any shell, and by itself.
    pub fn welcome(&self, tokens: &Path) -> String {
        let Self { url, username, password, links, .. } = self;
        let file = tokens.display();
        let json = "-H 'Content-Type: application/json'";
        let access = format!(r#"$(t=$(cat {file}); t=${{t#*access\":\"}}; echo "${{t%%\"*}}")"#);
        let links: String = links.iter().map(|link| format!("  {:<20} {}\n", link.name, link.url)).collect();
        format!(
            r#"Jeton's demo: an authority and an API that it protects. Ctrl-C stops it and deletes its data.

  In the browser       {url}/
  User                 {username}
  Password             {password}

Two sample applications. Sign in to one, then open the other:

{links}
Or paste these into another terminal:

# 1. Sign in
curl -s {url}/api/token/ {json} -d '{{"username":"{username}","password":"{password}"}}' -o {file}; cat {file}; echo

# 2. Use the API
curl -s {url}/hello/ -H "Authorization: Bearer {access}"; echo

# 3. Refresh: a new pair
curl -s {url}/api/token/refresh/ {json} -d @{file} -o {file}; cat {file}; echo

# 4. Sign out: after that, lines 2 and 3 are refused
curl -s {url}/api/token/blacklist/ {json} -d @{file}; echo
"#
        )
    }
}
