// Draws the points with WebGL. The canvas is larger than its window, so that while a hand moves the map the picture is only
// shifted, which no machine is too slow for; it is drawn anew when the hand rests, or when its edge comes into sight.

import {
  createBufferInfoFromArrays,
  createProgramInfo,
  drawBufferInfo,
  setAttribInfoBufferFromArray,
  setBuffersAndAttributes,
  setUniforms,
} from "../vendor/twgl/twgl.js";
import { reach, shift } from "./map-camera.js";

export const PLAIN = 0;
export const DIMMED = 1;
export const CHOSEN = 2;
export const SLOTS = 10; // colours: of eight groups, of the smaller ones, of what nothing is told of
const MARGIN = 1.5; // sides of the canvas in sides of the window, as in the stylesheet
const SHARPEST = 2; // pixels of the canvas to one of the page

const VERTEX = `
attribute vec2 place;
attribute float slot;
attribute float shade;
uniform vec2 centre;
uniform vec2 reach;
uniform float size;
uniform vec3 colours[${SLOTS}];
uniform vec3 accent;
uniform vec3 dim;
varying vec3 colour;
void main() {
  bool chosen = shade == ${CHOSEN}.0;
  bool dimmed = shade == ${DIMMED}.0;
  gl_Position = vec4((place - centre) * reach, chosen ? 0.0 : dimmed ? 0.5 : 0.25, 1);
  gl_PointSize = chosen ? size * 1.5 : size;
  colour = chosen ? accent : dimmed ? dim : colours[int(slot)];
}`;
const FRAGMENT = `
precision mediump float;
varying vec3 colour;
void main() {
  vec2 off = gl_PointCoord - 0.5;
  if (dot(off, off) > 0.25) discard;
  gl_FragColor = vec4(colour, 1);
}`;

export class Drawing {
  // Throws where the browser has no WebGL.
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl", { alpha: true, antialias: false, preserveDrawingBuffer: true });
    if (!this.gl) throw new Error("This browser has no WebGL.");
    this.program = createProgramInfo(this.gl, [VERTEX, FRAGMENT]);
    this.drawn = null; // the camera of the picture
  }

  load({ count, x, y }, slots) {
    const place = new Float32Array(2 * count);
    for (let at = 0; at < count; at++) place.set([x[at], y[at]], 2 * at);
    this.buffers = createBufferInfoFromArrays(this.gl, {
      place: { numComponents: 2, data: place },
      slot: { numComponents: 1, data: slots, normalize: false },
      shade: { numComponents: 1, data: new Uint8Array(count), normalize: false },
    });
    this.count = count;
    this.drawn = null;
  }

  // How each point stands out: PLAIN, DIMMED or CHOSEN.
  shade(shades) {
    setAttribInfoBufferFromArray(this.gl, this.buffers.attribs.shade, shades);
    this.drawn = null;
  }

  // `slots`, `accent` and `dim` as [red, green, blue], 0 to 1.
  colour({ slots, accent, dim }) {
    this.colours = { colours: slots.flat(), accent, dim };
    this.drawn = null;
  }

  draw(camera, window) {
    const { gl, canvas } = this;
    const sharp = Math.min(globalThis.devicePixelRatio ?? 1, SHARPEST);
    const [width, height] = [window.width * MARGIN, window.height * MARGIN];
    if (canvas.width !== Math.round(width * sharp)) canvas.width = Math.round(width * sharp);
    if (canvas.height !== Math.round(height * sharp)) canvas.height = Math.round(height * sharp);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.enable(gl.DEPTH_TEST);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const size = reach(camera, window);
    gl.useProgram(this.program.program);
    setBuffersAndAttributes(gl, this.program, this.buffers);
    setUniforms(this.program, {
      ...this.colours,
      centre: [camera.x, camera.y],
      reach: [(2 * size) / width, (2 * size) / height],
      size: pointSize(this.count, camera.zoom) * sharp,
    });
    drawBufferInfo(gl, this.buffers, gl.POINTS);
    this.drawn = camera;
    canvas.style.transform = "none";
  }

  // Shift the picture to where `camera` looks; whether that still fills the window.
  move(camera, window) {
    if (!this.drawn) return false;
    const { x, y, times } = shift(this.drawn, camera, window);
    this.canvas.style.transform = `translate(${x}px, ${y}px) scale(${times})`;
    return fills({ x, y, times }, window);
  }
}

export function fills({ x, y, times }, { width, height }) {
  const beyond = (side) => (side * (MARGIN * times - 1)) / 2;
  return times < 2 && Math.abs(x) <= beyond(width) && Math.abs(y) <= beyond(height);
}

// Pixels across: fewer where there are many, more where one looks closely.
export function pointSize(count, zoom) {
  const plain = count > 20_000 ? 3 : count > 2_000 ? 5 : 8;
  return Math.min(12, plain * Math.sqrt(Math.max(1, zoom)) ** 0.6);
}
