/** Finding a matter among some hundreds, without a network: by characters, by pinyin initials, by English. Pure. */

/** @typedef {[key: string, zh: string, en: string, initials: string, major: string, cases: number]} Matter */

/**
 * The matters that fit, best first: what begins with the words, then what holds them, then what has the letters in their order; equal
 * ones by how often the city has them.
 * @param {Matter[]} matters @param {string} asked
 */
export function search(matters, asked, most = 12) {
  const words = asked.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  if (!words) return matters.slice(0, most);
  const found = [];
  matters.forEach((matter, place) => {
    const rank = fit(matter, words);
    if (rank) found.push({ matter, rank, place });
  });
  return found.sort((a, b) => b.rank - a.rank || a.place - b.place).slice(0, most).map(({ matter }) => matter);
}

/** How well one fits; 0: not at all. */
function fit([, zh, en, initials], words) {
  const close = words.replaceAll(' ', '');
  if (zh.startsWith(close)) return 6;
  if (zh.includes(close)) return 5;
  if (/^[a-z]+$/.test(close)) {
    if (initials.startsWith(close)) return 4;
    if (close.length > 1 && initials.includes(close)) return 3;
    if (words.split(' ').every((word) => en.toLowerCase().includes(word)) && close.length > 2) return 2;
    return 0;
  }
  return within(zh, close) ? 1 : 0;
}

/** Whether all characters are there in their order. */
function within(text, characters) {
  let at = 0;
  for (const character of characters) {
    at = text.indexOf(character, at) + 1;
    if (!at) return false;
  }
  return true;
}
