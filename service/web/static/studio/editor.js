// The page a mail is edited on, made comfortable. Without this, its fields and buttons do all of it.
//
// What it asks of the page: <form id="mail-form" data-check data-preview data-media data-bundle>, in it <div data-editor> round the textarea
// and <div data-toolbar hidden> before it, an <iframe data-preview-frame>, <ul data-problems>, <select name="look">.
import { check } from "./editor-check.js";
import { sorted } from "./editor-fields.js";
import { guard } from "./editor-guard.js";
import { plainField } from "./editor-plain.js";
import { preview } from "./editor-preview.js";
import { isInText, problems } from "./editor-problems.js";
import { toolbar } from "./editor-toolbar.js";
import { words } from "./editor-words.js";

const form = document.getElementById("mail-form");
const textarea = form?.querySelector("[data-editor] textarea");
if (textarea) start();

async function start() {
  const changes = new EventTarget();
  const changed = () => changes.dispatchEvent(new Event("change"));
  // The field of the moment: the textarea at once, CodeMirror as soon as it is here.
  const at = { field: plainField(textarea) };
  // Fields of the form may stand beside it. What is chosen or typed is an `input`; a `change` would come once more when
  // a field is left, and draw over what a button has just shown.
  document.addEventListener("input", (event) => event.target.form === form && changed());

  guard(form, changes);
  const bar = form.querySelector("[data-toolbar]");
  const tools = bar && toolbar(bar, at, form.dataset.media);
  const list = document.querySelector("[data-problems]");
  const told = list && problems(list, at);
  const shown = document.querySelector("[data-preview-frame]");
  const drawn = shown && form.dataset.preview ? preview(form, shown) : null;
  let answer = null;
  const take = (found) => {
    answer = found;
    told?.show(found.problems ?? []);
    at.field.mark((found.problems ?? []).filter(isInText));
    const fields = sorted(found.fields ?? []);
    at.field.offer(fields);
    tools?.offer(fields);
    drawn?.length(found.words ?? 0);
    if (found.words) for (const place of document.querySelectorAll("[data-words]")) place.textContent = found.words;
    for (const name of ["subject", "preheader"])
      for (const place of document.querySelectorAll(`[data-inbox-${name}]`)) place.textContent = found[name] || form.elements.namedItem(name)?.value || "";
  };
  const checked = form.dataset.check ? check(form, take, told) : null;

  let waiting = 0;
  changes.addEventListener("change", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      drawn?.now();
      checked?.now();
    }, 100);
  });
  drawn?.now();
  checked?.now();

  const built = form.dataset.bundle && (await import(form.dataset.bundle).catch(() => null));
  if (!built) return;
  const label = [...textarea.labels].map((each) => each.textContent.trim()).join(" ") || words.text;
  const hadFocus = document.activeElement === textarea;
  at.field = built.open({ textarea, label, words, changed });
  if (answer) take(answer);
  if (hadFocus) at.field.focus();
}
