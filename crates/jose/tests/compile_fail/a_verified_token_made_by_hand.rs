use jeton_jose::jws::Verified;

fn main() {
    let _ = Verified { payload: b"trust me".to_vec() };
}
