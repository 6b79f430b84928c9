//! The pages about what a user signs in with besides the password.

use askama::Template;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::pages::{PasskeyForm, filters};

/// The authenticator app of a user, or none.
#[derive(Template)]
#[template(path = "account/authenticator.html")]
pub(crate) struct AuthenticatorPage<'a> {
    pub(crate) username: &'a str,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) app_since: Option<String>,
    pub(crate) app_used: Option<String>,
    pub(crate) codes_left: usize,
    /// Whether there is a passkey, which can be asked for after the password.
    pub(crate) has_passkey: bool,
    /// Whether it is.
    pub(crate) passkey_after_password: bool,
    /// What the browser is asked for before that.
    pub(crate) passkey: Option<PasskeyForm>,
    pub(crate) ask_token: &'a str,
    /// Where a passkey is added.
    pub(crate) passkeys_at: &'a str,
    /// Whether an application requires it.
    pub(crate) is_required: bool,
    pub(crate) begin_token: &'a str,
    pub(crate) renew_token: &'a str,
    pub(crate) remove_token: &'a str,
    /// The browsers in which no second step is asked for.
    pub(crate) devices: Vec<ShownDevice>,
    pub(crate) forget_token: &'a str,
    /// Where the user continues.
    pub(crate) way_on: &'a str,
    /// Whether that is an application.
    pub(crate) is_application: bool,
}

/// A browser in which no second step is asked for.
pub(crate) struct ShownDevice {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) since: String,
}

/// An authenticator app that is being set up.
#[derive(Template)]
#[template(path = "account/new_authenticator.html")]
pub(crate) struct NewAuthenticatorPage<'a> {
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    /// The error message next to the code.
    pub(crate) problem: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) qr_code: QrImage,
    /// What the QR code says, for an app on the same device.
    pub(crate) uri: &'a str,
    /// The secret, for people who type it.
    pub(crate) secret: &'a str,
    pub(crate) confirm_token: &'a str,
    pub(crate) give_up_token: &'a str,
}

/// The passkeys of a user.
#[derive(Template)]
#[template(path = "account/passkeys.html")]
pub(crate) struct PasskeysPage<'a> {
    pub(crate) username: &'a str,
    /// Why the page is shown again.
    pub(crate) notice: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) passkeys: Vec<ShownPasskey<'a>>,
    /// What the browser is asked for when one is added, as JSON; nothing if there is room for none.
    pub(crate) options: Option<String>,
    /// The same for a security key that is asked for after the password.
    pub(crate) security_key_options: Option<String>,
    /// Why browsers make no passkeys here.
    pub(crate) why_none: Option<String>,
    /// Whether the only passkey is the last way in.
    pub(crate) is_last_way_in: bool,
    /// The passkeys that still work, for the browser, as JSON.
    pub(crate) accepted: Option<String>,
    pub(crate) form_token: &'a str,
    pub(crate) rename_token: &'a str,
    pub(crate) remove_token: &'a str,
    pub(crate) account: &'a str,
    pub(crate) two_step: &'a str,
}

/// A passkey in the list.
pub(crate) struct ShownPasskey<'a> {
    pub(crate) id: String,
    pub(crate) name: &'a str,
    pub(crate) added: String,
    pub(crate) used: Option<String>,
    /// Whether it is on other devices, too.
    pub(crate) is_synced: bool,
    /// Whether it needs no password.
    pub(crate) signs_in_alone: bool,
}

/// Recovery codes that were just made.
#[derive(Template)]
#[template(path = "account/recovery_codes.html")]
pub(crate) struct RecoveryCodesPage<'a> {
    pub(crate) username: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) codes: &'a [String],
    /// Where the user continues.
    pub(crate) way_on: &'a str,
    /// Whether that is an application.
    pub(crate) is_application: bool,
}

/// A QR code as the path of an SVG image: dark modules on a white ground, which scanners need in every theme.
pub(crate) struct QrImage {
    /// The length of a side, with the margin.
    pub(crate) side: i32,
    pub(crate) path: String,
}

/// How many modules the margin is wide (ISO/IEC 18004 §6.3.8).
const MARGIN: i32 = 4;

/// The QR code of a text. One that is too long for any has none, which the page's other ways make up for.
pub(crate) fn qr_code(text: &str) -> QrImage {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return QrImage { side: 0, path: String::new() };
    };
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let from = x;
            while code.get_module(x, y) {
                x += 1;
            }
            if x > from {
                path += &format!("M{} {}h{}v1h-{}z", from + MARGIN, y + MARGIN, x - from, x - from);
            }
            x += 1;
        }
    }
    QrImage { side: code.size() + 2 * MARGIN, path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_has_a_margin_and_the_corners_of_one() {
        let code = qr_code(
            "otpauth://totp/auth.example:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=auth.example",
        );
        assert!(code.path.starts_with("M4 4h7v1h-7z"), "{}", code.path);
        assert_eq!((code.side - 8 - 17) % 4, 0, "{}", code.side);
        assert_eq!(qr_code(&"x".repeat(10_000)).side, 0);
    }
}
