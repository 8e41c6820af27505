// Buttons that copy what stands in a field; without this script the field can be selected by hand.
for (const field of document.querySelectorAll("textarea.code")) {
  field.addEventListener("focus", () => field.select())
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy)
  if (!field || !navigator.clipboard) continue
  const before = { words: button.textContent, name: button.getAttribute("aria-label") }
  const say = (words, name) => {
    button.textContent = words
    button.setAttribute("aria-label", name)
  }
  button.hidden = false
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value)
    say(button.dataset.done, button.dataset.done)
    setTimeout(() => say(before.words, before.name), 2000)
  })
}
