/** Pictures that the user picks, pastes or drops, made fit for sending. */

const MAX_SIDE = 2560; // px of the longer side of a picture that is sent: as much as large screens show
const PROFILE_SIDE = 512; // px of a profile picture's sides
const QUALITY = 0.87; // of JPEG

/**
 * A picture as a data URI: as it is if it fits `limits` and MAX_SIDE, else smaller. Animations are never made smaller,
 * because only their first frame would be left. Throws an Error in words.
 */
export async function readImage(file, limits) {
  const bitmap = await decode(file);
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  if (isAccepted(file, bitmap, limits) && (scale === 1 || file.type === "image/gif")) return dataUri(file);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  if (file.type === "image/png") {
    const smaller = await draw(bitmap, width, height, "image/png");
    if (smaller.size <= file.size) return dataUri(smaller); // drawings; a photo is smaller as JPEG
  }
  return dataUri(await draw(bitmap, width, height, "image/jpeg"));
}

/** The middle of a picture as a small square, as a data URI. Throws an Error in words. */
export async function readProfilePicture(file) {
  const bitmap = await decode(file);
  return dataUri(await draw(bitmap, PROFILE_SIDE, PROFILE_SIDE, "image/jpeg"));
}

function isAccepted({ type, size }, { width, height }, { imageTypes, maxImageBytes, maxImagePixels }) {
  return imageTypes?.includes(type) && size <= maxImageBytes && width * height <= maxImagePixels;
}

function decode(file) {
  return createImageBitmap(file).catch(() => {
    const name = file.name || "This file";
    const isHeic = /hei[cf]/.test(file.type) || /\.hei[cf]$/i.test(name);
    throw new Error(isHeic ? "HEIC isn't supported; use JPEG or PNG" : `${name} is not a picture`);
  });
}

/** Draw a picture so that it covers a canvas of that size. */
function draw(bitmap, canvasWidth, canvasHeight, type) {
  const canvas = new OffscreenCanvas(Math.round(canvasWidth), Math.round(canvasHeight));
  const paper = canvas.getContext("2d");
  if (type === "image/jpeg") {
    paper.fillStyle = "#fff"; // under what is transparent: JPEG has no transparency
    paper.fillRect(0, 0, canvas.width, canvas.height);
  }
  const scale = Math.max(canvas.width / bitmap.width, canvas.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  paper.imageSmoothingQuality = "high";
  paper.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  return canvas.convertToBlob({ type, quality: QUALITY });
}

function dataUri(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error); // it has words
    reader.readAsDataURL(blob);
  });
}
