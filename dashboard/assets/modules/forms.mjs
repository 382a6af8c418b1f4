/* Forms: one page, three rooms. /forms lists them, /forms/7/edit composes a draft, /forms/<key> reads what was answered. */

const DRAFT = /^\/forms\/(\d+)\/edit$/;
const FORM = /^\/forms\/([^/]+)$/;

/** @param {object} config of the page */
export async function start(config) {
  const path = decodeURIComponent(location.pathname).replace(/\/$/, '');
  const [draft, form] = [path.match(DRAFT), path.match(FORM)];
  if (draft) return (await import('./forms_builder.mjs')).open(config, Number(draft[1]));
  if (form) return (await import('./forms_answers.mjs')).open(config, form[1]);
  return (await import('./forms_list.mjs')).open(config);
}
