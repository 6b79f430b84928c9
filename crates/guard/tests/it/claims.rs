//! Claims of the API's own type, and other ways to a guard.

use jeton_guard::{AccessToken, BodyStyle, Guard, GuardedClaims, Refusal};
use jeton_jose::jwt::{Audience, Signer, TokenType};
use jeton_jose::{Algorithm, SharedSecret};
use jeton_oauth::Confirmation;
use serde::Deserialize;
use serde_json::json;

use crate::world::{HasSubject, ISSUER, Issuer, NOW, app, builder, send_token, with};

#[derive(Debug, Deserialize)]
struct TenantClaims {
    tenant: String,
    cnf: Option<Confirmation>,
}

impl GuardedClaims for TenantClaims {
    fn confirmation(&self) -> Option<&Confirmation> {
        self.cnf.as_ref()
    }
}

impl HasSubject for TenantClaims {
    fn subject(&self) -> &str {
        &self.tenant
    }
}

#[tokio::test]
async fn an_api_reads_claims_of_its_own_type() {
    let issuer = Issuer::new("k");
    let app = app(&builder(&issuer).0.claims::<TenantClaims>().build());
    let token = issuer.sign(&with("tenant", json!("acme")));
    assert_eq!(send_token(&app, &token).await.body, "Hello, acme!");
    assert_eq!(send_token(&app, &issuer.token()).await.status, 401, "the claim is missing");
}

#[tokio::test]
async fn an_api_decides_by_what_was_allowed_in_detail() {
    async fn pay(token: AccessToken) -> String {
        let amounts = token.details("payment").filter_map(|payment| payment.member("amount")?.as_str());
        amounts.collect::<Vec<_>>().join(" ")
    }
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    let app = axum::Router::new().route("/", axum::routing::get(pay)).layer(guard.layer());
    let details = json!([{"type": "payment", "amount": "1.00"}, {"type": "account"}, {"type": "payment", "amount": "2.00"}]);
    let token = issuer.sign(&with("authorization_details", details));
    assert_eq!(send_token(&app, &token).await.body, "1.00 2.00");
    assert_eq!(send_token(&app, &issuer.token()).await.body, "");
    for malformed in [json!({"type": "payment"}), json!([{"amount": "1.00"}]), json!("payment")] {
        let token = issuer.sign(&with("authorization_details", malformed.clone()));
        assert_eq!(send_token(&app, &token).await.status, 401, "{malformed}");
    }
}

#[tokio::test]
async fn a_shared_secret_verifies_what_simplejwt_signs() {
    #[derive(Deserialize)]
    struct SimpleJwtClaims {
        token_type: String,
        user_id: String,
    }
    impl GuardedClaims for SimpleJwtClaims {
        fn confirmation(&self) -> Option<&Confirmation> {
            None
        }
        fn is_for_another_use(&self) -> bool {
            self.token_type != "access"
        }
    }
    impl HasSubject for SimpleJwtClaims {
        fn subject(&self) -> &str {
            &self.user_id
        }
    }

    let secret = SharedSecret::generate(Algorithm::HS256).expect("a secret");
    let (_, clock) = builder(&Issuer::new("k"));
    let guard = Guard::builder(jeton_jose::jwt::Issuer::any(), Audience::any(), &secret)
        .typ(TokenType::JwtOrNone)
        .clock(clock)
        .body_style(BodyStyle::SimpleJwt)
        .claims::<SimpleJwtClaims>()
        .build();
    let signer = Signer::new(secret);
    let token = |token_type: &str| {
        let claims = json!({"token_type": token_type, "exp": NOW.unix() + 300, "iat": NOW.unix(), "jti": "j", "user_id": "7"});
        signer.sign(&claims).expect("a token")
    };
    assert_eq!(send_token(&app(&guard), &token("access")).await.body, "Hello, 7!");
    assert!(send_token(&app(&guard), &token("refresh")).await.body.contains("Token has wrong type"));
}

#[tokio::test]
async fn a_token_that_came_another_way_is_verified_by_the_same_rules() {
    let issuer = Issuer::new("k");
    let guard = builder(&issuer).0.build();
    let token = guard.verify(&issuer.token()).await.expect("a good token");
    assert_eq!(
        (token.sub.as_str(), token.verified().kid(), token.iss.as_str()),
        ("user-1", Some("k"), ISSUER)
    );
    let refusal = guard.verify(&issuer.sign(&with("exp", json!(NOW.unix())))).await.expect_err("expired");
    assert!(matches!(refusal, Refusal::Token(_)));
    assert_eq!(refusal.code(), "token_expired");
}
