//! The parameters of a request.

use jeton_oauth::{Parameters, ParametersError};
use proptest::prelude::*;

fn parsed(text: &str) -> Parameters {
    Parameters::parse(text.as_bytes()).expect("parameters")
}

#[test]
fn a_repeated_parameter_is_refused_however_it_is_written() {
    for text in ["a=1&a=2", "a=1&%61=2", "a=&a=1", "a&a", "client_id=x&scope=y&client_id=x"] {
        assert_eq!(Parameters::parse(text.as_bytes()), Err(ParametersError::Repeated), "{text}");
    }
}

#[test]
fn resources_may_be_several() {
    let parameters = parsed("resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example");
    assert_eq!(parameters.all("resource").collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
}

#[test]
fn a_parameter_without_a_value_counts_as_left_out() {
    let parameters = parsed("scope=&state&nonce=n");
    assert_eq!((parameters.get("scope"), parameters.get("state")), (None, None));
    assert_eq!(parameters.get("nonce"), Some("n"));
}

#[test]
fn what_is_no_text_is_refused() {
    assert_eq!(Parameters::parse(b"a=%ff"), Err(ParametersError::NotUtf8));
    assert_eq!(Parameters::parse(b"a=%00"), Err(ParametersError::Nul));
}

#[test]
fn too_many_parameters_are_refused() {
    let text: Vec<_> = (0..=Parameters::MAX_COUNT).map(|number| format!("p{number}=1")).collect();
    assert_eq!(Parameters::parse(text.join("&").as_bytes()), Err(ParametersError::TooMany));
}

#[test]
fn values_are_never_shown() {
    assert_eq!(format!("{:?}", parsed("client_secret=hush&code=c")), r#"["client_secret", "code"]"#);
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(values in proptest::collection::vec("[^\0]{0,12}", 0..8)) {
        let pairs: Parameters = values.iter().enumerate().map(|(index, value)| (format!("p{index}"), value.clone())).collect();
        prop_assert_eq!(parsed(&pairs.to_query()), pairs);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Parameters::parse(&bytes);
    }
}
