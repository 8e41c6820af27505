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

function item({ line, severity, text, id }, at) {
  const entry = document.createElement("li");
  entry.className = severity === "error" ? "error" : "warning";
  if (id) entry.dataset.problem = id;
  const kind = severity === "error" ? words.error : words.warning;
  if (line) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.line(line);
    button.addEventListener("click", () => at.field.goTo(line));
    entry.append(button, " ");
  }
  const strong = document.createElement("strong");
  strong.textContent = `${kind}: `;
  entry.append(strong, text);
  return entry;
}
