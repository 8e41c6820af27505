// How a mail is read for its colours: the Markdown a mail knows, and the tags that are filled in for each reader.
import { Language, LanguageSupport, defineLanguageFacet } from "@codemirror/language";
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin } from "@codemirror/view";
import { parser } from "@lezer/markdown";

// What no mail can hold is left out, as `service/mail/markdown.py` leaves it out: code, HTML, underlined headings.
const ours = parser.configure({ remove: ["IndentedCode", "FencedCode", "HTMLBlock", "HTMLTag", "SetextHeading", "LinkReference"] });
export const mailLanguage = new LanguageSupport(new Language(defineLanguageFacet({}), ours, [], "mail"));

const KINDS = [
  [/^\{\{/, "tag-value"],
  [/^\{%/, "tag-condition"],
  [/^\{#/, "tag-note"],
  [/^\{\./, "tag-look"],
  [/^:::/, "tag-box"],
];
const matcher = new MatchDecorator({
  regexp: /\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{\.[a-z]+\}|^:::.*$/g,
  decoration: (match) => Decoration.mark({ class: KINDS.find(([start]) => start.test(match[0]))[1] }),
});

const tags = ViewPlugin.define(
  (view) => ({
    marks: matcher.createDeco(view),
    update(update) {
      this.marks = matcher.updateDeco(update, this.marks);
    },
  }),
  { decorations: (plugin) => plugin.marks },
);

// The head of a mail, between two lines of three hyphens at its very beginning.
const head = ViewPlugin.define(
  (view) => ({
    marks: lines(view),
    update(update) {
      if (update.docChanged) this.marks = lines(update.view);
    },
  }),
  { decorations: (plugin) => plugin.marks },
);

function lines({ state: { doc } }) {
  const built = new RangeSetBuilder();
  if (doc.line(1).text.trimEnd() !== "---") return built.finish();
  const mark = Decoration.line({ class: "head-line" });
  for (let number = 1; number <= Math.min(doc.lines, 60); number += 1) {
    const line = doc.line(number);
    built.add(line.from, line.from, mark);
    if (number > 1 && line.text.trimEnd() === "---") break;
  }
  return built.finish();
}

export const tagMarks = [tags, head, EditorView.editorAttributes.of({ class: "mail-text" })];
