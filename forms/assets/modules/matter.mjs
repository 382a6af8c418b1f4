/** What it is about: big buttons for what most people report, and a search through all matters. One choice, or none. */
import { find, lang, make, say } from './page.mjs';

const SHOWN = 8;

/**
 * @param {{matter: string, icon: string, zh: string, en: string}[]} choices
 * @param {[string, string, string, string][]} matters key, Chinese, English, major class
 * @param {() => void} changed
 */
export function chooseMatter(choices, matters, changed) {
  const box = find('#choices'), hits = find('#hits'), search = find('#search');
  const names = new Map(matters.map(([key, zh, en]) => [key, lang === 'zh' ? zh : en]));
  let chosen = null;

  const choose = (key) => {
    chosen = key === chosen ? null : key;
    for (const button of box.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.dataset.matter === chosen));
    find('#chosen').textContent = chosen ? say('matter.chosen', { name: names.get(chosen) }) : '';
    changed();
  };
  for (const choice of choices) {
    const sign = make('img', { src: `${box.dataset.signs}/${choice.icon}.svg`, alt: '', width: 28, height: 28 });
    box.append(make('button', { type: 'button', class: 'choice', 'data-matter': choice.matter, 'aria-pressed': 'false', onclick: () => choose(choice.matter) }, sign, lang === 'zh' ? choice.zh : choice.en));
  }
  search.addEventListener('input', () => {
    const asked = search.value.trim().toLowerCase();
    const found = asked ? matters.filter(([, zh, en]) => zh.includes(asked) || en.toLowerCase().includes(asked)).slice(0, SHOWN) : [];
    hits.replaceChildren(...found.map(([key]) => make('li', {}, make('button', { type: 'button', class: 'hit', onclick: () => { chosen = null; choose(key); search.value = ''; hits.replaceChildren(); } }, names.get(key)))));
    if (asked && !found.length) hits.append(make('li', { class: 'soft' }, say('matter.none')));
  });
  return {
    get matter() { return chosen; },
    get name() { return chosen ? names.get(chosen) : ''; },
    restore(key) { if (key && names.has(key)) { chosen = null; choose(key); } },
  };
}
