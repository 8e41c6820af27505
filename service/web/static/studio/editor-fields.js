// What a mail can speak of, sorted by what it is for. A check gives names ("first_name", "_groet.md", "media/x.jpg"),
// or objects {name, label?, kind?, values?, alt?}.
import { words } from "./editor-words.js";

const KINDS = ["value", "condition", "partial", "image", "link"];

export function sorted(given) {
  const found = { values: [], conditions: [], partials: [], images: [], links: [] };
  for (const each of spread(given)) {
    const field = typeof each === "string" ? { name: each } : { ...each };
    if (typeof field.name !== "string") continue;
    field.label ??= field.alt || words.names[field.name] || field.name;
    const kind = KINDS.includes(field.kind) ? field.kind : kindOf(field.name);
    if (kind === "partial") found.partials.push(field);
    else if (kind === "image") found.images.push(field);
    else if (kind === "condition") found.conditions.push(field);
    else if (kind === "link") found.links.push(field);
    else found.values.push(filled(field));
  }
  // What may be empty is asked for first; the name is what most are after.
  if (found.values.some(({ name }) => name === "first_name"))
    if (!found.conditions.some(({ name }) => name === "first_name"))
      found.conditions.unshift({ name: "first_name", label: words.nameKnown });
  return found;
}

function* spread(given) {
  if (Array.isArray(given)) yield* given;
  else
    for (const [kind, names] of Object.entries(given))
      for (const each of names) {
        const field = typeof each === "string" ? { name: each } : each;
        yield { kind: kind.replace(/s$/, "").replace("personal", "value"), ...field };
      }
}

function kindOf(name) {
  if (/^_.+\.md$/.test(name)) return "partial";
  if (name.startsWith("media/")) return "image";
  if (name.startsWith("answers.")) return "condition";
  if (/(^|[._])url$/.test(name) || name.startsWith("practice.links.") || name.startsWith("answer_url(")) return "link";
  return "value";
}

// A name can be missing: then a word must stand there that fits (ACCEPTANCE M6).
function filled(field) {
  return field.name === "first_name" ? { ...field, insert: words.nameOr } : field;
}
