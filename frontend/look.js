// The colours of the page reach in here as custom properties, so light and dark come by themselves.
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "700", color: "var(--primary)" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], color: "var(--link)" },
  { tag: [tags.processingInstruction, tags.contentSeparator], color: "var(--soft)" },
]);

export const look = EditorView.theme({
  // At least as high as what it scrolls, or in a low window that lies over what comes below.
  "&": { maxHeight: "max(70vh, 23rem)", fontSize: "1rem", color: "var(--ink)", backgroundColor: "var(--card)" },
  "&.cm-focused": { outline: "3px solid var(--focus)", outlineOffset: "0" },
  ".cm-scroller": { overflow: "auto", minHeight: "22rem", lineHeight: "1.6", fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace" },
  ".cm-content": { padding: "0.75rem 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 0.75rem" },
  ".cm-gutters": { backgroundColor: "var(--ground)", color: "var(--soft)", border: "0", borderRight: "1px solid var(--line)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { background: "color-mix(in srgb, var(--primary) 28%, transparent) !important" },
  ".tag-value, .tag-condition, .tag-look, .tag-box, .tag-note": { borderRadius: "4px", padding: "1px 2px" },
  ".tag-value": { background: "var(--tint)", color: "var(--primary)" },
  ".tag-value *, .tag-condition *": { color: "inherit !important" },
  ".tag-condition": { background: "var(--warn-ground)", color: "var(--ink)" },
  ".tag-look, .tag-box, .tag-note": { color: "var(--soft)" },
  ".head-line": { background: "var(--ground)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--error)", textUnderlineOffset: "0.2em" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn-line)", textUnderlineOffset: "0.2em" },
  // Theirs is a picture inside the style sheet, which the page does not allow.
  ".cm-lint-marker": { width: "0.9em", height: "1.6em", content: "none" },
  ".cm-lint-marker-error, .cm-lint-marker-warning": { content: "none" },
  ".cm-lint-marker::before": { content: "'!'", display: "block", fontWeight: "800", textAlign: "center", color: "var(--warn-line)" },
  ".cm-lint-marker-error::before": { color: "var(--error)" },
  ".cm-tooltip": {
    maxWidth: "min(26rem, 90vw)",
    border: "1px solid var(--edge)",
    borderRadius: "10px",
    overflow: "hidden",
    color: "var(--ink)",
    backgroundColor: "var(--card)",
    boxShadow: "0 8px 24px rgb(0 0 0 / 22%)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit", maxHeight: "16rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul:focus-visible": { outline: "3px solid var(--focus)", outlineOffset: "-3px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { boxSizing: "border-box", minHeight: "2.75rem", padding: "0.55rem 0.85rem", lineHeight: "1.5" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--primary)", color: "var(--on-primary)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { marginLeft: "0.75em", fontStyle: "normal", color: "inherit", opacity: "1" },
  ".cm-diagnostic": { padding: "0.6rem 0.85rem", borderLeft: "5px solid var(--warn-line)", fontFamily: "system-ui, sans-serif" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-panels": { background: "var(--ground)", color: "var(--ink)" },
});
