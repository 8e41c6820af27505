// Buttons that copy what stands in a field; without this script the field can be selected by hand.
for (const field of document.querySelectorAll("textarea.code")) {
  field.addEventListener("focus", () => field.select())
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy)
  if (!field || !navigator.clipboard) continue
  const before = [...button.childNodes]
  button.hidden = false
  button.addEventListener("click", async () => {
    field.select()
    await navigator.clipboard.writeText(field.value)
    button.textContent = button.dataset.done
    setTimeout(() => {
      button.replaceChildren(...before)
    }, 2000)
  })
}
