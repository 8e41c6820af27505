// Choose an image of the library: it comes with the words for whoever does not see it.
import { words } from "./editor-words.js";

// `media` is the page of the library; `chosen` gets the path in the content folder, and the words.
export function imagePicker(media, chosen) {
  const dialog = document.createElement("dialog");
  dialog.className = "picker";
  const title = document.createElement("h2");
  title.id = "picker-title";
  title.textContent = words.images;
  dialog.setAttribute("aria-labelledby", title.id);
  const grid = document.createElement("ul");
  grid.className = "picker-grid";
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  const foot = document.createElement("p");
  foot.className = "picker-foot";
  const more = document.createElement("a");
  more.href = media;
  more.target = "_blank";
  more.rel = "noopener";
  more.textContent = words.library;
  const shut = document.createElement("button");
  shut.type = "button";
  shut.className = "button quiet small";
  shut.textContent = words.close;
  shut.addEventListener("click", () => dialog.close());
  foot.append(more, shut);
  dialog.append(title, told, grid, foot);
  document.body.append(dialog);

  const entry = ({ path, alt, url, width, height }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const image = document.createElement("img");
    image.src = url;
    image.alt = "";
    image.loading = "lazy";
    const name = document.createElement("span");
    name.textContent = alt || path.replace(/^media\//, "");
    const size = document.createElement("small");
    size.textContent = width ? `${width} × ${height}` : "";
    button.append(image, name, size);
    button.addEventListener("click", () => {
      dialog.close("chosen");
      chosen(path, alt);
    });
    item.append(button);
    return item;
  };

  return {
    async open(from) {
      grid.replaceChildren();
      told.textContent = words.loading;
      dialog.returnValue = "";
      dialog.showModal();
      dialog.addEventListener("close", () => dialog.returnValue || from.focus(), { once: true });
      const answer = await fetch(`${media}/all`, { headers: { Accept: "application/json" } }).catch(() => null);
      const found = answer?.ok ? await answer.json().catch(() => null) : null;
      told.textContent = !found ? words.imagesFailed : found.images.length ? "" : words.noImages;
      if (found) grid.replaceChildren(...found.images.map(entry));
      grid.querySelector("button")?.focus();
    },
  };
}
