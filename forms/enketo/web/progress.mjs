/** How far it is: the page of so many, or the share of what must be answered, said in words and drawn as a bar. */
import { find, say } from '../../assets/modules/page.mjs';

const ASKED = '.question:not(.disabled):not(.readonly):not(.note)';

export function showProgress(form) {
  const bar = find('#progress'), told = find('#far'), { html } = form.view;
  const update = () => {
    const [done, all] = form.pages.active ? onPages(form.pages) : answered(html);
    bar.hidden = told.hidden = all < 2;
    document.body.classList.toggle('underway', form.pages.active && done > 1);
    bar.max = all;
    bar.value = done;
    told.textContent = say(form.pages.active ? 'form.page' : 'form.answered', { n: done, all });
  };
  for (const event of ['dataupdate', 'pageflip', 'addrepeat', 'removerepeat']) html.addEventListener(event, () => setTimeout(update));
  update();
}

const onPages = ({ activePages, current }) => [Math.max(0, activePages.indexOf(current)) + 1, activePages.length];

function answered(html) {
  const asked = [...html.querySelectorAll(ASKED)].filter((question) => !question.closest('.disabled') && question.querySelector('input:not(.ignore):not([readonly]), select, textarea'));
  const has = (question) => [...question.querySelectorAll('input:not(.ignore), select, textarea')].some((input) => (/radio|checkbox/.test(input.type) ? input.checked : input.value));
  return [asked.filter(has).length, asked.length];
}
