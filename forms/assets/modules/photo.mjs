/** Photos made small on the phone. Painting one anew leaves everything but the picture behind: place, time, camera. */
const MOST = 1600, QUALITY = 0.82, MOST_BYTES = 1_200_000;

/**
 * @param {Blob} file
 * @returns {Promise<Uint8Array>} a JPEG without metadata, no side longer than 1600 pixels; throws for what is no picture
 */
export async function shrink(file) {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  for (let side = MOST, quality = QUALITY; ; side *= 0.75, quality *= 0.9) {
    const bytes = await painted(picture, side, quality);
    if (bytes.length <= MOST_BYTES) return bytes;
  }
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
