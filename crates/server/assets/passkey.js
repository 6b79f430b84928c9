// Passkeys on the pages (Web Authentication): signing in with one, and making one. Nothing is fetched: what the browser is asked for
// is in the page, and its answer is posted with the form. Without this script, the pages offer what works without it.

const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const encode = (buffer) => {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  return btoa(letters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

/** The options of the page, with bytes in the place of texts. */
const withBytes = (options) => {
  const list = (of) => of?.map((credential) => ({ ...credential, id: decode(credential.id) }));
  return {
    ...options,
    challenge: decode(options.challenge),
    ...(options.user && { user: { ...options.user, id: decode(options.user.id) } }),
    ...(options.allowCredentials && { allowCredentials: list(options.allowCredentials) }),
    ...(options.excludeCredentials && { excludeCredentials: list(options.excludeCredentials) }),
  };
};

/** A credential as JSON, made here: what some extensions make of it differs. */
const toJson = ({ rawId, type, response, getClientExtensionResults }, credential) => {
  const parts = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = encode(response[name]);
  }
  if (response.getTransports) parts.transports = response.getTransports();
  const properties = getClientExtensionResults?.call(credential)?.credProps;
  const id = encode(rawId);
  return JSON.stringify({ id, rawId: id, type, response: parts, clientExtensionResults: properties ? { credProps: properties } : {} });
};

/** What a failed dialog means, for people. */
const MESSAGES = {
  NotAllowedError: "Nothing was chosen, or it took too long. Try again, or go on another way.",
  InvalidStateError: "This device already has a passkey for your account.",
  NotSupportedError: "This device cannot make a passkey that works here.",
  ConstraintError: "This security key needs a PIN. Set one up in your system's settings, or use another device.",
  SecurityError: "Passkeys do not work at this address. Open the page at the address that you were given.",
};

const KEPT = "jeton-passkey";

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const options = JSON.parse(form.dataset.passkey);
  const makes = form.dataset.makes !== undefined;
  const button = form.querySelector("button");
  const problem = form.querySelector(".problem");
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;

  const post = (credential) => {
    const json = toJson(credential, credential);
    sessionStorage.setItem(KEPT, encode(credential.rawId));
    form.elements.passkey.value = json;
    HTMLFormElement.prototype.submit.call(form);
  };

  // While nothing is asked with the button, the browser offers passkeys in the field of the username. That waits until the button
  // is pressed; its end is no error.
  let waiting;
  const offer = async () => {
    if (makes || form.dataset.offers === undefined) return;
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    waiting = new AbortController();
    try {
      post(await navigator.credentials.get({ publicKey: withBytes(options), mediation: "conditional", signal: waiting.signal }));
    } catch {
      // Nobody chose one there.
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    problem.hidden = true;
    waiting?.abort();
    try {
      const publicKey = withBytes(options);
      post(makes ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey }));
    } catch (error) {
      problem.textContent = MESSAGES[error.name] ?? "Your browser could not use a passkey. Try again, or go on another way.";
      problem.hidden = false;
      button.disabled = false;
      offer();
    }
  });

  // A page that the browser kept is as it was left.
  addEventListener("pageshow", () => {
    button.disabled = false;
  });
  offer();
}

// Browsers and password managers are told which passkeys still work, so that they do not offer others.
const signal = (name, what) => PublicKeyCredential?.[name]?.(what).catch(() => {});
const accepted = document.querySelector("[data-accepted]");
if (window.PublicKeyCredential && accepted) signal("signalAllAcceptedCredentials", JSON.parse(accepted.dataset.accepted));
const unknown = document.querySelector("[data-unknown]");
const credentialId = sessionStorage.getItem(KEPT);
if (window.PublicKeyCredential && unknown && credentialId) {
  signal("signalUnknownCredential", { rpId: unknown.dataset.unknown, credentialId });
}
sessionStorage.removeItem(KEPT);
