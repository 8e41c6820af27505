// Nothing written is lost by going elsewhere, and Ctrl+S saves.
import { words } from "./editor-words.js";

// What is saved: not how the preview looks and as whom, which stand beside the form or are named here, and not the toolbar's buttons.
const isWritten = (form, each) => each.name && form.contains(each) && !["look", "as"].includes(each.name);
const written = (form) => JSON.stringify([...form.elements].filter((each) => isWritten(form, each)).map(({ name, value }) => [name, value]));

export function guard(form, changes) {
  const saved = written(form);
  let leaving = false;
  const told = document.createElement("span");
  told.className = "unsaved";
  told.setAttribute("role", "status");
  (form.querySelector("[data-unsaved]") ?? form).append(told);
  const isChanged = () => written(form) !== saved;
  changes.addEventListener("change", () => {
    const text = isChanged() ? words.unsaved : "";
    if (told.textContent !== text) told.textContent = text;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && isChanged()) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    leaving = !event.submitter?.formTarget;
  });
  // Back from the page's own cache it is a page that was not left.
  window.addEventListener("pageshow", () => (leaving = false));
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    const save = form.querySelector("[data-save]") ?? form.querySelector("button[type=submit]:not([formaction]), button:not([type]):not([formaction])");
    form.requestSubmit(save);
  });
}
