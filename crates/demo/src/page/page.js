'use strict';

// The four steps of the demo. Tokens are kept in this page's memory alone and are gone when it is closed.

const state = {
  demo: null, // what the server says of itself: username, password, grace in seconds
  access: null,
  refresh: null,
  spent: null, // the first refresh token of this session that was spent
  ended: null, // the last refresh token of a session that has ended
  graceFrom: null, // when the grace of the current refresh token began, in milliseconds
  busy: false,
};

const byId = (id) => document.getElementById(id);

// Requests

async function send(method, path, { body, bearer } = {}) {
  const headers = {};
  if (body) headers['Content-Type'] = 'application/json';
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store' });
  const text = await response.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // Shown as it came.
  }
  return { method, path, body, bearer, status: response.status, ok: response.ok, json, text,
    challenge: response.headers.get('WWW-Authenticate') };
}

const token = (path, body) => send('POST', path, { body });

// The steps. Each answers with what it sent and got, and a sentence about it.

const steps = {
  async 'sign-in'() {
    const { username, password } = state.demo;
    const got = await token('/api/token/', { username, password });
    if (got.ok) {
      Object.assign(state, { spent: null, ended: null, graceFrom: null });
      keep(got.json);
    }
    return [got, got.ok ? 'Two tokens, decoded beside this.' : null];
  },

  async 'wrong-password'() {
    const got = await token('/api/token/', { username: state.demo.username, password: 'a guess' });
    return [got, 'An unknown user gets the same answer, after the same work.'];
  },

  async hello() {
    const got = await send('GET', '/hello/', { bearer: state.access });
    return [got, got.ok ? 'The API knows the user from the token.' : null];
  },

  async 'hello-bare'() {
    return [await send('GET', '/hello/'), 'No token, no answer.'];
  },

  async 'hello-refresh'() {
    const got = await send('GET', '/hello/', { bearer: state.refresh });
    return [got, 'A refresh token is for the authority only. No API accepts it as an access token.'];
  },

  async refresh() {
    const before = state.refresh;
    const got = await token('/api/token/refresh/', { refresh: before });
    if (!got.ok) return [got, null];
    const moved = got.json.refresh !== before;
    if (moved && !state.spent) state.spent = before;
    if (moved) state.graceFrom = Date.now();
    keep(got.json);
    return [got, moved
      ? 'New tokens. The previous refresh token is spent.'
      : 'Within the grace period you get the same refresh token again, and a fresh access token.'];
  },

  async replay() {
    const got = await token('/api/token/refresh/', { refresh: state.spent });
    if (!got.ok) {
      end();
      return [got, 'Two refreshes later this is a replay. The grant has ended, and its newest token is refused as well.'];
    }
    const same = got.json.refresh === state.refresh;
    // An excuse begins a grace of its own.
    if (!inGrace()) state.graceFrom = Date.now();
    keep(got.json);
    return [got, same ? 'The same new refresh token as before: a retry is not a theft.' : 'The newest refresh token.'];
  },

  async 'replay-late'(say) {
    for (const count of ['first', 'second']) {
      while (inGrace()) {
        say(`Waiting for the grace period before the ${count} refresh …`);
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      const [got, why] = await steps.refresh();
      if (!got.ok) return [got, why];
    }
    return steps.replay();
  },

  async 'sign-out'() {
    const got = await token('/api/token/blacklist/', { refresh: state.refresh });
    if (got.ok) end();
    return [got, got.ok ? 'Signed out. The API learns of it at once: try the access token.' : null];
  },

  async 'hello-ended'() {
    const hello = () => send('GET', '/hello/', { bearer: state.access });
    let got = await hello();
    // The news takes a moment, a second at most.
    for (let looks = 0; got.ok && looks < 10; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      got = await hello();
    }
    return [got, got.ok ? null : 'The token has not expired, but the authority told the API that its session ended.'];
  },

  async 'refresh-ended'() {
    return [await token('/api/token/refresh/', { refresh: state.ended }), 'The grant has ended.'];
  },
};

function keep(pair) {
  state.access = pair.access;
  state.refresh = pair.refresh ?? state.refresh;
}

function end() {
  state.ended = state.refresh;
  state.refresh = state.spent = state.graceFrom = null;
}

// The server counts whole seconds, so this waits one more.
const graceLeft = () => (state.graceFrom === null ? 0 : (state.demo.grace + 1) * 1000 - (Date.now() - state.graceFrom));
const inGrace = () => state.demo.grace > 0 && graceLeft() > 0;

// Showing

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const shortened = (text) => (text.length > 40 ? `${text.slice(0, 16)}…${text.slice(-8)}` : text);

/** JSON as people read it, with tokens cut short. */
function readable(value) {
  return JSON.stringify(value, (_, inner) => (typeof inner === 'string' && inner.startsWith('eyJ') ? shortened(inner) : inner), 2);
}

function show(article, got, sentence) {
  const request = [`${got.method} ${got.path}`];
  if (got.bearer) request.push(`Authorization: Bearer ${shortened(got.bearer)}`);
  if (got.body) request.push(readable(got.body));
  const answer = [];
  if (got.challenge) answer.push(`WWW-Authenticate: ${got.challenge}`);
  answer.push(got.json === null ? got.text : readable(got.json));
  const status = element('p', 'said',
    element('span', `status ${got.ok ? 'good' : 'bad'}`, `${got.status} ${got.ok ? 'OK' : 'refused'}`),
    sentence ? ` – ${sentence}` : '');
  article.querySelector('.exchange').replaceChildren(
    element('pre', 'request', request.join('\n')), status, element('pre', 'response', answer.join('\n')));
  if (got.ok) article.classList.add('done');
}

function decode(jwt) {
  const part = (text) => JSON.parse(new TextDecoder().decode(
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.codePointAt(0))));
  const [header, claims] = jwt.split('.');
  return { header: part(header), claims: part(claims) };
}

const clockTime = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });

/** A claims set with the times of day beside the numbers. */
function withTimes(claims) {
  return readable(claims).replace(/^( +"(?:exp|iat|nbf)": )(\d+)(,?)$/gm, (_, name, seconds, comma) =>
    `${name}${seconds}${comma}   ← ${clockTime(Number(seconds))}`);
}

function showToken(id, title, jwt, note) {
  const article = byId(id);
  if (article.dataset.jwt === (jwt ?? '')) return;
  article.dataset.jwt = jwt ?? '';
  if (!jwt) {
    article.replaceChildren(element('h2', '', title), element('p', 'empty', state.ended ? 'The grant has ended.' : 'Nothing yet.'));
    return;
  }
  const { header, claims } = decode(jwt);
  const [first, second, third] = jwt.split('.');
  const raw = element('pre', 'raw', element('span', 'header', first), '.', element('span', 'claims', second), '.',
    element('span', 'signature', third));
  raw.tabIndex = 0;
  raw.setAttribute('role', 'region');
  raw.setAttribute('aria-label', `${title}, as it is sent`);
  const life = element('p', 'life');
  life.dataset.exp = claims.exp;
  article.replaceChildren(element('h2', '', title), life, raw,
    element('p', 'part header', 'Header'), element('pre', '', readable(header)),
    element('p', 'part claims', 'Claims'), element('pre', '', withTimes(claims)),
    element('p', 'note', note));
}

function showSpent() {
  const article = byId('spent');
  article.hidden = !state.spent;
  if (!state.spent) return;
  const behind = decode(state.refresh).claims.gen - decode(state.spent).claims.gen;
  const generations = behind === 1 ? '1 generation' : `${behind} generations`;
  article.querySelector('.empty').textContent = `${shortened(state.spent)} lies ${generations} behind. `
    + (behind === 1 ? 'Presenting it again is excused; two generations behind, it is a replay.' : 'Presenting it again ends the grant.');
}

function showAll() {
  showToken('access', 'Access token', state.access, 'Signed with the published key: any API can verify it, and nobody can change it.');
  showToken('refresh', 'Refresh token', state.refresh, 'Signed with a key that is never published. “gen” counts the refreshes; nothing else about them is stored.');
  showSpent();
  for (const button of document.querySelectorAll('button')) {
    const needs = button.dataset.needs;
    const missing = (needs === 'tokens' && !state.refresh) || (needs === 'spent' && !state.spent) || (needs === 'ended' && !state.ended);
    // With the session gone the access token may still be tried at the API.
    const tryAnyway = button.dataset.step === 'hello' && state.access;
    button.disabled = state.busy || !state.demo || (missing && !tryAnyway);
  }
}

function tick() {
  for (const life of document.querySelectorAll('.life[data-exp]')) {
    const left = Number(life.dataset.exp) - Math.floor(Date.now() / 1000);
    life.className = `life ${left > 0 ? 'good' : 'bad'}`;
    life.textContent = left > 0 ? `good for ${inWords(left)} more` : 'expired';
  }
  const grace = byId('grace');
  grace.hidden = !state.demo || !state.refresh || !inGrace();
  if (!grace.hidden) {
    const left = graceLeft();
    grace.querySelector('i').style.transform = `scaleX(${Math.min(1, left / ((state.demo.grace + 1) * 1000))})`;
    byId('grace-text').textContent = `within the grace for ${Math.ceil(left / 1000)} s more: refreshing stands still`;
  }
}

function inWords(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

function trouble(text) {
  byId('trouble').textContent = text;
  byId('trouble').hidden = !text;
}

async function run(button) {
  const article = button.closest('.step');
  const exchange = article.querySelector('.exchange');
  const say = (text) => {
    if (exchange.textContent !== text) exchange.replaceChildren(element('p', 'said', text));
    showAll();
  };
  state.busy = true;
  showAll();
  try {
    const [got, sentence] = await steps[button.dataset.step](say);
    show(article, got, sentence);
    trouble('');
  } catch {
    trouble('The demo does not answer. Is it still running in its terminal?');
  }
  state.busy = false;
  showAll();
  tick();
  if (!button.disabled) button.focus({ preventScroll: true });
}

async function start() {
  for (const button of document.querySelectorAll('button')) button.addEventListener('click', () => run(button));
  try {
    state.demo = await (await fetch('/demo/settings.json', { cache: 'no-store' })).json();
    byId('username').textContent = state.demo.username;
    byId('password').textContent = state.demo.password;
  } catch {
    trouble('The demo does not answer. Is it still running in its terminal?');
  }
  showAll();
  setInterval(tick, 250);
}

start();
