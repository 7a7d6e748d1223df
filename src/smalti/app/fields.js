/**
 * Fields of a form that tell Python what they hold when it changes.
 *
 * New HTML comes only with other fields. All else is patched, for a field drawn again while somebody goes on
 * to the next one would lose a click, a menu that has just opened, or what is being typed.
 */

/** @param {{model: any, el: HTMLElement}} host */
export function render({model, el}) {
  const body = document.createElement("div")
  el.append(body)
  const focused = () => /** @type {any} */ (el.getRootNode()).activeElement

  const draw = () => {
    const at = body.contains(focused()) ? focused().id : ""
    body.innerHTML = model.markup
    for (const field of body.querySelectorAll("[data-key]")) hold(field)
    say()
    if (at) body.querySelector(`#${CSS.escape(at)}`)?.focus()
  }

  /** Let a field hold what it held before it was drawn. */
  const hold = (/** @type {any} */ field) => {
    const value = model.values[field.dataset.key]
    if (value === undefined) return
    if (field.type === "checkbox") field.checked = value
    else if (field.type === "radio") field.checked = field.value === value
    else field.value = value
  }

  const say = () => {
    for (const part of body.querySelectorAll("[data-says]")) {
      const key = part.dataset.says
      const text = model.says[key] ?? ""
      if (part.textContent !== text) part.textContent = text
      part.hidden = !text
      if (part.classList.contains("wrong")) {
        body.querySelector(`[data-key="${CSS.escape(key)}"]`)?.setAttribute("aria-invalid", String(Boolean(text)))
      }
    }
  }

  body.addEventListener("change", (event) => {
    const field = /** @type {any} */ (event.target)
    if (field.dataset.key === undefined) return
    model.send_msg({key: field.dataset.key, value: field.type === "checkbox" ? field.checked : field.value})
  })
  model.on("markup", draw)
  model.on("says", say)
  draw()
}
