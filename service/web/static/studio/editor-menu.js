// A button that opens a menu (WAI-ARIA Authoring Practices, menu button): arrow keys, first letters, Escape.
import { words } from "./editor-words.js";

// `entries()` gives what can be chosen now, each {label, act}.
export function menuOf(button, entries) {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  let menu = null;

  const close = (back) => {
    if (!menu) return;
    const gone = menu;
    menu = null;
    gone.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (back) button.focus();
  };
  const outside = (event) => {
    if (!menu?.contains(event.target) && !button.contains(event.target)) close(false);
  };
  const open = () => {
    const found = entries();
    menu = document.createElement("div");
    menu.className = "menu";
    menu.setAttribute("role", "menu");
    menu.setAttribute("aria-label", button.textContent);
    for (const { label, act } of found.length ? found : [{ label: words.noFields }]) {
      const item = document.createElement("button");
      item.type = "button";
      item.setAttribute("role", "menuitem");
      item.tabIndex = -1;
      item.textContent = label;
      if (act)
        item.addEventListener("click", () => {
          close(false);
          act();
        });
      else item.setAttribute("aria-disabled", "true");
      menu.append(item);
    }
    menu.addEventListener("keydown", keys);
    menu.addEventListener("focusout", (event) => {
      if (!menu?.contains(event.relatedTarget)) close(false);
    });
    button.after(menu);
    // It begins under its button, and stays on the page where that stands at the right.
    const room = button.offsetParent?.clientWidth ?? 0;
    menu.style.left = `${Math.max(0, Math.min(button.offsetLeft, room - menu.offsetWidth))}px`;
    menu.style.top = `${button.offsetTop + button.offsetHeight + 4}px`;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside);
    menu.firstElementChild.focus();
  };
  const keys = (event) => {
    const items = [...menu.children];
    const index = items.indexOf(document.activeElement);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: items.length - 1 }[event.key];
    event.stopPropagation();
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      event.preventDefault();
      close(true);
    } else if (event.key.length === 1 && event.key !== " ") {
      const letter = event.key.toLowerCase();
      const later = [...items.slice(index + 1), ...items.slice(0, index + 1)];
      later.find((each) => each.textContent.trim().toLowerCase().startsWith(letter))?.focus();
    }
  };
  button.addEventListener("click", () => (menu ? close(true) : open()));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    if (!menu) open();
  });
}
