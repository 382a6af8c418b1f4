/** The way out of messages, for whoever got a link; what it asks is said beside it. */
import { read } from './mailbox.mjs';
import { find, make, moment, say } from './page.mjs';

const token = location.pathname.split('/')[2];

async function look() {
  try {
    const link = await read(`/api/links/${encodeURIComponent(token)}`);
    if (link) show(link);
    else tell('link.unknown');
  } catch (error) {
    tell(error.message === '429' ? 'link.often' : 'link.offline');
  }
  document.body.dataset.ready = '1';
}

const tell = (key) => find('#asked').replaceChildren(make('p', { class: 'card' }, say(key)));

function show(link) {
  const head = [make('h1', {}, link.title), make('p', {}, say('link.asks', { name: link.asks })), make('p', { class: link.state === 'open' ? 'now' : 'late' }, standing(link))];
  find('#asked').replaceChildren(make('section', {}, ...head), make('section', {}, ...leaving()));
}

function standing(link) {
  if (link.state === 'open') return say('link.until', { at: moment(Date.parse(link.until) / 1000) });
  return say(`link.${link.state}`);
}

/** One click, asked for by a button: a program that looks into mail follows links, and presses none. */
function leaving() {
  const button = make('button', { class: 'main', type: 'button' }, say('link.leave'));
  const told = make('p', { role: 'status' });
  button.addEventListener('click', async () => {
    button.disabled = true;
    const answer = await fetch(`/api/links/${encodeURIComponent(token)}/opt-out`, { method: 'POST' }).catch(() => null);
    button.disabled = answer?.ok ?? false;
    told.textContent = say(answer?.ok ? 'link.left' : 'link.offline');
  });
  return [make('p', {}, say('link.leave.told')), button, told];
}

/* The fragment holds the key of what is known already; it must outlive a change of language. */
for (const other of document.querySelectorAll('a[hreflang]')) other.hash = location.hash;
look();
