//! Status lists. The input is a claims set in which `@` stands for a list, and the list's bytes: what verifies answers for
//! each place what the bytes say there, and nothing beyond them; a list is written and read again as the same.
#![no_main]

use std::sync::LazyLock;

use jeton_fuzz::{input, keys, second_opinion, token};
use jeton_jose::Timestamp;
use jeton_jose::jwt::Issuer;
use jeton_jose::status_list::{Bits, Status, StatusList, StatusListVerifier, StatusReference};
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_unix(keys::NOW);
const HEADER: &[u8] = br#"{"alg":"HS256","kid":"k1","typ":"statuslist+jwt"}"#;
const URI: &str = "https://issuer.example/1";
/// The longest list (bytes).
const LIMIT: usize = 5000;

static VERIFIER: LazyLock<StatusListVerifier> = LazyLock::new(|| {
    StatusListVerifier::new(Issuer::any(), keys::hmac("k1"))
        .allow_missing_exp()
        .max_len(1 << 20)
        .max_bytes(LIMIT)
});

fuzz_target!(|data: &[u8]| {
    let bits = [Bits::One, Bits::Two, Bits::Four, Bits::Eight][data.len() % 4];
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(list) = StatusList::from_lst(bits, text, LIMIT)
    {
        round_trip(&list);
    }
    // Compressing takes a hundred times as long as anything else here.
    if data.first() == Some(&0) {
        round_trip(&StatusList::from_bytes(bits, data.to_vec()));
    }
    let Some([claims, bytes]) = input::parts(data) else { return };
    let list = StatusList::from_bytes(Bits::Two, bytes.to_vec());
    let lst = list.to_lst();
    let claims = String::from_utf8_lossy(claims).replace('@', &lst);
    let made = token::signed(HEADER, claims.as_bytes());
    let Ok(verified) = VERIFIER.verify(&made, URI, NOW) else { return };
    let Some(json) = second_opinion::agreed(claims.as_bytes()) else { return };
    assert_eq!(json["sub"], URI);
    let width = json["status_list"]["bits"].as_u64().expect("a number");
    assert!(matches!(width, 1 | 2 | 4 | 8));
    // Where the list is the one of the input, each place says what its bits say.
    if json["status_list"]["lst"].as_str() == Some(lst.as_str()) {
        let places = bytes.len() as u64 * 8 / width;
        for index in (0..places).take(64) {
            let bit = index * width;
            let wanted = u64::from(bytes[(bit / 8) as usize]) >> (bit % 8) & ((1 << width) - 1);
            let status = verified.status(&StatusReference::new(URI, index), NOW).expect("it is there");
            assert_eq!(u64::from(number(status)), wanted);
        }
        assert!(verified.status(&StatusReference::new(URI, places), NOW).is_err());
    }
    assert!(verified.status(&StatusReference::new("https://issuer.example/2", 0), NOW).is_err());
});

fn number(status: Status) -> u8 {
    match status {
        Status::Valid => 0,
        Status::Invalid => 1,
        Status::Suspended => 2,
        Status::Other(number) => number,
    }
}

fn round_trip(list: &StatusList) {
    let again = StatusList::from_lst(list.bits(), &list.to_lst(), list.as_bytes().len().max(1));
    assert_eq!(again.expect("what was written is read").as_bytes(), list.as_bytes());
    assert!(list.get(list.len()).is_err());
    if let Some(last) = list.len().checked_sub(1) {
        let status = list.get(last).expect("it is there");
        let mut changed = list.clone();
        changed.set(last, status).expect("it fits");
        assert_eq!(changed.as_bytes(), list.as_bytes(), "set to what it is, nothing changes");
    }
}
