/* Moments in form fields: by the city's clock, whatever the browser's. */

const HOUR = 3600;

/** Seconds that the city's clock is ahead of UTC. @param {string|undefined} timezone */
export function shiftOf(timezone) {
  const parts = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' }).formatToParts(new Date());
  const [, sign, hours, minutes] = parts.find((part) => part.type === 'timeZoneName').value.match(/GMT(?:([+-])(\d\d):(\d\d))?/);
  return sign ? (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * 60) : 0;
}

/** A moment (Unix seconds) as a field of a day and a time takes it. */
export const toField = (seconds, timezone) => new Date((seconds + shiftOf(timezone)) * 1000).toISOString().slice(0, 16);

/** What such a field holds, in Unix seconds. */
export const fromField = (text, timezone) => Date.parse(`${text}:00Z`) / 1000 - shiftOf(timezone);
