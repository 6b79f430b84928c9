//! base64url means to Jeton what it means to the crate `base64`, and one value has one text.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_jose::base64url;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    assert_eq!(base64url::encode(data), URL_SAFE_NO_PAD.encode(data), "both write the same");
    let ours = base64url::decode(data).ok();
    assert_eq!(ours, URL_SAFE_NO_PAD.decode(data).ok(), "both read the same");
    if let Some(bytes) = ours {
        assert_eq!(base64url::encode(bytes).as_bytes(), data, "one value, one text");
    }
});
