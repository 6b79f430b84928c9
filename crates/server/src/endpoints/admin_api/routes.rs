//! The table of routes.

use http::Method;
use jeton_authority::user::Right;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::call::{Answer, Call, Run};
use super::problem::Problem;
use super::{audit, clients, keys, overview, sessions, users};

/// A type of the API: its name, and what describes it and the types in it.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) name: fn() -> String,
    pub(super) schema: fn() -> RefOr<Schema>,
    pub(super) within: fn(&mut Vec<(String, RefOr<Schema>)>),
}

const fn of<T: ToSchema>() -> Type {
    Type { name: || T::name().into_owned(), schema: <T as PartialSchema>::schema, within: T::schemas }
}

/// A route.
pub(super) struct Route {
    pub(super) verb: Verb,
    /// The path below the API's, with `{id}` for an identifier.
    pub(super) path: &'static str,
    /// The right that it takes.
    pub(super) right: Right,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// The parameters of its query.
    pub(super) query: &'static [&'static str],
    pub(super) body: Option<Type>,
    pub(super) body_is_optional: bool,
    /// What it answers; none: 204.
    pub(super) answer: Option<Type>,
    /// Whether it creates something, so that it takes an `Idempotency-Key` and answers 201.
    pub(super) creates: bool,
    /// Whether it is for one version of what it changes, and takes `If-Match`.
    pub(super) versioned: bool,
    /// Whether it may be answered 409.
    pub(super) conflicts: bool,
    pub(super) run: Run,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Route {
    pub(super) const fn method(&self) -> &'static Method {
        match self.verb {
            Verb::Get => &Method::GET,
            Verb::Post => &Method::POST,
            Verb::Patch => &Method::PATCH,
            Verb::Delete => &Method::DELETE,
        }
    }

    const fn new(
        verb: Verb,
        path: &'static str,
        right: Right,
        tag: &'static str,
        summary: &'static str,
        run: Run,
    ) -> Self {
        Self {
            verb,
            path,
            right,
            tag,
            summary,
            query: &[],
            body: None,
            body_is_optional: false,
            answer: None,
            creates: false,
            versioned: false,
            conflicts: false,
            run,
        }
    }

    const fn asks(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn takes(self, body: Type) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn may_take(self, body: Type) -> Self {
        Self { body: Some(body), body_is_optional: true, ..self }
    }

    const fn gives(self, answer: Type) -> Self {
        Self { answer: Some(answer), ..self }
    }

    const fn creating(self) -> Self {
        Self { creates: true, conflicts: true, ..self }
    }

    const fn of_version(self) -> Self {
        Self { versioned: true, ..self }
    }

    const fn conflicting(self) -> Self {
        Self { conflicts: true, ..self }
    }
}

/// A function as the table has it.
macro_rules! run {
    ($room:ident :: $act:ident) => {{
        fn run<'c, 'a>(
            call: &'c mut Call<'a>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'c>> {
            Box::pin($room::$act(call))
        }
        run
    }};
}

use Verb::{Delete, Get, Patch, Post};

const LIST: &[&str] = &["cursor", "limit"];

/// All routes; those with one path stand together.
pub(super) static ROUTES: &[Route] = &[
    Route::new(
        Get,
        "/overview",
        Right::ReadSettings,
        "overview",
        "Figures of this server",
        run!(overview::show),
    )
    .gives(of::<overview::Overview>()),
    Route::new(
        Get,
        "/me",
        Right::ReadSettings,
        "overview",
        "Who you are, and what you may do",
        run!(overview::me),
    )
    .gives(of::<overview::Me>()),
    Route::new(
        Get,
        "/settings",
        Right::ReadSettings,
        "overview",
        "The settings, as `jeton config show` shows them",
        run!(overview::settings),
    )
    .gives(of::<overview::SettingsShown>()),
    Route::new(
        Get,
        "/users",
        Right::ReadUsers,
        "users",
        "List users, or find them by the beginnings of their names",
        run!(users::list),
    )
    .asks(&["q", "role", "cursor", "limit"])
    .gives(of::<users::Users>()),
    Route::new(Post, "/users", Right::ChangeUsers, "users", "Add a user", run!(users::add))
        .takes(of::<users::NewUser>())
        .gives(of::<users::User>())
        .creating(),
    Route::new(Get, "/users/{id}", Right::ReadUsers, "users", "Show a user", run!(users::show))
        .gives(of::<users::User>()),
    Route::new(
        Patch,
        "/users/{id}",
        Right::ChangeUsers,
        "users",
        "Change a user; members that are left out stay",
        run!(users::change),
    )
    .takes(of::<users::UserChange>())
    .gives(of::<users::User>())
    .of_version()
    .conflicting(),
    Route::new(
        Delete,
        "/users/{id}",
        Right::ChangeUsers,
        "users",
        "Remove a user, and end all sessions and grants",
        run!(users::remove),
    )
    .of_version()
    .conflicting(),
    Route::new(
        Post,
        "/users/{id}/disable",
        Right::ChangeUsers,
        "users",
        "Disable a user, and end all sessions and grants",
        run!(users::disable),
    )
    .gives(of::<users::Ended>())
    .conflicting(),
    Route::new(
        Post,
        "/users/{id}/enable",
        Right::ChangeUsers,
        "users",
        "Let a disabled user sign in again",
        run!(users::enable),
    )
    .gives(of::<users::Ended>()),
    Route::new(
        Post,
        "/users/{id}/password",
        Right::ChangeUsers,
        "users",
        "Set a password, and end all sessions and grants",
        run!(users::set_password),
    )
    .takes(of::<users::NewPassword>())
    .gives(of::<users::Ended>()),
    Route::new(
        Get,
        "/users/{id}/factors",
        Right::ReadUsers,
        "users",
        "Show what a user proves their identity with besides the password",
        run!(users::factors),
    )
    .gives(of::<users::Factors>()),
    Route::new(
        Delete,
        "/users/{id}/factors",
        Right::ChangeUsers,
        "users",
        "Remove all passkeys and second factors of a user",
        run!(users::remove_factors),
    ),
    Route::new(
        Get,
        "/users/{id}/sessions",
        Right::ReadSessions,
        "sessions",
        "List the newest sessions of a user",
        run!(sessions::of_user),
    )
    .asks(&["limit"])
    .gives(of::<sessions::Sessions>()),
    Route::new(
        Delete,
        "/users/{id}/sessions",
        Right::EndSessions,
        "sessions",
        "End all sessions and grants of a user",
        run!(sessions::end_of_user),
    )
    .gives(of::<users::Ended>()),
    Route::new(
        Get,
        "/users/{id}/grants",
        Right::ReadSessions,
        "sessions",
        "List the grants of a user",
        run!(sessions::grants_of_user),
    )
    .asks(LIST)
    .gives(of::<sessions::Grants>()),
    Route::new(
        Get,
        "/sessions",
        Right::ReadSessions,
        "sessions",
        "List the sessions of all browsers",
        run!(sessions::list),
    )
    .asks(LIST)
    .gives(of::<sessions::Sessions>()),
    Route::new(
        Delete,
        "/sessions/{id}",
        Right::EndSessions,
        "sessions",
        "End a session and its grants",
        run!(sessions::end),
    ),
    Route::new(
        Get,
        "/grants",
        Right::ReadSessions,
        "sessions",
        "List the grants of all clients",
        run!(sessions::grants),
    )
    .asks(LIST)
    .gives(of::<sessions::Grants>()),
    Route::new(
        Delete,
        "/grants/{id}",
        Right::EndSessions,
        "sessions",
        "End a grant",
        run!(sessions::end_grant),
    ),
    Route::new(Get, "/clients", Right::ReadClients, "clients", "List clients", run!(clients::list))
        .asks(LIST)
        .gives(of::<clients::Clients>()),
    Route::new(
        Post,
        "/clients",
        Right::ChangeClients,
        "clients",
        "Add a client; its secret is shown once",
        run!(clients::add),
    )
    .takes(of::<clients::NewClient>())
    .gives(of::<clients::Client>())
    .creating(),
    Route::new(Get, "/clients/{id}", Right::ReadClients, "clients", "Show a client", run!(clients::show))
        .gives(of::<clients::Client>()),
    Route::new(
        Patch,
        "/clients/{id}",
        Right::ChangeClients,
        "clients",
        "Change a client; members that are left out stay",
        run!(clients::change),
    )
    .takes(of::<clients::ClientChange>())
    .gives(of::<clients::Client>())
    .of_version()
    .conflicting(),
    Route::new(
        Delete,
        "/clients/{id}",
        Right::ChangeClients,
        "clients",
        "Remove a client and end its grants",
        run!(clients::remove),
    )
    .of_version(),
    Route::new(
        Post,
        "/clients/{id}/secret",
        Right::ChangeClients,
        "clients",
        "Replace the secret of a client; the new one is shown once",
        run!(clients::rotate_secret),
    )
    .gives(of::<clients::Client>())
    .of_version(),
    Route::new(
        Post,
        "/clients/{id}/preview",
        Right::ReadClients,
        "clients",
        "Preview the claims of a client's tokens for a user",
        run!(clients::preview),
    )
    .takes(of::<clients::PreviewRequest>())
    .gives(of::<clients::Preview>()),
    Route::new(
        Get,
        "/keys",
        Right::ReadKeys,
        "keys",
        "List the keys that tokens are signed with",
        run!(keys::list),
    )
    .gives(of::<keys::Keys>()),
    Route::new(
        Post,
        "/keys/rotation",
        Right::ChangeKeys,
        "keys",
        "Make new keys, which sign once every API has had time to fetch them",
        run!(keys::rotate),
    )
    .may_take(of::<keys::Rotation>())
    .gives(of::<keys::Keys>())
    .creating(),
    Route::new(
        Get,
        "/keys/{id}/withdrawal",
        Right::ReadKeys,
        "keys",
        "What withdrawing a key would cost",
        run!(keys::cost),
    )
    .gives(of::<keys::Cost>()),
    Route::new(
        Post,
        "/keys/{id}/withdrawal",
        Right::ChangeKeys,
        "keys",
        "Withdraw a key at once: its tokens are refused from now on",
        run!(keys::withdraw),
    )
    .conflicting(),
    Route::new(
        Get,
        "/audit",
        Right::ReadAudit,
        "audit",
        "Read the audit trail; follow it with the cursor",
        run!(audit::read),
    )
    .asks(&["user", "since", "newest", "cursor", "limit"])
    .gives(of::<audit::Trail>()),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads_takes_a_right_that_only_reads_and_what_changes_takes_one_that_does_not() {
        for route in ROUTES {
            let reads = route.verb == Get || route.path.ends_with("/preview");
            assert_eq!(route.right.only_reads(), reads, "{} {}", route.method(), route.path);
        }
    }

    #[test]
    fn no_two_routes_are_the_same_and_those_with_one_path_stand_together() {
        let mut seen: Vec<&str> = Vec::new();
        for pair in ROUTES.windows(2) {
            if pair[0].path != pair[1].path {
                seen.push(pair[0].path);
            }
            assert!(!seen.contains(&pair[1].path), "{}", pair[1].path);
            assert!(pair[0].path != pair[1].path || pair[0].verb != pair[1].verb);
        }
    }
}
