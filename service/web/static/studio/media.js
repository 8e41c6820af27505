// Comfort on the page of images: what was chosen is shown, a photo that is too large is made smaller before it is
// sent, and what is to be pasted is copied by a button. Without this the page works too.
const WIDEST = 2400;
const ENOUGH = 1_500_000;
const DUTCH = document.documentElement.lang !== "en";

for (const button of document.querySelectorAll("[data-copy-from]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copyFrom).value);
    button.textContent = button.dataset.done;
  });
}
for (const field of document.querySelectorAll("input[data-copy]")) field.addEventListener("focus", () => field.select());

const form = document.querySelector("form[data-upload]");
const input = form?.querySelector("input[type=file]");
input?.addEventListener("change", async () => {
  const place = form.querySelector("[data-chosen]");
  place.hidden = true;
  const [file] = input.files;
  // A moving or see-through one goes as it is: the service says what it makes of it.
  const bitmap = file && (await createImageBitmap(file).catch(() => null));
  if (!bitmap || file !== input.files[0]) return;
  place.replaceChildren(drawn(bitmap, 288), `${bitmap.width} × ${bitmap.height}`);
  place.hidden = false;
  if (file.type === "image/jpeg" && file.size > ENOUGH) {
    const smaller = await new Promise((done) => drawn(bitmap, WIDEST).toBlob(done, "image/jpeg", 0.92));
    if (smaller && smaller.size < file.size && file === input.files[0]) {
      const held = new DataTransfer();
      held.items.add(new File([smaller], file.name, { type: "image/jpeg" }));
      input.files = held.files;
    }
  }
});

form?.addEventListener("submit", () => {
  const button = form.querySelector("button[type=submit]");
  button.setAttribute("aria-busy", "true");
  button.textContent = DUTCH ? "Even geduld…" : "One moment…";
});

function drawn(bitmap, most) {
  const scale = Math.min(1, most / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}
