// Steps reordered by dragging and by keyboard. What is put down is sent as the form that the buttons send as well.

const list = document.querySelector(".timeline");
const form = document.querySelector("[data-move]");
const said = document.querySelector("[data-said]");

const movable = () => [...list.querySelectorAll("[data-step]:not(.is-advice)")];
const place = (step) => movable().indexOf(step) + 1; // the advice stands at 0
const tell = (what, step) => {
  const words = { step: step.dataset.step, place: place(step), all: movable().length };
  said.textContent = said.dataset[what].replace(/\{(\w+)\}/g, (_, name) => words[name]);
};

const EDGE = 72; // pixels: so near the edge of the window it scrolls along

let lifted = null;
let began = 0;

function lift(step) {
  lifted = step;
  began = place(step);
  step.classList.add("is-lifted");
  list.classList.add("is-sorting");
  step.querySelector(".handle").setAttribute("aria-pressed", "true");
  tell("lifted", step);
}

function release() {
  lifted.classList.remove("is-lifted");
  list.classList.remove("is-sorting");
  lifted.querySelector(".handle").setAttribute("aria-pressed", "false");
  lifted = null;
}

// The others go round it: an element that is put elsewhere loses the pointer that holds it, and the focus.
function putAt(step, wanted) {
  const to = Math.max(1, Math.min(wanted, movable().length));
  if (to === place(step)) return;
  while (place(step) < to) step.before(movable()[place(step)]);
  while (place(step) > to) step.after(movable()[place(step) - 2]);
  tell("moved", step);
}

function putDown() {
  const step = lifted;
  const to = place(step);
  release();
  if (to === began) {
    tell("back", step);
    return;
  }
  tell("dropped", step);
  form.elements.key.value = step.dataset.step;
  form.elements.to.value = to;
  form.submit();
}

function putBack() {
  const step = lifted;
  putAt(step, began);
  release();
  tell("back", step);
}

function keyed(event) {
  const step = lifted ?? event.currentTarget.closest("[data-step]"); // who tabbed on still holds the one in hand
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    if (lifted) putDown();
    else lift(step);
  } else if (lifted && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    putAt(step, place(step) + (event.key === "ArrowUp" ? -1 : 1));
    step.scrollIntoView({ block: "nearest" });
  } else if (lifted && event.key === "Escape") {
    event.preventDefault();
    putBack();
  }
}

function grabbed(event) {
  if (event.button !== 0) return;
  event.preventDefault();
  const handle = event.currentTarget;
  if (lifted) putBack();
  handle.focus();
  handle.setPointerCapture(event.pointerId);
  lift(handle.closest("[data-step]"));
}

function dragged(event) {
  if (!lifted || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
  if (event.clientY < EDGE) window.scrollBy(0, -EDGE / 3);
  if (event.clientY > window.innerHeight - EDGE) window.scrollBy(0, EDGE / 3);
  const others = movable().filter((each) => each !== lifted);
  const above = others.filter((each) => {
    const box = each.getBoundingClientRect();
    return box.top + box.height / 2 < event.clientY;
  });
  putAt(lifted, above.length + 1);
}

function letGo(event) {
  if (lifted && event.currentTarget.hasPointerCapture(event.pointerId)) putDown();
}

if (list && form && said) {
  document.querySelectorAll(".needs-script").forEach((each) => each.removeAttribute("hidden"));
  list.querySelectorAll(".handle").forEach((handle) => {
    handle.removeAttribute("hidden");
    handle.setAttribute("aria-pressed", "false");
    handle.addEventListener("keydown", keyed);
    handle.addEventListener("click", (event) => event.preventDefault());
    handle.addEventListener("pointerdown", grabbed);
    handle.addEventListener("pointermove", dragged);
    handle.addEventListener("pointerup", letGo);
    handle.addEventListener("pointercancel", () => lifted && putBack());
  });
}
