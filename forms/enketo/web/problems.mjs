/** What the office says about an answer that came back: above the form with a way to each question, and at the question itself. */
import jQuery from 'jquery';
import { find, lang, make, say } from '../../assets/modules/page.mjs';

/** @param {object} form Enketo's @param {{path: string, label: string, message_zh: string, message_en: string}[]} problems */
export function showProblems(form, problems) {
  const box = find('#trouble');
  box.hidden = !problems.length;
  box.replaceChildren();
  if (!problems.length) return;
  const items = problems.map((problem) => {
    const question = questionAt(form.view.html, problem.path), text = problem[`message_${lang}`];
    if (question) tag(question, text);
    const go = (event) => { event.preventDefault(); goTo(form, question); };
    return make('li', {}, question ? make('a', { href: '#form-box', onclick: go }, problem.label || text) : problem.label, `：${text}`);
  });
  box.append(make('p', {}, say('form.back')), make('ul', {}, ...items));
  const first = problems.map(({ path }) => questionAt(form.view.html, path)).find(Boolean);
  if (first && form.pages.active) goTo(form, first);
  else box.focus();
}

/** The question at a path of the answer: `/data/people[2]/age`. */
export function questionAt(html, path) {
  const bare = path.replaceAll(/\[\d+\]/g, ''), place = Number(/.*\[(\d+)\]/.exec(path)?.[1] ?? 1) - 1;
  const all = [...new Set([...html.querySelectorAll(`[name="${CSS.escape(bare)}"], [data-name="${CSS.escape(bare)}"]`)].map((input) => input.closest('.question')).filter(Boolean))];
  return all[place] ?? all[0];
}

function tag(question, text) {
  question.querySelector('.said')?.remove();
  const said = make('span', { class: 'said' }, text);
  question.classList.add('came-back');
  question.append(said);
  question.addEventListener('change', () => { said.remove(); question.classList.remove('came-back'); }, { once: true });
}

function goTo(form, question) {
  if (form.pages.active) form.pages.flipToPageContaining(jQuery(question));
  question.scrollIntoView({ block: 'center' });
  question.querySelector('input:not(.hide):not(.ignore), textarea, select, button')?.focus();
}
