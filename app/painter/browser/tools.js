// Tools: what a press, a drag, a wheel or two fingers do on the map.

export const TOOLS = [
  {
    key: "brush",
    letter: "b",
    words: "Brush",
    paths: ["M12.5 2.5 17.5 7.5 10 15 5 10Z", "M5 10 2.5 17.5 10 15"],
    hint: "Drag to paint into the chosen zone.",
  },
  {
    key: "choose",
    letter: "s",
    words: "Choose",
    paths: ["M4 3 15.5 10.5 10 11.5 7.5 17Z"],
    hint: "Click to choose, click again to leave out; then move what is chosen.",
  },
  {
    key: "box",
    letter: "x",
    words: "Box",
    paths: ["M3 5h14v10H3Z"],
    hint: "Drag a box; what has its middle in it is painted.",
  },
  {
    key: "lasso",
    letter: "o",
    words: "Lasso",
    paths: ["M10 3c5 0 7.5 2.4 7.5 5S14 13 10 13 2.5 11 2.5 8 5 3 10 3Z", "M6 12.5c1 2-1 3-1 5"],
    hint: "Draw around an area; what has its middle in it is painted.",
  },
  {
    key: "pick",
    letter: "i",
    words: "Take a zone from the map",
    paths: ["M11 5 15 9 7 17H3v-4Z", "M10 4 16 10", "M13.5 6.5 16.5 3.5"],
    hint: "Click to go on painting with the zone that is there.",
  },
  {
    key: "lock",
    letter: "l",
    words: "Lock or unlock",
    paths: ["M5 9h10v8H5Z", "M7 9V6a3 3 0 0 1 6 0v3"],
    hint: "Click to lock or unlock; strokes pass over what is locked.",
  },
  {
    key: "border",
    letter: "e",
    words: "Link or cut a border",
    paths: ["M8 12 12 8", "M9 5.5 11 3.5a3.5 3.5 0 0 1 5 5L14 10.5", "M11 14.5 9 16.5a3.5 3.5 0 0 1-5-5L6 9.5"],
    hint: "Click two areas, then say whether one can pass between them.",
  },
  {
    key: "draw",
    letter: "d",
    words: "Draw a polygon",
    paths: ["M4 15 6 5 15 4 16 13Z", "M3 14h2v2H3ZM5 4h2v2H5ZM14 3h2v2h-2ZM15 12h2v2h-2Z"],
    hint: "Click corner by corner; Enter or a double click closes the polygon.",
  },
  {
    key: "hand",
    letter: "h",
    words: "Move the map",
    paths: ["M10 2.5v15M2.5 10h15", "M8 4.5 10 2.5 12 4.5M8 15.5 10 17.5 12 15.5M4.5 8 2.5 10 4.5 12M15.5 8 17.5 10 15.5 12"],
    hint: "Drag to move the map; the wheel or + and \u2212 change its scale.",
  },
];

export const BRUSH_PX = 44;
const HOLD_MS = 550;
const SLIP_PX = 7;
const STEP_PX = 3;

export class Tools {
  /** `paint` is the painter: it knows the plan, draws, and keeps what is done. */
  constructor(stage, paint) {
    this.stage = stage;
    this.paint = paint;
    this.fingers = new Map();
    this.tool = "brush";
    this.size = 2;
    this.drag = null;
    this.rests = null; // where the pointer is over the map
    const hear = (name, heard, options) => stage.addEventListener(name, heard, options);
    hear("pointerdown", (event) => this.down(event));
    hear("pointermove", (event) => this.move(event));
    // the map may be built below a pointer that rests, which then never moves
    hear("pointerenter", (event) => this.enter(event));
    hear("pointerup", (event) => this.up(event));
    hear("pointercancel", (event) => this.cancelled(event));
    hear("pointerleave", (event) => this.leave(event));
    hear("dblclick", (event) => this.double(event));
    hear("wheel", (event) => this.wheel(event), { passive: false });
    hear("contextmenu", (event) => event.preventDefault());
  }

  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  // Presses

  down(event) {
    if (event.target.closest("button, .bar, .card")) return;
    this.stage.focus({ preventScroll: true });
    const point = this.at(event);
    this.stage.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") {
      this.fingers.set(event.pointerId, point);
      if (this.fingers.size === 2) return this.beginPinch();
      if (this.fingers.size > 2) return;
      this.held = { point, timer: setTimeout(() => this.longPress(), HOLD_MS) };
      return;
    }
    if (event.button === 1 || event.button === 2 || this.tool === "hand") this.beginPan(point);
    else if (event.altKey) this.paint.pickAt(this.unitAt(point));
    else this.begin(point);
    event.preventDefault();
  }

  move(event) {
    const point = this.at(event);
    if (event.pointerType === "touch") return this.moveFinger(event, point);
    this.rests = { clientX: event.clientX, clientY: event.clientY };
    if (this.drag) {
      for (const one of coalesced(event)) this.dragTo(this.at(one));
      this.afterDrag();
    }
    if (!this.drag || this.drag.kind !== "pan") this.paint.hover(this.unitAt(point), point);
  }

  up(event) {
    const point = this.at(event);
    if (event.pointerType === "touch") {
      this.fingers.delete(event.pointerId);
      if (this.held) {
        clearTimeout(this.held.timer);
        const { point: start } = this.held;
        this.held = null;
        this.begin(start); // a tap
        this.end(start);
        return;
      }
      if (this.fingers.size) return;
      if (this.drag?.kind === "pinch") this.drag = null;
    }
    if (this.drag) this.end(point);
  }

  cancelled(event) {
    this.fingers.delete(event.pointerId);
    if (this.held) clearTimeout(this.held.timer);
    this.held = null;
    if (this.drag) this.drop();
  }

  enter(event) {
    if (event.pointerType === "touch") return;
    this.rests = { clientX: event.clientX, clientY: event.clientY };
    this.paint.hoverAgain();
  }

  leave(event) {
    if (event.pointerType === "touch") return;
    this.rests = null;
    if (!this.drag) this.paint.hover(-1);
  }

  double(event) {
    if (this.tool === "draw") this.paint.closeShape(true);
    event.preventDefault();
  }

  wheel(event) {
    const { drawing } = this.paint;
    const out = event.deltaY > 0;
    // at its smallest the map lets the page scroll on
    if (out && drawing.view.scale <= drawing.leastScale() * 1.001) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    drawing.zoomBy(Math.exp(-event.deltaY * lines * speed), this.at(event));
    this.paint.viewChanged();
  }

  // Fingers

  moveFinger(event, point) {
    if (!this.fingers.has(event.pointerId)) return;
    this.fingers.set(event.pointerId, point);
    if (this.drag?.kind === "pinch") return this.pinch();
    if (this.held) {
      if (Math.hypot(point[0] - this.held.point[0], point[1] - this.held.point[1]) < SLIP_PX) return;
      clearTimeout(this.held.timer);
      const { point: start } = this.held;
      this.held = null;
      if (this.tool === "hand") this.beginPan(start);
      else this.begin(start);
    }
    if (!this.drag) return;
    for (const one of coalesced(event)) this.dragTo(this.at(one));
    this.afterDrag();
  }

  longPress() {
    const { point } = this.held;
    this.held = null;
    this.paint.hover(this.unitAt(point), point, { stay: true });
  }

  beginPinch() {
    if (this.held) clearTimeout(this.held.timer);
    this.held = null;
    if (this.drag) this.drop();
    this.drag = { kind: "pinch", ...this.spread() };
  }

  spread() {
    const [[ax, ay], [bx, by]] = [...this.fingers.values()];
    return { middle: [(ax + bx) / 2, (ay + by) / 2], width: Math.hypot(ax - bx, ay - by) };
  }

  pinch() {
    if (this.fingers.size < 2) return;
    const now = this.spread();
    const { drawing } = this.paint;
    drawing.panBy(now.middle[0] - this.drag.middle[0], now.middle[1] - this.drag.middle[1]);
    drawing.zoomBy(now.width / Math.max(1, this.drag.width), now.middle);
    Object.assign(this.drag, now);
    this.paint.viewChanged();
  }

  // Drags

  unitAt(point) {
    return this.paint.scene.unitAt(...this.paint.drawing.toWorld(...point));
  }

  beginPan(point) {
    this.drag = { kind: "pan", last: point };
    this.stage.classList.add("panning");
  }

  begin(point) {
    const { paint } = this;
    const unit = this.unitAt(point);
    paint.clearNote();
    if (this.tool === "brush" || this.tool === "box" || this.tool === "lasso") {
      if (!paint.beginStroke()) return;
      this.drag = { kind: this.tool, start: point, last: point, trail: [point] };
      if (this.tool === "brush") paint.cover(this.under(point));
      paint.strokeMoved(); // a press that is held still counts as well
    } else if (this.tool === "choose") paint.toggleChosen(unit);
    else if (this.tool === "pick") paint.pickAt(unit);
    else if (this.tool === "lock") paint.toggleLock(unit);
    else if (this.tool === "border") paint.pickBorder(unit);
    else if (this.tool === "draw") paint.addCorner(paint.drawing.toWorld(...point));
    else if (this.tool === "hand") paint.hover(unit, point);
  }

  dragTo(point) {
    const { drag, paint } = this;
    if (drag.kind === "pan") {
      paint.drawing.panBy(point[0] - drag.last[0], point[1] - drag.last[1]);
    } else if (drag.kind === "brush") {
      // a quick hand leaves gaps between two points; none of what lies there is skipped
      const far = Math.hypot(point[0] - drag.last[0], point[1] - drag.last[1]);
      const steps = Math.max(1, Math.ceil(far / STEP_PX));
      for (let i = 1; i <= steps; i += 1) {
        const x = drag.last[0] + ((point[0] - drag.last[0]) * i) / steps;
        const y = drag.last[1] + ((point[1] - drag.last[1]) * i) / steps;
        paint.cover(this.under([x, y]));
      }
    } else if (drag.kind === "lasso") drag.trail.push(point);
    drag.last = point;
  }

  /** Do once for all points of an event what need not be done for each. */
  afterDrag() {
    const { drag, paint } = this;
    if (drag.kind === "pan") return paint.viewChanged();
    if (drag.kind === "brush") return paint.strokeMoved();
    if (drag.kind !== "box" && drag.kind !== "lasso") return;
    const shape = drag.kind === "lasso" ? drag.trail : corners(drag.start, drag.last);
    const world = shape.map((one) => paint.drawing.toWorld(...one));
    paint.shape = world;
    paint.coverOnly(world.length > 2 ? paint.scene.inPolygon(world) : []);
    paint.strokeMoved();
  }

  end(point) {
    const { drag, paint } = this;
    this.drag = null;
    this.stage.classList.remove("panning");
    if (!drag || drag.kind === "pan" || drag.kind === "pinch") return paint.viewChanged();
    if (drag.kind === "box" || drag.kind === "lasso") {
      const slip = Math.hypot(point[0] - drag.start[0], point[1] - drag.start[1]);
      // a click is a box around one unit
      if (slip < SLIP_PX && drag.trail.length < 4) paint.coverOnly([this.unitAt(point)]);
    }
    paint.shape = [];
    paint.endStroke();
  }

  /** Leave a drag without its effect. */
  drop() {
    const { drag } = this;
    this.drag = null;
    this.stage.classList.remove("panning");
    if (drag && drag.kind !== "pan" && drag.kind !== "pinch") {
      this.paint.shape = [];
      this.paint.discard();
    }
  }

  /** List the units under the brush. */
  under(point) {
    const unit = this.unitAt(point);
    const { scene, drawing } = this.paint;
    if (this.size === 3) {
      const [x, y] = drawing.toWorld(...point);
      const found = scene.within(x, y, BRUSH_PX / drawing.view.scale);
      return unit >= 0 ? [unit, ...found] : found;
    }
    if (unit < 0) return [];
    return this.size === 2 ? [unit, ...scene.neighbours[unit]] : [unit];
  }

  /** List the units that the brush covers from a unit, for the keyboard. */
  around(unit) {
    const { scene, drawing } = this.paint;
    if (this.size === 1) return [unit];
    if (this.size === 2) return [unit, ...scene.neighbours[unit]];
    const [x, y] = [scene.centres[2 * unit], scene.centres[2 * unit + 1]];
    return [unit, ...scene.within(x, y, BRUSH_PX / drawing.view.scale)];
  }
}

function coalesced(event) {
  const all = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  return all.length ? all : [event];
}

function corners([x0, y0], [x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}
