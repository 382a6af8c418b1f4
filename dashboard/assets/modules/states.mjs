/* What stands where content would be, made by scripts as components/states.py makes it. */

/**
 * @param {'loading'|'empty'|'failed'|'offline'} kind
 * @param {{ title?: string, text: string, icon?: string, share?: number, action?: { words: string, act: () => void } }} content in the page's language
 * @returns {HTMLElement}
 */
export function stateOf(kind, { title, text, icon, share, action }) {
  const made = document.createElement('div');
  made.className = `state state-${kind}`;
  made.setAttribute('role', kind === 'failed' || kind === 'offline' ? 'alert' : 'status');
  if (kind === 'loading') made.append(part('span', 'state-needle'));
  else made.append(badge(icon ?? { empty: 'search', failed: 'triangle-alert', offline: 'wifi-off' }[kind]));
  if (title) made.append(part('h2', 'state-title', title));
  made.append(part('p', 'state-text', text));
  if (share !== undefined) made.append(Object.assign(document.createElement('progress'), { className: 'state-share', max: 1, value: share, ariaLabel: text }));
  if (action) made.append(button(action));
  return made;
}

function part(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  if (text) made.textContent = text;
  else made.setAttribute('aria-hidden', 'true');
  return made;
}

function badge(icon) {
  const made = part('span', 'state-icon');
  made.append(part('span', `icon icon-${icon}`));
  return made;
}

function button({ words, act }) {
  const made = part('button', 'button', words);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}
