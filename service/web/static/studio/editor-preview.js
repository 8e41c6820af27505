// The mail beside its text. Each drawing loads in a frame of its own behind the one that is seen, and takes its place
// when it is there: nothing flickers, and since a new frame's first page adds nothing to the history, Back still goes back.
import { words } from "./editor-words.js";

export function preview(form, first) {
  const stage = stageOf(first);
  const bare = first.cloneNode(false);
  for (const name of ["src", "srcdoc", "id"]) bare.removeAttribute(name);
  const looks = looksOf(form, stage);
  // What else shows something in the frame goes on to do so, in whichever is seen; buttons for the preview itself have
  // nothing left to do.
  const others = [...document.querySelectorAll("[formtarget]")].filter((each) => each.formTarget === first.name);
  for (const each of others) if (each.formAction === new URL(form.dataset.preview, location).href) each.hidden = true;

  let shown = first;
  let coming = null;
  let again = false;
  let number = 0;
  let long = 0;
  let reading = null;

  const now = () => {
    if (coming) {
      again = true; // one at a time: the newest text is drawn when this one is there
      return;
    }
    const next = bare.cloneNode(false);
    next.name = `preview-${(number += 1)}`;
    next.classList.add("coming");
    next.tabIndex = -1;
    next.setAttribute("aria-hidden", "true");
    coming = next;
    stage.append(next);
    post(form, next.name);
    const late = setTimeout(() => over(next, false), 10_000);
    next.addEventListener("load", () => {
      clearTimeout(late);
      over(next, true);
    });
  };

  const over = (next, loaded) => {
    if (coming !== next) return;
    coming = null;
    if (loaded) {
      const at = stage.scrollTop;
      next.classList.remove("coming");
      next.removeAttribute("aria-hidden");
      next.removeAttribute("tabindex");
      next.style.height = shown.style.height;
      shown.remove();
      shown = next;
      stage.scrollTop = at;
      for (const each of others) each.formTarget = next.name;
    } else next.remove();
    if (again) {
      again = false;
      now();
    }
  };

  // How long a mail becomes cannot be asked of a frame that is shut off: so it is guessed, with room to spare, and the
  // stage scrolls instead of the frame. What is drawn anew stays where somebody was reading.
  const fit = () => {
    const wide = stage.dataset.look === "desktop";
    shown.style.height = long ? `${900 + long * (wide ? 4 : 7)}px` : "";
  };
  looks?.addEventListener("input", fit);
  return {
    now,
    // A mail that cannot be drawn says why at its top; once it can be again, one is back where one was.
    length(count) {
      if (!count && long) {
        reading ??= stage.scrollTop;
        stage.scrollTop = 0;
        return;
      }
      long = count;
      fit();
      if (reading !== null) stage.scrollTop = reading;
      reading = null;
    },
  };
}

// What the frames stand in, and scroll in: the page's own, where it has one that can be scrolled by keyboard.
function stageOf(frame) {
  const there = frame.parentElement;
  if (there.tabIndex === 0 && there.children.length === 1) {
    there.classList.add("preview-stage");
    return there;
  }
  const stage = document.createElement("div");
  stage.className = "preview-stage";
  stage.tabIndex = 0;
  stage.setAttribute("role", "region");
  stage.setAttribute("aria-label", words.preview);
  frame.before(stage);
  stage.append(frame);
  return stage;
}

// The form as it stands, into a frame: by a form of its own, since only a form posts into one.
function post(form, target) {
  const sent = document.createElement("form");
  sent.method = "post";
  sent.action = form.dataset.preview;
  sent.target = target;
  sent.hidden = true;
  for (const [name, value] of new FormData(form)) {
    if (typeof value !== "string") continue;
    const field = document.createElement("textarea"); // an input would lose the ends of lines
    field.name = name;
    field.value = value;
    sent.append(field);
  }
  document.body.append(sent);
  sent.submit();
  sent.remove();
}

// The choice of how to look at it, as a row of radio buttons in place of the list, which keeps the value.
function looksOf(form, stage) {
  const select = form.elements.namedItem("look") ?? document.querySelector("select[name=look]");
  if (!(select instanceof HTMLSelectElement)) return null;
  const group = document.createElement("fieldset");
  group.className = "looks";
  const legend = document.createElement("legend");
  legend.textContent = [...select.labels].map((each) => each.textContent.trim()).join(" ") || words.look;
  group.append(legend);
  for (const option of select.options) {
    const label = document.createElement("label");
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "shown-look";
    radio.value = option.value;
    radio.checked = option.selected;
    radio.setAttribute("form", ""); // no field of the mail: it is not sent
    radio.addEventListener("change", () => {
      select.value = radio.value;
      stage.dataset.look = radio.value;
      select.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const name = document.createElement("span");
    name.textContent = option.textContent;
    label.append(radio, name);
    group.append(label);
  }
  stage.dataset.look = select.value;
  for (const label of select.labels) label.hidden = true;
  select.hidden = true;
  select.before(group);
  return select;
}
