// The field a mail is written in: CodeMirror over the textarea, which keeps the text and is what the form sends.
//
// It stands in a shadow root, where its styles are adopted style sheets: the page allows no inline style.
import { autocompletion, closeCompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { syntaxHighlighting } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorSelection, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { completions, reachable } from "./completions.js";
import { mailLanguage, tagMarks } from "./language.js";
import { colours, look } from "./look.js";

// Put the field over `textarea`. `words`: what it says, by key. `changed` is called after each change by whoever writes.
export function open({ textarea, label, words, changed }) {
  const host = document.createElement("div");
  host.className = "code-field";
  const root = host.attachShadow({ mode: "open" });
  const hint = document.createElement("p");
  hint.id = "hint";
  hint.hidden = true;
  hint.textContent = words.leave;
  root.append(hint);
  textarea.before(host);

  let offered = { values: [], conditions: [], partials: [], images: [], links: [] };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: textarea.value,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        highlightSpecialChars(),
        drawSelection(),
        mailLanguage,
        tagMarks,
        syntaxHighlighting(colours),
        look,
        autocompletion({ override: [completions(() => offered, words)], icons: false, interactionDelay: 0 }),
        reachable,
        // No key of ours is Tab: by it one leaves, as from any other field (WCAG 2.1.2).
        keymap.of([...completionKeymap, ...historyKeymap, ...lintKeymap, ...defaultKeymap]),
        EditorView.lineWrapping,
        EditorState.phrases.of(words.phrases),
        EditorView.contentAttributes.of({
          "aria-label": label,
          "aria-describedby": "hint",
          tabindex: "0", // as it has by itself; said, so that who looks for what can be scrolled by keyboard finds it
          lang: "nl",
          spellcheck: "true",
          autocapitalize: "sentences",
        }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          textarea.value = view.state.doc.toString();
          changed();
        }),
      ],
    }),
  });
  textarea.hidden = true;
  const labelled = (event) => {
    event.preventDefault();
    view.focus();
  };
  for (const each of textarea.labels) each.addEventListener("click", labelled);

  return {
    host,
    text: () => view.state.doc.toString(),
    focus: () => view.focus(),
    selection() {
      const { from, to } = view.state.selection.main;
      return { from, to };
    },
    // Put `text` in place of what stands between, then select from `anchor` to `head` of it.
    replace(from, to, text, anchor = text.length, head = anchor) {
      closeCompletion(view);
      view.dispatch({
        changes: { from, to, insert: text },
        selection: EditorSelection.range(from + anchor, from + head),
        scrollIntoView: true,
        userEvent: "input",
      });
      view.focus();
    },
    goTo(number) {
      const line = view.state.doc.line(Math.max(1, Math.min(number, view.state.doc.lines)));
      view.dispatch({ selection: EditorSelection.cursor(line.from), effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
      view.focus();
    },
    mark(problems) {
      const found = problems.flatMap(({ line, severity, text }) => {
        if (!line || line > view.state.doc.lines) return [];
        const { from, to, text: written } = view.state.doc.line(line);
        const blank = written.length - written.trimStart().length;
        return [{ from: Math.min(from + blank, to), to, severity: severity === "error" ? "error" : "warning", message: text }];
      });
      view.dispatch(setDiagnostics(view.state, found.sort((a, b) => a.from - b.from)));
      forceLinting(view);
    },
    offer(fields) {
      offered = fields;
    },
    complete: () => startCompletion(view),
  };
}
