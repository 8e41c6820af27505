// Buttons that copy what stands in a field; without this script the field can be selected by hand.
for (const field of document.querySelectorAll("textarea.code")) {
  field.addEventListener("focus", () => field.select())
}
// Where it is said that it was done: a screen reader reads no button whose words change (WCAG 4.1.3).
const told = document.querySelector("[data-told]")
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy)
  if (!field || !navigator.clipboard) continue
  const before = { words: button.textContent, name: button.getAttribute("aria-label") }
  const say = (words, name, aloud) => {
    button.textContent = words
    button.setAttribute("aria-label", name)
    told.textContent = aloud
  }
  button.hidden = false
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value)
    } catch {
      return field.focus() // this browser may not: it is selected now, to be copied by hand
    }
    say(button.dataset.done, button.dataset.done, button.dataset.done)
    setTimeout(() => say(before.words, before.name, ""), 2000)
  })
}
