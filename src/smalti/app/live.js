/**
 * HTML of our own that tells Python what was pressed or changed.
 *
 * An element with `data-do` sends {do, key, value}: buttons when they are pressed, fields when they change.
 * A button with `data-copy` puts that text on the clipboard; so does Python, by `clip`.
 * Focus, open details and scroll positions outlive new HTML, found again by their `data-key`; where what was
 * focused is gone, a button with `data-heir` is focused.
 */

/** @param {{model: any, el: HTMLElement}} host */
export function render({model, el}) {
  const body = document.createElement("div")
  el.append(body)

  /** @param {Element | null} element */
  const address = (element) =>
    element && ["do", "key"].map((name) => `[data-${name}="${CSS.escape(element.dataset[name] ?? "")}"]`).join("")

  const draw = () => {
    const focused = body.contains(focus()) ? address(focus()) : null
    const opened = new Map([...body.querySelectorAll("details[data-key]")].map((d) => [d.dataset.key, d.open]))
    const scrolled = new Map([...body.querySelectorAll(".scrolled[data-key]")].map((s) => [s.dataset.key, s.scrollTop]))
    body.innerHTML = model.markup
    for (const details of body.querySelectorAll("details[data-key]")) {
      details.open = opened.get(details.dataset.key) ?? details.open
    }
    for (const part of body.querySelectorAll(".scrolled[data-key]")) {
      part.scrollTop = scrolled.get(part.dataset.key) ?? 0
    }
    if (focused) (body.querySelector(focused) ?? body.querySelector("[data-heir]"))?.focus()
  }
  const focus = () => /** @type {any} */ (el.getRootNode()).activeElement

  /** @param {Event} event */
  const tell = async (event) => {
    const from = /** @type {any} */ (event.target).closest("[data-do], [data-copy]")
    if (!from) return
    if (from.dataset.copy !== undefined) {
      const done = await copied(from.dataset.copy)
      from.classList.toggle("said", done)
      from.title = done ? "Copied" : "The browser does not allow it; mark the text and copy it by hand"
      return
    }
    const field = /^(INPUT|SELECT)$/.test(from.tagName)
    if (field !== (event.type === "change")) return
    const value = from.type === "checkbox" ? from.checked : (from.value ?? "")
    model.send_msg({do: from.dataset.do, key: from.dataset.key ?? "", value})
  }
  body.addEventListener("click", tell)
  body.addEventListener("change", tell)
  /** A text that Python made after a press. */
  const clip = async () => {
    const {text} = model.clip
    const whole = text.startsWith("?") ? location.origin + location.pathname + text : text
    body.querySelector(".by-hand")?.remove()
    const said = body.appendChild(document.createElement("div"))
    said.setAttribute("role", "status")
    said.className = "by-hand"
    if (await copied(whole)) {
      said.textContent = "✓ Copied"
      setTimeout(() => said.remove(), 2500)
    } else {
      const field = said.appendChild(Object.assign(document.createElement("textarea"), {value: whole, readOnly: true, rows: 4}))
      field.setAttribute("aria-label", "Copy this by hand")
      field.select()
    }
  }
  model.on("markup", draw)
  model.on("clip", clip)
  draw()
}

/** Put a text on the clipboard; pages without https must do it the old way. */
async function copied(/** @type {string} */ text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = Object.assign(document.createElement("textarea"), {value: text})
    document.body.append(field)
    field.select()
    const done = document.execCommand("copy")
    field.remove()
    return done
  }
}
