/**
 * The picture of one plane. Once it is pressed the wheel zooms; + and - do too, drag and arrows move, double
 * click and 0 show all of it.
 *
 * The pointer's place goes to Python, which answers with the stored value; one question is under way at a time.
 */

const ROUND = [1, 2, 5]
const MOST_PIXELS = 32
const STEP = 1.25

/** @param {{model: any, el: HTMLElement}} host */
export function render({model, el}) {
  el.innerHTML = `
    <div class="frame" tabindex="0" role="img" title="Click, then scroll to zoom; drag to move; double click for all">
      <img alt="" draggable="false">
      <div class="empty"></div>
      <div class="bar"><i></i><span></span></div>
      <div class="value"></div>
      <div class="wait" role="progressbar" aria-label="Reading the plane"></div>
    </div>`
  const [frame, image, empty, bar, value, wait] = [".frame", "img", ".empty", ".bar", ".value", ".wait"].map((name) =>
    /** @type {any} */ (el.querySelector(name)),
  )
  let zoom = 1
  let centre = {x: 0.5, y: 0.5} // part of the picture that is in the middle of the frame
  let drag = null
  let asked = null // question under way
  let next = null
  let shown = ""

  const place = () => {
    const {size_x: width, size_y: height} = model
    const box = frame.getBoundingClientRect()
    if (!width || !height || !box.width) return
    const scale = Math.min(box.width / width, box.height / height) * zoom // screen pixels to a stored one
    const [w, h] = [Math.max(width * scale, 2), Math.max(height * scale, 2)]
    centre = {x: kept(centre.x, box.width / w), y: kept(centre.y, box.height / h)}
    const [left, top] = [box.width / 2 - centre.x * w, box.height / 2 - centre.y * h]
    Object.assign(image.style, {width: `${w}px`, height: `${h}px`, transform: `translate(${left}px, ${top}px)`})
    image.style.imageRendering = scale * model.step > 1.5 ? "pixelated" : "auto"
    frame.style.cursor = zoom > 1 ? "grab" : "crosshair"
    ruler(box.width, scale)
  }

  /** Keep the picture in the frame: a centre, and the part of the picture that the frame covers. */
  const kept = (at, covered) => (covered >= 1 ? 0.5 : Math.min(Math.max(at, covered / 2), 1 - covered / 2))

  const ruler = (room, scale) => {
    const unit = model.um ? model.um / scale : 1 / scale // µm, or pixels, to a screen pixel
    const longest = unit * room * 0.3
    const power = 10 ** Math.floor(Math.log10(longest))
    const length = Math.max(...ROUND.map((n) => n * power).filter((n) => n <= longest))
    bar.hidden = !model.step || !Number.isFinite(length) || (!model.um && length < 1)
    bar.firstElementChild.style.width = `${length / unit}px`
    bar.lastElementChild.textContent = model.um ? metric(length) : `${length.toLocaleString("en")} px`
  }

  const metric = (um) => {
    const [size, name] = um >= 1e6 ? [um / 1e6, "m"] : um >= 1000 ? [um / 1000, "mm"] : um >= 1 ? [um, "µm"] : [um * 1000, "nm"]
    return `${Number(size.toPrecision(3))} ${name}`
  }

  /** Zoom so that what is under a point of the frame stays there. */
  const zoomBy = (factor, px, py) => {
    const box = frame.getBoundingClientRect()
    const fit = Math.min(box.width / model.size_x, box.height / model.size_y)
    const most = Math.max(MOST_PIXELS / fit, 1)
    const before = zoom
    zoom = Math.min(Math.max(zoom * factor, 1), most)
    const shift = (at, size, length) => ((at - size / 2) / (length * fit)) * (1 / before - 1 / zoom)
    centre.x += shift(px, box.width, model.size_x)
    centre.y += shift(py, box.height, model.size_y)
    place()
  }

  const move = (dx, dy) => {
    const box = image.getBoundingClientRect()
    centre = {x: centre.x - dx / box.width, y: centre.y - dy / box.height}
    place()
  }

  const ask = (question) => {
    if (asked) {
      next = question
      return
    }
    asked = question
    model.send_msg(question)
  }

  const point = (event) => {
    const box = image.getBoundingClientRect()
    const x = Math.floor(((event.clientX - box.left) / box.width) * model.size_x)
    const y = Math.floor(((event.clientY - box.top) / box.height) * model.size_y)
    if (x < 0 || y < 0 || x >= model.size_x || y >= model.size_y) return leave()
    ask({x, y})
  }

  const leave = () => {
    next = null
    value.textContent = ""
  }

  const answer = () => {
    asked = null
    value.textContent = frame.matches(":hover") ? model.value.said : ""
    if (next) {
      const question = next
      next = null
      ask(question)
    }
  }

  const draw = () => {
    const bytes = model.pixels
    if (shown) URL.revokeObjectURL(shown)
    shown = bytes?.byteLength ? URL.createObjectURL(new Blob([bytes], {type: model.media})) : ""
    image.hidden = !shown
    if (shown) image.src = shown
    place()
  }

  const words = () => {
    frame.setAttribute("aria-label", model.alt)
    empty.textContent = model.empty
    empty.hidden = !model.empty
    frame.classList.toggle("none", Boolean(model.empty))
    bar.style.visibility = model.size_x ? "visible" : "hidden"
    wait.hidden = !model.busy
    frame.setAttribute("aria-busy", String(model.busy))
  }

  const whole = () => {
    zoom = 1
    centre = {x: 0.5, y: 0.5}
    place()
  }

  const keys = {
    "+": () => middle(STEP),
    "=": () => middle(STEP),
    "-": () => middle(1 / STEP),
    0: whole,
    ArrowLeft: () => move(40, 0),
    ArrowRight: () => move(-40, 0),
    ArrowUp: () => move(0, 40),
    ArrowDown: () => move(0, -40),
  }
  const focused = () => /** @type {any} */ (frame.getRootNode()).activeElement
  const middle = (factor) => zoomBy(factor, frame.clientWidth / 2, frame.clientHeight / 2)

  frame.addEventListener(
    "wheel",
    (event) => {
      // a page that is scrolled past must go on scrolling: the wheel zooms once the picture was pressed
      if (!event.ctrlKey && !event.metaKey && focused() !== frame) return
      event.preventDefault()
      const box = frame.getBoundingClientRect()
      zoomBy(event.deltaY < 0 ? STEP : 1 / STEP, event.clientX - box.left, event.clientY - box.top)
    },
    {passive: false},
  )
  frame.addEventListener("pointerdown", (event) => {
    drag = {x: event.clientX, y: event.clientY}
    frame.setPointerCapture(event.pointerId)
  })
  frame.addEventListener("pointermove", (event) => {
    if (drag && zoom > 1) move(event.clientX - drag.x, event.clientY - drag.y)
    if (drag) drag = {x: event.clientX, y: event.clientY}
    point(event)
  })
  frame.addEventListener("pointerup", () => (drag = null))
  frame.addEventListener("pointercancel", () => (drag = null))
  frame.addEventListener("pointerleave", leave)
  frame.addEventListener("dblclick", whole)
  frame.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    keys[event.key]()
  })
  const watcher = new ResizeObserver(place)
  watcher.observe(frame)
  model.on("pixels", draw)
  model.on(["size_x", "size_y", "um"], whole)
  model.on(["alt", "busy", "empty"], words)
  model.on("value", answer)
  model.on("remove", () => {
    watcher.disconnect()
    if (shown) URL.revokeObjectURL(shown)
  })
  words()
  draw()
}
