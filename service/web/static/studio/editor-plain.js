// A textarea, as the toolbar and the list of problems work on it: also where CodeMirror was not built.
export function plainField(textarea) {
  return {
    host: textarea,
    text: () => textarea.value,
    focus: () => textarea.focus(),
    selection: () => ({ from: textarea.selectionStart, to: textarea.selectionEnd }),
    // Put `text` in place of what stands between, then select from `anchor` to `head` of it.
    replace(from, to, text, anchor = text.length, head = anchor) {
      textarea.focus();
      textarea.setSelectionRange(from, to);
      // The old command is the one way that Ctrl+Z can take back.
      if (!document.execCommand("insertText", false, text)) {
        textarea.setRangeText(text, from, to, "end");
        textarea.dispatchEvent(new Event("input", { bubbles: true }));
      }
      textarea.setSelectionRange(from + Math.min(anchor, head), from + Math.max(anchor, head));
    },
    goTo(number) {
      const lines = textarea.value.split("\n");
      const from = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
      textarea.focus();
      textarea.setSelectionRange(from, from + (lines[number - 1] ?? "").length);
    },
    mark() {},
    offer() {},
  };
}
