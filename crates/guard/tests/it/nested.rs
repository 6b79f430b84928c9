//! Proofs are for the whole path that the client sent, wherever the guard stands.

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response, StatusCode, Uri};
use jeton_guard::{AccessToken, Dpop, Guard, ReceivedUri};
use jeton_jose::dpop::{Prover, Request as Proved};
use jeton_jose::{Algorithm, PrivateKey};
use serde_json::json;
use tower::{Service, ServiceBuilder, ServiceExt};

use crate::world::{Issuer, NOW, builder, with};

const WHOLE: &str = "https://api.example/v1/things/one";

struct Client {
    prover: Prover,
    token: String,
}

impl Client {
    fn new(issuer: &Issuer) -> Self {
        let prover = Prover::new(&PrivateKey::generate(Algorithm::ES256).expect("a key")).expect("a prover");
        let token = issuer.sign(&with("cnf", json!({"jkt": prover.thumbprint()})));
        Self { prover, token }
    }

    /// A request to this path, with a proof for this URL.
    fn request(&self, path: &str, proved: &str) -> Request<Body> {
        let proof = self.prover.prove(&Proved::new("GET", proved).access_token(&self.token), NOW);
        Request::get(path)
            .header("authorization", format!("DPoP {}", self.token))
            .header("dpop", proof.expect("a proof"))
            .body(Body::empty())
            .expect("a request")
    }
}

fn guard(issuer: &Issuer) -> Guard {
    builder(issuer).0.dpop(Dpop::at("https://api.example").expect("a URL")).build()
}

fn hello() -> Router {
    Router::new().route("/one", get(async |token: AccessToken| token.sub.clone()))
}

/// The proof for the whole URL passes, and none for a part of it.
async fn check(name: &str, client: &Client, mut app: impl AsyncFnMut(Request<Body>) -> StatusCode) {
    assert_eq!(app(client.request("/v1/things/one", WHOLE)).await, StatusCode::OK, "{name}");
    let with_query = client.request("/v1/things/one?page=2", WHOLE);
    assert_eq!(app(with_query).await, StatusCode::OK, "{name}");
    for shortened in ["/things/one", "/one", "/", "/v1/v1/things/one"] {
        let wrong = client.request("/v1/things/one", &format!("https://api.example{shortened}"));
        assert_eq!(app(wrong).await, StatusCode::UNAUTHORIZED, "{name}: {shortened}");
    }
}

#[tokio::test]
async fn a_guard_inside_nested_routers_checks_the_whole_path() {
    let issuer = Issuer::new("k");
    let (guard, client) = (guard(&issuer), Client::new(&issuer));
    let routers = [
        ("around the route", Router::new().nest("/things", hello().layer(guard.layer()))),
        ("around the first nest", Router::new().nest("/things", hello()).layer(guard.layer())),
        ("as a nested service", Router::new().nest_service("/things", guard.layer_of(hello()))),
    ];
    for (name, router) in routers {
        let app = Router::new().nest("/v1", router);
        check(name, &client, async |request| {
            app.clone().oneshot(request).await.expect("a router does not fail").status()
        })
        .await;
    }
    let outermost = Router::new().nest("/v1", Router::new().nest("/things", hello())).layer(guard.layer());
    check("around everything", &client, async |request| {
        outermost.clone().oneshot(request).await.expect("a router does not fail").status()
    })
    .await;
}

trait LayerOf {
    fn layer_of(&self, router: Router) -> jeton_guard::Guarded<Router>;
}

impl LayerOf for Guard {
    fn layer_of(&self, router: Router) -> jeton_guard::Guarded<Router> {
        tower::Layer::layer(&self.layer(), router)
    }
}

/// Forwards what is below a path without it, as routers of other frameworks do.
#[derive(Clone)]
struct Below<S> {
    prefix: &'static str,
    inner: S,
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Below<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        let whole = request.uri().clone();
        let rest = whole.path().strip_prefix(self.prefix).expect("below the prefix");
        *request.uri_mut() = rest.parse::<Uri>().expect("a path");
        request.extensions_mut().get_or_insert_with(|| ReceivedUri(whole));
        self.inner.call(request)
    }
}

#[derive(Clone)]
struct Hello;

impl Service<Request<Body>> for Hello {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert_eq!(request.uri().path(), "/one");
        std::future::ready(Ok(Response::new(Body::empty())))
    }
}

#[tokio::test]
async fn a_guard_behind_services_that_shorten_the_path_checks_the_whole_one() {
    let issuer = Issuer::new("k");
    let (guard, client) = (guard(&issuer), Client::new(&issuer));
    let service = ServiceBuilder::new().layer(guard.layer()).service(Hello);
    let service = Below { prefix: "/v1", inner: Below { prefix: "/things", inner: service } };
    check("plain tower", &client, async |request| {
        service.clone().oneshot(request).await.expect("it does not fail").status()
    })
    .await;
}

#[tokio::test]
async fn admitting_a_request_by_hand_checks_the_whole_path_too() {
    let issuer = Issuer::new("k");
    let (guard, client) = (guard(&issuer), Client::new(&issuer));
    let received = |proved: &str| {
        let mut request = client.request("/one", proved).map(drop);
        request.extensions_mut().insert(ReceivedUri(Uri::from_static("/v1/things/one")));
        request
    };
    guard.admit_request(&received(WHOLE)).await.expect("it is for the whole path");
    guard.admit_request(&received("https://api.example/one")).await.expect_err("it is for a part");
}
