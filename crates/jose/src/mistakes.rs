//! Mistakes that do not compile. Each file of `tests/compile_fail` is one, named after it, and is tried as an example of these docs,
//! which costs no second build of the library and what it rests on.

macro_rules! mistakes {
    ($($name:ident $code:literal)*) => {$(
        #[doc = concat!(
            "```compile_fail,", $code, "\n",
            include_str!(concat!("../tests/compile_fail/", stringify!($name), ".rs")),
            "\n```"
        )]
        pub(crate) fn $name() {}
    )*};
}

mistakes! {
    a_decrypted_text_taken_as_verified "E0308"
    a_key_for_signatures_that_decrypts "E0271"
    a_nonce_chosen_by_the_caller "E0599"
    a_private_key_that_verifies "E0277"
    a_public_key_given_as_an_hmac_secret "E0308"
    a_public_key_that_signs "E0277"
    a_secret_printed "E0277"
    a_shared_secret_in_a_remote_signer "E0308"
    a_verified_token_made_by_hand "E0451"
    a_verifier_without_an_audience "E0277"
    an_algorithm_called_none "E0599"
    an_algorithm_chosen_when_verifying "E0061"
    an_unverified_token_taken_as_verified "E0308"
}
