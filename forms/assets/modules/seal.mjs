/**
 * Sealing on the phone: HPKE (RFC 9180), base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, single shot, on
 * WebCrypto alone; and the code that only this resident holds. The other half is forms/sealing.py.
 */
const utf8 = new TextEncoder();
const curve = { name: 'ECDH', namedCurve: 'P-256' };
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const VERSION = utf8.encode('HPKE-v1');
const KEM = Uint8Array.from([...utf8.encode('KEM'), 0x00, 0x10]);
const SUITE = Uint8Array.from([...utf8.encode('HPKE'), 0x00, 0x10, 0x00, 0x01, 0x00, 0x02]);
const NONE = new Uint8Array(0);

/** Whether this browser can seal: it needs WebCrypto, which it has only on https and on this very machine. */
export const canSeal = () => Boolean(globalThis.crypto?.subtle);

/** @param {...Uint8Array} parts */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

async function hmac(key, data) {
  const imported = await crypto.subtle.importKey('raw', key.length ? key : new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data));
}
const extract = (suite, salt, label, secret) => hmac(salt, join(VERSION, suite, utf8.encode(label), secret));
/** One block of HKDF-Expand: enough for the 32 bytes that this suite ever asks for. */
async function expand(suite, prk, label, info, length) {
  const labelled = join(Uint8Array.of(length >> 8, length & 255), VERSION, suite, utf8.encode(label), info);
  return (await hmac(prk, join(labelled, Uint8Array.of(1)))).slice(0, length);
}

/**
 * DHKEM: a secret that only the holder of the private key can find again.
 * @param {Uint8Array} publicKey uncompressed point, 65 bytes
 * @param {CryptoKeyPair} pair ephemeral, used once
 * @returns {Promise<{enc: Uint8Array, shared: Uint8Array}>}
 */
export async function encapsulate(publicKey, pair) {
  const enc = await pointOf(pair);
  return { enc, shared: await agree(publicKey, pair.privateKey, join(enc, publicKey)) };
}

async function agree(point, privateKey, both) {
  const theirs = await crypto.subtle.importKey('raw', point, curve, false, []);
  const dh = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, privateKey, 256));
  return expand(KEM, await extract(KEM, NONE, 'eae_prk', dh), 'shared_secret', both, 32);
}

/** What HPKE makes of a shared secret: the key's bytes and the nonce of the only message. */
async function schedule(shared, info) {
  const context = join(Uint8Array.of(0), await extract(SUITE, NONE, 'psk_id_hash', NONE), await extract(SUITE, NONE, 'info_hash', info));
  const secret = await extract(SUITE, shared, 'secret', NONE);
  return { bytes: await expand(SUITE, secret, 'key', context, 32), iv: await expand(SUITE, secret, 'base_nonce', context, 12) };
}

/** The public half of a pair: an uncompressed point, 65 bytes. @param {CryptoKeyPair} pair */
export const pointOf = async (pair) => new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));

/** A pair of this browser's own, to which packets are sealed; no script can read its private half, not even this one. */
export const newPair = () => crypto.subtle.generateKey(curve, false, ['deriveBits']);

/**
 * @param {Uint8Array} plain
 * @param {Uint8Array} publicKey uncompressed point, 65 bytes
 * @param {Uint8Array} info
 * @returns {Promise<Uint8Array>} encapsulated key, then ciphertext
 */
export async function seal(plain, publicKey, info) {
  const { subtle } = crypto;
  const { enc, shared } = await encapsulate(publicKey, await subtle.generateKey(curve, true, ['deriveBits']));
  const { bytes, iv } = await schedule(shared, info), key = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt']);
  return join(enc, new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv }, key, plain)));
}

/**
 * Open what was sealed to a pair of this browser.
 * @param {Uint8Array} sealed encapsulated key, then ciphertext
 * @param {CryptoKeyPair} pair
 * @param {Uint8Array} info
 * @returns {Promise<Uint8Array>} throws when it was changed
 */
export async function openSealed(sealed, pair, info) {
  const { subtle } = crypto, enc = sealed.slice(0, 65);
  const { bytes, iv } = await schedule(await agree(enc, pair.privateKey, join(enc, await pointOf(pair))), info);
  const key = await subtle.importKey('raw', bytes, 'AES-GCM', false, ['decrypt']);
  return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed.slice(65)));
}

/** What binds a letter to its place in the mailbox. */
export const letterInfo = (id, kind) => utf8.encode(`needle letter 1\0${kind}\0${id}`);

/** What binds a packet to the mail that asked for it. */
export const packetInfo = (id) => utf8.encode(`needle packet 1\0${id}`);

/**
 * A letter: the length of its JSON, the JSON, the photos.
 * @param {object} content
 * @param {Uint8Array[]} photos
 */
export function pack(content, photos = []) {
  const head = utf8.encode(JSON.stringify({ ...content, photos: photos.map((photo) => photo.length) }));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return join(length, head, ...photos);
}

/** A new code: 100 random bits. */
export const newCode = () => Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => LETTERS[byte & 31]).join('');

/** A code as a person typed it, or null. */
export function readCode(typed) {
  const code = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return code.length === 20 && [...code].every((letter) => LETTERS.includes(letter)) ? code : null;
}

/** A code in groups of four, for reading aloud. */
export const grouped = (code) => code.match(/.{4}/g).join('-');

/** The mail's id that belongs to a code. */
export async function mailId(code) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(`needle mail 1\0${code}`)));
  return Array.from(hash.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A random id, for mail that has no code of its own. */
export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Open the reply to a code.
 * @param {string} code @param {string} id @param {Uint8Array} sealed
 * @returns {Promise<object>} throws when it was changed
 */
export async function openReply(code, id, sealed) {
  const { subtle } = crypto;
  const secret = await subtle.importKey('raw', utf8.encode(code), 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: NONE, info: utf8.encode('needle reply 1') };
  const key = await subtle.deriveKey(how, secret, { name: 'AES-GCM', length: 256 }, false, ['decrypt']);
  const opening = { name: 'AES-GCM', iv: sealed.slice(0, 12), additionalData: utf8.encode(id) };
  return JSON.parse(new TextDecoder().decode(await subtle.decrypt(opening, key, sealed.slice(12))));
}

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
