/* The page's slots and words, and how numbers and times are written. */

export const slot = (name) => document.querySelector(`[data-slot="${name}"]`);

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

export function setText(target, text) {
  if (target && target.textContent !== text) target.textContent = text;
}

export class Page {
  constructor(config) {
    this.language = config.language;
    this.words = config.words;
    this.index = config.language === 'zh' ? 0 : 1;
    this.number = new Intl.NumberFormat(config.language === 'zh' ? 'zh-CN' : 'en');
    this.timezone = undefined;
    this.skew = 0;
    this.areas = {};
  }

  say(key, values = {}) {
    return (this.words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  pick(names) {
    return names ? names[this.index] : '';
  }

  /** Area and address of a row in one line, without naming the area, and the city around it, twice. */
  place({ area, address }, otherwise = '') {
    const [name, said] = [this.areas[area], address ?? otherwise];
    const rest = name && said.includes(name) ? said.slice(said.indexOf(name) + name.length).trim() : said;
    return [name, rest].filter(Boolean).join(' · ');
  }

  /* The server's clock, in Unix seconds. */
  now() {
    return Date.now() / 1000 + this.skew;
  }

  follow(snapshot) {
    this.timezone = snapshot.city?.timezone;
    this.areas = snapshot.areas ?? {};
    this.skew = snapshot.now - Date.now() / 1000;
    const formats = (options) => new Intl.DateTimeFormat(this.language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: this.timezone, hourCycle: 'h23', ...options });
    this.clock = formats({ hour: '2-digit', minute: '2-digit' });
    this.exact = formats({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
    this.date = formats({ month: 'long', day: 'numeric', weekday: 'long' });
    this.day = formats({ month: 'numeric', day: 'numeric' });
  }

  moment(seconds) {
    const at = new Date(seconds * 1000);
    const today = this.day.format(new Date(this.now() * 1000)) === this.day.format(at);
    return today ? this.clock.format(at) : `${this.day.format(at)} ${this.clock.format(at)}`;
  }

  duration(seconds) {
    const minutes = Math.max(0, Math.round(seconds / 60));
    if (minutes < 60) return this.say('short.minutes', { n: minutes });
    if (minutes < 48 * 60) return this.say('short.hours', { n: Math.floor(minutes / 60), m: String(minutes % 60).padStart(2, '0') });
    return this.say('short.days', { n: Math.floor(minutes / 1440) });
  }

  left(row, now = this.now()) {
    if (row.closed || !row.due) return null;
    const left = row.due - now;
    return { overdue: left < 0, pressing: left < 3600, text: this.say(left < 0 ? 'row.overdue' : 'row.left', { time: this.duration(Math.abs(left)) }) };
  }
}
