use jeton_jose::jwt::{Unverified, Verified};

fn admit(_: &Verified<()>) {}

fn main() {
    let seen = Unverified::parse("token").unwrap();
    admit(&seen);
}
