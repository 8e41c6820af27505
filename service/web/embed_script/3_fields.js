// Errors at the field: said in words beside it, tied to it for a screen reader, and gone as soon as it is right.
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// What is wrong with a field in a browser's eyes, in our words; "" when nothing is.
function wrong(field) {
  if (field.validity.valid) return "";
  if (field.name === "consent_advice") return WORDS.consent;
  return field.validity.valueMissing ? WORDS.email : WORDS.emailShape;
}

// The form's fields by the names that the service uses for them in an error's pointer (RFC 6901).
function fieldsAt(form, pointer) {
  const name = pointer.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
  return [...form.elements].filter((each) => each.name === name && each.type !== "hidden" && !each.closest(".nobody"));
}

// Says what is wrong with a field, or with a question's choices; nothing is wrong any more where there is no sentence.
function tell(fields, sentence) {
  const [first] = fields;
  const many = fields.length > 1;
  const about = many ? first.closest("fieldset") : first;
  const id = `${first.name.replaceAll(".", "-")}-error`;
  const holder = first.closest(".tick, .field, fieldset") || first;
  let told = first.form.querySelector(`#${id}`);
  if (!sentence) {
    told?.remove();
    about.removeAttribute("aria-describedby");
    if (!many) first.removeAttribute("aria-invalid");
    return;
  }
  if (!told) {
    told = element("p", { class: "error", id });
    // Inside a label it would become part of the field's name.
    if (holder.matches("label")) holder.after(told);
    else holder.append(told);
  }
  told.textContent = sentence;
  about.setAttribute("aria-describedby", id);
  if (!many) first.setAttribute("aria-invalid", "true");
}

// Looks at every field. The first one that is wrong, or undefined.
function firstWrong(form) {
  const fields = [...form.elements].filter((each) => each.willValidate && each.name && each.type !== "radio");
  for (const field of fields) tell([field], wrong(field));
  return fields.find((each) => !each.validity.valid);
}
