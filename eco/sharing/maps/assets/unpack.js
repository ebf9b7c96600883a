"use strict";

// Columns and coordinates out of packed text: see packing.py and layers.py. Numbers become typed arrays with NaN for
// what is missing; places on the sheet are in Mercator's square of 256, as Leaflet counts at zoom 0.
function ecoUnpack(data) {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%*+,-.;?_";
  const BLOCK = 60;
  const VALUE = new Int8Array(128);
  for (let i = 0; i < 64; i++) VALUE[ALPHABET.charCodeAt(i)] = i;

  // Sixty numbers a block: a sign for their width in bits, then six bits a sign.
  function blocks(text, rows) {
    const out = new Float64Array(rows);
    let at = 0;
    for (let from = 0; from < rows; from += BLOCK) {
      const width = VALUE[text.charCodeAt(at++)], end = Math.min(from + BLOCK, rows);
      const after = at + width * BLOCK / 6;
      let held = 0, bits = 0;
      for (let row = from; row < end; row++) {
        let number = 0, wanted = width;
        while (wanted > 0) {
          if (bits === 0) { held = VALUE[text.charCodeAt(at++)]; bits = 6; }
          const taken = Math.min(bits, wanted);
          bits -= taken;
          wanted -= taken;
          number = number * (1 << taken) + ((held >> bits) & ((1 << taken) - 1));
        }
        out[row] = number;
      }
      at = after;
    }
    return out;
  }

  function column(packed, rows) {
    if (Array.isArray(packed)) {
      return packed.some((value) => typeof value === "string") ? packed
        : Float64Array.from(packed, (value) => (value === null ? NaN : value));
    }
    if (packed.words) return packed.words.split(" ");
    if (packed.of) {
      const known = packed.of;
      return Array.from(blocks(packed.at, rows), (place) => (place ? known[place - 1] : null));
    }
    const out = blocks(packed.n, rows), step = Math.pow(10, packed.k);
    for (let row = 0; row < rows; row++) out[row] = out[row] ? (out[row] - 1 + packed.low) / step : NaN;
    return out;
  }

  function columns(packed, rows) {
    const out = {};
    Object.keys(packed).forEach((name) => { out[name] = column(packed[name], rows); });
    return out;
  }

  // Five bits a sign, zigzag; 32 more where more follow.
  function steps(text) {
    const out = new Float64Array(text.length);
    let count = 0, number = 0, factor = 1;
    for (let i = 0; i < text.length; i++) {
      const digit = VALUE[text.charCodeAt(i)];
      number += (digit & 31) * factor;
      if (digit < 32) {
        out[count++] = number % 2 ? -(number + 1) / 2 : number / 2;
        number = 0;
        factor = 1;
      } else factor *= 32;
    }
    return out.subarray(0, count);
  }

  function east(lon) { return (lon / 360 + 0.5) * 256; }

  function south(lat) { return (0.5 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / (2 * Math.PI)) * 256; }

  function points(layer) {
    const stream = steps(layer.points), scale = Math.pow(10, layer.sharp || data.sharp);
    const x = new Float64Array(layer.rows), y = new Float64Array(layer.rows);
    let lon = 0, lat = 0;
    for (let row = 0; row < layer.rows; row++) {
      lon += stream[2 * row];
      lat += stream[2 * row + 1];
      x[row] = east(lon / scale);
      y[row] = south(lat / scale);
    }
    return { x: x, y: y };
  }

  // Each row becomes rings (of all its parts, x and y in turn) with the box round them, a point, or null.
  function shapes(layer) {
    const stream = steps(layer.shapes), scale = Math.pow(10, data.sharp);
    let at = 0, lon = 0, lat = 0;
    function next() {
      lon += stream[at++];
      lat += stream[at++];
      return [east(lon / scale), south(lat / scale)];
    }
    return Array.from({ length: layer.rows }, () => {
      const parts = stream[at++];
      if (parts < 0) return null;
      if (parts === 0) {
        const [x, y] = next();
        return { rings: [], x: x, y: y, box: [x, y, x, y] };
      }
      const rings = [], box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let part = 0; part < parts; part++) {
        for (let ring = stream[at++]; ring > 0; ring--) {
          const line = new Float64Array(2 * stream[at++]);
          for (let i = 0; i < line.length; i += 2) {
            const [x, y] = next();
            line[i] = x;
            line[i + 1] = y;
            box[0] = Math.min(box[0], x);
            box[1] = Math.min(box[1], y);
            box[2] = Math.max(box[2], x);
            box[3] = Math.max(box[3], y);
          }
          rings.push(line);
        }
      }
      return { rings: rings, x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2, box: box };
    });
  }

  function layer(packed) {
    const out = { rows: packed.rows, columns: columns(packed.columns, packed.rows) };
    if (packed.points !== undefined) Object.assign(out, points(packed));
    if (packed.shapes !== undefined) out.shapes = shapes(packed);
    return out;
  }

  // Rows of a place's flows stand together: first[row] to first[row + 1].
  function flows(packed, places) {
    const apart = blocks(packed.place, packed.rows), first = new Uint32Array(places + 1);
    for (let i = 0, place = 0; i < packed.rows; i++) {
      place += apart[i];
      first[place + 1]++;
    }
    for (let place = 0; place < places; place++) first[place + 1] += first[place];
    return { kinds: packed.kinds, kind: blocks(packed.kind, packed.rows), first: first, columns: columns(packed.columns, packed.rows) };
  }

  const read = { places: {}, sites: {}, flows: {}, households: data.households ? layer(data.households) : null };
  Object.keys(data.places).forEach((name) => { read.places[name] = layer(data.places[name]); });
  Object.keys(data.sites).forEach((name) => { read.sites[name] = layer(data.sites[name]); });
  Object.keys(data.flows || {}).forEach((name) => { read.flows[name] = flows(data.flows[name], data.places[name].rows); });
  read.frames = (data.frames || []).map((frame) => {
    const places = {};
    Object.keys(frame.places).forEach((name) => { places[name] = columns(frame.places[name], data.places[name].rows); });
    return { label: frame.label, year: frame.year, scenario: frame.scenario, places: places };
  });
  return read;
}
