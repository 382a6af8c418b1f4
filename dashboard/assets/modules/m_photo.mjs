/** Photos: taken by the camera, made small on the phone, shown as small pictures that can be taken away again. */
import { glyph, make, say, toast } from './m_dom.mjs';
import { readExif } from './m_exif.mjs';

const MOST_SIDE = 1600, QUALITY = 0.8, MOST_BYTES = 700_000, MOST = 6;

/** A JPEG of at most 700 kB without metadata; throws for what is no picture. @param {Blob} file @returns {Promise<ArrayBuffer>} */
export async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    for (let side = MOST_SIDE, quality = QUALITY; ; side *= 0.75, quality *= 0.9) {
      const bytes = await painted(picture, side, quality);
      if (bytes.byteLength <= MOST_BYTES) return bytes;
    }
  } finally { picture.close(); }
}

async function painted(picture, most, quality) {
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = make('canvas', { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) });
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  return (await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', quality); })).arrayBuffer();
}

/**
 * A row of photos with a large button for the camera and a small one for the gallery.
 * @param {import('./m_outbox.mjs').Photo[]} photos what is there already; changed in place
 * @param {(exif: {lng?: number, lat?: number}) => void} changed
 */
export function photoRow(label, photos, changed) {
  const list = make('ul', { class: 'photos' });
  const take = async (event) => {
    const files = [...event.target.files];
    event.target.value = '';
    for (const file of files.slice(0, MOST - photos.length)) {
      try {
        const exif = readExif(await file.arrayBuffer());
        photos.push({ bytes: await shrink(file) });
        changed(exif);
      } catch { toast(say('photo.failed'), 'bad'); }
    }
    show();
  };
  const input = (attributes) => make('input', { type: 'file', accept: 'image/*', class: 'unseen', onchange: take, ...attributes });
  const camera = input({ capture: 'environment', 'aria-label': `${label}: ${say('photo.take')}` }), gallery = input({ multiple: true, 'aria-label': `${label}: ${say('photo.choose')}` });
  const show = () => list.replaceChildren(
    ...photos.map((photo, at) => make('li', {}, picture(photo, say('photo.nth', { n: at + 1 })), make('button', { type: 'button', class: 'remove', 'aria-label': say('photo.remove', { n: at + 1 }), onclick: () => { photos.splice(at, 1); changed({}); show(); } }, glyph('close')))),
    ...(photos.length < MOST ? [make('li', {}, make('label', { class: 'add-photo' }, camera, glyph('camera'), make('span', {}, say('photo.take')))), make('li', {}, make('label', { class: 'add-photo quiet' }, gallery, glyph('gallery'), make('span', {}, say('photo.choose'))))] : []),
  );
  show();
  return make('section', { class: 'field' }, make('h3', {}, label), list);
}

/** A kept photo as a picture. */
export function picture(photo, alt) {
  const address = URL.createObjectURL(new Blob([photo.bytes], { type: 'image/jpeg' }));
  return make('img', { src: address, alt, onload: () => URL.revokeObjectURL(address) });
}

/** Photos of a case, from the server, opened large by a touch. */
export function shownPhotos(digests, openLarge) {
  if (!digests.length) return null;
  return make('ul', { class: 'photos' }, digests.map((digest, at) => make('li', {}, make('button', { type: 'button', class: 'photo', 'aria-label': say('photo.nth', { n: at + 1 }), onclick: () => openLarge(`/api/photos/${digest}`) }, make('img', { src: `/api/photos/${digest}`, alt: say('photo.nth', { n: at + 1 }), loading: 'lazy', width: 96, height: 96 })))));
}
