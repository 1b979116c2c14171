/** Pictures that the user picks, pastes or drops, made fit for sending. */

const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"]; // what the server takes
const MAX_BYTES = 5 * 2 ** 20;
const MAX_PIXELS = 25e6;
const SIDE = 2560; // px of the longer side of a picture that has to be made smaller
const PORTRAIT = 512; // px of a profile picture's sides

/** A picture as a data URI: as it is where it fits, else smaller and as JPEG. Throws an Error in words. */
export async function readImage(file) {
  const bitmap = await decode(file);
  const { width, height } = bitmap;
  const fits = TYPES.includes(file.type) && file.size <= MAX_BYTES && width * height <= MAX_PIXELS;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  return dataUri(fits ? file : await draw(bitmap, scale, width * scale, height * scale));
}

/** A picture's middle as a small square, as a data URI. Throws an Error in words. */
export async function readPortrait(file) {
  const bitmap = await decode(file);
  return dataUri(await draw(bitmap, PORTRAIT / Math.min(bitmap.width, bitmap.height), PORTRAIT, PORTRAIT));
}

function decode(file) {
  return createImageBitmap(file).catch(() => {
    throw new Error(`${file.name || "This file"} is not a picture that can be shown here.`);
  });
}

function draw(bitmap, scale, width, height) {
  const canvas = new OffscreenCanvas(Math.round(width), Math.round(height));
  const paper = canvas.getContext("2d");
  paper.fillStyle = "#fff"; // under what is transparent: JPEG has no transparency
  paper.fillRect(0, 0, width, height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  paper.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.87 });
}

function dataUri(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error); // it has words
    reader.readAsDataURL(blob);
  });
}
