//! What a user allowed a client: what it covers, how it grows, and how it is kept.

use jeton_authority::client::Consent;
use jeton_oauth::Scope;
use proptest::prelude::*;

/// A consent to some of a few scopes, at some of a few resources.
fn consent() -> impl Strategy<Value = Consent> {
    let scopes = prop::collection::btree_set(prop::sample::select(vec!["openid", "email", "read"]), 0..3);
    let resources = ["https://a.example", "https://a.example/", "https://b.example/\"\\ü", "urn:b"];
    let resources = prop::collection::btree_set(prop::sample::select(resources.to_vec()), 0..4);
    (scopes, resources).prop_map(|(scopes, resources)| {
        let scope = scopes.into_iter().collect::<Vec<_>>().join(" ");
        let scope = if scope.is_empty() { Scope::default() } else { Scope::parse(&scope).expect("a scope") };
        Consent { scope, resources: resources.into_iter().map(Into::into).collect(), ..Consent::default() }
    })
}

proptest! {
    #[test]
    fn a_request_is_covered_where_each_scope_and_each_resource_was_allowed(
        allowed in consent(),
        asked in consent(),
    ) {
        let each = asked.scope.tokens().all(|token| allowed.scope.contains(token))
            && asked.resources.iter().all(|resource| allowed.resources.contains(resource));
        prop_assert_eq!(allowed.covers(&asked), each);
        let at_none = Consent { resources: [].into(), ..allowed.clone() };
        prop_assert!(allowed.covers(&at_none));
    }

    #[test]
    fn what_is_allowed_later_stands_beside_what_was_allowed_before(first in consent(), second in consent()) {
        let both = first.and(&second);
        prop_assert!(both.covers(&first) && both.covers(&second));
        prop_assert_eq!(&both, &second.and(&first));
        prop_assert_eq!(&both.and(&first), &both);
        let of_one = |resource: &str| first.resources.contains(resource) || second.resources.contains(resource);
        prop_assert!(both.resources.iter().all(|resource| of_one(resource)), "nothing else");
    }

    #[test]
    fn what_was_allowed_comes_back_as_it_was_kept(allowed in consent()) {
        let kept = Consent::from_stored(
            &allowed.appearance,
            allowed.scope.clone(),
            &allowed.details_to_json(),
            &allowed.resources_to_json(),
        );
        prop_assert_eq!(kept, Some(allowed));
    }
}

#[test]
fn what_is_no_consent_allows_nothing() {
    for (details, resources) in [("", "[]"), ("[]", ""), ("[]", "{}"), ("[]", "[1]"), ("[]", "null")] {
        assert_eq!(
            Consent::from_stored("", Scope::default(), details, resources),
            None,
            "{details} {resources}"
        );
    }
}
