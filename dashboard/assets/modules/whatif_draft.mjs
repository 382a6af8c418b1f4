/* What a plan changes, as a value: in the address what is small, in the tab's memory what is long (rules, boundaries); and as the server takes it. */

const MEMORY = 'needle-whatif';
const DAY_LETTERS = '0123456';

/** @typedef {{ rules: string|null, boundaries: {id: number, layer: string, areas: number}[], hours: object[], moved: Record<string, number[]>, gone: number[], added: {like: number, at: number[]}[] }} Draft */

/** @returns {Draft} a plan that changes nothing */
export const nothing = () => ({ rules: null, boundaries: [], hours: [], moved: {}, gone: [], added: [] });

/** How many changes there are, by kind. */
export function counts(draft) {
  return { teams: Object.keys(draft.moved).length + draft.gone.length + draft.added.length, hours: draft.hours.length, rules: draft.rules === null ? 0 : 1, boundaries: draft.boundaries.length };
}

export const isNothing = (draft) => Object.values(counts(draft)).every((n) => n === 0);

/** The plan of an address and of this tab. @returns {Draft} */
export function readDraft(query) {
  const rows = (key) => (query.get(key) ?? '').split(';').map((row) => row.split(',')).filter((row) => row.length > 1);
  const kept = JSON.parse(sessionStorage.getItem(MEMORY) ?? 'null') ?? {};
  return {
    rules: kept.rules ?? null,
    boundaries: kept.boundaries ?? [],
    moved: Object.fromEntries(rows('moved').map(([team, lng, lat]) => [team, [Number(lng), Number(lat)]])),
    gone: (query.get('gone') ?? '').split(',').filter(Boolean).map(Number),
    added: rows('added').map(([like, lng, lat]) => ({ like: Number(like), at: [Number(lng), Number(lat)] })),
    hours: rows('hours').map(([department, days, starts, ends]) => ({ department, days: [...days].map(Number), starts, ends })),
  };
}

/** The plan as the address keeps it; what is long goes into this tab's memory. */
export function writeDraft(draft) {
  sessionStorage.setItem(MEMORY, JSON.stringify({ rules: draft.rules, boundaries: draft.boundaries }));
  return {
    moved: Object.entries(draft.moved).map(([team, at]) => [team, ...at].join(',')).join(';'),
    gone: draft.gone.join(','),
    added: draft.added.map(({ like, at }) => [like, ...at].join(',')).join(';'),
    hours: draft.hours.map(({ department, days, starts, ends }) => [department, days.map((day) => DAY_LETTERS[day]).join(''), starts, ends].join(',')).join(';'),
  };
}

/** The plan as the server takes it, and keeps it. */
export function asAsked(draft) {
  return {
    rules: draft.rules, boundaries: draft.boundaries.map(({ id }) => id), hours: draft.hours,
    moved: Object.entries(draft.moved).map(([team, at]) => ({ team: Number(team), at })), gone: draft.gone, added: draft.added,
  };
}

/** The plan of a what-if that is kept; `tried`: its boundaries, [id, layer, file, areas]. @returns {Draft} */
export function ofAsked(asked, tried) {
  return {
    rules: asked.rules, hours: asked.hours, gone: asked.gone, added: asked.added,
    moved: Object.fromEntries(asked.moved.map(({ team, at }) => [team, at])),
    boundaries: tried.map(([id, layer, file, areas]) => ({ id, layer, file, areas })),
  };
}

/** Whether two plans ask the same. */
export const same = (one, other) => JSON.stringify(asAsked(one)) === JSON.stringify(asAsked(other));
