// Where this file came from is where the service is. Some sites move scripts about, so look for the tag as well.
const TAGS = 'script[src*="/embed.js"]';
const BASE = new URL(".", (document.currentScript || document.querySelector(TAGS)).src).href;

function begin() {
  if (!customElements.get("nurture-form")) customElements.define("nurture-form", NurtureForm);
  for (const script of document.querySelectorAll(`${TAGS}[data-form]:not([data-nurture])`)) {
    script.dataset.nurture = "done";
    if (!script.closest("body")) {
      console.warn("nurture: put the script where the form has to come, not in the head of the page.");
      continue;
    }
    const made = document.createElement("nurture-form");
    for (const name of ["form", "mode", "label"]) if (script.dataset[name]) made.dataset[name] = script.dataset[name];
    made.dataset.base = new URL(".", script.src).href;
    script.after(made);
  }
  if (document.readyState !== "loading" && location.origin === new URL(BASE).origin) ownPage();
}

// On a page of the service itself: the form that stands there, and in a frame the height it needs.
function ownPage() {
  for (const form of document.querySelectorAll("form.opt-in:not([novalidate])"))
    enhance(form, { base: BASE, given: null, arrived: () => location.assign(form.dataset.thanks) });
  const parents = (document.body.dataset.parents || "").split(" ");
  const parent = location.ancestorOrigins?.[0] || (document.referrer && new URL(document.referrer).origin);
  if (window.parent === window || !parents.includes(parent)) return;
  // The thanks begin where the form began, which is far above the button that was pressed on a phone.
  let sent = !document.querySelector("form.opt-in");
  new ResizeObserver(() => {
    window.parent.postMessage({ nurtureHeight: document.documentElement.offsetHeight, nurtureSent: sent }, parent);
    sent = false; // told once: whoever scrolls on stays where they are
  }).observe(document.documentElement);
}

begin();
document.addEventListener("DOMContentLoaded", begin);
