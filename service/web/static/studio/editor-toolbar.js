// The row of buttons over the text (WAI-ARIA Authoring Practices, toolbar and menu button): one of them is reached by
// Tab, the others by the arrow keys. Each writes what docs/handleiding.md says, round what is selected.
import { imagePicker } from "./editor-images.js";
import { menuOf } from "./editor-menu.js";
import { words } from "./editor-words.js";

// `at.field` is the field of the moment. `media` is where the images are.
export function toolbar(bar, at, media) {
  let fields = { values: [], conditions: [], partials: [], images: [], links: [] };
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", words.toolbar);
  bar.classList.add("toolbar");

  const act = {
    bold: () => around(at.field, "**", "**", words.boldText),
    italic: () => around(at.field, "*", "*", words.italicText),
    heading: () => lines(at.field, "## ", words.headingText),
    list: () => lines(at.field, "- ", words.listText),
  };
  const links = (then) => () => [
    ...fields.links.map(({ name, label }) => ({ label, act: () => then(`{{ ${name} }}`) })),
    { label: words.ownAddress, act: () => then("https://") },
  ];
  const menus = {
    link: links((target) => linked(at.field, target, words.linkText)),
    button: links((target) => ownBlock(at.field, target, words.buttonText)),
    field: () => fields.values.map(({ name, label, insert }) => ({ label, act: () => put(at.field, `{{ ${insert ?? name} }}`) })),
    condition: () => fields.conditions.flatMap((each) => conditions(at.field, each)),
  };
  const picker = imagePicker(media, (path, alt) => {
    const text = `![${alt || words.imageText}](${path})`;
    block(at.field, text, alt ? undefined : [2, 2 + words.imageText.length]);
  });

  const buttons = ["bold", "italic", "heading", "list", "link", "button", "image", "field", "condition"].map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.tool = name;
    button.textContent = words[name];
    if (act[name]) button.addEventListener("click", act[name]);
    else if (name === "image") {
      button.setAttribute("aria-haspopup", "dialog");
      button.addEventListener("click", () => picker.open(button));
    } else menuOf(button, menus[name]);
    bar.append(button);
    return button;
  });
  buttons[0].tabIndex = 0;
  bar.hidden = false;

  const rove = (to) => {
    for (const each of buttons) each.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  };
  bar.addEventListener("keydown", (event) => {
    const index = buttons.indexOf(event.target);
    if (index < 0) return;
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    rove(buttons[(to + buttons.length) % buttons.length]);
  });
  bar.addEventListener("focusin", (event) => {
    if (!buttons.includes(event.target)) return;
    for (const each of buttons) each.tabIndex = each === event.target ? 0 : -1;
  });
  // The keys everybody knows, in the text itself.
  at.field.host.closest("[data-editor]").addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const name = { b: "bold", i: "italic" }[event.key.toLowerCase()];
    if (!name) return;
    event.preventDefault();
    event.stopPropagation();
    act[name]();
  }, true);

  return {
    offer(found) {
      fields = found;
    },
  };
}

// Put marks round what is selected, or take them away where they stand there.
function around(field, before, after, filler) {
  const { from, to } = field.selection();
  const text = field.text();
  const selected = text.slice(from, to);
  if (selected && text.slice(from - before.length, from) === before && text.slice(to, to + after.length) === after) {
    field.replace(from - before.length, to + after.length, selected, 0, selected.length);
    return;
  }
  const inner = selected || filler;
  field.replace(from, to, before + inner + after, before.length, before.length + inner.length);
}

// Begin each line that is touched with a mark, or take it away where all of them have it.
function lines(field, mark, filler) {
  const { from, to } = field.selection();
  const text = field.text();
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const stop = text.indexOf("\n", to);
  const end = stop < 0 ? text.length : stop;
  const touched = text.slice(start, end).split("\n");
  if (touched.length === 1 && !touched[0].trim()) {
    const made = mark + filler;
    field.replace(start, end, made, mark.length, made.length);
    return;
  }
  const all = touched.every((line) => line.startsWith(mark));
  const made = touched.map((line) => (all ? line.slice(mark.length) : line.trim() ? mark + line.replace(/^(#+|-) /, "") : line));
  field.replace(start, end, made.join("\n"), made.join("\n").length);
}

function linked(field, target, filler) {
  const { from, to } = field.selection();
  const inner = field.text().slice(from, to).replace(/\n/g, " ") || filler;
  const made = `[${inner}](${target})`;
  // What is left to be written is selected: the address where there is none yet, else the words.
  const address = inner.length + 3 + target.length;
  if (target === "https://") field.replace(from, to, made, address);
  else field.replace(from, to, made, 1, 1 + inner.length);
}

// A button stands alone in its paragraph.
function ownBlock(field, target, filler) {
  const { from, to } = field.selection();
  const inner = field.text().slice(from, to).replace(/\n/g, " ") || filler;
  block(field, `[${inner}](${target}){.button}`, target === "https://" ? [inner.length + 11, inner.length + 11] : [1, 1 + inner.length]);
}

function put(field, text) {
  const { from, to } = field.selection();
  field.replace(from, to, text);
}

// With an empty line before and behind it. `select`: what of it is selected then.
function block(field, made, select = [made.length, made.length]) {
  const { from, to } = field.selection();
  const text = field.text();
  const before = text.slice(0, from);
  const after = text.slice(to);
  const above = !before || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const below = !after || after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
  field.replace(from, to, above + made + below, above.length + select[0], above.length + select[1]);
}

function conditions(field, { name, label, values }) {
  const write = (test) => () => {
    const { from, to } = field.selection();
    const inner = field.text().slice(from, to) || words.conditionText;
    const opening = `{% if ${test} %}\n`;
    block(field, `${opening}${inner}\n{% else %}\n${words.elseText}\n{% endif %}`, [opening.length, opening.length + inner.length]);
  };
  if (values?.length) {
    return values.map((value) => {
      const { value: key, label: said } = typeof value === "string" ? { value, label: words.answers[value] } : value;
      return { label: `${label} → ${said ?? key}`, act: write(`${name} == ${JSON.stringify(key)}`) };
    });
  }
  const known = { "answers.helped": ["better", "same", "worse"] }[name];
  if (known) return conditions(field, { name, label, values: known });
  return [{ label, act: write(name.startsWith("answers.") ? `${name} == ""` : name) }];
}
