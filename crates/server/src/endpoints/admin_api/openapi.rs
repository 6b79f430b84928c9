//! The OpenAPI document of the API, made from the table of routes and from the types of their bodies.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder,
    Ref, Required, Response as Answer, ResponseBuilder, ServerBuilder, Type as Kind,
};

use super::idempotent::IDEMPOTENCY_KEY;
use super::problem::ProblemDetails;
use super::routes::{ROUTES, Route, Verb};
use crate::app::App;
use crate::respond::json;
use crate::urls::path;

/// The name of the security scheme.
const BEARER: &str = "bearer";

pub(crate) async fn get(State(app): State<Arc<App>>) -> Response {
    // The issuer of a process does not change.
    static DOCUMENT: OnceLock<(String, String)> = OnceLock::new();
    let server = app.urls.absolute(path::ADMIN_API);
    let (made_for, text) = DOCUMENT.get_or_init(|| (server.clone(), text(&server)));
    json(StatusCode::OK, if *made_for == server { text.clone() } else { self::text(&server) })
}

fn text(server: &str) -> String {
    serde_json::to_string(&document(server)).expect("the document is JSON")
}

fn document(server: &str) -> OpenApi {
    let mut schemas = Vec::new();
    let mut paths = PathsBuilder::new();
    let names: BTreeSet<_> = ROUTES.iter().map(|route| route.path).collect();
    for path in names {
        let mut item = PathItemBuilder::new();
        for route in ROUTES.iter().filter(|route| route.path == path) {
            for of in [route.body, route.answer].into_iter().flatten() {
                schemas.push(((of.name)(), (of.schema)()));
                (of.within)(&mut schemas);
            }
            let method = match route.verb {
                Verb::Get => HttpMethod::Get,
                Verb::Post => HttpMethod::Post,
                Verb::Patch => HttpMethod::Patch,
                Verb::Delete => HttpMethod::Delete,
            };
            item = item.operation(method, operation(route));
        }
        paths = paths.path(path, item.build());
    }
    let problem = <ProblemDetails as utoipa::PartialSchema>::schema();
    let mut components = ComponentsBuilder::new().schema("ProblemDetails", problem);
    for (name, schema) in schemas {
        components = components.schema(name, schema);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = components.security_scheme(BEARER, SecurityScheme::Http(bearer)).build();
    let info = InfoBuilder::new()
        .title("Jeton administration")
        .version("1")
        .description(Some(
            "Access tokens of Jeton itself, for the resource `/admin/api` of the issuer and with the scope `jeton.admin` or \
             `jeton.admin.read`. The role of the user is looked up for each request.",
        ))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url(server).build()]))
        .paths(paths.build())
        .components(Some(components))
        .security(Some([SecurityRequirement::new(BEARER, Vec::<String>::new())]))
        .build()
}

fn operation(route: &Route) -> OperationBuilder {
    let id = format!("{} {}", route.method().as_str().to_lowercase(), route.path);
    let id = id.replace(['/', ' '], "_").replace(['{', '}'], "").replace("__", "_");
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id))
        .summary(Some(route.summary))
        .description(Some(format!("Takes the right `{}`.", route.right.as_str())))
        .tag(route.tag);
    if route.path.contains("{id}") {
        operation = operation.parameter(parameter("id", ParameterIn::Path, Required::True, Kind::String));
    }
    for name in route.query {
        let kind = if *name == "limit" { Kind::Integer } else { Kind::String };
        operation = operation.parameter(parameter(name, ParameterIn::Query, Required::False, kind));
    }
    if route.versioned {
        operation =
            operation.parameter(parameter("If-Match", ParameterIn::Header, Required::True, Kind::String));
    }
    if route.creates {
        let name = IDEMPOTENCY_KEY;
        operation =
            operation.parameter(parameter(name.as_str(), ParameterIn::Header, Required::False, Kind::String));
    }
    if let Some(body) = route.body {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name((body.name)()))).build();
        let required = if route.body_is_optional { Required::False } else { Required::True };
        let body = RequestBodyBuilder::new().content("application/json", content).required(Some(required));
        operation = operation.request_body(Some(body.build()));
    }
    for status in answers(route) {
        operation = operation.response(status.as_str(), answer(route, status));
    }
    operation
}

fn parameter(name: &str, place: ParameterIn, required: Required, kind: Kind) -> ParameterBuilder {
    let schema = ObjectBuilder::new().schema_type(kind);
    ParameterBuilder::new().name(name).parameter_in(place).required(required).schema(Some(schema))
}

/// Every status that a route may be answered with.
pub(super) fn answers(route: &Route) -> Vec<StatusCode> {
    let mut all = vec![match (route.creates, route.answer) {
        (true, _) => StatusCode::CREATED,
        (false, Some(_)) => StatusCode::OK,
        (false, None) => StatusCode::NO_CONTENT,
    }];
    all.extend([StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]);
    if route.path.contains("{id}") {
        all.push(StatusCode::NOT_FOUND);
    }
    if route.conflicts {
        all.push(StatusCode::CONFLICT);
    }
    if route.versioned {
        all.extend([StatusCode::PRECONDITION_FAILED, StatusCode::PRECONDITION_REQUIRED]);
    }
    if route.creates {
        all.push(StatusCode::UNPROCESSABLE_ENTITY);
    }
    if route.body.is_some() {
        all.extend([
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ]);
    }
    all.extend([StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE]);
    all
}

fn answer(route: &Route, status: StatusCode) -> Answer {
    let description = status.canonical_reason().unwrap_or_default();
    let answer = ResponseBuilder::new().description(description);
    if !status.is_success() {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDetails"))).build();
        return answer.content("application/problem+json", content).build();
    }
    let Some(of) = route.answer else { return answer.build() };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name((of.name)()))).build();
    let mut answer = answer.content("application/json", content);
    let text = || HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Kind::String))).build();
    if route.creates {
        answer = answer.header("Location", text());
    }
    if route.versioned {
        answer = answer.header("ETag", text());
    }
    answer.build()
}
