/** Photos made small on the phone. Painting one anew leaves everything but the picture behind: place, time, camera. */
const MOST = 1600, QUALITY = 0.82, MOST_BYTES = 1_200_000, LEAST = 48;

/**
 * @param {Blob} file
 * @param {number} [most] pixels of the longer side
 * @param {number} [bytes] the most that it may weigh
 * @returns {Promise<Uint8Array>} a JPEG without metadata; throws for what is no picture
 */
export async function shrink(file, most = MOST, bytes = MOST_BYTES) {
  const picture = await decoded(file);
  for (let side = most, quality = QUALITY; side > LEAST; side *= 0.75, quality *= 0.9) {
    const made = await painted(picture, side, quality);
    if (made.length <= bytes) return made;
  }
  throw new Error('room');
}

/** Upright, as the camera was held; older browsers do that for images in pages only. */
async function decoded(file) {
  if (globalThis.createImageBitmap) {
    try { return await createImageBitmap(file, { imageOrientation: 'from-image' }); } catch { /* no options there, or no picture */ }
  }
  const image = new Image(), address = URL.createObjectURL(file);
  try {
    await new Promise((done, failed) => { image.onload = done; image.onerror = () => failed(new Error('no picture')); image.src = address; });
  } finally { URL.revokeObjectURL(address); }
  return image;
}

async function painted(picture, most, quality) {
  const scale = Math.min(1, most / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', quality); });
  return new Uint8Array(await blob.arrayBuffer());
}
