/** The place and moment that a camera wrote into a JPEG (EXIF 2.32), read before the picture is made small. Pure. */

const APP1 = 0xe1, START_OF_SCAN = 0xda, GPS = 0x8825, EXIF = 0x8769, TAKEN = 0x9003;

/** @param {ArrayBuffer} bytes @returns {{lng: number, lat: number, taken?: string} | {taken?: string}} empty where nothing is written */
export function readExif(bytes) {
  try { return placeOf(block(new DataView(bytes))); } catch (error) { if (error instanceof RangeError) return {}; throw error; }
}

/** The TIFF part of the APP1 segment, or null. */
function block(view) {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 <= view.byteLength;) {
    const marker = view.getUint8(at + 1), length = view.getUint16(at + 2);
    if (view.getUint8(at) !== 0xff || marker === START_OF_SCAN) return null;
    if (marker === APP1 && view.getUint32(at + 4) === 0x45786966) return new DataView(view.buffer, at + 10, length - 8);
    at += 2 + length;
  }
  return null;
}

function placeOf(tiff) {
  if (!tiff) return {};
  const small = tiff.getUint16(0) === 0x4949, top = entries(tiff, tiff.getUint32(4, small), small);
  const gps = top.has(GPS) ? entries(tiff, tiff.getUint32(top.get(GPS), small), small) : new Map();
  const exif = top.has(EXIF) ? entries(tiff, tiff.getUint32(top.get(EXIF), small), small) : new Map();
  const taken = exif.has(TAKEN) ? text(tiff, tiff.getUint32(exif.get(TAKEN), small), 19) : undefined;
  const lat = degrees(tiff, gps, 1, 2, 'S', 90, small), lng = degrees(tiff, gps, 3, 4, 'W', 180, small);
  return { ...(taken ? { taken } : {}), ...(lat === null || lng === null ? {} : { lng, lat }) };
}

/** Where the value of each tag of a directory stands. */
function entries(tiff, at, small) {
  const found = new Map();
  for (let i = 0, count = tiff.getUint16(at, small); i < count; i += 1) found.set(tiff.getUint16(at + 2 + 12 * i, small), at + 2 + 12 * i + 8);
  return found;
}

function degrees(tiff, gps, side, value, negative, limit, small) {
  if (!gps.has(side) || !gps.has(value)) return null;
  const at = tiff.getUint32(gps.get(value), small);
  const [d, m, s] = [0, 8, 16].map((step) => tiff.getUint32(at + step, small) / tiff.getUint32(at + step + 4, small));
  const whole = d + m / 60 + s / 3600;
  if (!(whole >= 0 && whole <= limit)) return null;
  return String.fromCharCode(tiff.getUint8(gps.get(side))) === negative ? -whole : whole;
}

const text = (tiff, at, length) => Array.from({ length }, (_, i) => String.fromCharCode(tiff.getUint8(at + i))).join('');
