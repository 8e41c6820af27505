// What can stand where somebody types: fields, conditions, blocks of text, links, images, looks of a link, boxes.
import { closeCompletion, insertCompletionText } from "@codemirror/autocomplete";
import { EditorView } from "@codemirror/view";

const QUOTED = (value) => JSON.stringify(value);

// `offered()` gives the fields of now, as `editor-fields.js` sorts them.
export function completions(offered, words) {
  return (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    for (const [pattern, options] of places(offered(), words)) {
      const found = pattern.exec(before);
      if (!found) continue;
      const from = context.pos - found[1].length;
      return { from, options: options(found), validFor: /^[^{}%()[\]]*$/ };
    }
    return null;
  };
}

// A list longer than its place scrolls, so who has no mouse can get there (WCAG 2.1.1); it goes when they leave it.
export const reachable = EditorView.updateListener.of(({ view }) => {
  const list = view.dom.querySelector(".cm-tooltip-autocomplete > ul:not([tabindex])");
  if (!list) return;
  list.tabIndex = 0;
  list.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") view.focus();
  });
  list.addEventListener("focusout", () => closeCompletion(view));
});

function places(fields, words) {
  return [
    [/\{%\s*include\s+"([^"]*)$/, () => fields.partials.map(({ name, label }) => option(name, label, '" %}'))],
    [/\{%\s*((?!include\s+")[^%]*)$/, () => statements(fields, words)],
    [/\{\{\s*([^}]*)$/, () => fields.values.map(({ name, label, insert }) => option(name, label, " }}", insert))],
    [/!\[[^\]]*\]\(([^)]*)$/, () => fields.images.map(({ name, label }) => option(name, label, ")"))],
    [/\]\(([^)]*)$/, () => [option("https://", words.ownAddress, ")", "https://"), ...links(fields)]],
    [/\]\([^)]*\)\{\.?([a-z]*)$/, (found) => looks(words).map(([name, label]) => option(name, label, "}", found[0].includes("{.") ? name : `.${name}`))],
    [/^:::\s*([a-z]*)$/, () => words.boxes.map(([name, label]) => ({ label: name, detail: label }))],
  ];
}

const links = (fields) => fields.links.map(({ name, label }) => option(name, label, ")", `{{ ${name} }}`));
const looks = (words) => [["button", words.lookButton], ["quiet", words.lookQuiet], ["answer", words.lookAnswer]];

function statements(fields, words) {
  const asked = fields.conditions.flatMap(({ name, label, values }) =>
    values?.length
      ? values.map((value) => option(`if ${name} == ${QUOTED(value)}`, label, " %}"))
      : [option(`if ${name}`, label, " %}")],
  );
  const shared = fields.partials.map(({ name, label }) => option(`include "${name}"`, label, " %}"));
  return [...asked, option("else", words.otherwise, " %}"), option("endif", words.endOfCondition, " %}"), ...shared];
}

// `closing` is written behind it, unless it stands there already.
function option(label, detail, closing, insert = label) {
  return {
    label,
    detail: detail === label ? "" : detail,
    apply(view, _completion, from, to) {
      const after = view.state.doc.sliceString(to, to + 6);
      const stands = after.trimStart().startsWith(closing.trim());
      view.dispatch(insertCompletionText(view.state, insert + (stands ? "" : closing), from, to));
    },
  };
}
