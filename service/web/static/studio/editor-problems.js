// What is wrong, as a list to go by: each line is a button that goes to its line.
import { words } from "./editor-words.js";

export function problems(list, at) {
  list.removeAttribute("aria-live");
  const live = document.createElement("p");
  live.className = "problem-count";
  live.setAttribute("role", "status");
  list.before(live);
  let known = null;
  return {
    show(found) {
      const written = JSON.stringify(found);
      if (written === known) return;
      known = written;
      const errors = found.filter(({ severity }) => severity === "error").length;
      live.textContent = words.found(errors, found.length - errors);
      live.dataset.state = errors ? "errors" : found.length ? "warnings" : "fine";
      list.replaceChildren(...found.map((each) => item(each, at)));
      list.hidden = !found.length;
    },
    say(text) {
      known = null;
      live.textContent = text;
      live.dataset.state = "errors";
    },
  };
}

// Stands in another file where there is a `where`, and in a field of the head where there is a `field`.
export const isInText = ({ line, where, field }) => Boolean(line) && !where && !field;

function item(each, at) {
  const { line, severity, text, id, field } = each;
  const entry = document.createElement("li");
  entry.className = severity === "error" ? "mistake" : "mind";
  if (id) entry.dataset.problem = id;
  const kind = severity === "error" ? words.error : words.warning;
  const named = field && document.querySelector(`#mail-form [name="${CSS.escape(field)}"]`);
  const go = isInText(each) ? () => at.field.goTo(line) : named ? () => named.focus() : null;
  if (go) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = named ? (named.labels?.[0]?.firstChild?.textContent ?? field).trim() : words.line(line);
    button.addEventListener("click", go);
    entry.append(button, " ");
  }
  const strong = document.createElement("strong");
  strong.textContent = `${kind}: `;
  entry.append(strong, ...withCode(text));
  return entry;
}

// What stands between backticks, as what somebody types.
function withCode(text) {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}
